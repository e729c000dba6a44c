//! The pipeline's own stack, as commands show what becomes of it.

use clap::Args;

use crate::cli::Exit;
use crate::cli::cluster::region::region;
use crate::cli::cluster::{Source, refuse};
use crate::cli::console::Console;
use crate::cloud::aws::cloudformation::{self, Change, Kept, Progress, Watch};
use crate::cloud::aws::s3::Bucket;
use crate::cloud::aws::sts::{self, Caller};
use crate::cloud::aws::{Access, Aws, Failure};
use crate::diagnostics::plural;
use crate::model::Pipeline;
use crate::ops::install::Check;
use crate::stage::apply::{
    BUCKET, Facts, Home, Owner, Stack, StackPlan, delete_stack, deploy_stack, facts, find_stack,
    left_buckets, line, plan_stack,
};
use crate::stage::process::Stop;
use crate::target::stack::{EXPORTS, Export, Options};

const NO_REGION: &str = "no AWS region is known";
const NAME_IT: &str =
    "name the region of the cluster: `--region eu-central-1`; `--objects-only` leaves AWS alone";

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
    #[arg(long, value_name = "REGION", value_parser = region)]
    region: Option<String>,
}

/// A stack that is there.
pub struct Owned {
    pub aws: Aws,
    /// Its bucket.
    pub bucket: Option<String>,
}

/// Where AWS is asked, and as whom.
pub struct There {
    aws: Aws,
    region: String,
    caller: Caller,
}

/// Why AWS cannot be asked.
enum Unasked {
    NoRegion,
    WrongRegion(String),
    Failed(Failure),
}

impl Unasked {
    fn words(self) -> String {
        match self {
            Unasked::NoRegion => "no region is known (`--region eu-central-1`)".to_owned(),
            Unasked::WrongRegion(why) => why,
            Unasked::Failed(failure) => failure.into_diagnostic().message,
        }
    }

    fn told(self, console: &mut Console) -> Exit {
        match self {
            Unasked::NoRegion => no_region(console),
            Unasked::WrongRegion(why) => {
                console.fail(&why, Some(NAME_IT));
                Exit::Errors
            }
            Unasked::Failed(failure) => refuse(vec![failure.into_diagnostic()], console),
        }
    }
}

impl There {
    /// Where the pipeline's stack is, if it is here.
    fn home(&self, pipeline: &Pipeline) -> Home {
        Home::new(&self.caller.account, &self.region, pipeline)
    }

    /// The pipeline's stack here, where there is one. One that is somebody else's is refused.
    pub fn find(
        &self,
        pipeline: &Pipeline,
        owner: Owner<'_>,
        console: &mut Console,
    ) -> Result<Option<Owned>, Exit> {
        let found = find_stack(&self.aws, pipeline, owner);
        let found = found.map_err(|problem| refuse(vec![problem], console))?;
        Ok(found.map(|stack| Owned {
            aws: self.aws.clone(),
            bucket: stack.outputs.get(BUCKET).cloned(),
        }))
    }
}

/// Buckets that are to be removed.
pub struct Buckets {
    pub aws: Aws,
    pub names: Vec<String>,
}

impl Place {
    fn aws(&self, console: &mut Console) -> Result<Aws, Exit> {
        let aws = self
            .found()
            .map_err(|failure| refuse(vec![failure.into_diagnostic()], console))?;
        match aws.region() {
            Some(_) => Ok(aws),
            None => Err(no_region(console)),
        }
    }

    fn found(&self) -> Result<Aws, Failure> {
        Aws::new(&Access {
            region: self.region.clone(),
            ..Access::default()
        })
    }

    /// Where AWS is asked; `None` where it is not. A place where the pipeline's stack is not, by what its objects say, is refused: another stack would come beside it.
    pub fn there(
        &self,
        pipeline: &Pipeline,
        known: &Facts,
        console: &mut Console,
    ) -> Result<Option<There>, Exit> {
        if self.objects_only {
            return Ok(None);
        }
        self.checked(self.here(), pipeline, known, console)
            .map(Some)
    }

    fn checked(
        &self,
        here: Result<There, Unasked>,
        pipeline: &Pipeline,
        known: &Facts,
        console: &mut Console,
    ) -> Result<There, Exit> {
        let there = here.map_err(|why| why.told(console))?;
        let checked = known
            .stack
            .as_ref()
            .map_or(Ok(()), |stack| stack.check(&there.home(pipeline), pipeline));
        checked.map_err(|problem| refuse(vec![problem], console))?;
        Ok(there)
    }

    fn here(&self) -> Result<There, Unasked> {
        let aws = self.found().map_err(Unasked::Failed)?;
        let region = aws.region().filter(|region| !region.is_empty());
        // That of the shell or of a profile may be as wrong as one of the command line.
        let region = region.ok_or(Unasked::NoRegion)?;
        let region = self::region(region).map_err(Unasked::WrongRegion)?;
        let caller = sts::caller(&aws).map_err(Unasked::Failed)?;
        Ok(There {
            aws,
            region,
            caller,
        })
    }

    /// Looks whether AWS has what the stack needs (10.2).
    pub fn ready(&self, pipeline: &Pipeline) -> Vec<Check> {
        if self.objects_only {
            return Vec::new();
        }
        let There {
            aws,
            region,
            caller: Caller { account, arn },
        } = match self.here() {
            Ok(there) => there,
            // Nothing else can be asked.
            Err(Unasked::NoRegion) => {
                return vec![Check::missing(NO_REGION, [NAME_IT.to_owned()])];
            }
            Err(Unasked::WrongRegion(why)) => {
                return vec![Check::missing(why, [NAME_IT.to_owned()])];
            }
            Err(Unasked::Failed(failure)) => {
                return vec![Check::failed("AWS", failure.into_diagnostic())];
            }
        };
        let wanted = Export::names(&self.exports, &pipeline.cluster.value);
        let what = format!("exports of cluster {}", pipeline.cluster.value);
        vec![
            Check::good(format!("AWS account {account} in {region}, as {arn}")),
            match cloudformation::require(&aws, &wanted, &self.exports) {
                Ok(_) => Check::good(what),
                Err(problem) => Check::failed(&what, problem),
            },
        ]
    }

