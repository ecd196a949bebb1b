use serde_json::json;

use super::super::{World, compile};
use crate::clouds::CLOUDS;
use crate::manifest::{AllowedEnv, parse_texts};
use crate::model::{Code, Diagnostic, Value};

fn document(kind: &str, name: &str, lifecycle: &Value, spec: &Value) -> String {
    let mut spec = spec.clone();
    if kind != "Account" && spec["account"].is_null() {
        spec["account"] = "prod".into();
    }
    json!({
        "apiVersion": "idform/v1", "kind": kind, "metadata": {"name": name},
        "lifecycle": lifecycle, "spec": spec,
    })
    .to_string()
}

fn account(name: &str, number: Option<&str>) -> String {
    let mut spec = json!({"cloud": "huawei"});
    if let Some(number) = number {
        spec["accountId"] = number.into();
    }
    let text = document("Account", name, &Value::Null, &spec);
    text.replace("\"lifecycle\":null,", "")
}

fn provider(name: &str, lifecycle: &Value) -> String {
    document(
        "HuaweiIdentityProvider",
        name,
        lifecycle,
        &json!({"enabled": true}),
    )
}

fn mapping(name: &str, lifecycle: &Value) -> String {
    let rules = json!([{"local": [{"user": {"name": "{0}"}}], "remote": [{"type": "sub"}]}]);
    document("HuaweiMapping", name, lifecycle, &json!({ "rules": rules }))
}

fn protocol(name: &str, lifecycle: &Value, provider: &Value, mapping: &Value) -> String {
    let spec = json!({"identityProvider": provider, "protocol": "oidc", "mapping": mapping});
    document("HuaweiProtocol", name, lifecycle, &spec)
}

fn compiled(texts: &[String]) -> (World, Vec<Diagnostic>) {
    let mut all = vec![("account.yaml".to_owned(), account("prod", None))];
    all.extend(
        texts
            .iter()
            .enumerate()
            .map(|(at, text)| (format!("{at}.yaml"), text.clone())),
    );
    let named: Vec<(&str, &str)> = all
        .iter()
        .map(|(name, text)| (name.as_str(), text.as_str()))
        .collect();
    let (mut manifests, mut found) = parse_texts(&named, &[], CLOUDS, &AllowedEnv::default());
    let world = compile(
        &mut manifests,
        Some(&crate::lock::Lock::default()),
        &mut found,
    );
    (world, found.into_sorted())
}

/// The one finding there is.
fn finding(texts: &[String]) -> Diagnostic {
    let (_, mut found) = compiled(texts);
    assert_eq!(found.len(), 1, "{found:#?}");
    found.remove(0)
}

fn needs(world: &World, name: &str) -> Vec<String> {
    let mut objects = world.objects.values();
    let object = objects.find(|object| object.address.to_string() == name);
    let needs = object.expect("it is there").needs.iter();
    needs.map(ToString::to_string).collect()
}

#[test]
fn references_become_names_identities_and_waits() {
    let mut named: Value = serde_json::from_str(&provider("p", &json!({}))).unwrap();
    named["spec"]["name"] = "Staff".into();
    let none = json!({});
    let config = json!({"identityProvider": "p", "clientId": "acme-client"});
    let (world, found) = compiled(&[
        named.to_string(),
        mapping("m", &none),
        protocol("x", &none, &json!("p"), &json!({"external": "by-hand"})),
        document("HuaweiOidcConfig", "c", &none, &config),
    ]);
    assert_eq!(found, vec![]);
    let protocol = "prod/HuaweiProtocol/x";
    assert_eq!(needs(&world, protocol), ["prod/HuaweiIdentityProvider/p"]);
    assert_eq!(
        needs(&world, "prod/HuaweiOidcConfig/c"),
        ["prod/HuaweiIdentityProvider/p", protocol],
        "a configuration waits for the protocol of its provider too"
    );
    let object = world
        .objects
        .values()
        .find(|object| object.address.to_string() == protocol);
    assert_eq!(object.unwrap().identity, "Staff/oidc");
    assert_eq!(object.unwrap().fields["mapping"], "by-hand");
}

#[test]
fn an_external_name_that_is_declared_is_a_reference() {
    let none = json!({});
    let (world, found) = compiled(&[
        provider("p", &none),
        mapping("m", &none),
        protocol(
            "x",
            &none,
            &json!({"external": "p"}),
            &json!({"external": "m"}),
        ),
    ]);
    assert_eq!(found, vec![]);
    assert_eq!(
        needs(&world, "prod/HuaweiProtocol/x"),
        ["prod/HuaweiIdentityProvider/p", "prod/HuaweiMapping/m"]
    );
}

