use serde_json::json;

use super::*;

const NOW: i64 = 1_704_164_645;

fn call() -> Call {
    Call::rest(
        "Test",
        "PUT",
        "/x".to_owned(),
        json!({"a": "secret-value", "b": ["secret-value-2", "no"]}),
    )
}

fn sort(by: By, status: u16, body: &str) -> Answer {
    let came = Came {
        status,
        request_id: Some("r1"),
        retry_after: Some("7"),
        server_unix_seconds: Some(NOW + 30),
        body: body.as_bytes(),
    };
    sort_answer(&call(), by, NOW, &came)
}

/// Class, code and message of an error body, in one line.
fn line(by: By, status: u16, body: &str) -> String {
    let error = sort(by, status, body).unwrap_err();
    assert_eq!(error.status, Some(status));
    assert_eq!(error.request_id.as_deref(), Some("r1"));
    let code = error.code.unwrap_or_else(|| "-".to_owned());
    format!("{} {code} {}", error.class.word(), error.message)
}

#[test]
fn every_envelope_is_read() {
    for (status, body, expected) in [
        // 1: Keystone, in its three variants.
        (
            400,
            r#"{"error":{"code":400,"message":"Request parameter 'idp id' is invalid.","title":"Bad Request"}}"#,
            "invalid - Request parameter 'idp id' is invalid.",
        ),
        (
            409,
            r#"{"error":{"code":409,"error_code":null,"error_msg":null,"message":"Conflict occurred attempting to store identity_provider - Duplicate entry: sso-openid","title":"Conflict"}}"#,
            "conflict - Conflict occurred attempting to store identity_provider - Duplicate entry: sso-openid",
        ),
        (
            403,
            r#"{"error": {"message": "Policy doesn't allow iam:identityProviders:createIdentityProvider to be performed.", "code": 403, "title": "Forbidden"}}"#,
            "denied - Policy doesn't allow iam:identityProviders:createIdentityProvider to be performed.",
        ),
        (
            404,
            r#"{"error":{"code":404,"message":null,"title":"Not Found"}}"#,
            "not-found - Not Found",
        ),
        // 2: flat.
        (
            400,
            r#"{"error_msg":"Request body is invalid.","error_code":"IAM.0011"}"#,
            "invalid IAM.0011 Request body is invalid.",
        ),
        (
            404,
            r#"{"error_msg":"Could not find x: y.","error_code":"IAM.0004"}"#,
            "not-found IAM.0004 Could not find x: y.",
        ),
        // 3: the gateway, with both prefixes.
        (
            401,
            r#"{"error_msg":"Incorrect IAM authentication information: verify aksk signature fail, ......","error_code":"APIGW.0301","request_id":"g"}"#,
            "auth APIGW.0301 Incorrect IAM authentication information: verify aksk signature fail, ......",
        ),
        (
            404,
            r#"{"error_msg":"The API does not exist","error_code":"APIG.0101","request_id":"g"}"#,
            "invalid APIG.0101 The API does not exist",
        ),
        (
            404,
            r#"{"error_msg":"Backend unavailable","error_code":"APIGW.0103"}"#,
            "unavailable APIGW.0103 Backend unavailable",
        ),
        // 4: v5.
        (
            403,
            r#"{"error_code":"PAP5.0001","error_msg":"Access denied","request_id":"g","encoded_authorization_message":"zzz"}"#,
            "denied PAP5.0001 Access denied",
        ),
        // Other spellings the vendor's SDK knows.
        (
            400,
            r#"{"errorCode":"A.1","errorMsg":"Bad"}"#,
            "invalid A.1 Bad",
        ),
        (
            500,
            r#"{"code":"A.1","message":"Bad"}"#,
            "unavailable A.1 Bad",
        ),
        // 5: no JSON.
        (
            502,
            "<html>Bad Gateway</html>",
            "unavailable - HTTP 502 without a reason",
        ),
        (503, "", "unavailable - HTTP 503 without a reason"),
        (404, "<html/>", "protocol - HTTP 404 without a reason"),
        (404, "", "protocol - HTTP 404 without a reason"),
        (404, "{}", "protocol - HTTP 404 without a reason"),
        (405, "", "invalid - HTTP 405 without a reason"),
        (302, "", "protocol - HTTP 302 without a reason"),
    ] {
        assert_eq!(line(By::Signature, status, body), expected);
    }
}

/// The gateway's code for everything that is wrong with a signature.
const GATEWAY: &str = "APIGW.0301";

