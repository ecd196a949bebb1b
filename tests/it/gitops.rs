//! A GitOps repository's story: a branch changes a manifest, the plan is a comment, it is approved by
//! its digest, somebody edits the cloud by hand, apply refuses with the difference, the new plan is
//! applied, drift is clean; then a provider added by hand is found. The snapshots are what reviewers
//! see.

use serde_json::{Value, json};

use crate::binary::{Binary, Ended, filters};

const SANDBOX: &str = "--sandbox=clouds";
const ALIBABA: &str = "clouds/alibaba/1234567890123456.json";

struct Repository(Binary);

impl Repository {
    /// The main branch, applied.
    fn applied() -> Self {
        let repository = Self(Binary::alone());
        repository.0.copy_example("examples/quickstart", "idp");
        let allow = ["--yes", "--allow=switches-sign-in"];
        let ended = repository.run(&[&["apply", SANDBOX], &allow[..], &["idp"]].concat());
        let _ = ended.with_code(0);
        repository
    }

    fn run(&self, arguments: &[&str]) -> Ended {
        self.0.run(arguments)
    }

    fn file(&self, name: &str) -> String {
        std::fs::read_to_string(self.0.path().join(name)).expect("the file was written")
    }

    /// A commit on a branch.
    fn change(&self, name: &str, from: &str, to: &str) {
        let text = self.file(name);
        assert!(text.contains(from), "{name} holds `{from}`");
        self.0.write(name, text.replacen(from, to, 1));
    }

    /// A colleague in the console.
    fn edit(&self, edit: impl FnOnce(&mut Value)) {
        let mut state: Value = serde_json::from_str(&self.file(ALIBABA)).expect("JSON");
        edit(&mut state);
        self.0.write(ALIBABA, state.to_string());
    }
}

#[test]
fn only_what_was_reviewed_is_applied() {
    let repository = Repository::applied();
    let _filters = filters(&repository.0);

    // A branch: GitLab's pipelines get another audience.
    repository.change(
        "idp/workload.yaml",
        "clientIds: [sts.aliyuncs.com, https://gitlab.com]",
        "clientIds: [sts.aliyuncs.com, https://gitlab.com, sts.acme.example]",
    );
    let planned = repository
        .run(&[
            "plan",
            SANDBOX,
            "--detailed-exitcode",
            "--out=plan.json",
            "--output=markdown=comment.md",
            "--output=html=report.html",
            "--output=sarif=plan.sarif",
            "idp",
        ])
        .with_code(2);
    insta::assert_snapshot!("gitops-1-plan", planned.golden());
    insta::assert_snapshot!("gitops-1-comment", repository.file("comment.md"));
    let html = repository.file("report.html");
    assert!(html.starts_with("<!DOCTYPE html>") || html.starts_with("<!doctype html>"));
    assert!(html.contains("sts.acme.example"));

    // Meanwhile somebody edits the same provider by hand.
    repository.edit(|state| {
        state["oidc_providers"]["gitlab-com"]["ClientIds"] = json!(["by-hand", "sts.aliyuncs.com"]);
    });
    let consent = ["--yes", "--allow=may-break-sign-in"];
    let apply = [&["apply", SANDBOX, "--plan=plan.json"], &consent[..]].concat();
    let refused = repository.run(&apply).with_code(4);
    insta::assert_snapshot!("gitops-2-refused", refused.golden());
    let live = repository.file(ALIBABA);
    assert!(live.contains("by-hand"), "nothing was written");

    // The saved plan can still be shown, though it is stale.
    let shown = repository.run(&["show", "plan.json"]).with_code(0);
    assert_eq!(shown.stdout, planned.stdout);

    // Planned again, reviewed again, applied; now by the digest alone.
    let planned = repository
        .run(&["plan", SANDBOX, "--format=json", "idp"])
        .with_code(0);
    let digest = planned.json()["digest"]
        .as_str()
        .expect("a digest")
        .to_owned();
    let expect = format!("--expect={digest}");
    let apply = [&["apply", SANDBOX, &expect, "idp"], &consent[..]].concat();
    let applied = repository.run(&apply).with_code(0);
    insta::assert_snapshot!("gitops-3-applied", applied.golden());

    // What an apply leaves behind can be shown too, and what is no report is told.
    let apply = [&["apply", SANDBOX, "--format=json", "idp"], &consent[..]].concat();
    let nothing = repository.run(&apply).with_code(0);
    repository.0.write("apply.json", &nothing.stdout);
    let shown = repository.run(&["show", "apply.json"]).with_code(0);
    assert!(
        shown
            .stdout
            .ends_with("Apply: no change was tried; exit code 0.\n"),
        "{shown:?}"
    );
    let shown = repository
        .run(&["show", "apply.json", "--format=json"])
        .with_code(0);
    assert_eq!(shown.stdout, nothing.stdout);
    let shown = repository
        .run(&["show", "apply.json", "--format=markdown"])
        .with_code(0);
    assert!(shown.stdout.starts_with("## Apply\n"), "{shown:?}");
    let refused = repository
        .run(&["show", "apply.json", "--format=html"])
        .with_code(1);
    assert!(
        refused
            .stderr
            .contains("a report of apply has no form html")
    );
    repository.0.write("planned.json", &planned.stdout);
    let refused = repository.run(&["show", "planned.json"]).with_code(1);
    assert!(
        refused.stderr.contains("save one with `plan --out`"),
        "{refused:?}"
    );

    let clean = repository.run(&["drift", SANDBOX, "idp"]).with_code(0);
    insta::assert_snapshot!("gitops-4-clean", clean.golden());

    // At night somebody adds a provider by hand.
    repository.edit(|state| {
        let mut rogue = state["oidc_providers"]["gitlab-com"].clone();
        rogue["IssuerUrl"] = "https://rogue.example".into();
        state["oidc_providers"]["backdoor"] = rogue;
    });
    let found = repository
        .run(&["drift", SANDBOX, "--format=markdown", "idp"])
        .with_code(2);
    insta::assert_snapshot!("gitops-5-rogue", found.golden());
}

