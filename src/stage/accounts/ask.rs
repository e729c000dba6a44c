//! Asking AWS, as the deployment itself will.

use std::path::Path;
use std::thread;

use crate::cloud::aws::{Aws, Cause, Failure, secrets, sts};
use crate::diagnostics::Diagnostic;
use crate::diagnostics::codes::preflight as codes;
use crate::model::Text;
use crate::rules::partition;
use crate::source::Span;
use crate::stage::accounts::{DEFAULT_QUALIFIER, Target};
use crate::stage::identity;
use crate::stage::process::Environment;
use crate::stage::seers::seen_with;

/// What the CDK's default synthesizer asks for at least (`DefaultStackSynthesizer`, "MIN_BOOTSTRAP_STACK_VERSION").
const LEAST: u32 = 6;
/// So many accounts are asked side by side: each call waits for the network, and STS counts calls.
const AT_ONCE: usize = 8;

/// Who asks.
#[derive(Clone, Copy, Debug)]
pub struct Asker<'a> {
    /// The variables of whoever deploys.
    pub env: &'a Environment,
    /// Names the run in CloudTrail.
    pub session: &'a str,
    /// For generated configurations.
    pub tmp: &'a Path,
}

/// Asks about all of them; in the order given what is well, in words, and what is not.
pub fn check(asker: Asker<'_>, targets: &[Target]) -> (Vec<String>, Vec<Diagnostic>) {
    let mut well = Vec::new();
    let mut problems = Vec::new();
    for (batch, some) in targets.chunks(AT_ONCE).enumerate() {
        let answers = thread::scope(|scope| {
            let threads: Vec<_> = some
                .iter()
                .enumerate()
                .map(|(index, target)| {
                    let number = batch * AT_ONCE + index;
                    scope.spawn(move || one(asker, target, number))
                })
                .collect();
            let answers = threads.into_iter().filter_map(|thread| thread.join().ok());
            answers.collect::<Vec<_>>()
        });
        for answer in answers {
            match answer {
                Ok(line) => well.push(line),
                Err(problem) => problems.push(*problem),
            }
        }
    }
    (well, problems)
}

/// Whose credentials a role gives.
pub fn caller(asker: Asker<'_>, role: &Text, region: &str) -> Result<sts::Caller, Diagnostic> {
    let assumed = assume(asker, asker.env, &role.value, region, "aws-preflight-role");
    let asked = assumed.and_then(|(aws, _)| sts::caller(&aws));
    asked.map_err(|failure| *no_identity(failure, Some(role), role.span))
}

fn one(asker: Asker<'_>, target: &Target, number: usize) -> Result<String, Box<Diagnostic>> {
    let region = target.region.value.as_str();
    let span = target.account.span;
    let role = target.role.as_ref();
    let base = match role {
        Some(role) => assume(
            asker,
            asker.env,
            &role.value,
            region,
            &format!("aws-preflight-{number}"),
        ),
        None => seen_with(asker.env, region).map(|aws| (aws, asker.env.clone())),
    };
    let who = role.map_or(span, |role| role.span);
    let (base, env) = base.map_err(|failure| no_identity(failure, role, who))?;
    let caller = sts::caller(&base).map_err(|failure| no_identity(failure, role, who))?;
    let is_there = caller.account == target.account.value;
    if role.is_some() && !is_there {
        Err(other_account(target, &caller))?;
    }
    let mut line = format!(
        "{}: account {}, {region}",
        target.environment, target.account.value
    );
    let Some((deploy_role, parameter)) = target
        .deploy_role(partition(region))
        .zip(target.version_parameter())
    else {
        return match is_there {
            true => Ok(line),
            false => Err(Box::new(other_account(target, &caller))),
        };
    };
    let name = format!("aws-preflight-{number}-cdk");
    let deployer = assume(asker, &env, &deploy_role, region, &name)
        .and_then(|(aws, _)| Ok((sts::caller(&aws)?, aws)));
    let aws = match deployer {
        Ok((deployer, _)) if deployer.account != target.account.value => {
            return Err(Box::new(other_account(target, &deployer)));
        }
        Ok((_, aws)) => aws,
        Err(failure) if is_passing(&failure) => {
            return Err(Box::new(failure.into_diagnostic().at(span)));
        }
        // As the CLI does: credentials of the right account serve where the role cannot be assumed.
        Err(_) if is_there => base,
        Err(failure) => {
            return Err(Box::new(not_assumed(
                target,
                &deploy_role,
                &caller,
                failure,
            )));
        }
    };
    match secrets::parameter(&aws, &parameter) {
        Ok(version) => {
            let is_enough = version
                .trim()
                .parse()
                .is_ok_and(|number: u32| number >= LEAST);
            if !is_enough {
                return Err(Box::new(old(target, &caller, &version)));
            }
            line.push_str(&format!(", bootstrap {}", version.trim()));
            Ok(line)
        }
        Err(failure) => match failure.cause {
            Cause::NotFound => Err(Box::new(not_bootstrapped(target, &caller, &parameter))),
            // The CLI then looks at the stack's outputs, and so this is no reason to fail.
            Cause::Denied => {
                line.push_str(", bootstrap not looked at: ");
                line.push_str(&failure.to_string());
                Ok(line)
            }
            _ => Err(Box::new(failure.into_diagnostic().at(target.region.span))),
        },
    }
}

