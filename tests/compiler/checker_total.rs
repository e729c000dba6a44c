//! The checker answers programs that lead deep or far, within the stack of a small thread. Broken ones: `fuzz_targets.rs`.

use aphex::diagnostics::{Diagnostic, Problems};
use aphex::source::{MemoryFiles, Sources};
use aphex::{resolve, types};

/// Everything that is wrong with a program.
fn check(files: &MemoryFiles) -> Vec<Diagnostic> {
    let mut sources = Sources::new();
    let mut problems = Problems::new();
    if let Some(program) = resolve::load("pipeline.aphex", files, &mut sources, &mut problems) {
        types::check(&program, &sources, &mut problems);
    }
    problems.into_sorted()
}

fn check_text(text: &str) -> Vec<Diagnostic> {
    check(&MemoryFiles::new().with("pipeline.aphex", text))
}

/// Programs that lead deep or far, each of which must be answered, with errors or without.
fn far_programs() -> Vec<(&'static str, String)> {
    let lines = |count: usize, line: &dyn Fn(usize) -> String| {
        (0..count).map(line).collect::<Vec<_>>().join("\n")
    };
    vec![
        (
            "values that need later ones",
            lines(3000, &|n| format!("let x{n} = x{}", n + 1)),
        ),
        ("values of values", {
            let rest = lines(3000, &|n| format!("let x{} = [x{n}]", n + 1));
            format!("let x0 = 1\n{rest}")
        }),
        ("types that double", {
            let rest = lines(200, &|n| {
                format!("type T{} = {{ a: T{n}, b: T{n} }}", n + 1)
            });
            format!("type T0 = Int\n{rest}\nlet x: T200 = 1")
        }),
        ("values that double", {
            let rest = lines(200, &|n| {
                format!("let x{} = {{ a = x{n}, b = x{n} }}", n + 1)
            });
            format!("let x0 = {{ a = 1 }}\n{rest}\nlet y = x200 == x199")
        }),
        ("types of later types", {
            let rest = lines(3000, &|n| format!("type T{n} = T{}", n + 1));
            format!("{rest}\ntype T3000 = Int\nlet x: T0 = \"a\"")
        }),
        ("schemas that include", {
            let rest = lines(2000, &|n| {
                format!("schema S{n} : S{} {{ f{n}: Int }}", n + 1)
            });
            format!("{rest}\nschema S2000 {{ x: Int }}\nlet x = S0 {{ }}")
        }),
        ("functions that call", {
            let rest = lines(3000, &|n| format!("fn f{n}(x: Int) -> Int = f{}(x)", n + 1));
            format!("{rest}\nfn f3000(x: Int) -> Int = x")
        }),
        (
            "a large circle",
            lines(3000, &|n| {
                format!(
                    "fn f{n}(x: Int) -> Int = f{}(x) + f{}(x)",
                    (n + 1) % 3000,
                    (n + 7) % 3000
                )
            }),
        ),
        ("a long sum", format!("let x = 1{}", " + 1".repeat(250))),
        (
            "deep lists",
            format!("let x = {}{}", "[".repeat(120), "]".repeat(120)),
        ),
        (
            "deep ifs",
            format!(
                "let x = {}1{}",
                "if true { 1 } else { ".repeat(60),
                " }".repeat(60)
            ),
        ),
        ("a wide match", {
            let names: Vec<String> = (0..400).map(|n| format!("\"v{n}\"")).collect();
            let arms: Vec<String> = names.iter().map(|name| format!("{name} => 1")).collect();
            format!(
                "fn f(x: {}) -> Int = match x {{ {} }}",
                names.join(" | "),
                arms.join(", ")
            )
        }),
        ("a long list", {
            let items: Vec<String> = (0..5000).map(|n| format!("{{ k = \"v{n}\" }}")).collect();
            format!("let x = [{}]\nlet y = [z.k for z in x]", items.join(", "))
        }),
        ("functions that give blocks", {
            let rest = lines(300, &|n| {
                format!(
                    "fn f{n}() -> Environment = f{}() with {{ stack S{n} {{ output U }} }}",
                    n + 1
                )
            });
            format!("{rest}\nfn f300() -> Environment = Environment {{}}\nlet x = f0().S0.U")
        }),
        ("labels that double", {
            let rest = lines(60, &|n| {
                format!("fn f{}() -> N = N {{ n a = f{n}(), n b = f{n}() }}", n + 1)
            });
            format!(
                "schema N {{ name: String = \"n\", block n: N[] }}\nfn f0() -> N = N {{}}\n{rest}\nlet x = f60().a.b.a"
            )
        }),
    ]
}

#[test]
fn far_programs_are_answered() {
    for (name, text) in far_programs() {
        let small = std::thread::Builder::new().stack_size(2 << 20);
        let started = std::time::Instant::now();
        let thread = small.spawn(move || check_text(&text).len()).unwrap();
        thread.join().unwrap_or_else(|_| panic!("{name}"));
        let taken = started.elapsed();
        assert!(taken.as_secs() < 20, "{name} took {taken:?}");
        if std::env::var("APHEX_TIMES").is_ok() {
            println!("{name}: {taken:?}");
        }
    }
}
