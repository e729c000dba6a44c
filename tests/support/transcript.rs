//! Pages with commands and what they print, run as they stand.
//!
//! In a block ```` ```console ```` a line `$ COMMAND` is run by `sh` in a folder of the page's own, with the built
//! `aphex` on the path, and what it prints (both streams, in order) must be what follows. `? 1` as the last
//! line of an output is the exit code, which is 0 where there is no such line. A line `...` stands for any number of lines,
//! `[..]` for anything within a line. A block ```` ```aphex file=NAME ```` writes a file first. `APHEX_UPDATE=1` writes
//! what was printed into the page.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::markdown::{Block, blocks};

/// The commands of one block and what they print.
struct Step {
    command: String,
    printed: String,
}

/// What the commands of a page meet, beside its files.
pub struct Setting<'s> {
    /// Fills the folder.
    pub prepare: &'s dyn Fn(&Path),
    /// Further variables.
    pub environment: Vec<(String, String)>,
    /// Names that the page gives, each with what it is here.
    pub names: Vec<(String, String)>,
    /// What happens outside after a command, in the folder where it ran.
    pub after: &'s dyn Fn(&str, &Path),
}

impl Setting<'_> {
    fn here(&self, text: &str) -> String {
        let names = self.names.iter();
        names.fold(text.to_owned(), |text, (page, here)| {
            text.replace(page, here)
        })
    }

    fn on_the_page(&self, text: &str) -> String {
        let names = self.names.iter();
        names.fold(text.to_owned(), |text, (page, here)| {
            text.replace(here, page)
        })
    }
}

/// Runs every block of a page that is meant to be run; returns what differs. `prepare` fills the
/// folder. With `per_block` each block of commands has a folder of its own, with
/// the files that stand before it.
pub fn run(page: &Path, per_block: bool, prepare: &dyn Fn(&Path)) -> Vec<String> {
    let setting = Setting {
        prepare,
        environment: Vec::new(),
        names: Vec::new(),
        after: &|_, _| {},
    };
    run_in(page, per_block, &setting)
}

/// The same, in a setting.
pub fn run_in(page: &Path, per_block: bool, setting: &Setting<'_>) -> Vec<String> {
    let text = fs::read_to_string(page).unwrap();
    let name = page
        .strip_prefix(super::tools::root())
        .unwrap_or(page)
        .display()
        .to_string();
    let mut updated = text.clone();
    let mut differences = Vec::new();
    let mut shell: Option<Shell> = None;
    let mut used = false;
    let all = blocks(&text);
    let mut moved: isize = 0;
    for block in &all {
        let file = block
            .info
            .split_whitespace()
            .find_map(|word| word.strip_prefix("file="));
        let is_console = block.info == "console";
        if !is_console && file.is_none() {
            continue;
        }
        if used && per_block {
            shell = None;
        }
        used = is_console;
        let shell = shell.get_or_insert_with(|| Shell::new(setting.prepare));
        if let Some(file) = file {
            let path = shell.directory.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, setting.here(&block.text)).unwrap();
            continue;
        }
        let mut printed = String::new();
        for step in steps(block) {
            let real = shell.run(&setting.here(&step.command), &setting.environment);
            let real = setting.on_the_page(&real);
            // Shown where the test fails.
            println!("$ {}\n{real}", step.command);
            (setting.after)(&step.command, &shell.here);
            let fits = fits(&step.printed, &real);
            printed.push_str(&format!("$ {}\n", step.command));
            printed.push_str(if fits { &step.printed } else { &real });
            if !fits {
                differences.push(format!(
                    "{name}:{}: $ {}\n--- the page says\n{}--- it is\n{real}",
                    block.line, step.command, step.printed
                ));
            }
        }
        let start = usize::try_from(isize::try_from(block.start).unwrap() + moved).unwrap();
        updated.replace_range(start..start + block.text.len(), &printed);
        moved +=
            isize::try_from(printed.len()).unwrap() - isize::try_from(block.text.len()).unwrap();
    }
    if std::env::var_os("APHEX_UPDATE").is_some() && !differences.is_empty() {
        fs::write(page, updated).unwrap();
        return Vec::new();
    }
    differences
}

