//! Keyless sign-in and roles, from the binary to the sandbox's issuers and token services and back.

use std::collections::BTreeMap;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use idform::clouds;
use idform::net::clock;
use idform::net::http::{Http, HttpOptions};
use idform::provider::surroundings::AllowedTokens;
use idform::provider::{Call, Connection, Surroundings};
use idform::sandbox::issuer::Wanted;

use crate::binary::Binary;
use crate::support::{ALIBABA, Clouds, HUAWEI, TENCENT};

const AUDIENCE: &str = "sts.acme.example";
const SUBJECT: &str = "repo:acme/idp:ref:refs/heads/main";

/// Makes in a cloud, with its permanent keys, what a person would have made before.
fn prepare(clouds: &Clouds, cloud: &str, calls: &[Call]) {
    let texts = format!(
        "apiVersion: idform/v1\nkind: Account\nmetadata: {{name: a}}\nspec: {{cloud: {cloud}}}\n"
    );
    let (manifests, found) = idform::manifest::parse_texts(
        &[("a.yaml", &texts)],
        &[],
        clouds::CLOUDS,
        &idform::manifest::AllowedEnv::default(),
    );
    assert!(found.is_empty());
    let entry = clouds::CLOUDS.iter().find(|entry| entry.id.0 == cloud);
    let surroundings = Surroundings {
        env: clouds.env(),
        home: None,
        read: Arc::new(|_| None),
        tokens: AllowedTokens::default(),
    };
    let client = (entry.expect("a cloud").connect)(&Connection {
        account: &manifests.accounts[0],
        surroundings: &surroundings,
        endpoint: clouds.sandbox().base_url(cloud).as_deref(),
        http: Http::new(HttpOptions::default()),
    });
    let client = client.expect("permanent keys");
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    for call in calls {
        let answer = runtime.block_on(client.send(call, clock::unix_seconds()));
        answer.unwrap_or_else(|error| panic!("{error}"));
    }
}

fn issuer(clouds: &Clouds) -> String {
    format!("{}/ci", clouds.sandbox().issuer_url())
}

fn key_set(clouds: &Clouds) -> String {
    let sandbox = clouds.sandbox();
    let keys = sandbox.issuers().key_set("ci", sandbox.now());
    keys.expect("the issuer publishes keys").to_string()
}

fn token(clouds: &Clouds, audience: &str) -> String {
    let sandbox = clouds.sandbox();
    let wanted = Wanted {
        audiences: vec![audience.to_owned()],
        subject: SUBJECT.to_owned(),
        ..Wanted::default()
    };
    let token = (sandbox.issuers()).token(&sandbox.issuer_url(), "ci", &wanted, sandbox.now());
    token.expect("the issuer issues")
}

/// A provider and a role that trusts it, and a second role that the account's own keys may take.
fn tencent(clouds: &Clouds) {
    let of = |principal: Value, action: &str| {
        json!({"version": "2.0", "statement": [{
            "effect": "allow", "action": [action], "principal": principal,
        }]})
        .to_string()
    };
    let provider = format!("qcs::cam::uin/{TENCENT}:oidc-provider/ci");
    let web = of(
        json!({"federated": [provider]}),
        "name/sts:AssumeRoleWithWebIdentity",
    );
    let own = of(
        json!({"qcs": [format!("qcs::cam::uin/{TENCENT}:root")]}),
        "name/sts:AssumeRole",
    );
    let provider = json!({
        "Name": "ci", "IdentityUrl": issuer(clouds), "ClientId": [AUDIENCE],
        "IdentityKey": STANDARD.encode(key_set(clouds)),
    });
    let role = |name: &str, trust: &str| json!({"RoleName": name, "PolicyDocument": trust});
    prepare(
        clouds,
        "tencent",
        &[
            Call::rpc("cam", "CreateOIDCConfig", provider),
            Call::rpc("cam", "CreateRole", role("deploy", &web)),
            Call::rpc("cam", "CreateRole", role("second", &own)),
        ],
    );
}

