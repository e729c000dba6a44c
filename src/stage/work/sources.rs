//! What the pipeline's file says of the checkout: history, submodules, files of Git LFS, further repositories.
//!
//! It stands in the commit itself. So the commit alone is checked out first, and the rest once its file can be read.

use std::fs;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use crate::diagnostics::Diagnostic;
use crate::diagnostics::codes::run as codes;
use crate::model::Checkout;
use crate::stage::checkout::{self, Credentials, Git, Remote, Revision, Wanted};
use crate::stage::record::Engine;
use crate::stage::work::Context;

/// Adds what is wanted beyond the commit's own tree. `wanted` is what has been checked out.
pub fn add(
    context: &Context,
    git: &Git,
    wanted: Wanted<'_>,
    credentials: Credentials,
) -> Result<(), Diagnostic> {
    // What is wrong with the pipeline is the stage's own to say.
    let Ok(commit) = context.commit(&[]) else {
        return Ok(());
    };
    let settings = &commit.pipeline.checkout;
    let wanted = Wanted {
        depth: settings.depth.value,
        submodules: settings.submodules,
        lfs: settings.lfs,
        ..wanted
    };
    let needs_more = wanted.depth != 1 || wanted.submodules || wanted.lfs;
    if !needs_more && settings.others.is_empty() {
        return Ok(());
    }
    let token = Token::of(context, settings)?;
    let credentials = match &token {
        Some(token) => token.credentials()?,
        None => credentials,
    };
    let into = context.folders.source();
    if needs_more {
        checkout::complete(git, &wanted, &credentials, &into)?;
    }
    for source in &settings.others {
        let name = &source.name.value;
        let remote = Remote::parse(&context.run.address_of(&source.repository.value))?;
        let wanted = Wanted {
            remote: &remote,
            revision: Revision::Name(&source.reference.value),
            depth: 1,
            submodules: false,
            lfs: false,
            partial: false,
        };
        let sha = checkout::checkout(git, &wanted, &credentials, &into.join(name))
            .map_err(|problem| problem.at(source.name.span))?;
        hide(&into, name).map_err(|error| unwritten(&into, &error))?;
        let sha: String = sha.chars().take(7).collect();
        context.log.line(&format!(
            "checked out {} at {sha} as {name}",
            source.repository.value
        ));
    }
    Ok(())
}

/// Keeps Git from showing a folder as something new in the tree.
fn hide(tree: &Path, name: &str) -> std::io::Result<()> {
    let info = tree.join(".git/info");
    fs::create_dir_all(&info)?;
    let mut exclude = fs::File::options();
    let mut exclude = exclude
        .create(true)
        .append(true)
        .open(info.join("exclude"))?;
    writeln!(exclude, "/{name}/")
}

/// The token of `credentials`, which on one machine is a variable: a file for as long as the checkout takes.
struct Token {
    folder: tempfile::TempDir,
}

impl Token {
    fn of(context: &Context, settings: &Checkout) -> Result<Option<Token>, Diagnostic> {
        let secret = settings.credentials.as_ref();
        let Some(secret) = secret.filter(|_| context.run.engine == Engine::Local) else {
            return Ok(None);
        };
        // Public repositories need none, and a private one says so itself.
        let Ok(text) = context.secret(secret, None) else {
            return Ok(None);
        };
        let _ = context.log.hide(&text);
        let written = || {
            let folder = tempfile::Builder::new()
                .prefix("token-")
                .tempdir_in(context.folders.tmp())?;
            let mut file = fs::File::options();
            let mut file = file
                .create_new(true)
                .write(true)
                .mode(0o600)
                .open(folder.path().join("value"))?;
            file.write_all(text.as_bytes())?;
            Ok(folder)
        };
        let folder = written().map_err(|error| unwritten(&context.folders.tmp(), &error))?;
        Ok(Some(Token { folder }))
    }

    fn credentials(&self) -> Result<Credentials, Diagnostic> {
        Credentials::read(self.folder.path())
    }
}

fn unwritten(path: &Path, error: &std::io::Error) -> Diagnostic {
    let message = format!("`{}` cannot be written", path.display());
    Diagnostic::without_place(&codes::MALFORMED, message).note(error.to_string())
}
