//! What holds for every evaluation: a run-time value that is known later gives what it would have given as a literal, and what
//! `aphex eval` prints of the examples is as its schema says.
//!
//! `APHEX_TEST_PROGRAMS` is how many expressions are tried (300), `APHEX_TEST_SEED` the first seed (0).

use std::path::Path;
use std::rc::Rc;

use crate::support::random::Chance;
use crate::support::{markdown, tools};
use aphex::analysis::analyse;
use aphex::diagnostics::Problems;
use aphex::eval::data::{Data, Object, RuntimeSource};
use aphex::eval::{Bindings, Known, evaluate_with, json};
use aphex::source::{MemoryFiles, Sources};
use aphex::{resolve, types};

/// A value that a run knows: how a program names it, and its value as a literal of the language.
const KNOWN: [(&str, Kind, &str); 5] = [
    ("run.branch", Kind::Text, "\"release/1.2\""),
    ("run.actor", Kind::Text, "\"\""),
    ("run.tag", Kind::Text, "\"v1 ö \\\"x\\\"\""),
    ("run.attempt", Kind::Number, "3"),
    (
        "run.commit",
        Kind::Text,
        "(\"0123456789abcdef0123456789abcdef01234567\" as Commit)",
    ),
];

fn bindings() -> Bindings {
    let of_run = |name: &str| RuntimeSource::Run(vec![name.into()]);
    Bindings::new()
        .with(of_run("branch"), Known::String("release/1.2".into()))
        .with(of_run("actor"), Known::String("".into()))
        .with(of_run("tag"), Known::String("v1 ö \"x\"".into()))
        .with(of_run("attempt"), Known::Int(3))
        .with(
            of_run("commit"),
            Known::String("0123456789abcdef0123456789abcdef01234567".into()),
        )
}

/// What an expression gives.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text,
    Number,
    Truth,
    Texts,
}

/// Expressions of a kind, with run-time values in them as `§0`, `§1`, …: positions in [`KNOWN`].
struct Expressions<'c> {
    chance: &'c mut Chance,
    names: Vec<(String, Kind)>,
}

