//! Selectors that fit nothing: a misspelt name must not select nothing, or leave in what was to be left
//! out, without a word.

use crate::binary::Binary;

fn quickstart() -> Binary {
    let binary = Binary::alone();
    binary.copy_example("examples/quickstart", "idp");
    binary
}

#[test]
fn an_exact_selector_that_fits_nothing_stops_the_run() {
    let binary = quickstart();
    for (flag, selector) in [
        ("--target", "alibaba-prod/AlibabaOidcProvider/typo"),
        ("--exclude", "alibaba-prod/AlibabaOidcProvider/typo"),
        ("--target", "alibaba-prod/AlibabaOidc/github-actions"),
        ("--account", "alibaba-pord"),
        ("--label", "team=plattform"),
        ("--label", "taem"),
    ] {
        for command in ["plan", "apply", "drift", "doctor"] {
            let ended = binary.run(&[command, "idp", "--sandbox", flag, selector]);
            let ended = ended.with_code(1);
            let said = format!("error[selector-fits-nothing]: `{flag} {selector}` fits nothing");
            assert!(ended.stderr.contains(&said), "{command}: {ended:?}");
        }
    }
    let ended = binary.run(&["plan", "idp", "--sandbox", "--account", "alibaba-pord"]);
    let said = "The selectors are invalid; no cloud was contacted.";
    assert!(ended.stderr.contains(said), "{ended:?}");
    let state = binary.path().join(".idform");
    assert!(!state.exists(), "nothing was started");
}

#[test]
fn a_glob_that_fits_nothing_is_a_warning() {
    let binary = quickstart();
    let ended = binary
        .run(&["plan", "idp", "--sandbox", "--exclude", "staging-*"])
        .with_code(0);
    let said = "warning[selector-fits-nothing]: `--exclude staging-*` fits nothing";
    assert!(ended.stderr.contains(said), "{ended:?}");
    assert!(ended.stdout.contains("14 to create"), "{ended:?}");
}

#[test]
fn an_account_that_declares_nothing_and_other_shards_fit() {
    let binary = quickstart();
    binary.write(
        "idp/more.yaml",
        "apiVersion: idform/v1\nkind: Account\nmetadata: {name: spare}\nspec: {cloud: tencent}\n",
    );
    for shard in ["1/2", "2/2"] {
        let arguments = ["plan", "idp", "--sandbox", "--account", "spare", "--shard"];
        let ended = binary
            .run(&[&arguments[..], &[shard]].concat())
            .with_code(0);
        assert!(!ended.stderr.contains("selector-fits-nothing"), "{ended:?}");
    }
}

#[test]
fn a_saved_plan_whose_target_is_gone_is_stale() {
    let binary = quickstart();
    let target = "alibaba-prod/AlibabaOidcProvider/k8s-prod";
    let arguments = ["plan", "idp", "--sandbox", "--target", target, "--out", "p"];
    let _ = binary.run(&arguments).with_code(0);
    let file = binary.path().join("idp/workload.yaml");
    let text = std::fs::read_to_string(&file).expect("the manifest");
    std::fs::write(&file, text.replace("name: k8s-prod", "name: k8s-next")).expect("an edit");
    let ended = binary
        .run(&["apply", "--sandbox", "--plan", "p", "--yes"])
        .with_code(4);
    assert!(ended.stderr.contains("plan-stale"), "{ended:?}");
}

/// `account/kind/name` of every object in a JSON plan.
fn addresses(plan: &serde_json::Value) -> Vec<String> {
    let changes = plan["resource_changes"].as_array().expect("a list");
    changes
        .iter()
        .map(|change| change["address"].as_str().expect("a text").to_owned())
        .collect()
}

#[test]
fn labels_select_objects() {
    let binary = quickstart();
    let data = [
        "alibaba-prod/AlibabaOidcProvider/gitlab-com",
        "tencent-prod/TencentOidcProvider/gitlab-com",
    ];
    let plan = |more: &[&str]| {
        let arguments = ["plan", "idp", "--sandbox", "--format=json"];
        let ended = binary.run(&[&arguments[..], more].concat()).with_code(0);
        ended.json()
    };
    let whole = plan(&[]);
    let part = plan(&["--label", "team=data"]);
    assert_eq!(addresses(&part), data);
    assert_eq!(part["partial"], "labels team=data");
    assert_ne!(part["digest"], whole["digest"]);
    let both = plan(&["--label=team=data", "--target=tencent-*"]);
    assert_eq!(addresses(&both), data[1..]);
    assert_eq!(both["partial"], "targets tencent-*; labels team=data");
    assert_ne!(both["digest"], plan(&["--target", data[1]])["digest"]);
    let rest = plan(&[
        "--label=team",
        "--exclude=*/*/github-actions",
        "--exclude",
        data[1],
    ]);
    let rest = addresses(&rest);
    assert!(rest.contains(&data[0].to_owned()), "{rest:?}");
    assert!(!rest.contains(&data[1].to_owned()), "{rest:?}");
    let told = binary.run(&["plan", "idp", "--sandbox", "--label", "team=data"]);
    let told = told.with_code(0);
    assert!(
        told.stdout.contains("Partial plan: labels team=data."),
        "{told:?}"
    );
}

