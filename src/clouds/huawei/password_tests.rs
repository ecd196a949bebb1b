use serde_json::json;

use super::*;

fn password(user: Named, user_domain: Option<Named>, scope_domain: Option<Named>) -> Password {
    Password {
        user,
        user_domain,
        secret: Secret::new("pass"),
        scope_domain,
    }
}

fn name(text: &str) -> Named {
    Named::Name(text.to_owned())
}

fn id(text: &str) -> Named {
    Named::Id(text.to_owned())
}

#[test]
fn the_sign_in_has_the_documented_body() {
    for (who, account_id, expected) in [
        (
            password(name("u"), Some(name("d")), Some(name("s"))),
            Some("acc"),
            json!({"identity": {"methods": ["password"], "password": {"user":
                    {"name": "u", "domain": {"name": "d"}, "password": "pass"}}},
                   "scope": {"domain": {"name": "s"}}}),
        ),
        (
            password(name("u"), Some(id("d")), None),
            Some("acc"),
            json!({"identity": {"methods": ["password"], "password": {"user":
                    {"name": "u", "domain": {"id": "d"}, "password": "pass"}}},
                   "scope": {"domain": {"id": "acc"}}}),
        ),
        (
            password(id("u"), Some(name("d")), None),
            None,
            json!({"identity": {"methods": ["password"], "password": {"user":
                    {"id": "u", "password": "pass"}}}}),
        ),
    ] {
        let call = sign_in(&who, account_id);
        assert_eq!(call.params, json!({"auth": expected}));
        assert_eq!(
            call.target().as_deref(),
            Some("POST /v3/auth/tokens?nocatalog=true")
        );
    }
}

#[test]
fn a_token_has_an_end() {
    let ends = 1_578_215_128; // 2020-01-05T09:05:28Z
    let body = |text: Value| json!({"token": {"expires_at": text}});
    let token = |body: &Value| token_of(Some("MIIabc"), body, 1000).unwrap();
    let told = token(&body(json!("2020-01-05T09:05:28.000000Z")));
    assert_eq!(told.ends, Some(ends));
    for untold in [body(json!(null)), body(json!("soon")), json!({})] {
        assert_eq!(token(&untold).ends, Some(1000 + UNTOLD_SECONDS));
    }
    for header in [None, Some("")] {
        token_of(header, &json!({}), 1000).unwrap_err();
    }
}

#[test]
fn a_failed_sign_in_tells_nothing_of_the_request_and_leaves_nothing_open() {
    for class in [
        ErrorClass::Auth,
        ErrorClass::TokenExpired,
        ErrorClass::ClockSkewed {
            server_unix_seconds: None,
        },
        ErrorClass::Denied,
        ErrorClass::NotFound,
        ErrorClass::Conflict,
        ErrorClass::Invalid,
        ErrorClass::Quota,
        ErrorClass::Throttled { wait: None },
        ErrorClass::Unavailable,
        ErrorClass::NoAnswer,
        ErrorClass::Protocol,
    ] {
        let error = sign_in_failed(ProviderError::new(class, NAME, "'pass' is not of type"));
        assert!(!error.class.leaves_outcome_open());
        assert_ne!(error.class, ErrorClass::NotFound);
        assert_ne!(error.class, ErrorClass::TokenExpired);
        assert!(!error.message.contains("'pass'"), "{error}");
    }
}
