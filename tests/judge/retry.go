package main

import (
	"strings"

	wfv1 "github.com/argoproj/argo-workflows/v3/pkg/apis/workflow/v1alpha1"
	"github.com/argoproj/argo-workflows/v3/util/expr/argoexpr"
	"github.com/argoproj/argo-workflows/v3/util/expr/env"
	"github.com/argoproj/argo-workflows/v3/workflow/common"
)

// A try is how a pod has ended: its exit code, or -1 where it left none, and `Failed` or `Error`.
type try struct {
	ExitCode string `json:"exitCode"`
	Status   string `json:"status"`
}

// triedAgain says what the controller makes of a try that is not the last: its policy, and its expression over what
// buildRetryStrategyLocalScope gives (workflow/controller/operator.go).
func triedAgain(retry *wfv1.RetryStrategy, last try) (bool, error) {
	policy := retry.RetryPolicyActual()
	if last.Status == string(wfv1.NodeFailed) && policy == wfv1.RetryPolicyOnError || last.Status == string(wfv1.NodeError) && policy == wfv1.RetryPolicyOnFailure {
		return false, nil
	}
	if retry.Expression == "" {
		return true, nil
	}
	return argoexpr.EvalBool(retry.Expression, env.GetFuncMap(map[string]interface{}{
		common.LocalVarRetries:             "0",
		common.LocalVarRetriesLastExitCode: last.ExitCode,
		common.LocalVarRetriesLastStatus:   last.Status,
		common.LocalVarRetriesLastDuration: "1.5",
		common.LocalVarRetriesLastMessage:  "main: Error (exit code " + last.ExitCode + ")",
	}))
}

// again says for each template with a strategy, as `OBJECT/TEMPLATE`, which of the tries it would repeat.
func again(document *document, tries []try) map[string][]bool {
	found := map[string][]bool{}
	object, ok := document.Object.(*wfv1.WorkflowTemplate)
	if !ok {
		return found
	}
	for _, template := range object.Spec.Templates {
		if template.RetryStrategy == nil {
			continue
		}
		name := strings.Join([]string{object.Name, template.Name}, "/")
		for _, last := range tries {
			// What is no expression is refused elsewhere.
			repeated, _ := triedAgain(template.RetryStrategy, last)
			found[name] = append(found[name], repeated)
		}
	}
	return found
}