#[test]
fn several_labels_must_be_on_one_object() {
    let binary = quickstart();
    let labels = ["--label", "team=data", "--label", "team=platform"];
    let arguments = ["plan", "idp", "--sandbox"];
    let ended = binary.run(&[&arguments[..], &labels].concat()).with_code(1);
    let said = "`--label team=data --label team=platform` fits nothing";
    assert!(ended.stderr.contains(said), "{ended:?}");
}

#[test]
fn a_label_without_a_key_is_a_mistake_of_usage() {
    let binary = quickstart();
    for command in ["plan", "apply", "drift", "doctor", "graph"] {
        for label in ["--label=", "--label==platform"] {
            let ended = binary.run(&[command, "idp", label]).with_code(64);
            assert!(ended.stderr.contains("write KEY=VALUE"), "{ended:?}");
        }
    }
    let ended = binary.run(&["apply", "--plan", "p", "--label", "team"]);
    let _ = ended.with_code(64);
}

#[test]
fn a_saved_plan_keeps_its_labels() {
    let binary = quickstart();
    let label = ["--label", "team=data"];
    let arguments = ["plan", "idp", "--sandbox", "--out", "p"];
    let _ = binary.run(&[&arguments[..], &label].concat()).with_code(0);
    let arguments = ["apply", "--sandbox", "--plan", "p", "--yes"];
    let ended = binary.run(&arguments).with_code(0);
    assert!(ended.stdout.contains("2 created"), "{ended:?}");
    let left = binary.run(&["plan", "idp", "--sandbox"]).with_code(0);
    assert!(left.stdout.contains("12 to create"), "{left:?}");
    // An object that is no longer labelled is not what was approved.
    let arguments = [
        "plan",
        "idp",
        "--sandbox",
        "--out",
        "q",
        "--label=team=platform",
    ];
    let _ = binary.run(&arguments).with_code(0);
    let file = binary.path().join("idp/workload.yaml");
    let text = std::fs::read_to_string(&file).expect("the manifest");
    let edited = text.replacen("{team: platform}", "{team: data}", 1);
    std::fs::write(&file, edited).expect("an edit");
    let ended = binary
        .run(&["apply", "--sandbox", "--plan", "q", "--yes"])
        .with_code(4);
    assert!(ended.stderr.contains("plan-stale"), "{ended:?}");
}

#[test]
fn what_a_portable_document_stands_for_carries_its_labels() {
    let binary = Binary::alone();
    binary.write(
        "idp/idp.yaml",
        "apiVersion: idform/v1\nkind: Account\nmetadata: {name: a}\nspec: {cloud: alibaba}\n\
         ---\napiVersion: idform/v1\nkind: Account\nmetadata: {name: b}\nspec: {cloud: alibaba}\n\
         ---\napiVersion: idform/v1\nkind: OidcProvider\n\
         metadata: {name: ci, labels: {team: platform}}\nspec:\n\
         \x20 issuer: https://issuer.example\n  use: workload\n  clientIds: [x]\n\
         \x20 fingerprints: [902ef2deeb3c5b13ea4c3d5193629309e231ae55]\n\
         \x20 accounts: [{account: a}, {account: b}]\n\
         ---\napiVersion: idform/v1\nkind: AlibabaOidcProvider\nmetadata: {name: other}\nspec:\n\
         \x20 account: a\n  issuer: https://other.example\n  clientIds: [x]\n\
         \x20 fingerprints: [902ef2deeb3c5b13ea4c3d5193629309e231ae55]\n",
    );
    let arguments = ["plan", "idp", "--sandbox", "--format=json"];
    let ended = binary.run(&[&arguments[..], &["--label=team=platform"]].concat());
    let natives = ["a/AlibabaOidcProvider/ci", "b/AlibabaOidcProvider/ci"];
    assert_eq!(addresses(&ended.with_code(0).json()), natives);
}

#[test]
fn drift_of_labelled_objects_reads_no_list_that_it_does_not_need() {
    let binary = quickstart();
    let arguments = [
        "apply",
        "idp",
        "--sandbox",
        "--yes",
        "--allow=switches-sign-in",
    ];
    let _ = binary.run(&arguments).with_code(0);
    let accounts = |more: &[&str]| {
        let arguments = ["drift", "idp", "--sandbox", "--no-issuers", "--format=json"];
        let report = binary.run(&[&arguments[..], more].concat());
        let report = report.with_code(0).json();
        let accounts = report["accounts"].as_array().expect("a list").iter();
        let names = accounts.map(|account| account["name"].as_str().expect("a text").to_owned());
        (names.collect::<Vec<_>>(), report["partial"].clone())
    };
    let (whole, partial) = accounts(&[]);
    assert_eq!(whole, ["alibaba-prod", "huawei-prod", "tencent-prod"]);
    assert!(partial.is_null());
    let (part, partial) = accounts(&["--label=team=data"]);
    assert_eq!(part, ["alibaba-prod", "tencent-prod"]);
    assert_eq!(partial, "labels team=data");
}
