//! Data: test reports, assemblies, records, manifests of artifacts.

use std::fs;
use std::time::{Duration, Instant};

use super::{Canary, SECRET, assert_harmless, assert_shows_nothing_evil, begin, names};
use crate::finish::Pods;
use crate::support::project::{Project, text};
use aphex::diagnostics::{Paint, Report, human};
use aphex::model::Text;
use aphex::source::{SourceId, Span, Spanned};
use aphex::stage::log::Memory;
use aphex::stage::reports::{Summary, read, table};
use serde_json::{Value, json};

/// Nothing of this size may take longer, also where the machine has much to do.
const LONGEST: Duration = Duration::from_secs(20);

fn reports() -> Vec<(&'static str, Vec<u8>)> {
    let case = |name: &str, inner: &str| {
        format!("<testsuite name=\"s\"><testcase name=\"{name}\">{inner}</testcase></testsuite>")
    };
    let doctype = |inner: &str| {
        format!(
            "<?xml version=\"1.0\"?><!DOCTYPE t [{inner}]>{}",
            case("&x;", "")
        )
    };
    let laughs: String = (1..40)
        .map(|n| format!("<!ENTITY l{n} \"&l{};&l{};\">", n - 1, n - 1))
        .collect();
    let texts = [
        ("laughs", doctype(&format!("<!ENTITY l0 \"ha\">{laughs}<!ENTITY x \"&l39;\">"))),
        ("blow-up", doctype(&format!("<!ENTITY x \"{}\">", "x".repeat(1_000_000))) + &"&x;".repeat(10_000)),
        ("file", doctype("<!ENTITY x SYSTEM \"file:///etc/passwd\">")),
        ("network", doctype("<!ENTITY x SYSTEM \"http://127.0.0.1:9/x\">")),
        ("parameter", doctype("<!ENTITY % p SYSTEM \"file:///dev/zero\"> %p;")),
        ("public", "<!DOCTYPE t PUBLIC \"-//x//\" \"http://127.0.0.1:9/\"><testsuite/>".to_owned()),
        ("include", case("a", "<xi:include xmlns:xi=\"http://www.w3.org/2001/XInclude\" href=\"/etc/passwd\"/>")),
        ("stylesheet", format!("<?xml-stylesheet href=\"file:///etc/passwd\"?>{}", case("a", ""))),
        ("deep", "<testsuite>".repeat(300_000)),
        ("deep and closed", "<testsuite>".repeat(100_000) + &"</testsuite>".repeat(100_000)),
        ("wide", format!("<testsuite>{}</testsuite>", "<testcase name=\"a\"/>".repeat(300_000))),
        ("many suites", format!("<testsuites>{}</testsuites>", "<testsuite name=\"a\"><testcase/></testsuite>".repeat(100_000))),
        ("many failures", format!("<testsuite>{}</testsuite>", "<testcase name=\"a\"><failure message=\"m\">t</failure></testcase>".repeat(100_000))),
        ("many reasons", case("a", &"<failure message=\"m\"/>".repeat(200_000))),
        ("many attributes", format!("<testsuite {}/>", (0..100_000).map(|n| format!("a{n}=\"\" ")).collect::<String>())),
        ("the same attribute", format!("<testsuite {}/>", "name=\"x\" ".repeat(100_000))),
        ("a long name", case(&"x".repeat(5_000_000), "")),
        ("a long text", case("a", &format!("<failure>{}</failure>", "x".repeat(10_000_000)))),
        ("many references", case("a", &format!("<failure>{}</failure>", "&#x41;".repeat(1_000_000)))),
        ("references that mean nothing", case("&#0;&#xFFFFFFFF;&#xD800;&nope;", "")),
        ("an escape by reference", case("&#27;[2J&#x9b;31m&#x202e;", "<failure message=\"&#27;]0;x&#7;\">&#27;[2J</failure>")),
        ("CDATA", case("a", "<failure><![CDATA[\u{1b}[2J]]]]><![CDATA[>]]></failure>")),
        ("CDATA without end", case("a", "<failure><![CDATA[")),
        ("a comment without end", "<testsuite><!-- ".to_owned() + &"-".repeat(1_000_000)),
        ("times", ["inf", "NaN", "1e308", "1e308", "-1", "1e999", "0x1", "1,1,1"].map(|time| format!("<testcase name=\"t\" time=\"{time}\"/>")).concat()),
        ("counts", "<testsuite failures=\"18446744073709551615\" errors=\"18446744073709551615\" tests=\"-1\"/>".to_owned()),
        ("namespaces", "<x:testsuite xmlns:x=\"a\"><x:testcase x:name=\"a\"/></x:testsuite>".to_owned()),
        ("cut off", case("a", "")[..30].to_owned()),
        ("markup", case("<b>", "")),
        ("NUL", case("a\0b", "<failure message=\"\0\"/>")),
        ("JSON", "{\"tests\": 1}".to_owned()),
        ("HTML", "<!DOCTYPE html><html><script>x</script>".to_owned()),
    ];
    let mut reports: Vec<(&str, Vec<u8>)> = texts
        .into_iter()
        .map(|(what, text)| match what {
            "times" => (
                what,
                format!("<testsuite name=\"s\">{text}</testsuite>").into_bytes(),
            ),
            _ => (what, text.into_bytes()),
        })
        .collect();
    let wide = |mark: [u8; 2], bytes: fn(u16) -> [u8; 2]| {
        let text = case("a", "<failure>&lt;</failure>");
        mark.into_iter()
            .chain(text.encode_utf16().flat_map(bytes))
            .collect::<Vec<u8>>()
    };
    reports.extend([
        ("UTF-16 of half a letter", [wide([0xff, 0xfe], u16::to_le_bytes), vec![0x00]].concat()),
        ("UTF-16 of half a pair", [wide([0xfe, 0xff], u16::to_be_bytes), vec![0xd8, 0x00]].concat()),
        ("UTF-16 without a mark", wide([0, 0], u16::to_le_bytes)[2..].to_vec()),
        ("UTF-7", b"<?xml version=\"1.0\" encoding=\"UTF-7\"?>+ADw-testsuite+AD4-".to_vec()),
        ("another encoding", b"<?xml version=\"1.0\" encoding=\"EBCDIC\"?><testsuite name=\"\xff\x9b\"><testcase/></testsuite>".to_vec()),
        ("broken UTF-8", b"<testsuite name=\"\xc3\xf0\x9f\xed\xa0\x80\"><testcase name=\"\x9b2J\"/></testsuite>".to_vec()),
        ("only marks", [0xef, 0xbb, 0xbf].repeat(100_000)),
        ("zeros", vec![0; 1_000_000]),
        ("smaller than", vec![b'<'; 1_000_000]),
        ("ampersands", [b"<testsuite>".to_vec(), vec![b'&'; 1_000_000]].concat()),
        ("quotes", [b"<testsuite a=".to_vec(), vec![b'"'; 1_000_001]].concat()),
    ]);
    reports
}

