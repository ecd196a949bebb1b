//! Roles as people meet them: trust in short and in full, what is waited for, what is left alone.

use serde_json::{Value, json};

use idform::apply::Outcome;
use idform::plan::{Action, Detail, Plan, Risk, Step};

use crate::support::{ACCOUNTS, ALIBABA, Clouds, TENCENT, compiled, document};

const ISSUER: &str = "https://token.actions.githubusercontent.com";

fn alibaba_provider(extra: &Value) -> String {
    let mut spec = json!({"name": "GitHub", "issuer": ISSUER, "clientIds": ["sts.aliyuncs.com"]});
    merge(&mut spec, extra);
    document("AlibabaOidcProvider", "github", "alibaba-prod", &spec)
}

fn tencent_provider() -> String {
    let samples = idform::clouds::kind("TencentOidcProvider")
        .expect("a kind")
        .samples();
    document(
        "TencentOidcProvider",
        "github",
        "tencent-prod",
        &samples.minimal,
    )
}

fn merge(spec: &mut Value, extra: &Value) {
    for (key, value) in extra.as_object().expect("an object") {
        spec[key] = value.clone();
    }
}

fn alibaba_role(subjects: &[&str]) -> String {
    let trust = json!({"federated": [
        {"provider": "github", "audiences": ["sts.aliyuncs.com"], "subjects": subjects},
    ]});
    let spec = json!({"trust": trust, "policies": ["System/AliyunOSSReadOnlyAccess"]});
    document("AlibabaRole", "deploy", "alibaba-prod", &spec)
}

fn tencent_role(extra: &Value) -> String {
    let trust = json!({"federated": [{
        "provider": "github",
        "audiences": ["sts.tencentcloudapi.com"],
        "subjects": ["repo:acme/app:ref:refs/heads/main"],
    }]});
    let mut spec = json!({"trust": trust});
    merge(&mut spec, extra);
    document("TencentRole", "deploy", "tencent-prod", &spec)
}

fn absent(text: &str) -> String {
    let mut document: Value = serde_json::from_str(text).expect("JSON");
    document["lifecycle"] = json!({"ensure": "absent"});
    document.to_string()
}

fn step<'a>(plan: &'a Plan, kind: &str) -> &'a Step {
    let of_kind = |step: &&Step| step.address.kind.0 == kind;
    plan.steps.iter().find(of_kind).expect("it is planned")
}

fn done(clouds: &Clouds, texts: &[&str]) {
    for outcome in clouds.apply(texts).outcomes {
        assert_eq!(outcome.outcome, Outcome::Done, "{outcome:#?}");
    }
    for step in clouds.plan(texts).steps {
        assert_eq!(step.action, Action::NoOp, "{step:#?}");
    }
}

/// Names of the writes that arrived, in order.
fn writes(clouds: &Clouds) -> Vec<String> {
    let is_write = |action: &String| {
        !["Get", "List", "Describe"]
            .iter()
            .any(|read| action.starts_with(read))
    };
    clouds
        .seen()
        .into_iter()
        .map(|seen| seen.action)
        .filter(is_write)
        .collect()
}

#[test]
fn the_provider_comes_before_the_role_and_goes_after_it() {
    for (provider, role, expected) in [
        (
            alibaba_provider(&json!({})),
            alibaba_role(&["repo:acme/app:ref:refs/heads/main"]),
            [
                "CreateOIDCProvider",
                "CreateRole",
                "AttachPolicyToRole",
                "DetachPolicyFromRole",
                "DeleteRole",
                "DeleteOIDCProvider",
            ],
        ),
        (
            tencent_provider(),
            tencent_role(&json!({"policies": ["QcloudCOSReadOnlyAccess"]})),
            [
                "CreateOIDCConfig",
                "CreateRole",
                "AttachRolePolicy",
                "DetachRolePolicy",
                "DeleteRole",
                "DeleteOIDCConfig",
            ],
        ),
    ] {
        let clouds = Clouds::new();
        done(&clouds, &[ACCOUNTS, &role, &provider]);
        done(&clouds, &[ACCOUNTS, &absent(&role), &absent(&provider)]);
        assert_eq!(writes(&clouds), expected);
    }
}

