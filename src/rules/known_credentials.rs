//! What credentials look like. Without regular expressions: this runs over every file of every check.

/// A credential in a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Found {
    /// What it is.
    pub what: &'static str,
    /// Its first byte.
    pub start: usize,
    /// The byte after it.
    pub end: usize,
}

/// How a credential begins, how many characters follow at least, and which.
struct Shape {
    what: &'static str,
    prefix: &'static str,
    length: std::ops::RangeInclusive<usize>,
    accepts: fn(char) -> bool,
}

const LONG: usize = 4096;

fn upper_or_digit(c: char) -> bool {
    c.is_ascii_uppercase() || c.is_ascii_digit()
}

fn word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

fn word_or_dash(c: char) -> bool {
    word(c) || c == '-'
}

fn path(c: char) -> bool {
    word_or_dash(c) || c == '/'
}

const SHAPES: &[Shape] = &[
    Shape {
        what: "an AWS access key",
        prefix: "AKIA",
        length: 16..=16,
        accepts: upper_or_digit,
    },
    Shape {
        what: "a temporary AWS access key",
        prefix: "ASIA",
        length: 16..=16,
        accepts: upper_or_digit,
    },
    Shape {
        what: "a GitHub token",
        prefix: "ghp_",
        length: 36..=LONG,
        accepts: word,
    },
    Shape {
        what: "a GitHub token",
        prefix: "gho_",
        length: 36..=LONG,
        accepts: word,
    },
    Shape {
        what: "a GitHub token",
        prefix: "ghu_",
        length: 36..=LONG,
        accepts: word,
    },
    Shape {
        what: "a GitHub token",
        prefix: "ghs_",
        length: 36..=LONG,
        accepts: word,
    },
    Shape {
        what: "a GitHub token",
        prefix: "ghr_",
        length: 36..=LONG,
        accepts: word,
    },
    Shape {
        what: "a GitHub token",
        prefix: "github_pat_",
        length: 22..=LONG,
        accepts: word,
    },
    Shape {
        what: "a GitLab token",
        prefix: "glpat-",
        length: 20..=LONG,
        accepts: word_or_dash,
    },
    Shape {
        what: "a Slack token",
        prefix: "xoxb-",
        length: 20..=LONG,
        accepts: word_or_dash,
    },
    Shape {
        what: "a Slack token",
        prefix: "xoxp-",
        length: 20..=LONG,
        accepts: word_or_dash,
    },
    Shape {
        what: "a Slack token",
        prefix: "xoxa-",
        length: 20..=LONG,
        accepts: word_or_dash,
    },
    Shape {
        what: "a Slack token",
        prefix: "xapp-",
        length: 20..=LONG,
        accepts: word_or_dash,
    },
    Shape {
        what: "a Slack webhook",
        prefix: "hooks.slack.com/services/T",
        length: 30..=LONG,
        accepts: path,
    },
    Shape {
        what: "an npm token",
        prefix: "npm_",
        length: 36..=36,
        accepts: |c| c.is_ascii_alphanumeric(),
    },
    Shape {
        what: "a PyPI token",
        prefix: "pypi-AgEI",
        length: 50..=LONG,
        accepts: word_or_dash,
    },
    Shape {
        what: "a Docker Hub token",
        prefix: "dckr_pat_",
        length: 20..=LONG,
        accepts: word_or_dash,
    },
    Shape {
        what: "a Stripe key",
        prefix: "sk_live_",
        length: 20..=LONG,
        accepts: word,
    },
    Shape {
        what: "a Google API key",
        prefix: "AIza",
        length: 35..=35,
        accepts: word_or_dash,
    },
    Shape {
        what: "a SendGrid key",
        prefix: "SG.",
        length: 60..=LONG,
        accepts: |c| word_or_dash(c) || c == '.',
    },
    Shape {
        what: "an Anthropic key",
        prefix: "sk-ant-",
        length: 40..=LONG,
        accepts: word_or_dash,
    },
];

/// The shortest of [`SHAPES`], in bytes. Most values of an environment are shorter.
const SHORTEST: usize = 20;

