//! Whose credentials a stage's programs have: a generated AWS configuration (7.1, 7.2, 7.5).
//!
//! It names roles and where the credentials are that may assume them, and holds no credentials. So every AWS tool assumes the role by
//! itself and does it again before the hour of a session is over.

use std::ffi::OsStr;
use std::fmt::Write as _;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::stage::process::Environment;

/// The profile of the role.
pub const PROFILE: &str = "aphex";
/// The profile of the pod's own identity, which may assume it.
const POD: &str = "aphex-pod";
/// The profile of a role that was assumed before, and assumes the next one.
const BEFORE: &str = "aphex-before";
/// The profile of keys that were given as variables.
const KEYS: &str = "aphex-keys";
/// Variables with keys, and where they are put aside.
const SOURCE: [(&str, &str); 3] = [
    ("AWS_ACCESS_KEY_ID", "APHEX_SOURCE_ACCESS_KEY_ID"),
    ("AWS_SECRET_ACCESS_KEY", "APHEX_SOURCE_SECRET_ACCESS_KEY"),
    ("AWS_SESSION_TOKEN", "APHEX_SOURCE_SESSION_TOKEN"),
];

/// Lets the programs that get this environment assume a role, through a configuration file `name` in `folder`; its path.
///
/// `session` names the run in CloudTrail. Where the environment leads to a role already, that one assumes the next.
pub fn assume(
    env: &mut Environment,
    role: &str,
    session: &str,
    region: &str,
    folder: &Path,
    name: &str,
) -> io::Result<PathBuf> {
    let path = folder.join(name);
    fs::write(&path, configuration(env, role, session, region, folder))?;
    env.insert("AWS_CONFIG_FILE".into(), path.clone().into());
    env.insert("AWS_PROFILE".into(), PROFILE.into());
    // Keys in variables come before a profile in some tools, so they go on by another way: the profile asks Aphex for them.
    for (name, kept) in SOURCE {
        if let Some(value) = env.remove(OsStr::new(name)) {
            env.insert(kept.into(), value);
        }
    }
    // Some tools look for SDK settings of old, and some ask for the pod's identity before they look at a profile.
    env.insert("AWS_SDK_LOAD_CONFIG".into(), "1".into());
    env.remove(OsStr::new("AWS_ROLE_ARN"));
    env.remove(OsStr::new("AWS_WEB_IDENTITY_TOKEN_FILE"));
    Ok(path)
}

fn configuration(
    env: &Environment,
    role: &str,
    session: &str,
    region: &str,
    folder: &Path,
) -> String {
    let variable = |name: &str| {
        let value = env.get(OsStr::new(name))?.to_str()?;
        (!value.is_empty()).then_some(value)
    };
    let session = session_name(session);
    let mut text = String::new();
    let before = variable("AWS_PROFILE").filter(|name| *name == PROFILE);
    // Somebody's own profile may have the name; one of ours stands beside the new one.
    if let Some(file) = before.and(variable("AWS_CONFIG_FILE"))
        && Path::new(file).parent() == Some(folder)
        && let Ok(earlier) = fs::read_to_string(file)
    {
        // Roles of roles: each file has all that its last profile needs, under names of their own.
        let depth = earlier.matches(BEFORE).count() / 2;
        let name = match depth {
            0 => BEFORE.to_owned(),
            deeper => format!("{BEFORE}-{deeper}"),
        };
        text.push_str(&earlier.replace(
            &format!("[profile {PROFILE}]"),
            &format!("[profile {name}]"),
        ));
        let _ = writeln!(
            text,
            "\n[profile {PROFILE}]\nrole_arn = {role}\nsource_profile = {name}\nrole_session_name = {session}\nregion = {region}"
        );
        return text;
    }
    let source = match (
        variable("AWS_ROLE_ARN"),
        variable("AWS_WEB_IDENTITY_TOKEN_FILE"),
    ) {
        (Some(pod), Some(token)) => {
            let _ = writeln!(
                text,
                "[profile {POD}]\nrole_arn = {pod}\nweb_identity_token_file = {token}\nrole_session_name = {session}\nregion = {region}\n"
            );
            format!("source_profile = {POD}")
        }
        _ if variable("AWS_ACCESS_KEY_ID").is_some() => {
            let _ = writeln!(
                text,
                "[profile {KEYS}]
credential_process = {} stage credentials
region = {region}
",
                program()
            );
            format!("source_profile = {KEYS}")
        }
        _ if variable("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI").is_some()
            || variable("AWS_CONTAINER_CREDENTIALS_FULL_URI").is_some() =>
        {
            "credential_source = EcsContainer".to_owned()
        }
        // One of the file of shared credentials, which stays where it is.
        _ => format!(
            "source_profile = {}",
            variable("AWS_PROFILE").unwrap_or("default")
        ),
    };
    let _ = writeln!(
        text,
        "[profile {PROFILE}]\nrole_arn = {role}\n{source}\nrole_session_name = {session}\nregion = {region}"
    );
    text
}

/// This program, as a configuration file names it.
fn program() -> String {
    let path = std::env::current_exe().unwrap_or_else(|_| PathBuf::from("aphex"));
    let path = path.display().to_string();
    match path.contains(' ') {
        true => format!("\"{path}\""),
        false => path,
    }
}

