//! Run-time values: known later, the same then as if known at once.

use super::{block, env, pipeline, run, run_files};
use crate::eval::data::{Data, Object, RuntimeSource};
use crate::eval::{Bindings, Known};
use crate::source::MemoryFiles;

fn dev_test(pipeline: &Object) -> &Object {
    block(block(pipeline, "environment", "dev"), "test", "t")
}

/// A program whose test has `X = expression` in its `env`.
fn program(expression: &str) -> String {
    pipeline(
        "fn shout(text: String) -> String = upper(text) + \"!\"",
        &format!(
            "stack Api {{ output Url }}\n    stack Web {{ output Url }}\n    \
             test t {{ run = [\"x\"], env = {{ X = {expression} }} }}"
        ),
    )
}

fn known() -> Bindings {
    let pipeline = run(&program("\"\""));
    let dev = block(pipeline.pipeline(), "environment", "dev");
    let url = |stack: &str| RuntimeSource::Block {
        path: block(dev, "stack", stack).path.clone(),
        name: "Url".into(),
    };
    let of_run = |name: &str| RuntimeSource::Run(vec![name.into()]);
    Bindings::new()
        .with(url("Api"), Known::String("https://api".into()))
        .with(url("Web"), Known::String("https://web".into()))
        .with(of_run("branch"), Known::String("main".into()))
        .with(of_run("attempt"), Known::Int(2))
        .with(of_run("commit"), Known::String("0123456789abcdef".into()))
}

#[test]
fn what_is_lifted_gives_the_same_when_known() {
    let cases = [
        (
            "Api.Url + \"/health\"",
            "https://api/health",
            vec!["dev.Api.Url"],
        ),
        (
            "if run.branch == \"main\" { Api.Url } else { Web.Url }",
            "https://api",
            vec!["run.branch", "dev.Api.Url", "dev.Web.Url"],
        ),
        (
            "\"#{run.branch}-#{run.commit.short}\"",
            "main-0123456",
            vec!["run.branch", "run.commit"],
        ),
        ("shout(Api.Url)", "HTTPS://API!", vec!["dev.Api.Url"]),
        (
            "join([Api.Url, Web.Url], \",\")",
            "https://api,https://web",
            vec!["dev.Api.Url", "dev.Web.Url"],
        ),
        ("\"#{run.attempt + 1}\"", "3", vec!["run.attempt"]),
        (
            "match run.branch { \"main\" => Web.Url, _ => \"none\" }",
            "https://web",
            vec!["run.branch", "dev.Web.Url"],
        ),
    ];
    let bindings = known();
    for (expression, wanted, needs) in cases {
        let text = program(expression);
        let compiled = run(&text);
        let Data::Output(output) = &env(dev_test(compiled.pipeline()), "X").data else {
            panic!("{expression} is known when compiling");
        };
        let found: Vec<String> = output
            .needs
            .iter()
            .map(|need| need.source.to_string())
            .collect();
        assert_eq!(found, needs, "{expression}");
        assert_eq!(output.expression, expression);
        let files = MemoryFiles::new().with("pipeline.aphex", text);
        let forced = run_files(&files, &bindings);
        let forced = env(dev_test(forced.pipeline()), "X").data.clone();
        assert_eq!(forced, Data::String(wanted.into()), "{expression}");
    }
}

#[test]
fn inputs_are_run_time_values() {
    let text = program("run.input.reason")
        .replace("build {", "input reason { default = \"x\" }\n  build {");
    let outcome = run(&text);
    let Data::Output(output) = &env(dev_test(outcome.pipeline()), "X").data else {
        panic!("known");
    };
    assert_eq!(
        output.needs[0].source,
        RuntimeSource::Run(vec!["input".into(), "reason".into()])
    );
}
