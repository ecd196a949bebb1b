//! Adopting what several accounts have in common: `idform import` writes one portable document where
//! it can stand for exactly what is there, and says why where it cannot.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use proptest::prelude::*;
use serde_json::{Value, json};

use idform::compile::portable::CATALOGUE;
use idform::compile::{World, compile};
use idform::import::{Declared, Found, Import, Surveyed, Wish, manifests};
use idform::lock::Lock;
use idform::manifest::{self, AllowedEnv};
use idform::model::{Fields, KindName};
use idform::sandbox::credentials;

use crate::binary::Binary;
use crate::portable::{Trusts, portable, trusts};
use crate::support::{ACCOUNTS, ALIBABA, Clouds, HUAWEI, TENCENT, root, world};

const TENCENT_TEST: &str = "100000000002";
const ALIBABA_TEST: &str = "1234567890123457";
const HUAWEI_TEST: &str = "0123456789abcdef0123456789abcdee";

/// Two accounts on each cloud.
fn accounts() -> String {
    let mut text = ACCOUNTS.to_owned();
    for (cloud, number) in [
        ("tencent", TENCENT_TEST),
        ("alibaba", ALIBABA_TEST),
        ("huawei", HUAWEI_TEST),
    ] {
        // Writing to a text never fails.
        let _ = write!(
            text,
            "---\napiVersion: idform/v1\nkind: Account\nmetadata: {{name: {cloud}-test}}\n\
             spec: {{cloud: {cloud}, accountId: \"{number}\", requestsPerSecond: 10, \
             credentials: {{envPrefix: TEST_}}}}\n"
        );
    }
    text
}

/// The program with credentials for all six.
fn desk(clouds: &Clouds) -> Binary {
    let mut binary = Binary::over(clouds).manifests(&[&accounts()]);
    for (cloud, number) in [
        ("tencent", TENCENT_TEST),
        ("alibaba", ALIBABA_TEST),
        ("huawei", HUAWEI_TEST),
    ] {
        let cloud = idform::clouds::CLOUDS
            .iter()
            .find(|known| known.id.0 == cloud)
            .expect("a cloud");
        let keys = credentials::permanent(cloud.id.0, number).expect("keys by rule");
        binary = binary
            .env(&format!("TEST_{}", cloud.key_variables.id), &keys.key_id)
            .env(
                &format!("TEST_{}", cloud.key_variables.secret),
                &keys.secret,
            );
    }
    binary
}

/// Names that lists do not tell.
const TARGETS: [&str; 3] = [
    "--target=tencent-prod/TencentOidcProvider/ci",
    "--target=tencent-test/TencentOidcProvider/ci",
    "--target=*/*/*",
];

fn import<'a>(out: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let mut arguments = vec!["import", "0.yaml", "--account=*", "--out", out];
    arguments.extend(more);
    arguments
}

/// Every manifest below a folder, and the names of all other files.
fn shown(binary: &Binary, folder: &str) -> String {
    let root = binary.path().join(folder);
    let mut folders = vec![root.clone()];
    let mut found = BTreeMap::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let name = path
                .strip_prefix(&root)
                .expect("below")
                .display()
                .to_string();
            let is_manifest = path.extension().is_some_and(|ending| ending == "yaml");
            let text = is_manifest.then(|| std::fs::read_to_string(&path).expect("a text"));
            found.insert(name, text);
        }
    }
    let mut text = String::new();
    for (name, manifest) in found {
        let _ = writeln!(text, "==> {name}\n{}", manifest.unwrap_or_default());
    }
    text
}

/// What somebody set up in five accounts over the years: the same issuer, and people's sign-in.
fn set_up(clouds: &Clouds, binary: &Binary) {
    for (name, folder) in [("one", "keys"), ("two", "keys")] {
        let keys = root().join(format!("tests/cases/keys/{name}.jwks.json"));
        let keys = std::fs::read(keys).expect("a key set");
        binary.write(&format!("{folder}/{name}.jwks.json"), keys);
    }
    binary.copy("examples/portable/metadata", "metadata");
    binary.write(
        "federation.yaml",
        r#"
apiVersion: idform/v1
kind: OidcProvider
metadata: {name: ci}
spec:
  issuer: https://ci.acme.example
  use: workload
  clientIds: [sts.acme.example]
  keys: {file: keys/one.jwks.json}
  fingerprints: [902ef2deeb3c5b13ea4c3d5193629309e231ae55]
  description: Pipelines
  accounts:
    - account: tencent-prod
    - {account: tencent-test, set: {keys: {file: keys/two.jwks.json}, description: null}}
    - {account: alibaba-prod, set: {issuanceLimitHours: 1}}
    - {account: alibaba-test, set: {name: Pipelines, clientIds: [test.acme.example, sts.acme.example]}}
    - account: huawei-prod
      set: {rules: [{remote: [{type: sub}], local: [{user: {name: "ci {0}"}}, {group: {name: readers}}]}]}
---
apiVersion: idform/v1
kind: SamlProvider
metadata: {name: staff}
spec:
  use: workforce
  metadata: {file: metadata/idp.xml}
  accounts:
    - account: tencent-prod
    - {account: alibaba-test, set: {enabled: false}}
"#,
    );
    let applied = binary.run(&["apply", ".", "--yes", "--allow=switches-sign-in"]);
    let _ = applied.with_code(0);
    std::fs::remove_file(binary.path().join("federation.yaml")).expect("forget it");
    assert_ne!(clouds.state("tencent", TENCENT), Value::Null);
}

