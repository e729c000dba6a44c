package main

// What the API server and the running controller refuse, and Argo's validation does not look at.

import (
	"strings"
	"time"
	_ "time/tzdata" // the machine's time zones are not asked

	wfv1 "github.com/argoproj/argo-workflows/v3/pkg/apis/workflow/v1alpha1"
	core "k8s.io/api/core/v1"
	api "k8s.io/apimachinery/pkg/api/validation"
	labels "k8s.io/apimachinery/pkg/apis/meta/v1/validation"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// The full definitions of 4.x.
const (
	maxTemplates = 200
	maxTasks     = 200
)

// templated tells whether Argo replaces a part of the text when a run comes to it.
func templated(text string) bool { return strings.Contains(text, "{{") }

// duration tests a length of time as the controller reads it when a run comes to it.
func (d *document) duration(path, text string) {
	if text == "" || templated(text) {
		return
	}
	if length, err := wfv1.ParseStringToDuration(text); err != nil || length < 0 {
		d.Refuse("%s: %q is no duration for Argo", path, text)
	}
}

// named tests a name that becomes a part of a pod or another object.
func (d *document) named(path, name string, rule func(string) []string) {
	if templated(name) {
		return
	}
	for _, problem := range rule(name) {
		d.Refuse("%s: %q: %s", path, name, problem)
	}
}

func checkCron(document *document, cron *wfv1.CronWorkflow) {
	if cron.Spec.Schedule != "" {
		document.Refuse("spec.schedule: removed in 4.0, `schedules` takes its place")
	}
	if _, err := time.LoadLocation(cron.Spec.Timezone); err != nil {
		document.Refuse("spec.timezone: %v", err)
	}
	if cron.Spec.WorkflowMetadata != nil {
		checkMetadata(document, "spec.workflowMetadata", cron.Spec.WorkflowMetadata.Labels, cron.Spec.WorkflowMetadata.Annotations)
	}
}

func checkMetadata(document *document, path string, labelled, annotated map[string]string) {
	fixed := map[string]string{}
	for name, value := range labelled {
		if templated(value) {
			value = ""
		}
		fixed[name] = value
	}
	for _, problem := range labels.ValidateLabels(fixed, field.NewPath(path, "labels")) {
		document.Refuse("%v", problem)
	}
	for _, problem := range api.ValidateAnnotations(annotated, field.NewPath(path, "annotations")) {
		document.Refuse("%v", problem)
	}
}

func checkSpec(document *document, spec *wfv1.WorkflowSpec) {
	if len(spec.Templates) > maxTemplates {
		document.Refuse("spec.templates: %d templates, 4.x allows %d", len(spec.Templates), maxTemplates)
	}
	if spec.ServiceAccountName != "" {
		document.named("spec.serviceAccountName", spec.ServiceAccountName, validation.IsDNS1123Subdomain)
	}
	checkSynchronization(document, "spec.synchronization", spec.Synchronization)
	checkRetry(document, "spec.retryStrategy", spec.RetryStrategy)
	if spec.WorkflowMetadata != nil {
		checkMetadata(document, "spec.workflowMetadata", spec.WorkflowMetadata.Labels, spec.WorkflowMetadata.Annotations)
	}
	if spec.PodMetadata != nil {
		checkMetadata(document, "spec.podMetadata", spec.PodMetadata.Labels, spec.PodMetadata.Annotations)
	}
	for index := range spec.Templates {
		checkTemplate(document, spec, &spec.Templates[index])
	}
}

func checkTemplate(document *document, spec *wfv1.WorkflowSpec, template *wfv1.Template) {
	path := "spec.templates." + template.Name
	document.duration(path+".timeout", template.Timeout)
	if template.Suspend != nil {
		document.duration(path+".suspend.duration", template.Suspend.Duration)
	}
	if template.DAG != nil && len(template.DAG.Tasks) > maxTasks {
		document.Refuse("%s.dag.tasks: %d tasks, 4.x allows %d", path, len(template.DAG.Tasks), maxTasks)
	}
	checkRetry(document, path+".retryStrategy", template.RetryStrategy)
	checkSynchronization(document, path+".synchronization", template.Synchronization)
	checkMetadata(document, path+".metadata", template.Metadata.Labels, template.Metadata.Annotations)
	if template.ServiceAccountName != "" {
		document.named(path+".serviceAccountName", template.ServiceAccountName, validation.IsDNS1123Subdomain)
	}
	volumes := map[string]bool{}
	for _, volume := range append(append([]core.Volume{}, spec.Volumes...), template.Volumes...) {
		document.named(path+".volumes", volume.Name, validation.IsDNS1123Label)
		volumes[volume.Name] = true
	}
	names := map[string]bool{"wait": true, "init": true, "main": true}
	for kind, containers := range [][]wfv1.UserContainer{template.InitContainers, template.Sidecars} {
		for index := range containers {
			container := &containers[index]
			document.named(path, container.Name, validation.IsDNS1123Label)
			if names[container.Name] {
				document.Refuse("%s: more than one container is called %q", path, container.Name)
			}
			names[container.Name] = true
			// The controller wraps the containers of a pod, and so asks for their commands; it leaves init containers as they are.
			if kind == 1 {
				checkCommand(document, path+"."+container.Name, &container.Container)
			}
			checkContainer(document, path+"."+container.Name, &container.Container, volumes)
		}
	}
	if template.Container != nil {
		checkCommand(document, path+".container", template.Container)
		checkContainer(document, path+".container", template.Container, volumes)
	}
	if template.Script != nil {
		checkCommand(document, path+".script", &template.Script.Container)
		checkContainer(document, path+".script", &template.Script.Container, volumes)
	}
}

func checkCommand(document *document, path string, container *core.Container) {
	if len(container.Command) == 0 {
		document.Refuse("%s.command: missing, so the controller would have to ask the image registry", path)
	}
}

func checkContainer(document *document, path string, container *core.Container, volumes map[string]bool) {
	if container.Image == "" || strings.TrimSpace(container.Image) != container.Image {
		document.Refuse("%s.image: %q", path, container.Image)
	}
	for _, variable := range container.Env {
		document.named(path+".env", variable.Name, validation.IsEnvVarName)
	}
	for _, mount := range container.VolumeMounts {
		if !volumes[mount.Name] {
			document.Refuse("%s.volumeMounts: no volume %q", path, mount.Name)
		}
	}
	for _, port := range container.Ports {
		for _, problem := range validation.IsValidPortNum(int(port.ContainerPort)) {
			document.Refuse("%s.ports: %s", path, problem)
		}
	}
	for name, limit := range container.Resources.Limits {
		if request, ok := container.Resources.Requests[name]; ok && request.Cmp(limit) > 0 {
			document.Refuse("%s.resources: %s asks for %s and may use %s", path, name, request.String(), limit.String())
		}
	}
}

func checkRetry(document *document, path string, retry *wfv1.RetryStrategy) {
	if retry == nil {
		return
	}
	switch retry.RetryPolicy {
	case "", wfv1.RetryPolicyAlways, wfv1.RetryPolicyOnError, wfv1.RetryPolicyOnFailure, wfv1.RetryPolicyOnTransientError:
	default:
		document.Refuse("%s.retryPolicy: %q is none", path, retry.RetryPolicy)
	}
	if retry.Expression != "" {
		if _, err := triedAgain(retry, try{ExitCode: "1", Status: "Failed"}); err != nil {
			document.Refuse("%s.expression: %v", path, err)
		}
	}
	if retry.Backoff != nil {
		document.duration(path+".backoff.duration", retry.Backoff.Duration)
		document.duration(path+".backoff.maxDuration", retry.Backoff.MaxDuration)
	}
}

func checkSynchronization(document *document, path string, synchronization *wfv1.Synchronization) {
	if synchronization != nil && (synchronization.Mutex != nil || synchronization.Semaphore != nil) {
		document.Refuse("%s: `mutex` and `semaphore` were removed in 4.0, the plurals take their places", path)
	}
}