/// What `credential_process` is to print of the keys that [`assume`] has put aside, or, where Aphex itself assumes the role, of those that are where they
/// were; `None` where there are none. The form is that of the AWS SDKs' "process credential provider".
pub fn source(variable: impl Fn(&str) -> Option<String>) -> Option<String> {
    let is_kept = variable("APHEX_SOURCE_ACCESS_KEY_ID").is_some();
    let [id, secret, token] =
        SOURCE.map(|(given, kept)| variable(if is_kept { kept } else { given }));
    let mut credentials = serde_json::json!({
        "Version": 1,
        "AccessKeyId": id?,
        "SecretAccessKey": secret?,
    });
    if let (Some(token), Some(fields)) = (token, credentials.as_object_mut()) {
        fields.insert("SessionToken".to_owned(), token.into());
    }
    Some(credentials.to_string())
}

/// STS takes 2 to 64 characters of `[\w+=,.@-]` (`AssumeRole`, `RoleSessionName`).
fn session_name(run: &str) -> String {
    let fits = |c: char| c.is_ascii_alphanumeric() || "_+=,.@-".contains(c);
    let name: String = run.chars().filter(|c| fits(*c)).take(64).collect();
    match name.len() {
        0 | 1 => format!("aphex-{name}"),
        _ => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn env(variables: &[(&str, &str)]) -> Environment {
        let variables = variables.iter();
        variables
            .map(|(name, value)| (name.into(), value.into()))
            .collect()
    }

    const ROLE: &str = "arn:aws:iam::444455556666:role/deploy";

    #[test]
    fn req_7_1_7_2_a_pod_assumes_the_role_with_its_web_identity() {
        let folder = tempfile::tempdir().unwrap();
        let mut env = env(&[
            ("AWS_ROLE_ARN", "arn:aws:iam::111122223333:role/shop-deploy"),
            ("AWS_WEB_IDENTITY_TOKEN_FILE", "/var/run/token"),
            ("PATH", "/bin"),
        ]);
        let path = assume(
            &mut env,
            ROLE,
            "shop-7",
            "eu-central-1",
            folder.path(),
            "aws",
        )
        .unwrap();
        let text = fs::read_to_string(&path).unwrap();
        let expected = "[profile aphex-pod]\nrole_arn = arn:aws:iam::111122223333:role/shop-deploy\nweb_identity_token_file = /var/run/token\n\
             role_session_name = shop-7\nregion = eu-central-1\n\n[profile aphex]\nrole_arn = arn:aws:iam::444455556666:role/deploy\n\
             source_profile = aphex-pod\nrole_session_name = shop-7\nregion = eu-central-1\n";
        assert_eq!(text, expected);
        let names: Vec<_> = env.keys().map(|name| name.to_str().unwrap()).collect();
        let expected = [
            "AWS_CONFIG_FILE",
            "AWS_PROFILE",
            "AWS_SDK_LOAD_CONFIG",
            "PATH",
        ];
        assert_eq!(names, expected);
    }

    #[test]
    fn a_role_assumes_the_next_one() {
        let folder = tempfile::tempdir().unwrap();
        let mut env = env(&[("AWS_ACCESS_KEY_ID", "canary")]);
        for (role, name) in [("one", "a"), ("two", "b"), ("three", "c")] {
            let role = format!("arn:aws:iam::444455556666:role/{role}");
            assume(&mut env, &role, "run", "us-east-1", folder.path(), name).unwrap();
        }
        let text = fs::read_to_string(folder.path().join("c")).unwrap();
        let lines: Vec<&str> = text
            .lines()
            .filter(|line| {
                line.starts_with(['[', 'r']) && !line.contains("region") || line.contains("source")
            })
            .filter(|line| !line.contains("session"))
            .collect();
        let expected = [
            "[profile aphex-keys]",
            "[profile aphex-before]",
            "role_arn = arn:aws:iam::444455556666:role/one",
            "source_profile = aphex-keys",
            "[profile aphex-before-1]",
            "role_arn = arn:aws:iam::444455556666:role/two",
            "source_profile = aphex-before",
            "[profile aphex]",
            "role_arn = arn:aws:iam::444455556666:role/three",
            "source_profile = aphex-before-1",
        ];
        assert_eq!(lines, expected, "{text}");
        assert!(!text.contains("canary"), "{text}");
    }

    /// Where Aphex itself asks, the keys are where they were.
    #[test]
    fn keys_are_found_where_they_were_put_or_where_they_were_given() {
        let given = |name: &str| {
            (name == "AWS_ACCESS_KEY_ID" || name == "AWS_SECRET_ACCESS_KEY")
                .then(|| "given".to_owned())
        };
        assert!(source(given).unwrap().contains("given"));
        let kept = |name: &str| match name.starts_with("APHEX_SOURCE_") {
            true => Some("kept".to_owned()),
            false => given(name),
        };
        let json = source(kept).unwrap();
        assert!(json.contains("kept") && !json.contains("given"), "{json}");
        assert_eq!(source(|_| None), None);
    }

    #[test]
    fn req_7_5_no_credential_is_written() {
        for (variables, source) in [
            (
                &[
                    ("AWS_ACCESS_KEY_ID", "canary"),
                    ("AWS_SECRET_ACCESS_KEY", "canary"),
                ][..],
                "source_profile = aphex-keys",
            ),
            (
                &[("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/canary")][..],
                "credential_source = EcsContainer",
            ),
            (&[("AWS_PROFILE", "work")][..], "source_profile = work"),
            (&[][..], "source_profile = default"),
        ] {
            let text = configuration(&env(variables), ROLE, "x", "us-east-1", Path::new("/none"));
            assert!(text.contains(source), "{text}");
            assert!(!text.contains("canary"), "{text}");
            assert!(text.contains("role_session_name = aphex-x"), "{text}");
        }
    }
}
