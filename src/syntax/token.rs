//! What a text is made of before it has structure.

/// The kinds of tokens. Comments and blanks are none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TokenKind {
    /// An identifier that is not reserved.
    Word,
    Use,
    Let,
    Fn,
    Type,
    Schema,
    Block,
    Policy,
    Pipeline,
    For,
    In,
    If,
    Else,
    Match,
    With,
    Assert,
    Where,
    True,
    False,
    Null,
    As,
    /// Everything that begins with a digit and has letters, digits, `_` and `.`: `1h30m`, `0.5`.
    Number,
    /// A whole string literal of any form, without interpolation.
    String,
    /// A string literal about which a problem was reported.
    BadString,
    /// The opening quotes of a string with interpolation.
    StringStart,
    /// Text of such a string, as written.
    StringText,
    /// `#{`
    InterpolationStart,
    /// The `}` of a `#{`
    InterpolationEnd,
    /// The closing quotes of a string with interpolation.
    StringEnd,
    OpenParen,
    CloseParen,
    OpenBracket,
    CloseBracket,
    OpenBrace,
    CloseBrace,
    Comma,
    Semicolon,
    Colon,
    Dot,
    DotDot,
    Question,
    QuestionDot,
    Coalesce,
    Equal,
    EqualEqual,
    Bang,
    BangEqual,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
    Plus,
    Minus,
    Star,
    Slash,
    Percent,
    AndAnd,
    OrOr,
    Pipe,
    Arrow,
    FatArrow,
    /// Something that is no token of the language. What is wrong with it is kept by the lexer, and
    /// reported where the parser meets it with nothing else wrong there.
    Bad,
    /// The end of the file.
    End,
}

/// One token: what and where.
#[derive(Clone, Copy, Debug)]
pub(super) struct Token {
    /// What.
    pub kind: TokenKind,
    /// Whether it is the first on its line.
    pub first: bool,
    /// Whether a problem with it has been reported: it was put in for what is missing, or it is one
    /// that should not be there.
    pub reported: bool,
    /// The first byte.
    pub start: u32,
    /// The byte after the last.
    pub end: u32,
}

impl TokenKind {
    /// The kind of a word: reserved or not.
    pub fn of_word(word: &str) -> TokenKind {
        match word {
            "use" => TokenKind::Use,
            "let" => TokenKind::Let,
            "fn" => TokenKind::Fn,
            "type" => TokenKind::Type,
            "schema" => TokenKind::Schema,
            "block" => TokenKind::Block,
            "policy" => TokenKind::Policy,
            "pipeline" => TokenKind::Pipeline,
            "for" => TokenKind::For,
            "in" => TokenKind::In,
            "if" => TokenKind::If,
            "else" => TokenKind::Else,
            "match" => TokenKind::Match,
            "with" => TokenKind::With,
            "assert" => TokenKind::Assert,
            "where" => TokenKind::Where,
            "true" => TokenKind::True,
            "false" => TokenKind::False,
            "null" => TokenKind::Null,
            "as" => TokenKind::As,
            _ => TokenKind::Word,
        }
    }

    /// Whether it is a reserved word.
    pub fn is_reserved(self) -> bool {
        self.is_word() && self != TokenKind::Word
    }

    /// Whether it is written as a word, reserved or not.
    pub fn is_word(self) -> bool {
        (TokenKind::Word as u8..=TokenKind::As as u8).contains(&(self as u8))
    }

    /// Whether it begins a string literal.
    pub fn is_string(self) -> bool {
        matches!(
            self,
            TokenKind::String | TokenKind::BadString | TokenKind::StringStart
        )
    }

    /// Whether a line that begins with it goes on with the line before: no item begins so.
    pub fn continues_line(self) -> bool {
        matches!(
            self,
            TokenKind::Dot
                | TokenKind::QuestionDot
                | TokenKind::Plus
                | TokenKind::Star
                | TokenKind::Slash
                | TokenKind::Percent
                | TokenKind::EqualEqual
                | TokenKind::BangEqual
                | TokenKind::Less
                | TokenKind::LessEqual
                | TokenKind::Greater
                | TokenKind::GreaterEqual
                | TokenKind::AndAnd
                | TokenKind::OrOr
                | TokenKind::Coalesce
                | TokenKind::In
                | TokenKind::With
                | TokenKind::As
                | TokenKind::Where
                | TokenKind::Else
                | TokenKind::Pipe
                | TokenKind::Equal
                | TokenKind::Colon
                | TokenKind::Arrow
                | TokenKind::FatArrow
        )
    }

    /// What closes it, where it opens something.
    pub fn closer(self) -> Option<TokenKind> {
        match self {
            TokenKind::OpenParen => Some(TokenKind::CloseParen),
            TokenKind::OpenBracket => Some(TokenKind::CloseBracket),
            TokenKind::OpenBrace => Some(TokenKind::CloseBrace),
            TokenKind::InterpolationStart => Some(TokenKind::InterpolationEnd),
            TokenKind::StringStart => Some(TokenKind::StringEnd),
            _ => None,
        }
    }

    /// Whether it closes something.
    pub fn is_closer(self) -> bool {
        matches!(
            self,
            TokenKind::CloseParen
                | TokenKind::CloseBracket
                | TokenKind::CloseBrace
                | TokenKind::InterpolationEnd
                | TokenKind::StringEnd
        )
    }

    /// How a closing token is written.
    pub fn closing_text(self) -> &'static str {
        match self {
            TokenKind::CloseParen => ")",
            TokenKind::CloseBracket => "]",
            TokenKind::StringEnd => "\"",
            _ => "}",
        }
    }
}
