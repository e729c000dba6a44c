// The judge answers whether Argo Events would accept manifests, and what it would do with a request
// as GitHub sends it.
//
// It runs the code of Argo Events 1.9.11: its validation, the handler of its GitHub event source, and
// the filters, conditions, parameters and triggers of its sensor. Nothing listens, nothing is sent:
// requests are handed to the handler, and a client that writes down stands where the API server is.
//
//	judge FILE…            judges files, prints a verdict a document
//	judge -                the same for standard input
//	judge --serve          answers requests, one JSON object a line, until the end of input
//
// Exit code 1 where a document is refused (without --serve), 2 where the judge could not work.
package main

import (
	"os"

	"aphex/tests/judge-common"
)

// The release that judges.
const argo = "1.9.11"

// A request of --serve.
type request struct {
	// Returned as it came.
	ID string `json:"id"`
	// "validate" or "fire".
	Ask string `json:"ask"`
	// YAML (several documents) or JSON: EventSources, Sensors, an EventBus, and what stands beside them.
	Manifests string `json:"manifests"`
	// For "fire": what GitHub sends.
	Request delivery `json:"request"`
	// For "fire": the values of Secrets, by name and key.
	Secrets secrets `json:"secrets"`
}

// The answer to a request.
type answer struct {
	ID       string           `json:"id"`
	Argo     string           `json:"argo"`
	Verdicts []common.Verdict `json:"verdicts"`
	// What each hook made of the request.
	Receipts []receipt `json:"receipts,omitempty"`
	// What each dependency on a published event said of it.
	Dependencies []dependency `json:"dependencies,omitempty"`
	// Every trigger of every Sensor, and what it does.
	Triggers []trigger `json:"triggers,omitempty"`
}

func main() {
	// Argo's parameter code prints what it falls back on; standard output is for answers.
	answers := os.Stdout
	os.Stdout = os.Stderr
	if err := os.Setenv("LOG_LEVEL", "error"); err != nil {
		panic(err)
	}
	common.Main(answers, judge, func(manifests string) []common.Verdict {
		return judge(request{Ask: "validate", Manifests: manifests}).Verdicts
	})
}

var last *set

func judge(question request) answer {
	result := answer{ID: question.ID, Argo: argo}
	// Hundreds of requests go to one set of manifests.
	if last == nil || last.manifests != question.Manifests {
		last = newSet(question.Manifests)
		last.validate()
	}
	all := last
	for index, document := range all.documents {
		result.Verdicts = append(result.Verdicts, document.Verdict(index))
	}
	switch question.Ask {
	case "validate":
	case "fire":
		var events []event
		result.Receipts, events = all.deliver(question.Request, question.Secrets)
		result.Dependencies, result.Triggers = all.react(events)
	default:
		unknown := common.Verdict{Errors: []string{"nothing is known of asking to " + question.Ask}}
		result.Verdicts = append(result.Verdicts, unknown)
	}
	return result
}
