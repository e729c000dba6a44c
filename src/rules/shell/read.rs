//! Reads shell text with `brush-parser` and flattens its tree into a [`Script`].

use std::ops::Range;

use brush_parser::ast::{
    self, AndOr, Assignment, AssignmentName, AssignmentValue, Command,
    CommandPrefixOrSuffixItem as Item, CompoundCommand, CompoundList, ExtendedTestExpr,
    IoFileRedirectKind, IoFileRedirectTarget, IoRedirect, SourceLocation,
};
use brush_parser::{Parser, ParserOptions, SourceSpan};

use crate::rules::shell::bash;
use crate::rules::shell::script::{Call, Place, Redirects, Script};
use crate::rules::shell::syntax::{self, SyntaxError};
use crate::rules::shell::words;

/// The longest text that is read, in bytes; a longer one is taken as it is.
const MAX_BYTES: usize = 128 * 1024;
/// How many brackets and keywords a text may have to be read on the caller's stack.
const SMALL: usize = 48;
/// How many it may have at all.
const MAX_OPENERS: usize = 4_000;
/// The stack for texts with many of them, in bytes; touched only as far as it is needed.
const STACK: usize = 256 * 1024 * 1024;
/// How deep substitutions are followed.
const MAX_DEPTH: usize = 24;

/// Reads a text. Text too long or too deeply nested to be a person's gives an empty, opaque script.
pub fn read(text: &str) -> Result<Script, SyntaxError> {
    let openers = openers(text);
    if text.len() > MAX_BYTES || openers > MAX_OPENERS {
        return Ok(opaque());
    }
    if openers <= SMALL {
        return read_here(text);
    }
    let owned = text.to_owned();
    std::thread::Builder::new()
        .stack_size(STACK)
        .spawn(move || read_here(&owned))
        .ok()
        .and_then(|thread| thread.join().ok())
        .unwrap_or_else(|| Ok(opaque()))
}

fn opaque() -> Script {
    Script {
        opaque: true,
        ..Script::default()
    }
}

/// Counts whatever can begin a nested construct, quoted or not.
fn openers(text: &str) -> usize {
    let brackets = text
        .bytes()
        .filter(|byte| matches!(byte, b'(' | b'{' | b'`' | b'!'))
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

/// The options of the parser: always all of bash, whose superset of POSIX tells what was meant.
pub fn options() -> ParserOptions {
    ParserOptions::default()
}

fn read_here(text: &str) -> Result<Script, SyntaxError> {
    let mut reader = Reader {
        script: Script::default(),
        pipelines: 0,
        shells: 0,
    };
    reader.text(text, &Origin::Offset(0), &Place::default())?;
    reader.script.calls.sort_by_key(|call| call.at.start);
    reader.script.reads.sort_by_key(|read| read.at.start);
    reader.script.bash.sort_by_key(|bash| bash.at.start);
    reader.script.bash.dedup();
    Ok(reader.script)
}

/// Where nested text stands in the whole.
#[derive(Clone, Debug)]
pub enum Origin {
    /// Its first byte; the others follow.
    Offset(usize),
    /// Somewhere in here: it was unescaped, so its bytes cannot be told apart.
    Within(Range<usize>),
}

impl Origin {
    /// The place of a range of the nested text.
    pub fn place(&self, range: Range<usize>) -> Range<usize> {
        match self {
            Origin::Offset(offset) => range.start + offset..range.end + offset,
            Origin::Within(whole) => whole.clone(),
        }
    }
}

/// Character positions of the parser as bytes of the text.
struct Bytes {
    starts: Option<Vec<usize>>,
    length: usize,
}

impl Bytes {
    fn new(text: &str) -> Self {
        let starts =
            (!text.is_ascii()).then(|| text.char_indices().map(|(byte, _)| byte).collect());
        Bytes {
            starts,
            length: text.len(),
        }
    }

    fn byte(&self, index: usize) -> usize {
        let byte = match &self.starts {
            None => index,
            Some(starts) => starts.get(index).copied().unwrap_or(self.length),
        };
        byte.min(self.length)
    }

    fn range(&self, span: &SourceSpan) -> Range<usize> {
        let start = self.byte(span.start.index);
        start..self.byte(span.end.index).max(start)
    }
}

/// One text: the outermost, or that of a substitution.
pub struct Text<'t> {
    text: &'t str,
    bytes: Bytes,
    origin: Origin,
}

