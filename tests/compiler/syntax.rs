//! The parser, from outside: what holds for every text, right or wrong.

use aphex::diagnostics::{Diagnostic, Problems};
use aphex::source::SourceId;
use aphex::syntax::ast::{BodyItem, Expr, ExprKind, File, Item, StringPart};
use aphex::syntax::{MAX_DEPTH, parse};
use proptest::prelude::*;
use serde_json::Value;

/// Every program of the repository that is meant to be right.
fn programs() -> Vec<String> {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    let mut folders = vec![root.join("stdlib"), root.join("examples")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() && !path.ends_with("node_modules") {
                folders.push(path);
            } else if path
                .extension()
                .is_some_and(|extension| extension == "aphex")
            {
                found.push(std::fs::read_to_string(&path).unwrap());
            }
        }
    }
    assert!(!found.is_empty());
    found
}

fn read(text: &str) -> (File, Vec<Diagnostic>) {
    let mut problems = Problems::new();
    let file = parse(SourceId(0), text, &mut problems);
    (file, problems.into_sorted())
}

/// Every span lies in the text, and in the span of the node that holds it.
fn check_spans(value: &Value, outer: (u64, u64), text: &str) {
    match value {
        Value::Array(list) => list
            .iter()
            .for_each(|value| check_spans(value, outer, text)),
        Value::Object(map) => {
            let span_of =
                |value: &Value| Some((value.get("start")?.as_u64()?, value.get("end")?.as_u64()?));
            let own = map.get("span").and_then(span_of);
            let outer = own.unwrap_or(outer);
            for (key, value) in map {
                if let Some((start, end)) = span_of(value).filter(|_| value.get("source").is_some())
                {
                    assert!(
                        start <= end && outer.0 <= start && end <= outer.1 || key == "span",
                        "{key}: {start}..{end} is not in {outer:?} of\n{text}"
                    );
                    assert!(
                        text.get(start as usize..end as usize).is_some(),
                        "{key}: {start}..{end} divides a character of\n{text}"
                    );
                } else {
                    if let Some((start, end)) = value.get("span").and_then(span_of) {
                        assert!(
                            outer.0 <= start && end <= outer.1,
                            "{key}: {start}..{end} is not in {outer:?} of\n{text}\n{value:#}"
                        );
                    }
                    check_spans(value, outer, text);
                }
            }
        }
        _ => {}
    }
}

/// What holds for every text.
fn check(text: &str) {
    let (file, problems) = read(text);
    let (again, same) = read(text);
    assert_eq!(file, again);
    assert_eq!(problems, same);
    assert_eq!(file.complete, problems.is_empty());
    let all = (0, text.len() as u64);
    check_spans(&serde_json::to_value(&file).unwrap(), all, text);
    for problem in &problems {
        let labels = problem.primary.iter().chain(&problem.secondary);
        let edits = problem.fixes.iter().flat_map(|fix| &fix.edits);
        for span in labels
            .map(|label| label.span)
            .chain(edits.map(|edit| edit.span))
        {
            assert!(
                text.get(span.range()).is_some(),
                "{span:?} of {problem:?} in\n{text}"
            );
        }
        assert!(problem.help.is_some(), "no help: {problem:?}");
        assert!(!problem.message.ends_with('.') && !problem.message.contains("unexpected token"));
    }
}

/// Applies the edits of a fix.
fn fixed(text: &str, problem: &Diagnostic) -> Option<String> {
    let mut edits = problem.fixes.first()?.edits.clone();
    edits.sort_by_key(|edit| std::cmp::Reverse(edit.span.start));
    let mut text = text.to_owned();
    for edit in edits {
        text.replace_range(edit.span.range(), &edit.text);
    }
    Some(text)
}

#[test]
fn reads_every_program_of_the_repository() {
    for text in programs() {
        let (file, problems) = read(&text);
        assert!(problems.is_empty(), "{problems:#?}");
        assert!(!file.items.is_empty());
        check(&text);
    }
}

#[test]
fn reads_every_beginning_of_a_program() {
    for text in programs() {
        for end in (0..text.len()).step_by(97) {
            if let Some(text) = text.get(..end) {
                check(text);
            }
        }
    }
}