#[test]
fn a_report_is_counted_or_refused() {
    let all = reports();
    assert!(all.len() > 40, "{}", all.len());
    let span = Span::new(SourceId(0), 0, 0);
    let pattern: Text = Spanned {
        value: "a.xml".to_owned(),
        span,
    };
    for (what, bytes) in all {
        let began = Instant::now();
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("a.xml"), bytes).unwrap();
        let found = read(folder.path(), std::slice::from_ref(&pattern), None);
        let (log, memory) = Memory::log();
        for line in table(&found.summary) {
            log.line(&line);
        }
        assert_shows_nothing_evil(&memory.text(), what);
        assert!(
            memory.text().len() < 100_000,
            "{what}: {}",
            memory.text().len()
        );
        let problems = [Report::without_sources(found.problems)];
        let shown = human::render(&problems, Paint::Plain);
        assert_shows_nothing_evil(&shown, what);
        assert!(
            !shown.contains("root:") && !memory.text().contains("root:"),
            "{what}: {shown}"
        );
        // What goes into a record is read again as it was.
        let json = serde_json::to_string(&found.summary).unwrap();
        assert!(json.len() < 20 << 20, "{what}: {}", json.len());
        let again: Summary =
            serde_json::from_str(&json).unwrap_or_else(|error| panic!("{what}: {error}"));
        assert_eq!(
            (again.tests, again.failed),
            (found.summary.tests, found.summary.failed),
            "{what}"
        );
        assert!(began.elapsed() < LONGEST, "{what}: {:?}", began.elapsed());
    }
}

