//! Lists of patterns in triggers.

use globset::GlobBuilder;

/// Whether a name passes a list of patterns: the last one that matches decides, `!` excludes. Where all exclude, every other name passes. `*` stays within a folder.
pub fn passes<'p>(patterns: impl Iterator<Item = &'p str> + Clone, name: &str) -> bool {
    let mut result = patterns.clone().all(|pattern| pattern.starts_with('!'));
    for pattern in patterns {
        let (glob, includes) = match pattern.strip_prefix('!') {
            Some(rest) => (rest, false),
            None => (pattern, true),
        };
        let matches = GlobBuilder::new(glob)
            .literal_separator(true)
            .build()
            .is_ok_and(|glob| glob.compile_matcher().is_match(name));
        if matches {
            result = includes;
        }
    }
    result
}
