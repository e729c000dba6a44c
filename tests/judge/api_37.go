//go:build !argo36

package main

import (
	"context"

	wfv1 "github.com/argoproj/argo-workflows/v3/pkg/apis/workflow/v1alpha1"
	"github.com/argoproj/argo-workflows/v3/workflow/validate"
)

const argo = "3.7.18"

func validateWorkflow(all *set, workflow *wfv1.Workflow, options validate.ValidateOpts) error {
	return validate.ValidateWorkflow(all.templates, all.clusterTemplates, workflow, nil, options)
}

func validateTemplate(all *set, template *wfv1.WorkflowTemplate, options validate.ValidateOpts) error {
	return validate.ValidateWorkflowTemplate(all.templates, all.clusterTemplates, template, nil, options)
}

func validateClusterTemplate(all *set, template *wfv1.ClusterWorkflowTemplate, options validate.ValidateOpts) error {
	return validate.ValidateClusterWorkflowTemplate(all.templates, all.clusterTemplates, template, nil, options)
}

func validateCron(all *set, cron *wfv1.CronWorkflow) error {
	return validate.ValidateCronWorkflow(context.Background(), all.templates, all.clusterTemplates, cron, nil)
}
