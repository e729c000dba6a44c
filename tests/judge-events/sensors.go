package main

// What Argo's validation of Sensors leaves out.

import (
	"encoding/json"
	"fmt"
	"regexp"
	"regexp/syntax"
	"slices"
	"strconv"
	"strings"
	"text/template"

	"aphex/tests/judge-common"

	"github.com/Knetic/govaluate"
	"github.com/Masterminds/sprig/v3"
	"github.com/argoproj/argo-events/pkg/apis/events/v1alpha1"
	"github.com/argoproj/argo-events/pkg/shared/util"
	"github.com/itchyny/gojq"
	"github.com/tidwall/gjson"
	lua "github.com/yuin/gopher-lua"
)

// The names of dependencies stand in expressions, where Argo writes _ for -.
var variable = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_-]*$`)

func (s *set) checkSensor(document *common.Document, sensor *v1alpha1.Sensor) {
	label(document, "metadata.name", sensor.Name)
	names := map[string]string{}
	for index := range sensor.Spec.Dependencies {
		depends := &sensor.Spec.Dependencies[index]
		path := "spec.dependencies." + depends.Name
		if !variable.MatchString(depends.Name) {
			document.Refuse("%s: %q cannot stand in an expression", path, depends.Name)
		}
		read := strings.ReplaceAll(depends.Name, "-", "_")
		if other, taken := names[read]; taken {
			document.Refuse("%s: Argo takes it for %s", path, other)
		}
		names[read] = depends.Name
		if source := s.source(depends.EventSourceName); source == nil {
			document.Refuse("%s: no EventSource %q", path, depends.EventSourceName)
		} else if _, known := source.Spec.Github[depends.EventName]; !known {
			document.Refuse("%s: EventSource %q has no event %q", path, source.Name, depends.EventName)
		}
		checkTransform(document, path+".transform", depends.Transform)
		checkFilter(document, path+".filters", depends.Filters)
	}
	for index := range sensor.Spec.Triggers {
		given := &sensor.Spec.Triggers[index]
		if given.Template == nil {
			continue
		}
		path := "spec.triggers." + given.Template.Name
		// The dead-letter trigger of a trigger gets the same events.
		depends := checkConditions(document, path, sensor, given)
		checkTrigger(document, path, given, depends)
		if given.DlqTrigger != nil && given.DlqTrigger.Template != nil {
			checkTrigger(document, path+".dlqTrigger", given.DlqTrigger, depends)
		}
	}
}

func checkTransform(document *common.Document, path string, transform *v1alpha1.EventDependencyTransformer) {
	if transform == nil {
		return
	}
	if transform.JQ != "" {
		if _, err := gojq.Parse(transform.JQ); err != nil {
			document.Refuse("%s.jq: %v", path, err)
		}
	}
	checkScript(document, path+".script", transform.Script)
}

func checkScript(document *common.Document, path, script string) {
	if script == "" {
		return
	}
	state := lua.NewState()
	defer state.Close()
	if _, err := state.LoadString(script); err != nil {
		document.Refuse("%s: %v", path, err)
	}
}

func checkTemplate(document *common.Document, path, text string) {
	if _, err := template.New("").Funcs(sprig.FuncMap()).Parse(text); err != nil {
		document.Refuse("%s: %v", path, err)
	}
}

func checkFilter(document *common.Document, path string, filter *v1alpha1.EventDependencyFilter) {
	if filter == nil {
		return
	}
	for index := range filter.Data {
		checkData(document, fmt.Sprintf("%s.data.%d", path, index), &filter.Data[index])
	}
	for index, one := range filter.Exprs {
		path := fmt.Sprintf("%s.exprs.%d", path, index)
		expression, err := govaluate.NewEvaluableExpression(one.Expr)
		if err != nil {
			document.Refuse("%s: %v", path, err)
			continue
		}
		for _, name := range unique(expression.Vars()) {
			if !slices.ContainsFunc(one.Fields, func(field v1alpha1.PayloadField) bool { return field.Name == name }) {
				document.Refuse("%s: %q is no field of it", path, name)
			}
		}
	}
	checkScript(document, path+".script", filter.Script)
}

func checkData(document *common.Document, path string, data *v1alpha1.DataFilter) {
	checkTemplate(document, path+".template", data.Template)
	equal := data.Comparator == v1alpha1.EmptyComparator || data.Comparator == v1alpha1.EqualTo
	for _, value := range data.Value {
		switch data.Type {
		case v1alpha1.JSONTypeBool:
			if _, err := strconv.ParseBool(value); err != nil {
				document.Refuse("%s: %v", path, err)
			}
			if !equal {
				document.Refuse("%s: Argo does not look at the comparator of truth values", path)
			}
		case v1alpha1.JSONTypeNumber:
			if _, err := strconv.ParseFloat(value, 64); err != nil {
				document.Refuse("%s: %v", path, err)
			}
		case v1alpha1.JSONTypeString:
			if !equal && data.Comparator != v1alpha1.NotEqualTo {
				document.Refuse("%s: texts are compared by = and != alone", path)
			}
			parsed, err := syntax.Parse(value, syntax.Perl)
			if err != nil {
				document.Refuse("%s: %v", path, err)
			} else if equal && !anchored(parsed) {
				document.Refuse("%s: %q is not anchored, and matches a part of a longer text, too", path, value)
			}
		default:
			document.Refuse("%s: %q is no type", path, data.Type)
		}
	}
	if data.Comparator == v1alpha1.NotEqualTo && len(data.Value) > 1 {
		document.Refuse("%s: one of several values is always another", path)
	}
}

// anchored tells whether an expression matches whole texts alone.
func anchored(expression *syntax.Regexp) bool {
	first := func(parts []*syntax.Regexp) *syntax.Regexp { return parts[0] }
	last := func(parts []*syntax.Regexp) *syntax.Regexp { return parts[len(parts)-1] }
	return holds(expression, syntax.OpBeginText, first) && holds(expression, syntax.OpEndText, last)
}

// holds tells whether every way through an expression has an anchor at one end. The parser takes what alternatives begin with in common out of them.
func holds(expression *syntax.Regexp, anchor syntax.Op, end func([]*syntax.Regexp) *syntax.Regexp) bool {
	switch expression.Op {
	case anchor:
		return true
	case syntax.OpCapture:
		return holds(expression.Sub[0], anchor, end)
	case syntax.OpConcat:
		return holds(end(expression.Sub), anchor, end)
	case syntax.OpAlternate:
		return !slices.ContainsFunc(expression.Sub, func(one *syntax.Regexp) bool { return !holds(one, anchor, end) })
	}
	return false
}

// checkConditions gives the dependencies that the trigger may get.
func checkConditions(document *common.Document, path string, sensor *v1alpha1.Sensor, given *v1alpha1.Trigger) []string {
	_, evaluable, err := conditions(sensor, given)
	if err != nil {
		document.Refuse("%s.conditions: never met: %v", path, err)
		return nil
	}
	return unique(evaluable.Vars())
}

func checkTrigger(document *common.Document, path string, given *v1alpha1.Trigger, depends []string) {
	label(document, path, given.Template.Name)
	kinds := 0
	for _, found := range []bool{given.Template.K8s != nil, given.Template.ArgoWorkflow != nil, given.Template.HTTP != nil, given.Template.Log != nil} {
		if found {
			kinds++
		}
	}
	if kinds != 1 {
		document.Refuse("%s: it must be one of k8s, argoWorkflow, http and log", path)
	}
	if given.RetryStrategy != nil {
		if _, err := util.Convert2WaitBackoff(given.RetryStrategy); err != nil {
			document.Refuse("%s.retryStrategy: %v", path, err)
		}
		// Otherwise triggerActions in pkg/sensors/listener.go returns before anything has failed.
		if !given.AtLeastOnce {
			document.Refuse("%s.retryStrategy: does nothing without atLeastOnce", path)
		}
	}
	if limit := given.RateLimit; limit != nil {
		if limit.RequestsPerUnit < 1 {
			document.Refuse("%s.rateLimit.requestsPerUnit: at least 1", path)
		}
		if !slices.Contains([]v1alpha1.RateLimiteUnit{"", v1alpha1.Second, v1alpha1.Minute, v1alpha1.Hour}, limit.Unit) {
			document.Refuse("%s.rateLimit.unit: %q is none", path, limit.Unit)
		}
	}
	whole, err := json.Marshal(given.Template)
	if err != nil {
		document.Refuse("%s: %v", path, err)
		return
	}
	checkParameters(document, path+".parameters", given.Parameters, depends, gjson.ParseBytes(whole))
	if one := given.Template.K8s; one != nil {
		resource := checkResource(document, path+".template.k8s.source", one.Source, one.Parameters)
		checkParameters(document, path+".template.k8s.parameters", one.Parameters, depends, resource)
	}
	if one := given.Template.ArgoWorkflow; one != nil {
		resource := checkResource(document, path+".template.argoWorkflow.source", one.Source, one.Parameters)
		checkParameters(document, path+".template.argoWorkflow.parameters", one.Parameters, depends, resource)
	}
	if one := given.Template.HTTP; one != nil {
		checkParameters(document, path+".template.http.payload", one.Payload, depends, gjson.Parse("{}"))
	}
}

// checkResource gives the resource that stands in a trigger.
func checkResource(document *common.Document, path string, source *v1alpha1.ArtifactLocation, parameters []v1alpha1.TriggerParameter) gjson.Result {
	if source == nil || source.Resource == nil {
		document.Refuse("%s.resource: missing, so that the resource would come from elsewhere", path)
		return gjson.Parse("{}")
	}
	resource := gjson.ParseBytes(source.Resource.Value)
	for _, field := range []string{"apiVersion", "kind"} {
		if resource.Get(field).String() == "" {
			document.Refuse("%s.resource.%s: missing", path, field)
		}
	}
	named := slices.ContainsFunc([]string{"metadata.name", "metadata.generateName"}, func(field string) bool {
		given := func(one v1alpha1.TriggerParameter) bool { return one.Dest == field }
		return resource.Get(field).String() != "" || slices.ContainsFunc(parameters, given)
	})
	if !named {
		document.Refuse("%s.resource.metadata: neither name nor generateName", path)
	}
	return resource
}

func checkParameters(document *common.Document, path string, parameters []v1alpha1.TriggerParameter, depends []string, into gjson.Result) {
	for index, one := range parameters {
		path := fmt.Sprintf("%s.%d", path, index)
		source := one.Src
		if source == nil {
			continue
		}
		if depends != nil && !slices.Contains(depends, source.DependencyName) {
			document.Refuse("%s: %q is no dependency of this trigger, so that the value is never set", path, source.DependencyName)
		}
		checkTemplate(document, path+".src.dataTemplate", source.DataTemplate)
		checkTemplate(document, path+".src.contextTemplate", source.ContextTemplate)
		if source.DataKey == "" && source.DataTemplate == "" && source.ContextKey == "" && source.ContextTemplate == "" && source.Value == nil {
			document.Refuse("%s.src: neither a key nor a template nor a value, so that the whole event is put in", path)
		}
		checkDestination(document, path, one.Dest, into)
	}
}

// checkDestination tests that a parameter of a list is there: sjson would add nulls up to it.
func checkDestination(document *common.Document, path, destination string, into gjson.Result) {
	at := into
	for _, step := range strings.Split(strings.ReplaceAll(destination, `\.`, "\x00"), ".") {
		if at.IsArray() {
			number, err := strconv.Atoi(step)
			if err != nil || number < 0 || number >= len(at.Array()) {
				document.Refuse("%s.dest: %q is not there", path, destination)
				return
			}
		}
		at = at.Get(strings.ReplaceAll(step, "\x00", `\.`))
	}
}
