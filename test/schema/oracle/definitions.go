package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/gateway-api/pkg/consts"
)

// servedVersion is one version of one CRD, as the walk over the schemas wants it.
type servedVersion struct {
	Group      string                           `json:"group"`
	Version    string                           `json:"version"`
	Kind       string                           `json:"kind"`
	Namespaced bool                             `json:"namespaced"`
	Storage    bool                             `json:"storage"`
	Schema     *apiextensionsv1.JSONSchemaProps `json:"schema"`
}

// readDefinitions reads every CRD under a directory; it fails when there is none, or when one of the Gateway API is
// not of the release that go.mod pins, since the tests would then prove something about another API.
func readDefinitions(directory string) ([]*apiextensionsv1.CustomResourceDefinition, error) {
	files, err := filepath.Glob(filepath.Join(directory, "*.yaml"))
	if err != nil {
		return nil, err
	}
	var definitions []*apiextensionsv1.CustomResourceDefinition
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		found, err := decodeDefinitions(content)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		definitions = append(definitions, found...)
	}
	if len(definitions) == 0 {
		return nil, fmt.Errorf("no CRD in %s", directory)
	}
	return definitions, nil
}

func decodeDefinitions(content []byte) ([]*apiextensionsv1.CustomResourceDefinition, error) {
	var definitions []*apiextensionsv1.CustomResourceDefinition
	decoder := yaml.NewYAMLOrJSONDecoder(bytes.NewReader(content), 4096)
	for {
		definition := &apiextensionsv1.CustomResourceDefinition{}
		err := decoder.Decode(definition)
		if errors.Is(err, io.EOF) {
			return definitions, nil
		}
		if err != nil {
			return nil, err
		}
		if definition.Kind != "CustomResourceDefinition" {
			continue
		}
		release := definition.Annotations[consts.BundleVersionAnnotation]
		if strings.HasPrefix(definition.Spec.Group, "gateway.networking.") && release != consts.BundleVersion {
			return nil, fmt.Errorf("%s is of %q, not of %q", definition.Name, release, consts.BundleVersion)
		}
		definitions = append(definitions, definition)
	}
}

func servedVersions(definitions []*apiextensionsv1.CustomResourceDefinition) []servedVersion {
	var versions []servedVersion
	for _, definition := range definitions {
		for _, version := range definition.Spec.Versions {
			if !version.Served {
				continue
			}
			versions = append(versions, servedVersion{
				Group:      definition.Spec.Group,
				Version:    version.Name,
				Kind:       definition.Spec.Names.Kind,
				Namespaced: definition.Spec.Scope == apiextensionsv1.NamespaceScoped,
				Storage:    version.Storage,
				Schema:     version.Schema.OpenAPIV3Schema,
			})
		}
	}
	return versions
}
