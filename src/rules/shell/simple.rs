//! Walks the parser's tree: simple commands, their words, assignments and redirects.

use brush_parser::ast::{
    self, Assignment, AssignmentName, AssignmentValue, CommandPrefixOrSuffixItem as Item,
    IoFileRedirectKind, IoFileRedirectTarget, IoRedirect, SourceLocation,
};

use crate::rules::shell::bash;
use crate::rules::shell::script::{Call, Place, Redirects};
use crate::rules::shell::syntax::SyntaxError;
use crate::rules::shell::text::Text;
use crate::rules::shell::tree::Reader;
use crate::rules::shell::words;

impl Reader {
    pub(super) fn simple(
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

    pub(super) fn item(
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
                    if assignment.append {
                        let (at, _) = text.word(word);
                        bash::appending(at, &mut self.script.bash);
                    }
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

    pub(super) fn assignment(
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
    pub(super) fn redirects(
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

    pub(super) fn redirect(
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
            // Taken out before the text is parsed.
            IoRedirect::HereDocument(..) => Ok(input),
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
}
