//! What service accounts may do, as `docs/compile.md` shows it: made from the code.
//! `APHEX_UPDATE=1 cargo test --test compiler rights::` writes it.

use std::fmt::Write as _;
use std::path::Path;

use aphex::target::kubernetes::rights;
use aphex::target::names::Account;

const BEGIN: &str = "<!-- rights -->\n";
const END: &str = "<!-- end of rights -->\n";

fn table() -> String {
    let mut table = String::from("| account | may | what for |\n| --- | --- | --- |\n");
    for account in Account::ALL {
        let name = account.name("shop");
        let rights = rights(account, "shop");
        if rights.is_empty() {
            let _ = writeln!(table, "| `{name}` | nothing; it has no token | |");
        }
        for right in rights {
            let resources: Vec<String> = right
                .resources
                .iter()
                .map(|resource| match right.group {
                    "" => format!("`{resource}`"),
                    group => format!("`{resource}.{group}`"),
                })
                .collect();
            let only = match &*right.names {
                [] => String::new(),
                names => format!(", only `{}`", names.join("`, `")),
            };
            let _ = writeln!(
                table,
                "| `{name}` | {} {}{only} | {} |",
                right.verbs.join(", "),
                resources.join(", "),
                right.why
            );
        }
    }
    table
}

#[test]
fn the_table_of_rights_is_what_the_roles_say_7_3() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/compile.md");
    let text = std::fs::read_to_string(&path).unwrap();
    let (before, rest) = text.split_once(BEGIN).unwrap();
    let (_, after) = rest.split_once(END).unwrap();
    let wanted = format!("{before}{BEGIN}{}{END}{after}", table());
    if std::env::var_os("APHEX_UPDATE").is_some() {
        std::fs::write(&path, &wanted).unwrap();
    }
    let now = std::fs::read_to_string(&path).unwrap();
    assert!(
        now == wanted,
        "docs/compile.md is old: APHEX_UPDATE=1 cargo test --test compiler rights:: writes it"
    );
}

/// 7.3: no account may do everything, read Secrets, run something in a pod, or give rights to anybody.
#[test]
fn req_7_3_no_account_may_do_more_than_its_stages() {
    for account in Account::ALL {
        for right in rights(account, "shop") {
            for word in right.verbs.iter().chain(&right.resources) {
                assert_ne!(*word, "*");
                assert!(
                    ![
                        "secrets",
                        "pods/exec",
                        "roles",
                        "rolebindings",
                        "serviceaccounts"
                    ]
                    .contains(word),
                    "{account:?}"
                );
            }
            let writes_runs = right.resources.contains(&"workflows")
                && right
                    .verbs
                    .iter()
                    .any(|verb| ["patch", "update", "delete"].contains(verb));
            assert!(!writes_runs, "{account:?} could change a run");
        }
    }
    let start = rights(Account::Sensor, "shop");
    assert_eq!(start.len(), 1);
    assert_eq!(start[0].verbs, ["create"]);
    assert!(rights(Account::EventSource, "shop").is_empty());
}
