//! `aphex check --preflight`: what a run needs of the world around it, asked as the person at the keyboard.

use crate::analysis::Analysis;
use crate::cli::console::Console;
use crate::cli::input::Input;
use crate::rules;
use crate::stage::accounts::targets;
use crate::stage::work;

/// Adds what is missing to the problems; says on the console what is there.
pub fn check(input: &Input, analysis: &mut Analysis, console: &mut Console) {
    let mut problems = Vec::new();
    for pipeline in &analysis.pipelines {
        // Steps with an image run in it, and nobody has it here.
        let steps = rules::steps(pipeline).filter(|step| step.image.is_none());
        let named = steps.map(|step| (step.name.value.as_str(), step));
        let (found, missing) = work::tools_here(pipeline, named);
        problems.extend(missing);
        if !found.is_empty() {
            console.remark(&format!("tools: {}\n", found.join(", ")));
        }
        let targets = targets(pipeline, pipeline.environments(), &input.files);
        if !targets.is_empty() {
            problems.extend(ask(&targets, console));
        }
    }
    analysis.diagnostics.extend(problems);
}

#[cfg(feature = "cloud")]
fn ask(
    targets: &[crate::stage::accounts::Target],
    console: &mut Console,
) -> Vec<crate::diagnostics::Diagnostic> {
    use crate::diagnostics::Diagnostic;
    use crate::diagnostics::codes::input::UNREADABLE;
    use crate::stage::accounts::{Asker, check};
    // Generated configurations name roles and hold no keys.
    let tmp = match tempfile::tempdir() {
        Ok(tmp) => tmp,
        Err(error) => {
            let message = format!("there is no place for temporary files: {error}");
            return vec![Diagnostic::without_place(&UNREADABLE, message)];
        }
    };
    let asker = Asker {
        env: &std::env::vars_os().collect(),
        session: "aphex-check",
        tmp: tmp.path(),
    };
    let (well, problems) = check(asker, targets);
    for line in well {
        console.remark(&format!("{line}\n"));
    }
    problems
}

#[cfg(not(feature = "cloud"))]
fn ask(
    _: &[crate::stage::accounts::Target],
    console: &mut Console,
) -> Vec<crate::diagnostics::Diagnostic> {
    console
        .remark("accounts are not asked about: this Aphex was built without what talks to AWS\n");
    Vec::new()
}
