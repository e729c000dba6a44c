//! Containers on one machine, by podman or docker: a step's own, and its side-cars.
//!
//! The engine's program is run, as a person would: it knows where its images, its networks and its rights are. A step has one container,
//! in which its commands run one after another, with what a pod would give it: the working tree at `/aphex/source`, no rights, the
//! image's own files. Secrets are handed to the program in its environment, never in an argument.

mod engine;
mod image;
mod inside;
mod left;
mod pump;
mod service;
mod tools;

pub use engine::Engine;
pub use inside::{Inside, Wanted};
pub use left::{forget as forget_left, remove as remove_left};
pub use service::Services;
pub use tools::missing as missing_tools;

use crate::stage::process::Environment;

/// Variables of a container: those that are shown in the engine's arguments, and those that are not.
#[derive(Clone, Debug, Default)]
pub struct Variables {
    /// By name and value.
    pub shown: Vec<(String, String)>,
    /// By name: the engine's program finds the value in its own environment.
    pub hidden: Environment,
}

impl Variables {
    /// The arguments of `run` that give them.
    fn arguments(&self) -> Vec<std::ffi::OsString> {
        let mut arguments = Vec::new();
        for (name, value) in &self.shown {
            arguments.push("--env".into());
            arguments.push(format!("{name}={value}").into());
        }
        for name in self.hidden.keys() {
            arguments.push("--env".into());
            arguments.push(name.clone());
        }
        arguments
    }
}

/// The user that side-cars have in a pod.
const POD_USER: &str = "1000:1000";

/// The argument by which a person finds out whose a container is: the folder of the try that it belongs to.
fn label(folders: &crate::stage::Folders) -> String {
    format!("--label=dev.aphex.folder={}", folders.root().display())
}

/// What no container of a pod may.
const NO_RIGHTS: [&str; 2] = ["--cap-drop=all", "--security-opt=no-new-privileges"];
