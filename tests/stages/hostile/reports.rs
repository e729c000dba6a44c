//! Test reports.

use std::fs;
use std::time::Instant;

use super::{LONGEST, assert_shows_nothing_evil};
use aphex::diagnostics::{Paint, Report, human};
use aphex::model::Text;
use aphex::source::{SourceId, Span, Spanned};
use aphex::stage::log::Memory;
use aphex::stage::reports::{Summary, read, table};

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
