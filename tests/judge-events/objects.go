package main

import (
	"aphex/tests/judge-common"

	"github.com/argoproj/argo-events/pkg/apis/events/v1alpha1"
	core "k8s.io/api/core/v1"
	networking "k8s.io/api/networking/v1"
	rbac "k8s.io/api/rbac/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// The manifests of a request, in the order of the stream.
type set struct {
	manifests string
	documents []*common.Document
	sources   []*v1alpha1.EventSource
	sensors   []*v1alpha1.Sensor
	buses     []*v1alpha1.EventBus
	services  []*core.Service
}

func newSet(manifests string) *set {
	all := &set{manifests: manifests, documents: common.Documents(manifests, newObject)}
	for _, document := range all.documents {
		switch object := document.Object.(type) {
		case *v1alpha1.EventSource:
			all.sources = append(all.sources, object)
		case *v1alpha1.Sensor:
			all.sensors = append(all.sensors, object)
		case *v1alpha1.EventBus:
			all.buses = append(all.buses, object)
		case *core.Service:
			all.services = append(all.services, object)
		}
	}
	return all
}

func newObject(kind meta.TypeMeta) meta.Object {
	switch kind.APIVersion + "/" + kind.Kind {
	case "argoproj.io/v1alpha1/EventSource":
		return &v1alpha1.EventSource{}
	case "argoproj.io/v1alpha1/Sensor":
		return &v1alpha1.Sensor{}
	case "argoproj.io/v1alpha1/EventBus":
		return &v1alpha1.EventBus{}
	case "v1/ConfigMap":
		return &core.ConfigMap{}
	case "v1/Secret":
		return &core.Secret{}
	case "v1/Service":
		return &core.Service{}
	case "v1/ServiceAccount":
		return &core.ServiceAccount{}
	case "networking.k8s.io/v1/Ingress":
		return &networking.Ingress{}
	case "networking.k8s.io/v1/NetworkPolicy":
		return &networking.NetworkPolicy{}
	case "rbac.authorization.k8s.io/v1/Role":
		return &rbac.Role{}
	case "rbac.authorization.k8s.io/v1/RoleBinding":
		return &rbac.RoleBinding{}
	// What others judge: only the metadata is looked at.
	case "argoproj.io/v1alpha1/WorkflowTemplate",
		"argoproj.io/v1alpha1/CronWorkflow",
		"gateway.networking.k8s.io/v1/HTTPRoute":
		return &unstructured.Unstructured{}
	}
	return nil
}
