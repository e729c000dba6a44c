//! Random programs, and small changes to them.

mod support;

use aphex::diagnostics::Problems;
use aphex::source::SourceId;
use support::random;

#[test]
fn random_programs_parse() {
    for seed in 0..1000 {
        let text = random::program(seed);
        let mut problems = Problems::default();
        aphex::syntax::parse(SourceId(0), &text, &mut problems);
        let problems = problems.into_sorted();
        assert!(problems.is_empty(), "seed {seed}: {problems:?}\n{text}");
    }
}
