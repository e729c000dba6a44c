// The judge answers whether Argo Workflows would accept manifests.
//
// It is built twice from the same source: on the packages of Argo Workflows 3.7 (go.mod) and 3.6
// (argo-3.6.mod, build tag argo36). What it says is what those releases' own code says, plus the
// rules of the Kubernetes API server that Argo's code leaves out.
//
//	judge FILE…            judges files, prints a verdict a document
//	judge -                the same for standard input
//	judge --serve          answers requests, one JSON object a line, until the end of input
//
// Exit code 1 where a document is refused (without --serve), 2 where the judge could not work.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"

	"github.com/sirupsen/logrus"
)

// A request of --serve.
type request struct {
	// Returned as it came.
	ID string `json:"id"`
	// YAML (several documents) or JSON.
	Manifests string `json:"manifests"`
	// What a Sensor submits, by the name of the WorkflowTemplate: parameter names and values.
	// For a template that is not here, the parameters that have no value are filled in.
	Arguments map[string]map[string]string `json:"arguments,omitempty"`
	// Whether the pods of the container templates are wanted too.
	Pods bool `json:"pods,omitempty"`
}

// The answer to a request.
type answer struct {
	ID       string    `json:"id"`
	Argo     string    `json:"argo"`
	Verdicts []verdict `json:"verdicts"`
	// One Pod for each template that runs containers, for an API server to judge.
	Pods []json.RawMessage `json:"pods,omitempty"`
}

// What is said of one document.
type verdict struct {
	// From 1, in the order of the stream; empty documents do not count.
	Document int    `json:"document"`
	Kind     string `json:"kind"`
	Name     string `json:"name"`
	// Empty where the document is accepted.
	Errors []string `json:"errors"`
}

func main() {
	logrus.SetOutput(os.Stderr)
	logrus.SetLevel(logrus.ErrorLevel)
	arguments := os.Args[1:]
	if len(arguments) == 0 {
		fmt.Fprintln(os.Stderr, "usage: judge --serve | judge FILE… | judge -")
		os.Exit(2)
	}
	if arguments[0] == "--serve" {
		if err := serve(os.Stdin, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, "judge:", err)
			os.Exit(2)
		}
		return
	}
	refused, err := files(arguments, os.Stdout)
	if err != nil {
		fmt.Fprintln(os.Stderr, "judge:", err)
		os.Exit(2)
	}
	if refused {
		os.Exit(1)
	}
}

// serve answers one request a line.
func serve(input io.Reader, output io.Writer) error {
	reader := bufio.NewReaderSize(input, 1<<20)
	writer := bufio.NewWriter(output)
	encoder := json.NewEncoder(writer)
	encoder.SetEscapeHTML(false)
	for {
		line, err := reader.ReadBytes('\n')
		if len(line) > 0 {
			var question request
			if err := json.Unmarshal(line, &question); err != nil {
				return fmt.Errorf("a request that is no JSON object: %w", err)
			}
			if err := encoder.Encode(judge(question)); err != nil {
				return err
			}
			if err := writer.Flush(); err != nil {
				return err
			}
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// files judges all files as one set, so that one may refer to another.
func files(paths []string, output io.Writer) (bool, error) {
	var all []byte
	for _, path := range paths {
		var text []byte
		var err error
		if path == "-" {
			text, err = io.ReadAll(os.Stdin)
		} else {
			text, err = os.ReadFile(path)
		}
		if err != nil {
			return false, err
		}
		all = append(append(all, text...), []byte("\n---\n")...)
	}
	refused := false
	encoder := json.NewEncoder(output)
	encoder.SetEscapeHTML(false)
	for _, verdict := range judge(request{Manifests: string(all)}).Verdicts {
		refused = refused || len(verdict.Errors) > 0
		if err := encoder.Encode(verdict); err != nil {
			return refused, err
		}
	}
	return refused, nil
}
