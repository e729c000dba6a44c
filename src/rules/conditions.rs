//! Conditions: mixed operators, those that never or always hold, and what can never be reached.

use globset::{GlobBuilder, GlobMatcher};

use crate::diagnostics::codes::pipeline::{CONSTANT_CONDITION, MIXED_OPERATORS, UNREACHABLE_STEP};
use crate::diagnostics::{Diagnostic, Edit, Problems};
use crate::eval::data::RuntimeSource;
use crate::model::{Deployment, Environment, Event, Pipeline, Step, Target, When};
use crate::resolve::ModulePath;
use crate::rules::{Rules, commands};
use crate::source::{Sources, Span};
use crate::syntax::ast::{BinaryOp, Expr, ExprKind, UnaryOp};
use crate::syntax::walk::{self, Met};

/// Looks at every expression of the program: `a || b && c`, `x == x`.
pub fn operators(rules: &Rules<'_>, problems: &mut Problems) {
    for module in rules.program.iter().flat_map(|program| &program.modules) {
        if matches!(module.path, ModulePath::Std(_)) {
            continue;
        }
        walk::file(&module.file, &mut |met| {
            if let Met::Expr(Expr {
                kind: ExprKind::Binary {
                    op, left, right, ..
                },
                ..
            }) = met
            {
                for side in [left, right] {
                    mixed(rules.sources, *op, side, problems);
                }
                same(rules.sources, *op, left, right, problems);
            }
        });
    }
}

/// `a || b && c`. Parentheses are not in the tree: they stand around the operand in the text.
fn mixed(sources: &Sources, op: BinaryOp, side: &Expr, problems: &mut Problems) {
    let ExprKind::Binary {
        op: inner, op_span, ..
    } = &side.kind
    else {
        return;
    };
    if !matches!(
        (op, inner),
        (BinaryOp::Or, BinaryOp::And) | (BinaryOp::And, BinaryOp::Or)
    ) || in_parentheses(sources, side.span)
    {
        return;
    }
    let span = side.span;
    let at = |byte: u32| Span::new(span.source, byte, byte);
    problems.push(
        Diagnostic::warning(
            &MIXED_OPERATORS,
            span,
            "`&&` and `||` stand side by side without parentheses",
        )
        .label("this binds first")
        .also(*op_span, "`&&` binds stronger than `||`")
        .help("say what belongs together with parentheses")
        .fix_all(
            "put parentheses around it",
            vec![
                Edit {
                    span: at(span.start),
                    text: "(".to_owned(),
                },
                Edit {
                    span: at(span.end),
                    text: ")".to_owned(),
                },
            ],
        ),
    );
}

fn in_parentheses(sources: &Sources, span: Span) -> bool {
    let Some(file) = sources.get(span.source) else {
        return true;
    };
    let before = file
        .text
        .get(..span.start as usize)
        .unwrap_or("")
        .trim_end();
    let after = file
        .text
        .get(span.end as usize..)
        .unwrap_or("")
        .trim_start();
    before.ends_with('(') && after.starts_with(')')
}

/// `x == x`
fn same(sources: &Sources, op: BinaryOp, left: &Expr, right: &Expr, problems: &mut Problems) {
    let holds = match op {
        BinaryOp::Equal | BinaryOp::LessEqual | BinaryOp::GreaterEqual => "always holds",
        BinaryOp::NotEqual | BinaryOp::Less | BinaryOp::Greater => "never holds",
        _ => return,
    };
    let is_path = |expr: &Expr| matches!(expr.kind, ExprKind::Name(_) | ExprKind::Member { .. });
    let text = sources.text(left.span);
    if !is_path(left) || !is_path(right) || text.is_empty() || text != sources.text(right.span) {
        return;
    }
    problems.push(
        Diagnostic::warning(
            &CONSTANT_CONDITION,
            left.span.to(right.span),
            format!("this compares `{text}` with itself"),
        )
        .label(holds)
        .help("compare it with something else"),
    );
}

