use serde_json::json;

use super::*;
use crate::clouds::testing::{calls, create, failure, fields, reply, update};
use crate::provider::Phase;

const KIND: &OidcProvider = &OidcProvider;

fn provider(name: &str) -> Value {
    json!({
        "OIDCProviderName": name, "Arn": format!("acs:ram::1234567890123456:oidc-provider/{name}"),
        "IssuerUrl": format!("https://{name}.example"), "ClientIds": "b,a",
        "Fingerprints": "902EF2DEEB3C5B13EA4C3D5193629309E231AE55", "Description": "CI",
        "IssuanceLimitTime": 12, "CreateDate": "2026-02-01T00:00:00Z",
        "GmtCreate": "1769904000000",
    })
}

fn live(raw: &Value) -> Live {
    read_provider(raw).unwrap().1
}

fn list(names: &[&str]) -> Value {
    let items: Vec<Value> = names.iter().map(|name| provider(name)).collect();
    json!({"OIDCProviders": {"OIDCProvider": items}, "IsTruncated": false, "RequestId": "R"})
}

fn word(observation: &Observation) -> &str {
    match observation {
        Observation::Present(_) => "present",
        Observation::Absent(_) => "absent",
        Observation::Unreadable(error) => error.class.word(),
    }
}

#[test]
fn one_list_reads_an_account_and_one_get_an_object() {
    let wanted = ["a".to_owned(), "b".to_owned()];
    let told = |scope| -> Vec<(&str, Value)> {
        let reads = KIND.reads(scope).into_iter();
        reads.map(|Read(call)| (call.name, call.params)).collect()
    };
    assert_eq!(
        told(Scope::Account(&wanted)),
        [("ListOIDCProviders", json!({"MaxItems": 100}))]
    );
    assert_eq!(
        told(Scope::One("a")),
        [("GetOIDCProvider", json!({"OIDCProviderName": "a"}))]
    );
}

#[test]
fn live_fields_are_canonical() {
    for (changes, expected) in [
        (json!({}), json!({})),
        (json!({"ClientIds": ""}), json!({"clientIds": []})),
        (json!({"ClientIds": null}), json!({"clientIds": []})),
        (
            json!({"ClientIds": " b , a,,b"}),
            json!({"clientIds": ["a", "b"]}),
        ),
        (json!({"Fingerprints": ""}), json!({"fingerprints": []})),
        (
            json!({"Fingerprints": "BB:cc, aa,AA"}),
            json!({"fingerprints": ["aa", "bbcc"]}),
        ),
        (json!({"Description": null}), json!({"description": ""})),
        (
            json!({"IssuanceLimitTime": "24"}),
            json!({"issuanceLimitHours": 24}),
        ),
    ] {
        let mut raw = provider("ci");
        raw.as_object_mut()
            .unwrap()
            .extend(changes.as_object().unwrap().clone());
        let mut whole = json!({
            "issuer": "https://ci.example", "clientIds": ["a", "b"],
            "fingerprints": ["902ef2deeb3c5b13ea4c3d5193629309e231ae55"], "description": "CI",
            "issuanceLimitHours": 12,
        });
        whole
            .as_object_mut()
            .unwrap()
            .extend(expected.as_object().unwrap().clone());
        assert_eq!(*live(&raw).fields, fields(&whole), "{changes}");
    }
    let sparse = json!({"OIDCProviderName": "ci", "IssuerUrl": "https://ci.example"});
    assert_eq!(
        *live(&sparse).fields,
        fields(&json!({
            "issuer": "https://ci.example", "clientIds": [], "fingerprints": [], "description": "",
        }))
    );
    for odd in [
        json!(null),
        json!([]),
        json!({"OIDCProviderName": "ci"}),
        json!({"IssuerUrl": "x"}),
    ] {
        assert!(read_provider(&odd).is_none(), "{odd}");
    }
}

