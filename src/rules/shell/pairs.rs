//! Keywords and brackets that belong together: which one of them is missing.

use std::ops::Range;

use brush_parser::{Token, tokenize_str};

use crate::rules::shell::syntax::{SyntaxError, fault};
use crate::rules::shell::text::Bytes;

/// `if [ -f x ] then`: a `then` or `do` that is taken for an argument, because no `;` stands before it.
pub fn swallowed(text: &str) -> Option<SyntaxError> {
    let tokens = tokenize_str(text).ok()?;
    let bytes = Bytes::new(text);
    // The keywords that are still to come, innermost last.
    let mut wanted: Vec<&str> = Vec::new();
    let mut command = true;
    for token in &tokens {
        let word = token.to_str();
        if matches!(token, Token::Operator(..)) {
            command = true;
            continue;
        }
        let is_wanted = wanted.last().is_some_and(|keyword| *keyword == word);
        if is_wanted && !command {
            let start = bytes.byte(token.location().start.index);
            return Some(fault(
                start..start + word.len(),
                &format!("`{word}` is taken for an argument of the command before it"),
                "no `;` stands before it",
                &format!("write `; {word}`, or begin a new line"),
            ));
        }
        if is_wanted {
            wanted.pop();
        }
        match word {
            "if" | "elif" if command => wanted.push("then"),
            "while" | "until" if command => wanted.push("do"),
            "for" if command => wanted.push("do"),
            _ => {}
        }
        let opens = [
            "if", "then", "else", "elif", "do", "while", "until", "{", "!",
        ];
        command = command && opens.contains(&word) || is_wanted;
    }
    None
}

/// Keywords and brackets that do not come in pairs: which one is left.
pub fn unbalanced(text: &str) -> Option<SyntaxError> {
    let tokens = tokenize_str(text).ok()?;
    let bytes = Bytes::new(text);
    let mut stack: Vec<(String, Range<usize>)> = Vec::new();
    let mut command = true;
    for token in &tokens {
        let start = bytes.byte(token.location().start.index);
        let at = start..(start + token.to_str().len()).min(text.len());
        let word = token.to_str();
        if matches!(token, Token::Operator(..)) {
            match word {
                "(" => stack.push((word.to_owned(), at.clone())),
                ")" if stack.last().is_some_and(|(open, _)| open == "(") => {
                    stack.pop();
                }
                _ => {}
            }
            command = true;
            continue;
        }
        if command {
            let closes = match word {
                "fi" => Some("if"),
                "done" => Some("do"),
                "esac" => Some("case"),
                "}" => Some("{"),
                _ => None,
            };
            match word {
                "if" | "case" | "{" => stack.push((word.to_owned(), at.clone())),
                "do" => stack.push((word.to_owned(), at.clone())),
                "then" if !stack.iter().any(|(open, _)| open == "if") => {
                    return Some(fault(at, "`then` without `if`", "no `if` before it", ""));
                }
                _ => {}
            }
            if let Some(opener) = closes {
                match stack.last() {
                    Some((open, _)) if open == opener => {
                        stack.pop();
                    }
                    Some((open, place)) if open != "(" => {
                        let closer = closer(open);
                        return Some(fault(
                            place.clone(),
                            &format!("`{open}` is not closed by `{closer}` before `{word}`"),
                            "opened here",
                            &format!("add `{closer}`"),
                        ));
                    }
                    _ => {
                        return Some(fault(
                            at,
                            &format!("`{word}` without `{opener}`"),
                            &format!("no `{opener}` before it in this command"),
                            "each string of a list is a command of its own; write what spans several lines as one `\"\"\"` string",
                        ));
                    }
                }
            }
        }
        command = matches!(
            word,
            "if" | "then"
                | "else"
                | "elif"
                | "do"
                | "while"
                | "until"
                | "{"
                | "!"
                | "fi"
                | "done"
                | "esac"
                | "}"
        );
    }
    let (open, at) = stack.pop()?;
    let closer = closer(&open);
    Some(fault(
        at,
        &format!("`{open}` is never closed by `{closer}`"),
        "opened here",
        "each string of a list is a command of its own; write what spans several lines as one `\"\"\"` string",
    ))
}

fn closer(opener: &str) -> &'static str {
    match opener {
        "if" => "fi",
        "do" => "done",
        "case" => "esac",
        "{" => "}",
        _ => ")",
    }
}
