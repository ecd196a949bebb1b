//! Tokens of the sandbox's issuers at the three clouds' token services, and what comes of them.

use std::collections::BTreeMap;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Map, Value, json};

use super::trust::{self, ALIBABA, Attempt, TENCENT};
use crate::sandbox::credentials::{self, TestCredentials};
use crate::sandbox::emulator::Emulator;
use crate::sandbox::issuer::Wanted;
use crate::sandbox::testing::{alibaba_v3, json_of, request, tencent};
use crate::sandbox::wire::{Request, encode};
use crate::sandbox::{Options, Sandbox};

const UIN: &str = "100000000001";
const UID: &str = "1234567890123456";
const DOMAIN: &str = "0123456789abcdef0123456789abcdef";
const PATH: &str = "github";
const AUDIENCE: &str = "sts.acme.example";
const SUBJECT: &str = "repo:acme/app:ref:refs/heads/main";
/// An hour: many times what a test takes.
const SOON: i64 = 3600;

struct Bench {
    sandbox: Sandbox,
    now: i64,
    nonce: std::cell::Cell<u32>,
}

impl Bench {
    async fn new() -> Self {
        let sandbox = Sandbox::start(Options::default()).await.unwrap();
        let now = sandbox.now();
        Self {
            sandbox,
            now,
            nonce: std::cell::Cell::new(0),
        }
    }

    fn issuer(&self) -> String {
        format!("{}/{PATH}", self.sandbox.issuer_url())
    }

    fn key_set(&self) -> Value {
        self.sandbox.issuers().key_set(PATH, self.now).unwrap()
    }

    fn token(&self) -> String {
        self.token_with(&Wanted {
            audiences: vec![AUDIENCE.to_owned()],
            subject: SUBJECT.to_owned(),
            ..Wanted::default()
        })
    }

    fn token_with(&self, wanted: &Wanted) -> String {
        let base = self.sandbox.issuer_url();
        let issuers = self.sandbox.issuers();
        issuers.token(&base, PATH, wanted, self.now).unwrap()
    }

    fn cloud(&self, name: &str) -> Arc<dyn Emulator> {
        self.sandbox.emulator(name)
    }

    // Tencent Cloud.

    fn tencent_with(&self, key: &TestCredentials, action: &str, parameters: &Value) -> Value {
        let request = tencent(key, action, parameters, self.now);
        json_of(&self.cloud("tencent").answer(&request, self.now))["Response"].clone()
    }

    #[track_caller]
    fn tencent_ok(&self, action: &str, parameters: &Value) -> Value {
        let key = credentials::permanent("tencent", UIN).unwrap();
        let answer = self.tencent_with(&key, action, parameters);
        assert_eq!(answer.get("Error"), None, "{action}: {answer}");
        answer
    }

    fn tencent_provider(&self, action: &str) {
        self.tencent_ok(
            action,
            &json!({
                "Name": PATH, "IdentityUrl": self.issuer(), "ClientId": [AUDIENCE],
                "IdentityKey": STANDARD.encode(self.key_set().to_string()),
            }),
        );
    }

    fn tencent_role(&self, trust: &Value) {
        let document = json!({"version": "2.0", "statement": [trust]}).to_string();
        self.tencent_ok(
            "CreateRole",
            &json!({"RoleName": "deploy", "PolicyDocument": document}),
        );
    }

    fn tencent_exchange(&self, token: &str) -> Value {
        let body = json!({
            "ProviderId": PATH, "WebIdentityToken": token, "RoleSessionName": "ci",
            "RoleArn": format!("qcs::cam::uin/{UIN}:roleName/deploy"),
        });
        let request = request(
            "POST",
            "",
            &[
                ("content-type", "application/json"),
                ("authorization", "SKIP"),
                ("x-tc-action", "AssumeRoleWithWebIdentity"),
                ("x-tc-version", "2018-08-13"),
                ("x-tc-region", "ap-guangzhou"),
            ],
            &body.to_string(),
        );
        json_of(&self.cloud("tencent").answer(&request, self.now))["Response"].clone()
    }

