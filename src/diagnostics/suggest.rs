//! "Did you mean …?" for every name there is.

/// The candidate that was probably meant by `wrong`; `None` where none is near.
///
/// Near is a Damerau-Levenshtein distance of at most a third of the length (so that names of one or two
/// letters have no neighbours), or a difference in case, `-` and `_` alone. Of several, the nearest, then
/// the first in order.
pub fn did_you_mean<'a>(
    wrong: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let fold = |name: &str| name.to_lowercase().replace(['-', '_'], "");
    let folded = fold(wrong);
    let limit = wrong.chars().count() / 3;
    candidates
        .into_iter()
        .filter(|candidate| *candidate != wrong)
        .map(|candidate| {
            let same = fold(candidate) == folded;
            let distance = if same {
                0
            } else {
                strsim::damerau_levenshtein(wrong, candidate)
            };
            (distance, candidate)
        })
        .filter(|(distance, _)| *distance <= limit)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
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
