// Command schema-oracle answers with Kubernetes' own code what an API server would say to a Gateway API object.
//
//	schema-oracle crds DIR       prints the served versions of the CRDs in DIR as one JSON array
//	schema-oracle validate DIR   reads objects, one JSON document a line, and prints one verdict a line
//
// DIR holds CRD manifests: the published ones, or Trilith's own. Nothing is configured and nothing is remembered between lines, so a verdict
// depends on its line alone. It is a part of the tests: what it says is the truth that src/resources is held against.
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
)

func main() {
	if err := run(os.Args[1:], os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "schema-oracle:", err)
		os.Exit(1)
	}
}

func run(arguments []string, input io.Reader, output io.Writer) error {
	if len(arguments) != 2 {
		return errors.New("usage: schema-oracle crds|validate DIRECTORY")
	}
	definitions, err := readDefinitions(arguments[1])
	if err != nil {
		return err
	}
	switch arguments[0] {
	case "crds":
		return json.NewEncoder(output).Encode(servedVersions(definitions))
	case "validate":
		return answer(newServer(definitions), input, output)
	default:
		return fmt.Errorf("unknown mode %q", arguments[0])
	}
}

// answer writes exactly one line for each line read, flushed at once, so that the caller may ask one at a time.
func answer(server *server, input io.Reader, output io.Writer) error {
	reader := bufio.NewReader(input)
	writer := bufio.NewWriter(output)
	encoder := json.NewEncoder(writer)
	for {
		line, err := reader.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := encoder.Encode(server.create(line)); err != nil {
			return err
		}
		if err := writer.Flush(); err != nil {
			return err
		}
	}
}
