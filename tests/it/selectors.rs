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
    ] {
        for command in ["plan", "apply", "drift"] {
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
