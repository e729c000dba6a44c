//! What stacks of an account and region export.

use aws_sdk_cloudformation::Client;

use crate::cloud::aws::{Aws, Failure, runtime};
use crate::collections::IndexMap;
use crate::diagnostics::codes::aws::NO_EXPORT;
use crate::diagnostics::{Diagnostic, list_names, safe};

/// So many exports are named where one is missing.
const MOST: usize = 10;

/// Every export, by name.
pub fn exports(aws: &Aws) -> Result<IndexMap<String, String>, Failure> {
    let client = Client::new(aws.config());
    runtime::wait(async {
        let mut found = IndexMap::default();
        let mut pages = client.list_exports().into_paginator().send();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| Failure::of("cloudformation:ListExports", error))?;
            let exports = page.exports.unwrap_or_default().into_iter();
            found.extend(exports.filter_map(|export| Some((export.name?, export.value?))));
        }
        Ok(found)
    })
}

/// The values of these exports, in their order (10.1, 10.2). An `A0979` names the first that is missing, and what there is: of those that begin
/// with `prefix`, where some do.
pub fn require(aws: &Aws, wanted: &[String], prefix: &str) -> Result<Vec<String>, Diagnostic> {
    let found = exports(aws).map_err(Failure::into_diagnostic)?;
    let missing: Vec<&String> = wanted
        .iter()
        .filter(|name| !found.contains_key(*name))
        .collect();
    if missing.is_empty() {
        let values = wanted.iter().filter_map(|name| found.get(name).cloned());
        return Ok(values.collect());
    }
    let names = list_names(missing.iter().map(|name| name.as_str()), MOST);
    let place = aws.region().unwrap_or("this region");
    let message = format!("CloudFormation has no export {names} in {place}");
    let problem = Diagnostic::without_place(&NO_EXPORT, message);
    let alike: Vec<&str> = found
        .keys()
        .map(String::as_str)
        .filter(|name| name.starts_with(prefix))
        .collect();
    let (words, shown) = match (alike.is_empty(), found.is_empty()) {
        (false, _) => (format!("what begins with `{prefix}`: "), alike),
        (true, false) => (
            format!("nothing begins with `{prefix}`; there are "),
            found.keys().map(String::as_str).collect(),
        ),
        (true, true) => ("there are no exports at all".to_owned(), Vec::new()),
    };
    let shown: Vec<String> = shown
        .into_iter()
        .map(|name| safe::line(name).into_owned())
        .collect();
    let shown = match shown.is_empty() {
        true => String::new(),
        false => list_names(shown.iter().map(String::as_str), MOST),
    };
    Err(problem
        .note(format!("{words}{shown}"))
        .help("compare the name of the cluster, the account and the region; the stack of the cluster makes the exports"))
}
