//! What a directory tells about the project in it.

use std::fs;
use std::path::{Path, PathBuf};

use regex::Regex;
use serde_json::Value;

use crate::project::disk;

/// `owner/name` of the repository at GitHub, from the remote called `origin`.
pub fn repository(root: &Path) -> Option<String> {
    let config = fs::read_to_string(git_directory(root)?.join("config")).ok()?;
    let mut in_origin = false;
    for line in config.lines().map(str::trim) {
        if line.starts_with('[') {
            in_origin = line == "[remote \"origin\"]";
        } else if in_origin
            && let Some((key, url)) = line.split_once('=')
            && key.trim() == "url"
        {
            return owner_and_name(url.trim());
        }
    }
    None
}

/// `acme/shop` of `git@github.com:acme/shop.git` and its like.
fn owner_and_name(url: &str) -> Option<String> {
    let url = url.trim_end_matches('/');
    let url = url.strip_suffix(".git").unwrap_or(url);
    let mut parts = url.rsplit(['/', ':']);
    let (name, owner) = (parts.next()?, parts.next()?);
    let is_word = |text: &str| {
        let fine = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        !text.is_empty() && text.chars().all(fine)
    };
    parts.next()?;
    (is_word(owner) && is_word(name)).then(|| format!("{owner}/{name}"))
}

/// The default branch of `origin`, else the branch that is checked out.
pub fn branch(root: &Path) -> Option<String> {
    let git = git_directory(root)?;
    let read = |path: &str, prefix: &str| {
        let text = fs::read_to_string(git.join(path)).ok()?;
        let branch = text.trim().strip_prefix(prefix)?;
        Some(branch.to_owned())
    };
    read("refs/remotes/origin/HEAD", "ref: refs/remotes/origin/")
        .or_else(|| read("HEAD", "ref: refs/heads/"))
}

/// `.git`, also where it is a file that says where it is (a worktree, a submodule).
fn git_directory(root: &Path) -> Option<PathBuf> {
    let git = root.join(".git");
    if git.is_dir() {
        return Some(git);
    }
    let text = fs::read_to_string(&git).ok()?;
    let own = root.join(text.trim().strip_prefix("gitdir: ")?);
    match fs::read_to_string(own.join("commondir")) {
        Ok(common) => Some(own.join(common.trim())),
        Err(_) => Some(own),
    }
}

/// A name as Kubernetes accepts it, made of another. `None` where fewer than two characters are left because others had to go.
pub fn dns_label(text: &str) -> Option<String> {
    let replace = |c: char| match c.is_ascii_alphanumeric() {
        true => c.to_ascii_lowercase(),
        false => '-',
    };
    let label: String = text.chars().map(replace).collect();
    let parts: Vec<&str> = label.split('-').filter(|part| !part.is_empty()).collect();
    let label: String = parts.join("-").chars().take(40).collect();
    let label = label
        .trim_start_matches(|c: char| !c.is_ascii_alphabetic())
        .trim_end_matches('-');
    let is_cut = text.chars().any(|c| c.is_alphanumeric() && !c.is_ascii());
    let least = if is_cut { 2 } else { 1 };
    (label.len() >= least).then(|| label.to_owned())
}

/// The directory below `root` that `cdk.json` is in, with `/`; the highest, then the first.
pub fn app(root: &Path) -> Option<String> {
    let mut found: Vec<String> = disk::walk(root)
        .filter(|path| path.file_name().is_some_and(|name| name == "cdk.json"))
        .filter_map(|path| {
            let inside = path.parent()?.strip_prefix(root).ok()?;
            let parts: Option<Vec<&str>> = inside.iter().map(|part| part.to_str()).collect();
            Some(parts?.join("/"))
        })
        .filter(|dir| {
            !dir.split('/')
                .any(|part| part == "node_modules" || part == "cdk.out")
        })
        .collect();
    found.sort_by_key(|dir| (dir.matches('/').count(), dir.clone()));
    let dir = found.into_iter().next()?;
    Some(match dir.as_str() {
        "" => ".".to_owned(),
        _ => dir,
    })
}

