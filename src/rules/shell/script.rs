//! Shell text as flat data: the commands it calls, the variables it reads and sets.

use std::ops::Range;

/// What a piece of shell text does. All ranges are bytes of that text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Script {
    /// Every simple command, in the order written, those in substitutions included.
    pub calls: Vec<Call>,
    /// The functions that it declares.
    pub functions: Vec<String>,
    /// The variables that it sets, by assignment, `for`, `read`, `export` and the like.
    pub assigned: Vec<String>,
    /// The variables that it reads.
    pub reads: Vec<Read>,
    /// Where it reads `$1` and so on without saying what stands in for them.
    pub arguments: Vec<Range<usize>>,
    /// What bash understands and `sh` does not.
    pub bash: Vec<Bash>,
    /// Commands that it asks for before it uses them: `command -v docker`.
    pub probed: Vec<String>,
    /// Whether it runs text that cannot be seen here (`eval`, `. ./env.sh`).
    pub opaque: bool,
}

/// A simple command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// The command's name, then its arguments; empty for assignments alone.
    pub words: Vec<Word>,
    /// `NAME=value` before it: the names.
    pub assigns: Vec<String>,
    /// Whether its input or output goes elsewhere.
    pub redirects: Redirects,
    /// From its first word to its last.
    pub at: Range<usize>,
    /// Where it stands.
    pub place: Place,
}

/// Which of a command's streams go elsewhere.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Redirects {
    /// `<`, `<<`, `<<<`
    pub input: bool,
    /// `>`, `>>`, `&>`
    pub output: bool,
}

/// Where a command stands in its text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// Its index in a `|` pipeline, from 0.
    pub index: usize,
    /// How many commands that pipeline has.
    pub length: usize,
    /// The pipeline's number in the text: equal for commands of one pipeline.
    pub pipeline: usize,
    /// What stands after the next `||`, as written: `true`, `exit 0`.
    pub rescue: Option<String>,
    /// Whether it is the condition of `if`, `while` or `until`, or negated.
    pub condition: bool,
    /// How deep it stands in groups, loops, functions and substitutions.
    pub depth: usize,
    /// Whether it stands in `$(…)`.
    pub substitution: bool,
    /// Whether its input comes from a pipe or a file.
    pub fed: bool,
    /// The subshells around it, outermost first: `( … )`, `$(…)`, a part of a pipeline, `&`.
    pub shells: Vec<usize>,
}

/// A word of a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word {
    /// As written, quotes included.
    pub raw: String,
    /// What the command gets, where nothing is expanded in it.
    pub text: Option<String>,
    /// The text before the first expansion.
    pub prefix: String,
    /// The variables in it.
    pub variables: Vec<String>,
    /// Whether an unquoted `*`, `?` or `[` stands in it.
    pub glob: bool,
    /// Where.
    pub at: Range<usize>,
}

impl Word {
    /// What the command gets; empty where it is not known.
    pub fn known(&self) -> &str {
        self.text.as_deref().unwrap_or("")
    }
}

/// A variable that is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Read {
    /// Its name.
    pub name: String,
    /// Whether the text says what to do where it is not set: `${X:-y}`.
    pub guarded: bool,
    /// Whether the expansion is bash's own: `sh` gets no further than that.
    pub bash: bool,
    /// Where.
    pub at: Range<usize>,
}

/// Something that bash understands and `sh` does not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bash {
    /// What, as a person would call it: "`[[ … ]]`".
    pub what: String,
    /// What `sh` makes of it.
    pub effect: &'static str,
    /// How to write it for `sh`, where there is a simple way.
    pub instead: Option<&'static str>,
    /// What to put in place of `at`, where that is all there is to do.
    pub replacement: Option<String>,
    /// Where.
    pub at: Range<usize>,
}

impl Call {
    /// The command's name where it is known: its first word.
    pub fn name(&self) -> &str {
        self.words.first().map_or("", Word::known)
    }

    /// The arguments.
    pub fn arguments(&self) -> &[Word] {
        self.words.get(1..).unwrap_or_default()
    }

    /// The arguments that are no options, as far as that can be known.
    pub fn operands(&self) -> impl Iterator<Item = &Word> {
        self.arguments()
            .iter()
            .filter(|word| !word.raw.starts_with('-'))
    }

