//! A rotation from end to end, with nothing but the program and its sandbox: at each moment a token
//! signed with the key in use opens all three clouds, and a token of a key that is gone opens none.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use idform::sandbox::{Options, Sandbox};
use serde_json::{Value, json};

use crate::binary::{Binary, Ended};
use crate::support::{ALIBABA, HUAWEI, TENCENT};

const AUDIENCE: &str = "sts.acme.example";
const SUBJECT: &str = "repo:acme/app:ref:refs/heads/main";
/// Where the sandbox keeps its state, below the working folder.
const STATE: &str = "clouds";

/// One working folder with manifests that pin the sandbox's issuer on all clouds.
struct Stage {
    binary: Binary,
}

/// Which clouds took a token, in the order Tencent, Alibaba, Huawei.
type Taken = [bool; 3];

const ALL: Taken = [true; 3];

impl Stage {
    fn new() -> Self {
        let binary = Binary::alone();
        binary.copy_example("examples/cookbook/rotation", "idp");
        Self { binary }
    }

    /// Runs a command over the sandbox.
    fn run(&self, code: i32, command: &str, arguments: &[&str]) -> Ended {
        let sandbox = format!("--sandbox={STATE}");
        let all = [&[command, sandbox.as_str()], arguments, &["idp"]].concat();
        self.binary.run(&all).with_code(code)
    }

    fn apply(&self) -> Ended {
        let consent = [
            "--yes",
            "--allow",
            "may-break-sign-in",
            "--allow",
            "switches-sign-in",
        ];
        self.run(0, "apply", &consent)
    }

    fn issuer(&self, arguments: &[&str]) -> Ended {
        let common = ["sandbox", "issuer", "--state", STATE, "--issuer", "ci"];
        self.binary.run(&[&common, arguments].concat()).with_code(0)
    }

    fn token(&self) -> String {
        let wanted = [
            "token",
            "--audience",
            AUDIENCE,
            "--subject",
            SUBJECT,
            "--life",
            "86400",
        ];
        self.issuer(&wanted).stdout.trim().to_owned()
    }

    /// The id of the key that signs.
    fn kid(&self) -> String {
        let shown: Value =
            serde_json::from_str(&self.issuer(&["show"]).stdout).expect("the story goes on");
        shown["signing"]
            .as_str()
            .expect("the story goes on")
            .to_owned()
    }

    /// Shows a token to the token services of all clouds.
    fn taken(&self, token: &str) -> Taken {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .expect("the story goes on");
        runtime.block_on(async {
            let sandbox = Sandbox::start(Options {
                folder: Some(self.binary.path().join(STATE)),
                ..Options::default()
            });
            let sandbox = sandbox.await.expect("the story goes on");
            let accepted = shown_to(&sandbox, token);
            sandbox.stop().await;
            accepted
        })
    }
}

fn shown_to(sandbox: &Sandbox, token: &str) -> Taken {
    let json_type = ("content-type", "application/json");
    let tencent = post(
        &sandbox.base_url("tencent").expect("the story goes on"),
        "/",
        &[
            json_type,
            ("authorization", "SKIP"),
            ("x-tc-action", "AssumeRoleWithWebIdentity"),
            ("x-tc-version", "2018-08-13"),
            ("x-tc-region", "ap-guangzhou"),
        ],
        &json!({
            "ProviderId": "ci", "WebIdentityToken": token, "RoleSessionName": "ci",
            "RoleArn": format!("qcs::cam::uin/{TENCENT}:roleName/deploy"),
        })
        .to_string(),
    );
    let form = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("Action", "AssumeRoleWithOIDC")
        .append_pair("Version", "2015-04-01")
        .append_pair("Format", "JSON")
        .append_pair(
            "OIDCProviderArn",
            &format!("acs:ram::{ALIBABA}:oidc-provider/ci"),
        )
        .append_pair("RoleArn", &format!("acs:ram::{ALIBABA}:role/deploy"))
        .append_pair("RoleSessionName", "ci")
        .append_pair("OIDCToken", token)
        .finish();
    let alibaba = post(
        &sandbox.base_url("alibaba").expect("the story goes on"),
        "/",
        &[("content-type", "application/x-www-form-urlencoded")],
        &form,
    );
    let huawei = post(
        &sandbox.base_url("huawei").expect("the story goes on"),
        "/v3.0/OS-AUTH/id-token/tokens",
        &[json_type, ("x-idp-id", "ci")],
        &json!({"auth": {"id_token": {"id": token},
                         "scope": {"domain": {"id": HUAWEI}}}})
        .to_string(),
    );
    // A refusal must be about the token, not about how it was shown.
    let of = |cloud: &str, answer: &str, yes: &str, no: &str| {
        assert!(
            answer.contains(yes) || answer.contains(no),
            "{cloud}: {answer}"
        );
        answer.contains(yes)
    };
    [
        of("tencent", &tencent, "TmpSecretId", "WebIdentityTokenError"),
        of(
            "alibaba",
            &alibaba,
            "AccessKeyId",
            "AuthenticationFail.OIDCToken.",
        ),
        of("huawei", &huawei, "expires_at", "IAM.0001"),
    ]
}

