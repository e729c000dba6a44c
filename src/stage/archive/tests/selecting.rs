use super::*;
use crate::diagnostics::codes::run_store::{NOT_PACKED, PATTERN};

fn selected(room: &Room, texts: &[&str]) -> Vec<String> {
    let selection = select(&room.root(), &patterns(texts)).unwrap();
    let mark = |found: &Found| match found.kind {
        FoundKind::Folder => "/",
        FoundKind::Link => "@",
        _ => "",
    };
    let found = selection.found.iter();
    found
        .map(|found| format!("{}{}", found.path, mark(found)))
        .collect()
}

#[test]
fn two_stars_mean_everything_in_a_folder() {
    let room = Room::new();
    room.file("dist/a.js", "")
        .file("dist/.hidden/b", "")
        .folder("dist/empty")
        .link("dist/l", "a.js");
    room.file("src/a.js", "").file("distant/x", "");
    assert_eq!(
        selected(&room, &["dist/**"]),
        [
            "dist/",
            "dist/.hidden/",
            "dist/.hidden/b",
            "dist/a.js",
            "dist/empty/",
            "dist/l@"
        ]
    );
}

#[test]
fn one_star_stays_in_its_folder() {
    let room = Room::new();
    room.file("a.js", "")
        .file("lib/b.js", "")
        .folder("empty")
        .file(".git/config", "");
    assert_eq!(selected(&room, &["*.js"]), ["a.js"]);
    assert_eq!(
        selected(&room, &["*"]),
        ["a.js", "empty/"],
        "`lib` is not its content"
    );
    assert_eq!(selected(&room, &["**/*.js"]), ["a.js", "lib/", "lib/b.js"]);
    assert_eq!(
        selected(&room, &["{a,b}.js", "./lib/[a-c].js"]),
        ["a.js", "lib/", "lib/b.js"]
    );
    assert_eq!(
        selected(&room, &["**"]),
        ["a.js", "empty/", "lib/", "lib/b.js"],
        "no `.git`"
    );
}

#[test]
fn exclusions_take_away_in_whatever_order() {
    let room = Room::new();
    room.file("dist/a.js", "")
        .file("dist/a.js.map", "")
        .file("dist/maps/b.map", "");
    for texts in [["dist/**", "!**/*.map"], ["!**/*.map", "dist/**"]] {
        assert_eq!(selected(&room, &texts), ["dist/", "dist/a.js"]);
    }
    let selection = select(&room.root(), &patterns(&["dist/*.map", "!dist/**"])).unwrap();
    assert_eq!(selection.unmatched, [0]);
}

#[test]
fn folders_that_no_pattern_reaches_are_not_read() {
    let room = Room::new();
    room.file("dist/a", "")
        .file("secret/b", "")
        .mode("secret", 0o000);
    assert_eq!(selected(&room, &["dist/**"]), ["dist/", "dist/a"]);
    room.mode("secret", 0o755);
}

#[test]
fn a_folder_that_cannot_be_read_is_told() {
    let room = Room::new();
    let error = select(&room.root().join("nowhere"), &patterns(&["**"])).unwrap_err();
    assert_eq!(error.code, &NOT_PACKED);
}

fn said(room: &Room, text: &str) -> String {
    let patterns = patterns(&[text]);
    let selection = select(&room.root(), &patterns).unwrap();
    assert_eq!(selection.unmatched, [0], "{text}");
    let diagnostic = nothing_matched(&room.root(), patterns.iter().next().unwrap());
    assert_eq!(diagnostic.code, &PATTERN);
    let mut said = vec![diagnostic.message];
    said.extend(diagnostic.notes);
    said.extend(diagnostic.help);
    said.join("; ")
}

#[test]
fn a_pattern_that_matches_nothing_says_what_is_there() {
    let room = Room::new();
    room.file("dist/app.js", "")
        .file("dist/web/index.html", "")
        .link("out", "dist")
        .folder("made");
    assert_eq!(
        said(&room, "dits/**"),
        "`dits/**` matches no file; the repository has no `dits`; did you mean `dist/**`?"
    );
    assert_eq!(
        said(&room, "dist/app.jss"),
        "`dist/app.jss` matches no file; `dist` has no `app.jss`; did you mean `dist/app.js`?"
    );
    assert_eq!(
        said(&room, "dist/*.css"),
        "`dist/*.css` matches no file; `dist` holds `app.js` and `web`"
    );
    assert_eq!(
        said(&room, "dist"),
        "`dist` matches no file; it is a folder, and a pattern names files: write `dist/**`"
    );
    assert_eq!(
        said(&room, "out/**"),
        "`out/**` matches no file; `out` is a link, and links are not followed"
    );
    assert_eq!(
        said(&room, "made/**"),
        "`made/**` matches no file; `made` is empty"
    );
}

#[test]
fn what_is_no_pattern_is_refused() {
    for text in ["", "!", "/etc/**", "../x", "a/../b", "a[", "!../x"] {
        let error = Patterns::new([(text, None)]).unwrap_err();
        assert_eq!(error.code, &PATTERN, "{text}");
    }
}
