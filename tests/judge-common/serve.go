package common

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
)

// Verdict is what is said of one document.
type Verdict struct {
	// From 1, in the order of the stream; empty documents do not count.
	Document int    `json:"document"`
	Kind     string `json:"kind"`
	Name     string `json:"name"`
	// Empty where the document is accepted.
	Errors []string `json:"errors"`
}

// Verdict is what has been found, of the document with this index.
func (d *Document) Verdict(index int) Verdict {
	errors := d.Errors
	if errors == nil {
		errors = []string{}
	}
	return Verdict{index + 1, d.Kind, d.Name(), errors}
}

// Main is the command line of a judge. Its exit code is 1 where a document is refused (without
// --serve), 2 where the judge could not work.
func Main[Request, Answer any](output io.Writer, judge func(Request) Answer, manifests func(string) []Verdict) {
	refused, err := run(os.Args[1:], output, judge, manifests)
	if err != nil {
		fmt.Fprintln(os.Stderr, "judge:", err)
		os.Exit(2)
	}
	if refused {
		os.Exit(1)
	}
}

func run[Request, Answer any](arguments []string, output io.Writer, judge func(Request) Answer, manifests func(string) []Verdict) (bool, error) {
	if len(arguments) == 0 {
		return false, fmt.Errorf("usage: judge --serve | judge FILE… | judge -")
	}
	if arguments[0] == "--serve" {
		return false, serve(os.Stdin, output, judge)
	}
	return files(arguments, output, manifests)
}

// serve answers one request a line.
func serve[Request, Answer any](input io.Reader, output io.Writer, judge func(Request) Answer) error {
	reader := bufio.NewReaderSize(input, 1<<20)
	writer := bufio.NewWriter(output)
	encoder := json.NewEncoder(writer)
	encoder.SetEscapeHTML(false)
	for {
		line, err := reader.ReadBytes('\n')
		if len(line) > 0 {
			var question Request
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
func files(paths []string, output io.Writer, manifests func(string) []Verdict) (bool, error) {
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
	for _, verdict := range manifests(string(all)) {
		refused = refused || len(verdict.Errors) > 0
		if err := encoder.Encode(verdict); err != nil {
			return refused, err
		}
	}
	return refused, nil
}
