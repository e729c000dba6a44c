//! The state of the parser, and its smallest steps.

use std::collections::BTreeMap;

use smol_str::SmolStr;

use crate::diagnostics::Diagnostic;
use crate::diagnostics::codes::syntax as codes;
use crate::source::{SourceId, Span};
use crate::syntax::ast::{Expr, ExprKind, Ident};
use crate::syntax::comments::Comments;
use crate::syntax::token::{Token, TokenKind};

/// How deep brackets, blocks and operators before a value may stand in each other.
pub const MAX_DEPTH: u32 = 100;

/// How high the tree of one expression may be: chains such as `a + b + c` count too.
pub const MAX_HEIGHT: u32 = 256;

/// Reads the tokens of one file. Every function that reads a part of the language reads as far as it
/// can, reports what is wrong, and gives an error node for what could not be read.
pub(super) struct Parser<'a> {
    pub text: &'a str,
    pub source: SourceId,
    tokens: Vec<Token>,
    partners: Vec<u32>,
    position: usize,
    /// The end of the token before the current one.
    previous_end: u32,
    /// Whether a line break ends an item here; inside `(…)` it does not.
    pub lines: bool,
    /// Whether `Name {` is an instance here; between `if` and its `{` it is not.
    pub instances: bool,
    /// How many brackets, blocks and operators the current token stands in.
    depth: u32,
    /// The height of the trees made since the current one was begun.
    height: u32,
    /// Whether something was reported in the current item, so that what follows from it is not.
    pub failed: bool,
    pub comments: Comments,
    deferred: BTreeMap<u32, Diagnostic>,
    pub problems: Vec<Diagnostic>,
    too_deep: bool,
}

/// The parser's state around a bracket.
pub(super) struct Outside {
    lines: bool,
    instances: bool,
    failed: bool,
}

impl<'a> Parser<'a> {
    pub fn new(
        source: SourceId,
        text: &'a str,
        tokens: Vec<Token>,
        partners: Vec<u32>,
        comments: Comments,
        deferred: BTreeMap<u32, Diagnostic>,
    ) -> Self {
        Parser {
            text,
            source,
            tokens,
            partners,
            position: 0,
            previous_end: 0,
            lines: true,
            instances: true,
            depth: 0,
            height: 0,
            failed: false,
            comments,
            deferred,
            problems: Vec::new(),
            too_deep: false,
        }
    }

    /// The token `ahead` of the current one.
    pub fn token(&self, ahead: usize) -> Token {
        let end = offset(self.text.len());
        let token = self.tokens.get(self.position + ahead);
        token.copied().unwrap_or(Token {
            kind: TokenKind::End,
            first: true,
            reported: false,
            start: end,
            end,
        })
    }

    /// The kind of the current token.
    pub fn kind(&self) -> TokenKind {
        self.token(0).kind
    }

    /// The kind of the token `ahead` of the current one.
    pub fn kind_at(&self, ahead: usize) -> TokenKind {
        self.token(ahead).kind
    }

    /// The kind of the token before the current one.
    pub fn kind_before(&self) -> Option<TokenKind> {
        let before = self.position.checked_sub(1)?;
        self.tokens.get(before).map(|token| token.kind)
    }

    /// Whether the current token is of this kind.
    pub fn at(&self, kind: TokenKind) -> bool {
        self.kind() == kind
    }

    /// Whether the current token begins a new item: it is the first on its line, where that counts, and
    /// does not go on with the line before.
    pub fn at_new_line(&self) -> bool {
        let token = self.token(0);
        if !self.lines || !token.first {
            return false;
        }
        // `in = 3` is a field, whatever its name may mean elsewhere.
        let names = matches!(self.kind_at(1), TokenKind::Equal | TokenKind::Colon);
        !token.kind.continues_line() || (token.kind.is_word() && names)
    }

    /// Takes the current token where it is of this kind and does not begin a new item.
    pub fn eat_here(&mut self, kind: TokenKind) -> Option<Token> {
        (self.at(kind) && !self.at_new_line()).then(|| self.bump())
    }

    /// Whether the current token is of this kind and stands on the same line, where that counts.
    pub fn at_same_line(&self, kind: TokenKind) -> bool {
        let token = self.token(0);
        token.kind == kind && !(self.lines && token.first)
    }

    /// Whether a word follows the current token, on the same line where that counts.
    pub fn word_follows(&self) -> bool {
        let next = self.token(1);
        next.kind.is_word() && !(self.lines && next.first)
    }

    /// Takes the current token.
    pub fn bump(&mut self) -> Token {
        let token = self.token(0);
        if token.kind != TokenKind::End {
            self.position += 1;
            self.previous_end = token.end;
        }
        token
    }

    /// Takes the current token where it is of this kind.
    pub fn eat(&mut self, kind: TokenKind) -> Option<Token> {
        self.at(kind).then(|| self.bump())
    }

    /// Goes past a group, from its opening bracket to its closing one, or past one token.
    pub fn skip(&mut self) {
        let partner = self.partners.get(self.position).copied().unwrap_or(0) as usize;
        self.position = self.position.max(partner);
        self.bump();
    }

    /// The token that closes the group which the current one opens.
    pub fn partner(&self) -> Token {
        let partner = self.partners.get(self.position).copied().unwrap_or(0) as usize;
        self.token(partner.saturating_sub(self.position))
    }

    /// The kind of the token after the group or single token that is `ahead` of the current one.
    pub fn kind_after(&self, ahead: usize) -> TokenKind {
        let at = self.position + ahead;
        let partner = self.partners.get(at).copied().unwrap_or(0) as usize;
        self.kind_at(partner.max(at) - self.position + 1)
    }

