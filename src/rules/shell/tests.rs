//! Tests of the reader.

use super::read;

fn names(text: &str) -> Vec<String> {
    read(text)
        .unwrap()
        .calls
        .iter()
        .map(|call| call.unwrapped().name().to_owned())
        .collect()
}

/// The text that an error points at, and its message.
fn error(text: &str) -> (String, String) {
    let error = read(text).unwrap_err();
    (text[error.at].to_owned(), error.message)
}

#[test]
fn calls_are_found_everywhere() {
    assert_eq!(
        names("npm ci && A=1 npm run build | tee log"),
        ["npm", "npm", "tee"]
    );
    assert_eq!(
        names("if test -f x; then docker ps; else podman ps; fi"),
        ["test", "docker", "podman"]
    );
    assert_eq!(
        names("echo \"$(git rev-parse HEAD)\" `date`"),
        ["echo", "git", "date"]
    );
    assert_eq!(names("sudo -E env A=1 timeout 5 aws s3 ls"), ["aws"]);
    assert_eq!(names("npx -y cdk deploy"), ["cdk"]);
    assert_eq!(names("for f in $(ls); do jq . \"$f\"; done"), ["ls", "jq"]);
    assert_eq!(
        names("cat <<EOF | kubectl apply -f -\n$(yq x)\nEOF"),
        ["cat", "kubectl", "yq"]
    );
    assert_eq!(names("f() { make x; }; f"), ["make", "f"]);
    assert_eq!(names("diff <(sort a) <(uniq b)"), ["diff", "sort", "uniq"]);
    assert_eq!(names("echo ${A:-$(whoami)}"), ["echo", "whoami"]);
}

#[test]
fn places_are_those_of_the_text() {
    let text = "echo é && test \"$(jq -r .x)\" = $HOME";
    let script = read(text).unwrap();
    let shown: Vec<&str> = script
        .calls
        .iter()
        .map(|call| &text[call.at.clone()])
        .collect();
    assert_eq!(
        shown,
        ["echo é", "test \"$(jq -r .x)\" = $HOME", "jq -r .x"]
    );
    assert_eq!(&text[script.reads[0].at.clone()], "$HOME");
}

#[test]
fn what_is_read_and_set() {
    let script = read(
        "A=1; for B in x; do read -r C; done; export D=2 E; echo $A ${F:-x} \"${G}\" '$H' $1 $?",
    )
    .unwrap();
    assert_eq!(script.assigned, ["A", "B", "C", "D"]);
    let reads: Vec<(&str, bool)> = script
        .reads
        .iter()
        .map(|read| (read.name.as_str(), read.guarded))
        .collect();
    assert_eq!(reads, [("A", false), ("F", true), ("G", false)]);
}

#[test]
fn errors_point_at_their_character() {
    assert_eq!(
        error("echo 'a b"),
        ("'".to_owned(), "a `'` is never closed".to_owned())
    );
    assert_eq!(
        error("test $($SHA == x"),
        ("$(".to_owned(), "`$(` is never closed".to_owned())
    );
    assert_eq!(error("echo ${A").0, "${");
    assert_eq!(error("echo \"a $(b \"").1, "a `\"` is never closed");
    assert_eq!(error("a | | b").0, "|");
    assert_eq!(error("npm ci;; ls").0, ";;");
    assert_eq!(error("npm ci &&").1, "no command follows `&&`");
    assert_eq!(error("if true; then").1, "`if` is never closed by `fi`");
    assert_eq!(error("done").1, "`done` without `do`");
    assert_eq!(error("for x in a; do ls").0, "do");
    assert_eq!(error("ls > ").1, "no file follows `>`");
    assert_eq!(error("cat <<EOF\nhi").0, "<<EOF");
    assert_eq!(error("ls )").0, ")");
    assert!(error("[ ; do ${A:-) {a,b}é; do ").0.ends_with('é'));
    assert_eq!(error("echo é $(a | | b)").0, "|");
}

#[test]
fn bash_words_are_known() {
    let found = |text: &str| -> Vec<String> {
        read(text)
            .unwrap()
            .bash
            .iter()
            .map(|bash| text[bash.at.clone()].to_owned())
            .collect()
    };
    assert_eq!(found("[[ a == b ]] && ls"), ["[[ a == b ]]"]);
    assert_eq!(found("source x; . y"), ["source x"]);
    assert_eq!(found("source ./x"), ["source"]);
    assert_eq!(found("x=(1 2)"), ["x=(1 2)"]);
    assert_eq!(found("function f { ls; }"), ["f"]);
    assert_eq!(found("f() { ls; }"), Vec::<String>::new());
    assert_eq!(found("echo ${x//a/b} ${x%.*} ${x:-1}"), ["${x//a/b}"]);
    assert_eq!(found("[ $a == b ] && test a = b"), ["=="]);
    assert_eq!(found("set -euo pipefail"), ["pipefail"]);
    assert_eq!(found("npm test &> log"), ["&>"]);
    assert_eq!(found("cat <<< x"), ["x"]);
    assert_eq!(found("mkdir -p a/{b,c}; echo '{a,b}'"), ["a/{b,c}"]);
    assert_eq!(found("((x++))"), ["((x++))"]);
    assert_eq!(found("echo $'a'"), ["$'a'"]);
    assert_eq!(found("diff <(ls) b").len(), 1);
}

