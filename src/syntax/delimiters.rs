//! Brackets and their partners. After this pass every bracket has one, so that the parser can skip
//! whatever it cannot read, and a missing bracket costs no more than the item it is missing from.

use crate::diagnostics::Diagnostic;
use crate::diagnostics::codes::syntax as codes;
use crate::source::{SourceId, Span};
use crate::syntax::token::{Token, TokenKind};

/// Tokens in which every bracket has its partner.
pub(super) struct Balanced {
    /// The tokens.
    pub tokens: Vec<Token>,
    /// For each opening token the index of the closing one; for all others 0.
    pub partners: Vec<u32>,
    /// The brackets that were missing or too many.
    pub problems: Vec<Diagnostic>,
}

/// So many are reported; who has more has one mistake that makes them all.
const MAX_REPORTED: usize = 20;

/// Finds the partners; where one is missing, puts it where the indentation says that it belongs.
pub(super) fn balance(source: SourceId, text: &str, tokens: Vec<Token>) -> Balanced {
    if let Some(partners) = partners(&tokens) {
        return Balanced {
            tokens,
            partners,
            problems: Vec::new(),
        };
    }
    let lines = Lines::new(text, &tokens);
    let mut faults = Faults::find(&tokens, &lines, false);
    if !faults.stray.is_empty() {
        let other = Faults::find(&tokens, &lines, true);
        if other.count() <= faults.count() {
            faults = other;
        }
    }
    faults.place(&tokens, &lines);
    let problems = faults.report(source, &tokens);
    let tokens = faults.repair(&tokens);
    let partners = partners(&tokens).unwrap_or_else(|| vec![0; tokens.len()]);
    Balanced {
        tokens,
        partners,
        problems,
    }
}

/// The partners, where every bracket has one.
fn partners(tokens: &[Token]) -> Option<Vec<u32>> {
    let mut partners = vec![0; tokens.len()];
    let mut open: Vec<(u32, TokenKind)> = Vec::new();
    for (index, token) in (0u32..).zip(tokens) {
        if let Some(closer) = token.kind.closer() {
            open.push((index, closer));
        } else if token.kind.is_closer() {
            let (opener, closer) = open.pop()?;
            if closer != token.kind {
                return None;
            }
            *partners.get_mut(opener as usize)? = index;
        }
    }
    open.is_empty().then_some(partners)
}

/// The line of each token, and how far it is indented.
struct Lines(Vec<(u32, u32)>);

impl Lines {
    fn new(text: &str, tokens: &[Token]) -> Lines {
        let mut current = (0, 0);
        let lines = tokens.iter().map(|token| {
            if token.first {
                let before = text.get(..token.start as usize).unwrap_or("");
                let blanks = before
                    .bytes()
                    .rev()
                    .take_while(|byte| *byte != b'\n')
                    .count();
                current = (current.0 + 1, u32::try_from(blanks).unwrap_or(u32::MAX));
            }
            current
        });
        Lines(lines.collect())
    }

    fn line(&self, index: usize) -> u32 {
        self.0.get(index).map_or(0, |line| line.0)
    }

    fn indentation(&self, index: usize) -> u32 {
        self.0.get(index).map_or(0, |line| line.1)
    }
}

/// An opening bracket without its partner.
#[derive(Clone, Copy)]
struct Unclosed {
    opener: usize,
    /// Before this token it was noticed; later, before this token the partner is put.
    before: usize,
}

/// The `,` before the first `name =` in a list without its `]`: a list has no names, so there it ends.
fn named_element(tokens: &[Token], fault: &Unclosed) -> Option<usize> {
    if tokens.get(fault.opener)?.kind != TokenKind::OpenBracket {
        return None;
    }
    let mut depth = 0u32;
    let inner = fault.opener + 1..fault.before;
    for index in inner {
        let kind = tokens.get(index)?.kind;
        let named = || {
            tokens
                .get(index + 1)
                .is_some_and(|name| name.kind.is_word())
                && tokens
                    .get(index + 2)
                    .is_some_and(|sign| sign.kind == TokenKind::Equal)
        };
        if kind.closer().is_some() {
            depth += 1;
        } else if kind.is_closer() {
            depth = depth.saturating_sub(1);
        } else if depth == 0 && kind == TokenKind::Comma && named() {
            return Some(index);
        }
    }
    None
}

/// What is wrong with the brackets of a file.
#[derive(Default)]
struct Faults {
    unclosed: Vec<Unclosed>,
    /// Closing brackets that close nothing.
    stray: Vec<usize>,
    /// Closing brackets of the wrong kind: the index, the opening one, the right kind.
    wrong: Vec<(usize, usize, TokenKind)>,
}