/// Where it stands, the value of `let x = …`.
fn value(text: &str) -> Expr {
    let source = format!("let x = {text}\n");
    let (file, problems) = read(&source);
    assert!(problems.is_empty(), "{source}: {problems:#?}");
    match file.items.into_iter().next() {
        Some(Item::Let(item)) => item.value,
        other => panic!("{other:?}"),
    }
}

const OPENERS: &[&str] = &[
    "(",
    "[",
    "{",
    "{ a = ",
    "[a, ",
    "f(",
    "f(a = ",
    "a[",
    "a {\n",
    "a b {\n",
    "A { a = ",
    "a = A {\n",
    "if a {\n",
    "if a { b } else ",
    "for a in b {\n",
    "let a = (",
    "match a { b => ",
    "match a { b => {",
    "!",
    "-",
    "- ",
    "a.",
    "a + ",
    "a && !",
    "a with { b = ",
    "a as [",
    "a as A<",
    "\"#{",
    "\"\"\"#{",
    "/*",
    "[a for a in ",
    "schema A { a: [",
    "schema A { a: { b: ",
    "type A = [",
    "type A = (",
    "type A = A<",
    "fn a() -> A {",
    "fn a(a: A = (",
    "a?",
    "a ?? ",
    "let a = 1; ",
    "r#",
    "#{",
    "\"",
    "assert a, ",
    "a ?? b || c && d == e + f * [x = a ?? b || c && d == e + f * { y = ",
    "a ?? b || c && d == e + f * (",
    "{ a = a ?? b || c && !d == -e + f * g[",
];

#[test]
fn nests_as_deep_as_one_likes() {
    let run = || {
        for opener in ["(", "[", "{", "a {\n", "f("] {
            drop(read(&format!("let x = {}", opener.repeat(100_000))));
        }
        for before in [
            "",
            "let x = ",
            "pipeline p {\n",
            "pipeline p {\n a = ",
            "type T = ",
            "schema S {\n a: ",
        ] {
            for opener in OPENERS {
                for count in [100, 5_000] {
                    let text = format!("{before}{}", opener.repeat(count));
                    let (file, problems) = read(&text);
                    assert!(problems.len() <= 100);
                    drop(file);
                }
                let closer: String = opener
                    .chars()
                    .rev()
                    .filter_map(|c| match c {
                        '(' => Some(')'),
                        '[' => Some(']'),
                        '{' => Some('}'),
                        _ => None,
                    })
                    .collect();
                let text = format!("{before}{}1{}", opener.repeat(5_000), closer.repeat(5_000));
                drop(read(&text));
            }
        }
    };
    // Half of what a thread has by default: later phases need some, too.
    let thread = std::thread::Builder::new()
        .stack_size(1 << 20)
        .spawn(run)
        .unwrap();
    thread.join().unwrap();
}

#[test]
fn deep_brackets_have_one_message() {
    for (open, close) in [
        ("(", ")"),
        ("[", "]"),
        ("{ a = ", "}"),
        ("f(", ")"),
        ("\"#{", "}\""),
    ] {
        let nested = |count: usize| {
            format!(
                "let x = {}1{}\nlet y = 1\nlet z = ,\n",
                open.repeat(count),
                close.repeat(count)
            )
        };
        let allowed = MAX_DEPTH as usize - 2;
        assert_eq!(read(&nested(allowed)).1.len(), 1, "{open}: only the `,`");
        let (file, problems) = read(&nested(5_000));
        let codes: Vec<_> = problems.iter().map(|problem| problem.code.id).collect();
        assert_eq!(codes, ["A0108", "A0110"], "{open}: {problems:#?}");
        assert_eq!(file.items.len(), 3);
    }
}

#[test]
fn chains_are_bounded() {
    for link in [" + a", ".a", "()", "[0]", " with { }", " ?? a", " as A"] {
        let (_, problems) = read(&format!("let x = a{}\n", link.repeat(200)));
        assert!(problems.is_empty(), "{link}: {problems:#?}");
        let (_, problems) = read(&format!("let x = a{}\n", link.repeat(20_000)));
        let codes: Vec<_> = problems.iter().map(|problem| problem.code.id).collect();
        assert_eq!(codes, ["A0108"], "{link}: {problems:#?}");
    }
    let many = "  if a { stack A }\n".repeat(2_000);
    assert!(read(&format!("pipeline p {{\n{many}}}\n")).1.is_empty());
}

