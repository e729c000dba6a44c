//! `cdk diff` of one stack against a template, without an account.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::diagnostics::Diagnostic;
use crate::diagnostics::codes::run_cdk as codes;
use crate::stage::cdk::AssemblyStack;
use crate::stage::log::Log;
use crate::stage::process::{self, Command, Environment, Stop};
use crate::stage::record::{Change, StackDiff};

/// It compares two files.
const TIMEOUT: Duration = Duration::from_secs(5 * 60);

/// A stack to be compared.
#[derive(Debug)]
pub struct Diff<'a> {
    /// The CLI.
    pub cli: PathBuf,
    /// The assembly.
    pub assembly: &'a Path,
    /// As the assembly has it.
    pub found: &'a AssemblyStack,
    /// The template that was deployed.
    pub before: &'a str,
    /// The commit that it is of, where that is known.
    pub since: Option<&'a str>,
    /// The whole environment.
    pub env: Environment,
    /// Where the template goes on its way.
    pub tmp: PathBuf,
}

/// A stack that was never deployed: what it has.
pub fn new(found: &AssemblyStack) -> StackDiff {
    let template = fs::read_to_string(&found.template).unwrap_or_default();
    let template: serde_json::Value = serde_json::from_str(&template).unwrap_or_default();
    let resources = template.get("Resources").and_then(|all| all.as_object());
    let kinds: Vec<&str> = resources
        .into_iter()
        .flat_map(|resources| resources.values())
        .filter_map(|resource| resource.get("Type")?.as_str())
        .filter(|kind| *kind != "AWS::CDK::Metadata")
        .collect();
    StackDiff {
        added: u32::try_from(kinds.len()).unwrap_or(u32::MAX),
        security: kinds.iter().any(|kind| kind.starts_with("AWS::IAM::")),
        ..StackDiff::new(&found.path, Change::New, None)
    }
}

/// Compares it; the whole text of the CLI besides.
pub fn diff(diff: &Diff<'_>, log: &Log, stop: &Stop) -> Result<(StackDiff, String), Diagnostic> {
    let (template, since) = (diff.before, diff.since);
    let is_same = fs::read(&diff.found.template).is_ok_and(|now| now == template.as_bytes());
    if is_same {
        return Ok((
            StackDiff::new(&diff.found.path, Change::Unchanged, since),
            String::new(),
        ));
    }
    let before = diff.tmp.join("deployed.template.json");
    fs::write(&before, template).map_err(|error| {
        Diagnostic::without_place(
            &codes::NO_DIFF,
            "the template that was deployed cannot be written",
        )
        .note(error.to_string())
    })?;
    let command = Command::new(&diff.cli, diff.assembly)
        .args([
            "diff",
            "--exclusively",
            "--no-notices",
            "--no-color",
            "--ci",
            "--app",
        ])
        .args([diff.assembly])
        .args(["--template"])
        .args([&before])
        .args([&diff.found.path])
        .env(super::without_identity(&diff.env))
        .env([("CDK_DISABLE_CLI_TELEMETRY", "true")])
        .timeout(TIMEOUT);
    let mut text = String::new();
    let ended = process::capture(&command, log, stop, &mut |line| {
        text.push_str(line);
        text.push('\n');
    })?;
    if !ended.is_good() {
        let context = process::Context {
            text: "cdk diff",
            timeout: Some(TIMEOUT),
            stopped_by: stop.why(),
            ..process::Context::default()
        };
        let message = format!(
            "stack `{}` cannot be compared with what was deployed",
            diff.found.path
        );
        let problem = Diagnostic::without_place(&codes::NO_DIFF, message);
        return Err(match process::failure(&ended, &context) {
            Some(reason) => problem.because(reason),
            None => problem,
        });
    }
    Ok((read(diff.found, since, &text), text))
}

/// The headings of the CLI's sections, each on a line of its own (`formatDifferences` of `@aws-cdk/cloudformation-diff`).
const HEADINGS: [&str; 8] = [
    "Template",
    "Parameters",
    "Metadata",
    "Mappings",
    "Conditions",
    "Resources",
    "Outputs",
    "Other Changes",
];
/// Those that it puts before them where permissions or rules of a network change (`formatSecurityChanges`).
const SECURITY: [&str; 4] = [
    "IAM Statement Changes",
    "IAM Policy Changes",
    "IAM Identity Center Changes",
    "Security Group Changes",
];