impl Faults {
    /// `strict`: a `}` that is indented more than the line it would close closes nothing, where it begins a line, or
    /// where what follows it is indented more as well.
    fn find(tokens: &[Token], lines: &Lines, strict: bool) -> Faults {
        let mut faults = Faults::default();
        let mut stack: Vec<(usize, TokenKind)> = Vec::new();
        for (index, token) in tokens.iter().enumerate() {
            if let Some(closer) = token.kind.closer() {
                stack.push((index, closer));
            } else if token.kind.is_closer() {
                let next = tokens.get(index + 1);
                let goes_on = next.filter(|next| next.first && next.kind.is_word());
                let goes_on = goes_on.map(|_| lines.indentation(index + 1));
                let within = |top| match token.first {
                    true => lines.indentation(index) > lines.indentation(top),
                    false => goes_on.is_some_and(|next| next > lines.indentation(top)),
                };
                let surplus = strict
                    && token.kind == TokenKind::CloseBrace
                    && stack.last().is_some_and(|(top, closer)| {
                        *closer == token.kind
                            && lines.line(*top) < lines.line(index)
                            && within(*top)
                    });
                match surplus {
                    true => faults.stray.push(index),
                    false => faults.close(&mut stack, index, token, lines),
                }
            }
        }
        let end = tokens.len().saturating_sub(1);
        for (opener, _) in stack {
            faults.unclosed.push(Unclosed {
                opener,
                before: end,
            });
        }
        faults
    }

    fn close(
        &mut self,
        stack: &mut Vec<(usize, TokenKind)>,
        index: usize,
        token: &Token,
        lines: &Lines,
    ) {
        let indentation = lines.indentation(index);
        let inside = |closer: TokenKind| {
            !matches!(closer, TokenKind::InterpolationEnd | TokenKind::StringEnd)
                || matches!(
                    token.kind,
                    TokenKind::InterpolationEnd | TokenKind::StringEnd
                )
        };
        let Some((top, expected)) = stack.last().copied() else {
            self.stray.push(index);
            return;
        };
        let first = token.first && token.kind == TokenKind::CloseBrace;
        let matches = expected == token.kind;
        let mut near = stack
            .iter()
            .rev()
            .take_while(|(_, closer)| inside(*closer))
            .take(256)
            .filter(|(_, closer)| *closer == token.kind)
            .map(|(opener, _)| *opener);
        let nearest = near.clone().next();
        let aligned = near.find(|opener| lines.indentation(*opener) == indentation);
        let partner = match (matches, aligned) {
            (true, Some(aligned)) if first && indentation < lines.indentation(top) => aligned,
            (true, _) => top,
            (false, Some(aligned)) if first => aligned,
            (false, _) => match nearest {
                Some(nearest) => nearest,
                None if inside(expected) && lines.line(top) == lines.line(index) => {
                    self.wrong.push((index, top, expected));
                    stack.pop();
                    return;
                }
                None => {
                    self.stray.push(index);
                    return;
                }
            },
        };
        while let Some((opener, _)) = stack.pop() {
            if opener == partner {
                break;
            }
            self.unclosed.push(Unclosed {
                opener,
                before: index,
            });
        }
    }

    fn count(&self) -> usize {
        self.unclosed.len() + self.stray.len() + self.wrong.len()
    }

    /// Moves the place of each missing partner up to the first line that is not indented more than
    /// the line of the opening bracket.
    fn place(&mut self, tokens: &[Token], lines: &Lines) {
        self.unclosed.sort_by_key(|fault| fault.opener);
        for fault in self.unclosed.iter_mut().take(MAX_REPORTED) {
            let line = lines.line(fault.opener);
            let indentation = lines.indentation(fault.opener);
            let range = tokens.get(fault.opener..fault.before).unwrap_or_default();
            let outer = range.iter().zip(fault.opener..).find(|(token, index)| {
                token.first
                    && lines.line(*index) > line
                    && lines.indentation(*index) <= indentation
                    && !token.kind.is_closer()
                    && !token.kind.continues_line()
            });
            if let Some((_, index)) = outer {
                fault.before = index;
            }
            if let Some(comma) = named_element(tokens, fault) {
                fault.before = comma;
            }
        }
    }

