//! What a leaf's pod looks like: its shape, and the template made of it.

use std::iter;

use crate::collections::IndexMap;
use crate::target::argo::manifest::*;
use crate::target::argo::share::Slot;
use crate::target::names::Account;

/// Where the volume with the binary, the working tree and the stage's own files is mounted.
const HOME: &str = "/aphex";
/// The binary in the runtime image.
const RUNTIME_BINARY: &str = "/usr/local/bin/aphex";
/// The binary in every other container of a pod.
pub const BINARY: &str = "/aphex/bin/aphex";
/// Where the secrets of a step are mounted, in folders by name.
const SECRETS: &str = "/run/aphex/secrets";
/// Where the credentials for the checkout are mounted, in the init container alone.
const GIT_CREDENTIALS: &str = "/run/aphex/git";

/// A pod, less the values that a template can take as parameters.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Shape {
    /// The stage, and what the template is called after: `deploy`.
    pub word: &'static str,
    /// Whose rights it has.
    pub account: Account,
    /// What follows `aphex stage WORD`.
    pub flags: Vec<String>,
    /// The parameters that `flags` uses.
    pub inputs: Vec<&'static str>,
    /// Small files that become output parameters.
    pub outputs: Vec<&'static str>,
    /// When the image is pulled.
    pub pull: &'static str,
    /// The processor that it needs.
    pub arch: Option<&'static str>,
    /// What it asks for.
    pub resources: ResourceRequirements,
    /// What is tried again.
    pub retry: Option<RetryStrategy>,
    /// Its side-cars.
    pub services: Vec<ServiceShape>,
    /// Its secrets: whether one key of each is wanted, or all.
    pub secrets: Vec<bool>,
}

/// A side-car.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ServiceShape {
    pub name: String,
    pub image: String,
    pub env: Vec<EnvVar>,
    pub port: Option<u16>,
    /// Whether it has a command of its own that tells when it is ready.
    pub ready: bool,
}

/// Values in the order of [`slot_names`]: the image, the deadline in seconds, and for each secret its name and key.
pub fn slot_name(position: usize) -> String {
    match position {
        0 => "image".to_owned(),
        1 => "deadline".to_owned(),
        _ => {
            let secret = (position - 2) / 2 + 1;
            let part = if position.is_multiple_of(2) {
                ""
            } else {
                "-key"
            };
            format!("secret-{secret}{part}")
        }
    }
}

/// What all pods of an entry have in common.
pub struct Common {
    /// The pipeline's name, which service accounts begin with.
    pub pipeline: String,
    /// The image that brings the binary.
    pub runtime: String,
    /// What is known of the run, as environment of the init container, which leaves it on the volume for the others.
    pub env: Vec<EnvVar>,
    /// Whether credentials for the checkout are mounted (volume `git`).
    pub git: bool,
}

/// `Always` for images that move (`:latest` or no tag), `IfNotPresent` for those that do not.
pub fn pull_policy(image: &str) -> &'static str {
    let last = image.rsplit('/').next().unwrap_or(image);
    let moves = match last.rsplit_once(':') {
        None => true,
        Some((_, tag)) => tag == "latest",
    };
    if moves && !last.contains('@') {
        "Always"
    } else {
        "IfNotPresent"
    }
}

fn no_rights() -> Option<SecurityContext> {
    Some(SecurityContext {
        allow_privilege_escalation: false,
        capabilities: Capabilities { drop: vec!["ALL"] },
    })
}

fn home(read_only: bool) -> VolumeMount {
    VolumeMount {
        name: "aphex".to_owned(),
        mount_path: HOME.to_owned(),
        read_only,
    }
}

