//! Stages, edges, waves: what every target and the local runner share.