impl Text<'_> {
    /// The place of a word in the whole, and whether its bytes are those of the file.
    pub fn word(&self, word: &ast::Word) -> (Range<usize>, bool) {
        let Some(span) = &word.loc else {
            return (self.origin.place(0..self.text.len()), false);
        };
        let range = self.bytes.range(span);
        let exact = self.text.get(range.clone()) == Some(word.value.as_str());
        (
            self.origin.place(range),
            exact && matches!(self.origin, Origin::Offset(_)),
        )
    }

    fn span(&self, span: Option<SourceSpan>) -> Range<usize> {
        let range = span.map_or(0..self.text.len(), |span| self.bytes.range(&span));
        self.origin.place(range)
    }

    fn raw(&self, span: Option<SourceSpan>) -> &str {
        span.and_then(|span| self.text.get(self.bytes.range(&span)))
            .unwrap_or("")
    }
}

/// Collects the script while the tree is walked.
pub struct Reader {
    /// What was found so far.
    pub script: Script,
    pipelines: usize,
    shells: usize,
}

impl Reader {
    /// Reads a text that stands somewhere in the whole.
    pub fn text(&mut self, text: &str, origin: &Origin, place: &Place) -> Result<(), SyntaxError> {
        if place.depth > MAX_DEPTH {
            self.script.opaque = true;
            return Ok(());
        }
        let program = Parser::new(text.as_bytes(), &options())
            .parse_program()
            .map_err(|error| syntax::explain(&error, text, origin))?;
        let text = Text {
            text,
            bytes: Bytes::new(text),
            origin: origin.clone(),
        };
        bash::tokens(text.text, origin, &mut self.script.bash);
        for list in &program.complete_commands {
            self.list(list, &text, place)?;
        }
        Ok(())
    }

    fn list(
        &mut self,
        list: &CompoundList,
        text: &Text<'_>,
        place: &Place,
    ) -> Result<(), SyntaxError> {
        for ast::CompoundListItem(and_or, separator) in &list.0 {
            let background = matches!(separator, ast::SeparatorOperator::Async);
            let rescues: Vec<Option<String>> = and_or
                .additional
                .iter()
                .map(|next| match next {
                    AndOr::Or(pipeline) => Some(text.raw(pipeline.location()).trim().to_owned()),
                    AndOr::And(_) => None,
                })
                .collect();
            let pipelines = std::iter::once(&and_or.first).chain(and_or.additional.iter().map(
                |next| match next {
                    AndOr::And(pipeline) | AndOr::Or(pipeline) => pipeline,
                },
            ));
            for (index, pipeline) in pipelines.enumerate() {
                let rescue = rescues.iter().skip(index).flatten().next().cloned();
                let inner = Place {
                    rescue: rescue.or_else(|| place.rescue.clone()),
                    shells: self.shells(place, background),
                    ..place.clone()
                };
                self.pipeline(pipeline, text, &inner)?;
            }
        }
        Ok(())
    }

    /// The subshells of a place, with one more where it runs in a new one.
    fn shells(&mut self, place: &Place, new: bool) -> Vec<usize> {
        let mut shells = place.shells.clone();
        if new {
            self.shells += 1;
            shells.push(self.shells);
        }
        shells
    }

    /// The place of the commands in a substitution.
    pub fn substitution(&mut self, place: &Place) -> Place {
        Place {
            depth: place.depth + 1,
            substitution: true,
            shells: self.shells(place, true),
            index: 0,
            length: 1,
            ..place.clone()
        }
    }

    fn pipeline(
        &mut self,
        pipeline: &ast::Pipeline,
        text: &Text<'_>,
        place: &Place,
    ) -> Result<(), SyntaxError> {
        self.pipelines += 1;
        let number = self.pipelines;
        let length = pipeline.seq.len();
        for (index, command) in pipeline.seq.iter().enumerate() {
            let inner = Place {
                index,
                length,
                fed: place.fed || index > 0,
                pipeline: number,
                condition: place.condition || pipeline.bang,
                shells: self.shells(place, length > 1),
                ..place.clone()
            };
            self.command(command, text, &inner)?;
        }
        Ok(())
    }