    /// The text of this token.
    pub fn text_of(&self, token: Token) -> &'a str {
        let range = token.start as usize..token.end as usize;
        self.text.get(range).unwrap_or("")
    }

    /// The place of a token.
    pub fn span_of(&self, token: Token) -> Span {
        Span::new(self.source, token.start, token.end)
    }

    /// The place of the current token.
    pub fn here(&self) -> Span {
        self.span_of(self.token(0))
    }

    /// The place right after the last token.
    pub fn after(&self) -> Span {
        Span::new(self.source, self.previous_end, self.previous_end)
    }

    /// From `start` to the end of the last token.
    pub fn span_from(&self, start: u32) -> Span {
        Span::new(self.source, start, self.previous_end.max(start))
    }

    /// The first byte of the current token.
    pub fn start(&self) -> u32 {
        self.token(0).start
    }

    /// The `///` lines before the current token.
    pub fn docs(&mut self) -> Option<SmolStr> {
        let start = self.start();
        self.comments.docs(self.text, self.previous_end, start)
    }

    /// The name of a token that is a word.
    pub fn ident_of(&self, token: Token) -> Ident {
        Ident {
            name: SmolStr::new(self.text_of(token)),
            span: self.span_of(token),
        }
    }

    /// The `>` that closes `<`; a `>=` is one and a `=`.
    pub fn eat_greater(&mut self) -> bool {
        if self.at(TokenKind::GreaterEqual)
            && let Some(token) = self.tokens.get_mut(self.position)
        {
            token.kind = TokenKind::Equal;
            token.start += 1;
            token.first = false;
            self.previous_end = token.start;
            return true;
        }
        self.eat(TokenKind::Greater).is_some()
    }

    /// The current token, a word of another language, is read as this one.
    pub fn read_as(&mut self, kind: TokenKind) {
        if let Some(token) = self.tokens.get_mut(self.position) {
            token.kind = kind;
        }
    }

    /// Reports a problem, unless one was reported in this item, or with the current token.
    pub fn fail(&mut self, problem: Diagnostic) {
        let token = self.token(0);
        if !self.failed {
            if token.kind == TokenKind::Bad || token.reported {
                self.problems.extend(self.deferred.remove(&token.start));
            } else if token.kind != TokenKind::BadString {
                self.problems.push(problem);
            }
        }
        self.failed = true;
    }

    /// Reports a problem whatever was reported before; what is read goes on as if it were right.
    pub fn report(&mut self, problem: Diagnostic) {
        if !self.failed {
            self.problems.push(problem);
        }
    }

    /// What could not be read, from `start` to here.
    pub fn error_expr(&self, start: u32) -> Expr {
        Expr {
            kind: ExprKind::Error,
            span: self.span_from(start),
        }
    }

    /// Begins what stands between `if`, `for … in`, `match` or `where` and the `{` after it.
    pub fn enter_header(&mut self) -> Outside {
        let failed = self.failed;
        let outside = self.enter(true);
        self.failed = failed;
        self.instances = false;
        outside
    }

    /// Ends it; what was reported there belongs to the same item.
    pub fn leave_header(&mut self, outside: &Outside) {
        self.lines = outside.lines;
        self.instances = outside.instances;
    }

    /// Begins what stands between brackets: line breaks count in `{` and `[`, not in `(`.
    pub fn enter(&mut self, lines: bool) -> Outside {
        let outside = Outside {
            lines: self.lines,
            instances: self.instances,
            failed: self.failed,
        };
        self.lines = lines;
        self.instances = true;
        self.failed = false;
        outside
    }

    /// Ends what stands between brackets.
    pub fn leave(&mut self, outside: Outside) {
        self.lines = outside.lines;
        self.instances = outside.instances;
        self.failed = outside.failed;
    }

    /// Reads what makes a tree one higher, `None` where it would be too deep: then that is reported, once a
    /// file, and the brackets that begin here are skipped.
    pub fn nested<T>(&mut self, read: impl FnOnce(&mut Self) -> T) -> Option<T> {
        if self.depth >= MAX_DEPTH {
            self.report_too_deep();
            self.skip();
            return None;
        }
        self.depth += 1;
        let outer = std::mem::take(&mut self.height);
        let result = read(self);
        self.height = outer.max(self.height + 1);
        self.depth -= 1;
        Some(result)
    }

    /// Reads a chain, each of whose links makes the tree higher (see [`Parser::link`]).
    pub fn chain<T>(&mut self, read: impl FnOnce(&mut Self) -> T) -> T {
        let outer = std::mem::take(&mut self.height);
        let result = read(self);
        self.height = outer.max(self.height);
        result
    }

    /// One more link of a chain. False where the tree would become too high, which is reported.
    pub fn link(&mut self) -> bool {
        if self.height >= MAX_HEIGHT {
            self.report_too_deep();
            return false;
        }
        self.height += 1;
        true
    }

    fn report_too_deep(&mut self) {
        if !self.too_deep {
            self.too_deep = true;
            let problem = Diagnostic::error(
                &codes::TOO_DEEP,
                self.here(),
                "this is nested too deeply",
            )
            .label(format!("brackets and blocks stand at most {MAX_DEPTH} deep in each other, chains of operators have at most {MAX_HEIGHT} links"))
            .help("give the inner part a name with `let` or `fn`");
            self.problems.push(problem);
        }
        self.failed = true;
    }
}

/// A position as spans hold it.
pub(super) fn offset(position: usize) -> u32 {
    u32::try_from(position).unwrap_or(u32::MAX)
}