fn stack(template: &str) -> Value {
    json!({ "type": "aws:cloudformation:stack", "environment": "aws://111122223333/us-east-1", "displayName": "Site", "properties": { "templateFile": template } })
}

fn manifest(artifacts: &Value) -> String {
    json!({ "version": "48.0.0", "artifacts": artifacts }).to_string()
}

/// What a manifest says, what the template beside it says, and what is wrong with them.
fn assemblies(canary: &Canary) -> Vec<(String, String, String)> {
    let good = manifest(&json!({ "Site": stack("t.json") }));
    let of = |artifacts: Value| manifest(&artifacts);
    let with = |name: &str, value: Value| {
        let mut stack = stack("t.json");
        stack[name] = value;
        manifest(&json!({ "Site": stack }))
    };
    let deep = |open: &str, close: &str| open.repeat(200_000) + "1" + &close.repeat(200_000);
    let many: serde_json::Map<String, Value> = (0..1_500)
        .map(|number| {
            let mut stack = stack("t.json");
            stack["displayName"] = json!(format!("S{number}"));
            stack["dependencies"] = json!([format!("S{}", (number + 1) % 1_500), "Site"]);
            (format!("S{number}"), stack)
        })
        .collect();
    let manifests = [
        String::new(),
        "null".into(),
        "[]".into(),
        "7".into(),
        "\"x\"".into(),
        "{".into(),
        "{}".into(),
        "\u{feff}{}".into(),
        deep("[", "]"),
        deep("{\"artifacts\":", "}"),
        format!("{{\"artifacts\": {}}}", deep("[", "]")),
        of(json!([])),
        of(json!(null)),
        of(json!({ "Site": null })),
        of(json!({ "Site": [] })),
        of(json!({ "Site": { "type": 7 } })),
        of(json!({ "Site": { "type": "aws:cloudformation:stack" } })),
        of(json!({ "Site": stack("") })),
        of(json!({ "Site": stack("../t.json") })),
        of(json!({ "Site": stack("/etc/passwd") })),
        of(json!({ "Site": stack("nothing.json") })),
        of(json!({ "Site": stack(".") })),
        of(json!({ "Site": stack("a\0b") })),
        of(json!({ "Site": stack("link.json") })),
        of(json!({ "Site": stack("pipe.json") })),
        of(json!({ "Site": stack("zero.json") })),
        of(
            json!({ "A": { "type": "cdk:cloud-assembly", "properties": { "directoryName": "loop" } } }),
        ),
        of(
            json!({ "A": { "type": "cdk:cloud-assembly", "properties": { "directoryName": ".." } } }),
        ),
        of(json!({ "A": { "type": "cdk:cloud-assembly", "properties": { "directoryName": 7 } } })),
        with("dependencies", json!("Site")),
        with("dependencies", json!(["Site", "Site", "nope"])),
        with("dependencies", json!([7])),
        with("environment", json!("aws://")),
        with("environment", json!("aws://\u{1b}[2J/\u{202e}")),
        with("environment", json!(7)),
        with("displayName", json!("\u{1b}[2J")),
        with("displayName", json!(format!("$({})", canary.touch()))),
        with("displayName", json!("--all")),
        with("displayName", json!("x".repeat(1_000_000))),
        with("displayName", json!({})),
        with(
            "properties",
            json!({ "templateFile": "t.json", "requiresBootstrapStackVersion": 1e300 }),
        ),
        with(
            "properties",
            json!({ "templateFile": "t.json", "requiresBootstrapStackVersion": "6" }),
        ),
        with(
            "properties",
            json!({ "templateFile": "t.json", "stackName": "-x\u{1b}[2J" }),
        ),
        with(
            "properties",
            json!({ "templateFile": "t.json", "assumeRoleArn": format!("`{}`", canary.touch()) }),
        ),
        of(Value::Object(many)),
        format!(
            "{{\"artifacts\": {{}}, \"missing\": [{}]}}",
            vec!["{\"key\": \"\u{202e}\\u001b[2J\", \"provider\": \"x\"}"; 2_000].join(",")
        ),
        format!("{{\"artifacts\": {{}}, \"missing\": {}}}", "1e99999"),
    ];
    let templates = [
        String::new(),
        "null".into(),
        "[]".into(),
        "7".into(),
        "{".into(),
        deep("{\"a\":", "}"),
        deep("[", "]"),
        "{\"Outputs\": []}".into(),
        "{\"Outputs\": {\"\\u001b[2J\": 1}}".into(),
        "{\"Parameters\": 7}".into(),
        "{\"Parameters\": {\"\\u202eX\": {}}}".into(),
        "{\"Parameters\": {\"A\": null}}".into(),
        "{\"Parameters\": {\"A\": {\"Default\": null, \"NoEcho\": {\"a\": []}}}}".into(),
        format!(
            "{{\"Outputs\": {{{}}}}}",
            (0..50_000)
                .map(|n| format!("\"O{n}\": {{}}"))
                .collect::<Vec<_>>()
                .join(",")
        ),
        format!("{{\"Description\": \"{}\"}}", "x".repeat(8_000_000)),
        "{\"Outputs\": {}, \"Outputs\": {}}".into(),
        "{\"a\": \"\\ud800\"}".into(),
        "{\"a\": 1e999}".into(),
    ];
    let of_manifests = manifests.into_iter().enumerate();
    let mut all: Vec<(String, String, String)> = of_manifests
        .map(|(number, text)| (format!("manifest {number}"), text, "{}".to_owned()))
        .collect();
    all.extend(
        templates
            .into_iter()
            .enumerate()
            .map(|(number, text)| (format!("template {number}"), good.clone(), text)),
    );
    all
}

