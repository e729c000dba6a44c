//! What a variable is called that a message tells to make.

/// A name for an environment variable that is to hold a value, from the last name of an expression: `run.commit` → `COMMIT`.
pub fn variable_name(text: &str) -> String {
    let mut words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    let last = words.rfind(|word| !word.is_empty());
    let mut name = String::new();
    for letter in last.unwrap_or("VALUE").chars() {
        if letter.is_ascii_uppercase() && name.ends_with(|c: char| c.is_ascii_lowercase()) {
            name.push('_');
        }
        name.push(letter);
    }
    let name = name.to_ascii_uppercase();
    if name.starts_with(|c: char| c.is_ascii_digit()) {
        return format!("VALUE_{name}");
    }
    name
}

#[cfg(test)]
mod tests {
    use super::variable_name;

    #[test]
    fn variables_are_named_after_the_value() {
        assert_eq!(variable_name("run.commit"), "COMMIT");
        assert_eq!(variable_name("Network.VpcId"), "VPC_ID");
        assert_eq!(variable_name("ssm(\"/a/b\")"), "B");
        assert_eq!(variable_name("run.input.2nd"), "VALUE_2ND");
    }
}
