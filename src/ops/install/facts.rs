//! What no file says of a pipeline, as its cluster has it.

use crate::cloud::kubernetes::Cluster;
use crate::cloud::kubernetes::Failure;
use crate::cloud::kubernetes::kinds::{CONFIG_MAP, SERVICE_ACCOUNT};
use crate::model::Pipeline;
use crate::stage::apply::{EXPORTS, Facts, ROLE, STORE};
use crate::target::names::{Account, settings_name};

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
        exports: said(EXPORTS),
    })
}
