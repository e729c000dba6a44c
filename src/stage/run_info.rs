//! What a stage knows of its run.
//!
//! The init container finds it in its environment and leaves it in `run.json` for the others.

use std::fs;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::collections::IndexMap;
use crate::diagnostics::Diagnostic;
use crate::diagnostics::codes::run as codes;
use crate::stage::Folders;
use crate::stage::record::Engine;

/// A run, as all of its stages know it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunInfo {
    /// The pipeline's name.
    pub pipeline: String,
    /// Its file, a path in the repository.
    pub file: String,
    /// `owner/name` at GitHub.
    pub repository: String,
    /// Where it is cloned from.
    pub remote: String,
    /// Where other repositories are, by their names: `https://github.com`.
    #[serde(default = "github")]
    pub github: String,
    /// What it runs on.
    pub engine: Engine,
    /// The graph's entry that it follows: empty for the default one.
    pub entry: String,
    /// Names the run.
    pub run: String,
    /// When the run was made.
    pub started_at: Timestamp,
    /// The commit: forty hexadecimal digits.
    pub commit: String,
    /// `push`, `pull_request`, `tag`, `release`, `schedule` or `manual`.
    pub event: String,
    /// The Git reference, such as `refs/heads/main`; empty where there is none.
    pub reference: String,
    /// Who caused it; empty where nobody did.
    pub actor: String,
    /// The number of the pull request.
    pub pull_request: Option<u64>,
    /// What the pipeline's inputs were given.
    pub inputs: IndexMap<String, String>,
    /// Where artifacts and records are kept: `file:///…`, `s3://…`.
    pub store: String,
    /// Whether the commit is a snapshot, with what was not committed in it.
    #[serde(default)]
    pub local_changes: bool,
    /// Whether stacks are synthesised and not deployed.
    #[serde(default)]
    pub synth_only: bool,
    /// The environments that are wanted; empty: all.
    #[serde(default)]
    pub only: Vec<String>,
    /// Where it begins, when not at the beginning.
    #[serde(default)]
    pub from: Option<From>,
    /// Whether steps that name an image run in containers of this machine.
    #[serde(default)]
    pub containers: bool,
}

/// Where a run begins that goes on with what an earlier one has left.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct From {
    /// The path of the stage.
    pub stage: String,
    /// The earlier run.
    pub run: String,
}

impl RunInfo {
    /// What the environment says; `variable` looks one up.
    pub fn from_environment(variable: impl Fn(&str) -> Option<String>) -> Result<Self, Diagnostic> {
        let wanted = |name: &str| {
            variable(name).ok_or_else(|| {
                Diagnostic::without_place(&codes::NOT_IN_A_RUN, format!("`{name}` is not set"))
                    .note(
                        "`aphex stage` is what runs inside a pod, with what the manifest gives it",
                    )
                    .help("to run a pipeline on this machine, use `aphex run`")
            })
        };
        let optional = |name: &str| variable(name).unwrap_or_default();
        let commit = wanted("APHEX_COMMIT")?;
        if !is_commit(&commit) {
            return Err(malformed(
                "APHEX_COMMIT",
                &commit,
                "forty hexadecimal digits",
            ));
        }
        let run = wanted("APHEX_RUN")?;
        if !is_name(&run) {
            return Err(malformed("APHEX_RUN", &run, "a DNS name"));
        }
        let started = wanted("APHEX_STARTED_AT")?;
        let started_at = started
            .parse()
            .map_err(|_| malformed("APHEX_STARTED_AT", &started, "a time as RFC 3339 has it"))?;
        let repository = wanted("APHEX_REPOSITORY")?;
        let github = variable("APHEX_GITHUB").unwrap_or_else(github);
        let remote = variable("APHEX_REMOTE");
        let remote = remote.unwrap_or_else(|| address(&github, &repository));
        let pull_request = pull_request(&optional("APHEX_PULL_REQUEST"))?;
        let inputs = decoded("APHEX_INPUTS_BASE64", &optional("APHEX_INPUTS_BASE64"))?;
        let inputs = match inputs.is_empty() {
            true => IndexMap::default(),
            false => serde_json::from_str(&inputs)
                .map_err(|_| malformed("APHEX_INPUTS_BASE64", &inputs, "a JSON object of texts"))?,
        };
        Ok(RunInfo {
            pipeline: wanted("APHEX_PIPELINE")?,
            file: wanted("APHEX_FILE")?,
            repository,
            remote,
            github,
            engine: match variable("APHEX_ENGINE").as_deref() {
                Some("local") => Engine::Local,
                _ => Engine::Argo,
            },
            entry: optional("APHEX_ENTRY"),
            run,
            started_at,
            commit,
            event: optional("APHEX_EVENT"),
            reference: decoded("APHEX_REF_BASE64", &optional("APHEX_REF_BASE64"))?,
            actor: decoded("APHEX_ACTOR_BASE64", &optional("APHEX_ACTOR_BASE64"))?,
            pull_request,
            inputs,
            store: wanted("APHEX_STORE")?,
            local_changes: variable("APHEX_LOCAL_CHANGES").is_some(),
            synth_only: variable("APHEX_SYNTH_ONLY").is_some(),
            only: optional("APHEX_ONLY")
                .split(',')
                .filter(|name| !name.is_empty())
                .map(str::to_owned)
                .collect(),
            from: variable("APHEX_FROM").map(|stage| From {
                stage,
                run: optional("APHEX_FROM_RUN"),
            }),
            containers: variable("APHEX_CONTAINERS").is_some(),
        })
    }

