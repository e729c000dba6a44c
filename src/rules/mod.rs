//! Rules across blocks: pipeline rules (A06), platform limits (A07), shell text, the repository.