/// AWS as a role that the identity of `env` assumes, and the variables that lead there.
fn assume(
    asker: Asker<'_>,
    env: &Environment,
    role: &str,
    region: &str,
    name: &str,
) -> Result<(Aws, Environment), Failure> {
    let mut env = env.clone();
    identity::assume(&mut env, role, asker.session, region, asker.tmp, name)
        .map_err(|error| Failure::of_system(&error))?;
    let aws = seen_with(&env, region)?;
    Ok((aws, env))
}

/// Whether it says nothing of the account: AWS is busy, or not there.
fn is_passing(failure: &Failure) -> bool {
    matches!(failure.cause, Cause::Throttled | Cause::Unreachable)
}

fn no_identity(failure: Failure, role: Option<&Text>, span: Span) -> Box<Diagnostic> {
    let problem = match role {
        Some(role) if failure.cause == Cause::Denied => {
            let message = format!("the role `{}` cannot be assumed", role.value);
            let problem = Diagnostic::error(&codes::NOT_ASSUMED, role.span, message);
            failure.explain(problem.help(
                "its trust policy must name whoever runs this, and whoever runs this needs `sts:AssumeRole` on it",
            ))
        }
        _ => failure.into_diagnostic().at(span),
    };
    Box::new(problem)
}

fn not_assumed(target: &Target, role: &str, caller: &sts::Caller, failure: Failure) -> Diagnostic {
    let message = format!(
        "environment `{}` cannot be deployed to account {}: the CDK's role there cannot be assumed",
        target.environment, target.account.value
    );
    let problem = Diagnostic::error(&codes::NOT_ASSUMED, target.account.span, message)
        .note(format!("the role is `{role}`"))
        .note(format!("tried by `{}`", caller.arn))
        .help(format!(
            "bootstrap the account so that it trusts account {}, with credentials of its own: `{}`",
            caller.account,
            command(target, caller)
        ));
    failure.explain(problem)
}

fn other_account(target: &Target, caller: &sts::Caller) -> Diagnostic {
    let message = format!(
        "environment `{}` is in account {}, and these credentials are for {}",
        target.environment, target.account.value, caller.account
    );
    Diagnostic::error(&codes::OTHER_ACCOUNT, target.account.span, message)
        .note(format!("they are those of `{}`", caller.arn))
        .help("correct the account, or use credentials or a `role` of it")
}

fn not_bootstrapped(target: &Target, caller: &sts::Caller, parameter: &str) -> Diagnostic {
    let message = format!(
        "account {} is not bootstrapped in {}",
        target.account.value, target.region.value
    );
    let problem = Diagnostic::error(&codes::NOT_BOOTSTRAPPED, target.region.span, message)
        .label(format!(
            "environment `{}` is deployed here",
            target.environment
        ))
        .note(format!("there is no parameter `{parameter}`"));
    problem.help(format!("run `{}`", command(target, caller)))
}

fn old(target: &Target, caller: &sts::Caller, version: &str) -> Diagnostic {
    let version = crate::diagnostics::safe::line(version.trim()).into_owned();
    let message = format!(
        "the bootstrap of account {} in {} has version {version}, and {LEAST} is the least that the CDK takes",
        target.account.value, target.region.value
    );
    Diagnostic::error(&codes::OLD_BOOTSTRAP, target.region.span, message)
        .help(format!("run `{}`", command(target, caller)))
}

/// The command that bootstraps it. An account that another one deploys to must trust it, and then the CLI wants the policies said.
fn command(target: &Target, caller: &sts::Caller) -> String {
    let (account, region) = (&target.account.value, &target.region.value);
    let mut command = format!("cdk bootstrap aws://{account}/{region}");
    if let Some(qualifier) = &target.qualifier
        && qualifier != DEFAULT_QUALIFIER
    {
        command.push_str(&format!(
            " --qualifier {qualifier} --toolkit-stack-name CDKToolkit-{qualifier}"
        ));
    }
    if caller.account != *account {
        let partition = partition(region);
        command.push_str(&format!(
            " --trust {} --cloudformation-execution-policies arn:{partition}:iam::aws:policy/AdministratorAccess",
            caller.account
        ));
    }
    command
}
