//! `doctor` on a sandbox that is well and on ones that are not. Read the snapshots: they are what a
//! person sees who wants to know why nothing works.

use idform::clouds::CLOUDS;
use idform::sandbox::Options;

use crate::binary::{Binary, filters};
use crate::contract::acts;
use crate::support::{ACCOUNTS, Clouds};

fn quickstart(clouds: &Clouds) -> Binary {
    let binary = Binary::over(clouds);
    binary.copy_example("examples/quickstart", "idp");
    binary
}

#[test]
fn all_is_well() {
    let clouds = Clouds::new();
    let binary = quickstart(&clouds);
    let _filters = filters(&binary);
    let ended = binary.run(&["doctor", "idp"]).with_code(0);
    insta::assert_snapshot!("doctor-good", ended.golden());
    let ended = binary.run(&["doctor", "--format=json", "idp"]).with_code(0);
    let document = ended.json();
    assert_eq!(document["command"], "doctor");
    for account in document["accounts"].as_array().expect("accounts") {
        assert_eq!(account["health"], "good", "{account:#}");
    }
    assert!(
        clouds
            .seen()
            .iter()
            .all(|seen| seen.status == 200 || seen.status == 404)
    );
}

#[test]
fn manifests_may_come_through_a_pipe() {
    let clouds = Clouds::new();
    let ended = Binary::over(&clouds).run_with_input(&["doctor", "-"], ACCOUNTS);
    let ended = ended.with_code(0);
    let place = |account| {
        ended
            .stdout
            .find(account)
            .expect("every account is looked at")
    };
    // All at once, and told in the order of their names.
    assert!(place("alibaba-prod") < place("huawei-prod"), "{ended:?}");
    assert!(place("huawei-prod") < place("tencent-prod"), "{ended:?}");
}

#[test]
fn what_is_broken_is_told_with_its_remedy() {
    let clouds = Clouds::with(Options {
        throttle_per_second: Some(0),
        clock_offset_seconds: 120,
        ..Options::default()
    });
    clouds.fault("ListOIDCProviders=deny");
    clouds.fault("KeystoneListMappings=status:503");
    let binary = quickstart(&clouds).env("TENCENTCLOUD_SECRET_KEY", "another");
    let _filters = filters(&binary);
    let ended = binary.run(&["doctor", "idp"]).with_code(1);
    insta::assert_snapshot!("doctor-broken", ended.golden());

    let alone = Binary::alone();
    alone.copy_example("examples/quickstart", "idp");
    let ended = alone.run(&["doctor", "idp"]).with_code(1);
    assert!(
        ended.stdout.contains("BAD  credentials none found"),
        "{ended:?}"
    );
}

#[test]
fn issuers_and_the_lock_file_are_looked_at() {
    let binary = Binary::alone();
    binary.copy_example("examples/cookbook/rotation", "idp");
    let look = || {
        binary
            .run(&["doctor", "--sandbox=clouds", "idp"])
            .with_code(0)
            .stdout
    };
    let before = look();
    assert!(before.contains("-> run `idform lock`"), "{before}");
    let _ = binary
        .run(&["lock", "--sandbox=clouds", "idp"])
        .with_code(0);
    let after = look();
    assert!(
        after.contains("ok   lock        idform.lock is as the issuer is"),
        "{after}"
    );
}

#[test]
fn the_least_policies_name_what_the_manifests_need() {
    let binary = Binary::alone();
    binary.copy_example("examples/quickstart", "idp");
    let ended = binary
        .run(&["doctor", "--print-policy", "idp"])
        .with_code(0);
    insta::assert_snapshot!("doctor-policies", ended.golden());
}

/// The table of rights is true: whatever a kind's whole life sends stands in it.
#[test]
fn no_kind_makes_a_call_that_its_rights_do_not_name() {
    for act in acts() {
        let clouds = act.stage();
        let samples = act.kind.samples();
        for text in [
            act.document(&samples.minimal),
            act.document(&samples.full),
            act.document(&samples.changed),
        ] {
            clouds.apply(&act.texts(&text));
        }
        let name = act.kind.info().name;
        let known: Vec<&str> = act
            .cloud
            .rights
            .kinds
            .iter()
            .map(|calls| calls.kind)
            .collect();
        assert!(known.contains(&name.0), "{name} has its rights");
        let allowed: Vec<&str> = act
            .kinds()
            .iter()
            .filter_map(|kind| act.cloud.rights.of(kind))
            .flat_map(|calls| calls.reads.iter().chain(calls.writes))
            .copied()
            .chain([(act.cloud.identity)().0.name])
            .collect();
        for seen in clouds.seen() {
            assert!(
                allowed.contains(&seen.action.as_str()),
                "{name}: {} is not among its rights {allowed:?}",
                seen.action
            );
        }
    }
    assert_eq!(CLOUDS.len(), 3);
}
