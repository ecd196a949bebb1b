//! Bad weather between us and the clouds: each claim is that nothing is made twice, nothing is lost
//! and the outcome is told as it is.

use serde_json::json;

use idform::apply::{Event, Failure, Outcome};
use idform::plan::Action;
use idform::sandbox::Options;
use tokio_util::sync::CancellationToken;

use crate::support::{ACCOUNTS, ALIBABA, Clouds, HUAWEI, TENCENT, document};

const FINGERPRINT: &str = "902ef2deeb3c5b13ea4c3d5193629309e231ae55";

pub(crate) fn provider(name: &str) -> String {
    document(
        "AlibabaOidcProvider",
        name,
        "alibaba-prod",
        &json!({
            "issuer": format!("https://{name}.acme.example"),
            "clientIds": ["sts.aliyuncs.com"],
            "fingerprints": [FINGERPRINT],
        }),
    )
}

pub(crate) fn huawei(name: &str, enabled: bool) -> String {
    let spec = json!({"enabled": enabled, "description": "made by a test"});
    document("HuaweiIdentityProvider", name, "huawei-prod", &spec)
}

pub(crate) fn mapping(group: &str) -> String {
    let spec = json!({"rules": [{
        "local": [{"user": {"name": "{0}"}}, {"group": {"name": group}}],
        "remote": [{"type": "sub"}],
    }]});
    document("HuaweiMapping", "m", "huawei-prod", &spec)
}

pub(crate) fn protocol() -> String {
    let spec = json!({"identityProvider": "p", "protocol": "oidc", "mapping": "m"});
    document("HuaweiProtocol", "p", "huawei-prod", &spec)
}

#[test]
fn a_create_whose_answer_was_lost_is_not_made_twice() {
    for fault in [
        "drop-after",
        "stall-after",
        "cut",
        "malformed",
        "status-after:500",
        "status-after:503",
    ] {
        let clouds = Clouds::new();
        let text = provider("ci");
        clouds.fault(&format!("CreateOIDCProvider={fault},times=1"));
        let report = clouds.apply(&[ACCOUNTS, &text]);
        assert_eq!(
            report.outcomes[0].outcome,
            Outcome::Done,
            "{fault}: {report:#?}"
        );
        assert_eq!(clouds.count("CreateOIDCProvider"), 1, "{fault}: sent once");
        assert_eq!(
            clouds.plan(&[ACCOUNTS, &text]).steps[0].action,
            Action::NoOp,
            "{fault}"
        );
    }
}

#[test]
fn a_create_that_never_arrived_is_sent_again_after_a_look() {
    for fault in ["drop", "stall", "html", "status:500", "status:503"] {
        let clouds = Clouds::new();
        let text = provider("ci");
        clouds.fault(&format!("CreateOIDCProvider={fault},times=1"));
        let report = clouds.apply(&[ACCOUNTS, &text]);
        assert_eq!(
            report.outcomes[0].outcome,
            Outcome::Done,
            "{fault}: {report:#?}"
        );
        let seen: Vec<String> = clouds.seen().into_iter().map(|seen| seen.action).collect();
        let creates: Vec<usize> = (0..seen.len())
            .filter(|at| seen[*at] == "CreateOIDCProvider")
            .collect();
        assert_eq!(creates.len(), 2, "{fault}: {seen:?}");
        assert!(
            seen[creates[0]..creates[1]].contains(&"GetOIDCProvider".to_owned()),
            "{fault}: looked at before it was repeated: {seen:?}"
        );
    }
}

#[test]
fn a_create_that_stays_unclear_is_told_as_unknown_and_the_next_run_finishes() {
    let clouds = Clouds::new();
    let text = provider("ci");
    clouds.fault("CreateOIDCProvider=status:503");
    let report = clouds.apply(&[ACCOUNTS, &text]);
    assert!(
        matches!(
            &report.outcomes[0].outcome,
            Outcome::Failed(Failure::Unknown(_))
        ),
        "{report:#?}"
    );
    clouds.sandbox().clear_faults();
    let report = clouds.apply(&[ACCOUNTS, &text]);
    assert_eq!(report.outcomes[0].outcome, Outcome::Done);
}

#[test]
fn throttling_is_waited_out() {
    for fault in ["throttle,times=3", "throttle-wait:1,times=1"] {
        let clouds = Clouds::new();
        let text = provider("ci");
        clouds.fault(&format!("*={fault}"));
        let report = clouds.apply(&[ACCOUNTS, &text]);
        assert_eq!(
            report.outcomes[0].outcome,
            Outcome::Done,
            "{fault}: {report:#?}"
        );
        assert!(
            report.outcomes[0]
                .calls
                .iter()
                .all(|call| call.error.is_none())
        );
    }
}

