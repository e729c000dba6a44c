//! `aphex run`: a pipeline on one machine.
//!
//! Every stage is a child process, `aphex stage …`, with what a pod would be given: folders of its own, the commit, a
//! store. So a run here proves what runs there.

pub mod schedule;
