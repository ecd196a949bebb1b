use serde_json::json;

use super::*;
use crate::clouds::CLOUDS;
use crate::compile::compile;
use crate::lock::Lock;
use crate::manifest::{AllowedEnv, parse_texts};
use crate::model::{Fields, Value};
use crate::provider::{Facts, Live};

const ACCOUNT: &str = r#"
apiVersion: idform/v1
kind: Account
metadata: {name: prod}
spec: {cloud: alibaba, accountId: "1234567890123456"}
"#;

const PROVIDER: &str = r#"
apiVersion: idform/v1
kind: AlibabaOidcProvider
metadata: {name: ci}
spec: {account: prod, issuer: "https://ci.acme.example", clientIds: [x, y]}
"#;

fn world(texts: &[&str]) -> World {
    let named: Vec<(&str, &str)> = texts.iter().map(|text| ("a.yaml", *text)).collect();
    let (mut manifests, mut found) = parse_texts(&named, &[], CLOUDS, &AllowedEnv::default());
    let world = compile(&mut manifests, Some(&Lock::default()), &mut found);
    assert!(found.is_empty(), "{:?}", found.into_sorted());
    world
}

fn live(world: &World, fields: Value, facts: Value) -> Snapshot {
    let members =
        |value: Value| -> Fields { value.as_object().unwrap().clone().into_iter().collect() };
    let live = Live {
        fields: members(fields).into(),
        facts: members(facts),
        ..Live::default()
    };
    let mut snapshot = Snapshot::default();
    for address in world.objects.keys() {
        let present = Observation::Present(live.clone());
        snapshot.objects.insert(address.clone(), present);
    }
    snapshot
}

fn absent(world: &World) -> Snapshot {
    let mut snapshot = Snapshot::default();
    for address in world.objects.keys() {
        let absent = Observation::Absent(Facts::new());
        snapshot.objects.insert(address.clone(), absent);
    }
    snapshot
}

#[test]
fn spelling_order_comments_and_owners_do_not_change_it() {
    let first = world(&[ACCOUNT, PROVIDER]);
    let digest = of(&first, &absent(&first));
    for other in [
        world(&[PROVIDER, ACCOUNT]),
        world(&[&format!("# why\n{ACCOUNT}---{PROVIDER}")]),
        world(&[ACCOUNT, &PROVIDER.replace("[x, y]", "[y, x, y]")]),
        world(&[
            ACCOUNT,
            &PROVIDER.replace("name: ci", "name: ci, owner: \"@acme\""),
        ]),
        world(&[
            &ACCOUNT.replace("accountId", "requestsPerSecond: 3, accountId"),
            PROVIDER,
        ]),
    ] {
        assert_eq!(of(&other, &absent(&other)), digest);
    }
    assert_eq!(digest.to_string().len(), 2 * BYTES);
}

#[test]
fn everything_that_decides_changes_it() {
    let plain = world(&[ACCOUNT, PROVIDER]);
    let spec = "spec: {account";
    let with = |lifecycle: &str| {
        let lifecycle = format!("lifecycle: {lifecycle}\n{spec}");
        world(&[ACCOUNT, &PROVIDER.replace(spec, &lifecycle)])
    };
    let mut digests = vec![
        of(&plain, &absent(&plain)),
        // Not read is not absent.
        of(&plain, &Snapshot::default()),
        of(&plain, &live(&plain, json!({}), json!({}))),
        of(&plain, &live(&plain, json!({"description": ""}), json!({}))),
        of(
            &plain,
            &live(&plain, json!({"description": "x"}), json!({})),
        ),
        of(&plain, &live(&plain, json!({}), json!({"fact": true}))),
    ];
    for other in [
        world(&[&ACCOUNT.replace("3456", "3457"), PROVIDER]),
        world(&[ACCOUNT, &PROVIDER.replace("[x, y]", "[x]")]),
        world(&[ACCOUNT, &PROVIDER.replace("[x, y]", "[]")]),
        world(&[ACCOUNT, &PROVIDER.replace(", clientIds: [x, y]", "")]),
        world(&[ACCOUNT, &PROVIDER.replace("ci.acme", "cd.acme")]),
        world(&[ACCOUNT, &PROVIDER.replace("name: ci", "name: cd")]),
        world(&[
            ACCOUNT,
            &PROVIDER.replace("account: prod", "account: prod, name: cd"),
        ]),
        with("{ensure: absent}"),
        with("{mode: observe}"),
        with("{protect: true}"),
        with("{ignore: [clientIds, issuer]}"),
    ] {
        digests.push(of(&other, &absent(&other)));
    }
    let count = digests.len();
    digests.sort();
    digests.dedup();
    assert_eq!(digests.len(), count);
}
