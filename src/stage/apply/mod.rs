//! A pipeline's objects in a cluster: what is there, what would change, and the change.
//!
//! First everything is looked at and judged, by the server too; only then is anything written. So what is refused changes nothing. What is here knows WorkflowTemplates alone; EventSource,
//! Sensor, service accounts and the pipeline's stack join [`Wanted`] once they are compiled.

#[cfg(feature = "cloud")]
mod change;
#[cfg(feature = "cloud")]
mod owner;
mod topology;
mod wanted;

#[cfg(feature = "cloud")]
pub use change::{Applied, Plan, plan};
pub use topology::{Difference, Topology};
pub use wanted::{Mark, Wanted, wanted};
