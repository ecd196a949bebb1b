//! The client against a scripted server on loopback, through the cloud's own entry.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex as Lock};

use axum::Router;
use axum::body::{Bytes, to_bytes};
use axum::extract::Request as Incoming;
use axum::response::Response;
use serde_json::{Value, json};

use super::super::CLOUD;
use super::super::tests::account;
use super::*;
use crate::model::{Account, CredentialSource};
use crate::net::http::HttpOptions;
use crate::provider::{CloudClient, Surroundings};

const NOW: i64 = 1_704_164_645;

/// One answer of the script.
struct Scripted {
    status: u16,
    headers: Vec<(&'static str, String)>,
    body: Value,
}

fn answer(status: u16, body: Value) -> Scripted {
    Scripted {
        status,
        headers: Vec::new(),
        body,
    }
}

fn token(text: &str) -> Scripted {
    Scripted {
        status: 201,
        headers: vec![("x-subject-token", text.to_owned())],
        body: json!({"token": {"expires_at": "2024-01-03T03:04:05.000000Z", "catalog": []}}),
    }
}

fn domains() -> Scripted {
    answer(
        200,
        json!({"domains": [{"id": "looked-up", "name": "ACCOUNT"}]}),
    )
}

/// What a server saw of one request.
struct Seen {
    line: String,
    headers: BTreeMap<String, String>,
    body: Bytes,
}

impl Seen {
    fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }
}

/// A server that answers by script and remembers what it saw.
struct Server {
    url: String,
    seen: Arc<Lock<Vec<Seen>>>,
}

impl Server {
    async fn start(script: Vec<Scripted>) -> Self {
        let script = Arc::new(Lock::new(VecDeque::from(script)));
        let seen = Arc::new(Lock::new(Vec::new()));
        let log = Arc::clone(&seen);
        let app = Router::new().fallback(move |request: Incoming| {
            let (script, log) = (Arc::clone(&script), Arc::clone(&log));
            async move {
                let (parts, body) = request.into_parts();
                let seen = Seen {
                    line: format!("{} {}", parts.method, parts.uri),
                    headers: parts
                        .headers
                        .iter()
                        .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
                        .collect(),
                    body: to_bytes(body, 1 << 20).await.unwrap(),
                };
                log.lock().unwrap().push(seen);
                let next = script
                    .lock()
                    .unwrap()
                    .pop_front()
                    .expect("a scripted answer");
                let mut response = Response::builder().status(next.status);
                for (name, value) in next.headers {
                    response = response.header(name, value);
                }
                let body = if next.status == 204 {
                    String::new()
                } else {
                    next.body.to_string()
                };
                response.body(axum::body::Body::from(body)).unwrap()
            }
        });
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { url, seen }
    }

    fn client(&self, account: &Account, env: &[(&str, &str)]) -> Arc<dyn CloudClient> {
        connect(account, env, Some(&self.url)).unwrap()
    }

    fn lines(&self) -> Vec<String> {
        let seen = self.seen.lock().unwrap();
        seen.iter().map(|seen| seen.line.clone()).collect()
    }

    fn headers(&self, name: &str) -> Vec<Option<String>> {
        let seen = self.seen.lock().unwrap();
        seen.iter()
            .map(|seen| seen.header(name).map(str::to_owned))
            .collect()
    }
}

fn connect(
    account: &Account,
    env: &[(&str, &str)],
    endpoint: Option<&str>,
) -> Result<Arc<dyn CloudClient>, ConnectError> {
    let surroundings = Surroundings {
        env: env
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect(),
        home: None,
        read: std::sync::Arc::new(|_| None),
        tokens: crate::provider::surroundings::AllowedTokens::default(),
    };
    (CLOUD.connect)(&Connection {
        account,
        surroundings: &surroundings,
        endpoint,
        http: Http::new(HttpOptions::default()),
    })
}

fn list() -> Call {
    Call::rest(
        "KeystoneListIdentityProviders",
        "GET",
        "/v3/OS-FEDERATION/identity_providers".to_owned(),
        Value::Null,
    )
}

const KEYS: &[(&str, &str)] = &[
    ("HUAWEICLOUD_SDK_AK", "AKEXAMPLE00000000001"),
    (
        "HUAWEICLOUD_SDK_SK",
        "SKexampleSKexampleSKexampleSKexample0001",
    ),
];

const PASSWORD: &[(&str, &str)] = &[
    ("OS_USERNAME", "admin"),
    ("OS_PASSWORD", "canary-password"),
    ("OS_USER_DOMAIN_NAME", "Default"),
    ("OS_DOMAIN_NAME", "Default"),
];

