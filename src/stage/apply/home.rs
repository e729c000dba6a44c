//! Where a pipeline's stack is.

use std::fmt;

use crate::diagnostics::codes::aws::STACK_STUCK;
use crate::diagnostics::{Diagnostic, safe};
use crate::model::Pipeline;
use crate::target::names::stack_name;

/// The account, the region and the name of a stack; as text `111122223333/eu-central-1/aphex-company-shop`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Home {
    account: String,
    region: String,
    stack: String,
}

impl Home {
    /// That of a pipeline's stack in an account and a region.
    pub fn new(account: &str, region: &str, pipeline: &Pipeline) -> Home {
        Home {
            account: account.to_owned(),
            region: region.to_owned(),
            stack: stack_name(&pipeline.cluster.value, &pipeline.name.value),
        }
    }

    /// What was written as text; `None` where it is none.
    pub fn read(text: &str) -> Option<Home> {
        let mut parts = text.split('/').map(str::to_owned);
        Some(Home {
            account: parts.next().filter(|account| !account.is_empty())?,
            region: parts.next()?,
            stack: parts.next()?,
        })
    }

    /// That of an ARN: `arn:aws:cloudformation:eu-central-1:111122223333:stack/aphex-company-shop/…`.
    pub fn of_arn(arn: &str) -> Home {
        let mut parts = arn.split(':').skip(3).map(str::to_owned);
        Home {
            region: parts.next().unwrap_or_default(),
            account: parts.next().unwrap_or_default(),
            stack: arn.split('/').nth(1).unwrap_or_default().to_owned(),
        }
    }

    /// Refuses a pipeline whose file names another cluster than that of this one.
    pub fn check_cluster(&self, pipeline: &Pipeline) -> Result<(), Diagnostic> {
        self.check(&Home::new(&self.account, &self.region, pipeline), pipeline)
    }

    /// Refuses another place for the stack of a pipeline than this one, where it is: a second stack would come beside it.
    pub fn check(&self, other: &Home, pipeline: &Pipeline) -> Result<(), Diagnostic> {
        if self == other {
            return Ok(());
        }
        let name = &pipeline.name.value;
        let shown = |text: &str| safe::line(text).into_owned();
        let (account, region, stack) = (
            shown(&self.account),
            shown(&self.region),
            shown(&self.stack),
        );
        let message = match self.stack == other.stack {
            true => format!("the stack `{stack}` of `{name}` is in {region}, account {account}"),
            false => format!("the stack of `{name}` is `{stack}`, of another cluster"),
        };
        let (note, help) = match self.stack == other.stack {
            true => (
                format!("AWS was asked in {}, account {}, and nothing was changed", other.region, other.account),
                format!("name that place: `--region {region}`, with credentials of account {account}; to move the pipeline, `aphex destroy` it there first"),
            ),
            false => (
                format!("with `cluster = \"{}\"` it would be `{}`, and the other would stay; nothing was changed", pipeline.cluster.value, other.stack),
                "give `cluster` its earlier value; to move the pipeline, `aphex destroy` it with that first".to_owned(),
            ),
        };
        Err(Diagnostic::without_place(&STACK_STUCK, message)
            .note(note)
            .help(help))
    }
}

impl fmt::Display for Home {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Home {
            account,
            region,
            stack,
        } = self;
        write!(formatter, "{account}/{region}/{stack}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_home_is_read_as_it_is_written() {
        let arn =
            "arn:aws:cloudformation:eu-central-1:111122223333:stack/aphex-company-shop/51af3dc0";
        let home = Home::of_arn(arn);
        let text = "111122223333/eu-central-1/aphex-company-shop";
        assert_eq!(home.to_string(), text);
        assert_eq!(Home::read(text), Some(home));
        for rubbish in ["", "a", "a/b", "/b/c"] {
            assert_eq!(Home::read(rubbish), None, "{rubbish}");
        }
    }
}