#[test]
fn an_object_changed_between_plan_and_apply_is_left_alone() {
    let clouds = Clouds::new();
    let old = provider("ci");
    clouds.apply(&[ACCOUNTS, &old]);
    let new = old.replace("sts.aliyuncs.com", "sts.acme.example");
    let plan = clouds.plan(&[ACCOUNTS, &new]);
    clouds.edit("alibaba", ALIBABA, |state| {
        state["oidc_providers"]["ci"]["Description"] = "by hand".into();
    });
    let report = clouds.apply_plan(&[ACCOUNTS, &new], plan);
    assert_eq!(
        report.outcomes[0].outcome,
        Outcome::Stale {
            moved: vec!["description".to_owned()]
        }
    );
    assert_eq!(clouds.count("UpdateOIDCProvider"), 0, "nothing was written");
}

#[test]
fn an_object_that_somebody_made_in_between_is_not_overwritten() {
    let clouds = Clouds::new();
    let mine = provider("ci");
    let plan = clouds.plan(&[ACCOUNTS, &mine]);
    clouds.apply(&[ACCOUNTS, &mine.replace("sts.aliyuncs.com", "theirs")]);
    let report = clouds.apply_plan(&[ACCOUNTS, &mine], plan);
    assert_eq!(
        report.outcomes[0].outcome,
        Outcome::Stale {
            moved: vec!["existence".to_owned()]
        }
    );
}

#[test]
fn one_account_of_three_that_cannot_be_read_does_not_hide_the_others() {
    let clouds = Clouds::new();
    clouds.fault("huawei:*=deny");
    let texts = [ACCOUNTS, &provider("ci"), &huawei("p", true)];
    let plan = clouds.plan(&texts);
    assert!(!plan.complete);
    let actions: Vec<Action> = plan.steps.iter().map(|step| step.action).collect();
    assert_eq!(actions, [Action::Create, Action::Unreadable]);
    let report = clouds.apply_plan(&texts, plan);
    assert_eq!(report.outcomes.len(), 1);
    assert_eq!(report.outcomes[0].outcome, Outcome::Done);
}

#[test]
fn a_clock_that_is_off_by_an_hour_is_corrected_once_on_every_cloud() {
    for offset in [-3600, 3600] {
        let clouds = Clouds::with(Options {
            clock_offset_seconds: offset,
            throttle_per_second: Some(0),
            ..Options::default()
        });
        let samples = idform::clouds::kind("TencentOidcProvider")
            .expect("a kind")
            .samples();
        let tencent = document(
            "TencentOidcProvider",
            "ci",
            "tencent-prod",
            &samples.minimal,
        );
        let texts = [ACCOUNTS, &provider("ci"), &huawei("p", true), &tencent];
        let report = clouds.apply(&texts);
        assert_eq!(report.outcomes.len(), 3);
        for outcome in report.outcomes {
            assert_eq!(outcome.outcome, Outcome::Done, "{offset} s");
        }
    }
}

#[test]
fn a_failure_stops_what_waits_for_it_and_nothing_else() {
    let clouds = Clouds::new();
    clouds.fault("KeystoneCreateMapping=deny");
    let texts = [
        ACCOUNTS,
        &provider("ci"),
        &huawei("p", true),
        &mapping("readers"),
        &protocol(),
        &huawei("other", true),
    ];
    let report = clouds.apply(&texts);
    let outcome = |kind: &str, name: &str| {
        let found = report
            .outcomes
            .iter()
            .find(|outcome| outcome.address.kind.0 == kind && outcome.address.name == name);
        found.expect("it is in the report").outcome.clone()
    };
    assert!(matches!(
        outcome("HuaweiMapping", "m"),
        Outcome::Failed(Failure::Write(error)) if error.call == "KeystoneCreateMapping"
    ));
    assert!(
        matches!(outcome("HuaweiProtocol", "p"), Outcome::Skipped { because, partly_done: false } if because.name == "m")
    );
    // Made, but not switched on: half of a federation must not be live.
    assert!(
        matches!(outcome("HuaweiIdentityProvider", "p"), Outcome::Skipped { because, partly_done: true } if because.name == "m")
    );
    assert_eq!(outcome("HuaweiIdentityProvider", "other"), Outcome::Done);
    assert_eq!(outcome("AlibabaOidcProvider", "ci"), Outcome::Done);
    let state = clouds.state("huawei", HUAWEI);
    assert_eq!(state["identity_providers"]["p"]["enabled"], false);
    assert_eq!(state["identity_providers"]["other"]["enabled"], true);

    // The next run finishes the work.
    clouds.sandbox().clear_faults();
    for outcome in clouds.apply(&texts).outcomes {
        assert_eq!(outcome.outcome, Outcome::Done);
    }
    let state = clouds.state("huawei", HUAWEI);
    assert_eq!(state["identity_providers"]["p"]["enabled"], true);
}

