//! A step: whatever runs commands.

use crate::eval::data::BlockPath;
use crate::model::{Env, Ref, Seconds, Text, When};
use crate::source::{Span, Spanned};

/// Which of the blocks that are steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum StepKind {
    /// `build`
    Build,
    /// `check NAME`
    Check,
    /// `before NAME`: a pre-deployment hook
    Before,
    /// `step NAME`: among the stacks
    Step,
    /// `after NAME`: a post-deployment hook
    After,
    /// `test NAME`
    Test,
}

/// Whatever runs commands. See `domain.md` section 2 for what each field means.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// Which block.
    pub kind: StepKind,
    /// The label; `build` where it has none.
    pub name: Text,
    /// Where it stands.
    pub path: BlockPath,
    /// The block.
    pub span: Span,
    /// The commands; a multi-line script is one of them.
    pub run: Vec<Text>,
    /// `sh` or `bash`.
    pub shell: Shell,
    /// Where the commands run, relative to the repository.
    pub dir: Option<Text>,
    /// The user's image, unchanged; `None` is the default builder image.
    pub image: Option<Text>,
    /// The environment, that of enclosing blocks merged in, the nearest last.
    pub env: Env,
    /// Tools that must be in the image, as the file names them; those read from `run` come on top.
    pub tools: Vec<Text>,
    /// After this long it is stopped and has failed.
    pub timeout: Option<Seconds>,
    /// What happens when it fails.
    pub retry: Option<Retry>,
    /// What its pod asks for.
    pub resources: Resources,
    /// The processor that its pod needs.
    pub arch: Option<Spanned<Arch>>,
    /// An IAM role for this step in place of its environment's.
    pub role: Option<Text>,
    /// Its run-time condition.
    pub when: Spanned<When>,
    /// Whether a failure stops what comes after.
    pub required: bool,
    /// JUnit XML patterns.
    pub reports: Vec<Text>,
    /// Files kept with the run.
    pub keep: Vec<Text>,
    /// What later steps and synths see; on `build` and `step`.
    pub artifacts: Vec<Text>,
    /// What it waits for, beyond the order written.
    pub needs: Vec<Ref>,
    /// Side-cars, in order.
    pub services: Vec<Service>,
    /// Whether an error in it has been reported.
    pub partial: bool,
}

/// The shell of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Shell {
    /// `sh -eu`
    Sh,
    /// `bash -eu`
    Bash,
}

/// What happens when a step fails.
#[derive(Clone, Debug, PartialEq)]
pub struct Retry {
    /// How often it is tried again.
    pub times: Spanned<u32>,
    /// Seconds before the first further try; doubled each time.
    pub wait: u64,
    /// On which failures.
    pub on: RetryOn,
    /// Where it was written.
    pub span: Span,
}

/// The failures that are tried again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RetryOn {
    /// Those of the step itself (a non-zero exit).
    Failure,
    /// Those of the machinery around it (a lost pod).
    Error,
    /// Both.
    Any,
}

/// What a pod asks for and may use.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Resources {
    /// Processors, in thousandths.
    pub cpu: Option<Spanned<u64>>,
    /// Memory in bytes.
    pub memory: Option<Spanned<u64>>,
    /// Disk in bytes.
    pub disk: Option<Spanned<u64>>,
}

/// A processor architecture, as Kubernetes and OCI name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Arch {
    /// x86-64
    Amd64,
    /// 64-bit Arm
    Arm64,
}

/// A side-car: started and ready before the commands.
#[derive(Clone, Debug, PartialEq)]
pub struct Service {
    /// Its label.
    pub name: Text,
    /// Its image.
    pub image: Text,
    /// The port it listens on.
    pub port: Option<Spanned<u16>>,
    /// Its environment.
    pub env: Env,
    /// A command that succeeds once it is ready.
    pub ready: Option<Text>,
    /// The block.
    pub span: Span,
}
