//! What no file says of a pipeline, as its cluster has it.

use crate::cloud::kubernetes::kinds::{CONFIG_MAP, SERVICE_ACCOUNT};
use crate::cloud::kubernetes::{Cause, Cluster, Failure, Object};
use crate::diagnostics::Diagnostic;
use crate::model::Pipeline;
use crate::stage::apply::{EXPORTS, Facts, Home, Owner, ROLE, STACK, STORE};
use crate::target::names::{Account, settings_name};

/// Refuses a pipeline that was applied from another repository (14.3), and one whose namespace is not there. Who may not look at its settings is not kept from the
/// rest.
pub fn check_owner(cluster: &Cluster, pipeline: &Pipeline) -> Result<(), Box<Diagnostic>> {
    let namespace = &pipeline.namespace.value;
    let name = settings_name(&pipeline.name.value);
    match cluster.get(&CONFIG_MAP, namespace, &name) {
        Ok(found) => check_settings(cluster, pipeline, found.as_ref()),
        Err(failure) if failure.cause == Cause::Denied || failure.is_missing() => Ok(()),
        Err(failure) => Err(Box::new(failure.into_diagnostic())),
    }
}

/// Refuses settings that are another pipeline's of the same name (14.3); where there are none, it is the namespace that must be there.
pub fn check_settings(
    cluster: &Cluster,
    pipeline: &Pipeline,
    settings: Option<&Object>,
) -> Result<(), Box<Diagnostic>> {
    let namespace = &pipeline.namespace.value;
    match settings {
        Some(found) => Owner::of(pipeline).check(found, CONFIG_MAP.kind, namespace),
        None => {
            let checked = cluster.check_namespace(namespace);
            checked.map_err(|failure| Box::new(failure.into_diagnostic()))
        }
    }
}

/// What was applied last, so that applying the objects alone takes nothing of it away.
pub fn known(cluster: &Cluster, pipeline: &Pipeline) -> Result<Facts, Failure> {
    let namespace = &pipeline.namespace.value;
    let name = &pipeline.name.value;
    let settings = cluster.get(&CONFIG_MAP, namespace, &settings_name(name))?;
    let mut roles = Vec::new();
    for account in Account::AWS {
        let found = cluster.get(&SERVICE_ACCOUNT, namespace, &account.name(name))?;
        let role = found.and_then(|found| found.annotations.get(ROLE).cloned());
        roles.extend(role.map(|role| (account, role)));
    }
    let said = |name: &str| settings.as_ref()?.annotations.get(name).cloned();
    Ok(Facts {
        store: said(STORE),
        roles,
        stack: said(STACK).and_then(|text| Home::read(&text)),
        exports: said(EXPORTS),
    })
}
