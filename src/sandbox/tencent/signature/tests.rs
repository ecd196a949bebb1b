use serde_json::json;

use super::*;
use crate::sandbox::testing::{NOW, request, tencent, with_header};

const ID: &str = "AKIDEXAMPLE0000000000000000000000000";
const SECRET: &str = "EXAMPLEsecretKEY00000000000000000";
const JSON: &str = "application/json";
const HOST: &str = "cam.tencentcloudapi.com";

struct Vector<'a> {
    request: Request,
    timestamp: &'a str,
    scope: &'a str,
    signed: &'a str,
    id: &'a str,
    secret: &'a str,
    canonical_sha256: &'a str,
    signature: &'a str,
}

fn check(vector: &Vector<'_>) {
    let canonical = canonical_request(&vector.request, vector.signed).unwrap();
    if !vector.canonical_sha256.is_empty() {
        assert_eq!(sha256_hex(canonical.as_bytes()), vector.canonical_sha256);
    }
    let header = format!(
        "TC3-HMAC-SHA256 Credential={}/{}, SignedHeaders={}, Signature={}",
        vector.id, vector.scope, vector.signed, vector.signature
    );
    let parts = parse(&header).unwrap();
    assert_eq!(parts.key_id, vector.id);
    let signature = expected_signature(&vector.request, &parts, vector.timestamp, vector.secret);
    assert_eq!(signature.as_deref(), Some(vector.signature));
}

fn cam<'a>(body: &str, timestamp: &'a str, signature: &'a str) -> Vector<'a> {
    Vector {
        request: request("POST", "", &[("content-type", JSON), ("host", HOST)], body),
        timestamp,
        scope: "2026-01-02/cam/tc3_request",
        signed: "content-type;host",
        id: ID,
        secret: SECRET,
        canonical_sha256: "",
        signature,
    }
}

