//! Plans built by hand, for the tests of this room.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;

use crate::apply::{CallRecord, Failure, Outcome, Report, StepOutcome};
use crate::compile::{Origin, World};
use crate::model::{Address, CloudId, KindName, Value};
use crate::observe::{Snapshot, Unmanaged};
use crate::plan::action::BlockedBy;
use crate::plan::{self, Action, Blocked, Detail, FieldChange, Plan, Reason, Risk, Step};
use crate::provider::{
    Again, Call, ErrorClass, Phase, PhaseWrites, ProviderError, SideEffect, Write,
};

pub(in crate::view) mod review;

pub(super) fn address(text: &'static str) -> Address {
    let mut parts = text.split('/');
    let mut next = || parts.next().unwrap();
    Address {
        account: next().to_owned(),
        kind: KindName(next()),
        name: next().to_owned(),
    }
}

pub(super) fn step(text: &'static str, action: Action, reason: Reason) -> Step {
    let address = address(text);
    let cloud = ["tencent", "alibaba", "huawei"]
        .into_iter()
        .find(|cloud| address.kind.0.to_lowercase().starts_with(cloud))
        .unwrap();
    Step {
        cloud: CloudId(cloud),
        identity: address.name.clone(),
        origin: Origin {
            file: format!("idp/{}.yaml", address.name).into(),
            line: 1,
        },
        address,
        action,
        reason,
        blocked: None,
        error: None,
        changes: Vec::new(),
        before: None,
        after: None,
        facts: BTreeMap::new(),
        risks: BTreeSet::new(),
        side_effects: Vec::new(),
        phases: Vec::new(),
        needs: BTreeSet::new(),
        after_removal_of: BTreeSet::new(),
        releases: BTreeSet::new(),
        owner: None,
    }
}

pub(super) fn change(
    field: &'static str,
    before: Option<Value>,
    after: Option<Value>,
    detail: Detail,
) -> FieldChange {
    FieldChange {
        field,
        before,
        after,
        detail,
        line: Some(7),
    }
}

pub(super) fn whole(field: &'static str, before: Value, after: Value) -> FieldChange {
    let known = |value: Value| (!value.is_null()).then_some(value);
    change(field, known(before), known(after), Detail::Whole)
}

pub(super) fn items(field: &'static str, removed: &[&str], added: &[&str]) -> FieldChange {
    let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
    let detail = Detail::Items {
        added: owned(added),
        removed: owned(removed),
    };
    change(field, Some(json!(removed)), Some(json!(added)), detail)
}