/// The CLI has a line for each resource: `[~] AWS::S3::Bucket Bucket Bucket83908E77 replace`.
fn read(found: &AssemblyStack, since: Option<&str>, text: &str) -> StackDiff {
    let mut diff = StackDiff::new(&found.path, Change::Changed, since);
    let mut in_resources = false;
    for line in text.lines() {
        if HEADINGS.contains(&line) {
            in_resources = line == "Resources";
        }
        diff.security |= SECURITY.contains(&line);
        if !in_resources {
            continue;
        }
        let count = match line.get(..3) {
            Some("[+]") => &mut diff.added,
            Some("[-]") => &mut diff.removed,
            Some("[~]") if line.ends_with(" replace") || line.ends_with(" may be replaced") => {
                &mut diff.replaced
            }
            Some("[~]") => &mut diff.changed,
            _ => continue,
        };
        *count += 1;
    }
    // Metadata of the CDK alone: the CLI leaves it out.
    if !text
        .lines()
        .any(|line| line.starts_with("[+]") || line.starts_with("[-]") || line.starts_with("[~]"))
    {
        diff.change = Change::Unchanged;
    }
    diff
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stack() -> AssemblyStack {
        AssemblyStack {
            path: "Api".into(),
            name: "Api".into(),
            id: "Api".into(),
            manifest: "/nonexistent".into(),
            account: None,
            region: None,
            needs: Vec::new(),
            outputs: Vec::new(),
            conditional: Vec::new(),
            parameters: Vec::new(),
            files: 0,
            images: 0,
            template_sha256: String::new(),
            template: "/nonexistent".into(),
            bootstrap_version: None,
            bootstrap_parameter: None,
            deploy_role: None,
        }
    }

    /// As the CLI 2.1148 writes it.
    #[test]
    fn the_resources_of_the_cli_are_counted() {
        let text = "Stack Api
IAM Statement Changes
│ + │ ${R.Arn} │ Allow  │ sts:AssumeRole │ AWS:*     │           │
Parameters
[+] Parameter Stage Stage: {\"Type\":\"String\"}

Resources
[+] AWS::SNS::Topic T
[-] AWS::SQS::Queue Q destroy
[~] AWS::S3::Bucket Bucket Bucket83908E77 replace
 └─ [+] BucketName (requires replacement)
     └─ another
[~] AWS::S3::Bucket Other Other77 may be replaced
[~] AWS::Lambda::Function F F12
 └─ [~] Code

Outputs
[+] Output Url Url: {\"Value\":\"x\"}
";
        let diff = read(&stack(), Some("0123abc"), text);
        assert_eq!(
            (diff.added, diff.changed, diff.replaced, diff.removed),
            (1, 1, 2, 1)
        );
        assert!(diff.security);
        assert_eq!(diff.change, Change::Changed);
        assert_eq!(
            diff.words(),
            "1 added, 1 changed, 2 replaced, 1 removed; permissions change"
        );
    }

    #[test]
    fn outputs_alone_are_a_change_and_metadata_alone_is_none() {
        let diff = read(
            &stack(),
            Some("0"),
            "Stack Api\nOutputs\n[+] Output Url Url: {}\n",
        );
        assert_eq!(diff.words(), "changes outside of its resources");
        let diff = read(
            &stack(),
            Some("0123abcd"),
            "Stack Api\nThere were no differences\n",
        );
        assert_eq!(diff.words(), "no changes since 0123abc");
    }

    /// Another program in place of the CLI: one that fails.
    #[test]
    fn a_comparison_that_fails_says_why() {
        let room = tempfile::tempdir().unwrap();
        let diff = Diff {
            cli: "/bin/false".into(),
            assembly: room.path(),
            found: &stack(),
            before: "{}",
            since: None,
            env: Environment::new(),
            tmp: room.path().to_owned(),
        };
        let problem = super::diff(&diff, &Log::new(Vec::new()), &Stop::new().unwrap()).unwrap_err();
        assert_eq!(problem.code, &codes::NO_DIFF);
    }
}