#[test]
fn huawei_is_enabled_last_and_disabled_first() {
    let clouds = Clouds::new();
    let texts = [
        ACCOUNTS,
        &huawei("p", true),
        &mapping("readers"),
        &protocol(),
    ];
    clouds.apply(&texts);
    let writes = |clouds: &Clouds| -> Vec<String> {
        let actions = clouds.seen().into_iter().map(|seen| seen.action);
        actions
            .filter(|action| {
                ["Create", "Update", "Delete"]
                    .iter()
                    .any(|verb| action.contains(verb))
            })
            .collect()
    };
    let up = writes(&clouds);
    assert_eq!(
        up.last().map(String::as_str),
        Some("KeystoneUpdateIdentityProvider"),
        "{up:?}"
    );
    assert_eq!(up.len(), 4);

    let gone = |text: &str| {
        let mut document: serde_json::Value = serde_json::from_str(text).expect("JSON");
        document["lifecycle"] = json!({"ensure": "absent"});
        document.to_string()
    };
    let texts = [
        ACCOUNTS.to_owned(),
        gone(&huawei("p", true)),
        gone(&mapping("readers")),
        gone(&protocol()),
    ];
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    for outcome in clouds.apply(&texts).outcomes {
        assert_eq!(outcome.outcome, Outcome::Done);
    }
    let down = writes(&clouds).split_off(up.len());
    assert_eq!(down[0], "KeystoneUpdateIdentityProvider", "{down:?}");
    assert_eq!(down[1], "KeystoneDeleteProtocol", "{down:?}");
    let mut rest = down[2..].to_vec();
    rest.sort();
    assert_eq!(
        rest,
        ["KeystoneDeleteIdentityProvider", "KeystoneDeleteMapping"]
    );
}

#[test]
fn an_interrupted_run_finishes_what_is_in_flight_and_begins_nothing_else() {
    let clouds = Clouds::new();
    let texts = [
        ACCOUNTS,
        &huawei("p", true),
        &mapping("readers"),
        &protocol(),
    ];
    let plan = clouds.plan(&texts);
    let cancel = CancellationToken::new();
    let watch = cancel.clone();
    let report = clouds.apply_with(&texts, plan, cancel, move |event| {
        if matches!(event, Event::Called { .. }) {
            watch.cancel();
        }
    });
    assert!(report.interrupted);
    let protocol = report
        .outcomes
        .iter()
        .find(|outcome| outcome.address.kind.0 == "HuaweiProtocol");
    assert_eq!(
        protocol.map(|outcome| &outcome.outcome),
        Some(&Outcome::Cancelled)
    );
    for outcome in &report.outcomes {
        let sent = outcome.calls.len();
        assert!(
            outcome.outcome == Outcome::Cancelled || sent > 0,
            "{outcome:#?}"
        );
    }
    for outcome in clouds.apply(&texts).outcomes {
        assert_eq!(outcome.outcome, Outcome::Done, "the next run completes it");
    }
}

#[test]
fn a_write_that_shows_late_is_waited_for_and_one_that_never_shows_is_an_error() {
    let clouds = Clouds::new();
    clouds.edit("alibaba", ALIBABA, |state| {
        state["settings"]["read_lag_reads"] = 3.into();
    });
    let report = clouds.apply(&[ACCOUNTS, &provider("late")]);
    assert_eq!(report.outcomes[0].outcome, Outcome::Done, "{report:#?}");
    clouds.edit("alibaba", ALIBABA, |state| {
        state["settings"]["read_lag_reads"] = 1000.into();
    });
    let report = clouds.apply(&[ACCOUNTS, &provider("never")]);
    assert_eq!(
        report.outcomes[0].outcome,
        Outcome::Failed(Failure::NotAsWritten {
            fields: vec!["existence".to_owned()]
        })
    );
}

#[test]
fn tencent_accounts_that_say_nothing_or_zero_when_never_set_both_work() {
    for reads_as in ["error", "status-0"] {
        let clouds = Clouds::new();
        clouds.edit("tencent", TENCENT, |state| {
            state["settings"]["never_set_reads_as"] = reads_as.into();
        });
        let samples = idform::clouds::kind("TencentUserOidc")
            .expect("a kind")
            .samples();
        let text = document("TencentUserOidc", "sso", "tencent-prod", &samples.full);
        assert_eq!(
            clouds.plan(&[ACCOUNTS, &text]).steps[0].action,
            Action::Create
        );
        assert_eq!(
            clouds.apply(&[ACCOUNTS, &text]).outcomes[0].outcome,
            Outcome::Done
        );
    }
}