    // Alibaba Cloud.

    fn alibaba_with(&self, key: &TestCredentials, action: &str, of: &[(&str, &str)]) -> Value {
        self.nonce.set(self.nonce.get() + 1);
        let nonce = self.nonce.get().to_string();
        let request = alibaba_v3(key, action, of, &nonce, self.now);
        json_of(&self.cloud("alibaba").answer(&request, self.now))
    }

    #[track_caller]
    fn alibaba_ok(&self, action: &str, parameters: &[(&str, &str)]) -> Value {
        let key = credentials::permanent("alibaba", UID).unwrap();
        let answer = self.alibaba_with(&key, action, parameters);
        assert_eq!(answer.get("Code"), None, "{action}: {answer}");
        answer
    }

    fn alibaba_provider(&self, fingerprint: &str) {
        let issuer = self.issuer();
        let parameters = [
            ("OIDCProviderName", PATH),
            ("IssuerUrl", &issuer),
            ("ClientIds", AUDIENCE),
            ("Fingerprints", fingerprint),
            ("IssuanceLimitTime", "1"),
        ];
        self.alibaba_ok("CreateOIDCProvider", &parameters);
    }

    fn alibaba_role(&self, trust: &Value) {
        let document = json!({"Version": "1", "Statement": [trust]}).to_string();
        let parameters = [
            ("RoleName", "deploy"),
            ("AssumeRolePolicyDocument", document.as_str()),
        ];
        self.alibaba_ok("CreateRole", &parameters);
    }

    fn alibaba_exchange(&self, token: &str) -> Value {
        let provider = format!("acs:ram::{UID}:oidc-provider/{PATH}");
        let role = format!("acs:ram::{UID}:role/deploy");
        let query: Vec<String> = [
            ("Action", "AssumeRoleWithOIDC"),
            ("Version", "2015-04-01"),
            ("Format", "JSON"),
            ("OIDCProviderArn", &provider),
            ("RoleArn", &role),
            ("OIDCToken", token),
            ("RoleSessionName", "ci"),
        ]
        .iter()
        .map(|(name, value)| format!("{name}={}", encode(value)))
        .collect();
        let request = request("POST", &query.join("&"), &[], "");
        json_of(&self.cloud("alibaba").answer(&request, self.now))
    }

    // Huawei Cloud.

    fn huawei(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &Value) -> Answer {
        let text = if body.is_null() {
            String::new()
        } else {
            body.to_string()
        };
        let request = Request {
            path: path.to_owned(),
            ..request(method, "", headers, &text)
        };
        let response = self.cloud("huawei").answer(&request, self.now);
        let token = response
            .headers
            .iter()
            .find(|(name, _)| name == "x-subject-token");
        Answer {
            status: response.status,
            body: serde_json::from_slice(&response.body).unwrap_or_default(),
            token: token.map(|(_, token)| token.clone()).unwrap_or_default(),
        }
    }

    fn huawei_admin(&self) -> String {
        let user = json!({"name": "sandbox", "password": "sandbox-password",
                          "domain": {"id": DOMAIN}});
        let body = json!({"auth": {"identity": {"methods": ["password"],
                                                 "password": {"user": user}}}});
        self.huawei("POST", "/v3/auth/tokens", &[], &body).token
    }

    fn huawei_federation(&self, rules: &Value) {
        let admin = self.huawei_admin();
        let idp = "/v3/OS-FEDERATION/identity_providers/github";
        let steps = [
            ("PUT", idp, json!({"identity_provider": {"enabled": true}})),
            (
                "PUT",
                "/v3/OS-FEDERATION/mappings/mapping_github",
                json!({"mapping": {"rules": rules}}),
            ),
            (
                "PUT",
                &format!("{idp}/protocols/oidc"),
                json!({"protocol": {"mapping_id": "mapping_github"}}),
            ),
            (
                "POST",
                "/v3.0/OS-FEDERATION/identity-providers/github/openid-connect-config",
                json!({"openid_connect_config": {
                    "access_mode": "program", "idp_url": self.issuer(), "client_id": AUDIENCE,
                    "signing_key": self.key_set().to_string(),
                }}),
            ),
        ];
        for (method, path, body) in steps {
            let answer = self.huawei(method, path, &[("x-auth-token", &admin)], &body);
            assert_eq!(answer.status, 201, "{path}: {}", answer.body);
        }
    }

