package main

import (
	"encoding/json"
	"fmt"
	"sort"

	"aphex/tests/judge-common"

	wfv1 "github.com/argoproj/argo-workflows/v3/pkg/apis/workflow/v1alpha1"
	"github.com/argoproj/argo-workflows/v3/workflow/validate"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// The templates of a request, by name: what Argo's code looks references up in.
type set struct {
	templates        templates
	clusterTemplates clusterTemplates
}

type templates map[string]*wfv1.WorkflowTemplate

func (t templates) Get(name string) (*wfv1.WorkflowTemplate, error) {
	if found, ok := t[name]; ok {
		return found.DeepCopy(), nil
	}
	return nil, fmt.Errorf("no WorkflowTemplate %q", name)
}

type clusterTemplates map[string]*wfv1.ClusterWorkflowTemplate

func (t clusterTemplates) Get(name string) (*wfv1.ClusterWorkflowTemplate, error) {
	if found, ok := t[name]; ok {
		return found.DeepCopy(), nil
	}
	return nil, fmt.Errorf("no ClusterWorkflowTemplate %q", name)
}

func judge(question request) answer {
	result := answer{ID: question.ID, Argo: argo, Verdicts: []common.Verdict{}, Again: map[string][]bool{}}
	all := set{templates: templates{}, clusterTemplates: clusterTemplates{}}
	decoded := documents(question.Manifests)
	for _, document := range decoded {
		switch object := document.Object.(type) {
		case *wfv1.WorkflowTemplate:
			all.templates[object.Name] = object
		case *wfv1.ClusterWorkflowTemplate:
			all.clusterTemplates[object.Name] = object
		}
	}
	given := map[string]bool{}
	for index, document := range decoded {
		if document.Object != nil {
			document.CheckObject(document.Kind != "ClusterWorkflowTemplate")
			check(&all, document, question.Arguments)
			if question.Pods {
				result.Pods = append(result.Pods, pods(document)...)
			}
			for name, repeated := range again(document, question.Tries) {
				result.Again[name] = repeated
			}
		}
		given[document.Name()] = true
		result.Verdicts = append(result.Verdicts, document.Verdict(index))
	}
	for name := range question.Arguments {
		if !given[name] {
			missing := common.Verdict{Document: 0, Kind: "WorkflowTemplate", Name: name, Errors: []string{"arguments are given for it, and it is not among the manifests"}}
			result.Verdicts = append(result.Verdicts, missing)
		}
	}
	return result
}

// check runs Argo's own validation.
func check(all *set, document *document, arguments map[string]map[string]string) {
	switch object := document.Object.(type) {
	case *wfv1.Workflow:
		document.Argo(func() error { return validateWorkflow(all, object.DeepCopy(), validate.ValidateOpts{Submit: true}) })
		checkSpec(document, &object.Spec)
	case *wfv1.CronWorkflow:
		document.Argo(func() error { return validateCron(all, object.DeepCopy()) })
		checkCron(document, object)
		checkSpec(document, &object.Spec.WorkflowSpec)
	case *wfv1.WorkflowTemplate:
		document.Argo(func() error { return validateTemplate(all, object.DeepCopy(), validate.ValidateOpts{}) })
		checkSpec(document, &object.Spec)
		if object.Spec.Entrypoint != "" {
			values, given := arguments[object.Name]
			submit(all, document, &object.Spec, false, values, given)
		}
	case *wfv1.ClusterWorkflowTemplate:
		document.Argo(func() error { return validateClusterTemplate(all, object.DeepCopy(), validate.ValidateOpts{}) })
		checkSpec(document, &object.Spec)
		if object.Spec.Entrypoint != "" {
			values, given := arguments[object.Name]
			submit(all, document, &object.Spec, true, values, given)
		}
	}
}

// submit judges a Workflow that refers to a template, as a Sensor or `argo submit --from` makes it.
// A template alone is judged loosely: an undefined `{{workflow.parameters.nope}}` passes there.
func submit(all *set, document *document, spec *wfv1.WorkflowSpec, cluster bool, values map[string]string, given bool) {
	workflow := &wfv1.Workflow{
		ObjectMeta: meta.ObjectMeta{GenerateName: document.Object.GetName() + "-"},
		Spec:       wfv1.WorkflowSpec{WorkflowTemplateRef: &wfv1.WorkflowTemplateRef{Name: document.Object.GetName(), ClusterScope: cluster}},
	}
	if prefix := workflow.GenerateName; len(prefix) > 58 {
		document.Refuse("a Workflow that is made from it has the prefix %q of %d characters, 58 are left by the 5 that are added", prefix, len(prefix))
	}
	declared := map[string]*wfv1.Parameter{}
	for index := range spec.Arguments.Parameters {
		parameter := &spec.Arguments.Parameters[index]
		declared[parameter.Name] = parameter
	}
	if given {
		names := make([]string, 0, len(values))
		for name := range values {
			names = append(names, name)
		}
		sort.Strings(names)
		for _, name := range names {
			if declared[name] == nil {
				// Argo accepts surplus arguments; nobody who gives one means that.
				document.Refuse("argument %q is given, and no such parameter is declared", name)
			}
			argument(workflow, name, values[name])
		}
	} else {
		for _, parameter := range spec.Arguments.Parameters {
			if parameter.Value == nil && parameter.ValueFrom == nil {
				value := "value"
				if len(parameter.Enum) > 0 {
					value = string(parameter.Enum[0])
				}
				argument(workflow, parameter.Name, value)
			}
		}
	}
	for _, parameter := range workflow.Spec.Arguments.Parameters {
		if known := declared[parameter.Name]; known != nil && len(known.Enum) > 0 {
			found := false
			for _, choice := range known.Enum {
				found = found || string(choice) == string(*parameter.Value)
			}
			if !found {
				document.Refuse("argument %q is %q, which is not in its enum", parameter.Name, *parameter.Value)
			}
		}
	}
	before := len(document.Errors)
	document.Argo(func() error { return validateWorkflow(all, workflow, validate.ValidateOpts{Submit: true}) })
	for index := before; index < len(document.Errors); index++ {
		document.Errors[index] = "submitted: " + document.Errors[index]
	}
}

func argument(workflow *wfv1.Workflow, name, value string) {
	workflow.Spec.Arguments.Parameters = append(workflow.Spec.Arguments.Parameters, wfv1.Parameter{Name: name, Value: wfv1.AnyStringPtr(value)})
}

// raw makes JSON of what certainly is JSON.
func raw(value any) json.RawMessage {
	text, err := json.Marshal(value)
	if err != nil {
		panic(err)
	}
	return text
}