/// The first stack that the app's source makes: `new ShopStack(app, "Shop", …)`.
pub fn stack(app: &Path) -> Option<String> {
    let made = Regex::new(r#"Stack\(\s*\w+\s*,\s*["'`]([A-Za-z][A-Za-z0-9-]*)["'`]"#).ok()?;
    let is_source = |path: &PathBuf| {
        let extension = path.extension().and_then(|extension| extension.to_str());
        extension.is_some_and(|extension| ["ts", "js", "mjs", "py"].contains(&extension))
    };
    let mut sources: Vec<PathBuf> = disk::walk(app).filter(is_source).take(500).collect();
    sources.retain(|path| {
        !path
            .iter()
            .any(|part| part == "node_modules" || part == "cdk.out")
    });
    sources.sort();
    sources.into_iter().find_map(|path| {
        let bytes = disk::read_bytes(&path, 1 << 20).ok()?;
        let text = disk::text(&bytes).ok()?;
        let found = made.captures(&text)?.get(1)?;
        Some(found.as_str().to_owned())
    })
}

/// What builds the project at `root`, and what tests it.
pub fn commands(root: &Path) -> (Vec<String>, Vec<String>) {
    let has = |name: &str| root.join(name).is_file();
    let own = |commands: &[&str]| {
        commands
            .iter()
            .map(|command| (*command).to_owned())
            .collect()
    };
    if has("package.json") {
        return node(root);
    }
    let known: &[(&str, &[&str], &[&str])] = &[
        ("Cargo.toml", &["cargo build --release"], &["cargo test"]),
        ("go.mod", &["go build ./..."], &["go test ./..."]),
        ("pom.xml", &["mvn --batch-mode package"], &[]),
        ("gradlew", &["./gradlew build"], &[]),
        (
            "requirements.txt",
            &["pip install -r requirements.txt"],
            &[],
        ),
    ];
    known
        .iter()
        .find(|(file, ..)| has(file))
        .map_or_else(Default::default, |(_, build, test)| (own(build), own(test)))
}

/// What makes the CDK app in `app` ready for a synth, in a project at `root`.
pub fn setup(root: &Path, app: &Path) -> Vec<String> {
    let inside = |directory: &&Path| directory.starts_with(root);
    for directory in app.ancestors().take_while(inside) {
        if directory.join("package.json").is_file() {
            return vec![install(directory).0.to_owned()];
        }
    }
    match app.join("requirements.txt").is_file() {
        true => vec!["pip install -r requirements.txt".to_owned()],
        false => Vec::new(),
    }
}

/// The command that installs what a `package.json` asks for, and the package manager.
fn install(directory: &Path) -> (&'static str, &'static str) {
    let has = |name: &str| directory.join(name).is_file();
    if has("pnpm-lock.yaml") {
        ("pnpm install --frozen-lockfile", "pnpm")
    } else if has("yarn.lock") {
        ("yarn install --frozen-lockfile", "yarn")
    } else if has("package-lock.json") {
        ("npm ci", "npm")
    } else {
        ("npm install", "npm")
    }
}

fn node(root: &Path) -> (Vec<String>, Vec<String>) {
    let (install, manager) = install(root);
    let package: Value = fs::read_to_string(root.join("package.json"))
        .ok()
        .and_then(|text| serde_json::from_str(&text).ok())
        .unwrap_or_default();
    let script = |name: &str| {
        package
            .pointer(&format!("/scripts/{name}"))
            .and_then(Value::as_str)
    };
    let mut build = vec![install.to_owned()];
    if script("build").is_some() {
        build.push(format!("{manager} run build"));
    }
    // What `npm init` writes is no test.
    let test = match script("test") {
        Some(test) if !test.contains("no test specified") => {
            vec![install.to_owned(), format!("{manager} test")]
        }
        _ => Vec::new(),
    };
    (build, test)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn remotes() {
        let of = |url: &str| owner_and_name(url);
        for url in [
            "git@github.com:acme/shop.git",
            "https://github.com/acme/shop",
            "https://user@github.com/acme/shop.git/",
            "ssh://git@github.com/acme/shop.git",
        ] {
            assert_eq!(of(url).as_deref(), Some("acme/shop"), "{url}");
        }
        assert_eq!(of("/srv/git/a b.git"), None);
    }

    #[test]
    fn names() {
        assert_eq!(dns_label("My_Shop 2").as_deref(), Some("my-shop-2"));
        assert_eq!(dns_label("3-d"), Some("d".to_owned()));
        assert_eq!(dns_label("日本"), None);
        assert_eq!(dns_label("ünï 🐟"), None);
        assert_eq!(dns_label("n").as_deref(), Some("n"));
    }
}
