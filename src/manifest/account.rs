//! `Account` documents.

use super::check::{Checker, member};
use super::node::{Node, NodeValue};
use crate::model::{Account, Code, Diagnostic, Span, UnmanagedRule};
use crate::provider::Cloud;
use crate::provider::field::text;

mod credentials;

const SPEC: &[&str] = &[
    "cloud",
    "accountId",
    "site",
    "region",
    "credentials",
    "requestsPerSecond",
    "unmanaged",
];

/// Reads the `spec` of an account. [`None`] after a report when it has no cloud; other mistakes are
/// reported and leave the default, so that its objects can still be checked.
pub(super) fn read(
    checker: &mut Checker<'_>,
    name: &str,
    spec: &Node,
    clouds: &'static [&'static Cloud],
    origin: Span,
) -> Option<Account> {
    let entries = checker.mapping(spec, "`spec` of Account", SPEC)?;
    let given = |key: &str| {
        member(entries, key)
            .map(|entry| &entry.value)
            .filter(|node| !node.is_null())
    };
    let words: Vec<&str> = clouds.iter().map(|cloud| cloud.id.0).collect();
    let cloud = if let Some(node) = given("cloud") {
        checker.choice(node, "`cloud`", &words)
    } else {
        let help = format!("write `cloud:` and one of {}", words.join(", "));
        checker.missing(spec.span, "`cloud`", &help);
        None
    };
    let cloud = cloud.and_then(|word| clouds.iter().find(|cloud| cloud.id.0 == word));
    checker.cloud = cloud.map(|cloud| cloud.id.0);
    let credentials = given("credentials")
        .map(|node| {
            let has_account_id = given("accountId").is_some();
            credentials::read(checker, node, cloud.copied(), has_account_id)
        })
        .unwrap_or_default();
    let unmanaged = given("unmanaged")
        .map(|node| unmanaged(checker, node))
        .unwrap_or_default();
    let region = given("region").and_then(|node| region(checker, node));
    let cloud = cloud?;
    let account_id = given("accountId")
        .and_then(|node| checker.ruled_text(node, "`accountId`", &cloud.account_id));
    let limit = cloud.requests_per_second_limit;
    let requests_per_second = given("requestsPerSecond")
        .and_then(|node| {
            let bounds = (1, i64::from(limit));
            let otherwise = format!("drop the field for {}", cloud.requests_per_second);
            let name = "`requestsPerSecond`";
            let number = checker.integer(node, name, bounds, "requests", &otherwise)?;
            u32::try_from(number).ok()
        })
        .unwrap_or(cloud.requests_per_second);
    Some(Account {
        name: name.to_owned(),
        cloud: cloud.id,
        account_id,
        site: site(checker, given("site"), cloud),
        region,
        credentials,
        requests_per_second,
        unmanaged,
        origin,
    })
}

fn site(checker: &mut Checker<'_>, node: Option<&Node>, cloud: &Cloud) -> Option<String> {
    let default = cloud.sites.first().map(|site| (*site).to_owned());
    let Some(node) = node else {
        return default;
    };
    if cloud.sites.is_empty() {
        let title = format!("`site` means nothing{}", checker.for_cloud());
        let finding = Diagnostic::error(Code::InvalidValue, title)
            .at(node.span, "this cloud has one site only")
            .help("drop the key");
        checker.report(finding);
        return None;
    }
    checker.choice(node, "`site`", cloud.sites).or(default)
}

fn region(checker: &mut Checker<'_>, node: &Node) -> Option<String> {
    let text = checker.ruled_text(node, "`region`", &text(1, 63))?;
    // It becomes part of a host name; anything else could send requests elsewhere.
    if text
        .chars()
        .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
    {
        return Some(text);
    }
    let finding = Diagnostic::error(Code::InvalidValue, "`region` is not a region's id")
        .at(node.span, "lower-case letters, digits and dashes only")
        .help("write it as the cloud does: ap-southeast-1");
    checker.report(finding);
    None
}

fn unmanaged(checker: &mut Checker<'_>, node: &Node) -> UnmanagedRule {
    let mut rule = UnmanagedRule::default();
    let Some(entries) = checker.mapping(node, "`unmanaged`", &["report", "ignore"]) else {
        return rule;
    };
    if let Some(entry) = member(entries, "report").filter(|entry| !entry.value.is_null()) {
        rule.report = checker.flag(&entry.value, "`report`");
    }
    if let Some(entry) = member(entries, "ignore").filter(|entry| !entry.value.is_null()) {
        let NodeValue::List(_) = &entry.value.value else {
            checker.wrong_type(&entry.value, "`ignore`", "a list", "write [\"legacy-*\"]");
            return rule;
        };
        let texts = checker.texts(&entry.value, "`ignore`");
        rule.ignore = texts.into_iter().map(|(text, _)| text).collect();
    }
    rule
}