fn post(base: &str, path: &str, headers: &[(&str, &str)], body: &str) -> String {
    let host = base.trim_start_matches("http://");
    let mut stream = TcpStream::connect(host).expect("the story goes on");
    let lines: Vec<String> = headers
        .iter()
        .map(|(name, value)| {
            format!(
                "{name}: {value}
"
            )
        })
        .collect();
    let lines = lines.concat();
    let length = body.len();
    write!(
        stream,
        "POST {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n{lines}\
         content-length: {length}\r\n\r\n{body}"
    )
    .expect("the story goes on");
    let mut answer = String::new();
    stream
        .read_to_string(&mut answer)
        .expect("the story goes on");
    answer
}

#[test]
fn keys_turn_over_and_no_token_in_use_is_ever_refused() {
    let stage = Stage::new();
    let _ = stage.run(0, "lock", &[]);
    let _ = stage.apply();
    let old_kid = stage.kid();
    let old = stage.token();
    assert_eq!(stage.taken(&old), ALL);
    let _ = stage.run(0, "drift", &[]);

    // A key is announced: told by drift, taken into the lock, planned as an addition, applied.
    let _ = stage.issuer(&["rotate", "--publish-only"]);
    assert_eq!(stage.taken(&old), ALL);
    let _ = stage.run(2, "drift", &[]);
    let _ = stage.run(2, "lock", &["--check"]);
    let _ = stage.run(0, "lock", &[]);
    let plan = stage.run(2, "plan", &["--detailed-exitcode"]);
    assert!(plan.stdout.contains("2 to update"), "{}", plan.stdout);
    let _ = stage.apply();
    assert_eq!(stage.taken(&old), ALL);

    // It comes into use: tokens of both keys are good.
    let _ = stage.issuer(&["rotate"]);
    let new_kid = stage.kid();
    assert_ne!(new_kid, old_kid);
    let new = stage.token();
    assert_eq!((stage.taken(&old), stage.taken(&new)), (ALL, ALL));

    // The old one is withdrawn. The overlap keeps it where keys are stored; where they are fetched
    // it is gone at once.
    let _ = stage.issuer(&["withdraw"]);
    let _ = stage.run(0, "lock", &[]);
    let _ = stage.run(0, "plan", &["--detailed-exitcode"]);
    assert_eq!(stage.taken(&old), [true, false, true]);
    assert_eq!(stage.taken(&new), ALL);

    // The overlap ends when a person says so, and only with consent.
    let _ = stage.run(0, "lock", &["--retire"]);
    let plan = stage.run(2, "plan", &["--detailed-exitcode"]);
    assert!(plan.stdout.contains(&old_kid), "{}", plan.stdout);
    let _ = stage.run(3, "apply", &["--yes"]);
    assert_eq!(stage.taken(&old), [true, false, true]);
    let _ = stage.apply();
    assert_eq!(stage.taken(&old), [false; 3]);
    assert_eq!(stage.taken(&new), ALL);
    let _ = stage.run(0, "drift", &[]);
}

#[test]
fn a_swapped_chain_is_pinned_before_the_old_one_is_dropped() {
    let stage = Stage::new();
    let _ = stage.run(0, "lock", &[]);
    let _ = stage.apply();
    let token = stage.token();
    assert_eq!(stage.taken(&token), ALL);

    // Nobody announces a chain: until the pin follows, Alibaba Cloud refuses.
    let _ = stage.issuer(&["swap-chain", "--new-root"]);
    assert_eq!(stage.taken(&token), [true, false, true]);
    let _ = stage.run(2, "drift", &[]);
    let _ = stage.run(0, "lock", &[]);
    let plan = stage.run(2, "plan", &["--detailed-exitcode"]);
    assert!(plan.stdout.contains("1 to update"), "{}", plan.stdout);
    let _ = stage.apply();
    assert_eq!(stage.taken(&token), ALL);

    let _ = stage.run(0, "lock", &["--retire"]);
    let _ = stage.apply();
    assert_eq!(stage.taken(&token), ALL);
    let _ = stage.run(0, "drift", &[]);
}

#[test]
fn what_issuers_show_is_told_in_an_issue() {
    let stage = Stage::new();
    let _ = stage.run(0, "lock", &[]);
    let _ = stage.apply();
    let kids = [stage.kid()];
    let _ = stage.issuer(&["rotate"]);
    let kids = [&kids[..], &[stage.kid()]].concat();
    let _ = stage.issuer(&["withdraw"]);
    let _ = stage.issuer(&["swap-chain", "--new-root"]);
    let told = stage.run(2, "drift", &["--format", "markdown"]);
    // Keys and chains are made anew for every sandbox.
    let text = told
        .stdout
        .replace(&kids[0], "OLD-KEY")
        .replace(&kids[1], "NEW-KEY");
    insta::with_settings!({
        omit_expression => true,
        prepend_module_to_snapshot => false,
        filters => [
            (r"\b[0-9a-f]{40}\b", "FINGERPRINT"),
            (r"\b[0-9a-f]{64}\b", "DIGEST"),
            (r"\d{4}-\d\d-\d\dT\d\d(&#58;\d\d){2}Z", "TIME"),
        ],
    }, {
        insta::assert_snapshot!("drift-issuers-markdown", text);
    });
}
