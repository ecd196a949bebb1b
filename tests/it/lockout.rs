//! Plans that would shut out: `idform` itself, or the people of an account.

use serde_json::json;

use idform::plan::{Action, Plan, Risk, Step};

use crate::support::{ACCOUNTS, ALIBABA, Clouds, document};

/// The account of these tests, reached by a token that is exchanged for a role.
const KEYLESS: &str = "\
apiVersion: idform/v1
kind: Account
metadata: {name: alibaba-prod}
spec:
  cloud: alibaba
  accountId: \"1234567890123456\"
  credentials:
    webIdentity:
      provider: acs:ram::1234567890123456:oidc-provider/ci
      role: acs:ram::1234567890123456:role/idform
      github: {audience: sts.aliyuncs.com}
";

fn provider(client_ids: &[&str]) -> String {
    let spec = json!({
        "issuer": "https://ci.acme.example",
        "clientIds": client_ids,
        "fingerprints": ["902ef2deeb3c5b13ea4c3d5193629309e231ae55"],
    });
    document("AlibabaOidcProvider", "ci", "alibaba-prod", &spec)
}

fn role(policies: &[&str]) -> String {
    let spec = json!({
        "trust": {"policy": {
            "Version": "1",
            "Statement": [{
                "Effect": "Allow",
                "Action": "sts:AssumeRole",
                "Principal": {"Federated": [format!("acs:ram::{ALIBABA}:oidc-provider/ci")]},
                "Condition": {"StringEquals": {"oidc:sub": "repo:acme/idp"}},
            }],
        }},
        "policies": policies,
    });
    document("AlibabaRole", "idform", "alibaba-prod", &spec)
}

fn step<'p>(plan: &'p Plan, kind: &str) -> &'p Step {
    let mut steps = plan.steps.iter();
    let found = steps.find(|step| step.address.kind.0 == kind);
    found.expect("it is planned")
}

fn is_warned(step: &Step) -> bool {
    let told = step.side_effects.iter();
    let told = told
        .filter(|effect| effect.text.contains("idform itself"))
        .count()
        == 1;
    assert_eq!(told, told && step.risks.contains(&Risk::MayBreakSignIn));
    told
}

#[test]
fn what_lets_idform_in_is_not_cut_without_consent() {
    let clouds = Clouds::new();
    let both = ["System/AliyunRAMFullAccess", "System/ReadOnlyAccess"];
    let (kept, rights) = (provider(&["sts.aliyuncs.com", "other"]), role(&both));
    clouds.apply(&[ACCOUNTS, &kept, &rights]);

    // The world as it is seen with the role; it is read with the test's own keys.
    let plan = |texts: &[&str]| {
        let world = crate::support::world(texts);
        let snapshot = clouds.read(&crate::support::world(&[&[ACCOUNTS], &texts[1..]].concat()));
        crate::support::make(&world, &snapshot)
    };
    let unchanged = plan(&[KEYLESS, &kept, &rights]);
    assert!(
        unchanged
            .steps
            .iter()
            .all(|step| step.action == Action::NoOp && !is_warned(step))
    );

    let narrower = provider(&["sts.aliyuncs.com"]);
    assert!(is_warned(step(
        &plan(&[KEYLESS, &narrower, &rights]),
        "AlibabaOidcProvider"
    )));
    assert!(!is_warned(step(
        &plan(&[ACCOUNTS, &narrower, &rights]),
        "AlibabaOidcProvider"
    )));

    let fewer = role(&["System/ReadOnlyAccess"]);
    assert!(is_warned(step(
        &plan(&[KEYLESS, &kept, &fewer]),
        "AlibabaRole"
    )));

    let mut gone: serde_json::Value = serde_json::from_str(&rights).expect("JSON");
    gone["lifecycle"] = json!({"ensure": "absent"});
    let plan = plan(&[KEYLESS, &kept, &gone.to_string()]);
    assert_eq!(step(&plan, "AlibabaRole").action, Action::Delete);
    assert!(is_warned(step(&plan, "AlibabaRole")));
    assert!(!is_warned(step(&plan, "AlibabaOidcProvider")));
}

#[test]
fn the_last_way_for_people_to_sign_in_is_told() {
    let clouds = Clouds::new();
    let provider = |name: &str, enabled: bool| {
        let spec = json!({"enabled": enabled});
        document("HuaweiIdentityProvider", name, "huawei-prod", &spec)
    };
    clouds.apply(&[ACCOUNTS, &provider("one", true), &provider("two", true)]);
    let last = |plan: &Plan| {
        let told = plan.steps.iter().flat_map(|step| &step.side_effects);
        told.filter(|effect| effect.text.contains("is left through which people"))
            .count()
    };
    let one_off = clouds.plan(&[ACCOUNTS, &provider("one", false), &provider("two", true)]);
    assert_eq!(last(&one_off), 0);
    let both_off = clouds.plan(&[ACCOUNTS, &provider("one", false), &provider("two", false)]);
    assert_eq!(last(&both_off), 2, "{both_off:#?}");
}
