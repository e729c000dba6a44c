//! What commands do to the variables and names of their shell.

use crate::rules::shell::script::Call;
use crate::rules::shell::tree::Reader;

impl Reader {
    /// What a call does to the variables and names of its shell.
    pub(super) fn effects(&mut self, call: &Call) {
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
pub(super) fn names_in(expression: &str) -> impl Iterator<Item = String> {
    expression
        .split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
        .filter(|name| name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_'))
        .map(str::to_owned)
}
