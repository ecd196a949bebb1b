//! Two ways of user SSO in one account: refused, or in the right order.

use serde_json::json;

use super::super::{World, compile};
use crate::clouds::CLOUDS;
use crate::manifest::{AllowedEnv, parse_texts};
use crate::model::{Code, Diagnostic, Value};

fn account(name: &str, number: Option<&str>) -> String {
    let mut spec = json!({"cloud": "tencent"});
    if let Some(number) = number {
        spec["accountId"] = number.into();
    }
    json!({
        "apiVersion": "idform/v1", "kind": "Account", "metadata": {"name": name}, "spec": spec,
    })
    .to_string()
}

fn way(kind: &str, account: &str, enabled: &Value, lifecycle: &Value) -> String {
    let mut spec = json!({ "account": account });
    if !enabled.is_null() {
        spec["enabled"] = enabled.clone();
    }
    json!({
        "apiVersion": "idform/v1", "kind": kind, "metadata": {"name": "sso"},
        "lifecycle": lifecycle, "spec": spec,
    })
    .to_string()
}

fn compiled(texts: &[String]) -> (World, Vec<Diagnostic>) {
    let named: Vec<(String, &str)> = texts
        .iter()
        .enumerate()
        .map(|(at, text)| (format!("{at}.yaml"), text.as_str()))
        .collect();
    let named: Vec<(&str, &str)> = named
        .iter()
        .map(|(name, text)| (name.as_str(), *text))
        .collect();
    let (mut manifests, mut found) = parse_texts(&named, &[], CLOUDS, &AllowedEnv::default());
    let world = compile(&mut manifests, None, &mut found);
    (world, found.into_sorted())
}

const OIDC: &str = "TencentUserOidc";
const SAML: &str = "TencentUserSaml";

#[test]
fn two_that_want_to_be_on_are_a_mistake() {
    let none = json!({});
    let ignored = json!({"ignore": ["enabled"]});
    let observed = json!({"mode": "observe"});
    let absent = json!({"ensure": "absent"});
    let (on, off, unsaid) = (json!(true), json!(false), Value::Null);
    for (oidc, saml, is_mistake) in [
        ((&on, &none), (&on, &none), true),
        ((&on, &none), (&unsaid, &none), true),
        ((&unsaid, &none), (&unsaid, &none), true),
        ((&on, &observed), (&on, &none), true),
        ((&on, &none), (&off, &none), false),
        ((&off, &none), (&unsaid, &none), false),
        ((&off, &none), (&off, &none), false),
        ((&on, &none), (&on, &absent), false),
        ((&on, &none), (&unsaid, &ignored), false),
        ((&on, &none), (&unsaid, &observed), false),
    ] {
        let (_, found) = compiled(&[
            account("prod", None),
            way(OIDC, "prod", oidc.0, oidc.1),
            way(SAML, "prod", saml.0, saml.1),
        ]);
        let codes: Vec<Code> = found.iter().map(|found| found.code).collect();
        let expected = if is_mistake {
            vec![Code::ConflictingObjects]
        } else {
            vec![]
        };
        assert_eq!(codes, expected, "{oidc:?} {saml:?} {found:#?}");
        assert!(found.iter().all(|found| found.labels.len() == 2));
    }
}

#[test]
fn an_account_is_one_by_its_number_and_not_by_its_name() {
    let both = |first: Option<&str>, second: Option<&str>| {
        let none = json!({});
        let (_, found) = compiled(&[
            account("east", first),
            account("west", second),
            way(OIDC, "east", &json!(true), &none),
            way(SAML, "west", &json!(true), &none),
        ]);
        found.len()
    };
    assert_eq!(both(Some("100000000001"), Some("100000000001")), 1);
    assert_eq!(both(Some("100000000001"), Some("100000000002")), 0);
    assert_eq!(both(None, None), 0);
    // A name that looks like the number of another is another.
    assert_eq!(both(Some("100000000001"), None), 0);
}

#[test]
fn who_gives_way_waits_for_who_takes_over() {
    let none = json!({});
    let absent = json!({"ensure": "absent"});
    let (oidc, saml) = ("prod/TencentUserOidc/sso", "prod/TencentUserSaml/sso");
    for (on, off, off_says, lifecycle) in [
        (OIDC, SAML, json!(false), &none),
        (OIDC, SAML, Value::Null, &absent),
        (SAML, OIDC, json!(false), &none),
    ] {
        let (world, found) = compiled(&[
            account("prod", None),
            way(on, "prod", &json!(true), &none),
            way(off, "prod", &off_says, lifecycle),
        ]);
        assert_eq!(found, vec![]);
        let needs: Vec<(String, Vec<String>)> = world
            .objects
            .values()
            .map(|object| {
                let needs = object.needs.iter().map(ToString::to_string);
                (object.address.to_string(), needs.collect())
            })
            .collect();
        let waits = |one: &str, on: &str, other: &str| {
            let needs = if on == one {
                vec![]
            } else {
                vec![other.to_owned()]
            };
            (one.to_owned(), needs)
        };
        let on = if on == OIDC { oidc } else { saml };
        assert_eq!(needs, [waits(oidc, on, saml), waits(saml, on, oidc)]);
    }
}
