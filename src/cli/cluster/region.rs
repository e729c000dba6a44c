//! Regions on the command line.

use crate::analysis::analyse;
use crate::diagnostics::codes::blocks::CONDITION;
use crate::source::MemoryFiles;

/// A region of AWS. Which there are, the language knows (the type `Region`), so a pipeline in that region is asked.
pub fn region(text: &str) -> Result<String, String> {
    let is_word = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    let lower = text.to_ascii_lowercase();
    if lower != text && region(&lower).is_ok() {
        return Err(format!(
            "there is no AWS region `{text}`: did you mean `{lower}`?"
        ));
    }
    if text.is_empty() || !text.bytes().all(is_word) {
        return Err("a region of AWS is written like `eu-central-1`".to_owned());
    }
    let program = format!(
        "pipeline a {{ cluster = \"a\", repository = \"a/a\"\nbuild {{ run = [\"true\"] }}\nenvironment a {{ account = \"111122223333\", region = \"{text}\"\nstack A }} }}\n"
    );
    let files = MemoryFiles::new().with("pipeline.aphex", program);
    let found = analyse("pipeline.aphex", &files);
    let mut problems = found.diagnostics.iter();
    match problems.find(|problem| problem.code.id == CONDITION.id) {
        None => Ok(text.to_owned()),
        // A shell needs no quotes.
        Some(problem) => Err(match &problem.help {
            Some(help) => format!("{}: {}", problem.message, help.replace('"', "")),
            None => problem.message.clone(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_region_is_one_that_the_language_knows() {
        assert_eq!(region("eu-central-1"), Ok("eu-central-1".to_owned()));
        assert_eq!(region("cn-north-1"), Ok("cn-north-1".to_owned()));
        let why = |text| region(text).unwrap_err();
        assert!(
            why("eu-cental-1").contains("did you mean `eu-central-1`?"),
            "{}",
            why("eu-cental-1")
        );
        assert!(
            why("eu-west-1a").contains("availability zone"),
            "{}",
            why("eu-west-1a")
        );
        assert!(why("EU-WEST-1").contains("did you mean `eu-west-1`?"));
        for text in ["", "EU", "#{1}", "\"", "a\nb", "é"] {
            assert!(why(text).contains("like `eu-central-1`"), "{text}");
        }
    }
}
