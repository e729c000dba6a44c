//! Shell text: read with a shell's own grammar, then looked at by rules.

mod bash;
mod documents;
mod effects;
mod guard;
mod pairs;
mod read;
mod script;
mod simple;
mod substitution;
mod syntax;
mod text;
mod tools;
mod tree;
mod words;

pub use bash::VARIABLES as BASH_VARIABLES;
pub use read::read;
pub use script::{Bash, Call, Place, Read, Redirects, Script, Word};
pub use syntax::SyntaxError;
pub use tools::tools;

#[cfg(test)]
mod tests;