#[test]
fn vector_a_plain_post() {
    let signature = "d90371bda2270b4948cccfb5463c57c840d2c1ec7d4fba3c14c42496007904a8";
    check(&Vector {
        canonical_sha256: "79bd44706d585fc0727599190614df80dd128805c7599525e0af215b18737a89",
        ..cam(r#"{"Name": "github-actions"}"#, "1767323045", signature)
    });
}

#[test]
fn vector_a2_empty_object_on_the_international_host() {
    let signature = "9b9d6eb0b30ccae336774474e2ed2ad2e5a5fc36488c1bf788d6a0b5966d91e5";
    let headers = [
        ("content-type", JSON),
        ("host", "cam.intl.tencentcloudapi.com"),
    ];
    check(&Vector {
        request: request("POST", "", &headers, "{}"),
        canonical_sha256: "985a0e7d4c65a23c5a6f2148f123eebd563573b8e8ce645f404e3adfb9793a0d",
        ..cam("", "1767323045", signature)
    });
}

#[test]
fn vector_b_temporary_credentials() {
    let body = concat!(
        r#"{"IdentityUrl": "https://idp.example.com", "ClientId": "client-1", "#,
        r#""AuthorizationEndpoint": "https://idp.example.com/authorize", "#,
        r#""ResponseType": "id_token", "ResponseMode": "form_post", "MappingFiled": "sub", "#,
        r#""IdentityKey": "eyJrZXlzIjpbXX0=", "Scope": ["openid", "email"], "#,
        r#""Description": "prod sso", "AutoRotateKey": 0}"#,
    );
    assert_eq!(body.len(), 320);
    let signature = "c3372f801dd8c52ade7b4698f9e9ce95fddbab3f67a22139bac8402889a00759";
    let mut vector = cam(body, "1767323045", signature);
    vector.canonical_sha256 = "3b42f151fb282807113e3d954c578fb00da5543df84ccca798a010e3e199cf30";
    vector.request = with_header(vector.request, "x-tc-token", "EXAMPLE-sts-token-value-0001");
    vector.request = with_header(vector.request, "x-tc-region", "ap-guangzhou");
    check(&vector);
}

#[test]
fn vectors_c_raw_and_escaped_unicode_around_midnight() {
    let raw = "{\"Name\":\"okta\",\"Description\":\"单点登录 – prod\"}";
    assert_eq!(raw.len(), 53);
    let escaped = r#"{"Name": "okta", "Description": "\u5355\u70b9\u767b\u5f55 \u2013 prod"}"#;
    assert_eq!(escaped.len(), 71);
    let last_second = "209cea39171a0427b9b2a3a2d17a6caf594c6c3fc44686f53632a580af6c0608";
    check(&Vector {
        scope: "2025-12-31/cam/tc3_request",
        canonical_sha256: "3db779bac0ebbd1d2c92efd41f9782e317981d4b39b9286395397af1833a97cf",
        ..cam(raw, "1767225599", last_second)
    });
    let next_second = "c367306619b4ae5e87536fd04c16fff064146a22fa87131ba237222cd4fb7671";
    check(&Vector {
        scope: "2026-01-01/cam/tc3_request",
        ..cam(raw, "1767225600", next_second)
    });
    let python = "f199ab7576b898ab313709a69518e298f6ed6498af0f93337750d75b00caa1bf";
    check(&Vector {
        scope: "2025-12-31/cam/tc3_request",
        ..cam(escaped, "1767225599", python)
    });
}

#[test]
fn vector_d_get() {
    let form = "application/x-www-form-urlencoded";
    let headers = [("content-type", form), ("host", HOST)];
    let signature = "0dc917b1a039b7c6571fd966931e738bbcf375b90edccb1682b3d44f970cdee8";
    check(&Vector {
        request: request("GET", "Name=github-actions", &headers, ""),
        canonical_sha256: "84bf7136ef3a44544a3597027e40e380ebf0a8e68c2f6fecadafe36c70ec6ac0",
        ..cam("", "1767323045", signature)
    });
}

#[test]
fn vector_e_extra_signed_header_and_charset() {
    let headers = [
        ("content-type", "application/json; charset=utf-8"),
        ("host", HOST),
        ("x-tc-action", "DescribeOIDCConfig"),
    ];
    let signature = "bc7bfb8058719e238be6db7f8bb2d224d9b27c97fd23f179157da7b9eaaf4c42";
    check(&Vector {
        request: request("POST", "", &headers, r#"{"Name":"github-actions"}"#),
        signed: "content-type;host;x-tc-action",
        canonical_sha256: "d1122b722f467c57a14b26fa0c5f59a03c17f11cba7fc27b1afbf4851fdc46f8",
        ..cam("", "1767323045", signature)
    });
}

#[test]
fn the_vendors_published_example() {
    let body = concat!(
        r#"{"Limit": 1, "Filters": [{"Values": ["\u672a\u547d\u540d"], "#,
        r#""Name": "instance-name"}]}"#
    );
    let headers = [
        ("content-type", "application/json; charset=utf-8"),
        ("host", "cvm.tencentcloudapi.com"),
    ];
    check(&Vector {
        request: request("POST", "", &headers, body),
        scope: "2019-02-25/cvm/tc3_request",
        id: "AKIDz8krbsJ5yKBZQpn74WFkmLPx3EXAMPLE",
        secret: "Gu5t9xGARNpq86cd98joQYCN3EXAMPLE",
        canonical_sha256: "5ffe6a04c0664d6b969fab9a13bdab201d63ee709638e2749d62a09ca18d7031",
        ..cam(
            "",
            "1551113065",
            "72e494ea809ad7a8c8f7a4507b9bddcbaa8e581f516e8da2f66e2c5a96525168",
        )
    });
}

fn permanent() -> crate::sandbox::TestCredentials {
    credentials::permanent("tencent", "100000000001").unwrap()
}

fn temporary() -> crate::sandbox::TestCredentials {
    credentials::temporary("tencent", "100000000001").unwrap()
}

fn describe(key: &crate::sandbox::TestCredentials, now: i64) -> Request {
    tencent(key, "DescribeUserOIDCConfig", &json!({}), now)
}

fn code(request: &Request) -> &'static str {
    verify(request, NOW).map_or_else(|refusal| refusal.code, |_| "ok")
}

#[test]
fn the_clock_may_be_off_by_five_minutes() {
    for (offset, expected) in [
        (0, "ok"),
        (300, "ok"),
        (-300, "ok"),
        (301, "AuthFailure.SignatureExpire"),
        (-301, "AuthFailure.SignatureExpire"),
    ] {
        assert_eq!(code(&describe(&permanent(), NOW + offset)), expected);
    }
}

#[test]
fn keys_and_tokens() {
    let caller = verify(&describe(&temporary(), NOW), NOW).unwrap();
    assert_eq!(caller.key.account, "100000000001");
    assert!(caller.key.temporary);
    assert_eq!(caller.service, "cam");

    let mut key = permanent();
    key.secret.push('x');
    assert_eq!(code(&describe(&key, NOW)), "AuthFailure.SignatureFailure");
    key.key_id = "AKIDsomebody".to_owned();
    assert_eq!(code(&describe(&key, NOW)), "AuthFailure.SecretIdNotFound");
    for token in [None, Some("wrong".to_owned())] {
        let key = crate::sandbox::TestCredentials {
            token,
            ..temporary()
        };
        assert_eq!(code(&describe(&key, NOW)), "AuthFailure.TokenFailure");
    }
    let with_token = with_header(describe(&permanent(), NOW), "x-tc-token", "any");
    assert_eq!(code(&with_token), "AuthFailure.TokenFailure");
}

#[test]
fn what_was_signed_must_have_come() {
    let good = describe(&permanent(), NOW);
    let failure = "AuthFailure.SignatureFailure";
    let mut other_body = good.clone();
    other_body.body = b"{ }".to_vec();
    assert_eq!(code(&other_body), failure);
    for (name, value) in [
        ("host", "127.0.0.1:9002"),
        ("content-type", "application/json; charset=utf-8"),
    ] {
        assert_eq!(code(&with_header(good.clone(), name, value)), failure);
    }
    let header = good.header("authorization").unwrap().to_owned();
    for (from, to, expected) in [
        ("2026-01-02", "2026-01-03", failure),
        ("tc3_request", "tc4_request", failure),
        ("content-type;host", "host", failure),
        ("content-type;host", "content-type;host;x-absent", failure),
        ("Signature=", "Signature=0", failure),
        (
            "TC3-HMAC-SHA256 ",
            "TC3-HMAC-SM3 ",
            "AuthFailure.InvalidAuthorization",
        ),
        ("Signature=", "Sig=", "AuthFailure.InvalidAuthorization"),
        ("/cam/", "/cam/x/", "AuthFailure.InvalidAuthorization"),
        (
            ", SignedHeaders",
            "; SignedHeaders",
            "AuthFailure.InvalidAuthorization",
        ),
    ] {
        let changed = header.replacen(from, to, 1);
        assert_ne!(changed, header);
        let request = with_header(good.clone(), "authorization", &changed);
        assert_eq!(code(&request), expected, "{from} -> {to}");
    }
    let elsewhere = with_header(good.clone(), "host", "sts.tencentcloudapi.com");
    assert_eq!(code(&elsewhere), failure);
    assert_eq!(
        code(&with_header(good, "x-tc-timestamp", "now")),
        "InvalidParameter"
    );
    assert_eq!(code(&request("POST", "", &[], "{}")), "MissingParameter");
}

#[test]
fn an_unsigned_payload_is_signed_as_its_name() {
    let headers = [
        ("content-type", JSON),
        ("host", HOST),
        ("x-tc-content-sha256", "UNSIGNED-PAYLOAD"),
    ];
    let request = request("POST", "", &headers, r#"{"any":"thing"}"#);
    let canonical = canonical_request(&request, "content-type;host").unwrap();
    assert!(canonical.ends_with(&sha256_hex(b"UNSIGNED-PAYLOAD")));
}
