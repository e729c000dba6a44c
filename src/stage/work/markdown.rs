//! A run as the comment at its pull request.

use crate::stage::record::{Outcome, RunRecord};

/// GitHub takes comments of 65,536 characters; what stands around the changes needs little of it.
const LONGEST: usize = 60_000;

/// Its stages, what failed (`failed`, its first line the cause of the run), and what a deployment would change. `link` is where the run can be looked at.
pub fn of(record: &RunRecord, failed: &[String], link: Option<&str>) -> String {
    let mut text = format!(
        "**{}**: {}\n\n| stage | |\n| --- | --- |\n",
        record.pipeline,
        record.outcome.word()
    );
    for stage in &record.stages {
        let word = stage.outcome.map_or("not run", Outcome::word);
        let why = match &stage.reason {
            Some(reason) => format!("{word}: {reason}"),
            None => word.to_owned(),
        };
        text.push_str(&format!("| `{}` | {} |\n", cell(&stage.path), cell(&why)));
    }
    if failed.len() > 1 {
        text.push_str(&fenced(&failed.join("\n")));
    }
    changes(record, &mut text);
    let run = match link {
        Some(link) => format!("[`{}`](<{link}>)", record.run),
        None => format!("`{}`", record.run),
    };
    text.push_str(&format!("\nCommit {}, run {run}\n", record.commit));
    text
}

/// What a deployment would change: a line a stack, and, where something changes, the changes themselves folded away. What is too
/// long for a comment is left out with a word about it.
fn changes(record: &RunRecord, text: &mut String) {
    let diffs = || {
        let stages = record
            .stages
            .iter()
            .filter_map(|stage| Some((stage, stage.tries.last()?)));
        stages.flat_map(|(stage, last)| last.diff.iter().map(move |diff| (stage, diff)))
    };
    if diffs().next().is_none() {
        return;
    }
    text.push_str("\n| stack | what a deployment would change |\n| --- | --- |\n");
    for (stage, diff) in diffs() {
        let holder = stage.path.rsplit_once('/').map_or("", |(holder, _)| holder);
        text.push_str(&format!(
            "| `{}` in `{}` | {} |\n",
            cell(&diff.stack),
            cell(holder),
            cell(&diff.words())
        ));
    }
    for (stage, diff) in diffs().filter(|(_, diff)| !diff.text.is_empty()) {
        let folded = format!(
            "\n<details><summary>{} in {}</summary>\n{}\n</details>\n",
            cell(&diff.stack),
            cell(&stage.path),
            fenced(&diff.text)
        );
        if text.len() + folded.len() > LONGEST {
            text.push_str(
                "\nThe changes of further stacks are too long for a comment: the logs have them.\n",
            );
            return;
        }
        text.push_str(&folded);
    }
}

/// Text as it is, between marks that are longer than any within it.
fn fenced(text: &str) -> String {
    let runs = text.split(|c| c != '~').map(str::len);
    let fence = "~".repeat(runs.max().unwrap_or(0).max(7) + 1);
    format!("\n{fence}text\n{text}\n{fence}\n")
}

/// Nothing in a cell of a table ends it, or is a mention or HTML.
fn cell(text: &str) -> String {
    text.replace('|', "\\|")
        .replace('@', "@\u{200b}")
        .replace('<', "&lt;")
        .replace(['\n', '\r'], " ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stage::record::{Change, Engine, StackDiff, StageRecord, StageResult, Trigger};

    fn diff(stack: &str, text: &str) -> StackDiff {
        StackDiff {
            stack: stack.to_owned(),
            change: Change::Changed,
            since: Some("0123abcd".to_owned()),
            added: 1,
            changed: 0,
            replaced: 1,
            removed: 0,
            security: true,
            text: text.to_owned(),
        }
    }

    fn record(diffs: Vec<StackDiff>) -> RunRecord {
        let result = serde_json::json!({
            "version": 1, "stage": "dev/diff", "kind": "diff", "attempt": 0, "outcome": "succeeded",
            "started_at": "2030-01-31T05:00:00Z", "seconds": 1.0,
        });
        let mut result: StageResult = serde_json::from_value(result).unwrap();
        result.diff = diffs;
        RunRecord {
            version: 1,
            run: "shop-7".into(),
            pipeline: "shop".into(),
            file: "pipeline.aphex".into(),
            repository: "acme/shop".into(),
            commit: "0".repeat(40),
            local_changes: false,
            trigger: serde_json::from_value::<Trigger>(
                serde_json::json!({ "event": "pull_request", "reference": "", "actor": "" }),
            )
            .unwrap(),
            engine: Engine::Argo,
            aphex: "0.1.0".into(),
            started_at: "2030-01-31T05:00:00Z".parse().unwrap(),
            seconds: 1.0,
            outcome: Outcome::Succeeded,
            synth_only: true,
            stages: vec![StageRecord {
                path: "dev/diff".into(),
                kind: "diff".into(),
                after: Vec::new(),
                required: true,
                outcome: Some(Outcome::Succeeded),
                started_at: None,
                seconds: None,
                reason: None,
                tries: vec![result],
            }],
        }
    }

    #[test]
    fn changes_are_a_line_and_folded_away() {
        let text = of(
            &record(vec![diff("Api", "[+] AWS::IAM::Role Role")]),
            &[],
            None,
        );
        assert!(
            text.contains("| `Api` in `dev` | 1 added, 1 replaced; permissions change |"),
            "{text}"
        );
        let folded = "<details><summary>Api in dev/diff</summary>\n\n~~~~~~~~text\n[+] AWS::IAM::Role Role\n~~~~~~~~\n\n</details>";
        assert!(text.contains(folded), "{text}");
    }

    /// What a template holds ends neither the fence nor the comment.
    #[test]
    fn nothing_in_changes_is_markdown() {
        let hostile = "~~~~~~~~~~\n</details> @team <img src=x>\n~~~~~~~~";
        let text = of(
            &record(vec![diff("A|<b>@x", hostile)]),
            &["x".into(), hostile.into()],
            None,
        );
        let fences: Vec<&str> = text
            .lines()
            .filter(|line| line.starts_with("~~~~~~~~~~~"))
            .collect();
        assert_eq!(
            fences,
            [
                "~~~~~~~~~~~text",
                "~~~~~~~~~~~",
                "~~~~~~~~~~~text",
                "~~~~~~~~~~~"
            ],
            "{text}"
        );
        assert!(!text.contains("<b>") && !text.contains("`@x"), "{text}");
    }

    #[test]
    fn a_comment_fits_into_one() {
        let many = (0..20).map(|number| {
            diff(
                &format!("Stack{number}"),
                &"[+] AWS::SNS::Topic T\n".repeat(500),
            )
        });
        let text = of(&record(many.collect()), &[], None);
        assert!(text.chars().count() < 65_536, "{}", text.len());
        assert!(text.contains("too long for a comment"), "{text}");
        assert!(
            text.contains("| `Stack19` in `dev` |") && text.contains("run `shop-7`"),
            "{text}"
        );
    }
}