    /// What would become of the stack, and what objects are told of that which is there. `None`, with a remark, where AWS cannot be asked: that is no error where nobody
    /// has named a region, since who plans need not be known there.
    pub fn plan(
        &self,
        source: &Source,
        pipeline: &Pipeline,
        owner: Owner<'_>,
        known: &Facts,
        console: &mut Console,
    ) -> Result<Option<(StackPlan, Option<Facts>)>, Exit> {
        if self.objects_only {
            return Ok(None);
        }
        let here = match self.here() {
            Err(why) if self.region.is_none() => {
                let why = why.words();
                console.remark(&format!("the stack in AWS was not looked at: {why}\n"));
                return Ok(None);
            }
            here => here,
        };
        let there = self.checked(here, pipeline, known, console)?;
        let (aws, home) = (&there.aws, there.home(pipeline));
        let options = Options {
            exports: self.exports.clone(),
        };
        let files = &source.input.files;
        let planned = plan_stack(aws, pipeline, owner, files, &options);
        let (plan, outputs) = planned.map_err(|problem| refuse(vec![problem], console))?;
        let told = outputs.map(|outputs| facts(&outputs, home, &options));
        Ok(Some((plan, told)))
    }

    /// Deploys the stack; told to stop, it leaves CloudFormation to what that has begun.
    pub fn deploy(
        &self,
        source: &Source,
        pipeline: &Pipeline,
        owner: Owner<'_>,
        stop: &Stop,
        console: &mut Console,
    ) -> Result<Stack, Exit> {
        let aws = self.aws(console)?;
        let options = Options {
            exports: self.exports.clone(),
        };
        let files = &source.input.files;
        let mut tell = |progress: Progress<'_>| console.remark(&format!("  {}\n", line(progress)));
        let ends = || stop.is_set();
        let mut watch = Watch::new(&mut tell, &ends);
        let done = deploy_stack(&aws, pipeline, owner, files, &options, &mut watch);
        let stack = done.map_err(|problem| refuse(vec![problem], console))?;
        let what = match stack.change {
            Change::Created => "created",
            Change::Updated => "updated",
            Change::None => "nothing to change",
        };
        console.print(&format!("stack {}: {what}\n", stack.name));
        Ok(stack)
    }

    /// The buckets that go with a pipeline's artifacts: that of its stack; where there is no stack any more, those that it has left.
    pub fn buckets(
        &self,
        pipeline: &Pipeline,
        stack: Option<&Owned>,
        console: &mut Console,
    ) -> Result<Buckets, Exit> {
        if let Some(stack) = stack {
            return Ok(Buckets {
                aws: stack.aws.clone(),
                names: stack.bucket.iter().cloned().collect(),
            });
        }
        let aws = self.aws(console)?;
        let names = left_buckets(&aws, pipeline)
            .map_err(|failure| refuse(vec![failure.into_diagnostic()], console))?;
        Ok(Buckets { aws, names })
    }

    /// Removes a bucket and everything that was ever in it. Before the stack, which knows its name: interrupted, it goes on when it is called again.
    pub fn empty(&self, aws: &Aws, name: &str, console: &mut Console) -> Result<(), Exit> {
        let bucket = Bucket::new(aws, name);
        let removed = bucket.remove().map_err(|failure| {
            let help = "run it again: it goes on from here";
            refuse(vec![failure.into_diagnostic().help(help)], console)
        })?;
        console.print(&match removed {
            Some(count) => format!("removed bucket {name}, with {}\n", plural(count, "version")),
            None => format!("there was no bucket {name}\n"),
        });
        Ok(())
    }

    /// Removes the stack, and says what of it is kept; `gone` are buckets that are not, for they were removed before.
    pub fn delete(
        &self,
        aws: &Aws,
        pipeline: &Pipeline,
        gone: &[String],
        stop: &Stop,
        console: &mut Console,
    ) -> Result<(), Exit> {
        let mut tell = |progress: Progress<'_>| console.remark(&format!("  {}\n", line(progress)));
        let ends = || stop.is_set();
        let done = delete_stack(aws, pipeline, &mut Watch::new(&mut tell, &ends));
        let deleted = done.map_err(|problem| {
            let help = "run it again: it goes on from here";
            refuse(vec![problem.help(help)], console)
        })?;
        match deleted {
            None => console.print("there was no stack\n"),
            Some(deleted) => {
                console.print("removed the stack\n");
                // A bucket's policy goes with it.
                let is_of = |bucket: &String, kept: &Kept| {
                    kept.physical == *bucket
                        || kept.kind == "AWS::S3::BucketPolicy" && kept.physical.starts_with(bucket)
                };
                let is_kept = |kept: &Kept| !gone.iter().any(|bucket| is_of(bucket, kept));
                for kept in deleted.kept.into_iter().filter(is_kept) {
                    let later = match kept.kind == "AWS::S3::Bucket" {
                        true => "; `aphex destroy --with-artifacts` removes it",
                        false => "",
                    };
                    console.print(&format!("left: {} {}{later}\n", kept.kind, kept.physical));
                }
            }
        }
        Ok(())
    }
}

fn no_region(console: &mut Console) -> Exit {
    console.fail(NO_REGION, Some(NAME_IT));
    Exit::Errors
}
