//! The pipeline itself.

use crate::eval::data::{Fields, Object};
use crate::model::build::reader::Reader;
use crate::model::build::{app, environment, notify, step, trigger};
use crate::model::{
    Checkout, Env, Expose, Images, Pipeline, Queue, SelfUpdate, Source, StepKind, Store,
};
use crate::source::Sources;

/// Reads a `pipeline` block.
pub(super) fn read(reader: &Reader<'_>, sources: &Sources) -> Pipeline {
    let file = sources.get(reader.span().source);
    let apps = app::all(reader);
    let env = step::with_defaults(reader, &Env::default());
    let checkout = once(reader, "checkout", |block| Checkout {
        depth: block.integer("depth"),
        submodules: block.bool("submodules"),
        lfs: block.bool("lfs"),
        credentials: block.secret("credentials"),
        others: reader
            .blocks("source")
            .map(|block| source(&block))
            .collect(),
    });
    Pipeline {
        name: reader.name(),
        span: reader.span(),
        file: file.map_or_else(String::new, |file| file.name.clone()),
        cluster: reader.text("cluster"),
        repository: reader.text("repository"),
        namespace: reader.text("namespace"),
        argo_ui: reader.optional_text("argo_ui"),
        triggers: trigger::all(reader),
        inputs: reader
            .blocks("input")
            .map(|block| trigger::input(&block))
            .collect(),
        build: once(reader, "build", |block| {
            step::read(block, StepKind::Build, &env)
        }),
        checks: step::all(reader, "check", StepKind::Check, &env),
        targets: environment::targets(reader, &apps, &env),
        apps,
        notify: reader
            .blocks("notify")
            .filter_map(|block| notify::read(&block, checkout.credentials.as_ref()))
            .collect(),
        self_update: once(reader, "self_update", |block| SelfUpdate {
            enabled: block.bool("enabled"),
            restart: block.bool("restart"),
        }),
        queue: reader.choice(
            "queue",
            Queue::Pipeline,
            &[
                ("environment", Queue::Environment),
                ("latest", Queue::Latest),
            ],
        ),
        network_policy: reader.bool("network_policy"),
        images: once(reader, "images", |block| Images {
            runtime: block.text("runtime"),
            builder: block.text("builder"),
            deployer: block.text("deployer"),
        }),
        store: once(reader, "store", |block| Store {
            retention: block.seconds("retention"),
            kms_key: block.optional_text("key"),
        }),
        checkout,
        expose: reader
            .block("expose")
            .map_or(Expose::None, |block| expose(&block)),
        registries: reader.texts("registries"),
        permissions_boundary: reader.optional_text("permissions_boundary"),
    }
}

/// Reads the block of a kind that is there exactly once; one without fields where it had an error.
fn once<T>(reader: &Reader<'_>, kind: &'static str, read: impl Fn(&Reader<'_>) -> T) -> T {
    let block = reader.object.blocks.iter().find(|block| block.kind == kind);
    if let Some(block) = block {
        return read(&Reader::new(&block.object));
    }
    let empty = Object {
        schema: kind.into(),
        path: reader.object.path.clone(),
        name_span: reader.object.name_span,
        span: reader.object.span,
        fields: Fields::default(),
        blocks: Vec::new(),
    };
    read(&Reader::new(&empty))
}

fn source(reader: &Reader<'_>) -> Source {
    Source {
        name: reader.name(),
        repository: reader.text("repository"),
        reference: reader.text("ref"),
    }
}

fn expose(reader: &Reader<'_>) -> Expose {
    match reader.object.schema.as_str() {
        "Ingress" => Expose::Ingress {
            host: reader.text("host"),
            class: reader.optional_text("class"),
            tls_secret: reader.optional_text("tls"),
            token: reader.secret("token"),
        },
        "Gateway" => Expose::Gateway {
            host: reader.text("host"),
            gateway: reader.text("gateway"),
            token: reader.secret("token"),
        },
        _ => Expose::None,
    }
}
