//! `${…}` that no shell can expand.

use std::ops::Range;

use crate::diagnostics::variable_name;
use crate::rules::shell::syntax::SyntaxError;
use crate::rules::shell::text::Origin;

/// The first one in a word.
pub fn bad(word: &str, origin: &Origin) -> Option<SyntaxError> {
    let at = find(word)?;
    let written = word.get(at.clone())?;
    let inner = written.strip_prefix("${")?.strip_suffix('}')?.trim();
    let is_path = inner.contains('.')
        && inner
            .split('.')
            .all(|part| !part.is_empty() && part.chars().all(is_part));
    let help = match is_path {
        true => format!(
            "a value of the pipeline reaches a command through `env`: `env = {{ {} = {inner} }}`, and `\"${}\"` in the command",
            variable_name(inner),
            variable_name(inner)
        ),
        false => "between `${` and `}` stands the name of a variable: letters, digits and `_`; a `$` that the shell is to leave alone is written `\\$`".to_owned(),
    };
    Some(SyntaxError {
        at: origin.place(at.clone()),
        message: format!("the shell cannot expand `{written}`"),
        label: "stops with \"bad substitution\"".to_owned(),
        help: Some(help),
    })
}

fn is_part(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '-')
}

/// Where it is; what stands in single quotes or after a `\` is none.
fn find(word: &str) -> Option<Range<usize>> {
    let bytes = word.as_bytes();
    let (mut index, mut double) = (0, false);
    while let Some(byte) = bytes.get(index) {
        match byte {
            b'\\' => index += 1,
            b'"' => double = !double,
            b'\'' if !double => index += word.get(index + 1..)?.find('\'')? + 1,
            b'$' if bytes.get(index + 1) == Some(&b'{') => {
                let inner = word.get(index + 2..)?;
                let length = inner.find('}')?;
                if !is_expansion(inner.get(..length)?) {
                    return Some(index..index + 2 + length + 1);
                }
            }
            _ => {}
        }
        index += 1;
    }
    None
}

/// Whether what stands between the braces begins as an expansion does: a parameter, and what is to be done with it.
fn is_expansion(inner: &str) -> bool {
    let bare = inner.strip_prefix(['!', '#']).unwrap_or(inner);
    let special = |text: &str| text.starts_with(['@', '*', '#', '?', '-', '$', '!']);
    let name = bare
        .chars()
        .take_while(|c| c.is_ascii_alphanumeric() || *c == '_')
        .count();
    let rest = match name {
        0 if special(bare) => bare.get(1..),
        // `${#}` and `${!}` are parameters themselves.
        0 => return inner == "#" || inner == "!",
        _ => bare.get(name..),
    };
    let rest = rest.unwrap_or_default();
    match rest.chars().next() {
        None => true,
        Some('[') => rest.contains(']'),
        Some(first) => [
            ':', '-', '=', '+', '?', '%', '#', '/', '^', ',', '@', '*', '~',
        ]
        .contains(&first),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_shell_expands_is_found() {
        for (word, bad) in [
            ("${Api.Url}/x", "${Api.Url}"),
            ("\"a ${x} ${foo bar}\"", "${foo bar}"),
            ("${}", "${}"),
            ("${1a.b}", "${1a.b}"),
            ("${arr[0}", "${arr[0}"),
        ] {
            assert_eq!(find(word).and_then(|at| word.get(at)), Some(bad), "{word}");
        }
        for word in [
            "'${Api.Url}'",
            "\\${Api.Url}",
            "${x}",
            "${x:-a b}",
            "${#x}",
            "${#}",
            "${!x}",
            "${@}",
            "${x[0]}",
            "${x%.*}",
            "${x/a/b}",
            "${x^^}",
            "$",
            "${",
            "a$b{c.d}",
        ] {
            assert_eq!(find(word), None, "{word}");
        }
    }
}