#[test]
fn a_list_tells_of_the_wanted_and_of_the_others() {
    let wanted = ["a".to_owned(), "gone".to_owned()];
    let two_pages = Ok(Reply {
        body: list(&["x", "a"]),
        more: vec![list(&["y"])],
        request_id: None,
        ..Reply::default()
    });
    let mut cut = list(&["a"]);
    cut["IsTruncated"] = true.into();
    let mut odd = list(&["a", "x"]);
    odd["OIDCProviders"]["OIDCProvider"][1] = json!({"OIDCProviderName": 5});
    for (answer, expected, others) in [
        (two_pages, ["present", "absent"], Some(vec!["x", "y"])),
        (reply(list(&[])), ["absent", "absent"], Some(vec![])),
        (
            reply(json!({"RequestId": "R"})),
            ["absent", "absent"],
            Some(vec![]),
        ),
        (
            reply(json!({"OIDCProviders": {}})),
            ["absent", "absent"],
            Some(vec![]),
        ),
        // What a list lacks that is not whole may still be there.
        (reply(cut), ["present", "protocol"], None),
        (reply(odd), ["present", "protocol"], None),
        (failure(ErrorClass::Denied), ["denied", "denied"], None),
        // A list that is "not found" says nothing about its objects.
        (
            failure(ErrorClass::NotFound),
            ["not-found", "not-found"],
            None,
        ),
    ] {
        let observed = KIND.observe(Scope::Account(&wanted), &[answer]);
        let words: Vec<_> = observed.wanted.values().map(word).collect();
        assert_eq!(words, expected);
        match (&observed.others, others) {
            (Listing::Complete(found), Some(expected)) => {
                assert_eq!(found.keys().collect::<Vec<_>>(), expected);
            }
            (Listing::NotRead, None) => {}
            (got, expected) => panic!("{got:?} instead of {expected:?}"),
        }
    }
    let observed = KIND.observe(Scope::Account(&wanted), &[]);
    assert!(observed.wanted.values().all(|one| word(one) == "protocol"));
}

#[test]
fn a_get_tells_of_one() {
    for (answers, expected) in [
        (
            vec![reply(json!({"OIDCProvider": provider("ci")}))],
            "present",
        ),
        (vec![failure(ErrorClass::NotFound)], "absent"),
        (vec![failure(ErrorClass::Unavailable)], "unavailable"),
        (vec![reply(json!({}))], "protocol"),
        (vec![reply(json!({"OIDCProvider": null}))], "protocol"),
        (vec![], "protocol"),
    ] {
        let observed = KIND.observe(Scope::One("ci"), &answers);
        assert_eq!(word(&observed.wanted["ci"]), expected);
        assert!(matches!(observed.others, Listing::NotRead));
    }
}

#[test]
fn a_create_leaves_out_what_is_empty() {
    let phases = create(KIND, &json!({"issuer": "https://a.example"})).unwrap();
    assert_eq!(
        calls(&phases),
        [(
            "CreateOIDCProvider",
            json!({"OIDCProviderName": "ci", "IssuerUrl": "https://a.example"})
        )]
    );
    assert_eq!(
        phases[0].leaves,
        Some(fields(&json!({
            "issuer": "https://a.example", "clientIds": [], "fingerprints": [], "description": "",
            "issuanceLimitHours": 12,
        })))
    );
    let whole = json!({
        "issuer": "https://a.example", "clientIds": ["a", "b"], "fingerprints": ["f1", "f2"],
        "description": "CI", "issuanceLimitHours": 24,
    });
    let phases = create(KIND, &whole).unwrap();
    assert_eq!(
        calls(&phases)[0].1,
        json!({
            "OIDCProviderName": "ci", "IssuerUrl": "https://a.example", "ClientIds": "a,b",
            "Fingerprints": "f1,f2", "Description": "CI", "IssuanceLimitTime": 24,
        })
    );
    assert_eq!(phases[0].leaves, Some(fields(&whole)));
    assert_eq!(phases[0].calls[0].again, Again::ConflictIsDone);
    create(KIND, &json!({"clientIds": ["a"]})).unwrap_err();
}

