//! What each fuzz target does with an input: for every input it must return, within the limits, and give the same twice.
//!
//! `fuzz_targets/` hands these the inputs of libFuzzer, `tests/compiler/fuzz_targets.rs` those of a generator.

use std::io::Write;
use std::rc::Rc;

use aphex::analysis::{Analysis, analyse};
use aphex::diagnostics::{Diagnostic, Paint, Problems, Report, github, human, json, sarif, short};
use aphex::eval::data::Object;
use aphex::source::{MemoryFiles, SourceId, Sources, Span};
use aphex::stage::log::Memory;
use aphex::stage::reports;
use aphex::target::{self, Emit, Format, Options};
use aphex::{eval, resolve, rules, syntax, types};

/// A target: its name, and what it does with an input.
pub type Target = (&'static str, fn(&[u8]));

/// Every target.
pub const TARGETS: [Target; 8] = [
    ("parser", parser),
    ("checker", checker),
    ("evaluator", evaluator),
    ("data", data),
    ("shell", shell),
    ("whole", whole),
    ("report", report),
    ("log", log),
];

/// The root file of every program.
const ROOT: &str = "pipeline.aphex";

fn text(input: &[u8]) -> String {
    String::from_utf8_lossy(input).into_owned()
}

fn project(input: &[u8]) -> MemoryFiles {
    MemoryFiles::new().with(ROOT, text(input))
}

/// Every place lies within its file and divides no character.
fn places(diagnostics: &[Diagnostic], sources: &Sources) {
    for diagnostic in diagnostics {
        let edits = diagnostic.fixes.iter().flat_map(|fix| &fix.edits);
        let spans = diagnostic
            .span()
            .into_iter()
            .chain(edits.map(|edit| edit.span));
        for span in spans {
            let file = sources.get(span.source).expect("a file");
            let range = span.start as usize..span.end as usize;
            assert!(file.text.get(range).is_some(), "{diagnostic:?}");
        }
    }
}

/// Text to a syntax tree.
pub fn parser(input: &[u8]) {
    let text = text(input);
    let read = || {
        let mut problems = Problems::new();
        let file = syntax::parse(SourceId(0), &text, &mut problems);
        (file, problems.into_sorted())
    };
    let (tree, problems) = read();
    let mut sources = Sources::new();
    sources.add(ROOT, text.clone());
    places(&problems, &sources);
    assert!((tree, problems) == read(), "not the same twice");
}

/// A program to its diagnostics, without evaluating it.
pub fn checker(input: &[u8]) {
    let files = project(input);
    let check = || {
        let mut sources = Sources::new();
        let mut problems = Problems::new();
        if let Some(program) = resolve::load(ROOT, &files, &mut sources, &mut problems) {
            types::check(&program, &sources, &mut problems);
        }
        let problems = problems.into_sorted();
        places(&problems, &sources);
        problems
    };
    assert_eq!(check(), check());
}

fn evaluate(files: &MemoryFiles) -> (Vec<Rc<Object>>, Vec<Diagnostic>) {
    let mut sources = Sources::new();
    let mut problems = Problems::new();
    let mut pipelines = Vec::new();
    if let Some(program) = resolve::load(ROOT, files, &mut sources, &mut problems) {
        let checked = types::check(&program, &sources, &mut problems);
        pipelines = eval::evaluate(&program, &checked, files, &mut sources, &mut problems);
    }
    let problems = problems.into_sorted();
    places(&problems, &sources);
    (pipelines, problems)
}

/// A program to its evaluated pipelines, broken or not.
pub fn evaluator(input: &[u8]) {
    let files = project(input);
    let first = evaluate(&files);
    assert_eq!(first, evaluate(&files));
    let shown = eval::json::pipelines(first.0.iter().map(|object| &**object));
    serde_json::to_string(&shown).expect("JSON");
}

/// A data file, read as JSON and as YAML, typed in several ways.
pub fn data(input: &[u8]) {
    const PROGRAM: &str = r#"
        schema Service { name: String, port: Int where self > 0 else "no port" = 80, tags: [String] = [], inner: Service? = null }
        let a = read_json("data.json") as [Service]
        let b = read_yaml("data.yaml") as Map<Service>
        let c = read_yaml("data.yaml") as { a: Int | String, b?: [{ c: Float? }] }
        let d = read_json("data.json") as Map<[Duration | Bool]>
    "#;
    let files = MemoryFiles::new()
        .with(ROOT, PROGRAM)
        .with("data.json", text(input))
        .with("data.yaml", text(input));
    assert_eq!(evaluate(&files), evaluate(&files));
}

/// The text of a command, as the rules read it.
pub fn shell(input: &[u8]) {
    let text = text(input);
    let first = rules::shell::read(&text);
    match &first {
        Ok(script) => {
            let calls = script.calls.iter().map(|call| &call.at);
            let reads = script.reads.iter().map(|read| &read.at);
            let bash = script.bash.iter().map(|bash| &bash.at);
            for at in calls.chain(reads).chain(bash) {
                assert!(text.get(at.clone()).is_some(), "{at:?}");
            }
        }
        Err(error) => assert!(text.get(error.at.clone()).is_some(), "{:?}", error.at),
    }
    assert_eq!(
        format!("{first:?}"),
        format!("{:?}", rules::shell::read(&text))
    );
}

/// A program in a repository through every phase, to manifests and every form of report.
pub fn whole(input: &[u8]) {
    let files = project(input)
        .with("package.json", r#"{ "scripts": { "build": "tsc" } }"#)
        .with("cdk.json", r#"{ "app": "node app.js" }"#)
        .with("Makefile", "all:\n\ttrue\n");
    let analysis = analyse(ROOT, &files);
    let manifests = manifests(&analysis);
    let again = analyse(ROOT, &files);
    assert_eq!(analysis.diagnostics, again.diagnostics);
    assert_eq!(manifests, self::manifests(&again));
    places(&analysis.diagnostics, &analysis.sources);
    let reports = [Report::new(analysis.sources, analysis.diagnostics)];
    for text in [
        human::render(&reports, Paint::Plain),
        short::render(&reports),
        github::render(&reports),
        json::render(&reports, &[ROOT.to_owned()]),
        sarif::render(&reports),
    ] {
        std::hint::black_box(text);
    }
}

/// The manifests of a program without errors: `check` has said everything that `compile` could refuse.
fn manifests(analysis: &Analysis) -> Option<String> {
    if analysis.has_errors() {
        return None;
    }
    let models = analysis.pipelines.iter().zip(&analysis.objects);
    let hashed: Vec<_> = models
        .map(|(model, data)| (model, target::spec_hash(data)))
        .collect();
    let options = Options {
        format: Format::Yaml,
        emit: vec![Emit::WorkflowTemplates],
        version: "0.1.0".to_owned(),
    };
    let compiled = target::compile(&hashed, &analysis.sources, &options);
    Some(compiled.expect("manifests").together(Format::Yaml))
}

/// A test report, summed up and shown.
pub fn report(input: &[u8]) {
    let span = Span::new(SourceId(0), 0, 0);
    let Ok(summary) = reports::read_bytes("report.xml", input.to_vec(), span) else {
        return;
    };
    let sum = summary.passed + summary.failed + summary.errors + summary.skipped;
    assert_eq!(summary.tests, sum);
    assert!(summary.flaky <= summary.passed && summary.seconds.is_finite());
    assert!(reports::table(&summary).len() < 500);
}

/// What a program writes, in pieces: whatever it is, a log holds text and colours, and no secret.
pub fn log(input: &[u8]) {
    let (log, memory) = Memory::log();
    assert!(log.hide("secret") && log.hide("c=r&et \u{fc}"));
    let mut stream = log.stream();
    let size = input.first().map_or(1, |byte| usize::from(*byte) % 16 + 1);
    for piece in input.chunks(size) {
        stream.write_all(piece).expect("a log takes everything");
    }
    drop(stream);
    let text = memory.text();
    for (index, piece) in text.split('\u{1b}').enumerate() {
        let colour = piece
            .strip_prefix('[')
            .and_then(|rest| rest.split_once('m'));
        let shown = match (index, colour) {
            (0, _) => piece,
            (_, Some((numbers, shown)))
                if numbers.bytes().all(|b| b.is_ascii_digit() || b == b';') =>
            {
                shown
            }
            _ => panic!("{piece:?} is no colour"),
        };
        let stray = shown
            .chars()
            .find(|c| c.is_control() && !"\n\r\t".contains(*c));
        assert_eq!(stray, None, "{shown:?}");
        assert!(!shown.contains("secret"), "{shown:?}");
    }
}
