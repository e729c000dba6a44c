//! Environments, waves, approvals and bakes.

use crate::model::build::reader::Reader;
use crate::model::build::{app, step};
use crate::model::{
    App, Approval, Bake, Deployment, Env, Environment, Message, Start, StepKind, Target, Wave,
};
use crate::source::Spanned;

/// The environments and waves of a pipeline, in the order written.
pub(super) fn targets(pipeline: &Reader<'_>, apps: &[App], outer: &Env) -> Vec<Target> {
    let blocks = pipeline.object.blocks.iter();
    blocks
        .filter_map(|block| {
            let reader = Reader::new(&block.object);
            match block.kind.as_str() {
                "environment" => Some(Target::Environment(Box::new(read(&reader, apps, outer)))),
                "wave" => Some(Target::Wave(wave(&reader, apps, outer))),
                _ => None,
            }
        })
        .collect()
}

fn wave(reader: &Reader<'_>, apps: &[App], outer: &Env) -> Wave {
    let inner = step::with_defaults(reader, outer);
    Wave {
        name: reader.name(),
        path: reader.object.path.clone(),
        span: reader.span(),
        max_parallel: reader.optional_integer("max_parallel"),
        fail_fast: reader.bool("fail_fast"),
        needs: reader.refs("needs"),
        approval: reader.block("approval").map(|block| approval(&block)),
        environments: reader
            .blocks("environment")
            .map(|block| read(&block, apps, &inner))
            .collect(),
        tests: step::all(reader, "test", StepKind::Test, &inner),
    }
}

fn read(reader: &Reader<'_>, apps: &[App], outer: &Env) -> Environment {
    let env = reader.env("env");
    let mut inner = outer.clone();
    inner.extend(env.clone());
    let inner = step::with_defaults(reader, &inner);
    let mut environment = Environment {
        name: reader.name(),
        path: reader.object.path.clone(),
        span: reader.span(),
        account: reader.text("account"),
        region: reader.text("region"),
        role: reader.optional_text("role"),
        env,
        context: reader.env("context"),
        needs: reader.refs("needs"),
        start: reader.choice("start", Start::Auto, &[("manual", Start::Manual)]),
        max_parallel: reader.integer("max_parallel"),
        approval: reader.block("approval").map(|block| approval(&block)),
        before: step::all(reader, "before", StepKind::Before, &inner),
        body: body(reader, apps, &inner),
        after: step::all(reader, "after", StepKind::After, &inner),
        tests: step::all(reader, "test", StepKind::Test, &inner),
        bake: reader.block("bake").map(|block| bake(&block)),
        url: reader.message("url"),
        partial: false,
    };
    environment.partial = reader.partial();
    environment
}

/// Stacks and steps, in the order written.
fn body(reader: &Reader<'_>, apps: &[App], env: &Env) -> Vec<Deployment> {
    let blocks = reader.object.blocks.iter();
    blocks
        .filter_map(|block| {
            let reader = Reader::new(&block.object);
            match block.kind.as_str() {
                "stack" => Some(Deployment::Stack(Box::new(app::stack(&reader, apps)))),
                "step" => {
                    let step = step::read(&reader, StepKind::Step, env);
                    Some(Deployment::Step(Box::new(step)))
                }
                _ => None,
            }
        })
        .collect()
}

fn approval(reader: &Reader<'_>) -> Approval {
    let message = reader.message("message");
    Approval {
        message: message
            .unwrap_or_else(|| Spanned::new(Message::Text(String::new()), reader.span())),
        timeout: reader.seconds("timeout"),
        approvers: reader.texts("approvers"),
        minimum: reader.integer("minimum"),
        span: reader.span(),
    }
}

fn bake(reader: &Reader<'_>) -> Bake {
    Bake {
        time: reader.seconds("time"),
        alarms: reader.texts("alarms"),
        span: reader.span(),
    }
}