#[test]
fn an_assembly_is_read_or_refused() {
    let canary = Canary::new();
    let project = Project::new("build { run = [\"true\"] }", "stack Site");
    let all = assemblies(&canary);
    assert!(all.len() > 60, "{}", all.len());
    for (what, manifest, template) in all {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str| folder.path().join(name);
        fs::write(file("manifest.json"), &manifest).unwrap();
        fs::write(file("t.json"), &template).unwrap();
        std::os::unix::fs::symlink("/etc/passwd", file("link.json")).unwrap();
        std::os::unix::fs::symlink("/dev/zero", file("zero.json")).unwrap();
        std::os::unix::fs::symlink(".", file("loop")).unwrap();
        assert!(
            std::process::Command::new("mkfifo")
                .arg(file("pipe.json"))
                .status()
                .unwrap()
                .success()
        );
        let began = Instant::now();
        // 2 GiB of memory, half a minute.
        let output = std::process::Command::new("timeout")
            .args([
                "--signal=KILL",
                "30",
                "prlimit",
                "--as=4294967296",
                env!("CARGO_BIN_EXE_aphex"),
                "check",
                "--assembly",
            ])
            .arg(folder.path())
            .current_dir(project.path())
            .output()
            .unwrap();
        let what = format!("{what}: {}", begin(&manifest));
        assert_harmless(&output, &canary, &what);
        let said = text(&output);
        assert!(
            matches!(output.status.code(), Some(0 | 1)),
            "{what}: {} {}",
            output.status,
            begin(&said)
        );
        assert!(!said.contains("root:"), "{what}: {}", begin(&said));
        assert!(began.elapsed() < LONGEST, "{what}: {:?}", began.elapsed());
    }
}

