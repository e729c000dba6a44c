//! A pipeline's objects in a cluster: what is there, what would change, and the change.
//!
//! First everything is looked at and judged, by the server too; only then is anything written. So what is refused changes nothing.

#[cfg(feature = "cloud")]
mod change;
mod home;
#[cfg(feature = "cloud")]
mod inside;
#[cfg(feature = "cloud")]
mod lease;
#[cfg(feature = "cloud")]
mod owner;
mod packed;
#[cfg(feature = "cloud")]
mod refusal;
#[cfg(feature = "cloud")]
mod stack;
#[cfg(feature = "cloud")]
mod stack_plan;
mod topology;
mod wanted;

#[cfg(feature = "cloud")]
pub use change::{Applied, Change, Plan, Scope, between, owned, plan};
pub use home::Home;
#[cfg(feature = "cloud")]
pub use lease::Lease;
#[cfg(feature = "cloud")]
pub use owner::{Owner, selector};
#[cfg(feature = "cloud")]
pub use stack::{BUCKET, Stack, delete_stack, deploy_stack, facts, find_stack, left_buckets, line};
#[cfg(feature = "cloud")]
pub use stack_plan::{StackPlan, between as stacks_between, plan_stack};
pub use topology::{Difference, Topology};
pub use wanted::{EXPORTS, Facts, Mark, ROLE, STACK, STORE, Wanted, wanted};