    fn huawei_exchange(&self, token: &str, scope: Option<Value>) -> Answer {
        let mut body = json!({"auth": {"id_token": {"id": token}}});
        if let Some(scope) = scope {
            body["auth"]["scope"] = scope;
        }
        let path = "/v3.0/OS-AUTH/id-token/tokens";
        self.huawei("POST", path, &[("x-idp-id", "github")], &body)
    }
}

struct Answer {
    status: u16,
    body: Value,
    token: String,
}

fn tencent_trust() -> Value {
    json!({
        "effect": "allow",
        "action": ["name/sts:AssumeRoleWithWebIdentity"],
        "principal": {"federated": [format!("qcs::cam::uin/{UIN}:oidc-provider/{PATH}")]},
        "condition": {"string_equal": {"oidc:aud": [AUDIENCE], "oidc:sub": [SUBJECT]}},
    })
}

fn alibaba_trust() -> Value {
    json!({
        "Effect": "Allow",
        "Action": "sts:AssumeRole",
        "Principal": {"Federated": [format!("acs:ram::{UID}:oidc-provider/{PATH}")]},
        "Condition": {
            "StringEquals": {"oidc:aud": AUDIENCE},
            "StringLike": {"oidc:sub": "repo:acme/*"},
        },
    })
}

fn keys_of(answer: &Value, names: [&str; 3]) -> TestCredentials {
    let text = |name: &str| {
        let value = answer["Credentials"][name].as_str();
        value
            .unwrap_or_else(|| panic!("no credentials in {answer}"))
            .to_owned()
    };
    let [key_id, secret, token] = names;
    TestCredentials {
        key_id: text(key_id),
        secret: text(secret),
        token: Some(text(token)),
    }
}

fn tencent_keys(answer: &Value) -> TestCredentials {
    keys_of(answer, ["TmpSecretId", "TmpSecretKey", "Token"])
}

fn alibaba_keys(answer: &Value) -> TestCredentials {
    keys_of(answer, ["AccessKeyId", "AccessKeySecret", "SecurityToken"])
}

