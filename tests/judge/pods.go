package main

// The pods that a run would make, so that a real API server can say whether it would take them.
// Templates are walked from the entry point and the exit handler on, and parameters are replaced as
// far as they are fixed; a reference that only a run can resolve becomes a harmless word.

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"

	wfv1 "github.com/argoproj/argo-workflows/v3/pkg/apis/workflow/v1alpha1"
	core "k8s.io/api/core/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/strategicpatch"
)

type walk struct {
	document  *document
	spec      *wfv1.WorkflowSpec
	global    map[string]string
	seen      map[string]bool
	templates map[string]*wfv1.Template
	pods      []json.RawMessage
}

func pods(document *document) []json.RawMessage {
	var spec *wfv1.WorkflowSpec
	switch object := document.Object.(type) {
	case *wfv1.WorkflowTemplate:
		spec = &object.Spec
	case *wfv1.ClusterWorkflowTemplate:
		spec = &object.Spec
	case *wfv1.Workflow:
		spec = &object.Spec
	case *wfv1.CronWorkflow:
		spec = &object.Spec.WorkflowSpec
	default:
		return nil
	}
	all := walk{document: document, spec: spec, global: map[string]string{}, seen: map[string]bool{}, templates: map[string]*wfv1.Template{}}
	for _, parameter := range spec.Arguments.Parameters {
		if parameter.Value != nil {
			all.global["workflow.parameters."+parameter.Name] = parameter.Value.String()
		}
	}
	for index := range spec.Templates {
		all.templates[spec.Templates[index].Name] = &spec.Templates[index]
	}
	all.call(spec.Entrypoint, nil, 0)
	all.call(spec.OnExit, nil, 0)
	return all.pods
}

var tag = regexp.MustCompile(`\{\{-?\s*=?([^{}]*?)\s*\}\}`)

// fill replaces the tags of a text that stands in JSON.
func (w *walk) fill(text string, local map[string]string) string {
	return tag.ReplaceAllStringFunc(text, func(found string) string {
		name := tag.FindStringSubmatch(found)[1]
		value, known := local[name]
		if !known {
			value, known = w.global[name]
		}
		if !known {
			return "unknown"
		}
		quoted := string(raw(value))
		return quoted[1 : len(quoted)-1]
	})
}

// call visits a template with the arguments of one caller.
func (w *walk) call(name string, given map[string]string, depth int) {
	template := w.templates[name]
	if template == nil || depth > 20 {
		return
	}
	local := map[string]string{}
	for _, parameter := range template.Inputs.Parameters {
		value, known := given[parameter.Name]
		if !known && parameter.Value != nil {
			value, known = parameter.Value.String(), true
		}
		if known {
			local["inputs.parameters."+parameter.Name] = value
		}
	}
	key := name + string(raw(local))
	if w.seen[key] {
		return
	}
	w.seen[key] = true
	if template.DAG != nil {
		for index := range template.DAG.Tasks {
			task := &template.DAG.Tasks[index]
			w.task(task.Template, &task.Arguments, task.WithItems, local, depth)
		}
	}
	for _, group := range template.Steps {
		for index := range group.Steps {
			step := &group.Steps[index]
			w.task(step.Template, &step.Arguments, step.WithItems, local, depth)
		}
	}
	if template.Container != nil || template.Script != nil {
		w.pod(template, local)
	}
}

func (w *walk) task(template string, arguments *wfv1.Arguments, items []wfv1.Item, local map[string]string, depth int) {
	each := []map[string]string{local}
	if len(items) > 0 {
		each = nil
		for index := range items {
			scope := map[string]string{"item": plain(items[index].Value)}
			for name, value := range local {
				scope[name] = value
			}
			var members map[string]json.RawMessage
			if json.Unmarshal(items[index].Value, &members) == nil {
				for name, value := range members {
					scope["item."+name] = plain(value)
				}
			}
			each = append(each, scope)
		}
	}
	for _, scope := range each {
		given := map[string]string{}
		for _, parameter := range arguments.Parameters {
			if parameter.Value != nil {
				var value string
				filled := w.fill(string(raw(parameter.Value.String())), scope)
				if json.Unmarshal([]byte(filled), &value) == nil {
					given[parameter.Name] = value
				}
			}
		}
		w.call(template, given, depth+1)
	}
}

// plain is a string without its quotes, and anything else as it is written.
func plain(value json.RawMessage) string {
	var text string
	if json.Unmarshal(value, &text) == nil {
		return text
	}
	return string(value)
}

// pod makes what the controller would make of a template, less the executor's own containers.
func (w *walk) pod(template *wfv1.Template, local map[string]string) {
	var filled wfv1.Template
	if err := json.Unmarshal([]byte(w.fill(string(raw(template)), local)), &filled); err != nil {
		w.document.Refuse("spec.templates.%s: with its parameters replaced it is no template: %v", template.Name, err)
		return
	}
	main := core.Container{}
	if filled.Container != nil {
		main = *filled.Container
	} else {
		main = filled.Script.Container
	}
	main.Name = "main"
	spec := core.PodSpec{
		RestartPolicy:                core.RestartPolicyNever,
		Containers:                   []core.Container{main},
		Volumes:                      append(append([]core.Volume{}, w.spec.Volumes...), filled.Volumes...),
		NodeSelector:                 filled.NodeSelector,
		SecurityContext:              w.spec.SecurityContext,
		Tolerations:                  append(append([]core.Toleration{}, w.spec.Tolerations...), filled.Tolerations...),
		AutomountServiceAccountToken: w.spec.AutomountServiceAccountToken,
	}
	if filled.SecurityContext != nil {
		spec.SecurityContext = filled.SecurityContext
	}
	for _, container := range filled.InitContainers {
		spec.InitContainers = append(spec.InitContainers, container.Container)
	}
	for _, container := range filled.Sidecars {
		spec.Containers = append(spec.Containers, container.Container)
	}
	for _, patch := range []string{w.spec.PodSpecPatch, filled.PodSpecPatch} {
		if patch == "" {
			continue
		}
		patched, err := strategicpatch.StrategicMergePatch(raw(spec), []byte(w.fill(patch, local)), core.PodSpec{})
		if err == nil {
			spec = core.PodSpec{}
			err = json.Unmarshal(patched, &spec)
		}
		if err != nil {
			w.document.Refuse("spec.templates.%s.podSpecPatch: %v", template.Name, err)
			return
		}
	}
	// The names of other objects are not there to be looked up.
	spec.ServiceAccountName = ""
	labelled := map[string]string{}
	for name, value := range filled.Metadata.Labels {
		labelled[name] = value
	}
	pod := core.Pod{
		TypeMeta:   meta.TypeMeta{APIVersion: "v1", Kind: "Pod"},
		ObjectMeta: meta.ObjectMeta{GenerateName: fmt.Sprintf("%.40s-", strings.ToLower(template.Name)), Labels: labelled, Annotations: filled.Metadata.Annotations},
		Spec:       spec,
	}
	text := raw(pod)
	if !w.seen[string(text)] {
		w.seen[string(text)] = true
		w.pods = append(w.pods, text)
	}
}
