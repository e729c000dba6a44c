package main

// Functions of Argo Events that are not exported, by their linker's names.

import (
	"context"
	_ "unsafe" // go:linkname

	"github.com/argoproj/argo-events/pkg/apis/events/v1alpha1"
	_ "github.com/argoproj/argo-events/pkg/eventsources"
	"github.com/argoproj/argo-events/pkg/sensors"
	cloudevents "github.com/cloudevents/sdk-go/v2"
)

// filterEvent tells whether an event source's own filter lets an event through.
//
//go:linkname filterEvent github.com/argoproj/argo-events/pkg/eventsources.filterEvent
func filterEvent(data []byte, filter *v1alpha1.EventSourceFilter) (bool, error)

// convertEvent makes of an event on the bus what filters and parameters read.
//
//go:linkname convertEvent github.com/argoproj/argo-events/pkg/sensors.convertEvent
func convertEvent(event cloudevents.Event) *v1alpha1.Event

// dependencyExpression is the conditions of a trigger in terms of dependencies.
//
//go:linkname dependencyExpression github.com/argoproj/argo-events/pkg/sensors.(*SensorContext).getDependencyExpression
func dependencyExpression(sensor *sensors.SensorContext, ctx context.Context, trigger v1alpha1.Trigger) (string, error)