#[test]
fn what_accounts_have_in_common_is_one_document() {
    let clouds = Clouds::new();
    let binary = desk(&clouds);
    set_up(&clouds, &binary);
    let imported = binary.run(&import("idp", &TARGETS)).with_code(0);
    insta::assert_snapshot!("folded_said", imported.stdout);
    insta::assert_snapshot!("folded_files", shown(&binary, "idp"));
    let planned = binary.run(&["plan", "0.yaml", "idp", "--detailed-exitcode"]);
    let _ = planned.with_code(0);

    // A program reads which document stands for what.
    let told = binary.run(&import(
        "again",
        &[&TARGETS[..], &["--format=json"]].concat(),
    ));
    let told = told.with_code(0).json();
    let of = |address: &str| {
        let mut imported = told["imported"].as_array().expect("a list").iter();
        let found = imported.find(|imported| imported["address"] == address);
        found.unwrap_or_else(|| panic!("{address}: {told:#}"))["portable"].clone()
    };
    assert_eq!(of("alibaba-test/AlibabaOidcProvider/ci"), "OidcProvider/ci");
    assert_eq!(of("huawei-prod/HuaweiMapping/ci"), "OidcProvider/ci");
    assert_eq!(told["accounts"].as_array().map(Vec::len), Some(6));
    assert_eq!(told["not_folded"], json!([]));

    // Declared now, so there is nothing left.
    let mut arguments = import("more", &TARGETS);
    arguments.insert(2, "idp");
    let again = binary.run(&arguments).with_code(0);
    assert!(!binary.path().join("more").exists(), "{}", again.all());

    // Who wants each cloud's own kinds gets them, in a folder for each account.
    let imported = binary.run(&import("native", &[&TARGETS[..], &["--native"]].concat()));
    let imported = imported.with_code(0);
    assert!(
        !imported.stdout.contains("OidcProvider ci"),
        "{}",
        imported.all()
    );
    for file in [
        "alibaba-test/alibaba-oidc-provider/pipelines.yaml",
        "huawei-prod/huawei-identity-provider/ci.yaml",
        "tencent-test/tencent-oidc-provider/keys/ci.jwks.json",
    ] {
        assert!(binary.path().join("native").join(file).exists(), "{file}");
    }
    let planned = binary.run(&["plan", "0.yaml", "native", "--detailed-exitcode"]);
    let _ = planned.with_code(0);
}

#[test]
fn what_cannot_be_one_document_stays_native_with_the_reason() {
    let clouds = Clouds::new();
    let binary = desk(&clouds);
    set_up(&clouds, &binary);
    // Rules under a name that the console would not give.
    let prod = clouds.state("huawei", HUAWEI);
    clouds.edit("huawei", HUAWEI_TEST, |state| {
        *state = prod;
        let mappings = state["mappings"].as_object_mut().expect("mappings");
        let rules = mappings.remove("mapping_ci").expect("the rules");
        mappings.insert("Everybody".to_owned(), rules);
        state["protocols"]["ci"]["oidc"]["mapping_id"] = "Everybody".into();
    });
    // Two providers for one issuer.
    clouds.edit("alibaba", ALIBABA, |state| {
        let mut second = state["oidc_providers"]["ci"].clone();
        second["Description"] = "the old one".into();
        state["oidc_providers"]["ci-old"] = second;
    });
    clouds.edit("alibaba", ALIBABA_TEST, |state| {
        let providers = state["oidc_providers"].as_object_mut().expect("providers");
        let only = providers.remove("Pipelines").expect("the provider");
        providers.insert("ci".to_owned(), only);
    });
    let imported = binary.run(&import("idp", &TARGETS)).with_code(0);
    insta::assert_snapshot!("partly_folded_said", imported.stdout);
    let told = binary.run(&import(
        "again",
        &[&TARGETS[..], &["--format=json"]].concat(),
    ));
    let told = told.with_code(0).json();
    insta::assert_json_snapshot!("not_folded", told["not_folded"]);
    let planned = binary.run(&["plan", "0.yaml", "idp", "--detailed-exitcode"]);
    let _ = planned.with_code(0);
}