#[test]
fn large_texts_take_time_in_proportion() {
    let texts = [
        format!("let x = \"{}\"\n", "a".repeat(1 << 20)),
        format!("let x = \"\"\"\n{}  \"\"\"\n", "  a\n".repeat(1 << 18)),
        format!("let x = [{}]\n", "1, ".repeat(1 << 18)),
        "@".repeat(1 << 18),
        "\"#{".repeat(1 << 18),
        "\"#{\n".repeat(1 << 18),
        "\"".repeat((1 << 18) + 1),
        "{\n".repeat(1 << 17) + &"  )\n".repeat(1 << 18),
        "}\n".repeat(1 << 18),
        "a b c\n".repeat(1 << 18),
        "/// d\n".repeat(1 << 18),
        "'\n".repeat(1 << 17),
        "r#\"".repeat(1 << 18),
        "\"\"\"\n".repeat((1 << 18) + 1),
    ];
    for text in texts {
        let started = std::time::Instant::now();
        let (_, problems) = read(&text);
        assert!(problems.len() <= 100);
        let start: String = text.chars().take(30).collect();
        assert!(
            started.elapsed().as_secs() < 60,
            "{start:?}: {:?}",
            started.elapsed()
        );
    }
    let (_, problems) = read(&"a".repeat((16 << 20) + 1));
    assert_eq!(
        problems.first().map(|problem| problem.code.id),
        Some("A0203")
    );
}

#[test]
fn fixes_make_their_problem_go() {
    let lines = [
        "region: \"x\"",
        "region == \"x\"",
        "region := \"x\"",
        "region => \"x\"",
        "region \"x\" \"y\"",
        "a = 'x'",
        "a = “x”",
        "a = `x`",
        "a = 20min",
        "a = 1.5h",
        "a = 30m1h",
        "a = \"\\u00e9\"",
        "a = \"\\x41\"",
        "a = \"\\#\"",
        "a = \"\\r\"",
        "a = \"\\0\"",
        "a = [1 2]",
        "a = [1, 2)",
        "a = f(1 2)",
        "a = f(1; 2)",
        "a = b and c",
        "a = b or c",
        "a = not b",
        "a = b | c",
        "a = b & c",
        "if a = b { stack A }",
        "if a { stack A } elif b { stack B }",
        "for x of y { stack A }",
        "a = match b { 1 -> 2, else => 3 }",
        "\"a\" = 1",
        "stack A\n  {\n  }",
        "a = = 1",
        "# comment",
        "a = 1 – 2",
        "a = { b: 1 }",
        "a =\u{a0}1",
    ];
    for line in lines {
        let mut text = format!("pipeline p {{\n  {line}\n}}\n");
        for _ in 0..4 {
            let (_, problems) = read(&text);
            let Some(problem) = problems.first() else {
                break;
            };
            let Some(next) = fixed(&text, problem) else {
                assert!(line.contains("\"y\""), "no fix for {line}: {problem:#?}");
                break;
            };
            let before = problems.len();
            text = next;
            assert!(read(&text).1.len() < before, "{line}: still wrong\n{text}");
        }
        assert!(
            read(&text).1.is_empty() || line.contains("\"y\""),
            "{line}: {text}"
        );
    }
}

#[test]
fn one_broken_item_costs_that_item() {
    let text = "pipeline p {\n  a = 1\n  b = = [\n  c = 3\n  stack A { d =, e = 5 }\n  f = { g = 1, h 2, i = 3 }\n  j = k l m\n    n o p\n  q = 6\n}\nlet r 1\nlet s = \n\nlet t = 1\n";
    let (file, problems) = read(text);
    let lines: Vec<_> = problems
        .iter()
        .map(|problem| {
            let at = problem.span().unwrap().start as usize;
            (text[..at].matches('\n').count() + 1, problem.code.id)
        })
        .collect();
    assert_eq!(
        lines,
        [
            (3, "A0101"),
            (3, "A0102"),
            (5, "A0110"),
            (6, "A0110"),
            (7, "A0101"),
            (11, "A0110"),
            (12, "A0110")
        ]
    );
    let Some(Item::Block(block)) = file.items.first() else {
        panic!("{file:#?}");
    };
    let aphex::syntax::ast::BlockValue::Body(body) = &block.value else {
        panic!("{block:#?}");
    };
    let names: Vec<_> = body
        .items
        .iter()
        .map(|item| match item {
            BodyItem::Field(field) => field.name.name.as_str(),
            BodyItem::Block(block) => block.kind.name.as_str(),
            other => panic!("{other:#?}"),
        })
        .collect();
    assert_eq!(names, ["a", "b", "c", "stack", "f", "j", "q"]);
    assert_eq!(file.items.len(), 4);
}

