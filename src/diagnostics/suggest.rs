//! "Did you mean …?" for every name there is.

/// The candidate that was probably meant by `wrong`; `None` where none is near.
///
/// Near is a Damerau-Levenshtein distance of at most a third of the length (so that names of one or two
/// letters have no neighbours; of more than one letter only where the first is right), or a difference in case, `-` and
/// `_` alone. Of several, the nearest, then the first in order.
pub fn did_you_mean<'a>(
    wrong: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let limit = wrong.chars().count() / 3;
    candidates
        .into_iter()
        .filter(|candidate| *candidate != wrong)
        .map(|candidate| {
            let distance = if is_same_name(wrong, candidate) {
                0
            } else {
                strsim::damerau_levenshtein(wrong, candidate)
            };
            (distance, candidate)
        })
        .filter(|(distance, candidate)| {
            *distance <= limit && (*distance < 2 || begin_alike(wrong, candidate))
        })
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// Whether two names have the same first letter.
fn begin_alike(one: &str, other: &str) -> bool {
    let first = |name: &str| name.chars().next().map(|c| c.to_ascii_lowercase());
    first(one) == first(other)
}

/// Whether two names differ in case, `-` and `_` alone.
pub fn is_same_name(one: &str, other: &str) -> bool {
    let letters = |name: &'_ str| {
        let name: Vec<char> = name.chars().flat_map(char::to_lowercase).collect();
        name.into_iter().filter(|c| !matches!(c, '-' | '_'))
    };
    letters(one).eq(letters(other))
}

/// Names for a sentence, in backticks: "`a`, `b` and `c`"; at most `most`, then "and 7 more".
pub fn list_names<'a>(names: impl IntoIterator<Item = &'a str>, most: usize) -> String {
    let names: Vec<&str> = names.into_iter().collect();
    let shown: Vec<String> = names
        .iter()
        .take(most)
        .map(|name| format!("`{name}`"))
        .collect();
    if names.len() > most {
        return format!("{} and {} more", shown.join(", "), names.len() - most);
    }
    match shown.split_last() {
        None => String::new(),
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
    }
}