#[test]
fn codes_and_statuses_decide_what_can_be_done() {
    let flat =
        |code: &str, message: &str| json!({"error_code": code, "error_msg": message}).to_string();
    for (by, status, code, message, expected) in [
        (By::Token, 401, "IAM.0001", "x", "token-expired"),
        (By::Signature, 401, "IAM.0001", "x", "auth"),
        (By::Signature, 401, "IAM.0066", "x", "token-expired"),
        (By::Signature, 401, "APIG.0307", "x", "token-expired"),
        (By::Signature, 400, "IAM.1108", "x", "token-expired"),
        (By::Signature, 400, "IAM.1105", "x", "auth"),
        (
            By::TemporaryKeys,
            401,
            GATEWAY,
            "token expires",
            "token-expired",
        ),
        (
            By::TemporaryKeys,
            401,
            GATEWAY,
            "decrypt token fail",
            "token-expired",
        ),
        (
            By::TemporaryKeys,
            401,
            GATEWAY,
            "Get secretKey failed,ak:X,err:ak not exist",
            "token-expired",
        ),
        // A wrong signature stays wrong, and keys that last do not run out.
        (
            By::TemporaryKeys,
            401,
            GATEWAY,
            "verify aksk signature fail",
            "auth",
        ),
        (By::Signature, 401, GATEWAY, "token expires", "auth"),
        (
            By::Signature,
            401,
            "APIGW.0301",
            "Incorrect IAM authentication information: x-sdk-date expired",
            "clock-skewed",
        ),
        (
            By::Signature,
            401,
            "APIGW.0301",
            "x-sdk-date not found",
            "auth",
        ),
        (
            By::Signature,
            401,
            "APIGW.0301",
            "AK access failed to reach the limit,forbidden",
            "auth",
        ),
        (By::Signature, 403, "IAM.0002", "x", "denied"),
        (
            By::Signature,
            403,
            "IAM.0002",
            "The quota is used up",
            "quota",
        ),
        (By::Signature, 409, "IAM.0005", "x", "conflict"),
        (By::Signature, 410, "IAM.0020", "x", "unavailable"),
        (By::Signature, 413, "APIGW.0201", "x", "invalid"),
        (By::Signature, 429, "IAM.0012", "x", "throttled"),
        (By::Signature, 429, "APIGW.0308", "x", "throttled"),
        (By::Signature, 500, "IAM.0006", "x", "unavailable"),
        (By::Signature, 504, "APIGW.0201", "x", "unavailable"),
    ] {
        let error = sort(by, status, &flat(code, message)).unwrap_err();
        assert_eq!(error.class.word(), expected, "{status} {code} {message}");
    }
}

#[test]
fn a_throttled_call_says_how_long_to_wait() {
    for (header, expected) in [
        (Some("7"), Some(7)),
        (Some(" 2 "), Some(2)),
        (Some("soon"), None),
        (None, None),
    ] {
        let came = Came {
            status: 429,
            retry_after: header,
            ..Came::default()
        };
        let error = sort_answer(&call(), By::Signature, NOW, &came).unwrap_err();
        let wait = expected.map(Duration::from_secs);
        assert_eq!(error.class, ErrorClass::Throttled { wait });
    }
}

#[test]
fn a_skewed_clock_is_seen_from_the_servers_date_too() {
    let refused = |server, message: &str| {
        let body = json!({"error_code": "APIGW.0301", "error_msg": message}).to_string();
        let came = Came {
            status: 401,
            server_unix_seconds: server,
            body: body.as_bytes(),
            ..Came::default()
        };
        sort_answer(&call(), By::Signature, NOW, &came)
            .unwrap_err()
            .class
    };
    let skewed = |server| ErrorClass::ClockSkewed {
        server_unix_seconds: server,
    };
    let late = Some(NOW + 901);
    assert_eq!(refused(late, "some unknown words"), skewed(late));
    assert_eq!(
        refused(Some(NOW - 901), "verify aksk signature fail"),
        skewed(Some(NOW - 901))
    );
    assert_eq!(
        refused(Some(NOW + 900), "verify aksk signature fail"),
        ErrorClass::Auth
    );
    assert_eq!(refused(None, "x-sdk-date expired"), skewed(None));
    assert_eq!(
        refused(late, "AK access failed to reach the limit,forbidden"),
        ErrorClass::Auth
    );
}

#[test]
fn messages_do_not_hold_what_was_sent() {
    let body = json!({"error_code": "IAM.0073", "error_msg":
        "Invalid input for field 'a'. The value is 'secret-value'. Nor secret-value-2, no."});
    assert_eq!(
        line(By::Signature, 400, &body.to_string()),
        "invalid IAM.0073 Invalid input for field 'a'. The value is '…'. Nor …, no."
    );
}

#[test]
fn success_is_an_object_or_204() {
    for (status, body, expected) in [
        (200, r#"{"a":1}"#, Some(json!({"a": 1}))),
        (201, r#"{"a":1}"#, Some(json!({"a": 1}))),
        (204, "", Some(Value::Null)),
        (200, "", None),
        (200, "<html/>", None),
        (200, r#"{"a":"#, None),
        (200, "[]", None),
    ] {
        let answer = sort(By::Signature, status, body);
        match expected {
            Some(expected) => {
                let reply = answer.unwrap();
                assert_eq!(reply.body, expected);
                assert_eq!(reply.request_id.as_deref(), Some("r1"));
            }
            None => assert_eq!(answer.unwrap_err().class, ErrorClass::Protocol, "{body}"),
        }
    }
}

#[test]
fn a_failed_call_in_advance_never_says_that_an_object_is_missing() {
    for (class, expected) in [
        (ErrorClass::NotFound, ErrorClass::Unreachable),
        (ErrorClass::Unavailable, ErrorClass::Unreachable),
        (ErrorClass::NoAnswer, ErrorClass::Unreachable),
        (ErrorClass::Protocol, ErrorClass::Unreachable),
        (ErrorClass::Conflict, ErrorClass::Invalid),
        (ErrorClass::Auth, ErrorClass::Auth),
        (ErrorClass::Denied, ErrorClass::Denied),
    ] {
        let error = before_call(ProviderError::new(class, "Test", "x"));
        assert_eq!(error.class, expected);
        assert!(!error.class.leaves_outcome_open());
    }
}