/// Every credential of a known shape in a text.
pub fn find(text: &str) -> impl Iterator<Item = Found> {
    let text = if text.len() < SHORTEST { "" } else { text };
    let shapes = SHAPES.iter().filter(move |_| !text.is_empty());
    let tokens = shapes.flat_map(move |shape| {
        text.match_indices(shape.prefix)
            .filter_map(move |(start, _)| {
                let before = text.get(..start)?.chars().next_back();
                let after = text.get(start + shape.prefix.len()..)?;
                let length = after.chars().take_while(|c| (shape.accepts)(*c)).count();
                let body = after.get(..length)?;
                let example = body.contains("EXAMPLE")
                    || body.contains("XXXX")
                    || body.contains("xxxx")
                    || body.contains("0000000000");
                let stands_alone = before.is_none_or(|c| !c.is_ascii_alphanumeric() && c != '_');
                (stands_alone && shape.length.contains(&length) && !example).then_some(Found {
                    what: shape.what,
                    start,
                    end: start + shape.prefix.len() + length,
                })
            })
    });
    tokens.chain(private_keys(text))
}

fn private_keys(text: &str) -> impl Iterator<Item = Found> {
    text.match_indices("-----BEGIN ")
        .filter_map(move |(start, _)| {
            let line: &str = text.get(start..)?.lines().next()?;
            let header = line.get(11..)?;
            let (kind, _) = header.split_once("-----")?;
            kind.ends_with("PRIVATE KEY").then_some(Found {
                what: "a private key",
                start,
                end: start + 11 + kind.len() + 5,
            })
        })
}

/// Whether a variable of this name holds a credential.
pub fn is_secret_name(name: &str) -> bool {
    let upper = name.to_uppercase();
    let says = [
        "PASSWORD",
        "PASSWD",
        "SECRET",
        "TOKEN",
        "API_KEY",
        "APIKEY",
        "PRIVATE_KEY",
        "ACCESS_KEY",
        "CREDENTIAL",
    ];
    let about = [
        "_NAME",
        "_ARN",
        "_ID",
        "_PATH",
        "_FILE",
        "_URL",
        "_TTL",
        "_LENGTH",
        "_HEADER",
        "_PREFIX",
        "_ENDPOINT",
        "_TYPE",
        "_PARAMETER",
    ];
    says.iter().any(|word| upper.contains(word))
        && !about.iter().any(|ending| upper.ends_with(ending))
}

/// Whether a variable of this name holds a credential itself, by its last word: `DB_PASSWORD`, and neither `SECRET` (which
/// may be the name of one) nor `PASSWORD_FILE`.
pub fn is_password_name(name: &str) -> bool {
    let name = name.to_uppercase();
    let words = [
        "PASSWORD",
        "PASSWD",
        "PASSPHRASE",
        "TOKEN",
        "API_KEY",
        "APIKEY",
        "PRIVATE_KEY",
        "SECRET_KEY",
        "SECRET_ACCESS_KEY",
    ];
    let ends = |word: &str| {
        let before = name.strip_suffix(word);
        before.is_some_and(|before| before.is_empty() || before.ends_with('_'))
    };
    words.into_iter().any(ends)
}

/// Whether a text can be a credential: no word that only stands for one, no name of where one is kept.
pub fn may_be_password(text: &str) -> bool {
    let stands_for_one = [
        "true",
        "false",
        "none",
        "null",
        "password",
        "passwd",
        "secret",
        "token",
        "postgres",
        "root",
        "test",
        "testing",
        "dummy",
        "example",
        "changeme",
        "placeholder",
        "unused",
    ];
    text.len() >= 4
        && !text.contains(['/', ' ', '$', '<', '{', '*'])
        && !text.starts_with("arn:")
        && !stands_for_one.contains(&text.to_lowercase().as_str())
}

/// Whether a text looks as if a machine had made it: long enough, letters and digits, much entropy.
pub fn looks_random(text: &str) -> bool {
    let length = text.chars().count();
    let letters = text.chars().any(|c| c.is_ascii_alphabetic());
    let digits = text.chars().filter(char::is_ascii_digit).count() >= 2;
    let plain =
        !text.contains([' ', '$', '{', '<']) && !text.starts_with("arn:") && !text.contains("://");
    // Words joined by dashes, slashes or dots are names, not credentials.
    let longest = text
        .split(['-', '/', '.', ':', '_'])
        .map(str::len)
        .max()
        .unwrap_or(0);
    length >= 12 && longest >= 12 && letters && digits && plain && entropy(text) >= 3.2
}

/// Whether a text has the form of a secret access key of AWS: forty characters of Base64.
pub fn is_aws_secret_key(text: &str) -> bool {
    text.len() == 40
        && !text.contains("EXAMPLE")
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '/' | '+'))
}