    /// Whether one of the arguments is one of these options: `--yes`, `-y`, `--yes=…`, or a bundle of
    /// letters that holds the letter of a short one (`-qy`).
    pub fn has_option(&self, options: &[&str]) -> bool {
        self.option(options).is_some()
    }

    /// The argument that is one of these options.
    pub fn option(&self, options: &[&str]) -> Option<&Word> {
        self.arguments().iter().find(|word| {
            options.iter().any(|option| {
                let text = word.prefix.as_str();
                if text == *option {
                    return true;
                }
                if option.starts_with("--") {
                    return text
                        .strip_prefix(option)
                        .is_some_and(|rest| rest.starts_with('='));
                }
                let letter = option.chars().nth(1).unwrap_or('-');
                option.chars().count() == 2
                    && text.starts_with('-')
                    && !text.starts_with("--")
                    && text.chars().skip(1).all(|c| c.is_ascii_alphabetic())
                    && text.chars().skip(1).any(|c| c == letter)
            })
        })
    }

    /// The value of an option: the word after it, or what follows `=`.
    pub fn value_of(&self, option: &str) -> Option<&Word> {
        let arguments = self.arguments();
        arguments.iter().enumerate().find_map(|(index, word)| {
            if word.known() == option {
                return arguments.get(index + 1);
            }
            word.prefix
                .strip_prefix(option)
                .is_some_and(|rest| rest.starts_with('='))
                .then_some(word)
        })
    }

    /// Whether the words begin with these: `["aws", "lambda", "invoke"]`, options in between skipped.
    pub fn begins_with(&self, words: &[&str]) -> bool {
        let mut wanted = words.iter();
        let Some(first) = wanted.next() else {
            return true;
        };
        if self.name() != *first {
            return false;
        }
        let mut operands = self.operands();
        wanted.all(|word| {
            operands
                .next()
                .is_some_and(|operand| operand.known() == *word)
        })
    }

    /// The call that this one makes: without `sudo`, `env X=1`, `npx`, `time`, `timeout 5`, ….
    /// The words of a runner are gone, the place is that of the rest.
    #[must_use]
    pub fn unwrapped(&self) -> Call {
        let mut call = self.clone();
        for _ in 0..8 {
            match call.inner() {
                Some(inner) => call = inner,
                None => break,
            }
        }
        call
    }

    /// The call that a runner makes; `None` where this is no runner.
    pub fn inner(&self) -> Option<Call> {
        let skip = wrapper_length(&self.words)?;
        let mut call = self.clone();
        call.words.drain(..skip.min(call.words.len()));
        let (first, last) = (call.words.first()?, call.words.last()?);
        call.at = first.at.start..last.at.end;
        Some(call)
    }
}

/// How many words belong to a command that only runs another one; `None` where it is none.
fn wrapper_length(words: &[Word]) -> Option<usize> {
    let name = words.first()?.known();
    let (valued, assignments, operands): (&[&str], bool, usize) = match name {
        "sudo" | "doas" => (&["-u", "-g", "-h", "-p", "-C"], true, 0),
        "env" => (&["-u", "-C", "-S"], true, 0),
        "command" | "exec" | "builtin" | "time" | "nohup" | "setsid" => (&[], false, 0),
        "nice" => (&["-n"], false, 0),
        "timeout" => (&["-k", "-s", "--signal", "--kill-after"], false, 1),
        "xargs" => (&["-n", "-I", "-P", "-L", "-d", "-a", "-s", "-E"], false, 0),
        "npx" | "bunx" => (&["-p", "--package", "-c"], false, 0),
        "cross-env" | "dotenv" => (&["-e"], true, 0),
        _ => return None,
    };
    let mut index = 1;
    let mut left = operands;
    while let Some(word) = words.get(index) {
        let text = word.known();
        if text == "--" {
            index += 1;
            break;
        }
        if (name == "command" && matches!(text, "-v" | "-V")) || (name == "npx" && text == "-c") {
            return None;
        }
        if word.raw.starts_with('-') {
            index += if valued.contains(&text) { 2 } else { 1 };
        } else if assignments && word.prefix.contains('=') {
            index += 1;
        } else if left > 0 {
            left -= 1;
            index += 1;
        } else {
            break;
        }
    }
    (index < words.len()).then_some(index)
}