#[test]
fn the_short_form_becomes_the_clouds_own_document() {
    let clouds = Clouds::new();
    let provider = alibaba_provider(&json!({}));
    let role = alibaba_role(&["repo:acme/app:*", "repo:acme/lib:ref:refs/heads/main"]);
    done(&clouds, &[ACCOUNTS, &provider, &role]);
    let state = clouds.state("alibaba", ALIBABA);
    let text = state["roles"]["deploy"]["AssumeRolePolicyDocument"]
        .as_str()
        .expect("a text");
    assert_eq!(
        serde_json::from_str::<Value>(text).expect("JSON"),
        json!({"Version": "1", "Statement": [{
            "Effect": "Allow",
            "Action": ["sts:AssumeRole"],
            "Principal": {"Federated": [format!("acs:ram::{ALIBABA}:oidc-provider/GitHub")]},
            "Condition": {
                "StringEquals": {"oidc:iss": [ISSUER], "oidc:aud": ["sts.aliyuncs.com"]},
                "StringLike": {"oidc:sub": ["repo:acme/app:*", "repo:acme/lib:ref:refs/heads/main"]},
            },
        }]})
    );
}

#[test]
fn a_change_of_trust_is_told_and_weighed() {
    let clouds = Clouds::new();
    let provider = alibaba_provider(&json!({}));
    let narrow = alibaba_role(&["repo:acme/app:ref:refs/heads/main"]);
    let wide = alibaba_role(&["repo:acme/app:*"]);
    done(&clouds, &[ACCOUNTS, &provider, &narrow]);
    for (text, added, removed, risk) in [
        (
            &wide,
            "subject (StringLike) repo:acme/app:*",
            "subject repo:acme/app:ref:refs/heads/main",
            Risk::WidensTrust,
        ),
        (
            &narrow,
            "subject repo:acme/app:ref:refs/heads/main",
            "subject (StringLike) repo:acme/app:*",
            Risk::MayBreakSignIn,
        ),
    ] {
        let plan = clouds.plan(&[ACCOUNTS, &provider, text]);
        let step = step(&plan, "AlibabaRole");
        assert_eq!(step.risks.iter().copied().collect::<Vec<_>>(), [risk]);
        let Detail::Trust {
            added: more,
            removed: fewer,
            ..
        } = &step.changes[0].detail
        else {
            panic!("{step:#?}");
        };
        assert_eq!(
            (more.as_slice(), fewer.as_slice()),
            (&[added.to_owned()][..], &[removed.to_owned()][..])
        );
        done(&clouds, &[ACCOUNTS, &provider, text]);
    }
}

#[test]
fn what_others_attached_and_tagged_stays_unless_it_is_managed() {
    let clouds = Clouds::new();
    let provider = tencent_provider();
    let unmanaged = tencent_role(&json!({}));
    done(&clouds, &[ACCOUNTS, &provider, &unmanaged]);
    clouds.edit("tencent", TENCENT, |state| {
        let role = &mut state["roles"]["deploy"];
        role["AttachedPolicies"] = json!(["AdministratorAccess"]);
        role["Tags"] = json!({"somebody": "else"});
        role["Description"] = json!("theirs");
    });
    let plan = clouds.plan(&[ACCOUNTS, &provider, &unmanaged]);
    assert_eq!(step(&plan, "TencentRole").action, Action::NoOp);

    let managed = tencent_role(&json!({"policies": ["ReadOnlyAccess"], "tags": {}}));
    let plan = clouds.plan(&[ACCOUNTS, &provider, &managed]);
    let calls: Vec<&str> = step(&plan, "TencentRole")
        .phases
        .iter()
        .flat_map(|phase| &phase.calls)
        .map(|write| write.call.name)
        .collect();
    assert_eq!(calls, ["AttachRolePolicy", "DetachRolePolicy", "UntagRole"]);
    done(&clouds, &[ACCOUNTS, &provider, &managed]);
    let role = clouds.state("tencent", TENCENT)["roles"]["deploy"].clone();
    assert_eq!(role["Description"], "theirs");
    assert_eq!(role["AttachedPolicies"], json!(["ReadOnlyAccess"]));
}

