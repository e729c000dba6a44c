package main

// What Sensors do with events: Argo's own filters, conditions, parameters and triggers.

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"reflect"
	"slices"
	"strings"
	"unsafe"

	"github.com/Knetic/govaluate"
	"github.com/argoproj/argo-events/pkg/apis/events/v1alpha1"
	"github.com/argoproj/argo-events/pkg/metrics"
	"github.com/argoproj/argo-events/pkg/sensors"
	"github.com/argoproj/argo-events/pkg/sensors/dependencies"
	"github.com/argoproj/argo-events/pkg/sensors/triggers"
	"github.com/argoproj/argo-events/pkg/shared/logging"
	"go.uber.org/zap"
	failures "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic/fake"
	"k8s.io/client-go/testing"
)

// What a dependency said of an event.
type dependency struct {
	Sensor string `json:"sensor"`
	Name   string `json:"name"`
	Passes bool   `json:"passes"`
	Error  string `json:"error,omitempty"`
}

// What a trigger does.
type trigger struct {
	Sensor string `json:"sensor"`
	Name   string `json:"name"`
	// Its conditions in terms of dependencies.
	Conditions string `json:"conditions"`
	// Why its conditions cannot be met by anything.
	Error string `json:"error,omitempty"`
	// Each time that its conditions were met. Empty where it does not fire.
	Fired []firing `json:"fired"`
}

// One time that a trigger fires.
type firing struct {
	// The dependencies that met the conditions.
	By []string `json:"by"`
	// Why nothing was sent. Argo tries again where the trigger says so, and then fires its dead-letter trigger.
	Error string `json:"error,omitempty"`
	// What Argo printed: which values it could not get and replaced by a default.
	Notes []string `json:"notes,omitempty"`
	// What is sent.
	Sent []sent `json:"sent,omitempty"`
	// What its dead-letter trigger would send.
	DeadLetter *firing `json:"deadLetter,omitempty"`
}

// What is sent to the API server, or elsewhere.
type sent struct {
	// create, get, …; `run` for the argo command line; the method of an HTTP request; `log`.
	Verb      string `json:"verb"`
	Group     string `json:"group,omitempty"`
	Resource  string `json:"resource,omitempty"`
	Namespace string `json:"namespace,omitempty"`
	// The object, or the body of an HTTP request.
	Object any `json:"object,omitempty"`
	// The command line without the name of its file, or the URL.
	Command []string `json:"command,omitempty"`
}

func quiet() context.Context {
	return logging.WithLogger(context.Background(), zap.NewNop().Sugar())
}

func newContext(sensor *v1alpha1.Sensor, client *fake.FakeDynamicClient) *sensors.SensorContext {
	return sensors.NewSensorContext(nil, client, sensor, &v1alpha1.BusConfig{}, "", "judge", metrics.NewMetrics(""))
}

func (s *set) react(events []event) ([]dependency, []trigger) {
	var said []dependency
	var all []trigger
	for _, sensor := range s.sensors {
		passed := map[string]map[string]event{}
		for _, one := range events {
			passed[one.ID()] = map[string]event{}
			for index := range sensor.Spec.Dependencies {
				depends := &sensor.Spec.Dependencies[index]
				if depends.EventSourceName != one.Source() || depends.EventName != one.Subject() {
					continue
				}
				verdict := dependency{Sensor: sensor.Name, Name: depends.Name}
				seen, passes, err := filter(depends, one)
				verdict.Passes = passes
				if err != nil {
					verdict.Error = err.Error()
				}
				if passes {
					passed[one.ID()][depends.Name] = seen
				}
				said = append(said, verdict)
			}
		}
		for index := range sensor.Spec.Triggers {
			all = append(all, run(sensor, &sensor.Spec.Triggers[index], events, passed))
		}
	}
	return said, all
}

// filter is transformFunc and filterFunc in pkg/sensors/listener.go.
func filter(depends *v1alpha1.EventDependency, one event) (event, bool, error) {
	copied := one.Clone()
	if depends.Transform != nil {
		changed, err := dependencies.ApplyTransform(&copied, depends.Transform)
		if err != nil {
			return copied, false, err
		}
		copied = *changed
	}
	if depends.Filters == nil {
		return copied, true, nil
	}
	passes, err := dependencies.Filter(convertEvent(copied), depends.Filters, depends.FiltersLogicalOperator)
	return copied, passes, err
}

