//! Inputs for fuzz targets: programs of the repository with changes, words of the language in any order, things that nest deep.

use std::fs;
use std::path::{Path, PathBuf};

use super::random::Chance;

/// Files that inputs are made of, and words that stand between them.
pub struct Soup {
    /// The pieces of each file.
    seeds: Vec<Vec<String>>,
    words: &'static [&'static str],
}

impl Soup {
    /// Every program of the examples and of the language suite.
    pub fn programs() -> Soup {
        Soup {
            seeds: seeds(&["aphex"]),
            words: WORDS,
        }
    }

    /// Every data file of the examples and of the language suite.
    pub fn data() -> Soup {
        Soup {
            seeds: seeds(&["json", "yaml", "yml"]),
            words: DATA_WORDS,
        }
    }

    /// Test reports of every dialect.
    pub fn reports() -> Soup {
        Soup {
            seeds: seeds(&["xml"]),
            words: REPORT_WORDS,
        }
    }

    /// What programs print.
    pub fn output() -> Soup {
        let lines = [
            "\u{1b}[1;31mFAIL\u{1b}[0m a secret: c2VjcmV0\r\n",
            "10%\r20%\u{1b}[2K\r\u{1b}]0;title\u{7}secret\n",
        ];
        Soup {
            seeds: lines.iter().map(|line| pieces(line)).collect(),
            words: OUTPUT_WORDS,
        }
    }

    /// Commands.
    pub fn shell() -> Soup {
        let commands = COMMANDS.iter().map(|command| pieces(command));
        Soup {
            seeds: commands.collect(),
            words: SHELL_WORDS,
        }
    }

    /// The input of that seed.
    pub fn input(&self, seed: u64) -> Vec<u8> {
        let chance = &mut Chance::new(seed);
        match chance.below(20) {
            0..12 => self.changed(chance),
            12..15 => self.any_words(chance),
            15..17 => self.lines(chance),
            17..19 => self.deep(chance),
            _ => (0..chance.below(200))
                .map(|_| chance.below(256) as u8)
                .collect(),
        }
    }

    fn seed(&self, chance: &mut Chance) -> &[String] {
        &self.seeds[chance.below(self.seeds.len())]
    }

    /// A word, or a piece of some file.
    fn piece(&self, chance: &mut Chance) -> String {
        let seed = self.seed(chance);
        match chance.percent(50) || seed.is_empty() {
            true => chance.pick(self.words).to_owned(),
            false => seed[chance.below(seed.len())].clone(),
        }
    }

    /// A file with some pieces changed.
    fn changed(&self, chance: &mut Chance) -> Vec<u8> {
        let mut pieces = self.seed(chance).to_vec();
        for _ in 0..chance.few(1, 8) {
            let at = chance.below(pieces.len());
            let end = (at + chance.few(0, 40)).min(pieces.len());
            match chance.below(8) {
                0 if at < pieces.len() => drop(pieces.remove(at)),
                1 | 2 => pieces.insert(at.min(pieces.len()), self.piece(chance)),
                3 => {
                    let other = chance.below(pieces.len());
                    if at < pieces.len() {
                        pieces.swap(at, other);
                    }
                }
                4 | 5 if at < pieces.len() => pieces[at] = self.piece(chance),
                6 => {
                    let part = pieces[at.min(end)..end].to_vec();
                    pieces.splice(at..at, part);
                }
                _ => drop(pieces.drain(at.min(end)..end)),
            }
        }
        pieces.concat().into_bytes()
    }

    /// Words in any order.
    fn any_words(&self, chance: &mut Chance) -> Vec<u8> {
        let between = chance.pick(&["", " ", " ", "\n"]);
        let words: Vec<String> = (0..chance.from(1, 60))
            .map(|_| self.piece(chance))
            .collect();
        words.join(between).into_bytes()
    }

    /// Lines of several files.
    fn lines(&self, chance: &mut Chance) -> Vec<u8> {
        let mut text = String::new();
        for _ in 0..chance.from(1, 30) {
            let whole = self.seed(chance).concat();
            let lines: Vec<&str> = whole.lines().collect();
            if !lines.is_empty() {
                text.push_str(lines[chance.below(lines.len())]);
                text.push('\n');
            }
        }
        text.into_bytes()
    }

    /// One piece many times, perhaps closed again.
    fn deep(&self, chance: &mut Chance) -> Vec<u8> {
        let opening: String = (0..chance.from(1, 4)).map(|_| self.piece(chance)).collect();
        let closing = match chance.percent(70) {
            true => closing(&opening),
            false => self.piece(chance),
        };
        let times = chance.pick(&["3", "30", "300", "3000", "20000"]);
        let times = times.parse().unwrap_or(1) / (opening.len() / 20 + 1);
        let before = chance.pick(&[
            "let x = ",
            "let x: ",
            "",
            "pipeline p { ",
            "fn f() -> Int = ",
        ]);
        let middle = self.piece(chance);
        format!(
            "{before}{}{middle}{}",
            opening.repeat(times),
            closing.repeat(times)
        )
        .into_bytes()
    }
}