    /// The variables that say the same: what the local runner gives its stages.
    pub fn to_environment(&self) -> Vec<(&'static str, String)> {
        let engine = match self.engine {
            Engine::Argo => "argo",
            Engine::Local => "local",
        };
        let inputs = serde_json::to_string(&self.inputs).unwrap_or_default();
        let number = self.pull_request.map(|number| number.to_string());
        let mut variables = vec![
            ("APHEX_PIPELINE", self.pipeline.clone()),
            ("APHEX_FILE", self.file.clone()),
            ("APHEX_REPOSITORY", self.repository.clone()),
            ("APHEX_REMOTE", self.remote.clone()),
            ("APHEX_GITHUB", self.github.clone()),
            ("APHEX_ENGINE", engine.to_owned()),
            ("APHEX_ENTRY", self.entry.clone()),
            ("APHEX_RUN", self.run.clone()),
            ("APHEX_STARTED_AT", self.started_at.to_string()),
            ("APHEX_COMMIT", self.commit.clone()),
            ("APHEX_EVENT", self.event.clone()),
            ("APHEX_REF_BASE64", STANDARD.encode(&self.reference)),
            ("APHEX_ACTOR_BASE64", STANDARD.encode(&self.actor)),
            ("APHEX_INPUTS_BASE64", STANDARD.encode(inputs)),
            ("APHEX_PULL_REQUEST", number.unwrap_or_default()),
            ("APHEX_STORE", self.store.clone()),
        ];
        let flags = [
            ("APHEX_LOCAL_CHANGES", self.local_changes),
            ("APHEX_SYNTH_ONLY", self.synth_only),
            ("APHEX_CONTAINERS", self.containers),
        ];
        let set = flags.into_iter().filter(|(_, is_set)| *is_set);
        variables.extend(set.map(|(name, _)| (name, "1".to_owned())));
        if !self.only.is_empty() {
            variables.push(("APHEX_ONLY", self.only.join(",")));
        }
        if let Some(from) = &self.from {
            variables.push(("APHEX_FROM", from.stage.clone()));
            variables.push(("APHEX_FROM_RUN", from.run.clone()));
        }
        variables
    }

    /// What the checkout left.
    pub fn load(folders: &Folders) -> Result<Self, Diagnostic> {
        let path = folders.run_info();
        let problem = |reason: String| {
            Diagnostic::without_place(
                &codes::NOT_IN_A_RUN,
                format!("`{}` cannot be used: {reason}", path.display()),
            )
            .note("the checkout that runs before a stage leaves it there")
        };
        let text = fs::read_to_string(&path).map_err(|error| problem(error.to_string()))?;
        serde_json::from_str(&text).map_err(|error| problem(error.to_string()))
    }

    /// Leaves it for the stage.
    pub fn save(&self, folders: &Folders) -> std::io::Result<()> {
        let text = serde_json::to_string_pretty(self)?;
        fs::write(folders.run_info(), text + "\n")
    }

    /// The address of a further repository, `owner/name`.
    pub fn address_of(&self, repository: &str) -> String {
        address(&self.github, repository)
    }

    /// The branch; empty where the reference is none.
    pub fn branch(&self) -> &str {
        self.reference
            .strip_prefix("refs/heads/")
            .unwrap_or_default()
    }

    /// The tag; empty where the reference is none.
    pub fn tag(&self) -> &str {
        self.reference
            .strip_prefix("refs/tags/")
            .unwrap_or_default()
    }
}