impl Expressions<'_> {
    fn any(&mut self, kind: Kind, depth: usize) -> String {
        if depth == 0 || self.chance.percent(15) {
            return self.leaf(kind);
        }
        let next = depth - 1;
        if self.chance.percent(12) {
            let (condition, one, two) = (
                self.any(Kind::Truth, next),
                self.any(kind, next),
                self.any(kind, next),
            );
            return format!("(if {condition} {{ ({one}) }} else {{ ({two}) }})");
        }
        if self.chance.percent(8) {
            let of = self.any(Kind::Text, next);
            let (one, two) = (self.any(kind, next), self.any(kind, next));
            return format!("(match ({of}) {{ \"main\" => ({one}), _ => ({two}) }})");
        }
        if self.chance.percent(10) {
            let name = format!("n{}", self.names.len());
            let of = [Kind::Text, Kind::Number, Kind::Truth][self.chance.below(3)];
            let value = self.any(of, next);
            self.names.push((name.clone(), of));
            let rest = self.any(kind, next);
            self.names.pop();
            return format!("(let {name} = ({value}); {rest})");
        }
        match kind {
            Kind::Text => self.text(next),
            Kind::Number => self.number(next),
            Kind::Truth => self.truth(next),
            Kind::Texts => self.texts(next),
        }
    }

    fn leaf(&mut self, kind: Kind) -> String {
        let names: Vec<String> = self
            .names
            .iter()
            .filter(|(_, of)| *of == kind)
            .map(|(name, _)| name.clone())
            .collect();
        if !names.is_empty() && self.chance.percent(40) {
            return names[self.chance.below(names.len())].clone();
        }
        let known: Vec<usize> = (0..KNOWN.len()).filter(|at| KNOWN[*at].1 == kind).collect();
        if !known.is_empty() && self.chance.percent(60) {
            return format!("§{}", known[self.chance.below(known.len())]);
        }
        let literals: &[&str] = match kind {
            Kind::Text => &["\"\"", "\"main\"", "\"a b\"", "\"ö-1\"", "\"release\""],
            Kind::Number => &["0", "1", "2", "7", "(-3)", "1000"],
            Kind::Truth => &["true", "false"],
            Kind::Texts => &["[]", "[\"a\", \"b\"]", "[\"main\"]"],
        };
        self.chance.pick(literals).to_owned()
    }

    fn text(&mut self, depth: usize) -> String {
        let (a, b) = (self.any(Kind::Text, depth), self.any(Kind::Text, depth));
        match self.chance.below(9) {
            0 => format!("({a} + {b})"),
            1 => format!("\"<#{{{a}}}|#{{{}}}>\"", self.any(Kind::Number, depth)),
            2 => format!("upper({a})"),
            3 => format!("replace({a}, \"e\", {b})"),
            4 => format!("join({}, {b})", self.any(Kind::Texts, depth)),
            5 => format!("shout({a})"),
            6 => format!("trim({a})"),
            7 => format!("({{ k = {a} }}.k)"),
            _ => format!("({}[{}] ?? {b})", self.any(Kind::Texts, depth), "0"),
        }
    }

    fn number(&mut self, depth: usize) -> String {
        let (a, b) = (self.any(Kind::Number, depth), self.any(Kind::Number, depth));
        match self.chance.below(6) {
            0 => format!("({a} + {b})"),
            1 => format!("({a} * {b})"),
            2 => format!("({a} - {b})"),
            3 => format!("({a} % {b})"),
            4 => format!("len({})", self.any(Kind::Text, depth)),
            _ => format!("double({a})"),
        }
    }

    fn truth(&mut self, depth: usize) -> String {
        match self.chance.below(6) {
            0 => format!(
                "({} == {})",
                self.any(Kind::Text, depth),
                self.any(Kind::Text, depth)
            ),
            1 => format!(
                "({} < {})",
                self.any(Kind::Number, depth),
                self.any(Kind::Number, depth)
            ),
            2 => format!(
                "({} && {})",
                self.any(Kind::Truth, depth),
                self.any(Kind::Truth, depth)
            ),
            3 => format!(
                "({} || {})",
                self.any(Kind::Truth, depth),
                self.any(Kind::Truth, depth)
            ),
            4 => format!("(!{})", self.any(Kind::Truth, depth)),
            _ => format!(
                "starts_with({}, {})",
                self.any(Kind::Text, depth),
                self.any(Kind::Text, depth)
            ),
        }
    }

    fn texts(&mut self, depth: usize) -> String {
        match self.chance.below(3) {
            0 => format!(
                "[{}, {}]",
                self.any(Kind::Text, depth),
                self.any(Kind::Text, depth)
            ),
            1 => format!("split({}, \"-\")", self.any(Kind::Text, depth)),
            _ => format!(
                "({} + {})",
                self.any(Kind::Texts, depth),
                self.any(Kind::Texts, depth)
            ),
        }
    }
}

