//! The oracles of the fuzzer on every run: seeds, inputs that once broke one, and small changes.
//!
//! `fuzz/run` searches for more; what it finds goes to `fuzz/regressions/TARGET` and is tried here
//! from then on.

use std::fs;
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use serde_json::{Value, json};

use idform::compile::Selection;
use idform::federation::{certificate, issuer, jwks, saml_metadata};
use idform::plan::file::{Saved, from_text, to_text};
use idform::provider::{Observation, Reply, ResourceKind, Scope};

use crate::contract::acts;
use crate::support::{Clouds, root};

#[expect(unreachable_pub, reason = "shared with a crate of its own")]
#[path = "../../fuzz/oracles.rs"]
mod oracles;

use oracles::{ORACLES, identity, kinds, observed};

/// Changed seeds tried for each door.
const CHANGED: u32 = 96;

/// The files of a folder and its folders, by the end of their names.
fn files(folder: &str, end: &str) -> Vec<Vec<u8>> {
    let mut found: Vec<PathBuf> = Vec::new();
    let mut folders = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder of seeds") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.to_string_lossy().ends_with(end) {
                found.push(path);
            }
        }
    }
    found.sort();
    let read = |path: PathBuf| fs::read(path).ok();
    found.into_iter().filter_map(read).collect()
}

/// What the doors are meant for, from the files of the other tests and from the emulators.
fn seeds(door: &str) -> Vec<Vec<u8>> {
    let mut seeds = match door {
        "manifests" => [files("examples", ".yaml"), files("tests/cases", ".yaml")].concat(),
        "lock_file" => vec![LOCK.into()],
        "saved_plan" => vec![plan().into()],
        "observe" => answered(|at, way, bodies| {
            [
                &[at, way][..],
                json!({ "answers": bodies }).to_string().as_bytes(),
            ]
            .concat()
        }),
        "pages" => answered(|at, _, bodies| [&[at][..], bodies[0].to_string().as_bytes()].concat()),
        "answers" => envelopes(),
        "saml" => [
            files("tests/fixtures/saml", ".xml"),
            files("tests/fixtures/hostile", ".xml"),
        ]
        .concat(),
        "key_sets" => files("tests/fixtures/jwks", ".json"),
        "certificates" => certificates(),
        "discovery" => files("tests/fixtures/discovery", ".json")
            .into_iter()
            .map(|body| {
                let read: Value = serde_json::from_slice(&body).unwrap_or_default();
                let issuer = read["issuer"].as_str().unwrap_or("https://a.example");
                [issuer.as_bytes(), b"\n", &body].concat()
            })
            .collect(),
        "trust_policies" => files("tests/fixtures/trust", ".json"),
        "mapping_rules" => vec![RULES.into()],
        "yaml_tree" => [files("examples", ".yaml"), vec![LOCK.into()]].concat(),
        "selectors" => [
            "a/b/c\na/b/c",
            "*/TencentUserOidc/*\nx/TencentUserOidc/y",
            "a*b*c\nabc",
        ]
        .map(|text| text.as_bytes().to_vec())
        .to_vec(),
        other => panic!("no seeds for {other}"),
    };
    assert!(!seeds.is_empty(), "{door} has seeds");
    let regressions = format!("fuzz/regressions/{door}");
    if root().join(&regressions).is_dir() {
        seeds.extend(files(&regressions, ""));
    }
    seeds
}

/// Certificates in both forms in which they come: DER, and the base64 of it without armour.
fn certificates() -> Vec<Vec<u8>> {
    let mut found = Vec::new();
    for pem in files("tests/fixtures/tls", ".pem") {
        let pem = String::from_utf8(pem).expect("text");
        for part in pem.split("-----BEGIN CERTIFICATE-----").skip(1) {
            let (body, _) = part.split_once("-----END").expect("armour around it");
            found.push(certificate::decode_base64(body).expect("base64"));
            found.push(body.trim().into());
        }
    }
    found
}

