use serde_json::json;

use super::*;
use crate::plan::testing::{plan, step};
use crate::provider::Phase;

/// A change of one field from one value to another, as the plan would find it.
fn change(
    kind: &str,
    field: &str,
    before: Value,
    after: Value,
) -> (&'static KindInfo, FieldChange) {
    let info = crate::clouds::kind(kind).unwrap().info();
    let of = |value: Value| match value {
        Value::Null => crate::model::Fields::new(),
        value => [(field.to_owned(), value)].into(),
    };
    let mut found = super::super::diff::whole(info.fields, Some(&of(before)), Some(&of(after)));
    assert_eq!(found.len(), 1, "{kind}.{field} differs");
    (info, found.remove(0))
}

fn words(risks: &BTreeSet<Risk>) -> String {
    let words: Vec<&str> = risks.iter().map(|risk| risk.word()).collect();
    words.join(" ")
}

#[test]
fn each_effect_has_its_risks() {
    let key = |kid: &str| json!({"kty": "RSA", "kid": kid, "n": "AQ", "e": "AQAB"});
    let (a, t, i, m, c) = (
        "AlibabaOidcProvider",
        "TencentOidcProvider",
        "HuaweiIdentityProvider",
        "HuaweiMapping",
        "HuaweiOidcConfig",
    );
    for (kind, field, before, after, expected) in [
        (a, "description", json!("x"), json!("y"), "cosmetic"),
        (a, "description", json!("x"), json!(null), "cosmetic"),
        (
            a,
            "clientIds",
            json!(["x"]),
            json!(["x", "y"]),
            "widens-trust",
        ),
        (
            a,
            "clientIds",
            json!(["x", "y"]),
            json!(["x"]),
            "may-break-sign-in",
        ),
        (
            a,
            "clientIds",
            json!(["x"]),
            json!(["y"]),
            "widens-trust may-break-sign-in",
        ),
        (a, "clientIds", json!(["x"]), json!([]), "may-break-sign-in"),
        (
            a,
            "fingerprints",
            json!(["x"]),
            json!(["x", "y"]),
            "widens-trust",
        ),
        (
            a,
            "issuanceLimitHours",
            json!(12),
            json!(13),
            "widens-trust",
        ),
        (
            a,
            "issuanceLimitHours",
            json!(12),
            json!(11),
            "may-break-sign-in",
        ),
        (
            t,
            "issuer",
            json!("x"),
            json!("y"),
            "widens-trust may-break-sign-in",
        ),
        (
            t,
            "keys",
            json!({"keys": [key("a")]}),
            json!({"keys": [key("a"), key("b")]}),
            "widens-trust",
        ),
        (
            t,
            "keys",
            json!({"keys": [key("a"), key("b")]}),
            json!({"keys": [key("b")]}),
            "may-break-sign-in",
        ),
        (
            t,
            "autoRotateKeys",
            json!(false),
            json!(true),
            "widens-trust may-break-sign-in",
        ),
        (i, "enabled", json!(true), json!(false), "switches-sign-in"),
        (i, "ssoType", json!("a"), json!("b"), "switches-sign-in"),
        (
            m,
            "rules",
            json!([1]),
            json!([2]),
            "widens-trust may-break-sign-in",
        ),
        (
            c,
            "accessMode",
            json!("program"),
            json!("program_console"),
            "switches-sign-in",
        ),
        (
            c,
            "responseMode",
            json!("form_post"),
            json!("fragment"),
            "may-break-sign-in",
        ),
        (
            c,
            "identityProvider",
            json!("a"),
            json!("b"),
            "may-break-sign-in",
        ),
    ] {
        let (info, change) = change(kind, field, before.clone(), after.clone());
        let found = risks(info, Action::Update, std::slice::from_ref(&change), &[]);
        assert_eq!(
            words(&found),
            expected,
            "{kind}.{field} {before} to {after}"
        );
        let found = risks(info, Action::Replace, &[change], &[]);
        assert_eq!(
            words(&found),
            format!("{expected} destroys"),
            "{kind}.{field}"
        );
    }
}

#[test]
fn each_action_has_its_risks() {
    let effect = SideEffect {
        text: "user SAML goes off".to_owned(),
        switches_sign_in: true,
    };
    let harmless = SideEffect {
        switches_sign_in: false,
        ..effect.clone()
    };
    let (info, enabled) = change("TencentUserOidc", "enabled", json!(null), json!(true));
    let (_, disabled) = change("TencentUserOidc", "enabled", json!(null), json!(false));
    let (role, _) = change("TencentOidcProvider", "issuer", json!(null), json!("x"));
    let none: &[FieldChange] = &[];
    for (info, action, changes, effects, expected) in [
        (
            info,
            Action::Create,
            &[enabled][..],
            &[][..],
            "widens-trust switches-sign-in",
        ),
        (info, Action::Create, &[disabled], &[], "widens-trust"),
        (
            info,
            Action::Create,
            none,
            &[],
            "widens-trust switches-sign-in",
        ),
        (role, Action::Create, none, &[], "widens-trust"),
        (
            role,
            Action::Create,
            none,
            std::slice::from_ref(&effect),
            "widens-trust switches-sign-in",
        ),
        (
            role,
            Action::Update,
            none,
            std::slice::from_ref(&effect),
            "switches-sign-in",
        ),
        (
            role,
            Action::Update,
            none,
            std::slice::from_ref(&harmless),
            "cosmetic",
        ),
        // Goes with something that is replaced, and nothing of it differs.
        (role, Action::Replace, none, &[], "destroys"),
        (role, Action::Delete, none, &[], "destroys"),
        (info, Action::Disable, none, &[], "switches-sign-in"),
        (info, Action::NoOp, none, std::slice::from_ref(&effect), ""),
        (info, Action::Unreadable, none, &[], ""),
        (info, Action::Blocked, none, &[], ""),
    ] {
        assert_eq!(
            words(&risks(info, action, changes, effects)),
            expected,
            "{action:?}"
        );
    }
}

#[test]
fn consent_is_given_risk_by_risk() {
    for risk in Risk::ALL {
        let mut step = step("a", &[Phase::Write], &[]);
        step.risks.insert(risk);
        let plan = plan(vec![step]);
        let lacks = |yes: bool, allow: &[Risk]| {
            let allow = allow.iter().copied().collect();
            !missing(&plan, &Consent { yes, allow }).is_empty()
        };
        let harmless = matches!(risk, Risk::Cosmetic | Risk::WidensTrust);
        assert!(lacks(false, &[]), "{risk:?} without a word");
        assert_eq!(lacks(true, &[]), !harmless, "{risk:?} with --yes");
        assert!(!lacks(false, &[risk]), "{risk:?} allowed");
        let others: Vec<Risk> = Risk::ALL
            .into_iter()
            .filter(|other| *other != risk)
            .collect();
        assert_eq!(
            lacks(true, &others),
            !harmless,
            "{risk:?}, the others allowed"
        );
    }
}

#[test]
fn what_is_not_changed_needs_no_consent() {
    let mut nothing = step("a", &[], &[]);
    nothing.risks.insert(Risk::Destroys);
    let mut blocked = step("b", &[Phase::Remove], &[]);
    blocked.risks.insert(Risk::Destroys);
    block(&mut blocked, BlockedBy::Guard, "protected".to_owned());
    assert_eq!(blocked.action, Action::Blocked);
    assert_eq!(
        blocked.blocked.as_ref().map(|blocked| blocked.needed),
        Some(Action::Update)
    );
    assert!(missing(&plan(vec![nothing, blocked]), &Consent::default()).is_empty());
}