/// A store to which somebody else writes, too.
#[test]
fn a_record_is_shown_without_harm() {
    let canary = Canary::new();
    let project = Project::new(
        "build { run = [\"echo hello\", \"exit 3\"] }",
        "step copy { run = [\"true\"] }",
    );
    let (_, record) = project.run(&[]);
    let run = record["run"].as_str().unwrap();
    let path = project
        .path()
        .join(format!(".aphex/store/runs/{run}/record.json"));
    let whole = fs::read_to_string(&path).unwrap();
    let mut texts: Vec<String> = names(&canary)
        .into_iter()
        .map(|name| {
            let mut record = record.clone();
            for field in ["pipeline", "commit", "repository"] {
                record[field] = json!(name);
            }
            record["trigger"] = json!({ "event": name, "ref": name, "actor": name, "inputs": { &name: name } });
            for stage in record["stages"].as_array_mut().unwrap() {
                stage["kind"] = json!(name);
                if let Some(error) = stage.pointer_mut("/tries/0/error") {
                    *error = json!({ "code": name, "message": name, "place": name, "notes": [name], "help": name });
                }
            }
            record.to_string()
        })
        .collect();
    texts.extend([
        String::new(),
        "null".into(),
        "[]".into(),
        "{}".into(),
        "[".repeat(500_000),
        whole[..whole.len() / 2].to_owned(),
        whole.replacen("\"version\": 1", "\"version\": 99999999999", 1),
        whole.replacen("\"seconds\": ", "\"seconds\": 1e308", 1),
        whole.replacen("\"outcome\"", "\"\\u001b[2J\"", 1),
        whole.replacen("\"stages\": [", "\"stages\": [null,", 1),
    ]);
    for written in texts {
        fs::write(&path, &written).unwrap();
        for arguments in [
            &["history"][..],
            &["history", run],
            &["graph", "--run", run],
            &["run", "--from", "dev"],
        ] {
            let began = Instant::now();
            let output = project.aphex(arguments).output().unwrap();
            assert_harmless(
                &output,
                &canary,
                &format!("{arguments:?} of {}", begin(&written)),
            );
            assert!(
                began.elapsed() < LONGEST,
                "{arguments:?} of {}",
                begin(&written)
            );
        }
    }
}

/// Beside the archive lies what it is said to hold: whoever can write to the store can forge both.
#[test]
fn a_manifest_of_an_artifact_is_read_or_refused() {
    let canary = Canary::new();
    let pods = Pods::new(Project::new(
        "build { run = [\"echo x > out.txt\"], artifacts = [\"out.txt\"] }",
        "step copy { run = [\"true\"] }",
    ));
    assert!(pods.pod("build", &["build"]).status.success());
    let key = pods.read("runs/shop-7/stages/build/0.json")["artifact"]["key"]
        .as_str()
        .unwrap()
        .to_owned();
    let path = pods.store().join(format!("{key}.json"));
    let whole = fs::read_to_string(&path).unwrap();
    let entry = |path: &str| whole.replacen("out.txt", path, 1);
    let texts = [
        String::new(),
        "null".into(),
        "[]".into(),
        "{}".into(),
        "[".repeat(500_000),
        whole[..whole.len() / 2].to_owned(),
        entry("../canary"),
        entry("/tmp/canary"),
        entry(".git/hooks/post-checkout"),
        entry("a/../../x"),
        entry("\\u0000"),
        entry("\\u001b[2J"),
        entry("pipeline.aphex/x"),
        entry(&"x/".repeat(5_000)),
        whole.replace("\"bytes\":2", "\"bytes\":18446744073709551615"),
        whole.replace("\"bytes\":2", "\"bytes\":-1"),
        whole.replace("\"mode\":\"", "\"mode\":\"7"),
        whole.replace("\"sha256\":\"", "\"sha256\":\"\u{1b}[2J"),
        whole.replace("\"version\":1", "\"version\":2"),
        whole.replace("\"commit\":\"", "\"commit\":\"\u{202e}"),
        whole.replace(
            "\"entries\":[",
            &format!("\"entries\":[{}", "{},".repeat(100_000)),
        ),
    ];
    for (number, written) in texts.into_iter().enumerate() {
        let what = format!("{number}: {}", begin(&written));
        assert_ne!(written, whole, "{number}");
        fs::write(&path, written).unwrap();
        let pod = format!("copy-{number}");
        let output = pods
            .command(
                &pod,
                &[
                    "checkout",
                    "--for",
                    "step",
                    "--environment",
                    "dev",
                    "--name",
                    "copy",
                ],
            )
            .env("TOKEN", SECRET)
            .output()
            .unwrap();
        assert_harmless(&output, &canary, &what);
        assert_eq!(
            output.status.code(),
            Some(1),
            "{what}: {}",
            begin(&text(&output))
        );
        assert!(!pods.root(&pod).join("run.json").exists(), "{what}");
        let source = crate::faults::files(&pods.root(&pod).join("source"));
        assert!(
            source
                .iter()
                .all(|path| !path.ends_with("canary") && !path.ends_with("out.txt")),
            "{what}: {source:?}"
        );
    }
}
