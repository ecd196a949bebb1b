use serde_json::json;

use super::*;
use crate::clouds::credentials::{Credentials, Start};
use crate::clouds::testing::one_exchange;
use crate::net::http::HttpOptions;
use crate::provider::CloudClient as _;

const NONCE: &str = "0123456789abcdef0123456789abcdef";
/// 2025-01-15T08:30:00Z.
const NOW: i64 = 1_736_929_800;

fn client(endpoint: Option<&str>, token: Option<&str>) -> Client {
    let http = Http::new(HttpOptions::default());
    let found = Credentials::new(Start::Found(keys(token)), "a test");
    Client {
        keeper: Keeper::new(http.clone(), std::sync::Arc::new(|_| None), found),
        http,
        endpoint: endpoint.map(|text| Endpoint::parse(text).unwrap()),
    }
}

fn keys(token: Option<&str>) -> Keys {
    let id = if token.is_some() {
        "STS.testAccessKeyId"
    } else {
        "testAccessKeyId"
    };
    Keys {
        id: id.to_owned(),
        secret: Secret::new("testAccessKeySecret"),
        token: token.map(Secret::new),
        ends: None,
    }
}

fn header<'a>(request: &'a Request, name: &str) -> Option<&'a str> {
    let (_, text) = request.headers.iter().find(|(header, _)| *header == name)?;
    Some(match text {
        HeaderText::Plain(text) => text,
        HeaderText::Secret(secret) => secret.expose(),
    })
}

#[test]
fn a_read_travels_in_the_query_as_in_vector_a() {
    let call = Call::rpc(
        "Ims",
        "GetOIDCProvider",
        json!({"OIDCProviderName": "TestOIDCProvider"}),
    );
    let request = client(None, None)
        .request(&call, Some(&keys(None)), NOW, NONCE)
        .unwrap();
    assert_eq!(
        request.url,
        "https://ims.aliyuncs.com/?OIDCProviderName=TestOIDCProvider"
    );
    assert!(request.body.is_empty());
    assert_eq!(header(&request, "content-type"), None);
    assert_eq!(header(&request, "accept"), Some("application/json"));
    assert_eq!(header(&request, "host"), None);
    assert!(
        header(&request, "authorization").unwrap().ends_with(
            "Signature=d9f5c90d6dcc0f010f5f8d8fa4e7fb5e9c5b086ed77c5fd481c9ecfa20ad0e21"
        )
    );
}

#[test]
fn a_write_travels_in_a_signed_form_body_as_in_vector_d() {
    let call = Call::rpc(
        "Ims",
        "CreateSAMLProvider",
        json!({
            "SAMLProviderName": "corp-idp", "EncodedSAMLMetadataDocument": "PHNhbWw+PC9zYW1sPg==",
            "Description": null,
        }),
    );
    let request = client(None, None)
        .request(
            &call,
            Some(&keys(None)),
            NOW + 3,
            "ffeeddccbbaa99887766554433221100",
        )
        .unwrap();
    assert_eq!(request.url, "https://ims.aliyuncs.com/");
    assert_eq!(
        request.body,
        b"EncodedSAMLMetadataDocument=PHNhbWw%2BPC9zYW1sPg%3D%3D&SAMLProviderName=corp-idp"
    );
    assert_eq!(header(&request, "content-type"), Some(FORM));
    assert!(
        header(&request, "authorization").unwrap().ends_with(
            "Signature=d0d159f7eb6cbb2fff8b57dd2a2602d95f0bb646f45edc9318a5ecdaacb42607"
        )
    );
}

