//! Writing a program, and the values that stand in it.

use std::collections::BTreeSet;

use super::chance::Chance;

/// A program that is being written.
#[derive(Default)]
pub struct Text {
    text: String,
    depth: usize,
}

impl Text {
    /// The whole.
    pub fn finish(self) -> String {
        self.text
    }

    /// A line.
    pub fn line(&mut self, line: impl AsRef<str>) {
        let line = line.as_ref();
        if !line.is_empty() {
            self.text.push_str(&"  ".repeat(self.depth));
            self.text.push_str(line);
        }
        self.text.push('\n');
    }

    /// `header {`, what `body` writes, `}`.
    pub fn block(&mut self, header: impl AsRef<str>, body: impl FnOnce(&mut Text)) {
        self.line(format!("{} {{", header.as_ref()));
        self.depth += 1;
        body(self);
        self.depth -= 1;
        self.line("}");
    }
}

/// Names that are not used twice.
#[derive(Default)]
pub struct Names(BTreeSet<String>);

/// Words that a name cannot be: they are reserved, or name something that is always there.
const TAKEN: [&str; 24] = [
    "use", "let", "fn", "type", "schema", "block", "policy", "pipeline", "for", "in", "if", "else",
    "match", "with", "assert", "where", "true", "false", "null", "as", "run", "build", "self",
    "app",
];

impl Names {
    /// A new DNS label that begins with a letter, of at most `longest` characters; at times exactly so many.
    pub fn label(&mut self, chance: &mut Chance, longest: usize) -> String {
        loop {
            let length = if chance.percent(8) {
                longest
            } else {
                chance.few(1, longest.min(16))
            };
            let mut name = String::new();
            while name.len() < length {
                let last = name.len() + 1 == length;
                let letters = if name.is_empty() {
                    "abcdefghijklmnopqrstuvwxyz"
                } else if last || name.ends_with('-') {
                    "abcdefghijklmnopqrstuvwxyz0123456789"
                } else {
                    "abcdefghijklmnopqrstuvwxyz0123456789---"
                };
                name.push(letters.as_bytes()[chance.below(letters.len())] as char);
            }
            if !TAKEN.contains(&name.as_str()) && self.0.insert(name.clone()) {
                return name;
            }
        }
    }

    /// A new name of a stack, an output or a variable: a capital letter, then letters and digits.
    pub fn capital(&mut self, chance: &mut Chance, longest: usize) -> String {
        loop {
            let length = if chance.percent(5) {
                longest
            } else {
                chance.few(2, longest.min(12))
            };
            let letters = b"abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
            let mut name = String::from(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ"[chance.below(26)] as char);
            while name.len() < length {
                name.push(letters[chance.below(letters.len())] as char);
            }
            if self.0.insert(name.clone()) {
                return name;
            }
        }
    }
}

/// A length of time between so many seconds, in one of its forms.
pub fn duration(chance: &mut Chance, least: usize, most: usize) -> String {
    let seconds = chance.from(least, most);
    match chance.below(3) {
        0 => format!("{seconds}s"),
        1 if seconds >= 60 => format!("{}m", seconds / 60),
        2 if seconds >= 3600 => {
            let (hours, minutes) = (seconds / 3600, seconds % 3600 / 60);
            if minutes == 0 {
                format!("{hours}h")
            } else {
                format!("{hours}h{minutes}m")
            }
        }
        _ => format!("{seconds}s"),
    }
}

/// An image that a registry could have.
pub fn image(chance: &mut Chance) -> String {
    let host = chance.pick(&[
        "",
        "",
        "docker.io/library/",
        "public.ecr.aws/docker/library/",
        "localhost:5000/a/b/",
        "111122223333.dkr.ecr.eu-west-1.amazonaws.com/team/",
    ]);
    let name = chance.pick(&["node", "python", "postgres", "build-tools", "a__b", "x1.y2"]);
    let tag = chance.pick(&[":22", ":3.14-slim", ":latest", ":v1_2.3", ""]);
    let digest = if chance.percent(15) {
        format!("@sha256:{}", "0123456789abcdef".repeat(4))
    } else {
        String::new()
    };
    format!("{host}{name}{tag}{digest}")
}

/// Text that would be dangerous in a manifest: what stands in programs must not be substituted, unquoted or cut there.
pub fn prose(chance: &mut Chance) -> &'static str {
    chance.pick(&[
        "Ship it?",
        "{{workflow.name}} and {{inputs.parameters.commit}}",
        "{{=1+1}}",
        "quotes \\\" and ' and `",
        "a: b # no comment",
        "- yes\\n- no\\t|",
        "%s $HOME $(id) ${X} $$",
        "ünï 🚀 \\u{1f680}",
        "---",
        "",
        "null",
    ])
}

/// Commands as people write them, all of them right in `sh`.
pub fn commands(chance: &mut Chance) -> String {
    const COMMANDS: [&str; 14] = [
        r#""npm ci""#,
        r#""npm run build""#,
        r#""echo $HOME ${STAGE:-dev}""#,
        r#""echo '{{workflow.name}}' {{=1}}""#,
        r##"r#"printf "%s" 'it is'"#"##,
        r#""test -n \"$STAGE\" && echo yes || echo no""#,
        r#""for f in *.json; do cat \"$f\"; done""#,
        r#""true # a comment""#,
        r#""./scripts/smoke.sh --fast""#,
        r#""if [ -f x ]; then rm x; fi""#,
        r#""curl -fsS https://example.com/a?b=c""#,
        r#""printf '%s\\n' a b | sort | uniq -c""#,
        r#""X=$(date +%s); echo $X""#,
        r#""echo \u{fc}ml\u{e4}ut""#,
    ];
    if chance.percent(12) {
        return "\"\"\"\n      set -x\n      npm ci\n      # a comment\n      npm run build | tee build.log\n      \"\"\"".to_owned();
    }
    let chosen: Vec<&str> = (0..chance.few(1, 4))
        .map(|_| chance.pick(&COMMANDS))
        .collect();
    format!("[{}]", chosen.join(", "))
}
