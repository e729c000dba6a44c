//! Keeps text from the parser that it cannot take: `brush-parser` descends without a limit, and
//! stops the program at a few texts that no person writes.

/// The longest text that is read, in bytes.
const MAX_BYTES: usize = 128 * 1024;
/// How many brackets and keywords a text may have to be read on the caller's stack.
const SMALL: usize = 48;
/// How many it may have at all.
const MAX_OPENERS: usize = 4_000;
/// How much the parser may have to read: it reads what stands in an open `(` or `case` in two ways, so each doubles the bytes.
const MAX_TRIED: usize = 4 * 1024 * 1024;
/// How many expansions of one word may hold others.
const MAX_NESTING: usize = 3;
/// Longer numbers do not fit where the parser reads one.
const MAX_DIGITS: usize = 9;

/// How a text can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reading {
    /// Where the caller is.
    Here,
    /// On a stack of its own.
    Apart,
    /// Not at all.
    Never,
}

/// How this text can be read.
pub fn judge(text: &str) -> Reading {
    let openers = openers(text);
    if text.len() > MAX_BYTES
        || openers > MAX_OPENERS
        || tried(text) > MAX_TRIED
        || long_number(text)
    {
        Reading::Never
    } else if openers > SMALL {
        Reading::Apart
    } else {
        Reading::Here
    }
}

/// Counts whatever can begin a nested construct, quoted or not.
fn openers(text: &str) -> usize {
    let brackets = text
        .bytes()
        .filter(|byte| matches!(byte, b'(' | b'{' | b'[' | b'`' | b'!'))
        .count();
    let keywords = text
        .split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
        .filter(|word| {
            matches!(
                *word,
                "if" | "elif"
                    | "while"
                    | "until"
                    | "for"
                    | "case"
                    | "select"
                    | "function"
                    | "coproc"
            )
        })
        .count();
    brackets + keywords
}

/// Bytes that the parser reads at most.
fn tried(text: &str) -> usize {
    let mut open: Vec<&str> = Vec::new();
    let mut deepest = 0_usize;
    let mut before = "";
    for piece in text.split_inclusive(|c: char| !c.is_ascii_alphanumeric() && c != '_') {
        let word = piece.trim_end_matches(|c: char| !c.is_ascii_alphanumeric() && c != '_');
        match word {
            "case" => open.push("case"),
            "esac" => {
                if let Some(at) = open.iter().rposition(|opener| *opener == "case") {
                    open.truncate(at);
                }
            }
            _ => {}
        }
        match piece.chars().next_back() {
            // A substitution is a word, read by itself.
            Some('(') if word.is_empty() && before.ends_with('$') => open.push("$("),
            Some('(') => open.push("("),
            Some(')') if open.last().is_some_and(|opener| *opener != "case") => drop(open.pop()),
            _ => {}
        }
        before = piece;
        if open.len() > deepest {
            deepest = deepest.max(open.iter().filter(|opener| **opener != "$(").count());
        }
    }
    let doubled = u32::try_from(deepest)
        .ok()
        .and_then(|deepest| 1_usize.checked_shl(deepest));
    doubled
        .and_then(|times| times.checked_mul(text.len()))
        .unwrap_or(usize::MAX)
}

/// Whether the parser of words can be given this one: it reads what an expansion holds in up to twenty ways, and that of each
/// expansion in it again.
pub fn is_plain(word: &str) -> bool {
    let bytes = word.as_bytes();
    let mut nesting = 0;
    let mut index = 0;
    while let Some(rest) = bytes.get(index..).filter(|rest| !rest.is_empty()) {
        index += match rest {
            [b'$', b'{', inner @ ..] => match innermost(inner) {
                Some(length) => length + 2,
                None => {
                    nesting += 1;
                    2
                }
            },
            [b'$', b'[', ..] => {
                nesting += 1;
                2
            }
            _ => 1,
        };
    }
    nesting <= MAX_NESTING
}

/// The length of the rest of an expansion that holds no other one: `A}`, `#A[@]}`, `A%"*.js"}`, `A:-$B}`.
fn innermost(rest: &[u8]) -> Option<usize> {
    let mut quote = None;
    let mut bracket = false;
    for (at, byte) in rest.iter().enumerate() {
        match (byte, quote) {
            (byte, Some(open)) if byte == open => quote = None,
            (b'}', None) if !bracket => return Some(at + 1),
            (b'[', None) if !bracket => bracket = true,
            (b']', None) if bracket => bracket = false,
            (b'\'' | b'"', None) => quote = Some(byte),
            (b'$', _) if matches!(rest.get(at + 1), Some(b'(' | b'\'' | b'"')) => return None,
            (b'{' | b'}' | b'[' | b']' | b'`' | b'\\' | b'\'' | b'"', _) => return None,
            _ => {}
        }
    }
    None
}

/// A number before a redirect (`2>`), or after `~`, that fits in no integer.
fn long_number(text: &str) -> bool {
    let joined = text.replace("\\\n", "");
    let bytes = joined.as_bytes();
    let mut start = 0_usize;
    for (index, byte) in bytes.iter().enumerate() {
        if byte.is_ascii_digit() {
            continue;
        }
        let redirects = matches!(byte, b'<' | b'>');
        let before = start.checked_sub(1).and_then(|before| bytes.get(before));
        if index - start > MAX_DIGITS && (redirects || matches!(before, Some(b'~' | b'+' | b'-'))) {
            return true;
        }
        start = index + 1;
    }
    let before = start.checked_sub(1).and_then(|before| bytes.get(before));
    bytes.len() - start > MAX_DIGITS && matches!(before, Some(b'~' | b'+' | b'-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_odd_words_are_kept_away() {
        for word in [
            "${A}-${B:-x}-${C%.*}-${#D[@]}-${E:-$F}-${G%\"*.js\"}-${H//a/b}".repeat(20),
            "${A:-${B:-${C}}}".to_owned(),
            "\"${A:-$(cat \"${B}\")}\"".to_owned(),
        ] {
            assert!(is_plain(&word), "{word}");
        }
        for word in ["${A[", "$[) ", "${A//b/\"", "${A:-'}'"] {
            assert!(!is_plain(&word.repeat(5)), "{word}");
        }
    }

    #[test]
    fn only_odd_text_is_kept_away() {
        for text in [
            "npm ci",
            "cat <<EOF\n${HOME} $((1 << 2))\nEOF\n",
            "echo ${A:-x} > f 2>&1; sleep 1000000000",
            "echo \"$(cat <<EOF\nx\nEOF\n)\"",
            "x=$(psql <<'SQL'\nselect 1;\nSQL\n)",
            "aws s3 ls 123456789012 > x",
            "test $((1<<4)) = 16\nls",
            "( cd a && ( make; case $x in a) b ;; (c) d ;; esac ) )",
            "echo $(((((((((((((1)))))))))))))",
        ] {
            assert_eq!(judge(text), Reading::Here, "{text}");
        }
        let nested = |opener: &str| opener.repeat(30);
        for text in [
            &*nested("( "),
            &*nested("(("),
            &*nested("case x in a) "),
            &*nested("case x in a) ( "),
            &*nested("$( ("),
            "99999999999>x",
            "99999\\\n9999999>x",
            "ls ~99999999999999999999",
        ] {
            assert_eq!(judge(text), Reading::Never, "{text}");
        }
        assert_eq!(judge(&"$(".repeat(100)), Reading::Apart);
        assert_eq!(judge(&"(".repeat(10_000)), Reading::Never);
    }
}