    fn command(
        &mut self,
        command: &Command,
        text: &Text<'_>,
        place: &Place,
    ) -> Result<(), SyntaxError> {
        match command {
            Command::Simple(simple) => self.simple(simple, text, place),
            Command::Compound(compound, redirects) => {
                let fed = self.redirects(redirects.as_ref(), text, place)? || place.fed;
                self.compound(
                    compound,
                    text,
                    &Place {
                        fed,
                        ..place.clone()
                    },
                )
            }
            Command::Function(function) => {
                self.script.functions.push(function.fname.value.clone());
                let at = text.span(function.fname.loc.clone());
                bash::function(text.text, function, at, &mut self.script.bash);
                let ast::FunctionBody(body, redirects) = &function.body;
                self.redirects(redirects.as_ref(), text, place)?;
                let inner = Place {
                    depth: place.depth + 1,
                    rescue: None,
                    ..place.clone()
                };
                self.compound(body, text, &inner)
            }
            Command::ExtendedTest(test, redirects) => {
                bash::extended_test(text.span(Some(test.loc.clone())), &mut self.script.bash);
                self.test(&test.expr, text, place)?;
                self.redirects(redirects.as_ref(), text, place)?;
                Ok(())
            }
        }
    }

    fn test(
        &mut self,
        test: &ExtendedTestExpr,
        text: &Text<'_>,
        place: &Place,
    ) -> Result<(), SyntaxError> {
        let mut todo = vec![test];
        while let Some(test) = todo.pop() {
            match test {
                ExtendedTestExpr::And(left, right) | ExtendedTestExpr::Or(left, right) => {
                    todo.extend([right.as_ref(), left.as_ref()]);
                }
                ExtendedTestExpr::Not(inner) | ExtendedTestExpr::Parenthesized(inner) => {
                    todo.push(inner)
                }
                ExtendedTestExpr::UnaryTest(_, operand) => {
                    words::read(self, operand, text, place)?;
                }
                ExtendedTestExpr::BinaryTest(_, left, right) => {
                    words::read(self, left, text, place)?;
                    words::read(self, right, text, place)?;
                }
            }
        }
        Ok(())
    }

    fn compound(
        &mut self,
        compound: &CompoundCommand,
        text: &Text<'_>,
        place: &Place,
    ) -> Result<(), SyntaxError> {
        if place.depth > MAX_DEPTH {
            self.script.opaque = true;
            return Ok(());
        }
        let inner = Place {
            depth: place.depth + 1,
            index: 0,
            length: 1,
            ..place.clone()
        };
        let condition = Place {
            condition: true,
            ..inner.clone()
        };
        match compound {
            CompoundCommand::Arithmetic(arithmetic) => {
                bash::arithmetic(
                    text.span(Some(arithmetic.loc.clone())),
                    &mut self.script.bash,
                );
                self.script
                    .assigned
                    .extend(names_in(&arithmetic.expr.value));
                Ok(())
            }
            CompoundCommand::ArithmeticForClause(clause) => {
                bash::arithmetic(text.span(Some(clause.loc.clone())), &mut self.script.bash);
                for part in [&clause.initializer, &clause.condition, &clause.updater]
                    .into_iter()
                    .flatten()
                {
                    self.script.assigned.extend(names_in(&part.value));
                }
                self.list(&clause.body.list, text, &inner)
            }
            CompoundCommand::BraceGroup(group) => self.list(&group.list, text, &inner),
            CompoundCommand::Subshell(shell) => {
                let shells = self.shells(place, true);
                self.list(&shell.list, text, &Place { shells, ..inner })
            }
            CompoundCommand::ForClause(clause) => {
                self.script.assigned.push(clause.variable_name.clone());
                for value in clause.values.iter().flatten() {
                    let read = words::read(self, value, text, place)?;
                    bash::braces(&read, &mut self.script.bash);
                }
                self.list(&clause.body.list, text, &inner)
            }
            CompoundCommand::CaseClause(clause) => {
                words::read(self, &clause.value, text, place)?;
                for case in &clause.cases {
                    if let Some(list) = &case.cmd {
                        self.list(list, text, &inner)?;
                    }
                }
                Ok(())
            }
            CompoundCommand::IfClause(clause) => {
                self.list(&clause.condition, text, &condition)?;
                self.list(&clause.then, text, &inner)?;
                for part in clause.elses.iter().flatten() {
                    if let Some(list) = &part.condition {
                        self.list(list, text, &condition)?;
                    }
                    self.list(&part.body, text, &inner)?;
                }
                Ok(())
            }
            CompoundCommand::WhileClause(clause) | CompoundCommand::UntilClause(clause) => {
                self.list(&clause.0, text, &condition)?;
                self.list(&clause.1.list, text, &inner)
            }
            CompoundCommand::Coprocess(process) => self.command(&process.body, text, &inner),
        }
    }

