//! `aphex new`

use std::fs;
use std::io::{self, BufRead};
use std::path::{Path, PathBuf};

use clap::Args;

use crate::analysis::analyse;
use crate::cli::Exit;
use crate::cli::console::Console;
use crate::cli::write::create;
use crate::cli::{guess, names};
use crate::diagnostics::{Report, Role, human};
use crate::project::{PIPELINE_FILE, Project, relative};
use crate::tools::starter::{App, INFRA, Starter};

/// Write a pipeline to start from; nothing that is there is touched
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  aphex new                                   asks, with guesses from the repository
  aphex new --yes --account 444455556666      takes the guesses")]
pub struct New {
    /// The directory; it is made where it is not there
    #[arg(default_value = ".", value_name = "DIR")]
    directory: PathBuf,
    /// The pipeline's name [default: the repository's]
    #[arg(long)]
    name: Option<String>,
    /// `owner/name` at GitHub [default: from the Git remote]
    #[arg(long, value_name = "OWNER/NAME")]
    repository: Option<String>,
    /// The AWS account deployed to, twelve digits
    #[arg(long, value_name = "ID")]
    account: Option<String>,
    /// The region deployed to [default: us-east-1]
    #[arg(long)]
    region: Option<String>,
    /// The EKS cluster that runs the pipeline
    #[arg(long)]
    cluster: Option<String>,
    /// Ask nothing, take the guesses
    #[arg(long, short)]
    yes: bool,
}

impl New {
    /// Asks, writes the files, says what to do next.
    pub fn run(self, console: &mut Console) -> Exit {
        match self.write(console) {
            Ok(()) => Exit::Fine,
            Err(Stop {
                message,
                help,
                exit,
            }) => {
                console.fail(&message, help.as_deref());
                exit
            }
        }
    }

    fn write(self, console: &mut Console) -> Result<(), Stop> {
        let asked = !self.yes && Console::interactive();
        let directory = self.directory.clone();
        let target = directory.join(PIPELINE_FILE);
        if directory.is_file() {
            return Err(Stop::new(
                format!("`{}` is a file", directory.display()),
                "name the directory that the pipeline is to be written to",
            ));
        }
        if fs::symlink_metadata(&target).is_ok() {
            let shown = match directory.as_os_str() == "." {
                true => PIPELINE_FILE.to_owned(),
                false => target.display().to_string(),
            };
            let message = format!("`{shown}` is there already");
            return Err(Stop::new(
                message,
                "`aphex check` checks it; `aphex new DIR` starts elsewhere",
            ));
        }
        let real = absolute(&directory).map_err(|error| {
            Stop::plain(format!("`{}` cannot be used: {error}", directory.display()))
        })?;
        let here = std::env::current_dir()
            .and_then(fs::canonicalize)
            .unwrap_or_default();
        let project = Project::of(&real, &here);
        let starter = self.starter(&real, &project, asked, console)?;
        let files = starter.files();
        for (name, _) in &files {
            let path = real.join(name);
            if fs::symlink_metadata(&path).is_ok() {
                let shown = relative(&path, &here);
                return Err(Stop::new(
                    format!("`{shown}` is there already"),
                    "it would have to be changed; move it, or write `pipeline.aphex` by hand",
                ));
            }
        }
        check(&starter, &real, &project)?;
        let mut text = String::new();
        for (name, contents) in &files {
            let path = real.join(name);
            let shown = relative(&path, &here);
            let parent = path.parent().unwrap_or(&real);
            fs::create_dir_all(parent)
                .map_err(|error| error.to_string())
                .and_then(|()| create(&path, contents.as_bytes()))
                .map_err(|why| Stop::plain(format!("`{shown}` was not written: {why}")))?;
            text.push_str(&format!(
                "wrote {}\n",
                console.out.paint(Role::Strong, &shown)
            ));
        }
        text.push_str(&next(&starter, &relative(&real, &here)));
        console.print(&text);
        Ok(())
    }