/// Looks at the run-time conditions of a pipeline.
pub fn check(rules: &Rules<'_>, pipeline: &Pipeline, problems: &mut Problems) {
    let events = Events::new(pipeline);
    for step in commands::steps(pipeline) {
        if let When::Output(output) = &step.when.value {
            let sources: Vec<&str> = output
                .needs
                .iter()
                .filter_map(|need| match &need.source {
                    RuntimeSource::Run(parts) => parts.first().map(|part| part.as_str()),
                    _ => None,
                })
                .collect();
            values(rules, pipeline, step, &events, &sources, problems);
        }
    }
    failures(pipeline, problems);
}

/// What the triggers of a pipeline can give a run.
struct Events {
    branches: Option<Vec<GlobMatcher>>,
    tags: bool,
    pull_requests: bool,
    releases: bool,
}

impl Events {
    fn new(pipeline: &Pipeline) -> Self {
        let mut events = Events {
            branches: Some(Vec::new()),
            tags: false,
            pull_requests: false,
            releases: false,
        };
        for trigger in &pipeline.triggers {
            match &trigger.event {
                Event::Push { branches, .. } => {
                    let compiled: Option<Vec<GlobMatcher>> = branches
                        .iter()
                        .map(|branch| {
                            GlobBuilder::new(&branch.value)
                                .literal_separator(true)
                                .build()
                                .ok()
                                .map(|glob| glob.compile_matcher())
                        })
                        .collect();
                    match (compiled, &mut events.branches) {
                        (Some(more), Some(known)) if !more.is_empty() => known.extend(more),
                        _ => events.branches = None,
                    }
                }
                // The branch of a pull request can be any.
                Event::PullRequest { .. } => {
                    events.pull_requests = true;
                    events.branches = None;
                }
                Event::Tag { .. } => events.tags = true,
                Event::Release { .. } => {
                    events.releases = true;
                    events.tags = true;
                }
                // A schedule runs on the default branch, whose name is not known here.
                Event::Schedule { .. } => events.branches = None,
            }
        }
        events
    }
}

/// `run.branch == "x"` where no trigger gives that branch; `run.tag` where none gives a tag.
fn values(
    rules: &Rules<'_>,
    pipeline: &Pipeline,
    step: &Step,
    events: &Events,
    sources: &[&str],
    problems: &mut Problems,
) {
    if pipeline.triggers.is_empty() {
        return;
    }
    let span = step.when.span;
    if sources.contains(&"tag") && !events.tags {
        problems.push(
            Diagnostic::warning(&CONSTANT_CONDITION, span, "no trigger gives a run a tag")
                .label("`run.tag` is null in every run")
                .help("add `on tag { match = [\"v*\"] }`, or leave the condition out"),
        );
    }
    let in_environment = step.path.0.iter().any(|part| part.kind == "environment");
    if sources.contains(&"pull_request") && events.pull_requests && in_environment {
        problems.push(
            Diagnostic::warning(
                &CONSTANT_CONDITION,
                span,
                "nothing is deployed for a pull request, so this step never runs for one",
            )
            .label("`run.pull_request` is null in every run that deploys")
            .help("make it a `check`, or leave the condition out"),
        );
    }
    if sources.contains(&"pull_request") && !events.pull_requests {
        problems.push(
            Diagnostic::warning(
                &CONSTANT_CONDITION,
                span,
                "no trigger starts a run for a pull request",
            )
            .label("`run.pull_request` is null in every run")
            .help("add `on pull_request {}`, or leave the condition out"),
        );
    }
    let Some(branches) = &events.branches else {
        return;
    };
    if !sources.contains(&"branch") || branches.is_empty() {
        return;
    }
    let Some(condition) = expression_at(rules, span) else {
        return;
    };
    let Some((name, span)) = required_branch(condition) else {
        return;
    };
    if !branches.iter().any(|glob| glob.is_match(&name)) {
        let mut diagnostic = Diagnostic::warning(
            &CONSTANT_CONDITION,
            span,
            format!("no trigger gives a run the branch `{name}`"),
        )
        .label(format!("`{}` never runs", step.path))
        .help(format!(
            "add `{name}` to the `branches` of a trigger, or leave the condition out"
        ));
        if let Some(trigger) = pipeline
            .triggers
            .iter()
            .find(|trigger| matches!(trigger.event, Event::Push { .. }))
        {
            diagnostic = diagnostic.also(trigger.name.span, "starts runs of other branches alone");
        }
        problems.push(diagnostic);
    }
}