#[tokio::test]
async fn a_signed_request_goes_out_as_it_was_signed() {
    let server = Server::start(vec![answer(200, json!({"ok": true}))]).await;
    let account = Account {
        account_id: Some("declared".to_owned()),
        ..account()
    };
    let mut env = KEYS.to_vec();
    env.push(("HUAWEICLOUD_SDK_SECURITY_TOKEN", "temporary"));
    let client = server.client(&account, &env);
    let call = Call::rest(
        "Test",
        "PUT",
        "/v3/OS-FEDERATION/mappings/a b?q=x y".to_owned(),
        json!({"mapping": {"rules": []}}),
    );
    client.send(&call, NOW).await.unwrap();

    assert!(!client.refresh().await);

    let seen = server.seen.lock().unwrap();
    let seen = &seen[0];
    assert_eq!(seen.line, "PUT /v3/OS-FEDERATION/mappings/a%20b?q=x%20y");
    assert_eq!(seen.header("x-domain-id"), Some("declared"));
    assert_eq!(seen.header("x-security-token"), Some("temporary"));
    let host = seen.header("host").unwrap();
    let headers = [
        ("content-type", JSON),
        ("host", host),
        ("x-domain-id", "declared"),
        ("x-sdk-date", "20240102T030405Z"),
        ("x-security-token", "temporary"),
    ];
    let expected = sign::authorization(
        KEYS[0].1,
        KEYS[1].1,
        "20240102T030405Z",
        &ToSign {
            method: "PUT",
            path: "/v3/OS-FEDERATION/mappings/a%20b",
            query: "q=x%20y",
            headers: &headers,
            body: &seen.body,
        },
    );
    assert_eq!(seen.header("authorization"), Some(expected.as_str()));
    assert_eq!(
        client.credential_source(),
        "environment (HUAWEICLOUD_SDK_AK and HUAWEICLOUD_SDK_SK)"
    );
}

#[tokio::test]
async fn the_domain_id_is_asked_for_once() {
    let ok = || answer(200, json!({}));
    let server = Server::start(vec![domains(), ok(), ok()]).await;
    let client = server.client(&account(), KEYS);
    client.send(&list(), NOW).await.unwrap();
    client.send(&list(), NOW).await.unwrap();
    assert_eq!(server.lines().len(), 3);
    assert_eq!(server.lines()[0], "GET /v3/auth/domains");
    let id = Some("looked-up".to_owned());
    assert_eq!(server.headers("x-domain-id"), [None, id.clone(), id]);
}

#[tokio::test]
async fn the_answer_to_who_am_i_serves_as_the_domain_id() {
    let server = Server::start(vec![domains(), answer(200, json!({}))]).await;
    let client = server.client(&account(), KEYS);
    client.send(&(CLOUD.identity)().0, NOW).await.unwrap();
    client.send(&list(), NOW).await.unwrap();
    let id = Some("looked-up".to_owned());
    assert_eq!(server.headers("x-domain-id"), [None, id]);
}

#[tokio::test]
async fn a_failed_look_up_is_no_missing_object_and_is_tried_again() {
    let not_found = json!({"error": {"code": 404, "message": "Not here", "title": "Not Found"}});
    let empty = answer(200, json!({"domains": []}));
    let server = Server::start(vec![
        answer(404, not_found),
        empty,
        domains(),
        answer(200, json!({})),
    ])
    .await;
    let client = server.client(&account(), KEYS);
    let first = client.send(&list(), NOW).await.unwrap_err();
    assert_eq!(first.class, ErrorClass::Unreachable);
    assert_eq!(first.call, "KeystoneListAuthDomains");
    let second = client.send(&list(), NOW).await.unwrap_err();
    assert_eq!(second.class, ErrorClass::Auth);
    client.send(&list(), NOW).await.unwrap();
}

#[tokio::test]
async fn a_password_signs_in_once_and_again_after_a_refresh() {
    let unauthorized = json!({"error": {"code": 401, "title": "Unauthorized",
        "message": "The request you have made requires authentication."}});
    let server = Server::start(vec![
        token("MIIfirst"),
        answer(200, json!({})),
        answer(401, unauthorized),
        token("MIIsecond"),
        Scripted {
            status: 204,
            headers: Vec::new(),
            body: Value::Null,
        },
    ])
    .await;
    let client = server.client(&account(), PASSWORD);
    client.send(&list(), NOW).await.unwrap();
    let error = client.send(&list(), NOW).await.unwrap_err();
    assert_eq!(error.class, ErrorClass::TokenExpired);
    assert!(client.refresh().await, "a password signs in again");
    let reply = client.send(&list(), NOW).await.unwrap();
    assert_eq!(reply.body, Value::Null);
    let sign_in = "POST /v3/auth/tokens?nocatalog=true";
    let read = "GET /v3/OS-FEDERATION/identity_providers";
    assert_eq!(server.lines(), [sign_in, read, read, sign_in, read]);
    let token = |text: &str| Some(text.to_owned());
    assert_eq!(
        server.headers("x-auth-token"),
        [
            None,
            token("MIIfirst"),
            token("MIIfirst"),
            None,
            token("MIIsecond")
        ]
    );
}

#[tokio::test]
async fn a_token_is_renewed_before_it_ends() {
    let ok = || answer(200, json!({}));
    let server = Server::start(vec![token("MIIfirst"), ok(), token("MIIsecond"), ok()]).await;
    let client = server.client(&account(), PASSWORD);
    client.send(&list(), NOW).await.unwrap();
    client.send(&list(), NOW + 24 * 3600 - 60).await.unwrap();
    assert_eq!(server.lines().len(), 4);
}

