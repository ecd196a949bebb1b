//! `credentials` of an `Account`: names of places, never a secret.

use super::super::check::{Checker, member};
use super::super::node::{Entry, Node};
use crate::model::{AssumeRole, Code, CredentialSource, Diagnostic, TokenPlace, WebIdentity};
use crate::provider::field::text;
use crate::provider::{Assumes, Cloud, CredentialRules, TextRule};

const CREDENTIALS: &[&str] = &["profile", "envPrefix", "webIdentity", "assumeRole"];
const WEB_IDENTITY: &[&str] = &[
    "provider",
    "role",
    "tokenFile",
    "tokenEnv",
    "github",
    "sessionName",
    "durationSeconds",
];
const ROLE: &[&str] = &["role", "sessionName", "durationSeconds", "externalId"];
const ROLE_WITHOUT_ID: &[&str] = &["role", "sessionName", "durationSeconds"];
const AGENCY: &[&str] = &["agency", "domain", "sessionName", "durationSeconds"];

/// The name of an environment variable.
const VARIABLE: TextRule = TextRule {
    min: 1,
    max: 255,
    allowed: "letters, digits and underscores",
    check: |text| text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_'),
};

/// Reads the whole block; without a cloud only what all clouds share. `has_account_id` tells
/// whether the account says its number.
pub(super) fn read(
    checker: &mut Checker<'_>,
    node: &Node,
    cloud: Option<&Cloud>,
    has_account_id: bool,
) -> CredentialSource {
    let mut source = CredentialSource::default();
    let Some(entries) = checker.mapping(node, "`credentials`", CREDENTIALS) else {
        return source;
    };
    let given = |key: &str| filled(entries, key);
    source.profile = given("profile")
        .and_then(|entry| checker.ruled_text(&entry.value, "`profile`", &text(1, 255)));
    if let Some(entry) = given("envPrefix") {
        source.env_prefix = env_prefix(checker, &entry.value).unwrap_or_default();
    }
    if let Some(entry) = given("webIdentity") {
        if let Some(other) = given("profile").or_else(|| given("envPrefix")) {
            let title = format!("`webIdentity` and `{}` exclude each other", other.key);
            let finding = Diagnostic::error(Code::ConflictingFields, title)
                .at(entry.key_span, "begins with a token")
                .at(other.key_span, "begins with keys")
                .help("keep the one that the account shall begin with");
            checker.report(finding);
        }
        if let Some(cloud) = cloud {
            source.web_identity =
                web_identity(checker, &entry.value, &cloud.credentials, has_account_id);
        }
    }
    if let (Some(entry), Some(cloud)) = (given("assumeRole"), cloud) {
        source.assume_role = assume_role(checker, &entry.value, &cloud.credentials);
    }
    source
}

fn filled<'n>(entries: &'n [Entry], key: &str) -> Option<&'n Entry> {
    member(entries, key).filter(|entry| !entry.value.is_null())
}

fn env_prefix(checker: &mut Checker<'_>, node: &Node) -> Option<String> {
    let prefix = checker.text(node, "`envPrefix`")?;
    if prefix.len() <= 64
        && prefix
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || c == '_')
    {
        return Some(prefix);
    }
    let title = "`envPrefix` cannot begin a variable's name";
    let finding = Diagnostic::error(Code::InvalidValue, title)
        .at(node.span, "at most 64 letters, digits and underscores")
        .help("write it like PROD_");
    checker.report(finding);
    None
}

fn web_identity(
    checker: &mut Checker<'_>,
    node: &Node,
    rules: &CredentialRules,
    has_account_id: bool,
) -> Option<WebIdentity> {
    let entries = checker.mapping(node, "`webIdentity`", WEB_IDENTITY)?;
    let provider = needed(checker, node, entries, "provider", &rules.provider);
    let role = if rules.web_role_needed {
        needed(checker, node, entries, "role", &rules.web_role).map(Some)
    } else {
        Some(optional(checker, entries, "role", &rules.web_role))
    };
    if !rules.web_role_needed && filled(entries, "role").is_none() && !has_account_id {
        let help = "write `accountId:` beside `credentials:`; without a role the token is exchanged for that account";
        checker.missing(node.span, "`accountId`", help);
    }
    let token = token(checker, node, entries);
    let (session_name, duration_seconds) = session(checker, entries, rules);
    Some(WebIdentity {
        provider: provider?,
        role: role?,
        token: token?,
        session_name,
        duration_seconds,
    })
}