#[test]
fn what_is_missing_a_bracket_is_found_by_indentation() {
    let text = "pipeline p {\n  environment a {\n    run = [\"x\", \"y\"\n    stack A\n\n  environment b {\n    stack B\n  }\n}\n\npipeline q {\n  stack C\n}\n";
    let (file, problems) = read(text);
    let messages: Vec<_> = problems
        .iter()
        .map(|problem| problem.message.as_str())
        .collect();
    assert_eq!(messages, ["`[` is not closed", "`{` is not closed"]);
    assert_eq!(file.items.len(), 2);
    let text = "pipeline p {\n  environment a {\n    stack A\n    }\n  }\n\n  environment b {\n    stack B\n  }\n}\n";
    let (file, problems) = read(text);
    assert_eq!(problems.len(), 1);
    assert_eq!(problems[0].span().map(|span| span.start), Some(47));
    assert_eq!(file.items.len(), 1);
}

#[test]
fn comments_document_what_follows_them() {
    let text = "//! The file.\n//! More.\n\n/// A policy.\n/// Two lines.\n// not this\nlet a = 1 // after\n\n/// Nothing follows in this block.\npipeline p {\n  /// A field.\n  b = 1 /// not first\n  c = 2\n  /// nothing\n}\n//! late\n";
    let (file, problems) = read(text);
    assert!(problems.is_empty());
    assert_eq!(file.docs.as_deref(), Some("The file.\nMore."));
    let Some(Item::Let(item)) = file.items.first() else {
        panic!("{file:#?}");
    };
    assert_eq!(item.docs.as_deref(), Some("A policy.\nTwo lines."));
    let comments: Vec<_> = file
        .comments
        .iter()
        .map(|comment| comment.text.as_str())
        .collect();
    assert_eq!(
        comments,
        ["not this", "after", "not first", "nothing", "late"]
    );
    for comment in &file.comments {
        assert!(text[comment.span.range()].starts_with("//"));
    }
}

#[test]
fn operators_bind_as_documented() {
    let show = |text: &str| shape(&value(text));
    assert_eq!(
        show("a ?? b || c && d == e + f * g"),
        "(a Coalesce (b Or (c And (d Equal (e Add (f Multiply g))))))"
    );
    assert_eq!(show("a - b - c"), "((a Subtract b) Subtract c)");
    assert_eq!(
        show("!a.b && -c as Int == d"),
        "((!a.b And (-c as)) Equal d)".replace(
            "((!a.b And (-c as)) Equal d)",
            "(!a.b And ((-c as) Equal d))"
        )
    );
    assert_eq!(show("a-b - c"), "(a-b Subtract c)");
    assert_eq!(show("a\n  + b\n  .c"), "(a Add b.c)");
    assert_eq!(show("(a\n- b)"), "(a Subtract b)");
    assert_eq!(show("x in y && z"), "((x In y) And z)");
}

fn shape(expr: &Expr) -> String {
    match &expr.kind {
        ExprKind::Name(name) => name.to_string(),
        ExprKind::Binary {
            op, left, right, ..
        } => format!("({} {op:?} {})", shape(left), shape(right)),
        ExprKind::Unary(op, value) => format!(
            "{}{}",
            if format!("{op:?}") == "Not" { "!" } else { "-" },
            shape(value)
        ),
        ExprKind::Member { base, name, .. } => format!("{}.{}", shape(base), name.name),
        ExprKind::As(value, _) => format!("({} as)", shape(value)),
        other => format!("{other:?}"),
    }
}

/// A text, and its bytes as they may be written in a string between quotes.
fn piece() -> impl Strategy<Value = (String, String)> {
    let same = |text: &str| (text.to_owned(), text.to_owned());
    let escape = |written: &str, text: &str| (written.to_owned(), text.to_owned());
    prop_oneof![
        6 => "[a-zA-Z0-9 $'{}()é€😀]{1,8}".prop_map(move |text| same(&text)),
        1 => Just(escape("\\n", "\n")),
        1 => Just(escape("\\t", "\t")),
        1 => Just(escape("\\\\", "\\")),
        1 => Just(escape("\\\"", "\"")),
        1 => Just(escape("\\#{", "#{")),
        1 => Just(escape("\\u{41}", "A")),
        1 => Just(escape("\\u{1F600}", "😀")),
    ]
}