    /// The tokens with every bracket closed.
    fn repair(&self, tokens: &[Token]) -> Vec<Token> {
        let mut repaired: Vec<Token> = Vec::with_capacity(tokens.len() + self.unclosed.len());
        // The closing kind of what is open, and, where its partner is missing, the place for it.
        let mut stack: Vec<(TokenKind, Option<usize>)> = Vec::new();
        let mut unclosed = self.unclosed.iter().peekable();
        let mut stray = self.stray.iter().peekable();
        let mut wrong = self.wrong.iter().peekable();
        for (index, token) in tokens.iter().enumerate() {
            while let Some((kind, place)) = stack.last() {
                // A stray bracket closes nothing, not even what lacks its partner.
                let closes = token.kind.is_closer() && stray.peek() != Some(&&index);
                let close = match token.kind {
                    TokenKind::End => true,
                    TokenKind::InterpolationEnd | TokenKind::StringEnd => *kind != token.kind,
                    _ => place.is_some_and(|before| before <= index || closes),
                };
                if !close {
                    break;
                }
                let end = repaired.last().map_or(0, |last| last.end);
                repaired.push(Token {
                    kind: *kind,
                    first: false,
                    reported: true,
                    start: end,
                    end,
                });
                stack.pop();
            }
            let mut token = *token;
            if let Some(closer) = token.kind.closer() {
                let fault = unclosed.next_if(|fault| fault.opener == index);
                stack.push((closer, fault.map(|fault| fault.before)));
            } else if token.kind.is_closer() {
                let is_stray = stray.next_if_eq(&&index).is_some();
                if let Some((_, _, kind)) = wrong.next_if(|(at, _, _)| *at == index) {
                    token.kind = *kind;
                    token.reported = true;
                }
                if !is_stray && stack.last().is_some_and(|(kind, _)| *kind == token.kind) {
                    stack.pop();
                } else {
                    token.kind = TokenKind::Bad;
                    token.reported = true;
                }
            }
            repaired.push(token);
        }
        repaired
    }

    fn report(&self, source: SourceId, tokens: &[Token]) -> Vec<Diagnostic> {
        let span = |index: usize| {
            let token = tokens.get(index);
            token.map_or(Span::new(source, 0, 0), |token| {
                Span::new(source, token.start, token.end)
            })
        };
        let written = |index: usize| {
            tokens.get(index).map_or("", |token| match token.kind {
                TokenKind::OpenParen => "(",
                TokenKind::OpenBracket => "[",
                TokenKind::OpenBrace => "{",
                kind => kind.closing_text(),
            })
        };
        let closing = |index: usize| {
            let closer = tokens.get(index).and_then(|token| token.kind.closer());
            closer.map_or("", TokenKind::closing_text)
        };
        let end = tokens.len().saturating_sub(1);
        // A string without its end has swallowed the rest of its line, and the partners in it.
        let swallowed = |fault: &&Unclosed| {
            let between = tokens.get(fault.opener..fault.before).unwrap_or_default();
            between
                .iter()
                .any(|token| token.kind == TokenKind::BadString)
        };
        let unclosed = self.unclosed.iter().filter(|fault| !swallowed(fault));
        let unclosed = unclosed.map(|fault| {
            let (open, close) = (written(fault.opener), closing(fault.opener));
            let message = format!("`{open}` is not closed");
            if fault.before == end {
                return Diagnostic::error(&codes::DELIMITER, span(fault.opener), message)
                    .label(format!("no `{close}` follows"))
                    .help(format!("write `{close}` where it ends"));
            }
            let last = span(fault.before.saturating_sub(1));
            let place = Span::new(source, last.end, last.end);
            let problem = Diagnostic::error(&codes::DELIMITER, place, message)
                .label(format!("`{close}` is missing here"))
                .also(span(fault.opener), "opened here")
                .help(format!("write `{close}`"));
            if close == "}" {
                problem
            } else {
                problem.likely_fix(format!("write `{close}`"), place, close)
            }
        });
        let stray = self.stray.iter().map(|index| {
            let close = written(*index);
            Diagnostic::error(
                &codes::DELIMITER,
                span(*index),
                format!("`{close}` closes nothing"),
            )
            .label("nothing is open here")
            .help("take it out, or write what it is to close")
        });
        let wrong = self.wrong.iter().map(|(index, opener, _)| {
            let (open, close) = (written(*opener), closing(*opener));
            Diagnostic::error(
                &codes::DELIMITER,
                span(*index),
                format!("`{open}` is closed by `{}`", written(*index)),
            )
            .also(span(*opener), "opened here")
            .help(format!("write `{close}`"))
            .likely_fix(format!("write `{close}`"), span(*index), close)
        });
        unclosed
            .take(MAX_REPORTED)
            .chain(stray.take(MAX_REPORTED))
            .chain(wrong.take(MAX_REPORTED))
            .collect()
    }
}
