//! Approvers that are teams: GitHub says who is a member.

use crate::cloud::github::{self, Right, api};
use crate::cloud::tries::Limits;
use crate::model::Pipeline;
use crate::stage::work::Context;

/// Asks GitHub about teams, with the token that is there.
pub struct Teams {
    token: String,
}

impl Teams {
    /// With the token of `github_status`, else with what checks the repository out; in words why there is none.
    pub fn open(context: &Context, pipeline: &Pipeline) -> Result<Teams, String> {
        let mut why = "the pipeline has no token for GitHub".to_owned();
        for secret in pipeline.github_tokens() {
            match context.github_token(secret, Right::Members) {
                Ok(token) => {
                    let _ = context.log.hide(token.trim());
                    return Ok(Teams { token });
                }
                Err(problem) => why = problem.message,
            }
        }
        Err(why)
    }

    /// Whether somebody is a member of `@org/team`; in words why GitHub does not say.
    pub fn has(&self, team: &str, user: &str) -> Result<bool, String> {
        let (org, slug) = team
            .trim_start_matches('@')
            .split_once('/')
            .ok_or_else(|| format!("`{team}` is no team"))?;
        let user = user.trim_start_matches('@');
        // GitHub's names are these; a mail address is nobody's.
        let is_name = |text: &str| {
            let mut bytes = text.bytes();
            !text.is_empty()
                && bytes
                    .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
        };
        if !is_name(user) || !is_name(org) || !is_name(slug) {
            return Ok(false);
        }
        github::is_member(&api(), &self.token, org, slug, user, Limits::default())
    }
}
