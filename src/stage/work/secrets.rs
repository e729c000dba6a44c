//! What a secret is: a file in a pod, a variable on one machine, or what AWS keeps.

#[cfg(feature = "cloud")]
use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::Path;

#[cfg(feature = "cloud")]
use crate::cloud::github::Right;
use crate::diagnostics::Diagnostic;
use crate::diagnostics::codes::run;
use crate::eval::data::{Secret, SecretStore};
#[cfg(feature = "cloud")]
use crate::stage::checkout::Credentials;
use crate::stage::record::Engine;
#[cfg(feature = "cloud")]
use crate::stage::work::variables;
use crate::stage::work::{Context, Place};

impl Context {
    /// What a secret is. One of AWS is asked for as the role of the environment that uses it, where it has one, then as the stage itself; in the
    /// region of its ARN, else that of the environment, else where the stage is.
    ///
    /// An `A0902` where it is not there, which shows nothing of any value.
    pub fn secret(&self, secret: &Secret, user: Option<&Place>) -> Result<String, Diagnostic> {
        // Its owner gives it by hand where no cluster holds it, and may do so for what AWS holds.
        if self.run.engine == Engine::Local
            && let Ok(text) = std::env::var(variable_of(secret))
        {
            let variable = variable_of(secret);
            return match text.is_empty() {
                false => Ok(text),
                true => {
                    Err(missing(secret)
                        .note(format!("the variable `{variable}` is set, and empty")))
                }
            };
        }
        match secret.store {
            SecretStore::Kubernetes if self.run.engine == Engine::Local => Err(missing(secret)
                .help(format!(
                    "for a run on this machine, set the variable `{}`",
                    variable_of(secret)
                ))),
            SecretStore::Kubernetes => mounted(&self.folders.secrets(), secret),
            SecretStore::SecretsManager | SecretStore::SsmSecure => {
                let text = self.kept_by_aws(secret, user.or_else(|| self.place.get()))?;
                match &secret.key {
                    Some(key) => member(secret, &text, key),
                    None => Ok(text),
                }
            }
        }
    }
}

#[cfg(feature = "cloud")]
impl Context {
    /// A token for GitHub's API: what the secret is; where a whole Secret of Kubernetes is named, its token, or one that GitHub gives its App.
    pub fn github_token(&self, secret: &Secret, right: Right) -> Result<String, Diagnostic> {
        let kubernetes = secret.store == SecretStore::Kubernetes;
        if secret.key.is_some() || !kubernetes || self.run.engine == Engine::Local {
            return self.secret(secret, None);
        }
        let folder = self.folders.secrets().join(&*secret.name).join("all");
        match Credentials::read(&folder) {
            Ok(Credentials::App(app)) => app.token(right),
            Ok(Credentials::Token { file, .. }) => {
                fs::read_to_string(&file).map_err(|error| missing(secret).note(error.to_string()))
            }
            Ok(Credentials::Key { .. }) => Err(missing(secret)
                .note("it holds a key for SSH, and GitHub's API wants a token or a GitHub App")),
            Ok(Credentials::None) => self.secret(secret, None),
            // One value is the token, whatever its name.
            Err(problem) => self.secret(secret, None).map_err(|_| problem),
        }
    }
}

/// A file that the pod has of a Kubernetes Secret; see `docs/compile.md`, "What a stage is given".
fn mounted(folder: &Path, secret: &Secret) -> Result<String, Diagnostic> {
    let folder = folder.join(&*secret.name);
    let text = match &secret.key {
        Some(key) => fs::read_to_string(folder.join("key").join(&**key).join("value")),
        None => only_file(&folder.join("all")),
    };
    text.map_err(|error| {
        let problem = missing(secret);
        match error.kind() {
            io::ErrorKind::NotFound => problem.help(format!(
                "create it in the pipeline's namespace: `kubectl create secret generic {}`",
                secret.name
            )),
            _ => problem.note(error.to_string()),
        }
    })
}

/// The one value of a Secret that was named without a key.
fn only_file(folder: &Path) -> io::Result<String> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        // `..data` and its like are how Kubernetes exchanges all files at once.
        if !entry.file_name().to_string_lossy().starts_with("..") {
            names.push(entry.path());
        }
    }
    match names.as_slice() {
        [only] => fs::read_to_string(only),
        [] => Err(io::Error::other("it has no keys")),
        many => Err(io::Error::other(format!(
            "it has {} keys: say which, `secret(\"…\", key = \"…\")`",
            many.len()
        ))),
    }
}