#[test]
fn a_provider_that_the_cloud_does_not_see_yet_is_waited_for() {
    let clouds = Clouds::new();
    let provider = tencent_provider();
    done(&clouds, &[ACCOUNTS, &provider]);
    // Gone behind our back after the plan: the cloud refuses the role, and goes on refusing it.
    let role = tencent_role(&json!({}));
    let plan = clouds.plan(&[ACCOUNTS, &provider, &role]);
    clouds.edit("tencent", TENCENT, |state| {
        state["oidc_providers"] = json!({});
    });
    let report = clouds.apply_plan(&[ACCOUNTS, &provider, &role], plan);
    let failed = report
        .outcomes
        .iter()
        .find(|one| one.outcome != Outcome::Done);
    let told = format!("{:?}", failed.expect("the role cannot be made").outcome);
    assert!(told.contains("PrincipalQcsNotExist"), "{told}");
    // Once, and once after each wait.
    assert_eq!(clouds.count("CreateRole"), 6);
}

#[test]
fn a_document_that_names_a_managed_provider_waits_for_it() {
    let policy = json!({"Version": "1", "Statement": [{
        "Effect": "Allow",
        "Action": "sts:AssumeRole",
        "Principal": {"Federated": format!("acs:ram::{ALIBABA}:oidc-provider/GitHub")},
    }]});
    let spec = json!({"trust": {"policy": policy}});
    let role = document("AlibabaRole", "deploy", "alibaba-prod", &spec);
    let provider = alibaba_provider(&json!({}));
    let (world, found) = compiled(&[ACCOUNTS, &role, &provider]);
    assert!(found.is_empty(), "{found:#?}");
    let role_of = |world: &idform::compile::World| {
        let mut objects = world.objects.values();
        let role = objects.find(|desired| desired.address.kind.0 == "AlibabaRole");
        role.expect("it is declared").clone()
    };
    let desired = role_of(&world);
    let needs: Vec<String> = desired.needs.iter().map(ToString::to_string).collect();
    assert_eq!(needs, ["alibaba-prod/AlibabaOidcProvider/github"]);
    // Kept as it was written.
    assert_eq!(desired.fields["trust"], policy);

    let (_, found) = compiled(&[ACCOUNTS, &role, &absent(&provider)]);
    assert_eq!(found.len(), 1, "{found:#?}");
    assert_eq!(found[0].code.slug(), "reference-to-absent");

    let other = policy.to_string().replace(ALIBABA, "9999999999999999");
    let spec = json!({"trust": {"policy": serde_json::from_str::<Value>(&other).expect("JSON")}});
    let elsewhere = document("AlibabaRole", "deploy", "alibaba-prod", &spec);
    let (world, _) = compiled(&[ACCOUNTS, &elsewhere, &provider]);
    assert!(role_of(&world).needs.is_empty());
}

#[test]
fn a_provider_is_not_removed_from_under_a_role() {
    let clouds = Clouds::new();
    let provider = tencent_provider();
    let role = tencent_role(&json!({}));
    done(&clouds, &[ACCOUNTS, &provider, &role]);
    // The role stays and its manifest says nothing of trust.
    let spec = json!({"description": "kept"});
    let silent = document("TencentRole", "deploy", "tencent-prod", &spec);
    let gone = absent(&provider);
    let plan = clouds.plan(&[ACCOUNTS, &gone, &silent]);
    let blocked = step(&plan, "TencentOidcProvider")
        .blocked
        .as_ref()
        .expect("blocked");
    assert!(
        blocked.reason.contains("TencentRole/deploy refers to it"),
        "{}",
        blocked.reason
    );
    // It trusts somebody else instead: first it lets go, then the provider goes.
    let trust = idform::clouds::kind("TencentRole")
        .expect("a kind")
        .samples()
        .minimal;
    let freed = document("TencentRole", "deploy", "tencent-prod", &trust);
    clouds.edit("tencent", TENCENT, |state| {
        state["settings"]["trusted_provider_deletable"] = json!(false);
    });
    done(&clouds, &[ACCOUNTS, &gone, &freed]);
}
