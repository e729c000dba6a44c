//! Walks the parser's tree: lists, pipelines, compound commands.

use brush_parser::Parser;
use brush_parser::ast::{
    self, AndOr, Command, CompoundCommand, CompoundList, ExtendedTestExpr, SourceLocation,
};

use crate::rules::shell::bash;
use crate::rules::shell::documents;
use crate::rules::shell::effects::names_in;
use crate::rules::shell::read::options;
use crate::rules::shell::script::{Place, Script};
use crate::rules::shell::syntax::{self, SyntaxError};
use crate::rules::shell::text::{Origin, Text};
use crate::rules::shell::words;

/// How deep substitutions are followed.
const MAX_DEPTH: usize = 24;

/// Collects the script while the tree is walked.
#[derive(Default)]
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
        let Some(stripped) = documents::strip(text).map_err(|error| SyntaxError {
            at: origin.place(error.at.clone()),
            ..error
        })?
        else {
            self.script.opaque = true;
            return Ok(());
        };
        for document in stripped
            .documents
            .iter()
            .filter(|document| document.expands)
        {
            words::here_document(self, text, &document.body, origin, place)?;
        }
        let text = stripped.text.as_str();
        let program = Parser::new(text.as_bytes(), &options())
            .parse_program()
            .map_err(|error| syntax::explain(&error, text, origin))?;
        let text = Text::new(text, origin.clone());
        bash::tokens(text.text, origin, &mut self.script.bash);
        for list in &program.complete_commands {
            self.list(list, &text, place)?;
        }
        Ok(())
    }

    pub(super) fn list(
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
    pub(super) fn shells(&mut self, place: &Place, new: bool) -> Vec<usize> {
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

    pub(super) fn pipeline(
        &mut self,
        pipeline: &ast::Pipeline,
        text: &Text<'_>,
        place: &Place,
    ) -> Result<(), SyntaxError> {
        self.pipelines += 1;
        let number = self.pipelines;
        let length = pipeline.seq.len();
        if length == 0 && pipeline.bang {
            return Err(SyntaxError {
                at: text.span(pipeline.location()),
                message: "no command follows `!`".to_owned(),
                label: "negates nothing".to_owned(),
                help: None,
            });
        }
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

    pub(super) fn command(
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

    pub(super) fn test(
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

    pub(super) fn compound(
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
}