#[tokio::test]
async fn a_refused_password_is_final_and_never_shown() {
    let echo = json!({"error": {"code": 401, "title": "Unauthorized",
        "message": "The password canary-password is wrong."}});
    let server = Server::start(vec![answer(401, echo)]).await;
    let client = server.client(&account(), PASSWORD);
    let error = client.send(&list(), NOW).await.unwrap_err();
    assert_eq!(error.class, ErrorClass::Auth);
    assert!(!format!("{error} {error:?}").contains("canary"));
    // The next reads of the account must not bring the user's lock nearer.
    let again = client.send(&list(), NOW + 1).await.unwrap_err();
    assert_eq!(again, error);
    assert_eq!(server.lines().len(), 1);
}

#[tokio::test]
async fn a_given_token_is_used_and_cannot_be_renewed() {
    let server = Server::start(vec![answer(200, json!({}))]).await;
    let client = server.client(&account(), &[("HW_AUTH_TOKEN", "MIIgiven")]);
    client.send(&list(), NOW).await.unwrap();
    assert_eq!(
        server.headers("x-auth-token"),
        [Some("MIIgiven".to_owned())]
    );
    assert_eq!(server.headers("authorization"), [None]);
    assert!(!client.refresh().await);
}

#[tokio::test]
async fn what_is_no_plain_path_is_not_sent() {
    let server = Server::start(Vec::new()).await;
    let client = server.client(&account(), &[("HW_AUTH_TOKEN", "MIIgiven")]);
    for path in ["/v3/x/..", "/v3/x/%2e%2E/y", "/v3//x", "/v3/x/", "v3", ""] {
        let call = Call::rest("Test", "GET", path.to_owned(), Value::Null);
        let error = client.send(&call, NOW).await.unwrap_err();
        assert_eq!(error.class, ErrorClass::Invalid, "{path}");
    }
    let call = Call::rpc("cam", "Test", Value::Null);
    assert_eq!(
        client.send(&call, NOW).await.unwrap_err().class,
        ErrorClass::Invalid
    );
    assert!(server.lines().is_empty());
}

#[tokio::test]
async fn a_server_that_is_not_there_is_unreachable() {
    let client = connect(&account(), KEYS, Some("http://127.0.0.1:1")).unwrap();
    let error = client.send(&list(), NOW).await.unwrap_err();
    assert_eq!(error.class, ErrorClass::Unreachable);
}

#[test]
fn the_next_page_is_one_of_the_same_list() {
    let client = connect(&account(), KEYS, None).unwrap();
    let host = "https://iam.myhuaweicloud.com";
    let own = "/v3/OS-FEDERATION/mappings";
    for (path, next, expected) in [
        (own, json!(null), None),
        (
            own,
            json!("https://x.example/v3/OS-FEDERATION/mappings"),
            None,
        ),
        (
            own,
            json!(format!("{host}{own}?marker=a%20b&limit=2")),
            Some("/v3/OS-FEDERATION/mappings?marker=a%20b&limit=2"),
        ),
        // Another host's link asks our own host.
        (
            own,
            json!(format!("https://evil.example{own}?marker=b")),
            Some("/v3/OS-FEDERATION/mappings?marker=b"),
        ),
        (
            own,
            json!(format!("/identity{own}/?marker=b")),
            Some("/v3/OS-FEDERATION/mappings?marker=b"),
        ),
        (own, json!(format!("{host}/v3/users?marker=b")), None),
        (
            own,
            json!(format!("{host}/x/v3/OS-FEDERATION/mappings/1?a=b")),
            None,
        ),
        // A page that names itself would never end.
        (
            "/v3/OS-FEDERATION/mappings?marker=b",
            json!(format!("{host}{own}?marker=b")),
            None,
        ),
        (
            "/v3/OS-FEDERATION/mappings?marker=b",
            json!(format!("{host}{own}?marker=c")),
            Some("/v3/OS-FEDERATION/mappings?marker=c"),
        ),
    ] {
        let call = Call::rest("Test", "GET", path.to_owned(), Value::Null);
        let reply = Reply {
            body: json!({"mappings": [], "links": {"next": next}}),
            ..Reply::default()
        };
        let found = client
            .next_page(&call, &reply)
            .and_then(|call| call.target());
        let expected = expected.map(|path| format!("GET {path}"));
        assert_eq!(found, expected, "{next}");
    }
}

#[test]
fn endpoints_are_guarded() {
    for text in ["127.0.0.1:9001", "http://10.0.0.1"] {
        assert!(connect(&account(), KEYS, Some(text)).is_err(), "{text}");
    }
}

#[test]
fn without_credentials_there_is_no_client() {
    let missing = connect(&account(), &[("IDFORM_METADATA", "off")], None);
    assert!(matches!(missing, Err(ConnectError::Missing { .. })));
    let account = Account {
        credentials: CredentialSource {
            profile: Some("x".to_owned()),
            ..CredentialSource::default()
        },
        ..account()
    };
    assert!(connect(&account, KEYS, None).is_err());
}
