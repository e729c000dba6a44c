//! `cdk synth`, now, from this commit (12.1, 12.2, 12.5).

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::diagnostics::Diagnostic;
use crate::diagnostics::codes::run_cdk as codes;
use crate::model::{self, App, Env, EnvValue, Stack};
use crate::source::Spanned;
use crate::stage::cdk::Assembly;
use crate::stage::log::Log;
use crate::stage::process::{self, Command, Ended, Environment, Stop};

/// A synth has so long. An app that takes longer waits for something that does not come.
const TIMEOUT: Duration = Duration::from_secs(30 * 60);

/// A synth to be made.
#[derive(Clone, Debug)]
pub struct Synth<'a> {
    /// Where the app is.
    pub dir: PathBuf,
    /// The root of the working tree, above which no CLI is looked for.
    pub root: PathBuf,
    /// The command that makes it; `None`: as `cdk.json` says.
    pub command: Option<&'a str>,
    /// Names and values.
    pub context: Vec<(String, String)>,
    /// The whole environment.
    pub env: Environment,
    /// Where the assembly goes.
    pub output: PathBuf,
}

/// Where a synth is for: the variables that every CDK app and every AWS SDK reads.
pub fn place(environment: &model::Environment) -> [(&'static str, &str); 4] {
    let (account, region) = (&*environment.account.value, &*environment.region.value);
    [
        ("CDK_DEFAULT_ACCOUNT", account),
        ("CDK_DEFAULT_REGION", region),
        ("AWS_REGION", region),
        ("AWS_DEFAULT_REGION", region),
    ]
}

/// What the pipeline gives to the synth of some stacks: variables, and CDK context. Of several values of one name the last counts: of variables those of the
/// environment come before the app's, of context the app's before those of the environment and of the stacks.
pub fn given<'p>(
    environment: &'p model::Environment,
    app: &'p App,
    stacks: &[&'p Stack],
) -> (Vec<Given<'p>>, Vec<Given<'p>>) {
    let of_stacks = stacks.iter().map(|stack| &stack.context);
    let context = [&app.context, &environment.context];
    (
        last([&environment.env, &app.env]),
        last(context.into_iter().chain(of_stacks)),
    )
}

/// A name and what it is set to.
pub type Given<'p> = (&'p str, &'p Spanned<EnvValue>);

fn last<'p>(envs: impl IntoIterator<Item = &'p Env>) -> Vec<Given<'p>> {
    let mut values: Vec<Given<'p>> = Vec::new();
    for (name, value) in envs.into_iter().flatten() {
        values.retain(|(other, _)| other != name);
        values.push((name, value));
    }
    values
}

/// Synthesises, and reads what came out. Nothing is looked up in an account: context that is missing is part of the assembly.
pub fn synth(synth: &Synth<'_>, log: &Log, stop: &Stop) -> Result<(Assembly, Ended), Diagnostic> {
    let mut arguments: Vec<String> = ["synth", "--quiet", "--no-notices", "--no-lookups"]
        .map(str::to_owned)
        .to_vec();
    arguments.push("--output".to_owned());
    arguments.push(synth.output.display().to_string());
    if let Some(command) = synth.command {
        arguments.extend(["--app".to_owned(), command.to_owned()]);
    }
    for (name, value) in &synth.context {
        arguments.extend(["--context".to_owned(), format!("{name}={value}")]);
    }
    log.line(&shown(synth));
    let command = Command::new(cli(&synth.dir, &synth.root, &synth.env)?, &synth.dir)
        .args(arguments)
        .env(without_identity(&synth.env))
        .env([("CDK_DISABLE_CLI_TELEMETRY", "true")])
        .timeout(TIMEOUT);
    let ended = process::run(&command, log, stop)?;
    log.line(&format!("  {}", process::time_in_words(ended.took)));
    if ended.is_good() {
        return Ok((Assembly::read(&synth.output)?, ended));
    }
    // Without look-ups the CLI ends with an error where context is missing; the assembly says which.
    let assembly = Assembly::read(&synth.output).ok();
    if let Some(assembly) = assembly.filter(|assembly| !assembly.missing.is_empty()) {
        return Ok((assembly, ended));
    }
    let context = process::Context {
        text: "cdk synth",
        timeout: Some(TIMEOUT),
        stopped_by: stop.why(),
        ..process::Context::default()
    };
    let problem = Diagnostic::without_place(&codes::SYNTH_FAILED, "the synth has failed");
    Err(match process::failure(&ended, &context) {
        Some(reason) => problem.because(reason),
        None => problem,
    })
}

/// A synth has no credentials: it comes to the same on every machine, and in a pull request, which has none. With credentials the CLI
/// would also put their account in place of `CDK_DEFAULT_ACCOUNT`, which is the environment's.
pub(super) fn without_identity(env: &Environment) -> Environment {
    const GIVEN: [&str; 9] = [
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "AWS_PROFILE",
        "AWS_DEFAULT_PROFILE",
        "AWS_ROLE_ARN",
        "AWS_WEB_IDENTITY_TOKEN_FILE",
        "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
        "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    ];
    let mut env = env.clone();
    env.retain(|name, _| {
        let is_kept_key = name.to_string_lossy().starts_with("APHEX_SOURCE_");
        !is_kept_key && !GIVEN.iter().any(|given| name == given)
    });
    let nowhere = [
        ("AWS_CONFIG_FILE", "/dev/null"),
        ("AWS_SHARED_CREDENTIALS_FILE", "/dev/null"),
        ("AWS_EC2_METADATA_DISABLED", "true"),
    ];
    env.extend(nowhere.map(|(name, value)| (name.into(), value.into())));
    env
}

/// What is done, as a person would type it; of context the names alone, since values may be long.
fn shown(synth: &Synth<'_>) -> String {
    let mut text = "$ cdk synth".to_owned();
    for (name, _) in &synth.context {
        text.push_str(&format!(" --context {name}=…"));
    }
    text
}

/// The CLI of the repository, at its version, else that of the machine.
pub fn cli(dir: &Path, root: &Path, env: &Environment) -> Result<PathBuf, Diagnostic> {
    let own = dir
        .ancestors()
        .take_while(|above| above.starts_with(root))
        .map(|above| above.join("node_modules/.bin/cdk"))
        .find(|path| path.is_file());
    if let Some(own) = own {
        return Ok(own);
    }
    let path = env.get(std::ffi::OsStr::new("PATH"));
    let folders = path.map(std::env::split_paths).into_iter().flatten();
    let machine = folders
        .map(|folder| folder.join("cdk"))
        .find(|path| path.is_file());
    machine.ok_or_else(|| {
        let place = dir.strip_prefix(root).unwrap_or(dir);
        let place = match place.as_os_str().is_empty() {
            true => "the repository".to_owned(),
            false => format!("`{}`", place.display()),
        };
        Diagnostic::without_place(&codes::NO_CDK, "the CDK CLI is not there")
            .note(format!("looked for `cdk` in `node_modules/.bin` of {place} and of what is above it, and in PATH"))
            .help("add `aws-cdk` to the `devDependencies`, and `app { setup = [\"npm ci\"] }` to the pipeline")
    })
}