#[test]
fn an_account_that_cannot_be_read_keeps_nobody_else_out() {
    let clouds = Clouds::new();
    let binary = desk(&clouds);
    set_up(&clouds, &binary);
    let binary = binary.env("TEST_TENCENTCLOUD_SECRET_KEY", "wrong");
    let more = [
        "--target=tencent-prod/TencentOidcProvider/ci",
        "--target=*/*/*",
    ];
    let imported = binary.run(&import("idp", &more)).with_code(1);
    assert!(
        imported.stderr.contains("tencent-test"),
        "{}",
        imported.all()
    );
    assert!(binary.path().join("idp/oidc-provider/ci.yaml").exists());

    let nobody = binary.run(&["import", "0.yaml", "--account=gcp-*", "--out=x"]);
    let nobody = nobody.with_code(1);
    assert!(
        nobody.stderr.contains("unknown-account"),
        "{}",
        nobody.all()
    );
}

/// Everything that is wanted, by account, kind and identity.
fn wanted(world: &World) -> BTreeMap<(String, KindName, String), Fields> {
    world
        .objects
        .values()
        .map(|desired| {
            let kind = desired.kind.info().name;
            let key = (
                desired.address.account.clone(),
                kind,
                desired.identity.clone(),
            );
            (key, desired.fields.clone())
        })
        .collect()
}

/// What an import makes of a world as if it were live.
fn imported(world: &World, native: bool) -> Import {
    let mut found: BTreeMap<&str, Vec<Found>> = BTreeMap::new();
    for desired in world.objects.values() {
        let account = found.entry(&desired.address.account).or_default();
        account.push(Found {
            kind: desired.kind,
            identity: desired.identity.clone(),
            fields: desired.fields.clone(),
        });
    }
    let wishes: Vec<(Wish, Vec<Found>)> = found
        .into_iter()
        .map(|(name, found)| {
            let account = world.accounts[name].clone();
            let wish = Wish {
                cloud: idform::clouds::cloud(account.cloud).expect("a cloud"),
                targets: [].into(),
                declared: Declared::default(),
                account,
            };
            (wish, found)
        })
        .collect();
    let surveyed: Vec<Surveyed<'_>> = wishes
        .iter()
        .map(|(wish, found)| Surveyed { wish, found })
        .collect();
    manifests((!native).then_some(CATALOGUE), &surveyed)
}

/// What the files of an import want.
fn read(import: &Import) -> World {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("accounts.yaml"), ACCOUNTS).expect("write");
    for (path, text) in &import.files {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("make a folder");
        std::fs::write(path, text).expect("write");
    }
    let paths = [folder.path().to_owned()];
    let (mut manifests, mut found) =
        manifest::load(&paths, None, CATALOGUE, &AllowedEnv::default());
    let world = compile(&mut manifests, Some(&Lock::default()), &mut found);
    assert!(
        found.is_empty(),
        "valid: {:#?}\n{import:#?}",
        found.into_sorted()
    );
    world
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever accounts have in common and however they differ, the files want what was there.
    #[test]
    fn what_is_imported_wants_what_was_there(trusts in trusts(), oddity in 0..4) {
        let trusts = Trusts { lifecycle: json!({}), ..trusts };
        prop_assume!(trusts.accounts.len() > 1);
        let mut live = world(&[ACCOUNTS, &portable(&trusts)]);
        for desired in live.objects.values_mut() {
            match (oddity, desired.kind.info().name.0) {
                (1, "HuaweiMapping") => "Everybody".clone_into(&mut desired.identity),
                (1, "HuaweiProtocol") => {
                    desired.fields.insert("mapping".to_owned(), "Everybody".into());
                }
                (2, "AlibabaOidcProvider") => {
                    desired.fields.insert("issuer".to_owned(), "https://other.acme.example".into());
                }
                (3, "HuaweiIdentityProvider") => {
                    desired.fields.remove("enabled");
                }
                _ => {}
            }
        }
        let import = imported(&live, false);
        let (before, after) = (wanted(&live), wanted(&read(&import)));
        let keys: BTreeSet<_> = before.keys().collect();
        prop_assert_eq!(&keys, &after.keys().collect());
        for (key, fields) in &before {
            let info = idform::clouds::kind(key.1.0).expect("a kind").info();
            for field in info.fields {
                let (is, was) = (after[key].get(field.name), fields.get(field.name));
                prop_assert!(field.same(is, was), "{key:?} {}: {was:?}, now {is:?}", field.name);
            }
        }
        // Two providers of one issuer that are nothing odd are one document.
        if oddity == 0 {
            let portable = import.objects.iter().filter(|it| it.portable.is_some()).count();
            prop_assert_eq!(portable, import.objects.len());
            prop_assert!(import.unfolded.is_empty(), "{:?}", import.unfolded);
        }
        // The order of accounts is that of their names, so the same comes out again.
        prop_assert_eq!(&import, &imported(&live, false));
        let native = imported(&live, true);
        prop_assert!(native.objects.iter().all(|object| object.portable.is_none()));
    }
}