/// Bits a character.
fn entropy(text: &str) -> f64 {
    let mut counts = crate::collections::HashMap::default();
    let mut total = 0_u32;
    for c in text.chars() {
        *counts.entry(c).or_insert(0_u32) += 1;
        total += 1;
    }
    let mut counts: Vec<u32> = counts.into_values().collect();
    counts.sort_unstable();
    counts
        .into_iter()
        .map(|count| {
            let share = f64::from(count) / f64::from(total);
            -share * share.log2()
        })
        .sum()
}

/// `scheme://user:password@host`, where the host is not this machine and the password no placeholder.
pub fn is_password_in_url(text: &str) -> bool {
    let Some((_, rest)) = text.split_once("://") else {
        return false;
    };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or("");
    let Some((user, host)) = authority.rsplit_once('@') else {
        return false;
    };
    let Some((user, password)) = user.split_once(':') else {
        return false;
    };
    let host = host.split(':').next().unwrap_or("");
    let local = !host.contains('.')
        || host == "127.0.0.1"
        || host.ends_with(".local")
        || host.ends_with(".internal.test");
    let placeholder = password.is_empty()
        || password.contains(['$', '{', '<', '*'])
        || password == user
        || [
            "password", "postgres", "root", "test", "secret", "example", "changeme", "xxx",
        ]
        .contains(&password.to_lowercase().as_str());
    !local && !placeholder
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<&'static str> {
        find(text).map(|found| found.what).collect()
    }

    #[test]
    fn no_shape_is_shorter_than_the_shortest() {
        let lengths = SHAPES
            .iter()
            .map(|shape| shape.prefix.len() + shape.length.start());
        assert_eq!(lengths.min(), Some(SHORTEST));
        assert!("-----BEGIN PRIVATE KEY-----".len() >= SHORTEST);
    }

    // Put together here, so that no scanner takes this file for a leak.
    #[test]
    fn known_shapes_are_found() {
        assert_eq!(
            found(&format!("x = \"AKIA{}\"", "Z3MQ7RT5WK2PLN4B")),
            ["an AWS access key"]
        );
        assert_eq!(
            found(&format!("ghp_{}", "a1B2".repeat(9))),
            ["a GitHub token"]
        );
        assert_eq!(
            found(&format!("npm_{}", "a1B2".repeat(9))),
            ["an npm token"]
        );
        assert_eq!(
            found("-----BEGIN RSA PRIVATE KEY-----\nabc"),
            ["a private key"]
        );
        assert_eq!(
            found(&format!(
                "https://hooks.slack.com/services/T{}",
                "A1B2C3/".repeat(6)
            )),
            ["a Slack webhook"]
        );
    }

    #[test]
    fn what_only_looks_alike_is_not() {
        for text in [
            "AKIAIOSFODNN7EXAMPLE",
            "AKIA",
            "MAKIAZ3MQ7RT5WK2PLN4B",
            "npm_config_cache",
            "ghp_short",
            "-----BEGIN PUBLIC KEY-----",
            "-----BEGIN CERTIFICATE-----",
            "xoxb-",
            "a sk_live_test",
        ] {
            assert_eq!(found(text), Vec::<&str>::new(), "{text}");
        }
    }

    #[test]
    fn passwords_are_random() {
        assert!(looks_random("hT7x9QmZ2vLp4Kw8"));
        for text in [
            "shop/dev/db",
            "correct-horse-battery",
            "arn:aws:iam::111122223333:role/x",
            "false",
            "https://a.example/x1y2z3",
            "my-token-2024-01-02",
        ] {
            assert!(!looks_random(text), "{text}");
        }
        assert!(is_secret_name("DB_PASSWORD") && is_secret_name("githubToken"));
        assert!(is_password_name("DB_PASSWORD") && is_password_name("token"));
        for name in ["SECRET", "PASSWORD_FILE", "TOKEN_URL", "MYTOKEN", "KEY"] {
            assert!(!is_password_name(name), "{name}");
        }
        assert!(may_be_password("hunter2"));
        for text in [
            "",
            "shop/dev/db",
            "changeme",
            "Test",
            "${PASSWORD}",
            "arn:aws:x",
        ] {
            assert!(!may_be_password(text), "{text}");
        }
        assert!(!is_secret_name("SECRET_NAME") && !is_secret_name("STAGE"));
        assert!(is_password_in_url(
            "postgres://app:hT7x9Qm@db.example.com/shop"
        ));
        assert!(!is_password_in_url(
            "postgres://postgres:postgres@localhost/shop"
        ));
        assert!(!is_password_in_url("https://example.com/a@b"));
    }
}