#[test]
fn what_refers_to_a_provider_and_cannot_be_read_keeps_it_as_it_is() {
    let clouds = Clouds::new();
    let texts = [
        ACCOUNTS,
        &huawei("p", false),
        &mapping("readers"),
        &protocol(),
    ];
    clouds.apply(&texts);
    clouds.fault("KeystoneListProtocols=deny");
    // Neither enabled without knowing what it serves with,
    let enabled = huawei("p", true);
    let plan = clouds.plan(&[ACCOUNTS, &enabled, &mapping("writers"), &protocol()]);
    let actions: Vec<Action> = plan.steps.iter().map(|step| step.action).collect();
    assert_eq!(
        actions,
        [Action::Blocked, Action::Update, Action::Unreadable],
        "{plan:#?}"
    );
    // nor removed from under it.
    let gone = |text: &str| {
        let mut document: serde_json::Value = serde_json::from_str(text).expect("JSON");
        document["lifecycle"] = json!({"ensure": "absent"});
        document.to_string()
    };
    let gone = [
        ACCOUNTS.to_owned(),
        gone(&enabled),
        gone(&mapping("readers")),
        gone(&protocol()),
    ];
    let gone: Vec<&str> = gone.iter().map(String::as_str).collect();
    let plan = clouds.plan(&gone);
    let actions: Vec<Action> = plan.steps.iter().map(|step| step.action).collect();
    assert_eq!(
        actions,
        [Action::Blocked, Action::Blocked, Action::Unreadable]
    );
    assert!(clouds.apply_plan(&gone, plan).outcomes.is_empty());
}

#[test]
fn a_part_whose_whole_was_not_removed_is_not_said_to_be_gone() {
    let clouds = Clouds::new();
    let samples = idform::clouds::kind("HuaweiOidcConfig")
        .expect("a kind")
        .samples();
    let mut spec = samples.minimal;
    spec["identityProvider"] = "p".into();
    let config = document("HuaweiOidcConfig", "p", "huawei-prod", &spec);
    let texts = [
        ACCOUNTS,
        &huawei("p", true),
        &mapping("readers"),
        &protocol(),
        &config,
    ];
    clouds.apply(&texts);
    let gone: Vec<String> = texts[1..]
        .iter()
        .map(|text| {
            let mut document: serde_json::Value = serde_json::from_str(text).expect("JSON");
            document["lifecycle"] = json!({"ensure": "absent"});
            document.to_string()
        })
        .collect();
    let mut gone: Vec<&str> = gone.iter().map(String::as_str).collect();
    gone.insert(0, ACCOUNTS);
    clouds.fault("KeystoneDeleteIdentityProvider=deny");
    let report = clouds.apply(&gone);
    let config = report
        .outcomes
        .iter()
        .find(|step| step.address.kind.0 == "HuaweiOidcConfig")
        .expect("it is in the report");
    assert!(
        matches!(&config.outcome, Outcome::Skipped { because, .. } if because.name == "p"),
        "{config:#?}"
    );
    clouds.sandbox().clear_faults();
    for outcome in clouds.apply(&gone).outcomes {
        assert_eq!(outcome.outcome, Outcome::Done);
    }
}

#[test]
fn a_fact_that_cannot_be_read_is_told_as_unknown_and_stops_only_where_it_was_known() {
    let samples = idform::clouds::kind("TencentUserOidc")
        .expect("a kind")
        .samples();
    let text = document("TencentUserOidc", "sso", "tencent-prod", &samples.minimal);
    let texts = [ACCOUNTS, &text];
    // Unknown when planned, known when applied: the plan said that it might be on.
    let clouds = Clouds::new();
    clouds.fault("DescribeUserSAMLConfig=deny");
    let plan = clouds.plan(&texts);
    assert_eq!(plan.steps[0].action, Action::Create);
    let effects = &plan.steps[0].side_effects;
    assert!(
        effects
            .iter()
            .any(|effect| effect.text.contains("could not be read")),
        "{effects:#?}"
    );
    clouds.sandbox().clear_faults();
    let report = clouds.apply_plan(&texts, plan);
    assert_eq!(report.outcomes[0].outcome, Outcome::Done);
    // Known to be off when planned, unknown when applied: nobody agreed to that.
    let clouds = Clouds::new();
    let plan = clouds.plan(&texts);
    clouds.fault("DescribeUserSAMLConfig=deny");
    let report = clouds.apply_plan(&texts, plan);
    assert_eq!(
        report.outcomes[0].outcome,
        Outcome::Stale {
            moved: vec!["userSamlEnabled".to_owned()]
        }
    );
}