#[test]
fn an_update_sends_only_what_differs() {
    let live = live(&provider("ci"));
    let update_call = |params: Value| {
        let mut params = params;
        params["OIDCProviderName"] = "ci".into();
        ("UpdateOIDCProvider", params)
    };
    let remove = |id| {
        (
            "RemoveClientIdFromOIDCProvider",
            json!({"OIDCProviderName": "ci", "ClientId": id}),
        )
    };
    for (desired, expected) in [
        (
            json!({"clientIds": ["c", "d"]}),
            vec![update_call(json!({"ClientIds": "c,d"}))],
        ),
        (
            json!({"description": "x"}),
            vec![update_call(json!({"NewDescription": "x"}))],
        ),
        (
            json!({"description": ""}),
            vec![update_call(json!({"NewDescription": ""}))],
        ),
        (
            json!({"issuanceLimitHours": 1}),
            vec![update_call(json!({"IssuanceLimitTime": 1}))],
        ),
        (
            json!({"clientIds": ["c"], "description": "x", "issuanceLimitHours": 2}),
            vec![update_call(json!({
                "ClientIds": "c", "NewDescription": "x", "IssuanceLimitTime": 2,
            }))],
        ),
        (json!({"clientIds": []}), vec![remove("b"), remove("a")]),
        (
            json!({"clientIds": [], "description": "x"}),
            vec![
                remove("b"),
                remove("a"),
                update_call(json!({"NewDescription": "x"})),
            ],
        ),
        (
            json!({"fingerprints": ["f1"], "description": "x"}),
            vec![
                update_call(json!({"NewDescription": "x"})),
                (
                    "AddFingerprintToOIDCProvider",
                    json!({"OIDCProviderName": "ci", "Fingerprint": "f1"}),
                ),
                (
                    "RemoveFingerprintFromOIDCProvider",
                    json!({"OIDCProviderName": "ci", "Fingerprint": "902EF2DEEB3C5B13EA4C3D5193629309E231AE55"}),
                ),
            ],
        ),
    ] {
        let phases = update(KIND, &desired, &live).unwrap();
        assert_eq!(calls(&phases), expected, "{desired}");
        assert_eq!(phases[0].phase, Phase::Write);
        let mut leaves = Fields::clone(&live.fields);
        leaves.extend(fields(&desired));
        assert_eq!(phases[0].leaves.as_ref(), Some(&leaves), "{desired}");
    }
}

#[test]
fn each_call_says_how_it_may_be_repeated() {
    let live = live(&provider("ci"));
    let again = |desired: Value| -> Vec<Again> {
        let phases = update(KIND, &desired, &live).unwrap();
        phases[0].calls.iter().map(|write| write.again).collect()
    };
    assert_eq!(again(json!({"description": "x"})), [Again::Same]);
    assert_eq!(again(json!({"clientIds": []})), [Again::NotFoundIsDone; 2]);
    assert_eq!(
        again(json!({"fingerprints": ["f1"]})),
        [Again::ConflictIsDone, Again::NotFoundIsDone]
    );
}

#[test]
fn what_cannot_be_done_says_why() {
    let live = live(&provider("ci"));
    let why = update(KIND, &json!({"issuer": "https://b.example"}), &live).unwrap_err();
    assert!(why.contains("issuer"), "{why}");
    let why = update(KIND, &json!({"fingerprints": []}), &live).unwrap_err();
    assert!(why.contains("fingerprint"), "{why}");
}

#[test]
fn a_removal_deletes_and_may_find_nothing() {
    let live = live(&provider("ci"));
    let phases = KIND
        .writes(Intent::Remove {
            identity: "ci",
            live: &live,
        })
        .unwrap();
    assert_eq!(
        calls(&phases),
        [("DeleteOIDCProvider", json!({"OIDCProviderName": "ci"}))]
    );
    assert_eq!(phases[0].phase, Phase::Remove);
    assert_eq!(phases[0].calls[0].again, Again::NotFoundIsDone);
    assert_eq!(phases[0].leaves, None);
}

#[test]
fn another_provider_with_the_issuer_is_a_rival() {
    let (a, b) = (live(&provider("a")), live(&provider("b")));
    let others = BTreeMap::from([("a", &*a.fields), ("b", &*b.fields)]);
    let rivals = |issuer| KIND.rivals(&fields(&json!({ "issuer": issuer })), &others);
    assert_eq!(rivals("https://a.example").len(), 1);
    assert_eq!(rivals("https://a.example")[0].0, "a");
    // Compared byte for byte, because tokens are.
    assert!(rivals("https://a.example/").is_empty());
    assert!(KIND.rivals(&Fields::new(), &others).is_empty());
}

#[test]
fn names_have_the_documented_form() {
    for good in ["a", "GitHub.Actions_1-x", "0"] {
        assert!(is_name(good), "{good}");
    }
    for bad in ["", "-a", "a.", "_", "a b", "é"] {
        assert!(!is_name(bad), "{bad}");
    }
}
