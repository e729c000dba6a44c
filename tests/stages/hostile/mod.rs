//! What a stranger can choose: names, events, reports, assemblies, records, logs. Nothing of it is executed, nothing writes to a terminal
//! what the terminal would obey, no secret is told, and nothing takes more time or memory than it may.
//!
//! Archives have their own: `src/stage/archive/tests/hostile.rs`. So have pictures: `tests/compiler/pictures/hostile.rs`.

mod assemblies;
mod logs;
mod names;
mod records;
mod reports;

use std::path::{Path, PathBuf};
use std::process::Output;
use std::time::Duration;

use crate::support::project::text;

/// Nothing of this size may take longer, also where the machine has much to do.
const LONGEST: Duration = Duration::from_secs(20);

/// A file that must not come to be, and a folder for it.
pub struct Canary(tempfile::TempDir);

impl Canary {
    pub fn new() -> Canary {
        Canary(tempfile::tempdir().unwrap())
    }

    fn path(&self) -> PathBuf {
        self.0.path().join("canary")
    }

    /// The command that lets it come to be.
    pub fn touch(&self) -> String {
        format!("touch {}", self.path().display())
    }

    pub fn assert_alive(&self, what: &str) {
        assert!(!self.path().exists(), "executed: {what}");
    }
}

/// What a secret is that no output may tell.
pub const SECRET: &str = "hush-hush-and-more";

/// Names for whatever has a name.
pub fn names(canary: &Canary) -> Vec<String> {
    let touch = canary.touch();
    let shell = [
        format!("$({touch})"),
        format!("`{touch}`"),
        format!("; {touch} ;"),
        format!("| {touch}"),
        format!("&& {touch} #"),
        format!("a\n{touch}\n"),
        format!("'; {touch}; '"),
        format!("\"; {touch}; \""),
        format!("\\\"; {touch}; \\\""),
        format!("-c {touch}"),
        format!("--upload-pack={touch}"),
        format!("() {{ :; }}; {touch}"),
        format!("ext::sh -c {}", touch.replace(' ', "% ")),
    ];
    let others = [
        "${IFS}",
        "$((1+1))",
        "!!",
        "*",
        "~root",
        "a b",
        "'",
        "\"",
        "\\",
        // Paths.
        "..",
        ".",
        "/",
        "../../../etc/passwd",
        "/etc/passwd",
        "a/../../b",
        "C:\\x",
        "con",
        ".git/hooks/pre-commit",
        // Options.
        "-",
        "--",
        "-rf",
        "--help",
        "--version",
        "-oProxyCommand=x",
        // Templates of Argo, of GitHub, of this language, of printf.
        "{{workflow.parameters.ref}}",
        "{{=1+1}}",
        "{{inputs.parameters.x}}",
        "{{",
        "}}",
        "${{ secrets.TOKEN }}",
        "#{run.actor}",
        "#{",
        "%s%s%n",
        "%0A::error::x",
        "::add-mask::x",
        "::stop-commands::x",
        "##[group]",
        // What turns a terminal, or a reader, around.
        "\u{202e}gpj.exe",
        "\u{2066}x\u{2069}",
        "\u{200b}",
        "\u{feff}",
        "\u{2028}",
        "\u{85}",
        "\u{e0041}\u{e0042}",
        "\u{ad}",
        "\u{fffe}",
        "\u{1b}[2J\u{1b}[H",
        "\u{1b}]0;title\u{7}",
        "\u{1b}]8;;http://x\u{7}y\u{1b}]8;;\u{7}",
        "\u{1b}]52;c;eA==\u{7}",
        "\u{9b}31m",
        "\u{1b}P$q\u{1b}\\",
        "\rover",
        "a\u{8}\u{8}b",
        "\t",
        "\u{7f}",
        "\u{c}",
        "\r\n\r\n",
        // Other languages.
        "<script>alert(1)</script>",
        "]]>",
        "<!--",
        "&lt;",
        "[x](javascript:x)",
        "@everyone",
        "<!channel>",
        "```",
        "|",
        "\": {\"a\": 1}",
        "!!python/object:x",
        "&a *a",
        "null",
        "0x1F",
        "1e999",
        "NaN",
        "' OR 1=1 --",
    ];
    let mut names: Vec<String> = shell.into_iter().chain(others.map(str::to_owned)).collect();
    names.extend([
        "x".repeat(60_000),
        "💣".repeat(10_000),
        format!("Z{}", "\u{351}".repeat(5_000)),
    ]);
    names
}

/// What a terminal may be given: text, line ends and tabs. Of escape sequences none.
pub fn assert_shows_nothing_evil(said: &str, what: &str) {
    for character in said.chars() {
        let is_turning = matches!(character, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        let is_evil = character.is_control() && !"\n\t".contains(character) || is_turning;
        assert!(
            !is_evil,
            "{character:?} is shown: {what:?}: {}",
            begin(said)
        );
    }
}

/// One process and what it has said: it has ended by itself, without a panic, and said nothing evil.
pub fn assert_harmless(output: &Output, canary: &Canary, what: &str) {
    let said = text(output);
    assert!(
        output.status.code().is_some(),
        "{what:?}: {}: {}",
        output.status,
        begin(&said)
    );
    assert!(
        !said.contains("panicked") && !said.contains("internal error"),
        "{what:?}: {}",
        begin(&said)
    );
    assert!(!said.contains(SECRET), "{what:?}: {}", begin(&said));
    assert_shows_nothing_evil(&said, what);
    canary.assert_alive(what);
}

/// The beginning of a text, for a person to read.
pub fn begin(text: &str) -> &str {
    &text[..text.floor_char_boundary(3_000)]
}

/// No file below a folder tells the secret.
pub fn assert_nothing_leaked(folder: &Path) {
    for path in crate::faults::files(folder) {
        let bytes = std::fs::read(&path).unwrap();
        let text = String::from_utf8_lossy(&bytes);
        assert!(!text.contains(SECRET), "{}", path.display());
    }
}