fn account(cloud: &str, id: &str, credentials: &Value) -> String {
    json!({
        "apiVersion": "idform/v1",
        "kind": "Account",
        "metadata": {"name": "prod"},
        "spec": {"cloud": cloud, "accountId": id, "credentials": credentials},
    })
    .to_string()
}

fn provider(kind: &str) -> String {
    let samples = clouds::kind(kind).expect("a kind").samples();
    crate::support::document(kind, "new", "prod", &samples.minimal)
}

/// A binary without any keys.
fn keyless(clouds: &Clouds) -> Binary {
    let mut binary = Binary::over(clouds);
    for cloud in clouds::CLOUDS {
        binary = binary
            .without(cloud.key_variables.id)
            .without(cloud.key_variables.secret);
    }
    binary
}

#[test]
fn tencent_takes_a_token_of_a_pipeline() {
    let clouds = Clouds::new();
    tencent(&clouds);
    let web = json!({"webIdentity": {
        "provider": "ci",
        "role": format!("qcs::cam::uin/{TENCENT}:roleName/deploy"),
        "tokenEnv": "TENCENT_ID_TOKEN",
    }});
    let texts = [
        account("tencent", TENCENT, &web),
        provider("TencentOidcProvider"),
    ];
    let binary = keyless(&clouds)
        .manifests(&texts.each_ref().map(String::as_str))
        .env("TENCENT_ID_TOKEN", &token(&clouds, AUDIENCE));
    let ended = binary.run(&["apply", "--yes", "-v"]).with_code(0);
    assert!(
        !ended.all().contains("eyJ"),
        "the token is nowhere: {ended:?}"
    );
    assert!(
        ended.all().contains("TENCENT_ID_TOKEN"),
        "the source is told: {ended:?}"
    );
    assert_eq!(
        clouds.count("AssumeRoleWithWebIdentity"),
        1,
        "once for the whole run"
    );
    let state = clouds.state("tencent", TENCENT).to_string();
    assert!(state.contains("\"new\""), "{state}");

    // A token for somebody else is refused, with the cloud's reason and without the token.
    let stranger = binary.env("TENCENT_ID_TOKEN", &token(&clouds, "other.example"));
    let ended = stranger.run(&["plan"]).with_code(1);
    assert!(
        ended.all().contains("AssumeRoleWithWebIdentity"),
        "{ended:?}"
    );
    assert!(!ended.all().contains("eyJ"), "{ended:?}");
}

#[test]
fn tencent_becomes_a_role() {
    let clouds = Clouds::new();
    tencent(&clouds);
    let role = |name: &str| {
        json!({"assumeRole": {
            "role": format!("qcs::cam::uin/{TENCENT}:roleName/{name}"), "sessionName": "from-a-test",
        }})
    };
    let texts = |name: &str| {
        [
            account("tencent", TENCENT, &role(name)),
            provider("TencentOidcProvider"),
        ]
    };
    let binary = Binary::over(&clouds);
    let binary = binary.manifests(&texts("second").each_ref().map(String::as_str));
    let _ = binary.run(&["apply", "--yes"]).with_code(0);
    assert_eq!(clouds.count("AssumeRole"), 1);
    // The role that only trusts tokens, and one that is not there: said as it is, nothing absent.
    for name in ["deploy", "gone"] {
        let binary = Binary::over(&clouds);
        let binary = binary.manifests(&texts(name).each_ref().map(String::as_str));
        let document = binary.run(&["plan", "--format=json"]).with_code(1).json();
        assert_eq!(document["complete"], false, "{name}");
        assert_eq!(document["summary"]["create"], 0, "{name}: {document:#}");
    }
}