fn steps(block: &Block) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    for line in block.text.split_inclusive('\n') {
        match line.strip_prefix("$ ") {
            Some(command) => steps.push(Step {
                command: command.trim_end().to_owned(),
                printed: String::new(),
            }),
            None => {
                let step = steps.last_mut();
                let step = step.expect("a block of commands begins with `$ `");
                step.printed.push_str(line);
            }
        }
    }
    steps
}

/// Whether a text is what a pattern with `...` and `[..]` describes.
pub fn fits(pattern: &str, text: &str) -> bool {
    let pattern: Vec<&str> = pattern.lines().collect();
    let text: Vec<&str> = text.lines().collect();
    lines_fit(&pattern, &text)
}

fn lines_fit(pattern: &[&str], text: &[&str]) -> bool {
    match pattern.split_first() {
        None => text.is_empty(),
        Some((&"...", rest)) => (0..=text.len()).any(|skip| lines_fit(rest, &text[skip..])),
        Some((line, rest)) => {
            !text.is_empty() && line_fits(line, text[0]) && lines_fit(rest, &text[1..])
        }
    }
}

fn line_fits(pattern: &str, line: &str) -> bool {
    let mut pieces = pattern.split("[..]");
    let first = pieces.next().unwrap();
    let Some(mut rest) = line.strip_prefix(first) else {
        return false;
    };
    let mut pieces = pieces.peekable();
    if pieces.peek().is_none() {
        return rest.is_empty();
    }
    while let Some(piece) = pieces.next() {
        if pieces.peek().is_none() {
            return rest.ends_with(piece);
        }
        match rest.find(piece) {
            Some(at) => rest = &rest[at + piece.len()..],
            None => return false,
        }
    }
    true
}

/// A folder, and the directory in it that commands run in.
struct Shell {
    directory: tempfile::TempDir,
    here: PathBuf,
}

impl Shell {
    fn new(prepare: &dyn Fn(&Path)) -> Shell {
        let directory = tempfile::tempdir().unwrap();
        prepare(directory.path());
        let here = fs::canonicalize(directory.path()).unwrap();
        Shell { directory, here }
    }

    /// What a command prints, and its exit code where that is not 0.
    fn run(&mut self, command: &str, environment: &[(String, String)]) -> String {
        let state = tempfile::NamedTempFile::new().unwrap();
        let script = format!(
            "exec 2>&1\n{command}\ncode=$?\npwd -P > {}\nexit $code",
            state.path().display()
        );
        let binary = Path::new(env!("CARGO_BIN_EXE_aphex")).parent().unwrap();
        let path = format!("{}:{}", binary.display(), std::env::var("PATH").unwrap());
        let output = Command::new("sh")
            .args(["-c", &script])
            .current_dir(&self.here)
            .env("PATH", path)
            .env_remove("CLICOLOR_FORCE")
            .env_remove("NO_COLOR")
            .env("COLUMNS", "100")
            .env("LC_ALL", "C.UTF-8")
            .envs(environment.iter().cloned())
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let here = fs::read_to_string(state.path()).unwrap();
        if !here.trim().is_empty() {
            self.here = PathBuf::from(here.trim());
        }
        let mut printed = String::from_utf8(output.stdout).unwrap();
        if !printed.is_empty() && !printed.ends_with('\n') {
            printed.push('\n');
        }
        match output.status.code() {
            Some(0) => printed,
            Some(code) => printed + &format!("? {code}\n"),
            None => printed + "? signal\n",
        }
    }
}

/// Copies a folder, links and modes included.
pub fn copy(from: &Path, to: &Path) {
    let status = Command::new("cp")
        .arg("-a")
        .arg(from)
        .arg(to)
        .status()
        .unwrap();
    assert!(status.success());
}
