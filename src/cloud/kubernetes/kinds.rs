//! The kinds of objects that a pipeline has in a cluster.

use crate::cloud::kubernetes::Kind;

/// Those that `aphex apply` writes, in the order in which they are to be there: nothing comes before what it needs.
pub const APPLIED: [Kind; 12] = [
    CONFIG_MAP,
    NETWORK_POLICY,
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

const fn kind(
    group: &'static str,
    version: &'static str,
    kind: &'static str,
    plural: &'static str,
) -> Kind {
    Kind {
        group,
        version,
        kind,
        plural,
    }
}

/// Argo: a run.
pub const WORKFLOW: Kind = kind("argoproj.io", "v1alpha1", "Workflow", "workflows");

/// Argo: what runs are made from.
pub const WORKFLOW_TEMPLATE: Kind = kind(
    "argoproj.io",
    "v1alpha1",
    "WorkflowTemplate",
    "workflowtemplates",
);

/// Argo: what the clock starts.
pub const CRON_WORKFLOW: Kind = kind("argoproj.io", "v1alpha1", "CronWorkflow", "cronworkflows");

/// Argo Events: what GitHub calls.
pub const EVENT_SOURCE: Kind = kind("argoproj.io", "v1alpha1", "EventSource", "eventsources");

/// Argo Events: which event starts what.
pub const SENSOR: Kind = kind("argoproj.io", "v1alpha1", "Sensor", "sensors");

/// An address in the cluster.
pub const SERVICE: Kind = kind("", "v1", "Service", "services");

/// A way in from outside.
pub const INGRESS: Kind = kind("networking.k8s.io", "v1", "Ingress", "ingresses");

/// A way in through a Gateway.
pub const HTTP_ROUTE: Kind = kind("gateway.networking.k8s.io", "v1", "HTTPRoute", "httproutes");

/// Who may connect to pods.
pub const NETWORK_POLICY: Kind = kind(
    "networking.k8s.io",
    "v1",
    "NetworkPolicy",
    "networkpolicies",
);

/// Whose rights a pod has.
pub const SERVICE_ACCOUNT: Kind = kind("", "v1", "ServiceAccount", "serviceaccounts");

/// Rights in a namespace.
pub const ROLE: Kind = kind("rbac.authorization.k8s.io", "v1", "Role", "roles");

/// Who has the rights of a Role.
pub const ROLE_BINDING: Kind = kind(
    "rbac.authorization.k8s.io",
    "v1",
    "RoleBinding",
    "rolebindings",
);

/// Settings.
pub const CONFIG_MAP: Kind = kind("", "v1", "ConfigMap", "configmaps");

/// Secrets.
pub const SECRET: Kind = kind("", "v1", "Secret", "secrets");

/// Who does something alone.
pub const LEASE: Kind = kind("coordination.k8s.io", "v1", "Lease", "leases");

/// Where objects are.
pub const NAMESPACE: Kind = kind("", "v1", "Namespace", "namespaces");

/// Programs that run in a cluster.
pub const DEPLOYMENT: Kind = kind("apps", "v1", "Deployment", "deployments");

/// Argo Events: what carries events.
pub const EVENT_BUS: Kind = kind("argoproj.io", "v1alpha1", "EventBus", "eventbus");
