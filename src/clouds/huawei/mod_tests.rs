//! The entry, and what the kinds' tests share.

use std::collections::BTreeSet;

use serde_json::json;

use super::*;
use crate::model::{Account, CredentialSource, SourceMap, Span, UnmanagedRule};
use crate::provider::{Intent, Reply, ResourceKind};

/// An account that says nothing but its name.
pub(super) fn account() -> Account {
    Account {
        name: "huawei".to_owned(),
        cloud: CLOUD.id,
        account_id: None,
        site: None,
        region: None,
        credentials: CredentialSource::default(),
        requests_per_second: 5,
        unmanaged: UnmanagedRule::default(),
        origin: Span {
            source: SourceMap::default().add("accounts.yaml", ""),
            start: 0,
            end: 0,
        },
    }
}

/// A successful answer.
#[expect(
    clippy::unnecessary_wraps,
    reason = "stands beside failed answers in lists"
)]
pub(super) fn ok(body: Value) -> Answer {
    Ok(Reply {
        body,
        ..Reply::default()
    })
}

/// A failed one.
pub(super) fn failed(class: ErrorClass) -> Answer {
    Err(ProviderError::new(class, "Test", "because"))
}

/// Every class of failure but "not found".
pub(super) fn failures() -> Vec<ErrorClass> {
    vec![
        ErrorClass::Auth,
        ErrorClass::TokenExpired,
        ErrorClass::ClockSkewed {
            server_unix_seconds: None,
        },
        ErrorClass::Denied,
        ErrorClass::Conflict,
        ErrorClass::Invalid,
        ErrorClass::Quota,
        ErrorClass::Throttled { wait: None },
        ErrorClass::Unavailable,
        ErrorClass::Unreachable,
        ErrorClass::NoAnswer,
        ErrorClass::Protocol,
    ]
}

/// Fields from JSON.
pub(super) fn fields(value: &Value) -> Fields {
    value.as_object().unwrap().clone().into_iter().collect()
}

/// Identities.
pub(super) fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

/// One line for an observation: its fields, `absent`, or the class of its error.
pub(super) fn seen(observation: &Observation) -> String {
    match observation {
        Observation::Present(live) => json!(*live.fields).to_string(),
        Observation::Absent(_) => "absent".to_owned(),
        Observation::Unreadable(error) => error.class.word().to_owned(),
    }
}

/// All wanted, one line each.
pub(super) fn seen_all(observed: &Observed) -> Vec<String> {
    observed
        .wanted
        .iter()
        .map(|(identity, observation)| format!("{identity}: {}", seen(observation)))
        .collect()
}

/// The others' identities; [`None`] when no list was read.
pub(super) fn others(observed: &Observed) -> Option<Vec<&str>> {
    match &observed.others {
        Listing::Complete(others) => Some(others.keys().map(String::as_str).collect()),
        Listing::Names(names) => Some(names.iter().map(String::as_str).collect()),
        Listing::NotRead => None,
    }
}

/// The phases of an intent as lines: phase, call, target, repetition, body, and what it leaves.
pub(super) fn lines(kind: &dyn ResourceKind, intent: Intent<'_>) -> Vec<String> {
    let mut lines = Vec::new();
    for phase in kind.writes(intent).unwrap() {
        for write in &phase.calls {
            lines.push(format!(
                "{} {} {} {:?} {}",
                phase.phase.word(),
                write.call.name,
                write.call.target().unwrap(),
                write.again,
                write.call.params
            ));
        }
        lines.push(match phase.leaves {
            Some(fields) => format!("leaves {}", json!(fields)),
            None => "leaves nothing".to_owned(),
        });
    }
    lines
}

/// A live object with these fields.
pub(super) fn live(value: &Value) -> Live {
    Live {
        fields: fields(value).into(),
        ..Live::default()
    }
}

#[test]
fn hosts_follow_the_region_and_nothing_else() {
    for (region, expected) in [
        (None, Some("https://iam.myhuaweicloud.com")),
        (
            Some("cn-north-4"),
            Some("https://iam.cn-north-4.myhuaweicloud.com"),
        ),
        (
            Some("eu-west-101"),
            Some("https://iam.eu-west-101.myhuaweicloud.eu"),
        ),
        (
            Some("eu-west-0"),
            Some("https://iam.eu-west-0.myhuaweicloud.com"),
        ),
        (Some(""), None),
        (Some("evil.example/#"), None),
        (Some("x@evil"), None),
        (Some("CN-NORTH-4"), None),
    ] {
        let found = default_endpoint(region).ok();
        assert_eq!(found.as_deref(), expected, "{region:?}");
    }
}

#[test]
fn the_account_is_that_of_the_first_domain() {
    for (body, expected) in [
        (json!({"domains": [{"id": "a"}, {"id": "b"}]}), Some("a")),
        (json!({"domains": []}), None),
        (json!({"domains": [{"id": null}]}), None),
        (Value::Null, None),
    ] {
        assert_eq!(account_of(&body).as_deref(), expected, "{body}");
    }
    assert_eq!((CLOUD.identity)().0.name, IDENTITY);
}

#[test]
fn the_tables_are_whole_and_the_samples_follow_them() {
    for kind in CLOUD.kinds {
        let info = kind.info();
        let known: BTreeSet<&str> = info.fields.iter().map(|field| field.name).collect();
        assert_eq!(known.len(), info.fields.len(), "{}", info.name);
        for field in info.fields {
            assert!(!field.doc.is_empty() && field.source.starts_with("apis/huawei.md §"));
        }
        let samples = kind.samples();
        for (sample, all) in [
            (&samples.minimal, false),
            (&samples.full, true),
            (&samples.changed, true),
        ] {
            let given: BTreeSet<&str> = sample
                .as_object()
                .unwrap()
                .keys()
                .map(String::as_str)
                .collect();
            assert!(given.is_subset(&known), "{} {sample}", info.name);
            assert!(!all || given == known, "{} {sample}", info.name);
        }
    }
}

#[test]
fn a_foreign_name_stays_one_segment() {
    for (name, expected) in [
        ("ACME_1-x", "ACME_1-x"),
        ("a/b", "a%2Fb"),
        ("a?x=1", "a%3Fx%3D1"),
        ("é", "%C3%A9"),
    ] {
        assert_eq!(segment(name), expected);
    }
}
