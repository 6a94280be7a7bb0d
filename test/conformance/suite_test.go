// The official conformance suite of the Gateway API, as a program of its own.
package suite

import (
	"bytes"
	"errors"
	"flag"
	"io/fs"
	"testing"
	"testing/fstest"

	"sigs.k8s.io/gateway-api/conformance"
	"sigs.k8s.io/yaml"
)

var outside = flag.String("half-outside", "",
	"key=value: every backend of the suite has pods with this label, which keeps them out of the mesh, beside those without")

func TestConformance(t *testing.T) {
	options := conformance.DefaultOptions(t)
	if *outside != "" {
		options.ManifestFS = []fs.FS{overlay{over: halfOutside(t), under: conformance.Manifests}}
	}
	conformance.RunConformanceWithOptions(t, options)
}

// The files of one instead of those of another. The suite applies what every file system of its options has under a name, one after
// the other: given both it would undo the first, and be refused where a controller has written in between.
type overlay struct{ over, under fs.FS }

func (both overlay) Open(name string) (fs.File, error) {
	file, err := both.over.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return both.under.Open(name)
	}
	return file, err
}

// Its backends, each Deployment with a ReplicaSet beside it.
func halfOutside(t *testing.T) fs.FS {
	files := fstest.MapFS{}
	for _, name := range []string{"base/manifests.yaml", "mesh/manifests.yaml"} {
		text, err := conformance.Manifests.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		files[name] = &fstest.MapFile{Data: split(t, text)}
	}
	return files
}

type object = map[string]any

func split(t *testing.T, text []byte) []byte {
	var documents [][]byte
	for _, document := range bytes.Split(text, []byte("\n---")) {
		documents = append(documents, document)
		deployment := object{}
		if err := yaml.Unmarshal(document, &deployment); err != nil {
			t.Fatal(err)
		}
		if deployment["kind"] != "Deployment" {
			continue
		}
		spec := deployment["spec"].(object)
		spec["replicas"] = 1
		documents[len(documents)-1] = written(t, deployment)
		documents = append(documents, written(t, copyOutside(deployment)))
	}
	return bytes.Join(documents, []byte("\n---\n"))
}

// Changes what it is given. The suite calls from the first pod by name, which is to be one in the mesh, and counts answers by pods'
// names without their last two parts, which those of a ReplicaSet with one part more have, too.
func copyOutside(deployment object) object {
	key, value, _ := bytes.Cut([]byte(*outside), []byte("="))
	metadata, spec := deployment["metadata"].(object), deployment["spec"].(object)
	deployment["kind"] = "ReplicaSet"
	metadata["name"] = metadata["name"].(string) + "-zzzoutside"
	selected := spec["selector"].(object)["matchLabels"].(object)
	labels := spec["template"].(object)["metadata"].(object)["labels"].(object)
	selected[string(key)], labels[string(key)] = string(value), string(value)
	return deployment
}

func written(t *testing.T, value object) []byte {
	text, err := yaml.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return text
}