#[test]
fn deep_and_long_text_is_no_danger() {
    for text in [
        format!("echo {}{}", "$(echo ".repeat(1000), ")".repeat(1000)),
        format!("echo {}{}", "$(echo ".repeat(100_000), ")".repeat(100_000)),
        format!("{} a {}", "{ ".repeat(3000), "; }".repeat(3000)),
        "if ".repeat(3000),
        format!("echo {}{}", "${a:-".repeat(1500), "}".repeat(1500)),
        "`".repeat(3999),
        "( if { ".repeat(1000),
    ] {
        let _ = read(&text);
    }
}

#[test]
fn tools_are_the_programs_that_commands_call() {
    let tools = |commands: &[&str]| super::tools(commands.iter().copied());
    assert_eq!(
        tools(&["npm ci", "npm run build && node x.js"]),
        ["node", "npm"]
    );
    assert_eq!(
        tools(&["if [ -f x ]; then git fetch | tee log; fi"]),
        ["git", "tee"]
    );
    assert_eq!(
        tools(&["sudo -E env A=1 timeout 5 aws s3 ls"]),
        ["aws", "env", "sudo", "timeout"]
    );
    assert_eq!(tools(&["npx -y cdk deploy", "npx jest"]), ["npx"]);
    assert_eq!(
        tools(&["sh -c 'jq . x | yq .'", "find . -exec sed -i x {} +"]),
        ["find", "jq", "sed", "sh", "yq"]
    );
    assert_eq!(
        tools(&["echo \"$(git rev-parse HEAD)\"", "ls | xargs rm"]),
        ["git", "ls", "rm", "xargs"]
    );
    assert_eq!(
        tools(&[
            "./scripts/x.sh",
            "/usr/bin/make",
            "$TOOL x",
            "f() { cargo build; }; f"
        ]),
        ["cargo"]
    );
    assert_eq!(
        tools(&["command -v docker && docker ps"]),
        Vec::<String>::new()
    );
    assert_eq!(
        tools(&["cd x", "export A=1", "test -f x", "true", ": x", "exit 1"]),
        Vec::<String>::new()
    );
    // What is installed first need not be in the image.
    assert_eq!(
        tools(&["pip install pytest && pytest", "ruff check"]),
        ["pip"]
    );
    assert_eq!(tools(&["npm ci", "terraform plan"]), ["npm", "terraform"]);
    assert_eq!(
        tools(&["[[ -f x ]] && ls", "while read -r x; do dig $x; done < f"]),
        ["dig", "ls"]
    );
}

proptest::proptest! {
    #![proptest_config(cases())]

    /// No text makes the reader panic, and every place is within the text.
    #[test]
    fn any_text_can_be_read(text in text()) {
        match read(&text) {
            Ok(script) => {
                for at in script.calls.iter().map(|call| &call.at).chain(script.reads.iter().map(|read| &read.at)).chain(script.bash.iter().map(|bash| &bash.at)) {
                    proptest::prop_assert!(text.get(at.clone()).is_some(), "{at:?} of {text:?}");
                }
            }
            Err(error) => proptest::prop_assert!(text.get(error.at.clone()).is_some(), "{:?} of {text:?}", error.at),
        }
    }
}

proptest::proptest! {
    #![proptest_config(cases())]

    /// Nor does text full of here-documents and substitutions.
    #[test]
    fn here_documents_anywhere_can_be_read(pieces in proptest::collection::vec(proptest::sample::select(vec![
        "$(", ")", "<<E\n", "\nE\n", "E", "${A:-", "}", "'", "\"", "\\", "\n", " ", "a", "$((", "))", "$[", "]", "<<-E\n", "`", "<<'E'\n",
        "#", "<<E", "<<", "((", "x=", "99", "~+", "\t",
    ]), 0..14)) {
        let _ = read(&pieces.concat());
    }
}

/// How many texts are tried: 2,000, or as `APHEX_FUZZ_CASES` says.
fn cases() -> proptest::prelude::ProptestConfig {
    let cases = std::env::var("APHEX_FUZZ_CASES").ok();
    proptest::prelude::ProptestConfig {
        cases: cases.and_then(|count| count.parse().ok()).unwrap_or(2000),
        failure_persistence: None,
        ..Default::default()
    }
}

/// Shell text, more or less.
fn text() -> impl proptest::strategy::Strategy<Value = String> {
    use proptest::prelude::*;
    let piece = prop::sample::select(vec![
        "a",
        "ls ",
        " ",
        "\n",
        ";",
        "&",
        "|",
        "||",
        "&&",
        "(",
        ")",
        "{ ",
        "; }",
        "$(",
        "${",
        "}",
        "$((",
        "))",
        "`",
        "'",
        "\"",
        "\\",
        "$A",
        "${A:-",
        "${A//b/",
        "$'",
        "<<E\n",
        "\nE\n",
        "<",
        ">",
        "<<<",
        "<(",
        "[[ ",
        " ]]",
        "[ ",
        " ]",
        "if ",
        "; then ",
        "; fi",
        "for x in ",
        "; do ",
        "; done",
        "case x in ",
        ") ",
        ";; ",
        "esac",
        "function f ",
        "f() ",
        "A=1 ",
        "A=(",
        "!",
        "# c",
        "*",
        "~",
        "\u{e9}",
        "{a,b}",
        "{1..9}",
        "=",
        "-x",
        "&>",
        "|&",
        "\t",
        "((",
        "while ",
        "time ",
        "\u{0}",
        "${#",
        "${!A}",
        "@(",
        "\r\n",
        "${A[0]}",
        "$1",
        "$?",
    ]);
    prop::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}
