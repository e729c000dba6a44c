//! What is done with the runs of a pipeline in its cluster.

mod answer;
mod cancel;
mod logs;
mod show;
mod status;
mod trigger;
mod watch;

use std::path::PathBuf;

use clap::Args;

use crate::cli::Exit;
use crate::cli::cluster::{Source, Which, cluster, refuse};
use crate::cli::console::Console;
use crate::diagnostics::{Diagnostic, safe};
use crate::ops::install;
use crate::ops::live::{Line, Runs, State};

pub use answer::{Approve, Reject};
pub use cancel::Cancel;
pub use logs::Logs;
pub use status::Status;
pub use trigger::Trigger;

/// Which pipeline, of a command that is about one of its runs.
#[derive(Args, Debug)]
pub struct Of {
    /// The pipeline's file, or `-` for standard input [default: the one of the repository]
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
    /// The pipeline, where the file has several
    #[arg(long, value_name = "NAME")]
    pipeline: Option<String>,
    /// The directory that paths in the pipeline start from [default: the repository's root]
    #[arg(long, value_name = "DIR")]
    root: Option<PathBuf>,
}

impl Of {
    fn which(&self) -> Which {
        Which::new(self.file.clone(), self.pipeline.clone(), self.root.clone())
    }
}

/// Does something with the runs of the pipeline that is meant; says what is wrong.
fn with_runs(
    which: &Which,
    console: &mut Console,
    work: impl FnOnce(&Runs<'_>, &Source, &mut Console) -> Result<Exit, Exit>,
) -> Exit {
    let done = || {
        let source = which.read(console)?;
        let (pipeline, _) = which.pick(&source, console)?;
        let cluster = cluster(console)?;
        install::check_owner(&cluster, pipeline).map_err(|problem| said(*problem, console))?;
        work(&Runs::new(cluster, pipeline), &source, console)
    };
    done().unwrap_or_else(|exit| exit)
}

/// Says one problem.
fn said(problem: Diagnostic, console: &mut Console) -> Exit {
    refuse(vec![problem], console)
}

/// Whom the cluster takes the user for, and his name in short.
fn who(
    runs: &Runs<'_>,
    named: Option<&str>,
    console: &mut Console,
) -> Result<(String, String), Exit> {
    let user = runs.cluster.whoami();
    let user = user.map_err(|failure| said(failure.into_diagnostic(), console))?;
    let name = named.unwrap_or_else(|| short(&user)).to_owned();
    Ok((name, user))
}

/// `ann` of `arn:aws:sts::111122223333:assumed-role/deployer/ann`, as EKS calls people; other names are as they are.
fn short(user: &str) -> &str {
    match user.starts_with("arn:") {
        true => user.rsplit('/').next().unwrap_or(user),
        false => user,
    }
}

/// What is said where nobody can be asked.
const GOES_ON: &str = "`--yes` goes on without a question";

/// A line of a log, after its stage.
fn print_line(line: Line<'_>, console: &mut Console) {
    use crate::diagnostics::Role;
    let (path, mark, text) = match line {
        Line::Log(path, text) => (path, "│", safe::line(text).into_owned()),
        Line::Note(path, text) => {
            let text = safe::line(text);
            (path, "–", console.out.paint(Role::Faint, &text))
        }
    };
    let path = console
        .out
        .paint(Role::Faint, &format!("{:<14}", safe::line(path)));
    let text = format!("{path} {mark} {text}");
    console.print(&format!("{}\n", text.trim_end()));
}

/// How a command ends that has followed a run.
fn exit_of(state: State) -> Exit {
    match state {
        State::Failed | State::Error | State::Rejected | State::Cancelled => Exit::Errors,
        _ => Exit::Fine,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_are_called_by_what_is_theirs_in_a_name() {
        assert_eq!(
            short("arn:aws:sts::111122223333:assumed-role/deployer/ann@example.com"),
            "ann@example.com"
        );
        assert_eq!(short("arn:aws:iam::111122223333:user/ann"), "ann");
        assert_eq!(short("oidc:teams/ann"), "oidc:teams/ann");
    }
}