    fn simple(
        &mut self,
        simple: &ast::SimpleCommand,
        text: &Text<'_>,
        place: &Place,
    ) -> Result<(), SyntaxError> {
        let mut call = Call {
            words: Vec::new(),
            assigns: Vec::new(),
            redirects: Redirects::default(),
            at: text.span(simple.location()),
            place: place.clone(),
        };
        for item in simple.prefix.iter().flat_map(|prefix| &prefix.0) {
            self.item(item, &mut call, text, place)?;
        }
        if let Some(name) = &simple.word_or_name {
            let word = words::read(self, name, text, place)?;
            call.words.push(word);
        }
        for item in simple.suffix.iter().flat_map(|suffix| &suffix.0) {
            self.item(item, &mut call, text, place)?;
        }
        if let Some(first) = call.words.first() {
            call.at.start = call.at.start.min(first.at.start);
        }
        bash::call(&call, &mut self.script.bash);
        self.effects(&call);
        self.script.calls.push(call);
        Ok(())
    }

    fn item(
        &mut self,
        item: &Item,
        call: &mut Call,
        text: &Text<'_>,
        place: &Place,
    ) -> Result<(), SyntaxError> {
        match item {
            Item::IoRedirect(redirect) => {
                let redirects = self.redirect(redirect, text, place)?;
                call.redirects.input |= redirects.input;
                call.redirects.output |= redirects.output;
                Ok(())
            }
            Item::Word(word) => {
                let word = words::read(self, word, text, place)?;
                call.words.push(word);
                Ok(())
            }
            Item::AssignmentWord(assignment, word) => {
                let name = self.assignment(assignment, word, text, place)?;
                if call.words.is_empty() {
                    self.script.assigned.push(name.clone());
                    call.assigns.push(name);
                } else {
                    // An argument that looks like an assignment: `export A=1`, `env A=1 x`, `--set a=b`.
                    let read = words::read(self, word, text, place)?;
                    call.words.push(read);
                }
                Ok(())
            }
            Item::ProcessSubstitution(_, shell) => {
                bash::process_substitution(
                    text.span(Some(shell.loc.clone())),
                    &mut self.script.bash,
                );
                let inner = self.substitution(place);
                self.list(&shell.list, text, &inner)
            }
        }
    }

    fn assignment(
        &mut self,
        assignment: &Assignment,
        word: &ast::Word,
        text: &Text<'_>,
        place: &Place,
    ) -> Result<String, SyntaxError> {
        let name = match &assignment.name {
            AssignmentName::VariableName(name) | AssignmentName::ArrayElementName(name, _) => {
                name.clone()
            }
        };
        let (at, _) = text.word(word);
        match &assignment.value {
            AssignmentValue::Scalar(_) => {
                words::read(self, word, text, place)?;
                if matches!(assignment.name, AssignmentName::ArrayElementName(..)) {
                    bash::array(at, &mut self.script.bash);
                }
            }
            AssignmentValue::Array(elements) => {
                bash::array(at, &mut self.script.bash);
                for (_, element) in elements {
                    words::read(self, element, text, place)?;
                }
            }
        }
        Ok(name)
    }

