use serde_json::json;

use super::*;
use crate::clouds::credentials::{Credentials, Start};
use crate::clouds::testing::one_exchange;
use crate::net::http::HttpOptions;
use crate::provider::CloudClient as _;

fn client(endpoint: Option<&str>, token: Option<&str>, site: Site) -> Client {
    let http = Http::new(HttpOptions::default());
    let found = Credentials::new(Start::Found(keys(token)), "a test");
    Client {
        keeper: Keeper::new(http.clone(), std::sync::Arc::new(|_| None), found),
        http,
        site,
        endpoint: endpoint.map(|text| Endpoint::parse(text).unwrap()),
    }
}

fn keys(token: Option<&str>) -> Keys {
    Keys {
        id: "AKIDEXAMPLE0000000000000000000000000".to_owned(),
        secret: Secret::new("EXAMPLEsecretKEY00000000000000000"),
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
fn a_request_goes_to_the_host_of_site_and_service() {
    let describe = Call::rpc("cam", "DescribeUserOIDCConfig", Value::Null);
    let whoami = Call::rpc("sts", "GetCallerIdentity", Value::Null);
    let sandbox = "http://127.0.0.1:9001";
    for (call, site, endpoint, url, region) in [
        (
            &describe,
            Site::China,
            None,
            "https://cam.tencentcloudapi.com/",
            None,
        ),
        (
            &describe,
            Site::International,
            None,
            "https://cam.intl.tencentcloudapi.com/",
            None,
        ),
        (
            &whoami,
            Site::China,
            None,
            "https://sts.tencentcloudapi.com/",
            Some("ap-guangzhou"),
        ),
        (
            &whoami,
            Site::International,
            Some(sandbox),
            "http://127.0.0.1:9001/",
            Some("ap-singapore"),
        ),
    ] {
        let request = client(endpoint, None, site)
            .request(call, Some(&keys(None)), 1_767_323_045)
            .unwrap();
        assert_eq!(request.url, url);
        assert_eq!(request.body, b"{}");
        assert_eq!(header(&request, "x-tc-region"), region, "{url}");
        assert_eq!(header(&request, "content-type"), Some("application/json"));
        assert_eq!(header(&request, "x-tc-action"), Some(call.name));
        assert_eq!(header(&request, "x-tc-token"), None);
        let scope = header(&request, "authorization").unwrap();
        let service = if call.name == "GetCallerIdentity" {
            "sts"
        } else {
            "cam"
        };
        assert!(
            scope.contains(&format!("/2026-01-02/{service}/tc3_request")),
            "{scope}"
        );
    }
}

#[test]
fn the_request_of_vector_a2_is_signed_as_documented() {
    let call = Call::rpc("cam", "DescribeUserOIDCConfig", Value::Null);
    let request = client(None, None, Site::International)
        .request(&call, Some(&keys(None)), 1_767_323_045)
        .unwrap();
    assert!(
        header(&request, "authorization").unwrap().ends_with(
            "Signature=9b9d6eb0b30ccae336774474e2ed2ad2e5a5fc36488c1bf788d6a0b5966d91e5"
        )
    );
    assert_eq!(header(&request, "x-tc-version"), Some("2019-01-16"));
    assert_eq!(header(&request, "x-tc-timestamp"), Some("1767323045"));
}

#[test]
fn a_token_travels_beside_the_signature_and_stays_secret() {
    let call = Call::rpc("cam", "DescribeOIDCConfig", json!({"Name": "ci"}));
    let plain = client(None, None, Site::China)
        .request(&call, Some(&keys(None)), 1)
        .unwrap();
    let request = client(None, Some("canary-token"), Site::China)
        .request(&call, Some(&keys(Some("canary-token"))), 1)
        .unwrap();
    assert_eq!(header(&request, "x-tc-token"), Some("canary-token"));
    assert_eq!(
        header(&request, "authorization"),
        header(&plain, "authorization")
    );
    let shown = format!("{request:?}");
    assert!(!shown.contains("canary-token") && !shown.contains("Signature"));
}

#[test]
fn calls_of_other_clouds_are_refused() {
    let client = client(None, None, Site::China);
    for call in [
        Call::rpc("Ims", "GetOIDCProvider", Value::Null),
        Call::rest("Show", "GET", "/v3/x".to_owned(), Value::Null),
    ] {
        let error = client.request(&call, Some(&keys(None)), 1).unwrap_err();
        assert_eq!(error.class, ErrorClass::Invalid);
    }
}

/// Codes of one class, and its word.
const CODES: &[(&[&str], &str)] = &[
    (
        &[
            "RequestLimitExceeded",
            "RequestLimitExceeded.UinLimitExceeded",
            "RequestLimitExceeded.IPLimitExceeded",
            "RequestLimitExceeded.GlobalRegionUinLimitExceeded",
        ],
        "throttled",
    ),
    (
        &[
            "InternalError",
            "InternalError.SystemError",
            "InternalError.UnknownError",
            "InternalError.GetSeedTokenError",
            "ServiceUnavailable",
            "ResourceUnavailable",
            "ResourceInUse",
            "ResourceBusy",
        ],
        "unavailable",
    ),
    (&["AuthFailure.SignatureExpire"], "clock-skewed"),
    (&["AuthFailure.TokenFailure"], "token-expired"),
    (
        &[
            "AuthFailure",
            "AuthFailure.SignatureFailure",
            "AuthFailure.SecretIdNotFound",
            "AuthFailure.InvalidSecretId",
            "AuthFailure.InvalidAuthorization",
            "AuthFailure.MFAFailure",
            "AuthFailure.AccessKeyIllegal",
        ],
        "auth",
    ),
    (
        &[
            "AuthFailure.UnauthorizedOperation",
            "UnauthorizedOperation",
            "UnauthorizedOperation.CamNoAuth",
            "IpInBlacklist",
            "IpNotInWhitelist",
            "FailedOperation.CICIdentityForbidden",
            "FailedOperation.OrganizationPolicyOperateError",
            "InvalidParameter.OrganizationRoleOperateError",
        ],
        "denied",
    ),
    (
        &[
            "ResourceNotFound",
            "ResourceNotFound.IdentityNotExist",
            "ResourceNotFound.NotFound",
            "InvalidParameter.RoleNotExist",
        ],
        "not-found",
    ),
    (
        &[
            "InvalidParameter.IdentityNameInUse",
            "InvalidParameter.RoleNameInUse",
        ],
        "conflict",
    ),
    (
        &[
            "LimitExceeded",
            "LimitExceeded.IdentityFull",
            "InvalidParameter.RoleFull",
            "InvalidParameter.AttachmentFull",
            "ResourceInsufficient",
        ],
        "quota",
    ),
    (
        &[
            "InvalidParameter",
            "InvalidParameterValue",
            "InvalidParameterValue.IdentityKeyError",
            "InvalidParameterValue.IdentityUrlError",
            "MissingParameter",
            "UnknownParameter",
            "InvalidAction",
            "NoSuchVersion",
            "UnsupportedRegion",
            "UnsupportedOperation",
            "FailedOperation",
            "InternalError.GetRoleError",
            "NeverHeardOf.This",
            "",
        ],
        "invalid",
    ),
    (
        &[
            "InvalidParameter.PrincipalQcsNotExist",
            "InvalidParameter.PrincipalError",
            "InvalidParameter.PolicyIdNotExist",
        ],
        "referent-missing",
    ),
];

#[test]
fn codes_are_sorted_as_the_fact_sheet_says() {
    for (codes, word) in CODES {
        for code in *codes {
            let body = json!({"Response": {
                "Error": {"Code": code, "Message": "because"}, "RequestId": "R-1",
            }});
            let error = sort_answer("X", &Answered::new(200, &[], body.to_string())).unwrap_err();
            assert_eq!(error.class.word(), *word, "{code}");
            assert_eq!(error.request_id.as_deref(), Some("R-1"));
            assert_eq!(
                error.code.as_deref(),
                Some(*code).filter(|code| !code.is_empty())
            );
            assert_eq!(error.message, "because");
        }
    }
}

#[test]
fn a_skewed_clock_comes_with_the_time_of_the_server() {
    let body = r#"{"Response":{"Error":{"Code":"AuthFailure.SignatureExpire","Message":"m"},"RequestId":"R"}}"#;
    let dated = [("date", "Fri, 02 Jan 2026 03:04:05 GMT")];
    for (headers, expected) in [(&dated[..], Some(1_767_323_045)), (&[], None)] {
        let error = sort_answer("X", &Answered::new(200, headers, body)).unwrap_err();
        let server_unix_seconds = expected;
        assert_eq!(
            error.class,
            ErrorClass::ClockSkewed {
                server_unix_seconds
            }
        );
    }
}

#[test]
fn every_form_of_answer_is_read() {
    let ok = sort_answer(
        "X",
        &Answered::new(200, &[], r#"{"Response":{"Name":"ci","RequestId":"R-2"}}"#),
    )
    .unwrap();
    assert_eq!(ok.body["Name"], "ci");
    assert_eq!(ok.request_id.as_deref(), Some("R-2"));
    assert!(ok.more.is_empty());

    for (status, body, word, code, request_id) in [
        (200, "", "protocol", None, None),
        (200, "<html>ok</html>", "protocol", None, None),
        (200, "null", "protocol", None, None),
        (200, "[]", "protocol", None, None),
        (200, "{}", "protocol", None, None),
        (200, r#"{"Response":null}"#, "protocol", None, None),
        (200, r#"{"Response":[1]}"#, "protocol", None, None),
        (200, r#"{"code":0,"message":"ok"}"#, "protocol", None, None),
        (502, "<html>bad gateway</html>", "unavailable", None, None),
        (
            503,
            r#"{"Response":{"RequestId":"R"}}"#,
            "unavailable",
            None,
            Some("R"),
        ),
        (404, "nothing here", "protocol", None, None),
        (429, "", "throttled", None, None),
        (
            200,
            r#"{"code":4100,"message":"no","codeDesc":"AuthFailure"}"#,
            "auth",
            Some("AuthFailure"),
            None,
        ),
        (
            200,
            r#"{"code":4000,"message":"no"}"#,
            "invalid",
            Some("4000"),
            None,
        ),
        // A status and an envelope: the envelope knows more.
        (
            400,
            r#"{"Response":{"Error":{"Code":"ResourceNotFound"}}}"#,
            "not-found",
            Some("ResourceNotFound"),
            None,
        ),
        (
            500,
            r#"{"Response":{"Error":{"Code":"Odd"},"RequestId":"R"}}"#,
            "unavailable",
            Some("Odd"),
            Some("R"),
        ),
        (
            200,
            r#"{"Response":{"Error":"odd"}}"#,
            "invalid",
            None,
            None,
        ),
        (
            200,
            r#"{"Response":{"Error":null,"RequestId":7}}"#,
            "",
            None,
            None,
        ),
    ] {
        let answer = sort_answer("X", &Answered::new(status, &[], body));
        if word.is_empty() {
            assert_eq!(answer.unwrap().request_id, None);
            continue;
        }
        let error = answer.unwrap_err();
        assert_eq!(error.class.word(), word, "{status} {body}");
        assert_eq!(error.code.as_deref(), code, "{status} {body}");
        assert_eq!(error.request_id.as_deref(), request_id, "{status} {body}");
        assert_eq!((error.status, error.call), (Some(status), "X"));
    }
}

#[tokio::test]
async fn an_endpoint_that_nobody_listens_at_is_unreachable() {
    // Port 1 of loopback: nothing listens there, and connecting fails at once.
    let client = client(Some("http://127.0.0.1:1"), None, Site::China);
    let call = Call::rpc("sts", "GetCallerIdentity", Value::Null);
    let error = client.send(&call, 1_767_323_045).await.unwrap_err();
    assert_eq!(error.class, ErrorClass::Unreachable);
    assert_eq!(error.call, "GetCallerIdentity");
}

#[tokio::test]
async fn what_goes_over_the_wire_is_what_was_signed() {
    let (base, exchange) = one_exchange(r#"{"Response":{"RequestId":"R-9"}}"#);
    let client = client(Some(&base), None, Site::China);
    let call = Call::rpc("cam", "DescribeOIDCConfig", json!({"Name": "单点"}));
    let reply = client.send(&call, 1_767_323_045).await.unwrap();
    assert_eq!(reply.request_id.as_deref(), Some("R-9"));
    let sent = exchange.join().unwrap();
    let (head, body) = sent.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("POST / HTTP/1.1\r\n"), "{head}");
    let host = base.strip_prefix("http://").unwrap();
    assert!(
        head.lines().any(|line| line == format!("host: {host}")),
        "{head}"
    );
    assert!(
        head.contains("\r\ncontent-type: application/json\r\n"),
        "{head}"
    );
    assert!(head.contains("/2026-01-02/cam/tc3_request"), "{head}");
    assert_eq!(body, r#"{"Name":"单点"}"#);
}