    fn starter(
        self,
        directory: &Path,
        project: &Project,
        asked: bool,
        console: &mut Console,
    ) -> Result<Starter, Stop> {
        let mut ask = |question: &str, given: Option<String>, guess: Option<String>, rule: Rule| {
            answer(question, given, guess, rule, asked, console)
        };
        let root = project.root();
        let folder = directory
            .file_name()
            .map(|name| name.to_string_lossy().into_owned());
        let guessed = guess::repository(root);
        let repository = ask("Repository at GitHub", self.repository, guessed, REPOSITORY)?;
        let own_name = match directory == root {
            true => repository
                .as_deref()
                .and_then(|repository| repository.rsplit('/').next()),
            false => folder.as_deref(),
        };
        let guessed = own_name.or(folder.as_deref()).and_then(guess::dns_label);
        let name = ask("Name of the pipeline", self.name, guessed, NAME)?;
        let name = name.unwrap_or_else(|| "app".to_owned());
        let account = ask("AWS account to deploy to", self.account, None, ACCOUNT)?;
        let region = Some("us-east-1".to_owned());
        let region = ask("Region to deploy to", self.region, region, REGION)?;
        let cluster = Some("company-pipelines".to_owned());
        let cluster = ask(
            "EKS cluster that runs the pipeline",
            self.cluster,
            cluster,
            CLUSTER,
        )?;

        let (build, test) = guess::commands(directory);
        let found = guess::app(directory);
        let stack = found
            .as_ref()
            .and_then(|dir| guess::stack(&directory.join(dir)));
        Ok(Starter {
            repository: repository.unwrap_or_else(|| format!("your-organisation/{name}")),
            branch: guess::branch(root).unwrap_or_else(|| "main".to_owned()),
            cluster: cluster.unwrap_or_default(),
            account,
            region: region.unwrap_or_default(),
            stack: stack.unwrap_or_else(|| "App".to_owned()),
            app: App {
                dir: below(root, directory, found.as_deref().unwrap_or(INFRA)),
                setup: match &found {
                    Some(dir) => guess::setup(directory, &directory.join(dir)),
                    None => vec!["npm install".to_owned()],
                },
                missing: found.is_none(),
            },
            directory: (directory != root).then(|| below(root, directory, ".")),
            build,
            test,
            name,
        })
    }
}

/// The canonical path of a directory that may not be there yet.
fn absolute(directory: &Path) -> io::Result<PathBuf> {
    let whole = std::path::absolute(directory)?;
    let there = whole.ancestors().find(|path| path.exists());
    let there = there.unwrap_or(Path::new("/"));
    let rest = whole.strip_prefix(there).unwrap_or(Path::new(""));
    let path = fs::canonicalize(there)?;
    Ok(match rest.as_os_str().is_empty() {
        true => path,
        false => path.join(rest),
    })
}

/// What is in `directory`, as a path from `root`: paths in a pipeline start there.
fn below(root: &Path, directory: &Path, name: &str) -> String {
    let inside = directory.strip_prefix(root).unwrap_or(Path::new(""));
    let path = match name {
        "." => inside.to_owned(),
        name => inside.join(name),
    };
    match path.to_string_lossy().replace('\\', "/") {
        path if path.is_empty() => ".".to_owned(),
        path => path,
    }
}

/// What is wanted of an answer.
struct Rule {
    pattern: &'static str,
    wanted: &'static str,
}

const NAME: Rule = Rule {
    pattern: "^[a-z]([-a-z0-9]{0,38}[a-z0-9])?$",
    wanted: "lower-case letters, digits and `-`, a letter first, 40 at most",
};
const REPOSITORY: Rule = Rule {
    pattern: names::REPOSITORY,
    wanted: "`owner/name`",
};
const ACCOUNT: Rule = Rule {
    pattern: "^[0-9]{12}$",
    wanted: "12 digits",
};
const REGION: Rule = Rule {
    pattern: "^[a-z]{2}(-[a-z]+)+-[0-9]$",
    wanted: "a region such as `eu-west-1`",
};
const CLUSTER: Rule = Rule {
    pattern: "^[0-9A-Za-z][-0-9A-Za-z]{0,99}$",
    wanted: "letters, digits and `-`",
};

