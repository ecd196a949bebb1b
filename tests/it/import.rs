//! Adopting what exists: `idform import` against accounts that others set up, also in ways that
//! idform itself never would.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::{Value, json};

use idform::apply::Outcome;
use idform::clouds::CLOUDS;
use idform::provider::{Field, Form};

use crate::support::{ACCOUNTS, ALIBABA, Clouds, HUAWEI, document};

/// A folder with the accounts declared, and the program over a sandbox.
struct Desk {
    clouds: Clouds,
    folder: tempfile::TempDir,
}

impl Desk {
    fn new(clouds: Clouds) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("accounts.yaml"), ACCOUNTS).expect("write");
        Self { clouds, folder }
    }

    fn run(&self, arguments: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_idform"))
            .args(arguments)
            .current_dir(self.folder.path())
            .env_clear()
            .envs(self.clouds.env())
            .output()
            .expect("the program runs")
    }

    fn import(&self, account: &str, out: &str, more: &[&str]) -> Output {
        let mut arguments = vec![
            "import",
            "accounts.yaml",
            "--account",
            account,
            "--out",
            out,
        ];
        arguments.extend(more);
        self.run(&arguments)
    }

    /// Every file below a folder, by path.
    fn files(&self, folder: &str) -> BTreeMap<String, String> {
        let root = self.folder.path().join(folder);
        let mut found = BTreeMap::new();
        let mut folders = vec![root.clone()];
        while let Some(folder) = folders.pop() {
            let Ok(entries) = std::fs::read_dir(&folder) else {
                continue;
            };
            for entry in entries {
                let path = entry.expect("an entry").path();
                if path.is_dir() {
                    folders.push(path);
                    continue;
                }
                let name = path.strip_prefix(&root).expect("below").to_string_lossy();
                let text = std::fs::read_to_string(&path).expect("a text");
                found.insert(name.into_owned(), text);
            }
        }
        found
    }

    /// No change is planned for the whole folder.
    fn assert_settled(&self) {
        let planned = self.run(&["plan", ".", "--detailed-exitcode"]);
        assert_eq!(planned.status.code(), Some(0), "{}", said(&planned));
    }
}