/// The tokens that every service must refuse, with what is wrong with them.
fn bad_tokens(bench: &Bench) -> BTreeMap<&'static str, String> {
    let good = Wanted {
        audiences: vec![AUDIENCE.to_owned()],
        subject: SUBJECT.to_owned(),
        ..Wanted::default()
    };
    let with_claim = |name: &str, value: Value| {
        bench.token_with(&Wanted {
            claims: Map::from_iter([(name.to_owned(), value)]),
            ..good.clone()
        })
    };
    let genuine = bench.token();
    let parts: Vec<&str> = genuine.split('.').collect();
    let with_header = |header: Value, signature: &str| {
        let header = URL_SAFE_NO_PAD.encode(header.to_string());
        format!("{header}.{}.{signature}", parts[1])
    };
    let kid = bench.key_set()["keys"][0]["kid"].clone();
    // A public key used as the secret of HS256: the classic confusion.
    let modulus = bench.key_set()["keys"][0]["n"].as_str().unwrap().to_owned();
    let unsigned = with_header(json!({"alg": "HS256", "kid": kid}), "");
    let mac = crate::sandbox::digest::hmac_sha256(
        modulus.as_bytes(),
        unsigned.trim_end_matches('.').as_bytes(),
    );
    let foreign = {
        let issuers = bench.sandbox.issuers();
        let base = bench.sandbox.issuer_url();
        let claims = Map::from_iter([("iss".to_owned(), json!(bench.issuer()))]);
        let wanted = Wanted {
            claims,
            ..good.clone()
        };
        issuers.token(&base, "okta", &wanted, bench.now).unwrap()
    };
    BTreeMap::from([
        ("alg none", with_header(json!({"alg": "none"}), "")),
        ("alg HS256", format!("{unsigned}{}", URL_SAFE_NO_PAD.encode(mac))),
        ("another kid", with_header(json!({"alg": "RS256", "kid": "x"}), parts[2])),
        ("bent claims", genuine.replace(parts[1], &URL_SAFE_NO_PAD.encode(
            json!({"iss": bench.issuer(), "aud": AUDIENCE, "sub": SUBJECT, "iat": bench.now,
                   "exp": bench.now + SOON}).to_string()))),
        ("another issuer's key", foreign),
        ("another issuer", with_claim("iss", json!("https://localhost/github"))),
        ("another audience", with_claim("aud", json!("someone-else"))),
        ("expired", bench.token_with(&Wanted { age_seconds: SOON, ..good.clone() })),
        ("of the future", bench.token_with(&Wanted { age_seconds: -SOON, ..good.clone() })),
        ("no time", with_claim("exp", Value::Null)),
        ("no token", "x".to_owned()),
    ])
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tencent_gives_keys_for_a_token_and_they_work_until_they_run_out() {
    let bench = Bench::new().await;
    bench.tencent_provider("CreateOIDCConfig");
    bench.tencent_role(&tencent_trust());
    let keys = tencent_keys(&bench.tencent_exchange(&bench.token()));
    let who = bench.tencent_with(&keys, "GetCallerIdentity", &json!({}));
    assert_eq!(who["Type"], "CAMRole", "{who}");
    assert_eq!(who["AccountId"], UIN);
    assert!(who["UserId"].as_str().unwrap().ends_with(":ci"), "{who}");
    let read = bench.tencent_with(&keys, "DescribeOIDCConfig", &json!({"Name": PATH}));
    assert_eq!(read["IdentityUrl"], bench.issuer().as_str(), "{read}");

    let code = |answer: &Value| answer["Error"]["Code"].as_str().unwrap_or("ok").to_owned();
    let mut later = Bench {
        now: bench.now + 7200,
        ..bench
    };
    let who = later.tencent_with(&keys, "GetCallerIdentity", &json!({}));
    assert_eq!(code(&who), "AuthFailure.TokenFailure");
    later.now -= 7200;
    let bent = TestCredentials {
        token: Some("sandbox-sts-x.y".to_owned()),
        ..keys.clone()
    };
    let who = later.tencent_with(&bent, "GetCallerIdentity", &json!({}));
    assert_eq!(code(&who), "AuthFailure.TokenFailure");
    let wrong = TestCredentials {
        secret: "x".to_owned(),
        ..keys
    };
    let who = later.tencent_with(&wrong, "GetCallerIdentity", &json!({}));
    assert_eq!(code(&who), "AuthFailure.SignatureFailure");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tencent_refuses_bad_tokens_and_strangers() {
    let bench = Bench::new().await;
    bench.tencent_provider("CreateOIDCConfig");
    bench.tencent_role(&tencent_trust());
    for (what, token) in bad_tokens(&bench) {
        let answer = bench.tencent_exchange(&token);
        let code = &answer["Error"]["Code"];
        assert_eq!(
            code, "InvalidParameter.WebIdentityTokenError",
            "{what}: {answer}"
        );
    }
    let stranger = bench.token_with(&Wanted {
        audiences: vec![AUDIENCE.to_owned()],
        subject: "repo:evil/app:ref:refs/heads/main".to_owned(),
        ..Wanted::default()
    });
    let answer = bench.tencent_exchange(&stranger);
    assert_eq!(answer["Error"]["Code"], "UnauthorizedOperation", "{answer}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tencent_believes_the_keys_it_holds() {
    let bench = Bench::new().await;
    bench.tencent_provider("CreateOIDCConfig");
    bench.tencent_role(&tencent_trust());
    let before = bench.token();
    bench.sandbox.issuers().rotate(PATH, bench.now).unwrap();
    let answer = bench.tencent_exchange(&bench.token());
    let code = &answer["Error"]["Code"];
    assert_eq!(code, "InvalidParameter.WebIdentityTokenError", "{answer}");
    tencent_keys(&bench.tencent_exchange(&before));
    bench.tencent_provider("UpdateOIDCConfig");
    tencent_keys(&bench.tencent_exchange(&before));
    tencent_keys(&bench.tencent_exchange(&bench.token()));
    bench.sandbox.issuers().withdraw(PATH, bench.now).unwrap();
    bench.tencent_provider("UpdateOIDCConfig");
    let answer = bench.tencent_exchange(&before);
    assert_eq!(
        answer["Error"]["Code"],
        "InvalidParameter.WebIdentityTokenError"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tencent_roles_can_be_chained() {
    let bench = Bench::new().await;
    bench.tencent_role(&json!({
        "effect": "allow", "action": "name/sts:AssumeRole",
        "principal": {"qcs": format!("qcs::cam::uin/{UIN}:root")},
        "condition": {"string_equal": {"sts:external_id": "x-1"}},
    }));
    let mut wanted = json!({
        "RoleArn": format!("qcs::cam::uin/{UIN}:roleName/deploy"), "RoleSessionName": "first",
    });
    let key = credentials::permanent("tencent", UIN).unwrap();
    let refused = bench.tencent_with(&key, "AssumeRole", &wanted);
    assert_eq!(
        refused["Error"]["Code"], "UnauthorizedOperation",
        "{refused}"
    );
    wanted["ExternalId"] = json!("x-1");
    let first = tencent_keys(&bench.tencent_with(&key, "AssumeRole", &wanted));
    wanted["RoleSessionName"] = json!("second");
    let second = tencent_keys(&bench.tencent_with(&first, "AssumeRole", &wanted));
    let who = bench.tencent_with(&second, "GetCallerIdentity", &json!({}));
    assert!(
        who["UserId"].as_str().unwrap().ends_with(":second"),
        "{who}"
    );
    wanted["RoleArn"] = json!(format!("qcs::cam::uin/{UIN}:roleName/gone"));
    let gone = bench.tencent_with(&key, "AssumeRole", &wanted);
    assert_eq!(
        gone["Error"]["Code"], "InternalError.GetRoleError",
        "{gone}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn alibaba_gives_keys_for_a_token_and_they_work_until_they_run_out() {
    let bench = Bench::new().await;
    bench.alibaba_provider(&topmost(&bench));
    bench.alibaba_role(&alibaba_trust());
    let answer = bench.alibaba_exchange(&bench.token());
    assert_eq!(answer["OIDCTokenInfo"]["Subject"], SUBJECT, "{answer}");
    let keys = alibaba_keys(&answer);
    assert!(keys.key_id.starts_with("STS."), "{keys:?}");
    let who = bench.alibaba_with(&keys, "GetCallerIdentity", &[]);
    let arn = format!("acs:ram::{UID}:assumed-role/deploy/ci");
    assert_eq!(
        (&who["Arn"], &who["AccountId"]),
        (&json!(arn), &json!(UID)),
        "{who}"
    );
    let listed = bench.alibaba_with(&keys, "ListOIDCProviders", &[]);
    assert_eq!(listed["IsTruncated"], false, "{listed}");
    let later = Bench {
        now: bench.now + 3600,
        ..bench
    };
    let who = later.alibaba_with(&keys, "GetCallerIdentity", &[]);
    assert_eq!(who["Code"], "InvalidSecurityToken.Expired", "{who}");
}

/// The fingerprint of the last certificate that the issuers present.
fn topmost(bench: &Bench) -> String {
    let outside = super::outside::Outside::of(&bench.sandbox);
    let found = outside.find(&bench.issuer(), bench.now).unwrap();
    assert_eq!(found.presented.len(), 2, "a leaf and an intermediate");
    assert!(found.root.is_some());
    found.presented.last().unwrap().clone()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn alibaba_names_what_is_wrong_with_a_token() {
    let bench = Bench::new().await;
    bench.alibaba_provider(&topmost(&bench));
    bench.alibaba_role(&alibaba_trust());
    let codes: Vec<String> = bad_tokens(&bench)
        .into_iter()
        .map(|(what, token)| {
            let answer = bench.alibaba_exchange(&token);
            let code = answer["Code"].as_str().unwrap_or("accepted");
            format!(
                "{what}: {}",
                code.trim_start_matches("AuthenticationFail.OIDCToken.")
            )
        })
        .collect();
    assert_eq!(
        codes,
        [
            "alg HS256: Invalid",
            "alg none: Invalid",
            "another audience: AudienceNotMatch",
            "another issuer: IssuerNotMatch",
            "another issuer's key: InvalidSignature",
            "another kid: InvalidSignature",
            "bent claims: InvalidSignature",
            "expired: Expired",
            "no time: Invalid",
            "no token: Invalid",
            "of the future: Invalid",
        ]
    );
    // Good for two hours, but the provider takes none that is older than one.
    let old = bench.token_with(&Wanted {
        audiences: vec![AUDIENCE.to_owned()],
        subject: SUBJECT.to_owned(),
        age_seconds: SOON + 1,
        life_seconds: Some(2 * SOON),
        ..Wanted::default()
    });
    let answer = bench.alibaba_exchange(&old);
    assert_eq!(
        answer["Code"], "AuthenticationFail.OIDCToken.Expired",
        "{answer}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn alibaba_believes_the_keys_behind_a_registered_chain() {
    let bench = Bench::new().await;
    let before = topmost(&bench);
    bench.alibaba_provider(&before);
    bench.alibaba_role(&alibaba_trust());
    // Keys are fetched: a rotation needs no change on the cloud.
    bench.sandbox.issuers().rotate(PATH, bench.now).unwrap();
    alibaba_keys(&bench.alibaba_exchange(&bench.token()));
    bench
        .sandbox
        .issuers()
        .swap_chain(false, bench.now)
        .unwrap();
    let after = topmost(&bench);
    assert_ne!(before, after);
    let answer = bench.alibaba_exchange(&bench.token());
    let mismatch = "AuthenticationFail.OIDCToken.PublicKeyFingerprintMismatch";
    assert_eq!(answer["Code"], mismatch, "{answer}");
    let change = |action: &str, fingerprint: &str| {
        let of = [("OIDCProviderName", PATH), ("Fingerprint", fingerprint)];
        bench.alibaba_ok(action, &of);
    };
    change("AddFingerprintToOIDCProvider", &after);
    alibaba_keys(&bench.alibaba_exchange(&bench.token()));
    change("RemoveFingerprintFromOIDCProvider", &before);
    alibaba_keys(&bench.alibaba_exchange(&bench.token()));
    // Another root is trusted like the first, and its chain is as unknown as any.
    bench.sandbox.issuers().swap_chain(true, bench.now).unwrap();
    let answer = bench.alibaba_exchange(&bench.token());
    assert_eq!(answer["Code"], mismatch, "{answer}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn alibaba_reaches_no_issuer_but_the_sandboxs() {
    let bench = Bench::new().await;
    let outside = super::outside::Outside::of(&bench.sandbox);
    let port = bench.sandbox.issuer_address().port();
    let stable = format!("https://{}", crate::sandbox::issuer::STABLE_HOST);
    for reached in [
        bench.sandbox.issuer_url(),
        format!("https://127.0.0.1:{port}/okta"),
        format!("{stable}/realms/acme"),
        stable,
    ] {
        outside.find(&reached, bench.now).unwrap();
    }
    for other in [
        "https://token.actions.githubusercontent.com".to_owned(),
        "https://localhost/github".to_owned(),
        format!("https://10.0.0.1:{port}"),
        format!("https://evil.example:{port}"),
        format!("http://localhost:{port}"),
        format!("https://localhost:{port}/a/b/c/d/e"),
        "x".to_owned(),
    ] {
        outside.find(&other, bench.now).unwrap_err();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn alibaba_roles_can_be_chained_but_not_by_the_root_key() {
    let bench = Bench::new().await;
    bench.alibaba_role(&json!({
        "Effect": "Allow", "Action": "sts:AssumeRole",
        "Principal": {"RAM": [format!("acs:ram::{UID}:root")]},
    }));
    let role = format!("acs:ram::{UID}:role/deploy");
    let wanted = [("RoleArn", role.as_str()), ("RoleSessionName", "first")];
    let key = credentials::permanent("alibaba", UID).unwrap();
    let first = alibaba_keys(&bench.alibaba_with(&key, "AssumeRole", &wanted));
    let second = alibaba_keys(&bench.alibaba_with(&first, "AssumeRole", &wanted));
    let who = bench.alibaba_with(&second, "GetCallerIdentity", &[]);
    assert_eq!(who["IdentityType"], "AssumedRoleUser", "{who}");
    let without_name = bench.alibaba_with(&key, "AssumeRole", &wanted[..1]);
    assert_eq!(
        without_name["Code"], "MissingRoleSessionName",
        "{without_name}"
    );
    bench
        .sandbox
        .set("alibaba", UID, "identity", json!("account"))
        .unwrap();
    let refused = bench.alibaba_with(&key, "AssumeRole", &wanted);
    assert_eq!(refused["Code"], "NoPermission", "{refused}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn huawei_exchanges_a_token_and_its_groups_decide() {
    let bench = Bench::new().await;
    let rule = |sub: &str| {
        json!({"local": [{"user": {"name": "{0}"}}, {"group": {"name": "admin"}}],
               "remote": [{"type": "sub"}, {"type": "sub", "any_one_of": [sub]}]})
    };
    let named = json!({"local": [{"user": {"name": "{0}"}}], "remote": [{"type": "sub"}]});
    bench.huawei_federation(&json!([rule(SUBJECT), named]));
    let domain = json!({"domain": {"id": DOMAIN}});
    let providers = "/v3/OS-FEDERATION/identity_providers";
    let list = |token: &str| {
        let headers = [("x-auth-token", token)];
        bench
            .huawei("GET", providers, &headers, &Value::Null)
            .status
    };

    let unscoped = bench.huawei_exchange(&bench.token(), None);
    assert_eq!(unscoped.status, 201, "{}", unscoped.body);
    let user = &unscoped.body["token"]["user"];
    assert_eq!(user["name"], SUBJECT);
    assert_eq!(user["OS-FEDERATION"]["groups"][0]["name"], "admin");
    assert_eq!(list(&unscoped.token), 403);
    let rescope = json!({"auth": {"identity": {"methods": ["token"],
                                               "token": {"id": unscoped.token}},
                                  "scope": domain}});
    let scoped = bench.huawei("POST", "/v3/auth/tokens", &[], &rescope);
    assert_eq!(
        (scoped.status, list(&scoped.token)),
        (201, 200),
        "{}",
        scoped.body
    );
    let scoped = bench.huawei_exchange(&bench.token(), Some(domain.clone()));
    assert_eq!(list(&scoped.token), 200, "{}", scoped.body);

    let stranger = bench.token_with(&Wanted {
        audiences: vec![AUDIENCE.to_owned()],
        subject: "stranger".to_owned(),
        ..Wanted::default()
    });
    let in_no_group = bench.huawei_exchange(&stranger, Some(domain));
    assert_eq!((in_no_group.status, list(&in_no_group.token)), (201, 403));
    let bearer = format!("Bearer {}", bench.token());
    let path = format!("{providers}/github/protocols/oidc/auth");
    let answer = bench.huawei("POST", &path, &[("authorization", &bearer)], &Value::Null);
    assert_eq!(answer.status, 201, "{}", answer.body);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn huawei_refuses_bad_tokens_and_disabled_providers() {
    let bench = Bench::new().await;
    let rules = json!([{"local": [{"user": {"name": "{0}"}}], "remote": [{"type": "sub"}]}]);
    bench.huawei_federation(&rules);
    for (what, token) in bad_tokens(&bench) {
        let answer = bench.huawei_exchange(&token, None);
        assert_eq!(answer.status, 401, "{what}: {}", answer.body);
        assert_eq!(
            answer.body["error_code"], "IAM.0001",
            "{what}: {}",
            answer.body
        );
    }
    let admin = bench.huawei_admin();
    bench.huawei(
        "PATCH",
        "/v3/OS-FEDERATION/identity_providers/github",
        &[("x-auth-token", &admin)],
        &json!({"identity_provider": {"enabled": false}}),
    );
    assert_eq!(bench.huawei_exchange(&bench.token(), None).status, 401);
    let path = "/v3.0/OS-AUTH/id-token/tokens";
    let nobody = json!({"auth": {"id_token": {"id": bench.token()}}});
    let unknown = bench.huawei("POST", path, &[("x-idp-id", "gone")], &nobody);
    assert_eq!(unknown.status, 404, "{}", unknown.body);
}

#[test]
fn a_trust_policy_lets_in_whom_it_says() {
    let context = BTreeMap::from([
        ("oidc:iss", vec!["https://i".to_owned()]),
        ("oidc:aud", vec!["a".to_owned(), "b".to_owned()]),
        ("oidc:sub", vec!["repo:acme/app:main".to_owned()]),
    ]);
    let principals = ["p".to_owned()];
    let attempt = |kind: &'static str, action: &'static str| Attempt {
        action,
        kind,
        principals: &principals,
        context: &context,
    };
    let tencent = |statements: Value| {
        let document = json!({ "statement": statements });
        trust::allows(&TENCENT, &document, &attempt("federated", "sts:X"))
    };
    let allow = |condition: Value| {
        json!({"effect": "allow", "action": "name/sts:X", "principal": {"federated": ["p", "q"]},
               "condition": condition})
    };
    let one = |operator: &str, key: &str, value: Value| {
        let mut condition = json!({});
        condition[operator] = json!({ key: value });
        tencent(json!([allow(condition)]))
    };
    assert!(one("string_equal", "oidc:aud", json!("b")));
    assert!(one("string_equal", "oidc:aud", json!(["x", "a"])));
    assert!(!one("string_equal", "oidc:aud", json!("x")));
    assert!(!one("string_not_equal", "oidc:aud", json!("a")));
    assert!(one("string_like", "oidc:sub", json!("repo:*:ma?n")));
    assert!(!one("string_like", "oidc:sub", json!("repo:*:dev")));
    assert!(one("string_equal_if_exist", "oidc:other", json!("x")));
    assert!(!one("string_equal", "oidc:other", json!("x")));
    assert!(one(
        "for_all_value:string_equal",
        "oidc:aud",
        json!(["a", "b"])
    ));
    assert!(!one("for_all_value:string_equal", "oidc:aud", json!(["a"])));
    assert!(one("for_any_value:string_equal", "oidc:aud", json!(["a"])));
    assert!(!one("ip_equal", "qcs:ip", json!("10.0.0.1")));
    let both = json!({"string_equal": {"oidc:aud": "a", "oidc:sub": "x"}});
    assert!(!tencent(json!([allow(both)])));
    // Alternatives stand beside each other, and a deny wins wherever it stands.
    let open = allow(json!({}));
    let shut = allow(json!({"string_equal": {"oidc:aud": "x"}}));
    assert!(tencent(json!([shut, open])));
    let mut deny = allow(json!({"string_equal": {"oidc:sub": "repo:acme/app:main"}}));
    deny["effect"] = json!("deny");
    assert!(!tencent(json!([open, deny])));
    deny["condition"] = json!({"string_equal": {"oidc:sub": "other"}});
    assert!(tencent(json!([deny, open])));
    deny["condition"] = json!({"ip_equal": {"qcs:ip": "10.0.0.1"}});
    assert!(
        !tencent(json!([deny, open])),
        "what is not understood keeps people out"
    );
    assert!(!tencent(json!([])));

    let alibaba = |action: &'static str, value: Value| {
        let document = json!({"Statement": {
            "Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Federated": "p"},
            "Condition": {"StringLike": {"oidc:sub": value}},
        }});
        trust::allows(&ALIBABA, &document, &attempt("Federated", action))
    };
    assert!(alibaba("sts:AssumeRole", json!("repo:acme/*")));
    assert!(!alibaba("sts:AssumeRole", json!("repo:acm/*")));
    assert!(!alibaba("sts:Other", json!("*")));
}