pub(super) fn phase(phase: Phase, names: &[&'static str]) -> PhaseWrites {
    let calls = names.iter().map(|name| Write {
        call: Call::rpc("Ims", name, json!({})),
        again: Again::Same,
    });
    PhaseWrites {
        phase,
        calls: calls.collect(),
        leaves: None,
    }
}

pub(super) fn plan(steps: Vec<Step>) -> Plan {
    let empty = plan::make(
        &World::default(),
        &Snapshot::default(),
        &plan::Guards::default(),
    );
    let complete = steps.iter().all(|step| step.action != Action::Unreadable);
    Plan {
        steps,
        complete,
        ..empty
    }
}

fn create() -> Step {
    let mut step = step(
        "alibaba-prod/AlibabaOidcProvider/github",
        Action::Create,
        Reason::NotOnCloud,
    );
    step.changes = vec![
        whole(
            "issuer",
            Value::Null,
            json!("https://token.actions.githubusercontent.com"),
        ),
        items("clientIds", &[], &["api.acme.example", "sts.acme.example"]),
        whole("issuanceLimitHours", Value::Null, json!(12)),
    ];
    step.after = Some(Arc::new(BTreeMap::from([(
        "issuer".to_owned(),
        json!("https://token.actions.githubusercontent.com"),
    )])));
    step.risks = BTreeSet::from([Risk::WidensTrust]);
    step.phases = vec![phase(Phase::Write, &["CreateOIDCProvider"])];
    step.owner = Some("@acme/platform".to_owned());
    step
}

fn keys() -> Step {
    let mut step = step(
        "tencent-prod/TencentOidcProvider/github",
        Action::Update,
        Reason::FieldsDiffer,
    );
    let detail = Detail::Keys {
        added: vec!["kid 7f3a, RSA, 2048 bits, RS256".to_owned()],
        removed: vec!["kid 1c00, RSA, 2048 bits, RS256".to_owned()],
        changed: vec!["kid 22aa, EC P-256, ES256".to_owned()],
    };
    step.changes = vec![
        change(
            "keys",
            Some(json!({"keys": [{"kid": "1c00"}]})),
            Some(json!({"keys": [{"kid": "7f3a"}]})),
            detail,
        ),
        items("clientIds", &["old.acme.example"], &["sts.acme.example"]),
        whole("description", json!("GitHub"), json!("GitHub Actions")),
        whole("autoRotateKeys", json!(true), json!(false)),
    ];
    step.risks = BTreeSet::from([Risk::Cosmetic, Risk::WidensTrust, Risk::MayBreakSignIn]);
    step.phases = vec![phase(Phase::Write, &["UpdateOIDCConfig"])];
    step
}

fn document() -> Step {
    let mut step = step(
        "alibaba-prod/AlibabaRole/ci-deploy",
        Action::Update,
        Reason::FieldsDiffer,
    );
    let policy = |subject: &str| {
        let policy = json!({"Statement": [{
            "Action": "sts:AssumeRole",
            "Condition": {"StringEquals": {"oidc:aud": "sts.acme.example", "oidc:sub": subject}},
            "Effect": "Allow",
            "Principal": {"Federated": ["acs:ram::1:oidc-provider/github"]},
        }], "Version": "1"});
        (
            policy.clone(),
            serde_json::to_string_pretty(&policy).unwrap() + "\n",
        )
    };
    let (before, before_text) = policy("repo:acme/app:ref:refs/heads/main");
    let (after, after_text) = policy("repo:acme/app:environment:prod");
    let detail = Detail::Document {
        before: before_text,
        after: after_text,
    };
    step.changes = vec![
        change("trust", Some(before), Some(after), detail),
        whole(
            "description",
            json!("Deploys.\nAsk the platform team.\n"),
            json!("Deploys.\nAsk @acme/platform.\n"),
        ),
    ];
    step.risks = BTreeSet::from([Risk::WidensTrust, Risk::MayBreakSignIn]);
    step.needs = BTreeSet::from([address("alibaba-prod/AlibabaOidcProvider/github")]);
    step.phases = vec![phase(Phase::Write, &["UpdateRole", "AttachPolicyToRole"])];
    step
}

fn replace() -> Step {
    let mut step = step(
        "huawei-prod/HuaweiIdentityProvider/okta",
        Action::Replace,
        Reason::ImmutableFieldDiffers(vec!["`ssoType`".to_owned()]),
    );
    step.changes = vec![whole(
        "ssoType",
        json!("virtual_user_sso"),
        json!("iam_user_sso"),
    )];
    step.risks = BTreeSet::from([Risk::MayBreakSignIn, Risk::Destroys]);
    step.phases = vec![
        phase(Phase::Quiesce, &["KeystoneUpdateIdentityProvider"]),
        phase(Phase::Remove, &["KeystoneDeleteIdentityProvider"]),
        phase(Phase::Write, &["KeystoneCreateIdentityProvider"]),
        phase(Phase::Activate, &["KeystoneUpdateIdentityProvider"]),
    ];
    step
}

fn goes_along() -> Step {
    let mut step = step(
        "huawei-prod/HuaweiProtocol/okta",
        Action::Replace,
        Reason::GoesWith(address("huawei-prod/HuaweiIdentityProvider/okta")),
    );
    step.risks = BTreeSet::from([Risk::Destroys]);
    step.needs = BTreeSet::from([address("huawei-prod/HuaweiIdentityProvider/okta")]);
    step.phases = vec![
        phase(Phase::Remove, &[]),
        phase(Phase::Write, &["KeystoneCreateProtocol"]),
    ];
    step
}

fn switch() -> Step {
    let mut step = step(
        "tencent-prod/TencentUserOidc/okta",
        Action::Create,
        Reason::NotOnCloud,
    );
    step.identity = String::new();
    step.changes = vec![whole(
        "issuer",
        Value::Null,
        json!("https://acme.okta.example"),
    )];
    step.risks = BTreeSet::from([Risk::WidensTrust, Risk::SwitchesSignIn]);
    step.side_effects = vec![SideEffect {
        text: "user SAML single sign-on is on and will be switched off by the cloud, so people \
               who sign in through it will be sent to the new provider"
            .to_owned(),
        switches_sign_in: true,
    }];
    step.phases = vec![phase(Phase::Write, &["CreateUserOIDCConfig"])];
    step
}

fn blocked() -> Step {
    let mut step = step(
        "alibaba-prod/AlibabaSamlProvider/adfs",
        Action::Blocked,
        Reason::NotOnCloud,
    );
    step.blocked = Some(Blocked {
        needed: Action::Create,
        by: BlockedBy::Impossible,
        reason: "it is not on the cloud, and creating it needs `metadata`, which the manifest \
                 leaves out"
            .to_owned(),
    });
    step
}

fn unreadable(text: &'static str, error: &str) -> Step {
    let mut step = step(text, Action::Unreadable, Reason::CouldNotRead);
    step.error = Some(error.to_owned());
    step
}

/// A plan with one of everything.
pub(super) fn everything() -> Plan {
    let mut delete = step(
        "alibaba-prod/AlibabaSamlProvider/old",
        Action::Delete,
        Reason::EnsureAbsent,
    );
    delete.changes = vec![whole("description", json!("retired"), Value::Null)];
    delete.risks = BTreeSet::from([Risk::Destroys]);
    delete.phases = vec![phase(Phase::Remove, &["DeleteSAMLProvider"])];
    let mut disable = step(
        "tencent-prod/TencentUserSaml/adfs",
        Action::Disable,
        Reason::EnsureAbsent,
    );
    disable.risks = BTreeSet::from([Risk::SwitchesSignIn]);
    disable.phases = vec![phase(Phase::Write, &["DisableUserSSO"])];
    let mut observed = step(
        "alibaba-prod/AlibabaRole/auditor",
        Action::NoOp,
        Reason::ObserveOnly,
    );
    observed.changes = vec![whole("maxSessionDurationSeconds", json!(3600), json!(7200))];
    let same = |text| step(text, Action::NoOp, Reason::SameAsLive);
    let denied = "DescribeUserSAMLConfig: UnauthorizedOperation: not allowed (request 9f-1)";
    let mut plan = plan(vec![
        create(),
        observed,
        document(),
        same("alibaba-prod/AlibabaRole/reader"),
        blocked(),
        delete,
        replace(),
        goes_along(),
        keys(),
        switch(),
        disable,
        same("tencent-prod/TencentRole/ci"),
        unreadable("tencent-test/TencentRole/ci", denied),
        unreadable("tencent-test/TencentUserSaml/adfs", denied),
    ]);
    plan.unmanaged = vec![Unmanaged {
        account: "alibaba-prod".to_owned(),
        kind: KindName("AlibabaOidcProvider"),
        cloud_name: "legacy".to_owned(),
    }];
    plan
}

/// A plan whose texts were written by somebody who means no good.
pub(super) fn hostile() -> Plan {
    let mut update = step(
        "alibaba-prod/AlibabaOidcProvider/github",
        Action::Update,
        Reason::FieldsDiffer,
    );
    let long = |middle: &str| json!(format!("{}{middle}{}", "a".repeat(3000), "b".repeat(3000)));
    update.changes = vec![
        whole(
            "description",
            json!("fine"),
            json!("\u{1b}[2J\u{1b}[HNo changes.\u{202e}\u{200b}\r"),
        ),
        whole("note", json!("one"), json!("one\nDigest: 0\u{1b}[0m\n")),
        items("clientIds", &[], &["a\nPlan: nothing", "b\u{2066}"]),
        whole("metadata", long("OLD"), long("NEW")),
        whole(
            "authorizationEndpoint",
            long("x"),
            json!("https://a.example"),
        ),
    ];
    update.side_effects = vec![SideEffect {
        text: "side \u{9b}31m effect".to_owned(),
        switches_sign_in: false,
    }];
    update.owner = Some("me\u{7}".to_owned());
    update.origin.file = "idp/\u{1b}[31mgit.yaml".into();
    let failed = unreadable("alibaba-prod/AlibabaRole/x", "GetRole: \u{1b}]0;own\u{7}");
    let mut plan = plan(vec![update, failed]);
    plan.unmanaged = vec![Unmanaged {
        account: "alibaba-prod".to_owned(),
        kind: KindName("AlibabaOidcProvider"),
        cloud_name: "x\nDigest: 1".to_owned(),
    }];
    plan
}

fn sent(name: &'static str, id: &str, error: Option<&ProviderError>) -> CallRecord {
    CallRecord {
        name,
        request_id: Some(id.to_owned()),
        duration: Duration::from_millis(120),
        error: error.map(ToString::to_string),
    }
}

fn refusal(class: ErrorClass, call: &'static str, code: &str, message: &str) -> ProviderError {
    let mut error = ProviderError::new(class, call, message);
    error.code = Some(code.to_owned());
    error.status = Some(403);
    error.request_id = Some("5C1E-77".to_owned());
    error
}

fn ended(text: &'static str, action: Action, outcome: Outcome) -> StepOutcome {
    StepOutcome {
        address: address(text),
        action,
        outcome,
        calls: Vec::new(),
    }
}

/// A report with one of everything.
pub(super) fn report() -> Report {
    let mut created = ended(
        "alibaba-prod/AlibabaOidcProvider/github",
        Action::Create,
        Outcome::Done,
    );
    created.calls = vec![sent("CreateOIDCProvider", "0B4A-11", None)];
    let mut updated = ended("alibaba-prod/AlibabaRole/ci", Action::Update, Outcome::Done);
    updated.calls = vec![
        sent("UpdateRole", "0B4A-12", None),
        sent("AttachPolicyToRole", "0B4A-13", None),
    ];
    let denied = refusal(
        ErrorClass::Denied,
        "KeystoneUpdateMapping",
        "IAM.0003",
        "Policy doesn't allow this \u{1b}[1maction",
    );
    let mut failed = ended(
        "huawei-prod/HuaweiMapping/okta",
        Action::Update,
        Outcome::Failed(Failure::Write(denied.clone())),
    );
    failed.calls = vec![sent("KeystoneUpdateMapping", "5C1E-77", Some(&denied))];
    let cause = address("huawei-prod/HuaweiMapping/okta");
    let skipped = |text, partly_done| {
        let because = cause.clone();
        let outcome = Outcome::Skipped {
            because,
            partly_done,
        };
        ended(text, Action::Create, outcome)
    };
    let mut lost = refusal(
        ErrorClass::NoAnswer,
        "UpdateSAMLProvider",
        "Timeout",
        "no answer within 10 s",
    );
    (lost.status, lost.code) = (None, None);
    let failing = |text, failure| ended(text, Action::Update, Outcome::Failed(failure));
    Report {
        outcomes: vec![
            created,
            updated,
            failing(
                "alibaba-prod/AlibabaSamlProvider/adfs",
                Failure::Unknown(lost),
            ),
            skipped("huawei-prod/HuaweiIdentityProvider/okta", true),
            failed,
            skipped("huawei-prod/HuaweiProtocol/okta", false),
            failing(
                "tencent-prod/TencentRole/ci",
                Failure::NotAsWritten {
                    fields: vec!["tags".to_owned()],
                },
            ),
            failing(
                "tencent-prod/TencentRole/odd",
                Failure::Internal("a task ended without an answer".to_owned()),
            ),
            ended(
                "tencent-prod/TencentSamlProvider/adfs",
                Action::Update,
                Outcome::Stale {
                    moved: vec!["metadata".to_owned()],
                },
            ),
            ended(
                "tencent-prod/TencentSamlProvider/old",
                Action::Delete,
                Outcome::Cancelled,
            ),
        ],
        interrupted: true,
    }
}
