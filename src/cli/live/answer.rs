//! `aphex approve` and `aphex reject`

use clap::Args;

use crate::cli::Exit;
use crate::cli::console::Console;
use crate::cli::live::{GOES_ON, Of, said, show, who, with_runs};
use crate::diagnostics::codes::run_approval::NOT_ASKED;
use crate::diagnostics::{Diagnostic, did_you_mean, list_names, plural, safe};
use crate::ops::live::{Answer, Answered, Asked, Run, Runs, Verdict, answer};

/// Say yes to an approval of a run
#[derive(Args, Debug)]
#[command(after_help = "\
Shows what a yes deploys, and asks. The name that is recorded is the one that the cluster knows you by (of an AWS role's session, the session), or that of --as; who may answer at all is a matter of rights in the cluster. Where several must approve, each does it for himself, and the last yes lets the run go on.

Examples:
  aphex approve shop-9d1a3a0f5c             what waits in this run
  aphex approve shop-9d1a3a0f5c prod        where several environments wait
  aphex approve shop-9d1a3a0f5c --as ann --yes

Exit codes: 0 approved, 1 errors, or the answer was no; 64 wrong usage")]
pub struct Approve {
    #[command(flatten)]
    common: Common,
}

/// Say no to an approval of a run
#[derive(Args, Debug)]
#[command(after_help = "\
Nothing behind the approval runs, and the run ends as failed.

Examples:
  aphex reject shop-9d1a3a0f5c prod --reason \"the migration is not ready\"

Exit codes: 0 rejected, 1 errors, or it was thought over; 64 wrong usage")]
pub struct Reject {
    #[command(flatten)]
    common: Common,
    /// Why: Argo's interface and `aphex status` show it
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
}

#[derive(Args, Debug)]
struct Common {
    /// The run
    #[arg(value_name = "RUN")]
    run: String,
    /// The environment or wave whose approval is meant, where several wait
    #[arg(value_name = "ENV")]
    before: Option<String>,
    /// Your name, as `approvers` has it
    #[arg(long = "as", value_name = "NAME")]
    name: Option<String>,
    /// Do not ask
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    of: Of,
}

impl Approve {
    /// Does it.
    pub fn run(self, console: &mut Console) -> Exit {
        self.common.answer(Verdict::Approve, None, console)
    }
}

impl Reject {
    /// Does it.
    pub fn run(self, console: &mut Console) -> Exit {
        self.common
            .answer(Verdict::Reject, self.reason.as_deref(), console)
    }
}

impl Common {
    fn answer(&self, verdict: Verdict, reason: Option<&str>, console: &mut Console) -> Exit {
        with_runs(&self.of.which(), console, |runs, _, console| {
            self.done(runs, verdict, reason, console)
        })
    }

    fn done(
        &self,
        runs: &Runs<'_>,
        verdict: Verdict,
        reason: Option<&str>,
        console: &mut Console,
    ) -> Result<Exit, Exit> {
        let run = runs
            .one(Some(&self.run))
            .map_err(|problem| said(problem, console))?;
        let asked = self.pick(&run).map_err(|problem| said(problem, console))?;
        let (by, user) = who(runs, self.name.as_deref(), console)?;
        if by.trim().is_empty() || by.chars().any(char::is_control) || by.len() > 254 {
            console.fail(
                "this is no name",
                Some("give one line of at most 254 bytes"),
            );
            return Err(Exit::Usage);
        }
        for row in show::approval(&run, asked)
            .iter()
            .filter(|row| !row.starts_with("  aphex"))
        {
            console.remark(&format!("{row}\n"));
        }
        console.remark(&format!("{}\n", show::about(&run)));
        let word = match verdict {
            Verdict::Approve => "approve",
            Verdict::Reject => "reject",
        };
        let shown = safe::line(&by).into_owned();
        if !self.yes && !console.agreed(&format!("{word} as {shown}?"), GOES_ON) {
            console.remark("nothing was answered\n");
            return Err(Exit::Errors);
        }
        let said_so = Answer {
            verdict,
            by: by.trim(),
            user: &user,
            reason,
        };
        let done =
            answer(runs, &run.name, asked, &said_so).map_err(|problem| said(problem, console))?;
        let path = safe::line(&asked.path);
        console.print(&match (done, verdict) {
            (Answered::Done, Verdict::Approve) => {
                format!(
                    "approved {path} of {} as {shown}; the run judges the answer, and goes on\n",
                    run.name
                )
            }
            (Answered::Done, Verdict::Reject) => {
                format!(
                    "rejected {path} of {} as {shown}; nothing behind it runs\n",
                    run.name
                )
            }
            (Answered::Counted(names), _) => {
                let missing = (asked.minimum as usize).saturating_sub(names.len());
                let more = plural(missing, "person").replace("persons", "people");
                format!(
                    "your yes to {path} of {} counts; {more} more must approve\n",
                    run.name
                )
            }
        });
        Ok(Exit::Fine)
    }

    /// The approval that is meant: nobody guesses.
    fn pick<'r>(&self, run: &'r Run) -> Result<&'r Asked, Diagnostic> {
        let waiting = &run.approvals;
        let names = || waiting.iter().map(|asked| asked.before.as_str());
        let none = |message: String| Diagnostic::without_place(&NOT_ASKED, message);
        if run.is_offloaded {
            return Err(crate::ops::live::offloaded(&run.name));
        }
        let is_meant = |asked: &&Asked| match self.before.as_deref() {
            Some(before) => {
                before == asked.before
                    || asked.path.strip_suffix("/approval") == Some(before)
                    || before == asked.path
            }
            None => true,
        };
        let mut meant = waiting.iter().filter(is_meant);
        match (meant.next(), meant.next()) {
            (Some(only), None) => Ok(only),
            (Some(_), Some(_)) => {
                let message = format!(
                    "{} of `{}` wait",
                    plural(waiting.len(), "approval"),
                    run.name
                );
                Err(none(message).help(format!("say which one: {}", list_names(names(), 12))))
            }
            (None, _) if run.state.has_ended() => Err(none(format!(
                "`{}` has ended: it {}",
                run.name,
                run.state.words()
            ))),
            (None, _) => {
                let what = self
                    .before
                    .as_deref()
                    .map(|before| format!(" before `{}`", safe::line(before)));
                let message = format!(
                    "`{}` asks for no approval{} now",
                    run.name,
                    what.unwrap_or_default()
                );
                let problem = none(message);
                let near = self
                    .before
                    .as_deref()
                    .and_then(|before| did_you_mean(before, names()));
                Err(match (near, waiting.is_empty()) {
                    (Some(near), _) => problem.help(format!("did you mean `{near}`?")),
                    (None, false) => {
                        problem.note(format!("those wait: {}", list_names(names(), 12)))
                    }
                    (None, true) => {
                        let standing = run.state.words();
                        problem
                            .note(format!("it is {standing}"))
                            .help("`aphex status` shows where it is")
                    }
                })
            }
        }
    }
}