/// A program whose test has `X` in its `env`.
fn program(expression: &str) -> String {
    format!(
        "fn shout(text: String) -> String = upper(text) + \"!\"
fn double(number: Int) -> Int = number + number
pipeline shop {{
  cluster = \"main\"
  repository = \"acme/shop\"
  build {{ run = [\"make\"], env = {{ X = {expression} }} }}
  environment dev {{ account = \"111122223333\", region = \"us-east-1\", stack Api }}
}}
"
    )
}

/// The value of `X`, and the codes of what is wrong.
fn value(text: &str, bindings: &Bindings) -> (Option<Data>, Vec<String>) {
    let files = MemoryFiles::new().with("pipeline.aphex", text);
    let (mut sources, mut problems) = (Sources::new(), Problems::new());
    let program = resolve::load("pipeline.aphex", &files, &mut sources, &mut problems).unwrap();
    let checked = types::check(&program, &sources, &mut problems);
    let pipelines = evaluate_with(
        &program,
        &checked,
        bindings,
        &files,
        &mut sources,
        &mut problems,
    );
    let codes = problems
        .into_sorted()
        .iter()
        .map(|one| format!("{} {}", one.code.id, one.message))
        .collect();
    (pipelines.first().and_then(variable), codes)
}

fn variable(pipeline: &Rc<Object>) -> Option<Data> {
    let build = pipeline.blocks.iter().find(|block| block.kind == "build")?;
    let Data::Map(map) = &build.object.fields.get("env")?.node.data else {
        return None;
    };
    Some(map.get("X")?.data.clone())
}

fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name)
        .ok()
        .and_then(|value| value.parse().ok())
        .unwrap_or(default)
}

#[test]
fn what_is_known_later_is_as_if_known_at_once() {
    let bindings = bindings();
    let (mut lifted, mut same) = (0, 0);
    let first = setting("APHEX_TEST_SEED", 0);
    for seed in first..first + setting("APHEX_TEST_PROGRAMS", 300) {
        let mut chance = Chance::new(seed);
        let kind = [Kind::Text, Kind::Number, Kind::Truth][chance.below(3)];
        let depth = chance.from(1, 4);
        let mut expressions = Expressions {
            chance: &mut chance,
            names: Vec::new(),
        };
        let written = expressions.any(kind, depth);
        let (mut later, mut now) = (written.clone(), written);
        for (at, (name, _, literal)) in KNOWN.iter().enumerate() {
            later = later.replace(&format!("§{at}"), name);
            now = now.replace(&format!("§{at}"), literal);
        }
        let (compiled, refused) = value(&program(&later), &Bindings::new());
        if !refused.is_empty() {
            // What the checker refuses of one form it may accept of the other: literals are known more precisely.
            continue;
        }
        if matches!(compiled, Some(Data::Output(_))) {
            lifted += 1;
        }
        let (deferred, wrong) = value(&program(&later), &bindings);
        let (direct, wrong_at_once) = value(&program(&now), &Bindings::new());
        let checked = wrong_at_once
            .iter()
            .any(|problem| !problem.starts_with("A05"));
        if checked {
            continue;
        }
        assert_eq!(
            deferred, direct,
            "seed {seed}: {later}\n{wrong:?}\n{wrong_at_once:?}"
        );
        assert_eq!(
            wrong.is_empty(),
            wrong_at_once.is_empty(),
            "seed {seed}: {later}\n{wrong:?}\n{wrong_at_once:?}"
        );
        same += 1;
    }
    println!("{same} compared, {lifted} of them lifted");
    assert!(
        same >= 50 && lifted >= 25,
        "{same} compared, {lifted} lifted: the expressions prove nothing"
    );
}

fn validator() -> jsonschema::Validator {
    let text = std::fs::read_to_string(tools::root().join("schemas/eval.v1.json")).unwrap();
    jsonschema::validator_for(&serde_json::from_str(&text).unwrap()).unwrap()
}

/// Every file below a folder, by path relative to it.
fn folder(root: &Path) -> (MemoryFiles, Vec<String>) {
    let (mut files, mut programs) = (MemoryFiles::new(), Vec::new());
    let mut open = vec![root.to_owned()];
    while let Some(path) = open.pop() {
        if path.is_dir() {
            open.extend(
                std::fs::read_dir(&path)
                    .unwrap()
                    .map(|entry| entry.unwrap().path()),
            );
            continue;
        }
        let name = path
            .strip_prefix(root)
            .unwrap()
            .to_string_lossy()
            .into_owned();
        if let Ok(text) = std::fs::read_to_string(&path) {
            files = files.with(&name, text);
            if name.ends_with("pipeline.aphex") {
                programs.push(name);
            }
        }
    }
    (files, programs)
}

#[test]
fn eval_prints_what_its_schema_says() {
    let schema = validator();
    let mut judged = 0;
    let mut judge = |name: &str, analysis: &aphex::analysis::Analysis| {
        let value = json::pipelines(analysis.objects.iter().map(|object| &**object));
        let errors: Vec<String> = schema
            .iter_errors(&value)
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect();
        assert!(errors.is_empty(), "{name}: {errors:#?}");
        judged += 1;
    };
    for example in std::fs::read_dir(tools::root().join("examples")).unwrap() {
        let path = example.unwrap().path();
        if !path.is_dir() {
            continue;
        }
        let (files, programs) = folder(&path);
        assert!(!programs.is_empty(), "{}", path.display());
        for name in programs {
            let analysis = analyse(&name, &files);
            assert!(
                !analysis.has_errors() && !analysis.objects.is_empty(),
                "{}/{name}",
                path.display()
            );
            judge(&name, &analysis);
        }
    }
    // Right examples of the error pages show what the examples do not.
    for code in aphex::diagnostics::codes::all() {
        for block in markdown::blocks(code.page)
            .iter()
            .filter(|block| block.section == "Right" && block.info == "aphex")
        {
            let files = markdown::files(&block.text);
            let Some((root, _)) = files.first().cloned() else {
                continue;
            };
            let project = files
                .into_iter()
                .fold(MemoryFiles::new(), |project, (name, text)| {
                    project.with(name, text)
                });
            judge(code.id, &analyse(&root, &project));
        }
    }
    assert!(judged > 100, "{judged}");
}
