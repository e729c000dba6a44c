//! Secrets, and parameters that are read while the pipeline runs.

use std::rc::Rc;

use crate::eval::builtins::{Call, Given, Table};
use crate::eval::data::{RuntimeSource, Secret, SecretStore};
use crate::eval::interpreter::Interpreter;
use crate::eval::value::{Kind, Value};

pub(super) const TABLE: Table = &[
    ("secret", |i, c| secret(i, c, SecretStore::Kubernetes)),
    ("secrets_manager", |i, c| {
        secret(i, c, SecretStore::SecretsManager)
    }),
    ("ssm_secure", |i, c| secret(i, c, SecretStore::SsmSecure)),
    ("ssm", |i, c| {
        let name = c.text(i, 0)?;
        Ok(i.leaf(RuntimeSource::Ssm(name.clone()), None, c.span))
    }),
];

fn secret<'a>(interpreter: &Interpreter<'a>, call: &Call<'_, 'a>, store: SecretStore) -> Given<'a> {
    let name = call.text(interpreter, 0)?.clone();
    let key = match call.value(1) {
        Ok(value) if !matches!(value.kind, Kind::Null) => Some(call.text(interpreter, 1)?.clone()),
        _ => None,
    };
    let secret = Rc::new(Secret { store, name, key });
    Ok(Value::new(Kind::Secret(secret), call.span))
}