/// What was given, else what is answered, else the guess. An answer that is not of the right form
/// is asked for again; one that was given is refused.
fn answer(
    question: &str,
    given: Option<String>,
    guess: Option<String>,
    rule: Rule,
    asked: bool,
    console: &mut Console,
) -> Result<Option<String>, Stop> {
    let fits = |text: &str| regex::Regex::new(rule.pattern).is_ok_and(|regex| regex.is_match(text));
    if let Some(given) = given {
        return match fits(&given) {
            true => Ok(Some(given)),
            false => Err(Stop {
                exit: Exit::Usage,
                ..Stop::plain(format!("`{given}` does not fit: {}", rule.wanted))
            }),
        };
    }
    if !asked {
        return Ok(guess);
    }
    loop {
        let default = guess
            .as_ref()
            .map_or_else(String::new, |guess| format!(" [{guess}]"));
        console.remark(&format!(
            "{}{default}: ",
            console.err.paint(Role::Strong, question)
        ));
        let mut line = String::new();
        let read = io::stdin().lock().read_line(&mut line);
        let line = line.trim();
        match read {
            Ok(0) | Err(_) => return Err(Stop::plain("stopped; nothing was written".to_owned())),
            Ok(_) if line.is_empty() => return Ok(guess),
            Ok(_) if fits(line) => return Ok(Some(line.to_owned())),
            Ok(_) => console.remark(&format!("  wanted: {}\n", rule.wanted)),
        }
    }
}

/// Nothing is written that `aphex check` has a word to say about.
fn check(starter: &Starter, directory: &Path, project: &Project) -> Result<(), Stop> {
    let mut files = project.disk();
    let mut root = None;
    for (name, text) in starter.files() {
        let Some(path) = project.name_of(&directory.join(&name)) else {
            continue;
        };
        root.get_or_insert_with(|| path.clone());
        files = files.with_overlay(path.into(), text);
    }
    let Some(root) = root else {
        return Err(Stop::plain(
            "the directory is not inside its repository".to_owned(),
        ));
    };
    let analysis = analyse(&root, &files);
    let report = Report::new(analysis.sources, analysis.diagnostics);
    if report.diagnostics.is_empty() {
        return Ok(());
    }
    let found = human::render(&[report], crate::diagnostics::Paint::Plain);
    Err(Stop::plain(format!(
        "nothing was written: the starter does not check\n\n{found}"
    )))
}

fn next(starter: &Starter, directory: &str) -> String {
    let place = match directory {
        "." => String::new(),
        directory => format!(" {}", shell_word(directory)),
    };
    let mut steps = Vec::new();
    if starter.account.is_none() {
        steps.push("put your account's ID into pipeline.aphex".to_owned());
    }
    if starter.build.is_empty() {
        steps.push("put what builds the project into `build`".to_owned());
    }
    steps.push(format!("aphex check{place}"));
    let mut text = "\nNext:\n".to_owned();
    for (number, step) in (1..).zip(steps) {
        text.push_str(&format!("  {number}. {step}\n"));
    }
    text
}

/// A path as a word of a command for a shell, which does not take it for an option either.
fn shell_word(path: &str) -> String {
    let path = match path.starts_with('-') {
        true => format!("./{path}"),
        false => path.to_owned(),
    };
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "/._-+,:@%=".contains(c);
    match !path.is_empty() && path.chars().all(is_plain) {
        true => path,
        false => format!("'{}'", path.replace('\'', r"'\''")),
    }
}

/// Why nothing more is done.
struct Stop {
    message: String,
    help: Option<String>,
    exit: Exit,
}

impl Stop {
    fn new(message: String, help: &str) -> Self {
        Stop {
            message,
            help: Some(help.to_owned()),
            exit: Exit::Errors,
        }
    }

    fn plain(message: String) -> Self {
        Stop {
            message,
            help: None,
            exit: Exit::Errors,
        }
    }
}
