//! `idform.lock`, told as a story with an issuer that rotates: locked, planned, applied, told by
//! `drift`, and what fails on the way.

use std::path::PathBuf;

use insta::internals::SettingsBindDropGuard;
use serde_json::{Value, json};

use crate::binary::{Binary, Ended};
use crate::issuer::{Answer, Chain, TestIssuer};
use crate::support::{ACCOUNTS, ALIBABA, Clouds, TENCENT, document};

/// Manifests that pin an issuer on two clouds, and the operator's configuration that trusts it.
struct Stage {
    clouds: Clouds,
    issuer: TestIssuer,
    binary: Binary,
}

impl Stage {
    fn new() -> Self {
        let clouds = Clouds::new();
        let issuer = TestIssuer::new();
        let binary = Binary::over(&clouds);
        binary.write("idp/accounts.yaml", ACCOUNTS);
        let stage = Self {
            clouds,
            issuer,
            binary,
        };
        stage.declare(&stage.issuer.url());
        stage.trust(&stage.issuer.ca());
        stage
    }

    fn declare(&self, issuer: &str) {
        let tencent = json!({
            "issuer": issuer,
            "clientIds": ["sts.acme.example"],
            "keys": {"issuer": true, "overlap": "48h"},
        });
        let alibaba = json!({
            "issuer": issuer,
            "clientIds": ["sts.acme.example"],
            "fingerprints": {"issuer": true},
        });
        let texts = [
            document("TencentOidcProvider", "ci", "tencent-prod", &tencent),
            document("AlibabaOidcProvider", "ci", "alibaba-prod", &alibaba),
        ];
        self.binary.write("idp/ci.yaml", texts.join("\n---\n"));
    }

    fn trust(&self, ca: &str) {
        self.binary.write("ca.pem", ca);
        let config = "[network]\nca = \"ca.pem\"\n[issuers]\nallow = [\"127.0.0.1\"]\n";
        self.binary.write("operator.toml", config);
    }

    fn run(&self, arguments: &[&str]) -> Ended {
        let all = [arguments, &["--config", "operator.toml"]].concat();
        self.binary.run(&all)
    }

    fn lock_path(&self) -> PathBuf {
        self.binary.path().join("idp/idform.lock")
    }

    fn lock_text(&self) -> String {
        std::fs::read_to_string(self.lock_path()).expect("a lock file")
    }

    /// Locks and applies, so that all is as it should be.
    fn settled() -> Self {
        let stage = Self::new();
        let _ = stage.run(&["lock", "idp"]).with_code(0);
        let _ = stage.run(&["apply", "--yes", "idp"]).with_code(0);
        stage
    }

    /// The kids that Tencent Cloud holds.
    fn kids(&self) -> Vec<String> {
        use base64::Engine as _;
        let state = self.clouds.state("tencent", TENCENT);
        let text = state.to_string();
        let (_, rest) = text.split_once("\"IdentityKey\":\"").expect("a key set");
        let (encoded, _) = rest.split_once('"').expect("its end");
        let set = base64::engine::general_purpose::STANDARD
            .decode(encoded)
            .expect("base64");
        let set: Value = serde_json::from_slice(&set).expect("JSON");
        let keys = set["keys"].as_array().expect("keys").iter();
        keys.map(|key| key["kid"].as_str().expect("a kid").to_owned())
            .collect()
    }

    /// How many fingerprints Alibaba Cloud holds.
    fn fingerprints(&self) -> usize {
        let state = self.clouds.state("alibaba", ALIBABA);
        let text = state["oidc_providers"]["ci"]["Fingerprints"]
            .as_array()
            .map(Vec::len);
        text.expect("fingerprints")
    }
}

