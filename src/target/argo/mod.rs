//! Argo Workflows: WorkflowTemplates.