    /// Reads redirects; whether the input comes from one of them.
    fn redirects(
        &mut self,
        redirects: Option<&ast::RedirectList>,
        text: &Text<'_>,
        place: &Place,
    ) -> Result<bool, SyntaxError> {
        let mut fed = false;
        for redirect in redirects.iter().flat_map(|list| &list.0) {
            fed |= self.redirect(redirect, text, place)?.input;
        }
        Ok(fed)
    }

    fn redirect(
        &mut self,
        redirect: &IoRedirect,
        text: &Text<'_>,
        place: &Place,
    ) -> Result<Redirects, SyntaxError> {
        let input = Redirects {
            input: true,
            output: false,
        };
        let output = Redirects {
            input: false,
            output: true,
        };
        match redirect {
            IoRedirect::File(descriptor, kind, target) => {
                match target {
                    IoFileRedirectTarget::Filename(word)
                    | IoFileRedirectTarget::Duplicate(word) => {
                        words::read(self, word, text, place)?;
                    }
                    IoFileRedirectTarget::Fd(_) => {}
                    IoFileRedirectTarget::ProcessSubstitution(_, shell) => {
                        bash::process_substitution(
                            text.span(Some(shell.loc.clone())),
                            &mut self.script.bash,
                        );
                        let inner = self.substitution(place);
                        self.list(&shell.list, text, &inner)?;
                    }
                }
                Ok(match kind {
                    IoFileRedirectKind::Read | IoFileRedirectKind::DuplicateInput => input,
                    IoFileRedirectKind::ReadAndWrite => input,
                    _ if descriptor.is_none_or(|descriptor| descriptor == 1) => output,
                    _ => Redirects::default(),
                })
            }
            IoRedirect::HereDocument(_, document) => {
                if document.requires_expansion {
                    words::here_document(self, &document.doc, text, place)?;
                }
                Ok(input)
            }
            IoRedirect::HereString(_, word) => {
                let (at, _) = text.word(word);
                bash::here_string(at, &mut self.script.bash);
                words::read(self, word, text, place)?;
                Ok(input)
            }
            IoRedirect::OutputAndError(word, _) => {
                words::read(self, word, text, place)?;
                Ok(output)
            }
        }
    }

    /// What a call does to the variables and names of its shell.
    fn effects(&mut self, call: &Call) {
        let arguments = || {
            call.arguments()
                .iter()
                .filter(|word| !word.raw.starts_with('-'))
        };
        match call.name() {
            "read" | "readarray" | "mapfile" | "getopts" | "unset" => {
                self.script
                    .assigned
                    .extend(arguments().map(|word| word.known().to_owned()));
                if call
                    .arguments()
                    .iter()
                    .all(|word| word.raw.starts_with('-'))
                {
                    self.script.assigned.push("REPLY".to_owned());
                }
            }
            "export" | "local" | "readonly" | "declare" | "typeset" => {
                self.script.assigned.extend(arguments().filter_map(|word| {
                    let (name, _) = word.prefix.split_once('=')?;
                    Some(name.to_owned())
                }));
            }
            "printf" => {
                self.script
                    .assigned
                    .extend(call.value_of("-v").map(|word| word.known().to_owned()));
            }
            "let" => {
                for word in call.arguments() {
                    self.script.assigned.extend(names_in(word.known()));
                }
            }
            "eval" | "source" | "." => self.script.opaque = true,
            "command"
                if matches!(
                    call.arguments().first().map(|word| word.known()),
                    Some("-v" | "-V")
                ) =>
            {
                self.script.probed.extend(
                    call.arguments()
                        .iter()
                        .skip(1)
                        .map(|word| word.known().to_owned()),
                );
            }
            "which" | "type" | "hash" => {
                self.script
                    .probed
                    .extend(arguments().map(|word| word.known().to_owned()));
            }
            _ => {}
        }
    }
}

/// The names in an arithmetic expression, each of which it may set.
fn names_in(expression: &str) -> impl Iterator<Item = String> {
    expression
        .split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
        .filter(|name| name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_'))
        .map(str::to_owned)
}