/// Where repositories are that are named without their host.
pub fn github() -> String {
    "https://github.com".to_owned()
}

/// Where a repository, `owner/name`, is cloned from.
pub fn address(github: &str, repository: &str) -> String {
    format!("{}/{repository}.git", github.trim_end_matches('/'))
}

/// Whether a text is a whole SHA-1 in lower case, as GitHub writes it.
pub fn is_commit(text: &str) -> bool {
    let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    text.len() == 40 && text.bytes().all(is_digit)
}

/// Whether a text can name a Workflow, and so be part of a key and of a path.
pub fn is_name(text: &str) -> bool {
    let is_letter =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-.".contains(&byte);
    let ends = [text.bytes().next(), text.bytes().next_back()];
    let ends = ends
        .into_iter()
        .all(|end| end.is_some_and(|byte| byte.is_ascii_alphanumeric()));
    text.len() <= 253 && ends && text.bytes().all(is_letter) && !text.contains("..")
}

pub(super) fn decoded(name: &str, value: &str) -> Result<String, Diagnostic> {
    let bytes = STANDARD.decode(value).ok();
    bytes
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .ok_or_else(|| malformed(name, value, "base64 of a text"))
}

/// The number of a pull request; empty is none.
pub(super) fn pull_request(number: &str) -> Result<Option<u64>, Diagnostic> {
    if number.is_empty() {
        return Ok(None);
    }
    let read = number.parse();
    read.map(Some)
        .map_err(|_| malformed("APHEX_PULL_REQUEST", number, "a number"))
}

pub(super) fn malformed(name: &str, value: &str, wanted: &str) -> Diagnostic {
    let shown: String = value.chars().take(100).collect();
    Diagnostic::without_place(
        &codes::MALFORMED,
        format!("`{name}` is no {}", wanted.trim_start_matches("a ")),
    )
    .note(format!("it is {shown:?}"))
    .help(format!("give {wanted}"))
}

#[cfg(test)]
mod tests {
    use crate::collections::HashMap;

    use super::*;

    fn example() -> RunInfo {
        RunInfo {
            pipeline: "shop".into(),
            file: "pipeline.aphex".into(),
            repository: "acme/shop".into(),
            remote: "https://github.com/acme/shop.git".into(),
            github: "https://github.example".into(),
            engine: Engine::Local,
            entry: String::new(),
            run: "shop-7".into(),
            started_at: "2030-01-31T05:00:00Z".parse().unwrap(),
            commit: "0123456789abcdef0123456789abcdef01234567".into(),
            event: "push".into(),
            reference: "refs/heads/it's \"$(me)\"".into(),
            actor: "{{=1+1}}".into(),
            pull_request: Some(12),
            inputs: [("reason".to_owned(), "a\nb".to_owned())]
                .into_iter()
                .collect(),
            store: "file:///x".into(),
            local_changes: true,
            synth_only: false,
            only: vec!["dev".into(), "qa".into()],
            from: Some(From {
                stage: "qa/smoke".into(),
                run: "shop-6".into(),
            }),
            containers: true,
        }
    }

    fn read(variables: &[(&'static str, String)]) -> Result<RunInfo, Diagnostic> {
        let map: HashMap<&str, String> = variables.iter().cloned().collect();
        RunInfo::from_environment(|name| map.get(name).cloned())
    }

    #[test]
    fn goes_through_the_environment_unchanged() {
        let run = example();
        assert_eq!(read(&run.to_environment()), Ok(run));
    }

    #[test]
    fn what_is_malformed_is_refused() {
        let cases = [
            ("APHEX_COMMIT", "main"),
            ("APHEX_COMMIT", "0123456789ABCDEF0123456789abcdef01234567"),
            ("APHEX_RUN", "../x"),
            ("APHEX_RUN", ""),
            ("APHEX_RUN", "a/b"),
            ("APHEX_STARTED_AT", "now"),
            ("APHEX_PULL_REQUEST", "-1"),
            ("APHEX_INPUTS_BASE64", "e30"),
            ("APHEX_ACTOR_BASE64", "%"),
        ];
        for (name, value) in cases {
            let mut variables = example().to_environment();
            for variable in &mut variables {
                if variable.0 == name {
                    variable.1 = value.to_owned();
                }
            }
            let error = read(&variables).unwrap_err();
            assert_eq!(
                error.code,
                &codes::MALFORMED,
                "{name}={value}: {}",
                error.message
            );
        }
        assert_eq!(read(&[]).unwrap_err().code, &codes::NOT_IN_A_RUN);
    }
}