#[test]
fn a_dangling_reference_is_told_with_the_nearest_name() {
    let none = json!({});
    for (name, wanted, help) in [
        ("staff", "staf", "did you mean `staff`?"),
        ("staff", "guests", "{external: name-in-the-cloud}"),
    ] {
        let found = finding(&[
            provider(name, &none),
            mapping("m", &none),
            protocol("x", &none, &json!(wanted), &json!("m")),
        ]);
        assert_eq!(found.code, Code::DanglingReference);
        assert!(found.help.as_ref().unwrap().contains(help), "{found:#?}");
    }
    let found = finding(&[mapping(
        "m",
        &json!({"dependsOn": ["prod/HuaweiMapping/n"]}),
    )]);
    assert_eq!(found.code, Code::DanglingReference);
}

#[test]
fn a_circle_is_told_whole_and_once() {
    let on = |name: &str| json!({"dependsOn": [format!("prod/HuaweiMapping/{name}")]});
    let found = finding(&[
        mapping("a", &on("b")),
        mapping("b", &on("c")),
        mapping("c", &on("a")),
        mapping("d", &on("a")),
    ]);
    assert_eq!(found.code, Code::ReferenceCycle);
    assert!(found.title.starts_with("3 objects"), "{}", found.title);
    assert_eq!(found.labels.len(), 3, "each member has its place");
    // Alone with itself.
    assert_eq!(
        finding(&[mapping("a", &on("a"))]).code,
        Code::ReferenceCycle
    );
    // Two circles are two findings.
    let (_, found) = compiled(&[
        mapping("a", &on("b")),
        mapping("b", &on("a")),
        mapping("c", &on("d")),
        mapping("d", &on("c")),
    ]);
    assert_eq!(found.len(), 2);
}

#[test]
fn one_object_in_the_cloud_has_one_document() {
    let none = json!({});
    let renamed = json!({"name": "same", "enabled": true});
    // By their names in the cloud.
    let one = document("HuaweiIdentityProvider", "one", &none, &renamed);
    let two = document("HuaweiIdentityProvider", "two", &none, &renamed);
    assert_eq!(finding(&[one.clone(), two]).code, Code::DuplicateObject);
    // By an identity that is complete only after references: one says the name, one the manifest's.
    let found = finding(&[
        one,
        protocol("x", &none, &json!("one"), &json!({"external": "m"})),
        protocol(
            "y",
            &none,
            &json!({"external": "same"}),
            &json!({"external": "m"}),
        ),
    ]);
    assert_eq!(found.code, Code::DuplicateObject);
    assert_eq!(found.labels.len(), 2, "both places are shown");
    // Through two names of one account.
    let number = Some("0123456789abcdef0123456789abcdef");
    let there = |account: &str| {
        let spec = json!({"account": account, "enabled": true});
        document("HuaweiIdentityProvider", "p", &none, &spec)
    };
    let accounts = [account("east", number), account("west", number)];
    let texts = [
        accounts[0].clone(),
        accounts[1].clone(),
        there("east"),
        there("west"),
    ];
    assert_eq!(finding(&texts).code, Code::DuplicateObject);
}

#[test]
fn what_shall_be_there_refers_to_nothing_that_shall_go() {
    let (none, absent) = (json!({}), json!({"ensure": "absent"}));
    let found = finding(&[
        provider("p", &none),
        mapping("m", &absent),
        protocol("x", &none, &json!("p"), &json!("m")),
    ]);
    assert_eq!(found.code, Code::ReferenceToAbsent);
}

#[test]
fn what_goes_with_its_parent_goes_only_with_it() {
    let absent = json!({"ensure": "absent"});
    let observed = json!({"ensure": "absent", "mode": "observe"});
    let spec = json!({"identityProvider": "p"});
    let config = |lifecycle: &Value| document("HuaweiOidcConfig", "c", lifecycle, &spec);
    for (parent, part, is_fine) in [
        (json!({}), &absent, false),
        (absent.clone(), &absent, true),
        // Nobody deletes what is only observed.
        (observed.clone(), &absent, false),
        (observed.clone(), &observed, true),
    ] {
        let (_, found) = compiled(&[provider("p", &parent), config(part)]);
        let codes: Vec<Code> = found.iter().map(|found| found.code).collect();
        let expected = if is_fine {
            vec![]
        } else {
            vec![Code::CannotBeAbsent]
        };
        assert_eq!(codes, expected, "{parent}");
    }
}

#[test]
fn the_objects_of_an_account_are_its_own() {
    let spec = |account: &str| json!({"account": account, "enabled": true});
    let of = |account: &str, name: &str| {
        document("HuaweiIdentityProvider", name, &json!({}), &spec(account))
    };
    let (world, found) = compiled(&[
        account("prod-2", Some("0123456789abcdef0123456789abcdef")),
        of("prod-2", "b"),
        of("prod", "a"),
    ]);
    assert!(found.is_empty(), "{found:#?}");
    let names = |account| -> Vec<&str> {
        let objects = world.of_account(account);
        objects
            .map(|desired| desired.address.name.as_str())
            .collect()
    };
    assert_eq!(names("prod"), ["a"]);
    assert_eq!(names("prod-2"), ["b"]);
    assert!(names("pro").is_empty());
}