fn said(output: &Output) -> String {
    format!(
        "exit {:?}\n{}\n--\n{}",
        output.status.code(),
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

fn report(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", said(output)))
}

/// Every kind's full sample, with what the samples refer to.
fn samples(cloud: &str) -> Vec<String> {
    let account = format!("{cloud}-prod");
    let cloud = CLOUDS
        .iter()
        .find(|known| known.id.0 == cloud)
        .expect("a cloud");
    let mut texts = Vec::new();
    for kind in cloud.kinds {
        let info = kind.info();
        let mut spec = kind.samples().full;
        let references = info
            .fields
            .iter()
            .any(|field| !spec[field.name]["external"].is_null());
        let takes_metadata = |field: &Field| matches!(field.form, Form::Metadata { .. });
        let name = if info.name.0.starts_with("Tencent") && info.fields.iter().any(takes_metadata) {
            // There, providers of both protocols share names.
            "sample-saml"
        } else if references || info.name.0.starts_with("Tencent") {
            "sample"
        } else {
            "sample-idp"
        };
        if info.name.0 == "HuaweiMapping" {
            spec["name"] = "mapping_sample-idp".into();
        }
        if info
            .fields
            .iter()
            .any(|field| field.name == "autoRotateKeys")
        {
            spec["autoRotateKeys"] = false.into();
        }
        texts.push(document(info.name.0, name, &account, &spec));
        if !kind.scenery().is_empty() {
            texts.extend(crate::support::scenery(*kind, &account));
        }
    }
    texts
}

/// What an account has switched on one of: the ones that give way, to be made first.
fn giving_way(cloud: &str) -> Vec<(String, String)> {
    let account = format!("{cloud}-prod");
    let kinds = CLOUDS.iter().filter(|known| known.id.0 == cloud);
    kinds
        .flat_map(|cloud| cloud.kinds)
        .filter_map(|kind| {
            let info = kind.info();
            let switch = info.excludes.as_ref()?.switch;
            let on = kind.samples().full;
            let mut off = on.clone();
            off[switch] = false.into();
            let text = |spec| document(info.name.0, "sample-saml", &account, spec);
            Some((text(&on), text(&off)))
        })
        .collect()
}

fn staged(cloud: &str) -> Desk {
    let clouds = Clouds::new();
    let mut samples = samples(cloud);
    for (on, off) in giving_way(cloud) {
        clouds.apply(&[ACCOUNTS, &on]);
        for text in samples.iter_mut().filter(|text| **text == on) {
            text.clone_from(&off);
        }
    }
    let mut texts = vec![ACCOUNTS];
    texts.extend(samples.iter().map(String::as_str));
    // What is referred to from outside must be there first.
    for _ in 0..2 {
        clouds.apply(&texts);
    }
    for outcome in clouds.apply(&texts).outcomes {
        assert_eq!(outcome.outcome, Outcome::Done, "{outcome:#?}");
    }
    Desk::new(clouds)
}

fn is_write(action: &str) -> bool {
    [
        "Create", "Update", "Delete", "Disable", "Add", "Remove", "Set",
    ]
    .iter()
    .any(|verb| action.trim_start_matches("Keystone").starts_with(verb))
}

fn shown(files: &BTreeMap<String, String>) -> String {
    let mut text = String::new();
    for (path, content) in files {
        if path == "manifest.schema.json" {
            let _ = writeln!(text, "==> {path} (the schema)");
        } else if path.ends_with(".metadata.xml") {
            // That it is the right one is proved by the plan.
            let lines = content.lines().count();
            let _ = writeln!(text, "==> {path} ({lines} lines of XML)");
        } else {
            let _ = writeln!(text, "==> {path}\n{content}");
        }
    }
    text
}

#[test]
fn every_kind_comes_back_as_manifests_that_change_nothing() {
    for cloud in ["alibaba", "huawei", "tencent"] {
        let desk = staged(cloud);
        let before = desk.clouds.seen().len();
        let account = format!("{cloud}-prod");
        let target = format!("{account}/TencentOidcProvider/sample");
        let whole = format!("{account}/*/*");
        let more: &[&str] = if cloud == "tencent" {
            &["--target", &target, "--target", &whole]
        } else {
            &[]
        };
        let imported = desk.import(&account, "idp", more);
        assert_eq!(imported.status.code(), Some(0), "{}", said(&imported));
        insta::assert_snapshot!(
            format!("{cloud}_said"),
            String::from_utf8_lossy(&imported.stdout)
        );
        insta::assert_snapshot!(format!("{cloud}_files"), shown(&desk.files("idp")));
        let seen = desk.clouds.seen();
        let writes: Vec<_> = seen[before..]
            .iter()
            .filter(|seen| is_write(&seen.action))
            .collect();
        assert!(writes.is_empty(), "an import only reads: {writes:?}");
        desk.assert_settled();

        // Now all of it is declared.
        let again = desk.run(&["import", ".", "--account", &account, "--out", "more"]);
        assert_eq!(again.status.code(), Some(0), "{}", said(&again));
        assert!(!desk.folder.path().join("more").exists());

        // Without them among the paths it would be written again, over what is there.
        let files = desk.files("idp");
        let again = desk.import(&account, "idp", more);
        assert_eq!(again.status.code(), Some(1), "{}", said(&again));
        assert!(said(&again).contains("file-exists"), "{}", said(&again));
        assert_eq!(files, desk.files("idp"), "nothing was touched");
    }
}

/// A Huawei account that grew over the years.
fn foreign() -> Desk {
    let clouds = Clouds::new();
    let rules = json!([{
        "local": [{"user": {"name": "{0}"}}, {"groups": "[\"admin\",\"no\"]"}],
        "remote": [{"type": "sub", "any_one_of": ["0123", "1e3", " x"]}],
    }]);
    clouds.edit("huawei", HUAWEI, |state| {
        *state = json!({
            "identity_providers": {
                "Corp": {"sso_type": "virtual_user_sso", "description": "a: b #c", "enabled": true},
                "corp": {"sso_type": "virtual_user_sso", "description": "", "enabled": false},
                "corp.old": {"sso_type": "virtual_user_sso", "enabled": true},
                "legacy-x": {"sso_type": "virtual_user_sso", "enabled": true},
            },
            "mappings": {
                "Everybody": {"rules": rules},
                "alone": {"rules": rules},
            },
            "protocols": {
                "Corp": {
                    "oidc": {"mapping_id": "Everybody"},
                    "saml": {"mapping_id": "gone"},
                },
                "legacy-x": {"saml": {"mapping_id": "Everybody"}},
            },
            "openid_connect_configs": {
                "Corp": {
                    "access_mode": "program",
                    "idp_url": "https://login.acme.example",
                    "client_id": "client",
                    "signing_key": "not a key set",
                },
            },
        });
    });
    let desk = Desk::new(clouds);
    let accounts = ACCOUNTS.replace(
        "requestsPerSecond: 10}",
        "requestsPerSecond: 10, unmanaged: {ignore: [\"legacy-*\"]}}",
    );
    assert_ne!(accounts, ACCOUNTS);
    std::fs::write(desk.folder.path().join("accounts.yaml"), accounts).expect("write");
    desk
}

#[test]
fn what_others_set_up_is_named_and_what_cannot_be_said_is_told() {
    let desk = foreign();
    let imported = desk.import("huawei-prod", "idp", &[]);
    assert_eq!(imported.status.code(), Some(0), "{}", said(&imported));
    insta::assert_snapshot!("foreign_said", String::from_utf8_lossy(&imported.stdout));
    insta::assert_snapshot!("foreign_files", shown(&desk.files("idp")));
    desk.assert_settled();
}

#[test]
fn targets_choose_and_those_that_hit_nothing_are_said() {
    let desk = foreign();
    let target = [
        "--target",
        "huawei-prod/HuaweiIdentityProvider/Corp",
        "--format",
        "json",
    ];
    let imported = desk.import("huawei-prod", "one", &target);
    assert_eq!(imported.status.code(), Some(0), "{}", said(&imported));
    let told = report(&imported);
    assert_eq!(told["command"], "import");
    assert_eq!(told["written"], true);
    assert_eq!(
        told["imported"],
        json!([{
            "address": "huawei-prod/HuaweiIdentityProvider/corp",
            "type": "HuaweiIdentityProvider",
            "cloud_name": "Corp",
            "file": "huawei-identity-provider/corp.yaml",
            "portable": null,
        }])
    );
    // A protocol by itself refers to what is not declared here.
    let target = ["--target", "huawei-prod/HuaweiProtocol/Corp-oidc"];
    let imported = desk.import("huawei-prod", "two", &target);
    assert_eq!(imported.status.code(), Some(0), "{}", said(&imported));
    let files = desk.files("two");
    let text = &files["huawei-protocol/corp-oidc.yaml"];
    assert!(
        text.contains("identityProvider: {external: Corp}"),
        "{text}"
    );

    let target = ["--target", "huawei-prod/HuaweiMapping/nobody"];
    let missed = desk.import("huawei-prod", "three", &target);
    assert_eq!(missed.status.code(), Some(1), "{}", said(&missed));
    assert!(said(&missed).contains("target-not-found"));
    assert!(!desk.folder.path().join("three").exists());
}

#[test]
fn what_cannot_be_listed_is_said_and_found_by_name() {
    let desk = staged("tencent");
    let imported = desk.import("tencent-prod", "idp", &["--format", "json"]);
    assert_eq!(imported.status.code(), Some(0), "{}", said(&imported));
    let told = report(&imported);
    let left_out = told["left_out"].as_array().expect("a list");
    let why = left_out
        .iter()
        .find(|left_out| left_out["type"] == "TencentOidcProvider")
        .expect("it is said");
    assert_eq!(why["cloud_name"], Value::Null);
    let why = why["why"].as_str().expect("a sentence");
    assert!(
        why.contains("--target tencent-prod/TencentOidcProvider/NAME-IN-CLOUD"),
        "{why}"
    );
}

#[test]
fn what_cannot_be_read_is_an_error_and_the_rest_is_imported() {
    let desk = foreign();
    desk.clouds.fault("KeystoneListMappings=deny");
    let imported = desk.import("huawei-prod", "idp", &["--format", "json"]);
    assert_eq!(imported.status.code(), Some(1), "{}", said(&imported));
    let told = report(&imported);
    assert_eq!(
        told["diagnostics"][0]["code"], "object-unreadable",
        "{told:#}"
    );
    assert_eq!(told["written"], true);
    assert!(
        Path::new(
            &desk
                .folder
                .path()
                .join("idp/huawei-identity-provider/corp.yaml")
        )
        .exists()
    );

    let imported = desk.import("nowhere", "other", &[]);
    assert_eq!(imported.status.code(), Some(1), "{}", said(&imported));
    assert!(said(&imported).contains("unknown-account"));
}

#[test]
fn what_cannot_be_planned_again_leaves_nothing_behind() {
    let clouds = Clouds::new();
    clouds.edit("alibaba", ALIBABA, |state| {
        state["oidc_providers"]["ci"] = json!({
            "IssuerUrl": "https://ci.acme.example",
            "Fingerprints": ["902ef2deeb3c5b13ea4c3d5193629309e231ae55"],
        });
    });
    // The second list fails: what was written cannot be planned.
    clouds.fault("ListOIDCProviders=deny,skip=1");
    let desk = Desk::new(clouds);
    let imported = desk.import("alibaba-prod", "idp", &[]);
    assert_eq!(imported.status.code(), Some(1), "{}", said(&imported));
    assert!(
        said(&imported).contains("import-differs"),
        "{}",
        said(&imported)
    );
    assert!(!desk.folder.path().join("idp").exists(), "no trace is left");
}

#[test]
fn what_is_declared_stays_and_is_referred_to_by_its_name() {
    let desk = foreign();
    desk.clouds.edit("huawei", HUAWEI, |state| {
        state["mappings"]["Everybody"]["rules"][0]["remote"][0]["type"] = "${env:HOME}".into();
        state["identity_providers"]["corp"]["description"] = "two\n  lines ${env:HOME} ".into();
        state["identity_providers"]["企业"] = json!({"enabled": true});
    });
    let staff = json!({"name": "Corp"});
    let staff = document("HuaweiIdentityProvider", "staff", "huawei-prod", &staff);
    std::fs::write(desk.folder.path().join("staff.yaml"), staff).expect("write");
    let imported = desk.run(&["import", ".", "--account", "huawei-prod", "--out", "idp"]);
    assert_eq!(imported.status.code(), Some(0), "{}", said(&imported));
    let said = said(&imported);
    assert!(
        said.contains("Corp: declared already as huawei-prod/HuaweiIdentityProvider/staff"),
        "{said}"
    );
    let files = desk.files("idp");
    let protocol = &files["huawei-protocol/staff-oidc.yaml"];
    assert!(protocol.contains("identityProvider: staff\n"), "{protocol}");
    assert!(protocol.contains("$${env:HOME}"), "{protocol}");
    desk.assert_settled();
}