/// A value of a secret that is a JSON object.
fn member(secret: &Secret, text: &str, key: &str) -> Result<String, Diagnostic> {
    let object: Option<serde_json::Map<String, serde_json::Value>> =
        serde_json::from_str(text).ok();
    let Some(object) = object else {
        return Err(missing(secret)
            .note("the secret is there, and is no JSON object, so it has no keys")
            .help("leave out `key`, or make it a JSON object"));
    };
    match object.get(key) {
        Some(serde_json::Value::String(text)) => Ok(text.clone()),
        Some(other @ (serde_json::Value::Number(_) | serde_json::Value::Bool(_))) => {
            Ok(other.to_string())
        }
        Some(_) => Err(missing(secret).note("the key is there, and its value is no text")),
        None => Err(missing(secret).note("the secret is there, and has no such key")),
    }
}

impl Context {
    #[cfg(feature = "cloud")]
    fn kept_by_aws(&self, secret: &Secret, user: Option<&Place>) -> Result<String, Diagnostic> {
        use crate::cloud::aws::secrets;
        let got = self
            .seers(&secret.name, user)
            .ask(|aws| match secret.store {
                SecretStore::SsmSecure => secrets::parameter(aws, &secret.name),
                SecretStore::SecretsManager | SecretStore::Kubernetes => {
                    secrets::secret(aws, &secret.name)
                }
            });
        got.map_err(|failure| {
            let is_absent = failure.cause == crate::cloud::aws::Cause::NotFound;
            failure.explain(match is_absent {
                true => missing(secret),
                false => about(secret, "cannot be read"),
            })
        })
    }

    /// The value of `ssm("/path")`, asked for as a secret is; an `A0902` where it is not there.
    #[cfg(feature = "cloud")]
    pub fn parameter(&self, name: &str, user: Option<&Place>) -> Result<String, Diagnostic> {
        use crate::cloud::aws::secrets;
        let got = self
            .seers(name, user)
            .ask(|aws| secrets::plain_parameter(aws, name));
        let value = got.map_err(|failure| {
            let what = match failure.cause {
                crate::cloud::aws::Cause::NotFound => "is not there",
                _ => "cannot be read",
            };
            failure.explain(about_parameter(name, what))
        })?;
        value.ok_or_else(|| {
            about_parameter(name, "is a secret")
                .note("it is a SecureString, whose value `ssm` would show in logs and records")
                .help(format!("write `ssm_secure({name:?})`"))
        })
    }

    /// There is nobody to ask.
    #[cfg(not(feature = "cloud"))]
    pub fn parameter(&self, name: &str, _: Option<&Place>) -> Result<String, Diagnostic> {
        Err(about_parameter(name, "cannot be read")
            .note("this Aphex was built without what talks to AWS"))
    }

    /// Who may be asked for what AWS keeps under this name or ARN.
    #[cfg(feature = "cloud")]
    fn seers(&self, name: &str, user: Option<&Place>) -> crate::stage::Seers {
        // arn:aws:secretsmanager:eu-central-1:111122223333:secret:…
        let own = name.starts_with("arn:").then(|| name.split(':').nth(3));
        let mut env = self.inherited();
        let here = env
            .get(OsStr::new("AWS_REGION"))
            .and_then(|region| region.to_str());
        let region = own
            .flatten()
            .or(user.map(|user| user.region.as_str()))
            .or(here);
        let region = region.unwrap_or_default().to_owned();
        if !region.is_empty() {
            variables::place(&mut env, &region);
        }
        let roles: Vec<String> = user
            .and_then(|user| user.role.clone())
            .into_iter()
            .collect();
        let (run, tmp) = (&self.run.run, self.folders.tmp());
        crate::stage::Seers::new(&env, &roles, &region, run, &tmp)
    }

    #[cfg(not(feature = "cloud"))]
    fn kept_by_aws(&self, secret: &Secret, _: Option<&Place>) -> Result<String, Diagnostic> {
        Err(missing(secret).note("this Aphex was built without what talks to AWS"))
    }
}

fn missing(secret: &Secret) -> Diagnostic {
    about(secret, "is not there")
}

fn about(secret: &Secret, what: &str) -> Diagnostic {
    let key = secret.key.as_deref().map(|key| format!(", key `{key}`"));
    let (name, key) = (&secret.name, key.unwrap_or_default());
    Diagnostic::without_place(&run::NO_SECRET, format!("the secret `{name}`{key} {what}"))
}

fn about_parameter(name: &str, what: &str) -> Diagnostic {
    Diagnostic::without_place(&run::NO_SECRET, format!("the parameter `{name}` {what}"))
}

/// The variable that holds a secret on one machine: `APHEX_SECRET_SHOP_DEV_DB__URL`.
pub fn variable_of(secret: &Secret) -> String {
    let upper = |text: &str| -> String {
        let letters = text
            .chars()
            .map(|letter| match letter.is_ascii_alphanumeric() {
                true => letter.to_ascii_uppercase(),
                false => '_',
            });
        letters.collect()
    };
    let key = secret.key.as_deref().map(|key| format!("__{}", upper(key)));
    format!(
        "APHEX_SECRET_{}{}",
        upper(&secret.name),
        key.unwrap_or_default()
    )
}