#[test]
fn alibaba_becomes_a_role() {
    let clouds = Clouds::new();
    let trust = json!({"Version": "1", "Statement": [{
        "Effect": "Allow", "Action": "sts:AssumeRole",
        "Principal": {"RAM": [format!("acs:ram::{ALIBABA}:root")]},
    }]});
    let role = json!({"RoleName": "second", "AssumeRolePolicyDocument": trust.to_string()});
    prepare(&clouds, "alibaba", &[Call::rpc("Ram", "CreateRole", role)]);
    let role = json!({"assumeRole": {"role": format!("acs:ram::{ALIBABA}:role/second")}});
    let texts = [
        account("alibaba", ALIBABA, &role),
        provider("AlibabaOidcProvider"),
    ];
    let binary = Binary::over(&clouds).manifests(&texts.each_ref().map(String::as_str));
    let _ = binary.run(&["apply", "--yes"]).with_code(0);
    assert_eq!(clouds.count("AssumeRole"), 1);
}

#[test]
fn huawei_takes_a_token_of_a_pipeline() {
    let clouds = Clouds::new();
    let rules = json!([{
        "local": [{"user": {"name": "{0}"}}, {"group": {"name": "admin"}}],
        "remote": [{"type": "sub"}],
    }]);
    let idp = "/v3/OS-FEDERATION/identity_providers/ci";
    let put = |path: &str, body| Call::rest("Prepare", "PUT", path.to_owned(), body);
    let config = json!({"openid_connect_config": {
        "access_mode": "program", "idp_url": issuer(&clouds), "client_id": AUDIENCE,
        "signing_key": key_set(&clouds),
    }});
    let path = "/v3.0/OS-FEDERATION/identity-providers/ci/openid-connect-config";
    prepare(
        &clouds,
        "huawei",
        &[
            put(idp, json!({"identity_provider": {"enabled": true}})),
            put(
                "/v3/OS-FEDERATION/mappings/mapping_ci",
                json!({"mapping": {"rules": rules}}),
            ),
            put(
                &format!("{idp}/protocols/oidc"),
                json!({"protocol": {"mapping_id": "mapping_ci"}}),
            ),
            Call::rest("Prepare", "POST", path.to_owned(), config),
        ],
    );
    let web = json!({"webIdentity": {"provider": "ci", "tokenFile": "/run/ci/token"}});
    let texts = [
        account("huawei", HUAWEI, &web),
        provider("HuaweiIdentityProvider"),
    ];
    let binary = keyless(&clouds).manifests(&texts.each_ref().map(String::as_str));
    // Not one of the usual places: refused until the operator allows it.
    let ended = binary.run(&["plan"]).with_code(1);
    assert!(ended.stderr.contains("token_files"), "{ended:?}");
    assert_eq!(clouds.count("CreateTokenWithIdToken"), 0);

    let place = binary.path().join("token");
    binary.write("token", token(&clouds, AUDIENCE));
    let texts = texts.map(|text| text.replace("/run/ci/token", &place.display().to_string()));
    let binary = binary.manifests(&texts.each_ref().map(String::as_str));
    let allowed = toml_text(&place.display().to_string());
    binary.write("../operator.toml", allowed);
    let arguments = ["apply", "--yes", "--config", "../operator.toml"];
    let ended = binary.run(&arguments).with_code(0);
    assert!(!ended.all().contains("eyJ"), "{ended:?}");
}

fn toml_text(path: &str) -> String {
    let table: BTreeMap<&str, Value> = BTreeMap::from([("token_files", json!([path]))]);
    format!("[credentials]\ntoken_files = {}\n", table["token_files"])
}

const ALL: [(&str, &str, &str, &str); 3] = [
    (
        "tencent",
        TENCENT,
        "TencentOidcProvider",
        "CreateOIDCConfig",
    ),
    (
        "alibaba",
        ALIBABA,
        "AlibabaOidcProvider",
        "CreateOIDCProvider",
    ),
    (
        "huawei",
        HUAWEI,
        "HuaweiIdentityProvider",
        "KeystoneCreateIdentityProvider",
    ),
];