#[test]
fn a_saved_plan_that_is_not_as_it_was_written_is_refused() {
    let repository = Repository::applied();
    let saved = ["plan", SANDBOX, "--out=plan.json", "idp"];
    let _ = repository.run(&saved).with_code(0);
    let whole = repository.file("plan.json");
    let mut newer: Value = serde_json::from_str(&whole).expect("JSON");
    newer["format_version"] = "2.0".into();
    for (text, expected) in [
        (whole.replacen("gitlab-com", "gitlab-org", 1), "checksum"),
        (whole[..whole.len() / 2].to_owned(), "no saved plan"),
        (newer.to_string(), "format 2.0"),
        ("[]".to_owned(), "no saved plan"),
        (String::new(), "no saved plan"),
    ] {
        repository.0.write("plan.json", text);
        for command in [
            &["show", "plan.json"][..],
            &["apply", SANDBOX, "--plan=plan.json", "--yes"],
        ] {
            let refused = repository.run(command).with_code(1);
            assert!(
                refused.stderr.contains(expected),
                "{expected}: {}",
                refused.stderr
            );
        }
    }
    let other = "0123456789abcdef0123456789abcdef";
    let expect = format!("--expect={other}");
    let refused = repository
        .run(&["apply", SANDBOX, &expect, "--yes", "idp"])
        .with_code(4);
    assert!(refused.stderr.contains("nothing was written"));
}

#[test]
fn what_the_operator_guards_no_manifest_can_weaken() {
    let repository = Repository::applied();
    repository.0.write(
        "operator.toml",
        "[guards]\nprotect = [\"alibaba-prod/AlibabaOidcProvider/k8s-*\"]\n",
    );
    repository.change(
        "idp/workload.yaml",
        "issuer: https://oidc.k8s.acme.example/prod",
        "issuer: https://oidc.k8s.acme.example/other",
    );
    let arguments = ["plan", SANDBOX, "--config=operator.toml", "idp"];
    let guarded = repository.run(&arguments).with_code(3);
    assert!(
        guarded
            .stdout
            .contains("the operator's configuration protects it"),
        "{guarded:?}"
    );
    let all = ["--yes", "--allow=destroys", "--allow=may-break-sign-in"];
    let apply = [
        &["apply", SANDBOX, "--config=operator.toml", "idp"],
        &all[..],
    ]
    .concat();
    let _ = repository.run(&apply).with_code(3);
    // A part of the manifests that leaves it out says so, and goes on.
    let part = [
        "plan",
        SANDBOX,
        "--config=operator.toml",
        "--account=tencent-*",
        "idp",
    ];
    let part = repository.run(&part).with_code(0);
    assert!(
        part.stdout.contains("Partial plan: accounts tencent-*"),
        "{}",
        part.stdout
    );
}

#[test]
fn a_plan_that_would_change_too_much_at_once_is_refused() {
    let binary = Binary::alone();
    let mut texts = vec![
        "apiVersion: idform/v1\nkind: Account\nmetadata: {name: a}\nspec: {cloud: alibaba, requestsPerSecond: 20}\n".to_owned(),
    ];
    texts.extend((0..8).map(|n| {
        let spec = json!({
            "issuer": format!("https://ci-{n}.acme.example"),
            "clientIds": ["sts.aliyuncs.com"],
            "fingerprints": ["902ef2deeb3c5b13ea4c3d5193629309e231ae55"],
            "description": "before",
        });
        crate::support::document("AlibabaOidcProvider", &format!("ci-{n}"), "a", &spec)
    }));
    for (number, text) in texts.iter().enumerate() {
        binary.write(&format!("idp/{number}.yaml"), text);
    }
    let _ = binary.run(&["apply", SANDBOX, "--yes", "idp"]).with_code(0);
    for (number, text) in texts.iter().enumerate() {
        binary.write(
            &format!("idp/{number}.yaml"),
            text.replace("before", "after"),
        );
    }
    let refused = binary.run(&["apply", SANDBOX, "--yes", "idp"]).with_code(3);
    assert!(
        refused
            .stderr
            .contains("8 of 8 live AlibabaOidcProvider objects"),
        "{refused:?}"
    );
    assert!(
        refused.stdout.contains("Plan: 8 to update"),
        "the plan is printed whole"
    );
    for (max, code) in [("7", 3), ("50%", 3), ("8", 0)] {
        let max = format!("--max-changes={max}");
        let _ = binary
            .run(&["apply", SANDBOX, "--yes", &max, "idp"])
            .with_code(code);
    }
}
