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
	"encoding/json"
	"os"

	"aphex/tests/judge-common"

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
	// Of which ends of a pod it is wanted whether they are followed by a further try.
	Tries []try `json:"tries,omitempty"`
}

// The answer to a request.
type answer struct {
	ID       string           `json:"id"`
	Argo     string           `json:"argo"`
	Verdicts []common.Verdict `json:"verdicts"`
	// One Pod for each template that runs containers, for an API server to judge.
	Pods []json.RawMessage `json:"pods,omitempty"`
	// For each template that is tried again at all, `OBJECT/TEMPLATE`: after which of the tries.
	Again map[string][]bool `json:"again,omitempty"`
}

func main() {
	logrus.SetOutput(os.Stderr)
	logrus.SetLevel(logrus.ErrorLevel)
	common.Main(os.Stdout, judge, func(manifests string) []common.Verdict {
		return judge(request{Manifests: manifests}).Verdicts
	})
}
