//! A GitHub App, which is given a token whenever one is needed.

use std::collections::BTreeMap;
use std::path::PathBuf;

#[cfg(feature = "cloud")]
use crate::cloud::github::{self, NoToken, Right};
#[cfg(feature = "cloud")]
use crate::cloud::tries::Limits;
use crate::diagnostics::Diagnostic;
#[cfg(feature = "cloud")]
use crate::diagnostics::codes::run_checkout::UNREACHABLE;
use crate::stage::checkout::credentials::{read, unusable, word};

/// The names that Argo CD gives them in its Secrets (`argocd-repo-creds.yaml`).
const ID: &str = "githubAppID";
const INSTALLATION: &str = "githubAppInstallationID";
const KEY: &str = "githubAppPrivateKey";
const API: &str = "githubAppEnterpriseBaseUrl";

/// What a Secret holds of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct App {
    id: String,
    installation: String,
    /// The file with its private key.
    key: PathBuf,
    /// GitHub's API, where it is that of an enterprise.
    api: Option<String>,
}

impl App {
    /// The one among these files, by their names; none where none of them belongs to one.
    pub(super) fn read(files: &BTreeMap<String, PathBuf>) -> Result<Option<App>, Diagnostic> {
        let known = [ID, INSTALLATION, KEY];
        if !known.iter().any(|name| files.contains_key(*name)) {
            return Ok(None);
        }
        let missing =
            |name: &str| unusable().note(format!("it has no `{name}`, which a GitHub App needs"));
        let wanted = |name: &str| {
            let text = word(files, name)?.ok_or_else(|| missing(name))?;
            // The ID of an App may be its client ID: `Iv23…`.
            match text.chars().all(|c| c.is_ascii_alphanumeric() || c == '.') {
                true => Ok(text),
                false => Err(unusable().note(format!("`{name}` is no number"))),
            }
        };
        Ok(Some(App {
            id: wanted(ID)?,
            installation: wanted(INSTALLATION)?,
            key: files.get(KEY).cloned().ok_or_else(|| missing(KEY))?,
            api: word(files, API)?,
        }))
    }

    /// A token with one right. It lasts an hour.
    #[cfg(feature = "cloud")]
    pub fn token(&self, right: Right) -> Result<String, Diagnostic> {
        let key = read(&self.key)?;
        let app = github::App {
            id: &self.id,
            installation: &self.installation,
            key: &key,
        };
        let api = self.api.clone().unwrap_or_else(github::api);
        let token = github::token(&api, &app, right, Limits::default());
        token.map_err(|NoToken { why, may_pass }| match may_pass {
            true => Diagnostic::without_place(&UNREACHABLE, "GitHub cannot be asked for a token")
                .note(why)
                .help("see whether GitHub can be reached from here (network policies, proxy), and run it again"),
            false => unusable()
                .note(why)
                .help("see that the App is installed for the repository, and has the right that this needs (docs/errors/A0925.md)"),
        })
    }

    /// This Aphex reaches no GitHub.
    #[cfg(not(feature = "cloud"))]
    pub(super) fn token_to_read(&self) -> Result<String, Diagnostic> {
        let _ = read(&self.key)?;
        Err(unusable().note("they are a GitHub App's, and this Aphex was built without what asks GitHub for a token"))
    }

    /// A token to check repositories out with.
    #[cfg(feature = "cloud")]
    pub(super) fn token_to_read(&self) -> Result<String, Diagnostic> {
        self.token(Right::Read)
    }
}