/// What closes the brackets of a text.
fn closing(opening: &str) -> String {
    let brackets = opening.chars().rev().filter_map(|c| match c {
        '(' => Some(')'),
        '[' => Some(']'),
        '{' => Some('}'),
        '<' => Some('>'),
        '"' => Some('"'),
        _ => None,
    });
    brackets.collect()
}

fn seeds(extensions: &[&str]) -> Vec<Vec<String>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut open: Vec<PathBuf> = vec![
        root.join("examples"),
        root.join("tests/language"),
        root.join("tests/reports"),
    ];
    let mut found = Vec::new();
    while let Some(path) = open.pop() {
        if path.is_dir() {
            let entries = fs::read_dir(&path).expect("a folder");
            open.extend(entries.map(|entry| entry.expect("an entry").path()));
        } else if extensions
            .iter()
            .any(|end| path.extension().is_some_and(|own| own == *end))
        {
            found.push(path);
        }
    }
    found.sort();
    let texts = found
        .iter()
        .map(|path| fs::read_to_string(path).expect("text"));
    texts.map(|text| pieces(&text)).collect()
}

/// Words, spaces and signs, each as a piece.
fn pieces(text: &str) -> Vec<String> {
    let kind = |c: char| match c {
        c if c.is_alphanumeric() || c == '_' => 0,
        c if c.is_whitespace() => 1,
        _ => 2,
    };
    let mut list: Vec<String> = Vec::new();
    let mut last = 2;
    for c in text.chars() {
        match list.last_mut() {
            Some(piece) if kind(c) == last && last != 2 => piece.push(c),
            _ => list.push(c.to_string()),
        }
        last = kind(c);
    }
    list
}

const WORDS: &[&str] = &[
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    "<",
    ">",
    ",",
    ";",
    ".",
    "?.",
    "..",
    ":",
    "::",
    "=",
    "==",
    "!=",
    "=>",
    "->",
    "<=",
    "+",
    "-",
    "*",
    "/",
    "%",
    "!",
    "&&",
    "||",
    "??",
    "?",
    "|",
    "#",
    "\"",
    "\"\"\"",
    "\"#{",
    "#{",
    "r\"",
    "r#\"",
    "'",
    "\\",
    "\n",
    " ",
    "\t",
    "\r\n",
    "//",
    "///",
    "//!",
    "/*",
    "*/",
    "// aphex: allow(",
    "\u{0}",
    "\u{e9}",
    "\u{feff}",
    "\u{202e}",
    "\u{1f469}\u{200d}\u{1f680}",
    "use ",
    "let ",
    "fn ",
    "type ",
    "schema ",
    "block ",
    "policy ",
    "pipeline ",
    "for ",
    "in ",
    "if ",
    "else ",
    "match ",
    "with ",
    "assert ",
    "as ",
    "where ",
    "true",
    "false",
    "null",
    "extern ",
    "inherit ",
    "runtime ",
    "self",
    "_",
    "Int",
    "String",
    "Float",
    "Bool",
    "Duration",
    "Size",
    "Any",
    "Map<",
    "Output<",
    "Secret",
    "Later",
    "Environment",
    "Step",
    "AccountId",
    "0",
    "1",
    "-1",
    "9223372036854775807",
    "9223372036854775808",
    "-9223372036854775808",
    "1e308",
    "1e-400",
    "0.1",
    "0x10",
    "1_000",
    "30m",
    "1d12h",
    "999999999999d",
    "16Gi",
    "9007199254740992Ti",
    "run.commit",
    "run.branch",
    "run.input.x",
    "run.attempt",
    "dev.Api.Url",
    "range(",
    "range(0, 1000000)",
    "range(9223372036854775806, 9223372036854775807)",
    "repeat(\"x\", 1000000)",
    "repeat(",
    "len(",
    "join(",
    "split(",
    "replace(",
    "merge(",
    "sort(",
    "unique(",
    "flatten(",
    "zip(",
    "pad_start(",
    "matches(\"a\", \"(a*)*b\")",
    "json(",
    "read_json(\"x\")",
    "read_yaml(",
    "secret(\"a\")",
    "ssm(\"/a\")",
    "keys(",
    "values(",
    "floor(1e300)",
    "round(",
    "abs(",
    "min(",
    "max(",
    "sum(",
    "slice(",
    "x[1..]",
    "x[..-1]",
    "x[0]",
    "x",
    "environment dev { ",
    "stack Api { output Url }",
    "stack \"S#{x}\"",
    "for x in range(3) { ",
    "if x { ",
    "step s { run = [\"x\"] }",
    "defaults { ",
    "name",
    "needs = [",
    "timeout = ",
    "env = { A = ",
    "account = \"111122223333\"",
    "region = \"eu-west-1\"",
    "x with { ",
    "Step { run = [\"x\"] }",
    "[x for x in range(9)]",
    "{ \"#{x}\" = x for x in y }",
    "match x { ",
    "if x { 1 } else { 2 }",
];

