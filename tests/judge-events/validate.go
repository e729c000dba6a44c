package main

// Argo's own validation, and what stands between objects. What single objects are asked besides is in
// sources.go and sensors.go.

import (
	"slices"
	"strconv"

	"aphex/tests/judge-common"

	"github.com/argoproj/argo-events/pkg/apis/events/v1alpha1"
	bus "github.com/argoproj/argo-events/pkg/reconciler/eventbus"
	"github.com/argoproj/argo-events/pkg/reconciler/eventsource"
	"github.com/argoproj/argo-events/pkg/reconciler/sensor"
	core "k8s.io/api/core/v1"
	networking "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/apimachinery/pkg/util/validation"
)

func (s *set) validate() {
	for _, document := range s.documents {
		if document.Object == nil {
			continue
		}
		document.CheckObject(true)
		switch object := document.Object.(type) {
		case *v1alpha1.EventSource:
			document.Argo(func() error { return eventsource.ValidateEventSource(object.DeepCopy()) })
			checkSource(document, object)
		case *v1alpha1.Sensor:
			document.Argo(func() error { return sensor.ValidateSensor(object.DeepCopy(), s.bus(object.Spec.EventBusName)) })
			s.checkSensor(document, object)
		case *v1alpha1.EventBus:
			document.Argo(func() error { return bus.ValidateEventBus(object.DeepCopy()) })
		case *core.Service:
			s.checkService(document, object)
		case *networking.Ingress:
			s.checkIngress(document, object)
		}
	}
}

// bus is the EventBus of that name, or one as clusters have it.
func (s *set) bus(name string) *v1alpha1.EventBus {
	if name == "" {
		name = "default"
	}
	for _, given := range s.buses {
		if given.Name == name {
			return given
		}
	}
	made := &v1alpha1.EventBus{Spec: v1alpha1.EventBusSpec{JetStream: &v1alpha1.JetStreamBus{Version: "latest"}}}
	made.Name = name
	return made
}

func (s *set) source(name string) *v1alpha1.EventSource {
	for _, source := range s.sources {
		if source.Name == name {
			return source
		}
	}
	return nil
}

// label tests a text that becomes the value of a label: the controllers and triggers of Argo Events
// label what they make with the names of Sensors, EventSources and triggers.
func label(document *common.Document, path, value string) {
	for _, problem := range validation.IsValidLabelValue(value) {
		document.Refuse("%s: %q becomes a label: %s", path, value, problem)
	}
}

// checkService tests that a Service for an EventSource reaches its hooks.
func (s *set) checkService(document *common.Document, service *core.Service) {
	name, ok := service.Spec.Selector[v1alpha1.LabelEventSourceName]
	if !ok {
		return
	}
	source := s.source(name)
	if source == nil {
		document.Refuse("spec.selector: no EventSource %q", name)
		return
	}
	var ports []string
	for _, hook := range source.Spec.Github {
		if hook.Webhook != nil {
			ports = append(ports, hook.Webhook.Port)
		}
	}
	for _, port := range service.Spec.Ports {
		target := port.TargetPort
		if target == (intstr.IntOrString{}) {
			target = intstr.FromInt32(port.Port)
		}
		if !slices.Contains(ports, target.String()) {
			document.Refuse("spec.ports: EventSource %q has no hook on port %s", name, target.String())
		}
	}
}

// checkIngress tests that an Ingress leads to a Service that is there.
func (s *set) checkIngress(document *common.Document, ingress *networking.Ingress) {
	for _, rule := range ingress.Spec.Rules {
		if rule.HTTP == nil {
			continue
		}
		for _, path := range rule.HTTP.Paths {
			to := path.Backend.Service
			if to == nil {
				continue
			}
			index := slices.IndexFunc(s.services, func(one *core.Service) bool { return one.Name == to.Name })
			if index < 0 {
				document.Refuse("spec.rules: no Service %q", to.Name)
				continue
			}
			if !slices.ContainsFunc(s.services[index].Spec.Ports, func(port core.ServicePort) bool {
				return port.Port == to.Port.Number || (to.Port.Name != "" && port.Name == to.Port.Name)
			}) {
				document.Refuse("spec.rules: Service %q has no port %s", to.Name, to.Port.Name+strconv.Itoa(int(to.Port.Number)))
			}
		}
	}
}