// run is what JetstreamTriggerConn.processMsg does in pkg/eventbus/jetstream/sensor/trigger_conn.go:
// a trigger without AND fires for each dependency that passes, one with it once its expression is true.
func run(sensor *v1alpha1.Sensor, given *v1alpha1.Trigger, events []event, passed map[string]map[string]event) trigger {
	done := trigger{Sensor: sensor.Name, Name: given.Template.Name, Fired: []firing{}}
	expression, evaluable, err := conditions(sensor, given)
	done.Conditions = expression
	if err != nil {
		done.Error = err.Error()
		return done
	}
	names := unique(evaluable.Vars())
	saved := map[string]event{}
	for _, one := range events {
		for _, name := range names {
			seen, ok := passed[one.ID()][name]
			if !ok {
				continue
			}
			if !strings.Contains(expression, "&") {
				done.Fired = append(done.Fired, fire(sensor, given, map[string]event{name: seen}))
				continue
			}
			saved[name] = seen
			values := map[string]any{}
			for _, name := range names {
				_, there := saved[name]
				values[name] = there
			}
			met, err := evaluable.Evaluate(values)
			if err != nil {
				done.Error = err.Error()
			}
			if met == true {
				done.Fired = append(done.Fired, fire(sensor, given, saved))
				saved = map[string]event{}
			}
		}
	}
	return done
}

// conditions is how listenEvents in pkg/sensors/listener.go reads them.
func conditions(sensor *v1alpha1.Sensor, given *v1alpha1.Trigger) (string, *govaluate.EvaluableExpression, error) {
	expression, err := dependencyExpression(newContext(sensor, nil), quiet(), *given)
	if err != nil {
		return given.Template.Conditions, nil, err
	}
	evaluable, err := govaluate.NewEvaluableExpression(strings.ReplaceAll(expression, "-", "\\-"))
	if err != nil {
		return expression, nil, err
	}
	for _, name := range evaluable.Vars() {
		if !slices.ContainsFunc(sensor.Spec.Dependencies, func(one v1alpha1.EventDependency) bool { return one.Name == name }) {
			return expression, nil, fmt.Errorf("%s is no dependency", name)
		}
	}
	return expression, evaluable, nil
}

func unique(names []string) []string {
	var all []string
	for _, name := range names {
		if !slices.Contains(all, name) {
			all = append(all, name)
		}
	}
	return all
}

func fire(sensor *v1alpha1.Sensor, given *v1alpha1.Trigger, by map[string]event) firing {
	events := map[string]*v1alpha1.Event{}
	done := firing{}
	for name, one := range by {
		events[name] = convertEvent(one)
		done.By = append(done.By, name)
	}
	slices.Sort(done.By)
	done.attempt(sensor, given, events)
	if given.DlqTrigger != nil {
		done.DeadLetter = &firing{By: done.By}
		done.DeadLetter.attempt(sensor, given.DlqTrigger, events)
	}
	return done
}

func (f *firing) attempt(sensor *v1alpha1.Sensor, given *v1alpha1.Trigger, events map[string]*v1alpha1.Event) {
	var err error
	f.Notes = printed(func() { f.Sent, err = act(sensor, given.DeepCopy(), events) })
	if err != nil {
		f.Error = err.Error()
	}
}

// printed runs something and gives the lines that it prints.
func printed(work func()) []string {
	read, write, err := os.Pipe()
	if err != nil {
		panic(err)
	}
	text := make(chan string)
	go func() {
		all, _ := io.ReadAll(read)
		text <- string(all)
	}()
	before := os.Stdout
	os.Stdout = write
	defer func() { os.Stdout = before }()
	work()
	write.Close()
	lines := strings.Split(strings.TrimSpace(<-text), "\n")
	read.Close()
	if len(lines) == 1 && lines[0] == "" {
		return nil
	}
	return lines
}

var workflows = schema.GroupVersionResource{Group: "argoproj.io", Version: "v1alpha1", Resource: "workflows"}