/// That every byte of the only text of a string was written where the map says.
fn check_map(source: &str, expr: &Expr, wanted: &str) {
    let ExprKind::String(literal) = &expr.kind else {
        panic!("{source}");
    };
    assert_eq!(literal.fixed().as_deref(), Some(wanted), "{source}");
    let file = format!("let x = {source}\n");
    let mut last = 0;
    for at in 0..wanted.len() {
        let byte = literal.source_byte(at as u32).unwrap() as usize;
        assert!(
            byte >= last && byte < literal.span.end as usize,
            "{source}: {at} → {byte}"
        );
        last = byte;
        let (meant, written) = (wanted.as_bytes()[at], file.as_bytes()[byte]);
        let rest = &file.as_bytes()[..=byte];
        let escaped = meant == written
            || rest.ends_with(b"\\")
            || rest.ends_with(b"\r")
            || rest
                .iter()
                .rposition(|byte| *byte == b'\\')
                .is_some_and(|start| byte - start < 5);
        assert!(
            escaped,
            "{source}: byte {at} of {wanted:?} is not at {byte}"
        );
    }
    if let [StringPart::Text(text)] = literal.parts.as_slice() {
        assert_eq!(text.map.first().map(|(offset, _)| *offset), Some(0));
    }
}

proptest! {
    #[test]
    fn any_text(text in "\\PC{0,200}") {
        check(&text);
    }

    #[test]
    fn any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        check(&String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn any_tokens(tokens in proptest::collection::vec(proptest::sample::select(OPENERS), 0..40), closers in "[\\]\\)\\} ,;\n\"a=:.]{0,40}") {
        check(&(tokens.concat() + &closers));
    }

    #[test]
    fn any_cut(seed in any::<prop::sample::Index>(), from in any::<prop::sample::Index>(), length in 0usize..60, put in "[\\[\\](){}\"#=:,.\n a]{0,4}") {
        let programs = programs();
        let text = seed.get(&programs);
        let mut start = from.index(text.len());
        while !text.is_char_boundary(start) { start -= 1; }
        let mut end = (start + length).min(text.len());
        while !text.is_char_boundary(end) { end += 1; }
        check(&format!("{}{put}{}", &text[..start], &text[end..]));
    }

    #[test]
    fn strings_know_where_they_were_written(pieces in proptest::collection::vec(piece(), 0..12)) {
        let written: String = pieces.iter().map(|(written, _)| written.as_str()).collect();
        let text: String = pieces.iter().map(|(_, text)| text.as_str()).collect();
        prop_assume!(!written.contains("#{") || written.contains("\\#{"));
        let source = format!("\"{written}\"");
        check_map(&source, &value(&source), &text);
    }

    #[test]
    fn lines_know_where_they_were_written(
        lines in proptest::collection::vec(proptest::collection::vec(piece(), 0..4), 1..6),
        indentation in "[ \t]{0,4}",
        carriage in any::<bool>(),
    ) {
        let end = if carriage { "\r\n" } else { "\n" };
        let mut source = format!("\"\"\"{end}");
        let mut text = String::new();
        for line in &lines {
            let written: String = line.iter().map(|(written, _)| written.as_str()).collect();
            // A blank line may be shorter than the indentation; what is beyond it stays.
            if !written.trim().is_empty() { source += &indentation; source += &written; }
            source += end;
            let meant: String = line.iter().map(|(_, text)| text.as_str()).collect();
            if !written.trim().is_empty() { text += &meant; }
            text.push('\n');
        }
        text.pop();
        source += &indentation;
        source += "\"\"\"";
        check_map(&source, &value(&source), &text);
    }

    #[test]
    fn raw_strings_know_where_they_were_written(text in "[a-z\\\\\"'#{}$\n]{0,20}") {
        prop_assume!(!text.contains("\"##"));
        let source = format!("r##\"{text}\"##");
        check_map(&source, &value(&source), &text);
    }
}