/// Takes out what differs from run to run.
fn filtered() -> SettingsBindDropGuard {
    let mut settings = insta::Settings::clone_current();
    settings.add_filter(r"localhost:\d+", "localhost:PORT");
    settings.add_filter(r"\b[0-9a-f]{64}\b", "SHA256");
    settings.add_filter(r"\b[0-9a-f]{40}\b", "SHA1");
    settings.add_filter(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", "TIME");
    settings.add_filter(r"\bn: [A-Za-z0-9_-]{100,}", "n: MODULUS");
    settings.add_filter(r"Digest [0-9a-f-]+", "Digest DIGEST");
    settings.add_filter(r#""digest": "[^"]+""#, r#""digest": "DIGEST""#);
    settings.set_omit_expression(true);
    settings.bind_to_scope()
}

#[test]
fn an_issuer_is_locked_and_pinned() {
    let _filters = filtered();
    let stage = Stage::new();
    let unlocked = stage.run(&["plan", "idp"]).with_code(1);
    insta::assert_snapshot!("lock-1-not-locked", unlocked.golden());
    let behind = stage.run(&["lock", "--check", "idp"]).with_code(2);
    assert!(!stage.lock_path().exists(), "only told");
    insta::assert_snapshot!("lock-2-check", behind.golden());
    let locked = stage.run(&["lock", "idp"]).with_code(0);
    insta::assert_snapshot!(
        "lock-3-locked",
        format!("{}\n{}", locked.golden(), stage.lock_text())
    );
    assert_eq!(
        stage.issuer.count("/jwks"),
        2,
        "once in a run, however many objects"
    );
    let text = stage.lock_text();
    let again = stage.run(&["lock", "idp"]).with_code(0);
    assert!(again.stdout.contains("is current"), "{}", again.stdout);
    assert_eq!(stage.lock_text(), text);
    let _ = stage.run(&["lock", "--check", "idp"]).with_code(0);
    let calls = stage.issuer.count("/jwks");
    let plan = stage.run(&["plan", "idp"]).with_code(0);
    insta::assert_snapshot!("lock-4-plan", plan.golden());
    assert_eq!(stage.issuer.count("/jwks"), calls, "plan calls no issuer");
    let _ = stage.run(&["apply", "--yes", "idp"]).with_code(0);
    let clean = stage
        .run(&["plan", "--detailed-exitcode", "idp"])
        .with_code(0);
    assert!(clean.stdout.contains("unchanged"), "{}", clean.stdout);
    assert_eq!(stage.kids(), ["test-key-1"]);
    let drift = stage.run(&["drift", "idp"]).with_code(0);
    assert!(drift.stdout.contains("No drift."), "{}", drift.golden());
}

#[test]
fn a_rotation_is_told_locked_and_brought_to_the_clouds() {
    let _filters = filtered();
    let stage = Stage::settled();
    stage.issuer.keys(&["two"]);
    stage.issuer.present(Chain::OtherIntermediate);
    let told = stage.run(&["drift", "idp"]).with_code(2);
    insta::assert_snapshot!("lock-5-drift", told.golden());
    let json = stage
        .run(&["drift", "--format", "json", "idp"])
        .with_code(2)
        .json();
    let issuer = &json["issuers"][0];
    assert_eq!(issuer["reachable"], true);
    assert_eq!(issuer["lock_behind"], true);
    let words: Vec<&str> = issuer["changes"]
        .as_array()
        .expect("changes")
        .iter()
        .map(|change| change["change"].as_str().expect("a word"))
        .collect();
    assert_eq!(
        words,
        [
            "chain_unmatched",
            "chain_not_on_cloud",
            "key_added",
            "key_not_on_cloud",
            "key_withdrawn",
            "certificate_withdrawn",
            "key_only_on_cloud",
        ]
    );
    let _ = stage
        .run(&[
            "drift",
            "--metrics",
            "idform.prom",
            "--format",
            "markdown",
            "idp",
        ])
        .with_code(2);
    let metrics = std::fs::read_to_string(stage.binary.path().join("idform.prom"));
    let metrics = metrics.expect("metrics");
    for line in [
        "idform_issuer_reachable{issuer=",
        "idform_issuer_lock_behind{issuer=",
        "idform_issuer_certificate_days_to_expiry{issuer=",
    ] {
        assert!(metrics.contains(line), "{line}: {metrics}");
    }
    // Without a look at issuers nothing is known of them, and the clouds are as they should be.
    let _ = stage.run(&["drift", "--no-issuers", "idp"]).with_code(0);

    let locked = stage.run(&["lock", "idp"]).with_code(0);
    insta::assert_snapshot!(
        "lock-6-rotated",
        format!("{}\n{}", locked.golden(), stage.lock_text())
    );
    let plan = stage.run(&["plan", "idp"]).with_code(0);
    insta::assert_snapshot!("lock-7-plan", plan.golden());
    let _ = stage.run(&["apply", "--yes", "idp"]).with_code(0);
    assert_eq!(
        stage.kids(),
        ["test-key-1", "test-key-2"],
        "added, and nothing removed yet"
    );
    assert_eq!(stage.fingerprints(), 2);
    let _ = stage.run(&["lock", "--check", "idp"]).with_code(0);
    let _ = stage.run(&["drift", "idp"]).with_code(0);

    let _ = stage.run(&["lock", "--retire", "idp"]).with_code(0);
    let apply = ["apply", "--yes", "--allow", "may-break-sign-in", "idp"];
    let _ = stage.run(&apply).with_code(0);
    assert_eq!(stage.kids(), ["test-key-2"]);
    assert_eq!(stage.fingerprints(), 1);
}

#[test]
fn overlaps_end_by_the_lock_alone() {
    let stage = Stage::settled();
    stage.issuer.keys(&["two"]);
    let _ = stage.run(&["lock", "idp"]).with_code(0);
    // As if it had been locked three days ago: the manifest says 48 hours.
    let text = stage.lock_text();
    let (before, rest) = text
        .split_once("withdrawnSince: \"")
        .expect("one is withdrawn");
    let (_, after) = rest.split_once('"').expect("a time");
    let old = format!("{before}withdrawnSince: \"2020-01-01T00:00:00Z\"{after}");
    std::fs::write(stage.lock_path(), &old).expect("write the lock");
    let plan = stage.run(&["plan", "idp"]).with_code(0);
    assert!(
        plan.stdout.contains("test-key-2"),
        "plans never look at the clock: {}",
        plan.stdout
    );
    let check = stage.run(&["lock", "--check", "idp"]).with_code(2);
    assert!(
        check.stdout.contains("its overlap is over"),
        "{}",
        check.stdout
    );
    let _ = stage.run(&["lock", "idp"]).with_code(0);
    assert!(
        !stage.lock_text().contains("test-key-1"),
        "{}",
        stage.lock_text()
    );
}

#[test]
fn a_replaced_key_is_loud_and_taken_on_demand_only() {
    let _filters = filtered();
    let stage = Stage::settled();
    let before = stage.lock_text();
    stage.issuer.keys(&["one-replaced"]);
    let refused = stage.run(&["lock", "idp"]).with_code(1);
    insta::assert_snapshot!("lock-8-replaced", refused.golden());
    assert_eq!(stage.lock_text(), before);
    let _ = stage.run(&["lock", "--retire", "idp"]).with_code(1);
    assert_eq!(
        stage.lock_text(),
        before,
        "the end of overlaps is no consent to that"
    );
    let _ = stage.run(&["lock", "--check", "idp"]).with_code(2);
    let drift = stage.run(&["drift", "idp"]).with_code(2);
    assert!(
        drift.stdout.contains("has other material"),
        "{}",
        drift.golden()
    );
    let consent = format!("--retire={}", stage.issuer.url());
    let _ = stage.run(&["lock", &consent, "idp"]).with_code(0);
    assert_ne!(stage.lock_text(), before);
    let other = stage
        .run(&["lock", "--retire=https://nobody.example", "idp"])
        .with_code(1);
    assert!(
        other
            .stderr
            .contains("neither the manifests nor the lock file"),
        "{}",
        other.stderr
    );
}

#[test]
fn broken_answers_never_empty_what_is_locked() {
    let stage = Stage::settled();
    let before = stage.lock_text();
    for (status, body) in [
        (200, "<html>maintenance</html>"),
        (200, r#"{"keys": []}"#),
        (200, ""),
        (500, ""),
    ] {
        stage.issuer.answer(
            "/jwks",
            Answer {
                status,
                ..Answer::ok(body)
            },
        );
        let _ = stage.run(&["lock", "idp"]).with_code(1);
        let _ = stage.run(&["lock", "--check", "idp"]).with_code(1);
        assert_eq!(stage.lock_text(), before);
    }
    let drift = stage
        .run(&["drift", "--format", "json", "idp"])
        .with_code(1)
        .json();
    assert_eq!(drift["complete"], false);
    assert_eq!(drift["issuers"][0]["reachable"], false);
    let _ = stage
        .run(&["plan", "--detailed-exitcode", "idp"])
        .with_code(0);
}

#[test]
fn one_issuer_that_fails_does_not_stop_the_others() {
    let _filters = filtered();
    let stage = Stage::new();
    let spec = json!({
        "issuer": "https://127.0.0.1:1/",
        "clientIds": ["sts.acme.example"],
        "keys": {"issuer": true},
    });
    let other = document("TencentOidcProvider", "dead", "tencent-prod", &spec);
    stage.binary.write("idp/dead.yaml", &other);
    let ended = stage.run(&["lock", "idp"]).with_code(1);
    insta::assert_snapshot!("lock-9-one-fails", ended.golden());
    assert!(stage.lock_text().contains("test-key-1"));
    let json = stage
        .run(&["lock", "--format", "json", "idp"])
        .with_code(1)
        .json();
    assert_eq!(json["written"], false);
    assert_eq!(json["issuers"][0]["reachable"], false);
}

#[test]
fn guards_hold_for_the_program_too() {
    let _filters = filtered();
    let stage = Stage::new();
    // Nobody allowed anything: loopback is not public.
    let ended = stage.binary.run(&["lock", "idp"]).with_code(1);
    insta::assert_snapshot!("lock-10-private", ended.golden());
    assert_eq!(stage.issuer.count("/.well-known/openid-configuration"), 0);
    stage.declare(&format!("{}/", stage.issuer.url()));
    let slash = stage.run(&["lock", "idp"]).with_code(1);
    insta::assert_snapshot!("lock-11-slash", slash.golden());
    let stdin = stage.run(&["lock", "-"]).with_code(1);
    assert!(
        stdin.stderr.contains("standard input lies nowhere"),
        "{}",
        stdin.stderr
    );
}

#[test]
fn a_lock_for_the_other_spelling_is_pointed_at() {
    let stage = Stage::new();
    let _ = stage.run(&["lock", "idp"]).with_code(0);
    stage.declare(&format!("{}/", stage.issuer.url()));
    let plan = stage.run(&["validate", "idp"]).with_code(1);
    assert!(
        plan.stderr.contains("the slash makes another issuer"),
        "{}",
        plan.stderr
    );
}

#[test]
fn lock_files_are_read_with_care() {
    let _filters = filtered();
    let stage = Stage::settled();
    let good = stage.lock_text();
    let newer = good.replace("lockVersion: 1", "lockVersion: 2");
    std::fs::write(stage.lock_path(), newer).expect("write");
    insta::assert_snapshot!(
        "lock-12-newer",
        stage.run(&["plan", "idp"]).with_code(1).golden()
    );
    let private = good.replace("        e: AQAB\n", "        e: AQAB\n        d: AQAB\n");
    std::fs::write(stage.lock_path(), private).expect("write");
    let plan = stage.run(&["plan", "idp"]).with_code(1);
    assert!(plan.stderr.contains("lock-invalid"), "{}", plan.stderr);
    let conflict = format!("<<<<<<< ours\n{good}=======\n{good}>>>>>>> theirs\n");
    std::fs::write(stage.lock_path(), conflict).expect("write");
    let _ = stage.run(&["plan", "idp"]).with_code(1);
    #[cfg(unix)]
    {
        std::fs::remove_file(stage.lock_path()).expect("remove");
        std::os::unix::fs::symlink("/etc/passwd", stage.lock_path()).expect("link");
        let plan = stage.run(&["plan", "idp"]).with_code(1);
        assert!(
            plan.stderr.contains("not a regular file"),
            "{}",
            plan.stderr
        );
        assert!(!plan.stderr.contains("root:"));
    }
}

#[test]
fn keys_that_a_cloud_cannot_hold_are_left_out_and_said() {
    let stage = Stage::new();
    let fixture = crate::support::root().join("tests/fixtures/jwks/mixed-ec-okp-rsa-no-use.json");
    let mixed = std::fs::read(fixture).expect("a fixture");
    stage.issuer.answer("/jwks", Answer::ok(mixed));
    let _ = stage.run(&["lock", "idp"]).with_code(0);
    let plan = stage.run(&["plan", "idp"]).with_code(0);
    assert!(
        plan.stderr.contains("issuer-key-left-out"),
        "{}",
        plan.stderr
    );
    assert!(plan.stderr.contains("EC P-256"), "{}", plan.stderr);
    let _ = stage.run(&["apply", "--yes", "idp"]).with_code(0);
    let drift = stage.run(&["drift", "idp"]).with_code(0);
    assert!(
        !drift.stdout.contains("not on the cloud"),
        "{}",
        drift.stdout
    );
    let only_ec = crate::support::root().join("tests/fixtures/jwks/venafi-firefly-es256.json");
    stage.issuer.answer(
        "/jwks",
        Answer::ok(std::fs::read(only_ec).expect("a fixture")),
    );
    let _ = stage.run(&["lock", "--retire", "idp"]).with_code(0);
    let plan = stage.run(&["plan", "idp"]).with_code(1);
    assert!(
        plan.stderr
            .contains("no published key of the issuer is of a type"),
        "{}",
        plan.stderr
    );
}

#[test]
fn unused_issuers_stay_until_they_are_retired() {
    let stage = Stage::settled();
    stage.binary.write("idp/ci.yaml", "");
    let told = stage.run(&["lock", "idp"]).with_code(0);
    assert!(
        told.stdout.contains("no manifest uses it"),
        "{}",
        told.stdout
    );
    assert!(stage.lock_text().contains("test-key-1"));
    let _ = stage.run(&["lock", "--retire", "idp"]).with_code(0);
    assert!(
        stage.lock_text().contains("issuers: {}"),
        "{}",
        stage.lock_text()
    );
}
