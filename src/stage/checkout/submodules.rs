//! Submodules.

use std::ffi::OsString;
use std::path::Path;

use crate::diagnostics::Diagnostic;
use crate::diagnostics::codes::run_checkout::SUBMODULE;
use crate::stage::checkout::failure::{Failure, SPACE};
use crate::stage::checkout::remote::Protocol;
use crate::stage::checkout::session::Session;

/// Checks out the submodules, those in them too. The repository says where they are, so a path on this machine is none.
pub fn update(session: &Session, into: &Path, depth: u32) -> Result<(), Diagnostic> {
    let protocols = match session.remote.protocol {
        Protocol::Http => "https:ssh:http",
        _ => "https:ssh",
    };
    let session = session.with(|git| git.with_env("GIT_ALLOW_PROTOCOL", protocols));
    let update = |depth: u32| {
        let mut args: Vec<OsString> = [
            "submodule",
            "--quiet",
            "update",
            "--init",
            "--recursive",
            "--force",
        ]
        .map(Into::into)
        .to_vec();
        if depth > 0 {
            args.push(format!("--depth={depth}").into());
        }
        session.over_network(into, &args)
    };
    let mut result = update(depth)?;
    // A server that gives out branches alone may need the whole history to find the commit.
    let deeper = |failed: &crate::stage::checkout::fetch::Failed| {
        depth > 0
            && matches!(
                failed.failure,
                Failure::NotThere | Failure::NotAllowed | Failure::Other
            )
    };
    if result.as_ref().is_err_and(deeper) {
        result = update(0)?;
    }
    let Err(failed) = result else {
        return Ok(());
    };
    let help = match failed.failure {
        Failure::Refused => {
            "the credentials are given to the repository's own host alone, and must be able to read the submodule, too"
        }
        Failure::NoSpace => SPACE,
        Failure::NotThere => {
            "the commit that the repository names is not in the submodule: push it there"
        }
        _ if failed.said.contains("not allowed") => {
            "submodules are fetched by HTTPS or SSH: write such a URL into `.gitmodules`"
        }
        _ => "see what Git says",
    };
    Err(
        Diagnostic::without_place(&SUBMODULE, "the submodules cannot be checked out")
            .note(failed.said)
            .help(help),
    )
}
