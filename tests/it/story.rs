//! The story of the README, told by the program itself. Read the snapshots: they are what a person
//! sees in the first minute.

use serde_json::Value;

use crate::binary::{Binary, filters};

const APPLY: [&str; 6] = [
    "apply",
    "--sandbox=clouds",
    // One after the other, so that the lines of progress come in one order.
    "--parallelism=1",
    "--yes",
    "--allow=switches-sign-in",
    "idp",
];
const PLAN: [&str; 4] = ["plan", "--sandbox=clouds", "--detailed-exitcode", "idp"];

fn quickstart() -> Binary {
    let binary = Binary::alone();
    binary.copy_example("examples/quickstart", "idp");
    binary
}

/// The colleague who changes something in the console.
fn edit(binary: &Binary, cloud: &str, account: &str, edit: impl FnOnce(&mut Value)) {
    let name = format!("clouds/{cloud}/{account}.json");
    let text = std::fs::read_to_string(binary.path().join(&name)).expect("the state is kept");
    let mut state = serde_json::from_str(&text).expect("the state is JSON");
    edit(&mut state);
    binary.write(&name, state.to_string());
}

#[test]
fn without_consent_nothing_is_written() {
    let binary = quickstart();
    let _filters = filters(&binary);
    let ended = binary
        .run(&["apply", "--sandbox=clouds", "idp"])
        .with_code(3);
    insta::assert_snapshot!("story-1-no-consent", ended.golden());
    assert!(
        !binary.path().join("clouds").exists(),
        "no account holds anything"
    );
    // Half a consent is none.
    for half in [&["--yes"][..], &["--allow=switches-sign-in"]] {
        let arguments = [&["apply", "--sandbox=clouds", "idp"], half].concat();
        let ended = binary.run(&arguments).with_code(3);
        assert!(ended.stderr.contains("nothing was written"), "{ended:?}");
        assert!(!binary.path().join("clouds").exists());
    }
}

#[test]
fn the_first_minute() {
    let binary = quickstart();
    let _filters = filters(&binary);

    let applied = binary.run(&APPLY).with_code(0);
    insta::assert_snapshot!("story-2-progress", applied.stderr);
    let order: Vec<&str> = applied
        .stderr
        .lines()
        .filter_map(|line| Some(line.split_once(": created")?.0))
        .collect();
    assert_eq!(order.len(), 14);
    let position = |address: &str| {
        let found = order.iter().position(|line| *line == address);
        found.unwrap_or_else(|| panic!("{address} was created"))
    };
    for name in ["okta", "github-actions"] {
        let [mapping, protocol, config, provider] = [
            "HuaweiMapping",
            "HuaweiProtocol",
            "HuaweiOidcConfig",
            "HuaweiIdentityProvider",
        ]
        .map(|kind| position(&format!("huawei-prod/{kind}/{name}")));
        assert!(mapping < protocol && protocol < config && config < provider);
    }
    assert!(applied.stdout.ends_with("Apply: 14 created.\n"));

    let again = binary.run(&APPLY).with_code(0);
    insta::assert_snapshot!("story-3-again", again.golden());
    let _ = binary.run(&PLAN).with_code(0);

    edit(&binary, "alibaba", "1234567890123456", |state| {
        state["oidc_providers"]["gitlab-com"]["ClientIds"] = serde_json::json!(["evil.example"]);
    });
    let drifted = binary.run(&PLAN).with_code(2);
    insta::assert_snapshot!("story-4-edited-by-hand", drifted.golden());
    let _ = binary
        .run(&["plan", "--sandbox=clouds", "idp"])
        .with_code(0);
    let arguments = [&PLAN[..], &["--format=json"]].concat();
    let json = binary.run(&arguments).with_code(2);
    insta::assert_snapshot!("story-5-edited-by-hand-json", json.golden());
    assert_eq!(
        binary.run(&arguments).stdout,
        json.stdout,
        "same input, same bytes"
    );

    // What is taken back may break the sign-in of whoever it was: `--yes` alone does not cover it.
    let _ = binary.run(&APPLY).with_code(3);
    let arguments = [&APPLY[..], &["--allow=may-break-sign-in"]].concat();
    let mended = binary.run(&arguments).with_code(0);
    insta::assert_snapshot!("story-6-mended", mended.golden());
    let _ = binary.run(&PLAN).with_code(0);
}
