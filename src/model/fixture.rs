//! Small pipelines made by hand, for tests of what reads the model.

use smol_str::SmolStr;

use crate::collections::IndexMap;
use crate::eval::data;
use crate::model::*;
use crate::source::{SourceId, Span, Spanned};

/// A span that no two calls with different numbers share.
pub fn span(at: u32) -> Span {
    Span::new(SourceId(0), at, at + 1)
}

/// Something with a place.
pub fn at<T>(value: T) -> Spanned<T> {
    Spanned::new(value, span(0))
}

/// Text with a place.
pub fn text(value: &str) -> Text {
    at(value.to_owned())
}

/// `environment dev stack Api` → the path below `pipeline shop`.
pub fn path(words: &str) -> data::BlockPath {
    let mut steps = vec![data::Step {
        kind: SmolStr::new("pipeline"),
        label: Some(SmolStr::new("shop")),
    }];
    let words: Vec<&str> = words.split_whitespace().collect();
    for pair in words.chunks(2) {
        steps.push(data::Step {
            kind: SmolStr::new(pair[0]),
            label: pair.get(1).filter(|label| **label != "_").map(SmolStr::new),
        });
    }
    data::BlockPath(steps.into())
}

/// A reference to the block at that path.
pub fn needs(words: &str) -> Ref {
    Ref {
        path: path(words),
        span: span(7),
    }
}

/// A step of a kind; `within` is the path of what holds it.
pub fn step(kind: StepKind, within: &str, name: &str) -> Step {
    let word = match kind {
        StepKind::Build => "build",
        StepKind::Check => "check",
        StepKind::Before => "before",
        StepKind::Step => "step",
        StepKind::After => "after",
        StepKind::Test => "test",
    };
    let label = if kind == StepKind::Build { "_" } else { name };
    Step {
        kind,
        name: text(name),
        path: path(&format!("{within} {word} {label}")),
        span: span(1),
        run: vec![text("npm run it")],
        shell: Shell::Sh,
        dir: None,
        image: None,
        env: IndexMap::default(),
        tools: Vec::new(),
        timeout: Some(at(3600)),
        retry: None,
        resources: Resources::default(),
        arch: None,
        role: None,
        when: at(When::Success),
        required: true,
        reports: Vec::new(),
        keep: Vec::new(),
        artifacts: Vec::new(),
        needs: Vec::new(),
        services: Vec::new(),
        partial: false,
    }
}

/// A stack of an environment.
pub fn stack(within: &str, name: &str) -> Stack {
    Stack {
        name: text(name),
        path: path(&format!("{within} stack {name}")),
        span: span(2),
        select: text(name),
        app: text("app"),
        outputs: Vec::new(),
        context: IndexMap::default(),
        parameters: IndexMap::default(),
        needs: Vec::new(),
        method: DeployMethod::ChangeSet,
        import_existing: false,
        rollback: true,
        timeout: None,
        partial: false,
    }
}

/// An environment with one stack `Api`; `within` is the path of its wave or empty.
pub fn environment(within: &str, name: &str) -> Environment {
    let own = format!("{within} environment {name}");
    Environment {
        name: text(name),
        path: path(&own),
        span: span(3),
        account: text("111122223333"),
        region: text("eu-west-1"),
        role: None,
        env: IndexMap::default(),
        context: IndexMap::default(),
        needs: None,
        start: Start::Auto,
        max_parallel: at(1),
        approval: None,
        before: Vec::new(),
        body: vec![Deployment::Stack(Box::new(stack(&own, "Api")))],
        after: Vec::new(),
        tests: Vec::new(),
        bake: None,
        url: None,
        partial: false,
    }
}

/// A wave of environments.
pub fn wave(name: &str, environments: Vec<Environment>) -> Wave {
    Wave {
        name: text(name),
        path: path(&format!("wave {name}")),
        span: span(4),
        max_parallel: None,
        fail_fast: false,
        needs: None,
        approval: None,
        environments,
        tests: Vec::new(),
    }
}

/// Asks a person, for a day.
pub fn approval() -> Approval {
    Approval {
        message: at(Message::Text("Ship?".into())),
        timeout: at(86_400),
        approvers: Vec::new(),
        minimum: at(1),
        span: span(5),
    }
}

/// An environment as a target.
pub fn target(environment: Environment) -> Target {
    Target::Environment(Box::new(environment))
}

/// A trigger of every push to `main`.
pub fn push() -> Trigger {
    Trigger {
        event: Event::Push {
            branches: vec![text("main")],
            paths: Vec::new(),
            skip_message: None,
        },
        deploy: None,
        span: span(6),
        name: text("push"),
    }
}

/// A trigger of every pull request to `main`.
pub fn pull_request() -> Trigger {
    Trigger {
        event: Event::PullRequest {
            branches: vec![text("main")],
            paths: Vec::new(),
            drafts: false,
            forks: Forks::Never,
            skip_authors: Vec::new(),
            comment: true,
            role: None,
        },
        ..push()
    }
}

/// A pipeline `shop` with a build, started by pushes.
pub fn pipeline(targets: Vec<Target>) -> Pipeline {
    Pipeline {
        name: text("shop"),
        span: span(8),
        file: "pipeline.aphex".into(),
        cluster: text("company-pipelines"),
        repository: text("acme/shop"),
        namespace: text("pipelines"),
        argo_ui: None,
        triggers: vec![push()],
        inputs: Vec::new(),
        apps: vec![App {
            name: text("app"),
            dir: text("."),
            command: None,
            setup: Vec::new(),
            env: IndexMap::default(),
            context: IndexMap::default(),
            image: None,
            bootstrap: true,
            span: span(8),
        }],
        build: step(StepKind::Build, "", "build"),
        checks: Vec::new(),
        targets,
        notify: Vec::new(),
        self_update: SelfUpdate {
            enabled: true,
            restart: false,
        },
        queue: Queue::Pipeline,
        network_policy: false,
        images: Images {
            runtime: text("public.ecr.aws/aphex/runtime:latest"),
            builder: text("public.ecr.aws/aphex/builder:latest"),
            deployer: text("public.ecr.aws/aphex/deployer:latest"),
        },
        store: Store {
            retention: at(7_776_000),
            kms_key: None,
        },
        checkout: Checkout {
            depth: at(1),
            submodules: false,
            lfs: false,
            credentials: None,
            others: Vec::new(),
        },
        expose: Expose::None,
        registries: Vec::new(),
        permissions_boundary: None,
    }
}
