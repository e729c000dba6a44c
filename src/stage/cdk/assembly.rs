//! A cloud assembly: what `cdk synth` leaves.

use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};

use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};

use crate::diagnostics::Diagnostic;
use crate::diagnostics::codes::run_cdk as codes;
use crate::stage::cdk::manifest::{Artifact, Assets, Manifest, Template};

/// Assemblies within assemblies; a stage of the CDK is one.
const DEEPEST: usize = 16;
/// A manifest or a template has at most so many bytes. CloudFormation takes templates of 1 MB.
const LARGEST: u64 = 64 << 20;

/// What `cdk synth` leaves, assemblies of stages included.
#[derive(Debug)]
pub struct Assembly {
    /// Where it is.
    pub directory: PathBuf,
    /// Every stack, in the order of the manifests.
    pub stacks: Vec<AssemblyStack>,
    /// Context that the app asked for and did not get.
    pub missing: Vec<MissingContext>,
}

/// A stack of an assembly.
#[derive(Clone, Debug, PartialEq)]
pub struct AssemblyStack {
    /// What the CDK CLI selects it by: its path in the construct tree, `Prod/Api`.
    pub path: String,
    /// Its name in CloudFormation.
    pub name: String,
    /// Its id among the artifacts of its manifest.
    pub id: String,
    /// The manifest that has it.
    pub manifest: PathBuf,
    /// The account that it is for; `None` where it takes any.
    pub account: Option<String>,
    /// The region that it is for; `None` where it takes any.
    pub region: Option<String>,
    /// The paths of the stacks that it needs.
    pub needs: Vec<String>,
    /// The template's outputs.
    pub outputs: Vec<String>,
    /// Those of them that are there only where a condition holds.
    pub conditional: Vec<String>,
    /// The template's parameters, that of the bootstrap version left out.
    pub parameters: Vec<Parameter>,
    /// How many files it publishes.
    pub files: usize,
    /// How many container images it builds and publishes.
    pub images: usize,
    /// The template's SHA-256, in hexadecimal.
    pub template_sha256: String,
    /// The template.
    pub template: PathBuf,
    /// The bootstrap version that it needs.
    pub bootstrap_version: Option<u32>,
    /// The SSM parameter that holds the version there.
    pub bootstrap_parameter: Option<String>,
    /// The role that the CLI assumes to deploy it, with `${AWS::Partition}` in it.
    pub deploy_role: Option<String>,
}

/// A parameter of a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameter {
    /// Its name.
    pub name: String,
    /// Whether it has a value where none is given.
    pub has_default: bool,
    /// Whether CloudFormation hides its value.
    pub is_hidden: bool,
}

/// Context that the app asked for and did not get.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MissingContext {
    /// Its name in `cdk.context.json`.
    pub key: String,
    /// What would look it up: `vpc-provider`.
    pub provider: String,
}

impl Assembly {
    /// Reads the assembly in a directory.
    pub fn read(directory: &Path) -> Result<Self, Diagnostic> {
        let mut assembly = Assembly {
            directory: directory.to_owned(),
            stacks: Vec::new(),
            missing: Vec::new(),
        };
        let mut open = vec![(directory.to_owned(), 0)];
        while let Some((directory, depth)) = open.pop() {
            if depth > DEEPEST {
                return Err(unreadable(
                    &directory,
                    "too many assemblies within assemblies",
                ));
            }
            let manifest: Manifest = read(&directory.join("manifest.json"))?;
            let missing = manifest.missing.into_iter().map(|missing| MissingContext {
                key: missing.key,
                provider: missing.provider,
            });
            assembly.missing.extend(missing);
            let mut inner = Vec::new();
            for (id, artifact) in &manifest.artifacts {
                match artifact.kind.as_str() {
                    "aws:cloudformation:stack" => {
                        let stack = stack(&directory, id, artifact, &manifest.artifacts)?;
                        assembly.stacks.push(stack);
                    }
                    "cdk:cloud-assembly" => {
                        let name = artifact.properties.directory_name.as_deref();
                        inner.push((beside(&directory, name.unwrap_or_default())?, depth + 1));
                    }
                    _ => {}
                }
            }
            open.extend(inner.into_iter().rev());
        }
        Ok(assembly)
    }
}