/// The template of a shape. `slots` holds its values, as constants or parameters.
pub fn template(common: &Common, name: String, shape: &Shape, slots: &[Slot]) -> Template {
    let text = |position: usize| slots.get(position).map_or_else(String::new, Slot::text);
    let inputs = shape.inputs.iter().map(|name| (*name).to_owned());
    let varying = slots.iter().filter_map(|slot| match slot {
        Slot::Parameter(name) => Some(name.clone()),
        Slot::Fixed(_) => None,
    });
    let mut env = vec![
        variable("HOME", "/aphex/home"),
        variable("TMPDIR", "/aphex/tmp"),
    ];
    if shape.retry.is_some() {
        env.push(variable("APHEX_TRY", "{{retries}}"));
    }
    let mut work = vec![shape.word.to_owned()];
    work.extend_from_slice(&shape.flags);
    if shape.word == "tools" {
        work.extend(["--image".to_owned(), text(0)]);
    }
    let mut mounts = vec![home(false)];
    let mut volumes = Vec::new();
    for (index, keyed) in shape.secrets.iter().enumerate() {
        let (secret, key) = (text(2 + 2 * index), text(3 + 2 * index));
        let (items, folder) = match keyed {
            true => {
                let folder = format!("{SECRETS}/{secret}/key/{key}");
                (vec![KeyToPath { key, path: "value" }], folder)
            }
            false => (Vec::new(), format!("{SECRETS}/{secret}/all")),
        };
        let name = format!("secret-{}", index + 1);
        mounts.push(VolumeMount {
            name: name.clone(),
            mount_path: folder,
            read_only: true,
        });
        volumes.push(Volume {
            name,
            empty_dir: None,
            secret: Some(SecretVolume {
                secret_name: secret,
                items,
                optional: true,
            }),
        });
    }
    let mut init_containers = vec![checkout(common, &work)];
    init_containers.extend(
        shape
            .services
            .iter()
            .map(|service| side_car(shape, service)),
    );
    Template {
        name,
        inputs: Arguments {
            parameters: inputs.chain(varying).map(Parameter::input).collect(),
        },
        outputs: Arguments {
            parameters: shape.outputs.iter().map(|name| output(name)).collect(),
        },
        service_account_name: Some(shape.account.name(&common.pipeline)),
        node_selector: shape
            .arch
            .map(|arch| IndexMap::from_iter([("kubernetes.io/arch", arch)]))
            .unwrap_or_default(),
        active_deadline_seconds: slots.get(1).cloned(),
        retry_strategy: shape.retry.clone(),
        volumes,
        init_containers,
        container: Some(Container {
            image: text(0),
            image_pull_policy: shape.pull,
            command: vec![BINARY.to_owned()],
            args: iter::once("stage".to_owned()).chain(work).collect(),
            working_dir: Some("/aphex/source"),
            env,
            resources: shape.resources.clone(),
            volume_mounts: mounts,
            security_context: no_rights(),
            ..Container::default()
        }),
        ..Template::default()
    }
}

/// The init container: brings the binary, checks the commit out, restores artifacts.
/// What comes before the main container: the binary, and the working tree for this stage with its flags.
fn checkout(common: &Common, work: &[String]) -> Container {
    let mut args = ["stage", "checkout", "--for"].map(str::to_owned).to_vec();
    args.extend_from_slice(work);
    Container {
        name: "checkout".to_owned(),
        ..runtime(&common.runtime, common.git, args, common.env.clone())
    }
}

/// A container of the runtime image, which may see the credentials of the repository.
pub fn runtime(image: &str, git: bool, args: Vec<String>, env: Vec<EnvVar>) -> Container {
    let mut volume_mounts = vec![home(false)];
    if git {
        volume_mounts.push(VolumeMount {
            name: "git".to_owned(),
            mount_path: GIT_CREDENTIALS.to_owned(),
            read_only: true,
        });
    }
    Container {
        image: image.to_owned(),
        image_pull_policy: pull_policy(image),
        command: vec![RUNTIME_BINARY.to_owned()],
        args,
        env,
        resources: ResourceRequirements {
            requests: vec![("cpu", "100m".to_owned()), ("memory", "128Mi".to_owned())],
            limits: vec![("memory", "1Gi".to_owned())],
        },
        volume_mounts,
        security_context: no_rights(),
        ..Container::default()
    }
}

/// A side-car: an init container that goes on running, which Kubernetes starts before the main container, waits for,
/// and stops after it.
fn side_car(shape: &Shape, service: &ServiceShape) -> Container {
    let mut command: Vec<String> = [
        BINARY,
        "stage",
        "ready",
        "--service",
        &service.name,
        "--for",
    ]
    .map(str::to_owned)
    .to_vec();
    command.push(shape.word.to_owned());
    command.extend_from_slice(&shape.flags);
    let probe = |exec, tcp_socket| Probe {
        exec,
        tcp_socket,
        period_seconds: 2,
        timeout_seconds: 10,
        failure_threshold: 150,
    };
    Container {
        name: format!("service-{}", service.name),
        image: service.image.clone(),
        image_pull_policy: pull_policy(&service.image),
        restart_policy: Some("Always"),
        env: service.env.clone(),
        ports: service
            .port
            .map(|container_port| Port { container_port })
            .into_iter()
            .collect(),
        volume_mounts: match service.ready {
            true => vec![home(true)],
            false => Vec::new(),
        },
        startup_probe: match (service.ready, service.port) {
            (true, _) => Some(probe(Some(Exec { command }), None)),
            (false, Some(port)) => Some(probe(None, Some(TcpSocket { port }))),
            (false, None) => None,
        },
        security_context: no_rights(),
        ..Container::default()
    }
}

/// An output parameter that the stage writes to a file, empty where it does not.
fn output(name: &'static str) -> Parameter {
    Parameter {
        name: name.to_owned(),
        value_from: Some(ValueFrom {
            path: Some(match name {
                "outputs" => "/aphex/out/outputs",
                _ => "/aphex/out/result",
            }),
            supplied: None,
            default: "",
        }),
        ..Parameter::default()
    }
}

/// An environment variable with a value.
pub fn variable(name: &str, value: impl Into<String>) -> EnvVar {
    EnvVar {
        name: name.to_owned(),
        value: Some(value.into()),
        value_from: None,
    }
}
