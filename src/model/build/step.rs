//! Steps, their services, retries and resources.

use crate::eval::data::{Data, Node};
use crate::model::build::reader::{Reader, entry, integer, output, text};
use crate::model::{
    Arch, Env, Resources, Retry, RetryOn, Service, Shell, Step, StepKind, Text, When,
};
use crate::source::Spanned;

/// Seconds before the first further try where the program does not say.
const RETRY_WAIT: u64 = 10;

/// Reads a step; `outer` is the environment that the blocks around it give.
pub(super) fn read(reader: &Reader<'_>, kind: StepKind, outer: &Env) -> Step {
    let mut env = outer.clone();
    env.extend(reader.env("env"));
    let mut step = Step {
        kind,
        name: match kind {
            StepKind::Build => Spanned::new("build".to_owned(), reader.object.name_span),
            _ => reader.name(),
        },
        path: reader.object.path.clone(),
        span: reader.span(),
        run: reader.texts("run"),
        shell: reader.choice("shell", Shell::Sh, &[("bash", Shell::Bash)]),
        dir: reader.optional_text("dir").filter(|dir| dir.value != "."),
        image: reader.optional_text("image"),
        env,
        tools: reader.texts("tools"),
        timeout: reader.optional_seconds("timeout"),
        retry: reader.node("retry").and_then(retry),
        resources: reader.node("resources").map(resources).unwrap_or_default(),
        arch: reader.node("arch").and_then(arch),
        role: reader.optional_text("role"),
        when: Spanned::new(When::Success, reader.span()),
        required: reader.bool("required"),
        reports: reader.texts("reports"),
        keep: reader.texts("keep"),
        artifacts: reader.texts("artifacts"),
        needs: match kind {
            StepKind::Build => Vec::new(),
            _ => reader.refs("needs").unwrap_or_default(),
        },
        services: reader
            .blocks("service")
            .map(|block| service(&block))
            .collect(),
        partial: false,
    };
    if let Some(node) = reader.node("when") {
        step.when = Spanned::new(when(node), node.span);
    }
    step.partial = reader.partial();
    step
}

/// The steps of a kind, in the order written.
pub(super) fn all(
    reader: &Reader<'_>,
    word: &'static str,
    kind: StepKind,
    outer: &Env,
) -> Vec<Step> {
    let blocks = reader.object.blocks.iter();
    blocks
        .filter(|block| block.kind == word)
        .map(|block| read(&Reader::new(&block.object), kind, outer))
        .collect()
}

/// The environment that a block's `defaults` add to `outer`.
pub(super) fn with_defaults(reader: &Reader<'_>, outer: &Env) -> Env {
    let mut env = outer.clone();
    if let Some(defaults) = reader.block("defaults") {
        env.extend(defaults.env("env"));
    }
    env
}

fn service(reader: &Reader<'_>) -> Service {
    Service {
        name: reader.name(),
        image: reader.text("image"),
        port: reader.optional_integer("port"),
        env: reader.env("env"),
        ready: reader.optional_text("ready"),
        span: reader.span(),
    }
}

fn when(node: &Node) -> When {
    if let Some(output) = output(node) {
        return When::Output(output);
    }
    if let Data::Bool(known) = node.data {
        return When::Known(known);
    }
    match text(node).as_ref().map(|word| word.value.as_str()) {
        Some("failure") => When::Failure,
        Some("always") => When::Always,
        _ => When::Success,
    }
}

fn retry(node: &Node) -> Option<Retry> {
    let mut retry = Retry {
        times: Spanned::new(0, node.span),
        wait: RETRY_WAIT,
        on: RetryOn::Any,
        span: node.span,
    };
    if let Data::Map(map) = &node.data {
        retry.times = entry(map, "times").and_then(integer)?;
        if let Some(wait) = entry(map, "wait").and_then(integer) {
            retry.wait = wait.value;
        }
        let on: Option<Text> = entry(map, "on").and_then(text);
        retry.on = match on.as_ref().map(|word| word.value.as_str()) {
            Some("failure") => RetryOn::Failure,
            Some("error") => RetryOn::Error,
            _ => RetryOn::Any,
        };
    } else {
        retry.times = integer(node)?;
    }
    (retry.times.value > 0).then_some(retry)
}

fn resources(node: &Node) -> Resources {
    let Data::Map(map) = &node.data else {
        return Resources::default();
    };
    Resources {
        cpu: entry(map, "cpu").and_then(thousandths),
        memory: entry(map, "memory").and_then(integer),
        disk: entry(map, "disk").and_then(integer),
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the type `Cpu` bounds it"
)]
fn thousandths(node: &Node) -> Option<Spanned<u64>> {
    let value = match node.data {
        Data::Int(value) => u64::try_from(value).ok()?.saturating_mul(1000),
        Data::Float(value) => (value * 1000.0).round() as u64,
        _ => return None,
    };
    Some(Spanned::new(value, node.span))
}

fn arch(node: &Node) -> Option<Spanned<Arch>> {
    let arch = match text(node)?.value.as_str() {
        "arm64" => Arch::Arm64,
        _ => Arch::Amd64,
    };
    Some(Spanned::new(arch, node.span))
}
