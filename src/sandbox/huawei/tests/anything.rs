//! Whatever is sent, there is an answer: a documented status and JSON, never a panic.

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

/// Statuses of `apis/huawei.md §1.4`.
const STATUSES: [u16; 11] = [200, 201, 204, 400, 401, 403, 404, 405, 409, 413, 429];

fn path() -> impl Strategy<Value = String> {
    let known = prop_oneof![
        Just("v3"),
        Just("v3.0"),
        Just("v3-ext"),
        Just("auth"),
        Just("tokens"),
        Just("OS-FEDERATION"),
        Just("identity_providers"),
        Just("identity-providers"),
        Just("openid-connect-config"),
        Just("mappings"),
        Just("protocols"),
        Just("oidc"),
        Just("metadata"),
        Just("ACME"),
        Just("%"),
        Just("%C3%28"),
        Just(""),
    ];
    prop_oneof![
        vec(known, 0..8).prop_map(|segments| format!("/{}", segments.join("/"))),
        Just(format!("{PROVIDERS}/ACME")),
        Just(format!("{MAPPINGS}/m")),
        Just(format!("{PROVIDERS}/ACME/protocols/saml")),
        Just("/v3-ext/OS-FEDERATION/identity_providers/ACME/protocols/saml/metadata".to_owned()),
        Just("/v3.0/OS-FEDERATION/identity-providers/ACME/openid-connect-config".to_owned()),
        "\\PC*",
    ]
}

fn body() -> impl Strategy<Value = Vec<u8>> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "\\PC*".prop_map(Value::from),
        Just(json!("<EntityDescriptor entityID='a'>")),
    ];
    let name = prop_oneof![
        Just("identity_provider"),
        Just("mapping"),
        Just("rules"),
        Just("local"),
        Just("remote"),
        Just("user"),
        Just("name"),
        Just("protocol"),
        Just("mapping_id"),
        Just("openid_connect_config"),
        Just("access_mode"),
        Just("signing_key"),
        Just("metadata"),
        Just("domain_id"),
        Just("xaccount_type"),
        Just("auth"),
    ];
    let tree = leaf.prop_recursive(6, 40, 6, move |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::from),
            vec((name.clone(), inner), 0..5).prop_map(|members| {
                let members = members.into_iter();
                members
                    .map(|(name, value)| (name.to_owned(), value))
                    .collect()
            }),
        ]
    });
    prop_oneof![
        tree.prop_map(|tree| tree.to_string().into_bytes()),
        vec(any::<u8>(), 0..64),
    ]
}

proptest! {
    #[test]
    fn every_request_is_answered(
        requests in vec(("GET|PUT|POST|PATCH|DELETE|HEAD", path(), "\\PC*", body()), 1..12),
        with_token in any::<bool>(),
        authorization in "(SDK-HMAC-SHA256 (Access=|Credential=)(HWSANDBOX)?[0-9a-f/]*, SignedHeaders=[a-z;-]*, Signature=[0-9a-f]*|\\PC*)",
        date in "(20240102T0304[0-9]{2}Z|\\PC*)",
    ) {
        let bench = Bench::new();
        for (method, path, query, body) in requests {
            let mut request = request(&method, &path, None);
            request.query = query;
            request.body = body;
            let mut put = |name: &str, value: &str| {
                request.headers.push((name.to_owned(), value.to_owned()));
            };
            if with_token {
                put("x-auth-token", &bench.token);
            } else {
                put("authorization", &authorization);
                put("x-sdk-date", &date);
            }
            let answer = bench.cloud.answer(&request, NOW);
            prop_assert!(STATUSES.contains(&answer.status), "{}", text(&answer));
            prop_assert!(header(&answer, "x-request-id").is_some());
            if answer.status != 204 {
                prop_assert!(serde_json::from_slice::<Value>(&answer.body).is_ok());
            }
            bench.cloud.action(&request);
            bench.cloud.account(&request);
        }
    }

    #[test]
    fn the_metadata_scanner_reads_anything(document in "([<>/=!?\"'a \\[\\]-]|EntityDescriptor|entityID|<!--|-->|ä)*") {
        crate::sandbox::huawei::saml_document::entity_id(&document);
    }
}
