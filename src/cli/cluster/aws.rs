//! The pipeline's own stack, as commands show what becomes of it.

use clap::Args;

use crate::cli::Exit;
use crate::cli::cluster::{Source, refuse};
use crate::cli::console::Console;
use crate::cloud::aws::cloudformation::{self, Change, Progress, Watch};
use crate::cloud::aws::{Access, Aws};
use crate::model::Pipeline;
use crate::stage::apply::{Stack, delete_stack, deploy_stack, line};
use crate::target::names::stack_name;
use crate::target::stack::{EXPORTS, Options};

/// Where the stack is.
#[derive(Args, Debug)]
pub struct Place {
    /// The cluster's objects alone, and nothing in AWS
    #[arg(long)]
    pub objects_only: bool,
    /// What the names of the cluster's CloudFormation exports begin with
    #[arg(long, value_name = "PREFIX", default_value = EXPORTS)]
    exports: String,
    /// The AWS region of the cluster [default: AWS_REGION, or that of your profile]
    #[arg(long, value_name = "REGION")]
    region: Option<String>,
}

impl Place {
    fn aws(&self, console: &mut Console) -> Result<Aws, Exit> {
        let access = Access {
            region: self.region.clone(),
            ..Access::default()
        };
        let aws = Aws::new(&access)
            .map_err(|failure| refuse(vec![failure.into_diagnostic()], console))?;
        if aws.region().is_none() {
            let help = "name the region of the cluster: `--region eu-central-1`; `--objects-only` leaves AWS alone";
            console.fail("no AWS region is known", Some(help));
            return Err(Exit::Errors);
        }
        Ok(aws)
    }

    /// Deploys the stack.
    pub fn deploy(
        &self,
        source: &Source,
        pipeline: &Pipeline,
        console: &mut Console,
    ) -> Result<Stack, Exit> {
        let aws = self.aws(console)?;
        let options = Options {
            exports: self.exports.clone(),
        };
        let files = &source.input.files;
        let mut tell = |progress: Progress<'_>| console.remark(&format!("  {}\n", line(progress)));
        let mut watch = Watch::new(&mut tell, &|| false);
        let done = deploy_stack(&aws, pipeline, files, &options, &mut watch);
        let stack = done.map_err(|problem| refuse(vec![problem], console))?;
        let what = match stack.change {
            Change::Created => "created",
            Change::Updated => "updated",
            Change::None => "nothing to change",
        };
        console.print(&format!("stack {}: {what}\n", stack.name));
        Ok(stack)
    }

    /// Whether there is a stack to be removed; asked before anything is, so that nothing is left half done for want of credentials.
    pub fn look(&self, pipeline: &Pipeline, console: &mut Console) -> Result<Option<Aws>, Exit> {
        if self.objects_only {
            return Ok(None);
        }
        let aws = self.aws(console)?;
        let name = stack_name(&pipeline.cluster.value, &pipeline.name.value);
        let found = cloudformation::stack(&aws, &name);
        let found = found.map_err(|failure| refuse(vec![failure.into_diagnostic()], console))?;
        Ok(found.map(|_| aws))
    }

    /// Removes the stack, and says what of it is kept.
    pub fn delete(
        &self,
        aws: &Aws,
        pipeline: &Pipeline,
        console: &mut Console,
    ) -> Result<(), Exit> {
        let mut tell = |progress: Progress<'_>| console.remark(&format!("  {}\n", line(progress)));
        let done = delete_stack(aws, pipeline, &mut Watch::new(&mut tell, &|| false));
        let deleted = done.map_err(|problem| {
            let help = "run it again: it goes on from here";
            refuse(vec![problem.help(help)], console)
        })?;
        match deleted {
            None => console.print("there was no stack\n"),
            Some(deleted) => {
                console.print("removed the stack\n");
                for kept in deleted.kept {
                    console.print(&format!("left: {} {}\n", kept.kind, kept.physical));
                }
            }
        }
        Ok(())
    }
}
