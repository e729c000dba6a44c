//! Keeps text from the parser that it cannot take: `brush-parser` descends without a limit, and
//! stops the program at a few texts that no person writes.

/// The longest text that is read, in bytes.
const MAX_BYTES: usize = 128 * 1024;
/// How many brackets and keywords a text may have to be read on the caller's stack.
const SMALL: usize = 48;
/// How many it may have at all.
const MAX_OPENERS: usize = 4_000;
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
        || long_number(text)
        || here_document_within(text)
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

/// A here-document that begins within `${…}`, `$[…]` or `$((…))`; or within `$(…)`, where its body has brackets. What a
/// quote hides there is not quite clear, so both are tried.
fn here_document_within(text: &str) -> bool {
    text.contains("<<") && text.contains('\n') && (within(text, false) || within(text, true))
}

fn within(text: &str, quotes: bool) -> bool {
    let bytes = text.as_bytes();
    let mut closers: Vec<u8> = Vec::new();
    let mut quote: Option<u8> = None;
    let mut index = 0;
    while let Some(byte) = bytes.get(index).copied() {
        let rest = text.get(index..).unwrap_or("");
        index += 1;
        if byte == b'\\' {
            index += usize::from(quotes);
            continue;
        }
        if quotes && matches!(byte, b'\'' | b'"' | b'`') {
            match quote {
                None => quote = Some(byte),
                Some(open) if open == byte => quote = None,
                Some(_) => {}
            }
        }
        let closer = if rest.starts_with("${") {
            Some(b'}')
        } else if rest.starts_with("$[") {
            Some(b']')
        } else if rest.starts_with("$(") {
            Some(b')')
        } else {
            None
        };
        if let Some(closer) = closer {
            closers.push(closer);
            // `$((` is closed twice.
            if rest.starts_with("$((") {
                closers.push(closer);
                index += 1;
            }
            index += 1;
            quote = None;
        } else if closers.last() == Some(&byte) && quote.is_none() {
            closers.pop();
        } else if !closers.is_empty() && rest.starts_with("<<") && !harmless(rest, &closers) {
            return true;
        }
    }
    false
}

/// Whether what begins with `<<` is a shift, or a here-document in `$(…)` that confuses nobody.
fn harmless(rest: &str, closers: &[u8]) -> bool {
    let (line, body) = rest.split_once('\n').unwrap_or((rest, ""));
    if closers.iter().any(|closer| *closer != b')') {
        return false;
    }
    if closers.len() > 1 {
        return line.contains("))");
    }
    let opening = line.trim_start_matches(['<', '-', ' ']);
    if opening.contains(ODD) && !plain_tag(opening) {
        return false;
    }
    let end = opening
        .find(|c: char| c.is_whitespace() || matches!(c, '|' | '>' | ';' | '&'))
        .unwrap_or(opening.len());
    let tag = opening.get(..end).unwrap_or("").trim_matches(['\'', '"']);
    let last = body.lines().find(|line| {
        line.trim_start_matches('\t') == tag || line.contains(['(', ')', '{', '}', '`', '<', '\\'])
    });
    !tag.is_empty() && last.is_some_and(|line| line.trim_start_matches('\t') == tag)
}

/// What may change where a here-document ends.
const ODD: [char; 9] = ['(', ')', '`', '}', '<', '#', '\\', '\'', '"'];

/// `<<'EOF'`, `<<"EOF"`, and then nothing with a bracket.
fn plain_tag(opening: &str) -> bool {
    ['\'', '"'].iter().any(|quote| {
        let inner = opening
            .strip_prefix(*quote)
            .and_then(|rest| rest.split_once(*quote));
        inner.is_some_and(|(word, rest)| {
            word.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') && !rest.contains(ODD)
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

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
        ] {
            assert_eq!(judge(text), Reading::Here, "{text}");
        }
        for text in [
            "${A:-<<E\n}\nE\n",
            "99999999999>x",
            "99999\\\n9999999>x",
            "ls ~99999999999999999999",
            "${A:-\"}\"<<E\n}\nE\n",
        ] {
            assert_eq!(judge(text), Reading::Never, "{text}");
        }
        assert_eq!(judge(&"(".repeat(100)), Reading::Apart);
        assert_eq!(judge(&"(".repeat(10_000)), Reading::Never);
    }
}