/// One object in one account of each cloud; the accounts become a role where `has_roles`.
fn three(clouds: &Clouds, has_roles: bool) -> Binary {
    let mut texts = Vec::new();
    for (cloud, number, kind, _) in ALL {
        let role = crate::support::role(cloud, number);
        let role = match role.domain {
            Some(domain) => json!({"agency": role.role, "domain": domain}),
            None => json!({"role": role.role}),
        };
        let credentials = if has_roles {
            clouds.add_role(cloud, number);
            json!({"assumeRole": role})
        } else {
            json!({})
        };
        let text = account(cloud, number, &credentials);
        texts.push(text.replace("\"prod\"", &format!("\"{cloud}-prod\"")));
        let samples = clouds::kind(kind).expect("a kind").samples();
        let account = format!("{cloud}-prod");
        texts.push(crate::support::document(
            kind,
            "new",
            &account,
            &samples.minimal,
        ));
    }
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    Binary::over(clouds).manifests(&texts)
}

const APPLY: [&str; 4] = [
    "apply",
    "--yes",
    "--journal=../journal.jsonl",
    "--report=../report.json",
];

fn journal(binary: &Binary) -> Vec<Value> {
    let text = std::fs::read_to_string(binary.path().join("../journal.jsonl"));
    let line = |line| serde_json::from_str(line).expect("each line is JSON");
    text.expect("it is kept").lines().map(line).collect()
}

#[test]
fn keys_that_run_out_in_mid_run_are_renewed_once_and_nothing_is_lost() {
    let clouds = Clouds::new();
    let binary = three(&clouds, true);
    for (cloud, _, _, create) in ALL {
        clouds.fault(&format!("{cloud}:{create}=expire,times=1"));
    }
    let ended = binary.run(&APPLY).with_code(0);
    assert_eq!(clouds.count("AssumeRole"), 4, "{ended:?}");
    assert_eq!(clouds.count("CreateTemporaryAccessKeyByToken"), 2);
    for (_, _, _, create) in ALL {
        assert_eq!(clouds.count(create), 2, "{create}: refused, then made");
    }
    let journal = journal(&binary);
    let of = |entry: &str| journal.iter().filter(|line| line["entry"] == entry).count();
    // Huawei Cloud takes two: made, then switched on.
    assert_eq!((of("intent"), of("outcome")), (4, 4), "{journal:#?}");
    let _ = binary.run(&["plan", "--detailed-exitcode"]).with_code(0);
}

#[test]
fn keys_that_run_out_for_good_are_named_and_the_next_run_finishes() {
    let clouds = Clouds::new();
    let mut binary = three(&clouds, false);
    for (cloud, number, _, create) in ALL {
        let entry = clouds::CLOUDS.iter().find(|entry| entry.id.0 == cloud);
        let entry = entry.expect("a cloud");
        let keys = idform::sandbox::credentials::temporary(cloud, number).expect("keys");
        let token = keys.token.expect("temporary keys have a token");
        binary = binary
            .env(entry.key_variables.id, &keys.key_id)
            .env(entry.key_variables.secret, &keys.secret)
            .env(&crate::support::token_variable(cloud), &token);
        clouds.fault(&format!("{cloud}:{create}=expire,times=1"));
    }
    let ended = binary.run(&APPLY).with_code(1);
    let all = ended.all();
    let all = all.split_whitespace().collect::<Vec<_>>().join(" ");
    let named = all.matches("(credentials: environment (").count();
    // On standard output, and as it happens on standard error.
    assert_eq!(named, 6, "{all}");
    assert!(all.contains("get new ones"), "{all}");
    let report = std::fs::read_to_string(binary.path().join("../report.json"));
    let report: Value = serde_json::from_str(&report.expect("a report")).expect("JSON");
    assert_eq!(report["exit_code"], 1);
    for outcome in report["outcomes"].as_array().expect("outcomes") {
        assert_eq!(outcome["outcome"], "failed", "{outcome:#}");
        assert_eq!(outcome["error"]["class"], "token-expired", "{outcome:#}");
    }
    for (cloud, _, _, _) in ALL {
        binary = binary.without(&crate::support::token_variable(cloud));
    }
    for (name, value) in clouds.env() {
        binary = binary.env(&name, &value);
    }
    let _ = binary.run(&APPLY).with_code(0);
    let _ = binary.run(&["plan", "--detailed-exitcode"]).with_code(0);
}