/// The expression that stands at a place.
fn expression_at<'a>(rules: &Rules<'a>, span: Span) -> Option<&'a Expr> {
    let program = rules.program?;
    let module = program
        .modules
        .iter()
        .find(|module| module.source == span.source)?;
    let mut found = None;
    walk::file(&module.file, &mut |met| {
        if let Met::Expr(expr) = met
            && expr.span == span
        {
            found = Some(expr);
        }
    });
    found
}

/// The branch that an expression asks for, where it cannot hold for another: `run.branch == "x"`,
/// also as a part of `&&`.
fn required_branch(expr: &Expr) -> Option<(String, Span)> {
    let mut todo = vec![expr];
    while let Some(expr) = todo.pop() {
        let ExprKind::Binary {
            op, left, right, ..
        } = &expr.kind
        else {
            continue;
        };
        match op {
            BinaryOp::And => todo.extend([left.as_ref(), right.as_ref()]),
            BinaryOp::Equal => {
                for (path, text) in [(left, right), (right, left)] {
                    if let (true, ExprKind::String(literal)) = (is_branch(path), &text.kind) {
                        return Some((literal.fixed()?.to_string(), literal.span));
                    }
                }
            }
            _ => {}
        }
    }
    None
}

fn is_branch(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Member { base, name, .. } => {
            name.name == "branch" && matches!(&base.kind, ExprKind::Name(run) if run == "run")
        }
        ExprKind::Unary(UnaryOp::Not | UnaryOp::Negate, _) => false,
        _ => false,
    }
}

/// `when = "failure"` where nothing before can fail.
fn failures(pipeline: &Pipeline, problems: &mut Problems) {
    for step in std::iter::once(&pipeline.build).chain(&pipeline.checks) {
        if step.when.value == When::Failure {
            problems.push(on_failure(
                step,
                format!("`{}` runs only where the pre-flight has failed", step.path),
                "nothing else runs before it",
            ));
        }
    }
    for target in &pipeline.targets {
        let environments = match target {
            Target::Environment(environment) => std::slice::from_ref(&**environment),
            Target::Wave(wave) => wave.environments.as_slice(),
        };
        for environment in environments {
            of_environment(environment, problems);
        }
    }
}

/// The first things of an environment have nothing before them that could fail: where something fails earlier, the
/// environment does not begin.
fn of_environment(environment: &Environment, problems: &mut Problems) {
    let body = environment.body.iter().map(|item| match item {
        Deployment::Step(step) => Some(&**step),
        Deployment::Stack(_) => None,
    });
    let items = environment
        .before
        .iter()
        .map(Some)
        .chain(body)
        .chain(environment.after.iter().chain(&environment.tests).map(Some));
    for item in items {
        let Some(step) = item else { return };
        if step.when.value != When::Failure {
            if step.required {
                return;
            }
            continue;
        }
        problems.push(on_failure(
            step,
            format!("`{}` can never run", step.path),
            "nothing before it in its environment could fail",
        ));
    }
}

fn on_failure(step: &Step, message: String, why: &str) -> Diagnostic {
    Diagnostic::warning(&UNREACHABLE_STEP, step.when.span, message)
        .label(why.to_owned())
        .help("a step with `when = \"failure\"` stands after what may fail; to be told of failures use `notify`")
}