const LOCK: &str = r#"lockVersion: 1
issuers:
  https://issuer.example:
    jwksUri: https://issuer.example/keys
    keys:
      - kid: "1"
        kty: RSA
        seen: 2026-01-01T00:00:00Z
    certificates:
      - role: topmost
        sha1: 902ef2deeb3c5b13ea4c3d5193629309e231ae55
"#;

const RULES: &str = r#"[{"local": [{"user": {"name": "{0}"}}, {"group": {"name": "admins"}}],
  "remote": [{"type": "sub"}, {"type": "groups", "any_one_of": ["^a.*$", ".*"], "regex": true}]}]"#;

/// Envelopes of errors and answers, one for each form that is documented.
fn envelopes() -> Vec<Vec<u8>> {
    let bodies = [
        (
            0_u8,
            200_u16,
            r#"{"Response": {"Error": {"Code": "AuthFailure.SignatureExpire", "Message": "x"}, "RequestId": "1"}}"#,
        ),
        (
            0,
            200,
            r#"{"code": 4000, "message": "m", "codeDesc": "InvalidParameter"}"#,
        ),
        (0, 200, r#"{"Response": {"RequestId": "1", "AppId": 1}}"#),
        (
            1,
            404,
            r#"{"RequestId": "1", "HostId": "h", "Code": "EntityNotExist.OIDCProvider", "Message": "m"}"#,
        ),
        (1, 429, r#"{"Code": "Throttling.User", "Message": "m"}"#),
        (1, 200, "{}"),
        (
            2,
            404,
            r#"{"error": {"code": 404, "message": "Could not find", "title": "Not Found"}}"#,
        ),
        (
            2,
            401,
            r#"{"error_msg": "x-sdk-date", "error_code": "APIGW.0301"}"#,
        ),
        (2, 503, "<html>"),
    ];
    let seed = |(cloud, status, body): (u8, u16, &str)| {
        let status = (status - 100).to_be_bytes();
        [&[cloud, status[0], status[1], 15], body.as_bytes()].concat()
    };
    bodies.map(seed).to_vec()
}

fn plan() -> String {
    let plan = Clouds::new().plan(&[
        crate::support::ACCOUNTS,
        &crate::weather::provider("ci"),
        &crate::weather::huawei("p", true),
    ]);
    let saved = Saved {
        paths: vec!["idp".into()],
        env: Vec::new(),
        selection: Selection::default(),
        plan,
    };
    to_text(&saved).expect("a plan is JSON")
}

/// A kind, by its place among all; whether one object is asked for; the bodies of the answers.
struct Told {
    kind: &'static dyn ResourceKind,
    is_one: bool,
    bodies: Vec<Value>,
}

/// What the emulators answer where an object of each kind lives.
fn told() -> Vec<Told> {
    let mut told = Vec::new();
    for act in acts() {
        let clouds = act.stage();
        let mut spec = act.kind.samples().full;
        if spec.get("name").is_none() && act.kind.info().name.0 != "HuaweiProtocol" {
            // Named as the oracle asks for it, where it has a name at all.
            if matches!(act.kind.info().naming, idform::provider::Naming::Named(_)) {
                spec["name"] = "ci".into();
            }
        }
        let text = act.document(&spec);
        let report = clouds.apply(&act.texts(&text));
        assert!(!report.outcomes.is_empty());
        let world = crate::support::world(&act.texts(&text));
        let subject = world
            .objects
            .iter()
            .find(|(address, _)| address.name == "subject")
            .expect("the subject");
        let asked = subject.1.identity.clone();
        for is_one in [true, false] {
            let wanted = [asked.clone()];
            let scope = if is_one {
                Scope::One(&asked)
            } else {
                Scope::Account(&wanted)
            };
            let bodies = clouds
                .answers(&world, &subject.0.account, &act.kind.reads(scope))
                .into_iter()
                .map(|answer| answer.map_or(Value::Null, |reply| reply.body))
                .map(|body| renamed(&body, &asked, &identity(act.kind)))
                .collect();
            told.push(Told {
                kind: act.kind,
                is_one,
                bodies,
            });
        }
    }
    told
}

/// The same answer, about an object of another name.
fn renamed(body: &Value, from: &str, to: &str) -> Value {
    if from.is_empty() || from == to {
        return body.clone();
    }
    let mut text = body.to_string();
    for (from, to) in from.split('/').zip(to.split('/')) {
        text = text.replace(&format!("\"{from}\""), &format!("\"{to}\""));
    }
    serde_json::from_str(&text).expect("still JSON")
}

fn answered(seed: impl Fn(u8, u8, &[Value]) -> Vec<u8>) -> Vec<Vec<u8>> {
    let kinds = kinds();
    let place = |kind: &dyn ResourceKind| {
        let name = kind.info().name;
        let at = kinds.iter().position(|known| known.info().name == name);
        u8::try_from(at.expect("a known kind")).expect("few kinds")
    };
    told()
        .iter()
        .map(|told| seed(place(told.kind), u8::from(told.is_one), &told.bodies))
        .collect()
}

/// What people and machines do to bytes.
fn changed(seed: &[u8], places: &[(prop::sample::Index, u8, u8)]) -> Vec<u8> {
    let mut bytes = seed.to_vec();
    for (at, what, byte) in places {
        if bytes.is_empty() {
            break;
        }
        let at = at.index(bytes.len());
        match what % 6 {
            0 => bytes[at] = *byte,
            1 => bytes[at] ^= 1 << (byte % 8),
            2 => bytes.insert(at, *byte),
            3 => drop(bytes.remove(at)),
            4 => bytes.truncate(at),
            _ => {
                let again = bytes[at..(at + usize::from(*byte)).min(bytes.len())].to_vec();
                bytes.splice(at..at, again);
            }
        }
    }
    bytes
}

/// The same random numbers on every run: what fails, fails again.
fn runner() -> TestRunner {
    let config = Config {
        cases: CHANGED,
        failure_persistence: None,
        max_shrink_iters: 400,
        ..Config::default()
    };
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    TestRunner::new_with_rng(config, rng)
}

/// Changes of what is refused at the door find nothing behind it.
#[test]
fn some_seeds_pass_each_door() {
    fn text(seed: &[u8]) -> &str {
        std::str::from_utf8(seed).unwrap_or_default()
    }
    type Door = fn(&[u8]) -> bool;
    let doors: [(&str, Door); 6] = [
        ("saved_plan", |seed| from_text(text(seed)).is_ok()),
        ("saml", |seed| saml_metadata::check(text(seed)).is_ok()),
        ("key_sets", |seed| jwks::published(seed).is_ok()),
        ("certificates", |seed| certificate::from_der(seed).is_ok()),
        ("certificates", |seed| {
            certificate::from_base64(text(seed)).is_ok()
        }),
        ("discovery", |seed| {
            let (asked, body) = text(seed).split_once('\n').unwrap_or_default();
            issuer::discovery(asked, body.as_bytes()).is_ok()
        }),
    ];
    for (door, passes) in doors {
        assert!(seeds(door).iter().any(|seed| passes(seed)), "{door}");
    }
}

#[test]
fn every_door_holds_for_its_seeds_and_for_what_once_broke_it() {
    for (door, oracle) in ORACLES {
        for seed in seeds(door) {
            oracle(&seed);
        }
    }
}

#[test]
fn every_door_holds_for_small_changes() {
    for (door, oracle) in ORACLES {
        let seeds = seeds(door);
        let places = prop::collection::vec(any::<(prop::sample::Index, u8, u8)>(), 1..6);
        let tried = runner().run(&(any::<prop::sample::Index>(), places), |(seed, places)| {
            oracle(&changed(&seeds[seed.index(seeds.len())], &places));
            Ok(())
        });
        tried.unwrap_or_else(|error| panic!("{door}: {error}"));
    }
}

#[test]
fn an_answer_that_is_no_object_tells_nothing() {
    for kind in kinds() {
        for (body, is_one) in [json!("x"), json!([]), Value::Null]
            .into_iter()
            .flat_map(|body| [(body.clone(), true), (body, false)])
        {
            // What may be concluded is the oracle's to say.
            let answer = |_: usize| {
                Ok(Reply {
                    body: body.clone(),
                    ..Reply::default()
                })
            };
            observed(kind, is_one, &answer);
        }
    }
}

/// The places of a value, as JSON pointers.
fn pointers(value: &Value, here: &str, out: &mut Vec<String>) {
    out.push(here.to_owned());
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                let name = name.replace('~', "~0").replace('/', "~1");
                pointers(member, &format!("{here}/{name}"), out);
            }
        }
        Value::Array(items) => {
            for (at, item) in items.iter().enumerate() {
                pointers(item, &format!("{here}/{at}"), out);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[test]
fn an_answer_of_another_shape_is_never_absence() {
    let mut wrong = Vec::new();
    let mut tried = 0;
    for told in told() {
        let name = told.kind.info().name;
        let reply = |bodies: &[Value], at: usize| {
            Ok(Reply {
                body: bodies.get(at).cloned().unwrap_or_default(),
                ..Reply::default()
            })
        };
        let plain = observed(told.kind, told.is_one, &|at| reply(&told.bodies, at));
        assert!(
            matches!(plain, Observation::Present(_)),
            "{name}: {plain:?}"
        );
        for (which, body) in told.bodies.iter().enumerate() {
            let mut places = Vec::new();
            pointers(body, "", &mut places);
            for place in places {
                for other in [
                    json!(7),
                    json!("x"),
                    json!([]),
                    json!([7]),
                    json!({"x": 7}),
                    json!(true),
                ] {
                    let mut bodies = told.bodies.clone();
                    let slot = bodies[which].pointer_mut(&place).expect("a place");
                    let same = std::mem::discriminant(slot) == std::mem::discriminant(&other);
                    if same {
                        continue;
                    }
                    *slot = other.clone();
                    tried += 1;
                    let found = observed(told.kind, told.is_one, &|at| reply(&bodies, at));
                    if matches!(found, Observation::Absent(_)) {
                        wrong.push(format!("{name} (one: {}): {place} = {other}", told.is_one));
                    }
                }
            }
        }
    }
    assert!(tried > 1000, "{tried} answers");
    assert_eq!(wrong, [""; 0], "{} of {tried} answers", wrong.len());
}

/// Packages of a lock file, with their versions.
fn packages(lock: &str) -> Vec<String> {
    let lock: toml::Table = fs::read_to_string(root().join(lock))
        .expect("a lock file")
        .parse()
        .expect("TOML");
    let packages = lock["package"].as_array().expect("packages");
    let named = |package: &toml::Value| {
        ["name", "version"]
            .map(|member| package[member].as_str().unwrap_or_default())
            .join(" ")
    };
    packages.iter().map(named).collect()
}

#[test]
fn the_fuzzer_tries_the_dependencies_that_ship() {
    let shipped = packages("Cargo.lock");
    let mut others = packages("fuzz/Cargo.lock");
    others.retain(|package| !shipped.contains(package));
    let names: Vec<&str> = others
        .iter()
        .filter_map(|package| package.split(' ').next())
        .collect();
    assert_eq!(
        names,
        ["arbitrary", "idform-fuzz", "jobserver", "libfuzzer-sys"],
        "cp Cargo.lock fuzz/Cargo.lock && cargo metadata --manifest-path fuzz/Cargo.toml >/dev/null: \
         {others:?}"
    );
}

/// For `fuzz/run`: writes the seeds where `IDFORM_FUZZ_SEEDS` says, a folder for each door.
#[test]
fn seeds_are_written() {
    let Some(folder) = std::env::var_os("IDFORM_FUZZ_SEEDS") else {
        return;
    };
    for (door, _) in ORACLES {
        let folder = Path::new(&folder).join(door);
        fs::create_dir_all(&folder).expect("a folder");
        for (number, seed) in seeds(door).iter().enumerate() {
            fs::write(folder.join(format!("{number:03}")), seed).expect("write a seed");
        }
    }
}
