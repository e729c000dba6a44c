//! What a shell says when it cannot go on, read from its last lines.
//!
//! dash writes `sh: 1: jq: not found`, bash `bash: line 1: jq: command not found`, BusyBox `sh: jq: not found`; a script that is run by one of
//! them puts its own name first. So the reason is behind the last `: `, and the name before it.

/// A complaint of a shell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    /// There is no program of this name.
    Missing(String),
    /// This cannot be executed, for this reason.
    NotExecutable(String, String),
    /// There is no variable of this name, and the shell was told (`-u`) that it must be set.
    Unset(String),
}

/// The last complaint among these lines; others come from programs that the shell has run.
pub fn complaint(tail: &[String]) -> Option<Said> {
    tail.iter().rev().take(10).find_map(|line| of_line(line))
}

fn of_line(line: &str) -> Option<Said> {
    let mut parts = line.trim().rsplitn(3, ": ");
    let (reason, name, before) = (parts.next()?, parts.next()?, parts.next()?);
    if name.is_empty() || before.is_empty() || name.contains(char::is_whitespace) {
        return None;
    }
    let name = name.to_owned();
    Some(match reason {
        "not found" | "command not found" | "inaccessible or not found" => Said::Missing(name),
        "No such file or directory" if is_of_shell(before) => Said::Missing(name),
        "Permission denied" | "Is a directory" | "Exec format error" | "cannot execute"
            if is_of_shell(before) =>
        {
            Said::NotExecutable(name, reason.to_lowercase())
        }
        "cannot execute: required file not found" => {
            Said::NotExecutable(name, reason.to_lowercase())
        }
        "parameter not set" | "unbound variable" => Said::Unset(name),
        _ => None?,
    })
}

/// Whether a line begins as those of a shell that names the line of its script: other programs complain about files in the same words.
fn is_of_shell(before: &str) -> bool {
    let shells = ["sh", "bash", "ash", "dash"];
    let mut parts = before.split(": ");
    let first = parts.next().unwrap_or("");
    let name = first.rsplit('/').next().unwrap_or("");
    let is_line = |part: &str| {
        part.strip_prefix("line ")
            .unwrap_or(part)
            .bytes()
            .all(|byte| byte.is_ascii_digit())
    };
    parts.all(is_line) && (shells.contains(&name) || before.contains(": "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(line: &str) -> Option<Said> {
        complaint(&["before".to_owned(), line.to_owned(), "after".to_owned()])
    }

    #[test]
    fn shells_are_understood() {
        let not_found = |name: &str| Some(Said::Missing(name.to_owned()));
        assert_eq!(said("sh: 1: jq: not found"), not_found("jq"));
        assert_eq!(said("bash: line 1: jq: command not found"), not_found("jq"));
        assert_eq!(said("sh: jq: not found"), not_found("jq"));
        assert_eq!(
            said("./build.sh: 3: ./build.sh: jq: not found"),
            not_found("jq")
        );
        assert_eq!(
            said("/usr/bin/bash: line 7: ./x: No such file or directory"),
            not_found("./x")
        );
        let denied = Said::NotExecutable("./x".to_owned(), "permission denied".to_owned());
        assert_eq!(said("sh: 1: ./x: Permission denied"), Some(denied.clone()));
        assert_eq!(said("bash: line 1: ./x: Permission denied"), Some(denied));
        assert_eq!(
            said("sh: 2: URL: parameter not set"),
            Some(Said::Unset("URL".to_owned()))
        );
        assert_eq!(
            said("bash: line 2: URL: unbound variable"),
            Some(Said::Unset("URL".to_owned()))
        );
    }

    #[test]
    fn other_programs_are_not_taken_for_a_shell() {
        assert_eq!(said("cat: x: No such file or directory"), None);
        assert_eq!(
            said("ls: cannot access 'x': No such file or directory"),
            None
        );
        assert_eq!(said("error: the page: not found"), None);
        assert_eq!(said("git: remote: Permission denied"), None);
        assert_eq!(said(": : "), None);
        assert_eq!(said("not found"), None);
        assert_eq!(said(""), None);
    }
}
