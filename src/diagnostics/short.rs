//! One line a problem: `path:line:column: error[A0304]: message`.

use crate::diagnostics::flood::{self, Shown};
use crate::diagnostics::report::{self, Report};
use crate::diagnostics::safe;

/// All problems of the reports, a line each.
pub fn render(reports: &[Report]) -> String {
    let mut text = String::new();
    for shown in flood::shown(&report::collect(reports)) {
        let (found, message) = match &shown {
            Shown::Problem(found) => (*found, found.diagnostic.message.clone()),
            Shown::More(more) => (more.first, format!("and {} more in this file", more.count)),
        };
        if let Some(place) = found.place() {
            text.push_str(&safe::line(&place));
            text.push_str(": ");
        }
        let diagnostic = found.diagnostic;
        let severity = report::severity_word(diagnostic.severity);
        let message = safe::line(&message);
        text.push_str(&format!("{severity}[{}]: {message}\n", diagnostic.code.id));
    }
    text
}
