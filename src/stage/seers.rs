//! Who can be asked about an account: several identities, of which the first that may answers.

use std::ffi::OsStr;
use std::path::Path;

use crate::cloud::aws::{Access, Aws, Failure, Profile};
use crate::stage::identity;
use crate::stage::process::Environment;

/// Identities that look at one account and region, the likeliest to be allowed to first.
#[derive(Debug)]
pub struct Seers {
    all: Vec<Aws>,
}

impl Seers {
    /// These roles, where they can be assumed, then the identity that `env` has by itself. `session` names the run, `tmp` is for
    /// configurations.
    pub fn new(
        env: &Environment,
        roles: &[String],
        region: &str,
        session: &str,
        tmp: &Path,
    ) -> Seers {
        let mut all = Vec::new();
        for (index, role) in roles.iter().enumerate() {
            let mut env = env.clone();
            let name = format!("aws-look-{index}");
            if identity::assume(&mut env, role, session, region, tmp, &name).is_ok() {
                all.extend(seen_with(&env, region));
            }
        }
        all.extend(seen_with(env, region));
        Seers { all }
    }

    /// Nobody.
    #[cfg(test)]
    pub fn nobody() -> Seers {
        Seers { all: Vec::new() }
    }

    /// What each answers, one after another as far as somebody wants to hear it.
    pub fn each<T>(
        &self,
        question: impl Fn(&Aws) -> Result<T, Failure>,
    ) -> impl Iterator<Item = Result<T, Failure>> {
        self.all.iter().map(question)
    }

    /// The first answer; where nobody has one, why the last did not.
    pub fn ask<T>(&self, question: impl Fn(&Aws) -> Result<T, Failure>) -> Result<T, Failure> {
        let mut failure = None;
        for answer in self.each(question) {
            match answer {
                Ok(answer) => return Ok(answer),
                Err(why) => failure = Some(why),
            }
        }
        Err(failure.unwrap_or_else(Failure::of_nobody))
    }
}

/// AWS as whoever has these variables sees it: as the role that [`identity::assume`] has put into them, where it has.
pub fn seen_with(env: &Environment, region: &str) -> Result<Aws, Failure> {
    Aws::new(&Access {
        region: Some(region.to_owned()),
        profile: profile_of(env),
        ..Access::default()
    })
}

/// The profile that [`identity::assume`] has put into an environment.
fn profile_of(env: &Environment) -> Option<Profile> {
    let name = env.get(OsStr::new("AWS_PROFILE"))?.to_str()?;
    let file = env.get(OsStr::new("AWS_CONFIG_FILE"))?;
    (name == identity::PROFILE).then(|| Profile {
        file: file.into(),
        name: name.to_owned(),
    })
}
