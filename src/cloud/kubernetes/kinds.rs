//! The kinds of objects that a pipeline has in a cluster.

use crate::cloud::kubernetes::Kind;

/// Those that `aphex apply` writes, in the order in which they are to be there: nothing comes before what it needs.
pub const APPLIED: [Kind; 11] = [
    CONFIG_MAP,
    SERVICE_ACCOUNT,
    ROLE,
    ROLE_BINDING,
    WORKFLOW_TEMPLATE,
    CRON_WORKFLOW,
    SERVICE,
    INGRESS,
    HTTP_ROUTE,
    EVENT_SOURCE,
    SENSOR,
];

/// Those of them that a run may write.
pub const APPLIED_BY_RUNS: [Kind; 7] = [
    WORKFLOW_TEMPLATE,
    CRON_WORKFLOW,
    SERVICE,
    INGRESS,
    HTTP_ROUTE,
    EVENT_SOURCE,
    SENSOR,
];

/// The kind of a name, of those that are applied.
pub fn of(name: &str) -> Option<Kind> {
    APPLIED.into_iter().find(|kind| kind.kind == name)
}

/// Argo: a run.
pub const WORKFLOW: Kind = Kind {
    group: "argoproj.io",
    version: "v1alpha1",
    kind: "Workflow",
    plural: "workflows",
};

/// Argo: what runs are made from.
pub const WORKFLOW_TEMPLATE: Kind = Kind {
    group: "argoproj.io",
    version: "v1alpha1",
    kind: "WorkflowTemplate",
    plural: "workflowtemplates",
};

/// Argo: what the clock starts.
pub const CRON_WORKFLOW: Kind = Kind {
    group: "argoproj.io",
    version: "v1alpha1",
    kind: "CronWorkflow",
    plural: "cronworkflows",
};

/// Argo Events: what GitHub calls.
pub const EVENT_SOURCE: Kind = Kind {
    group: "argoproj.io",
    version: "v1alpha1",
    kind: "EventSource",
    plural: "eventsources",
};

/// Argo Events: which event starts what.
pub const SENSOR: Kind = Kind {
    group: "argoproj.io",
    version: "v1alpha1",
    kind: "Sensor",
    plural: "sensors",
};

/// An address in the cluster.
pub const SERVICE: Kind = Kind {
    group: "",
    version: "v1",
    kind: "Service",
    plural: "services",
};

/// A way in from outside.
pub const INGRESS: Kind = Kind {
    group: "networking.k8s.io",
    version: "v1",
    kind: "Ingress",
    plural: "ingresses",
};

/// A way in through a Gateway.
pub const HTTP_ROUTE: Kind = Kind {
    group: "gateway.networking.k8s.io",
    version: "v1",
    kind: "HTTPRoute",
    plural: "httproutes",
};

/// Whose rights a pod has.
pub const SERVICE_ACCOUNT: Kind = Kind {
    group: "",
    version: "v1",
    kind: "ServiceAccount",
    plural: "serviceaccounts",
};

/// Rights in a namespace.
pub const ROLE: Kind = Kind {
    group: "rbac.authorization.k8s.io",
    version: "v1",
    kind: "Role",
    plural: "roles",
};

/// Who has the rights of a Role.
pub const ROLE_BINDING: Kind = Kind {
    group: "rbac.authorization.k8s.io",
    version: "v1",
    kind: "RoleBinding",
    plural: "rolebindings",
};

/// Settings.
pub const CONFIG_MAP: Kind = Kind {
    group: "",
    version: "v1",
    kind: "ConfigMap",
    plural: "configmaps",
};

/// Secrets.
pub const SECRET: Kind = Kind {
    group: "",
    version: "v1",
    kind: "Secret",
    plural: "secrets",
};

/// Who does something alone.
pub const LEASE: Kind = Kind {
    group: "coordination.k8s.io",
    version: "v1",
    kind: "Lease",
    plural: "leases",
};

/// Argo Events: what carries events.
pub const EVENT_BUS: Kind = Kind {
    group: "argoproj.io",
    version: "v1alpha1",
    kind: "EventBus",
    plural: "eventbus",
};