#[test]
fn parameters_are_texts() {
    let params = json!({
        "a": "x y", "b": 12, "c": true, "d": null, "e": [{"Key": "k"}],
    });
    let parameters = parameters(&params);
    let told: Vec<_> = parameters
        .iter()
        .map(|(name, text)| (*name, text.as_str()))
        .collect();
    assert_eq!(
        told,
        [
            ("a", "x y"),
            ("b", "12"),
            ("c", "true"),
            ("e", r#"[{"Key":"k"}]"#)
        ]
    );
    assert!(super::parameters(&Value::Null).is_empty());
}

#[test]
fn a_token_is_signed_and_stays_secret() {
    let call = Call::rpc("Sts", "GetCallerIdentity", Value::Null);
    let client = client(Some("http://127.0.0.1:9002"), Some("canary-token"));
    let keys = keys(Some("canary-token"));
    let request = client.request(&call, Some(&keys), NOW, NONCE).unwrap();
    assert_eq!(request.url, "http://127.0.0.1:9002/");
    assert_eq!(
        header(&request, "x-acs-security-token"),
        Some("canary-token")
    );
    assert_eq!(
        header(&request, "x-acs-accesskey-id"),
        Some("STS.testAccessKeyId")
    );
    assert_eq!(header(&request, "x-acs-version"), Some("2015-04-01"));
    let authorization = header(&request, "authorization").unwrap();
    assert!(authorization.contains(
        "SignedHeaders=host;x-acs-accesskey-id;x-acs-action;x-acs-content-sha256;x-acs-date;x-acs-security-token;x-acs-signature-nonce;x-acs-version,"
    ));
    let shown = format!("{request:?}");
    assert!(!shown.contains("canary-token") && !shown.contains("Signature="));
}

#[test]
fn calls_of_other_clouds_are_refused() {
    let call = Call::rpc("cam", "DescribeOIDCConfig", Value::Null);
    let error = client(None, None)
        .request(&call, Some(&keys(None)), NOW, NONCE)
        .unwrap_err();
    assert_eq!(error.class, ErrorClass::Invalid);
}

/// Codes of one class, and its word.
const CODES: &[(u16, &[&str], &str)] = &[
    (
        400,
        &[
            "Throttling",
            "Throttling.User",
            "Throttling.Api",
            "Throttling.Resource",
            "Rejected.Throttling",
        ],
        "throttled",
    ),
    (429, &["Busy"], "throttled"),
    (
        503,
        &["ServiceUnavailable", "ServiceUnavailableTemporary"],
        "unavailable",
    ),
    (500, &["InternalError", "Odd"], "unavailable"),
    (400, &["SignatureNonceUsed"], "unavailable"),
    (400, &["InvalidTimeStamp.Expired"], "clock-skewed"),
    (
        409,
        &[
            "EntityAlreadyExists.OIDCProvider",
            "EntityAlreadyExists.OIDCProvider.Url",
            "DeleteConflict.Role.Policy",
            "Odd",
        ],
        "conflict",
    ),
    (
        404,
        &[
            "EntityNotExist.OIDCProvider",
            "EntityNotExist.OIDCProvider.Fingerprint",
            "EntityNotExist.SAMLProviderError",
        ],
        "not-found",
    ),
    (
        409,
        &[
            "LimitExceeded.OIDCProvider",
            "LimitExceeded.OIDCProvider.ClientId",
        ],
        "quota",
    ),
    (
        403,
        &[
            "NoPermission",
            "NoPermission.RAM",
            "Forbidden",
            "Forbidden.RAM",
            "Inactive",
            "Odd",
        ],
        "denied",
    ),
    (401, &["AuthenticationFail.NoPermission"], "denied"),
    (
        400,
        &[
            "InvalidAccessKeyId.NotFound",
            "InvalidAccessKeyId.Inactive",
            "SignatureDoesNotMatch",
            "IncompleteSignature",
            "InvalidSecurityToken.Malformed",
            "InvalidSecurityToken.MismatchWithAccessKey",
            "MissingSecurityToken",
        ],
        "auth",
    ),
    (
        401,
        &["AuthenticationFail.OIDCToken.Expired", "Odd"],
        "auth",
    ),
    (403, &["InvalidSecurityToken.Expired"], "token-expired"),
    (
        400,
        &[
            "InvalidParameter.IssuerUrl",
            "InvalidParameter",
            "InvalidTimeStamp.Format",
            "IllegalTimestamp",
            "MissingSAMLProviderName",
            "MissingParameter",
            "MalformedPolicyDocument",
            "InvalidVersion",
            "InvalidProtocol.NeedSsl",
            "UnsupportedHTTPMethod",
            "Odd",
        ],
        "invalid",
    ),
    // An unknown action has status 404 as well and must never read as an absent object.
    (404, &["InvalidAction.NotFound", "Odd"], "invalid"),
];

#[test]
fn codes_are_sorted_as_the_fact_sheet_says() {
    for (status, codes, word) in CODES {
        for code in *codes {
            let body =
                json!({"RequestId": "R-1", "HostId": "h", "Code": code, "Message": "because"});
            let error =
                sort_answer("X", &Answered::new(*status, &[], body.to_string())).unwrap_err();
            assert_eq!(error.class.word(), *word, "{status} {code}");
            assert_eq!(error.code.as_deref(), Some(*code));
            assert_eq!(error.request_id.as_deref(), Some("R-1"));
            assert_eq!(error.status, Some(*status));
        }
    }
}

#[test]
fn waits_are_milliseconds_in_the_cloud_s_own_header() {
    let body = r#"{"Code":"Throttling.User","Message":"slow"}"#;
    for (headers, expected) in [
        (
            &[("x-acs-retry-after", "1500")][..],
            Some(Duration::from_millis(1500)),
        ),
        (&[("x-acs-retry-after", "0")], None),
        (&[("x-acs-retry-after", "soon")], None),
        (&[("retry-after", "2")], Some(Duration::from_secs(2))),
        (&[], None),
    ] {
        let error = sort_answer("X", &Answered::new(400, headers, body)).unwrap_err();
        assert_eq!(error.class, ErrorClass::Throttled { wait: expected });
    }
}

#[test]
fn every_form_of_answer_is_read() {
    let ok = sort_answer(
        "X",
        &Answered::new(200, &[], r#"{"RequestId":"R","OIDCProvider":{}}"#),
    );
    assert_eq!(ok.unwrap().request_id.as_deref(), Some("R"));
    let with_id = [("x-acs-request-id", "H")];
    for (status, body, word, code, request_id) in [
        (200, "", "protocol", None, Some("H")),
        (200, "<html>ok</html>", "protocol", None, Some("H")),
        (200, "[]", "protocol", None, Some("H")),
        (
            200,
            r#"{"Code":"Throttling","Message":"m"}"#,
            "throttled",
            Some("Throttling"),
            Some("H"),
        ),
        (
            404,
            r#"{"code":"EntityNotExist.OIDCProvider","message":"m","requestId":"r"}"#,
            "not-found",
            Some("EntityNotExist.OIDCProvider"),
            Some("r"),
        ),
        (400, r#"{"RequestId":"R"}"#, "protocol", None, Some("R")),
        (
            502,
            "<html>bad gateway</html>",
            "unavailable",
            None,
            Some("H"),
        ),
        (503, r#"{"Code":7}"#, "unavailable", None, Some("H")),
    ] {
        let error = sort_answer("X", &Answered::new(status, &with_id, body)).unwrap_err();
        assert_eq!(error.class.word(), word, "{status} {body}");
        assert_eq!(error.code.as_deref(), code, "{body}");
        assert_eq!(error.request_id.as_deref(), request_id, "{body}");
    }
}

#[test]
fn messages_say_what_is_needed_and_never_quote_the_request() {
    let denied = json!({
        "Code": "NoPermission", "Message": "no", "RequestId": "R",
        "AccessDeniedDetail": {"AuthAction": "ram:GetOIDCProvider"},
    });
    let error = sort_answer("X", &Answered::new(403, &[], denied.to_string())).unwrap_err();
    assert_eq!(error.message, "no (needs ram:GetOIDCProvider)");
    let unsigned = json!({
        "Code": "SignatureDoesNotMatch",
        "Message": "server string to sign is: x-acs-security-token:canary-token",
    });
    let error = sort_answer("X", &Answered::new(400, &[], unsigned.to_string())).unwrap_err();
    assert!(!error.to_string().contains("canary"), "{error}");
}

#[test]
fn pages_are_followed_until_the_last() {
    let call = Call::rpc("Ims", "ListOIDCProviders", json!({"MaxItems": 100}));
    let page =
        |truncated: Value, marker: Value| json!({"IsTruncated": truncated, "Marker": marker});
    let of = |pages: &[Value]| Reply {
        body: pages[0].clone(),
        more: pages[1..].to_vec(),
        ..Reply::default()
    };
    let next = |call: &Call, reply: &Reply| {
        page_after(call, reply).map(|call| call.params["Marker"].as_str().unwrap().to_owned())
    };
    for (reply, expected, cut_short) in [
        (of(&[page(true.into(), "m1".into())]), Some("m1"), true),
        (of(&[page("true".into(), "m1".into())]), Some("m1"), true),
        (
            of(&[
                page(true.into(), "m1".into()),
                page(true.into(), "m2".into()),
            ]),
            Some("m2"),
            true,
        ),
        (of(&[page(false.into(), "m1".into())]), None, false),
        (
            of(&[
                page(true.into(), "m1".into()),
                page(false.into(), Value::Null),
            ]),
            None,
            false,
        ),
        (of(&[json!({})]), None, false),
        // Truncated, and no way on: the list is not whole.
        (of(&[page(true.into(), "".into())]), None, true),
        (of(&[page(true.into(), Value::Null)]), None, true),
        // A marker that comes again would turn in circles.
        (
            of(&[
                page(true.into(), "m1".into()),
                page(true.into(), "m1".into()),
            ]),
            None,
            true,
        ),
    ] {
        assert_eq!(next(&call, &reply).as_deref(), expected, "{reply:?}");
        assert_eq!(is_cut_short(&reply), cut_short, "{reply:?}");
    }
    let second = page_after(&call, &of(&[page(true.into(), "m1".into())])).unwrap();
    assert_eq!(second.params, json!({"MaxItems": 100, "Marker": "m1"}));
    assert_eq!(next(&second, &of(&[page(true.into(), "m1".into())])), None);
}

#[tokio::test]
async fn an_endpoint_that_nobody_listens_at_is_unreachable() {
    // Port 1 of loopback: nothing listens there, and connecting fails at once.
    let client = client(Some("http://127.0.0.1:1"), None);
    let call = Call::rpc("Sts", "GetCallerIdentity", Value::Null);
    let error = client.send(&call, NOW).await.unwrap_err();
    assert_eq!(error.class, ErrorClass::Unreachable);
}

#[tokio::test]
async fn what_goes_over_the_wire_is_what_was_signed() {
    let name = json!({"OIDCProviderName": "a b*(c)~'é"});
    for (action, target, body) in [
        (
            "GetOIDCProvider",
            "/?OIDCProviderName=a%20b%2A%28c%29~%27%C3%A9",
            "",
        ),
        (
            "DeleteOIDCProvider",
            "/",
            "OIDCProviderName=a%20b%2A%28c%29~%27%C3%A9",
        ),
    ] {
        let (base, exchange) = one_exchange(r#"{"RequestId":"R-9"}"#);
        let client = client(Some(&base), None);
        let call = Call::rpc("Ims", action, name.clone());
        let reply = client.send(&call, NOW).await.unwrap();
        assert_eq!(reply.request_id.as_deref(), Some("R-9"));
        let sent = exchange.join().unwrap();
        let (head, sent_body) = sent.split_once("\r\n\r\n").unwrap();
        assert!(
            head.starts_with(&format!("POST {target} HTTP/1.1\r\n")),
            "{head}"
        );
        let host = base.strip_prefix("http://").unwrap();
        assert!(
            head.lines().any(|line| line == format!("host: {host}")),
            "{head}"
        );
        let length = format!("content-length: {}", body.len());
        assert!(head.lines().any(|line| line == length), "{head}");
        assert_eq!(sent_body, body);
    }
}