fn stack(
    directory: &Path,
    id: &str,
    artifact: &Artifact,
    all: &crate::collections::IndexMap<String, Artifact>,
) -> Result<AssemblyStack, Diagnostic> {
    let path = |id: &str, artifact: &Artifact| match &artifact.display_name {
        // The CLI's own rule: the display name is `path (name)` where the name is another one.
        Some(shown) => shown.split(" (").next().unwrap_or(shown).to_owned(),
        None => id.to_owned(),
    };
    let properties = &artifact.properties;
    let file = beside(
        directory,
        properties.template_file.as_deref().unwrap_or_default(),
    )?;
    let bytes = bytes(&file)?;
    let template: Template =
        serde_json::from_slice(&bytes).map_err(|error| unreadable(&file, &error.to_string()))?;
    let dependencies = artifact.dependencies.iter();
    let needs = dependencies.filter_map(|id| Some((id, all.get(id)?)));
    let (mut files, mut images) = (0, 0);
    for (_, other) in needs.clone() {
        if other.kind == "cdk:asset-manifest" {
            let name = other.properties.file.as_deref().unwrap_or_default();
            let assets: Assets = read(&beside(directory, name)?)?;
            files += assets.files.len();
            images += assets.docker_images.len();
        }
    }
    let is_stack = |artifact: &Artifact| artifact.kind == "aws:cloudformation:stack";
    let (account, region) = place(artifact.environment.as_deref().unwrap_or_default());
    let parameters = template.parameters.into_iter();
    let digest = Sha256::digest(&bytes);
    Ok(AssemblyStack {
        path: path(id, artifact),
        name: properties
            .stack_name
            .clone()
            .unwrap_or_else(|| id.to_owned()),
        id: id.to_owned(),
        manifest: directory.join("manifest.json"),
        account,
        region,
        needs: needs
            .filter(|(_, artifact)| is_stack(artifact))
            .map(|(id, artifact)| path(id, artifact))
            .collect(),
        conditional: template
            .outputs
            .iter()
            .filter(|(_, output)| output.get("Condition").is_some())
            .map(|(name, _)| name.clone())
            .collect(),
        outputs: template.outputs.into_keys().collect(),
        parameters: parameters
            .filter(|(name, _)| name != "BootstrapVersion")
            .map(|(name, parameter)| Parameter {
                name,
                has_default: parameter.default.is_some(),
                is_hidden: parameter.no_echo == true || parameter.no_echo == "true",
            })
            .collect(),
        files,
        images,
        template_sha256: digest.iter().map(|byte| format!("{byte:02x}")).collect(),
        template: file,
        bootstrap_version: properties.requires_bootstrap_stack_version,
        bootstrap_parameter: properties.bootstrap_stack_version_ssm_parameter.clone(),
        deploy_role: properties.assume_role_arn.clone(),
    })
}

/// `aws://ACCOUNT/REGION`; a stack that takes any has `unknown-account`, `unknown-region`.
fn place(environment: &str) -> (Option<String>, Option<String>) {
    let rest = environment.strip_prefix("aws://").unwrap_or_default();
    let (account, region) = rest.split_once('/').unwrap_or_default();
    let known =
        |text: &str, unknown: &str| (!text.is_empty() && text != unknown).then(|| text.to_owned());
    (
        known(account, "unknown-account"),
        known(region, "unknown-region"),
    )
}

/// A file or directory of an assembly, which stands in it and nowhere else.
fn beside(directory: &Path, name: &str) -> Result<PathBuf, Diagnostic> {
    let mut parts = Path::new(name).components();
    let is_inside = !name.is_empty() && parts.all(|part| matches!(part, Component::Normal(_)));
    match is_inside {
        true => Ok(directory.join(name)),
        false => Err(unreadable(
            &directory.join("manifest.json"),
            &format!("it names {name:?}, which is no file of the assembly"),
        )),
    }
}

/// A file of an assembly.
pub(super) fn read<T: DeserializeOwned>(path: &Path) -> Result<T, Diagnostic> {
    let bytes = bytes(path)?;
    serde_json::from_slice(&bytes).map_err(|error| unreadable(path, &error.to_string()))
}

/// What a file holds. A pipe would never end, and a device have no end.
fn bytes(path: &Path) -> Result<Vec<u8>, Diagnostic> {
    let read = || {
        let size = match fs::metadata(path)? {
            metadata if metadata.is_file() => metadata.len(),
            _ => return Err(io::Error::other("it is no file")),
        };
        match size > LARGEST {
            true => Err(io::Error::other(format!("it has {size} bytes"))),
            false => fs::read(path),
        }
    };
    read().map_err(|error| unreadable(path, &error.to_string()))
}

/// The assembly is not what it should be.
pub(super) fn unreadable(path: &Path, reason: &str) -> Diagnostic {
    let shown = path.display();
    Diagnostic::without_place(
        &codes::UNREADABLE_ASSEMBLY,
        format!("the cloud assembly cannot be read: `{shown}`"),
    )
    .note(reason.to_owned())
    .help("an assembly is what `cdk synth --output DIR` leaves: `manifest.json` and what it names")
}
