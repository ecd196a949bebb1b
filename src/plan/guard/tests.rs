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
    let of = |value: Value| {
        let named = (!value.is_null()).then(|| (field.to_owned(), value));
        named.into_iter().collect::<crate::model::Fields>()
    };
    let mut found = super::super::diff::whole(info.fields, Some(&of(before)), Some(&of(after)));
    assert_eq!(found.len(), 1, "{kind}.{field} differs");
    (info, found.remove(0))
}

fn words(risks: &BTreeSet<Risk>) -> String {
    let words: Vec<&str> = risks.iter().map(|risk| risk.word()).collect();
    words.join(" ")
}

/// Kind and field, value before, value after, risks.
const EFFECTS: &str = r#"
AlibabaOidcProvider description        | "x"       | "y"       | cosmetic
AlibabaOidcProvider description        | "x"       | null      | cosmetic
AlibabaOidcProvider clientIds          | ["x"]     | ["x","y"] | widens-trust
AlibabaOidcProvider clientIds          | ["x","y"] | ["x"]     | may-break-sign-in
AlibabaOidcProvider clientIds          | ["x"]     | ["y"]     | widens-trust may-break-sign-in
AlibabaOidcProvider clientIds          | ["x"]     | []        | may-break-sign-in
AlibabaOidcProvider fingerprints       | ["x"]     | ["x","y"] | widens-trust
AlibabaOidcProvider issuanceLimitHours | 12        | 13        | widens-trust
AlibabaOidcProvider issuanceLimitHours | 12        | 11        | may-break-sign-in
TencentOidcProvider issuer             | "x"       | "y"       | widens-trust may-break-sign-in
TencentOidcProvider autoRotateKeys     | false     | true      | widens-trust may-break-sign-in
HuaweiIdentityProvider enabled         | true      | false     | switches-sign-in
HuaweiIdentityProvider ssoType         | "x"       | "y"       | switches-sign-in
HuaweiMapping rules                    | [1]       | [2]       | widens-trust may-break-sign-in
HuaweiOidcConfig accessMode            | "x"       | "y"       | switches-sign-in
HuaweiOidcConfig responseMode          | "x"       | null      | may-break-sign-in
HuaweiOidcConfig identityProvider      | "x"       | "y"       | may-break-sign-in
"#;

#[test]
fn each_effect_has_its_risks() {
    for row in EFFECTS.lines().filter(|row| !row.is_empty()) {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        let (kind, field) = cells[0].split_once(' ').unwrap();
        let value = |text: &str| serde_json::from_str::<Value>(text).unwrap();
        let (info, change) = change(kind, field.trim(), value(cells[1]), value(cells[2]));
        assert_risks(row, info, change, cells[3]);
    }
}

#[test]
fn a_key_that_comes_widens_and_one_that_goes_may_break() {
    let key = |kid: &str| json!({"kty": "RSA", "kid": kid, "n": "AQ", "e": "AQAB"});
    let (one, both) = (
        json!({"keys": [key("a")]}),
        json!({"keys": [key("a"), key("b")]}),
    );
    for (before, after, expected) in [
        (&one, &both, "widens-trust"),
        (&both, &one, "may-break-sign-in"),
    ] {
        let (info, change) = change("TencentOidcProvider", "keys", before.clone(), after.clone());
        assert_risks("keys", info, change, expected);
    }
}

fn assert_risks(what: &str, info: &KindInfo, change: FieldChange, expected: &str) {
    let found = risks(info, Action::Update, std::slice::from_ref(&change), &[]);
    assert_eq!(words(&found), expected, "{what}");
    let found = risks(info, Action::Replace, &[change], &[]);
    assert_eq!(words(&found), format!("{expected} destroys"), "{what}");
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