/// Exactly one of the three places.
fn token(checker: &mut Checker<'_>, node: &Node, entries: &[Entry]) -> Option<TokenPlace> {
    let places = ["tokenFile", "tokenEnv", "github"].map(|key| filled(entries, key));
    let mut given = places.into_iter().flatten();
    let Some(first) = given.next() else {
        let help = "write `tokenFile: PATH`, `tokenEnv: NAME` or `github: {audience: …}`";
        checker.missing(node.span, "the place of the token", help);
        return None;
    };
    if let Some(second) = given.next() {
        let title = format!("`{}` and `{}` exclude each other", first.key, second.key);
        let finding = Diagnostic::error(Code::ConflictingFields, title)
            .at(first.key_span, "one token")
            .at(second.key_span, "another token")
            .help("keep one of them");
        checker.report(finding);
        return None;
    }
    match first.key.as_str() {
        "tokenFile" => checker
            .ruled_text(&first.value, "`tokenFile`", &text(1, 1024))
            .map(TokenPlace::File),
        "tokenEnv" => checker
            .ruled_text(&first.value, "`tokenEnv`", &VARIABLE)
            .map(TokenPlace::Variable),
        _ => {
            let entries = checker.mapping(&first.value, "`github`", &["audience"])?;
            let audience = needed(checker, &first.value, entries, "audience", &text(1, 512))?;
            Some(TokenPlace::GitHub { audience })
        }
    }
}

fn assume_role(
    checker: &mut Checker<'_>,
    node: &Node,
    rules: &CredentialRules,
) -> Option<AssumeRole> {
    let known = match (&rules.assumes, &rules.external_id) {
        (Assumes::Role(_), Some(_)) => ROLE,
        (Assumes::Role(_), None) => ROLE_WITHOUT_ID,
        (Assumes::Agency { .. }, _) => AGENCY,
    };
    let entries = checker.mapping(node, "`assumeRole`", known)?;
    let (role, domain) = match &rules.assumes {
        Assumes::Role(rule) => (needed(checker, node, entries, "role", rule), Some(None)),
        Assumes::Agency { agency, domain } => (
            needed(checker, node, entries, "agency", agency),
            needed(checker, node, entries, "domain", domain).map(Some),
        ),
    };
    let (session_name, duration_seconds) = session(checker, entries, rules);
    let external_id = rules.external_id.as_ref();
    let external_id = external_id.and_then(|rule| optional(checker, entries, "externalId", rule));
    Some(AssumeRole {
        role: role?,
        domain: domain?,
        session_name,
        duration_seconds,
        external_id,
    })
}

fn session(
    checker: &mut Checker<'_>,
    entries: &[Entry],
    rules: &CredentialRules,
) -> (Option<String>, Option<u32>) {
    let name = optional(checker, entries, "sessionName", &rules.session_name);
    let (least, most) = rules.duration_seconds;
    let bounds = (i64::from(least), i64::from(most));
    let seconds = filled(entries, "durationSeconds")
        .and_then(|entry| {
            let otherwise = "drop the field for the cloud's default";
            let name = "`durationSeconds`";
            checker.integer(&entry.value, name, bounds, "seconds", otherwise)
        })
        .and_then(|number| u32::try_from(number).ok());
    (name, seconds)
}

fn needed(
    checker: &mut Checker<'_>,
    node: &Node,
    entries: &[Entry],
    key: &str,
    rule: &TextRule,
) -> Option<String> {
    if filled(entries, key).is_none() {
        let words = if rule.allowed.is_empty() {
            "a text"
        } else {
            rule.allowed
        };
        checker.missing(
            node.span,
            &format!("`{key}`"),
            &format!("write `{key}:` and {words}"),
        );
        return None;
    }
    optional(checker, entries, key, rule)
}

fn optional(
    checker: &mut Checker<'_>,
    entries: &[Entry],
    key: &str,
    rule: &TextRule,
) -> Option<String> {
    let entry = filled(entries, key)?;
    checker.ruled_text(&entry.value, &format!("`{key}`"), rule)
}