// act is SensorContext.triggerOne in pkg/sensors/listener.go, with a client that writes down what it is told.
func act(sensor *v1alpha1.Sensor, given *v1alpha1.Trigger, events map[string]*v1alpha1.Event) ([]sent, error) {
	ctx := quiet()
	var all []sent
	client := fake.NewSimpleDynamicClientWithCustomListKinds(runtime.NewScheme(), map[schema.GroupVersionResource]string{workflows: "WorkflowList"})
	client.PrependReactor("*", "*", func(action testing.Action) (bool, runtime.Object, error) {
		told := sent{Verb: action.GetVerb(), Group: action.GetResource().Group, Resource: action.GetResource().Resource, Namespace: action.GetNamespace()}
		var object runtime.Object
		if with, ok := action.(interface{ GetObject() runtime.Object }); ok {
			object = with.GetObject()
			told.Object = object
		}
		all = append(all, told)
		switch told.Verb {
		case "get":
			return true, nil, failures.NewNotFound(action.GetResource().GroupResource(), "")
		case "list":
			return true, &unstructured.UnstructuredList{Items: []unstructured.Unstructured{{}}}, nil
		}
		return true, object, nil
	})
	if err := triggers.ApplyTemplateParameters(events, given); err != nil {
		return nil, err
	}
	if err := local(given.Template); err != nil {
		return nil, err
	}
	implementation := newContext(sensor, client).GetTrigger(ctx, given)
	if implementation == nil {
		return nil, fmt.Errorf("invalid trigger %s, could not find an implementation", given.Template.Name)
	}
	resource, err := implementation.FetchResource(ctx)
	if err != nil {
		return nil, err
	}
	if resource == nil {
		return nil, fmt.Errorf("invalid trigger %s, could not fetch the trigger resource", given.Template.Name)
	}
	resource, err = implementation.ApplyResourceParameters(events, resource)
	if err != nil {
		return nil, err
	}
	switch {
	case given.Template.HTTP != nil:
		request, ok := resource.(*v1alpha1.HTTPTrigger)
		if !ok {
			return nil, fmt.Errorf("not an HTTP request: %T", resource)
		}
		body, err := triggers.ConstructPayload(events, request.Payload)
		if err != nil {
			return nil, err
		}
		method := request.Method
		if method == "" {
			method = "POST"
		}
		told := sent{Verb: method, Command: []string{request.URL}, Object: string(body)}
		if json.Valid(body) {
			told.Object = json.RawMessage(body)
		}
		return []sent{told}, nil
	case given.Template.Log != nil:
		return []sent{{Verb: "log"}}, nil
	case given.Template.ArgoWorkflow != nil:
		// Argo runs the `argo` of its image. Here its runner writes down what it would have run.
		runner := reflect.ValueOf(implementation).Elem().FieldByName("cmdRunner")
		*(*func(*exec.Cmd) error)(unsafe.Pointer(runner.UnsafeAddr())) = func(command *exec.Cmd) error {
			told := sent{Verb: "run"}
			for _, argument := range command.Args {
				text, err := os.ReadFile(argument)
				if err == nil && json.Valid(text) {
					told.Object = json.RawMessage(text)
					continue
				}
				told.Command = append(told.Command, argument)
			}
			all = append(all, told)
			return nil
		}
	}
	if _, err := implementation.Execute(ctx, events, resource); err != nil {
		return all, err
	}
	return all, nil
}

// local refuses what the judge cannot do without reaching for something elsewhere.
func local(template *v1alpha1.TriggerTemplate) error {
	var source *v1alpha1.ArtifactLocation
	switch {
	case template.K8s != nil:
		source = template.K8s.Source
	case template.ArgoWorkflow != nil:
		source = template.ArgoWorkflow.Source
	case template.HTTP != nil, template.Log != nil:
		return nil
	default:
		return fmt.Errorf("the judge drives triggers of the kinds k8s, argoWorkflow, http and log alone")
	}
	if source == nil || (source.Resource == nil && source.Inline == nil) {
		return fmt.Errorf("the judge fetches nothing: the resource must stand in the Sensor")
	}
	return nil
}
