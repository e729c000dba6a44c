package main

import (
	"aphex/tests/judge-common"

	wfv1 "github.com/argoproj/argo-workflows/v3/pkg/apis/workflow/v1alpha1"
	core "k8s.io/api/core/v1"
	rbac "k8s.io/api/rbac/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
)

type document struct{ *common.Document }

func documents(text string) []*document {
	var all []*document
	for _, decoded := range common.Documents(text, newObject) {
		all = append(all, &document{decoded})
	}
	return all
}

func newObject(kind meta.TypeMeta) meta.Object {
	switch kind.APIVersion + "/" + kind.Kind {
	case "argoproj.io/v1alpha1/Workflow":
		return &wfv1.Workflow{}
	case "argoproj.io/v1alpha1/WorkflowTemplate":
		return &wfv1.WorkflowTemplate{}
	case "argoproj.io/v1alpha1/ClusterWorkflowTemplate":
		return &wfv1.ClusterWorkflowTemplate{}
	case "argoproj.io/v1alpha1/CronWorkflow":
		return &wfv1.CronWorkflow{}
	case "v1/ConfigMap":
		return &core.ConfigMap{}
	case "v1/Secret":
		return &core.Secret{}
	case "v1/ServiceAccount":
		return &core.ServiceAccount{}
	case "rbac.authorization.k8s.io/v1/Role":
		return &rbac.Role{}
	case "rbac.authorization.k8s.io/v1/RoleBinding":
		return &rbac.RoleBinding{}
	}
	return nil
}
