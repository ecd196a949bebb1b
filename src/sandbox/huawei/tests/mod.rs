//! The emulator from outside: requests in, answers out. One file for each part of
//! `apis/huawei.md §9`.

use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::HuaweiCloud;
use crate::sandbox::credentials::{self, TestCredentials};
use crate::sandbox::emulator::Emulator as _;
use crate::sandbox::wire::{Request, Response};

mod anything;
mod authentication;
mod configs;
mod foreign_states;
mod objects;
mod switches;

const ACCOUNT: &str = "0123456789abcdef0123456789abcdef";
/// 2024-01-02T03:04:05Z
const NOW: i64 = 1_704_164_645;
const SIGNED_AT: &str = "20240102T030405Z";
const PROVIDERS: &str = "/v3/OS-FEDERATION/identity_providers";
const MAPPINGS: &str = "/v3/OS-FEDERATION/mappings";

/// One cloud and a token for its account.
struct Bench {
    cloud: HuaweiCloud,
    token: String,
    now: i64,
}

impl Bench {
    fn new() -> Self {
        Self::on(HuaweiCloud::new(None))
    }

    fn on(cloud: HuaweiCloud) -> Self {
        let mut bench = Self {
            cloud,
            token: String::new(),
            now: NOW,
        };
        bench.token = bench.sign_in(&json!({"domain": {"id": ACCOUNT}}));
        bench
    }

    /// A bench whose account has the given switches.
    fn with(settings: &Value) -> Self {
        let bench = Self::new();
        for (name, value) in settings.as_object().unwrap() {
            bench.cloud.set(ACCOUNT, name, value.clone()).unwrap();
        }
        bench
    }

    fn edit(&self, edit: impl FnOnce(&mut super::State)) {
        self.cloud.accounts.with(ACCOUNT, edit).unwrap();
    }

    fn sign_in(&self, scope: &Value) -> String {
        let answer = self.cloud.answer(
            &request(
                "POST",
                "/v3/auth/tokens?nocatalog=true",
                Some(&sign_in_body(scope)),
            ),
            self.now,
        );
        assert_eq!(answer.status, 201, "{}", text(&answer));
        header(&answer, "x-subject-token").unwrap().to_owned()
    }

    fn send(&self, method: &str, path: &str, body: Option<&Value>) -> Response {
        let mut request = request(method, path, body);
        request
            .headers
            .push(("x-auth-token".to_owned(), self.token.clone()));
        self.cloud.answer(&request, self.now)
    }

    /// Sends and expects a status; the answer's body.
    #[track_caller]
    fn expect(&self, status: u16, method: &str, path: &str, body: &Value) -> Value {
        let body = (!body.is_null()).then_some(body);
        let answer = self.send(method, path, body);
        assert_eq!(answer.status, status, "{method} {path}: {}", text(&answer));
        if answer.body.is_empty() {
            Value::Null
        } else {
            serde_json::from_slice(&answer.body).unwrap()
        }
    }

    #[track_caller]
    fn get(&self, path: &str) -> Value {
        self.expect(200, "GET", path, &Value::Null)
    }

    #[track_caller]
    fn provider(&self, id: &str) {
        self.expect(
            201,
            "PUT",
            &format!("{PROVIDERS}/{id}"),
            &json!({"identity_provider": {}}),
        );
    }

    #[track_caller]
    fn mapping(&self, id: &str) {
        self.expect(201, "PUT", &format!("{MAPPINGS}/{id}"), &default_mapping());
    }

    #[track_caller]
    fn protocol(&self, idp: &str, id: &str, mapping: &str) {
        self.expect(
            201,
            "PUT",
            &format!("{PROVIDERS}/{idp}/protocols/{id}"),
            &json!({"protocol": {"mapping_id": mapping}}),
        );
    }
}

fn default_mapping() -> Value {
    json!({"mapping": {"rules": [
        {"local": [{"user": {"name": "FederationUser"}}], "remote": [{"type": "__NAMEID__"}]},
    ]}})
}

fn sign_in_body(scope: &Value) -> Value {
    let domain = json!({"name": format!("sandbox-{ACCOUNT}")});
    json!({"auth": {
        "identity": {
            "methods": ["password"],
            "password": {"user": {"domain": domain, "name": "sandbox", "password": "sandbox-password"}},
        },
        "scope": scope,
    }})
}

fn request(method: &str, path: &str, body: Option<&Value>) -> Request {
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    Request {
        method: method.to_owned(),
        path: path.to_owned(),
        query: query.to_owned(),
        headers: vec![
            ("host".to_owned(), "127.0.0.1:1234".to_owned()),
            ("content-type".to_owned(), "application/json".to_owned()),
        ],
        body: body
            .map(|body| body.to_string().into_bytes())
            .unwrap_or_default(),
    }
}

/// Signs a request on a plain path, with the date alone.
fn sign(request: &mut Request, credentials: &TestCredentials) {
    let canonical = format!(
        "{}\n{}/\n{}\nx-sdk-date:{SIGNED_AT}\n\nx-sdk-date\n{}",
        request.method,
        request.path,
        request.query,
        hex::encode(Sha256::digest(&request.body)),
    );
    let text = format!(
        "SDK-HMAC-SHA256\n{SIGNED_AT}\n{}",
        hex::encode(Sha256::digest(canonical.as_bytes()))
    );
    let mut mac = Hmac::<Sha256>::new_from_slice(credentials.secret.as_bytes()).unwrap();
    mac.update(text.as_bytes());
    let signature = hex::encode(mac.finalize().into_bytes());
    let mut put = |name: &str, value: String| request.headers.push((name.to_owned(), value));
    put("x-sdk-date", SIGNED_AT.to_owned());
    put(
        "authorization",
        format!(
            "SDK-HMAC-SHA256 Access={}, SignedHeaders=x-sdk-date, Signature={signature}",
            credentials.key_id
        ),
    );
    if let Some(token) = &credentials.token {
        put("x-security-token", token.clone());
    }
}

fn header<'a>(response: &'a Response, name: &str) -> Option<&'a str> {
    response
        .headers
        .iter()
        .find(|(header, _)| header == name)
        .map(|(_, value)| value.as_str())
}

fn text(response: &Response) -> String {
    String::from_utf8_lossy(&response.body).into_owned()
}

fn parsed(response: &Response) -> Value {
    serde_json::from_slice(&response.body).unwrap()
}