const DATA_WORDS: &[&str] = &[
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "\"",
    "'",
    "\n",
    " ",
    "  ",
    "\t",
    "- ",
    "? ",
    ": ",
    "&a ",
    "*a",
    "<<: ",
    "!!str ",
    "!x ",
    "|\n",
    ">\n",
    "|-\n",
    "---\n",
    "...\n",
    "%YAML 1.2\n",
    "# c\n",
    "\\u0000",
    "\\ud800",
    "\\",
    "null",
    "~",
    "true",
    "no",
    "0",
    "-1",
    "1e999",
    "0o17",
    "0x1f",
    ".inf",
    ".nan",
    "9223372036854775808",
    "1.5",
    "2001-01-01",
    "name",
    "port",
    "tags",
    "inner",
    "a",
    "b",
    "c",
    "/*",
    "*/",
    "//",
    "\u{feff}",
    "\u{0}",
    "\u{e9}",
    "name: x\n",
    "\"name\": \"x\"",
    "\"port\": 1",
    "a: &a [*a]",
    "{\"a\":",
    "[[",
    "a: {",
    "- - ",
];

const REPORT_WORDS: &[&str] = &[
    "<testsuites>",
    "</testsuites>",
    "<testsuite name='a'>",
    "</testsuite>",
    "<testcase name='b'>",
    "<testcase/>",
    "</testcase>",
    "<failure message='c'>",
    "<error/>",
    "<skipped/>",
    "<flakyFailure>",
    "<rerunError/>",
    "<stackTrace>",
    "<![CDATA[",
    "]]>",
    "<!--",
    "-->",
    "<!DOCTYPE x>",
    "<?xml?>",
    "&lt;",
    "&#0;",
    "&#x10ffff;",
    "&",
    "time='1e400'",
    "time='-1'",
    "failures='9'",
    "\"",
    "'",
    "=",
    ">",
    "<",
    "/",
    "\u{feff}",
    "\0",
];

const OUTPUT_WORDS: &[&str] = &[
    "sec",
    "ret",
    "secret",
    "c=r&et \u{fc}",
    "c%3Dr%26et",
    "c2VjcmV0",
    "\u{1b}",
    "\u{1b}[",
    "\u{1b}[31m",
    "\u{1b}[38;5;",
    "\u{1b}[m",
    "\u{1b}]8;;",
    "\u{1b}\\",
    "\u{1b}P",
    "\u{1b}_",
    "\u{9b}",
    "\u{7}",
    "\r",
    "\n",
    "\r\n",
    "\t",
    "\u{8}",
    "\0",
    "\u{202e}",
    "\u{200b}",
    "é",
    "😀",
    "m",
    ";",
    "1",
    "*",
];

const SHELL_WORDS: &[&str] = &[
    "a",
    "ls ",
    " ",
    "\n",
    ";",
    "&",
    "|",
    "||",
    "&&",
    "(",
    ")",
    "{ ",
    "; }",
    "$(",
    "${",
    "}",
    "$((",
    "))",
    "$[",
    "`",
    "'",
    "\"",
    "\\",
    "$A",
    "${A:-",
    "${A//b/",
    "$'",
    "<<E\n",
    "<<-E\n",
    "<<'E'\n",
    "<<E",
    "<<",
    "\nE\n",
    "E",
    "<",
    ">",
    "<<<",
    "<(",
    "[[ ",
    " ]]",
    "[ ",
    " ]",
    "if ",
    "; then ",
    "; fi",
    "for x in ",
    "; do ",
    "; done",
    "case x in ",
    ") ",
    ";; ",
    "esac",
    "function f ",
    "f() ",
    "A=1 ",
    "A=(",
    "!",
    "# c",
    "*",
    "~",
    "~+",
    "99999999999",
    "\u{e9}",
    "{a,b}",
    "{1..9}",
    "{1..9999999999}",
    "=",
    "-x",
    "&>",
    "|&",
    "\t",
    "((",
    "while ",
    "until ",
    "select ",
    "coproc ",
    "time ",
    "\u{0}",
    "${#",
    "${!A}",
    "@(",
    "\r\n",
    "${A[0]}",
    "$1",
    "$?",
    "99>",
    "\\\n",
    "eval ",
    "exec ",
    "xargs ",
    "sh -c '",
    "sudo ",
    "docker run -it ",
    "set NAME=x",
];

const COMMANDS: &[&str] = &[
    "npm ci && npm run build",
    "for f in *.c; do cc -c \"$f\" || exit 1; done",
    "cat <<EOF > x\n$(date) ${HOME:-/root}\nEOF\necho done",
    "x=$(psql <<'SQL'\nselect 1;\nSQL\n)",
    "if [ -f x ]; then git fetch | tee log; elif [[ $a == b* ]]; then ((x++)); else exit 1; fi",
    "case \"$1\" in a|b) echo ${x%.*} ;; *) echo $((1 << 2)) ;; esac",
    "docker run -it --rm -v \"$PWD\":/x img sh -c 'a && b' 2>&1 | grep -v x",
    "find . -name '*.js' -exec sed -i s/a/b/ {} +; export A=1 B; sudo -E make -j\"$(nproc)\"",
    "f() { local x=(1 2); echo \"${x[@]}\"; }; f <(ls) <<< \"$y\" &> log",
];
