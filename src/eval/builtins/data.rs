//! Data: JSON, hashes, files of the project.

use base64::Engine as _;
use sha2::{Digest as _, Sha256};

use crate::eval::builtins::{Call, Given, Table};
use crate::eval::files::Format;
use crate::eval::interpreter::Interpreter;
use crate::eval::json;

pub(super) const TABLE: Table = &[
    ("json", |i, c| {
        let mut text = String::new();
        json::write_value(i, c.value(0)?, c.span, &mut text)?;
        i.text(text, c.span)
    }),
    ("sha256", sha256),
    ("base64", |i, c| {
        let text = c.text(i, 0)?;
        i.charge(text.len() / 8, c.span)?;
        let engine = base64::engine::general_purpose::STANDARD;
        i.text(engine.encode(text.as_bytes()), c.span)
    }),
    ("read_text", |i, c| read(i, c, Format::Text)),
    ("read_json", |i, c| read(i, c, Format::Json)),
    ("read_yaml", |i, c| read(i, c, Format::Yaml)),
];

fn sha256<'a>(interpreter: &Interpreter<'a>, call: &Call<'_, 'a>) -> Given<'a> {
    let text = call.text(interpreter, 0)?;
    interpreter.charge(text.len() / 8, call.span)?;
    let hash = Sha256::digest(text.as_bytes());
    let digits: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
    interpreter.text(digits, call.span)
}

fn read<'a>(interpreter: &Interpreter<'a>, call: &Call<'_, 'a>, format: Format) -> Given<'a> {
    let path = call.text(interpreter, 0)?;
    let place = interpreter.argument_span(call, 0);
    interpreter.read_file(path, format, place, call.span, call.scope)
}
