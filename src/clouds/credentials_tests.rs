//! Credential chains as folders of data, `tests/cases/credentials/<cloud>/<case>/`; the README there
//! says what is in one.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde_json::json;

use super::sign_in::proof;
use super::source::Keys;
use super::testing::{HOME, told};
use super::{CLOUDS, alibaba, huawei, tencent};
use crate::manifest::{self, AllowedEnv};
use crate::model::{Account, Value};
use crate::net::http::{Http, HttpOptions};
use crate::provider::surroundings::AllowedTokens;
use crate::provider::{
    Answer, Cloud, CloudClient, ConnectError, Connection, ProviderError, Surroundings,
};

/// Replaces a case's `expected.json` by what came out; read the difference before committing it.
const WRITE: &str = "IDFORM_CASES";

/// One request that must come, and what it is answered with.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Exchange {
    /// `GET /path?query`.
    request: String,
    /// Headers it must have; `*` at the end stands for anything, null for "none such".
    #[serde(default)]
    headers: BTreeMap<String, Option<String>>,
    /// The whole JSON body.
    body: Option<Value>,
    /// Members of a form body; null for "none such".
    #[serde(default)]
    form: BTreeMap<String, Option<String>>,
    /// Status of the answer; 0 when the connection is closed without one.
    #[serde(default = "ok")]
    status: u16,
    /// Headers of the answer.
    #[serde(default)]
    answer_headers: BTreeMap<String, String>,
    /// Body of the answer: a text as it is, anything else as JSON.
    answer: Value,
}

fn ok() -> u16 {
    200
}

#[test]
fn every_chain_does_what_its_case_says() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/credentials");
    let mut wrong = String::new();
    let mut count = 0;
    for cloud in CLOUDS {
        for folder in folders(&root.join(cloud.id.0)) {
            count += 1;
            let found = run(cloud.id.0, &folder);
            let file = folder.join("expected.json");
            let text = std::fs::read_to_string(&file).unwrap_or_else(|_| "null".to_owned());
            let expected: Value = serde_json::from_str(&text).expect("expected.json is JSON");
            if found == expected {
                continue;
            }
            if std::env::var_os(WRITE).is_some() {
                let text = serde_json::to_string_pretty(&found).unwrap() + "\n";
                std::fs::write(&file, text).unwrap();
            }
            let case = folder.strip_prefix(&root).unwrap().display();
            writeln!(wrong, "{case}: {found:#}").unwrap();
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
    assert!(count > 90, "only {count} cases were found");
}

fn folders(of: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(of).expect("the cases of a cloud");
    let mut folders: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    folders.sort();
    folders
}

/// A web token that lasts to the year 2100, or has run out in 2001.
fn web_token(end: i64) -> String {
    let part = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let header = part(json!({"alg": "RS256", "kid": "1"}));
    let claims = part(json!({"iss": "https://issuer.example", "aud": "a", "sub": "s", "exp": end}));
    format!("{header}.{claims}.{}", URL_SAFE_NO_PAD.encode("signature"))
}

fn run(cloud: &str, folder: &Path) -> Value {
    let file = |name: &str| std::fs::read_to_string(folder.join(name)).ok();
    let recorded: Vec<Exchange> = file("traffic.json").map_or_else(Vec::new, |text| {
        serde_json::from_str(&filled(&text, ""))
            .unwrap_or_else(|error| panic!("{folder:?}: {error}"))
    });
    let server = Server::start(recorded);
    let in_place = |text: String| filled(&text, &server.base);
    let env = in_place(file("env.json").unwrap_or_else(|| "{}".to_owned()));
    let mut env: BTreeMap<String, String> = serde_json::from_str(&env).expect("env.json");
    let seam = "IDFORM_METADATA".to_owned();
    env.entry(seam).or_insert_with(|| "off".to_owned());
    let mut times: Vec<i64> = vec![1000];
    if let Some(text) = env.remove("AT") {
        times = text.split(' ').map(|text| text.parse().unwrap()).collect();
    }
    let tokens = AllowedTokens {
        variables: env.remove("ALLOWED_VARIABLE").into_iter().collect(),
        files: env.remove("ALLOWED_FILE").into_iter().collect(),
    };
    let fs = folder.join("fs");
    let base = server.base.clone();
    let surroundings = Surroundings {
        env,
        home: Some(PathBuf::from(HOME)),
        read: Arc::new(move |path| {
            let text = std::fs::read_to_string(fs.join(path.strip_prefix("/").ok()?)).ok()?;
            Some(match text.trim() {
                "unreadable" => Err("permission denied".to_owned()),
                _ => Ok(filled(&text, &base)),
            })
        }),
        tokens,
    };
    let account = match account(cloud, &file("account.yaml").unwrap_or_default()) {
        Ok(account) => account,
        Err(found) => return json!({"manifest": found}),
    };
    let connection = Connection {
        account: &account,
        surroundings: &surroundings,
        endpoint: Some(&server.base),
        http: Http::new(HttpOptions::default()),
    };
    let client = match Client::new(cloud, &connection) {
        Ok(client) => client,
        Err(error) => return json!({"refused": said(&told(&error), &server.base)}),
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let mut found = json!({"source": client.any().credential_source()});
    runtime.unwrap().block_on(async {
        if let Err(error) = client.any().find_credentials().await {
            found = json!({"refused": said(&told(&error), &server.base)});
            return;
        }
        let mut keys = serde_json::Map::new();
        for now in times {
            let line = match client.keys(now).await {
                Ok(line) => line,
                Err(error) => format!("{}: {error}", error.class.word()),
            };
            // No error shows a token, whole or in part.
            assert!(!line.contains("eyJ") || !line.contains(": "), "{line}");
            keys.insert(now.to_string(), said(&line, &server.base).into());
        }
        found["keys"] = keys.into();
    });
    let wrong = server.end();
    if !wrong.is_empty() {
        found["traffic"] = wrong.into();
    }
    found
}

fn filled(text: &str, base: &str) -> String {
    let text = text.replace("{jwt}", &web_token(4_102_444_800));
    let text = text.replace("{old-jwt}", &web_token(999));
    if base.is_empty() {
        text
    } else {
        text.replace("{server}", base)
    }
}

/// What was said, without the port of the day.
fn said(text: &str, base: &str) -> String {
    text.replace(base, "{server}")
}

/// The account that the manifest declares, or the findings about it.
fn account(cloud: &str, spec: &str) -> Result<Account, Vec<String>> {
    let mut text = format!(
        "apiVersion: idform/v1\nkind: Account\nmetadata: {{name: prod}}\nspec:\n  cloud: {cloud}\n"
    );
    for line in spec.lines() {
        writeln!(text, "  {line}").unwrap();
    }
    let texts = [("account.yaml", text.as_str())];
    let (mut manifests, found) = manifest::parse_texts(&texts, &[], CLOUDS, &AllowedEnv::default());
    if found.is_empty() {
        return Ok(manifests.accounts.remove(0));
    }
    let line = |span: crate::model::Span| {
        let before = &text[..usize::try_from(span.start).unwrap()];
        before.matches('\n').count() - 4
    };
    let findings = found.into_sorted();
    Err(findings
        .iter()
        .map(|finding| {
            let at = finding.labels.first().map_or(0, |label| line(label.span));
            format!("{at}: {}: {}", finding.code.slug(), finding.title)
        })
        .collect())
}

/// The cloud says in the middle of a run that the keys have run out: new ones are got once, and the
/// call is repeated with them.
#[tokio::test]
async fn keys_that_ran_out_are_got_anew_once() {
    for cloud in CLOUDS {
        let (spec, recorded) = recorded_renewal(cloud.id.0);
        let env = [
            (cloud.key_variables.id, "id"),
            (cloud.key_variables.secret, "s"),
        ];
        let (answer, wrong) = whoami(cloud, spec, &env, recorded).await;
        assert!(wrong.is_empty(), "{}: {wrong:?}", cloud.id);
        assert!(answer.is_ok(), "{}: {answer:?}", cloud.id);
    }
}

/// With this machine's clock far ahead, keys that just came seem to have ended. They sign all the
/// same, and the cloud's refusal of the signature sets the clock.
#[tokio::test]
async fn a_clock_that_is_off_ends_no_keys_that_just_came() {
    let call = json!({"x-tc-action": "GetCallerIdentity", "x-tc-timestamp": "60*"});
    let recorded = json!([
        {"request": "GET /latest/meta-data/cam/security-credentials/r",
         "answer": {"Code": "Success", "TmpSecretId": "one", "TmpSecretKey": "k", "Token": "t",
                    "ExpiredTime": 1000}},
        {"request": "POST /",
         "answer_headers": {"date": "Thu, 01 Jan 1970 00:10:00 GMT"},
         "answer": {"Response": {"Error": {"Code": "AuthFailure.SignatureExpire"}}}},
        {"request": "POST /", "headers": call, "answer": {"Response": {"AccountId": "1"}}},
    ]);
    let env = [
        ("IDFORM_METADATA", "{server}"),
        ("TENCENTCLOUD_CAM_ROLE_NAME", "r"),
    ];
    let recorded = serde_json::from_value(recorded).unwrap();
    let (answer, wrong) = whoami(&tencent::CLOUD, "", &env, recorded).await;
    assert!(wrong.is_empty() && answer.is_ok(), "{wrong:?} {answer:?}");
}

/// Asks who the credentials belong to, as every command does.
async fn whoami(
    cloud: &'static Cloud,
    spec: &str,
    env: &[(&str, &str)],
    recorded: Vec<Exchange>,
) -> (Answer, Vec<String>) {
    let server = Server::start(recorded);
    let env = env.iter();
    let env = env.map(|(name, text)| ((*name).to_owned(), filled(text, &server.base)));
    let surroundings = Surroundings {
        env: env.collect(),
        home: None,
        read: Arc::new(|_| None),
        tokens: AllowedTokens::default(),
    };
    let account = account(cloud.id.0, spec).expect("an account");
    let client = (cloud.connect)(&Connection {
        account: &account,
        surroundings: &surroundings,
        endpoint: Some(&server.base),
        http: Http::new(HttpOptions::default()),
    });
    let gate = Arc::new(crate::net::Gate::new(1));
    let patience = crate::net::Patience::default();
    let access = crate::net::Access::new("prod", client.unwrap(), 100, gate, patience);
    let answer = access.reader().read(&(cloud.identity)()).await;
    (answer, server.end())
}

/// What is recorded for each cloud: keys, a refusal, other keys, and success with them.
fn recorded_renewal(cloud: &str) -> (&'static str, Vec<Exchange>) {
    let (spec, values) = match cloud {
        "tencent" => {
            let keys = |n: &str| {
                json!({"request": "POST /", "headers": {"x-tc-action": "AssumeRole"},
                        "answer": {"Response": {"Credentials": {"TmpSecretId": n,
                            "TmpSecretKey": "k", "Token": "t"}, "ExpiredTime": 4_102_444_800_i64}}})
            };
            let call = |n: &str, answer: Value| {
                json!({"request": "POST /", "headers": {"x-tc-action": "GetCallerIdentity",
                        "authorization": format!("TC3-HMAC-SHA256 Credential={n}/*")},
                        "answer": {"Response": answer}})
            };
            let refused = json!({"Error": {"Code": "AuthFailure.TokenFailure", "Message": "x"}});
            let list = vec![
                keys("one"),
                call("one", refused),
                keys("two"),
                call("two", json!({"AccountId": "1"})),
            ];
            (
                "credentials: {assumeRole: {role: \"qcs::cam::uin/1:roleName/x\"}}",
                list,
            )
        }
        "alibaba" => {
            let keys = |n: &str| {
                json!({"request": "POST /", "headers": {"x-acs-action": "AssumeRole"},
                        "answer": {"Credentials": {"AccessKeyId": n, "AccessKeySecret": "k",
                            "SecurityToken": "t", "Expiration": "2100-01-01T00:00:00Z"}}})
            };
            let call = |n: &str, status: u16, answer: Value| {
                json!({"request": "POST /", "status": status, "answer": answer,
                        "headers": {"x-acs-action": "GetCallerIdentity", "x-acs-accesskey-id": n}})
            };
            let refused = json!({"Code": "InvalidSecurityToken.Expired", "Message": "x"});
            let list = vec![
                keys("one"),
                call("one", 400, refused),
                keys("two"),
                call("two", 200, json!({"AccountId": "1"})),
            ];
            (
                "credentials: {assumeRole: {role: \"acs:ram::1:role/x\"}}",
                list,
            )
        }
        _ => {
            let keys = |n: &str| {
                json!({"request": "POST /v3.0/OS-CREDENTIAL/securitytokens", "status": 201,
                        "answer": {"credential": {"access": n, "secret": "k", "securitytoken": "t",
                            "expires_at": "2100-01-01T00:00:00.000000Z"}}})
            };
            let call = |n: &str, status: u16, answer: Value| {
                json!({"request": "GET /v3/auth/domains", "status": status, "answer": answer,
                        "headers": {"authorization": format!("SDK-HMAC-SHA256 Access={n},*")}})
            };
            let refused = json!({"error_code": "IAM.1108", "error_msg": "x"});
            let list = vec![
                keys("one"),
                call("one", 400, refused),
                keys("two"),
                call("two", 200, json!({"domains": [{"id": "d"}]})),
            ];
            ("credentials: {assumeRole: {agency: x, domain: y}}", list)
        }
    };
    let list = values
        .into_iter()
        .map(|value| serde_json::from_value(value).unwrap());
    (spec, list.collect())
}

enum Client {
    Tencent(tencent::TestClient),
    Alibaba(alibaba::TestClient),
    Huawei(huawei::TestClient),
}

impl Client {
    fn new(cloud: &str, connection: &Connection<'_>) -> Result<Self, ConnectError> {
        match cloud {
            "tencent" => tencent::client(connection).map(Self::Tencent),
            "alibaba" => alibaba::client(connection).map(Self::Alibaba),
            _ => huawei::client(connection).map(Self::Huawei),
        }
    }

    fn any(&self) -> &dyn CloudClient {
        match self {
            Self::Tencent(client) => client,
            Self::Alibaba(client) => client,
            Self::Huawei(client) => client,
        }
    }

    /// `id / secret / token / end`.
    async fn keys(&self, now: i64) -> Result<String, ProviderError> {
        let keys = match self {
            Self::Tencent(client) => proof(client, now).await?,
            Self::Alibaba(client) => proof(client, now).await?,
            Self::Huawei(client) => match proof(client, now).await? {
                huawei::TestProof::Keys(keys) => keys,
                huawei::TestProof::Token(token) => {
                    return Ok(format!("token {}", token.text.expose()));
                }
            },
        };
        let Keys {
            id,
            secret,
            token,
            ends,
        } = keys;
        let token = token.as_ref().map_or("-", crate::model::Secret::expose);
        let ends = ends.map_or_else(|| "-".to_owned(), |ends| ends.to_string());
        Ok(format!("{id} / {} / {token} / {ends}", secret.expose()))
    }
}

/// Answers recorded requests in their order, and tells what came instead.
struct Server {
    base: String,
    work: JoinHandle<Vec<String>>,
}

impl Server {
    fn start(recorded: Vec<Exchange>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let own = base.clone();
        let work = std::thread::spawn(move || serve(&listener, recorded, &own));
        Self { base, work }
    }

    fn end(self) -> Vec<String> {
        let address = self.base.trim_start_matches("http://");
        let mut stream = TcpStream::connect(address).unwrap();
        stream.write_all(b"END / HTTP/1.1\r\n\r\n").unwrap();
        self.work.join().unwrap()
    }
}

fn serve(listener: &TcpListener, recorded: Vec<Exchange>, base: &str) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut recorded = recorded.into_iter();
    for stream in listener.incoming() {
        let mut stream = stream.unwrap();
        let (head, body) = request(&mut stream);
        let (first, headers) = head.split_once("\r\n").unwrap_or((&head, ""));
        let first = first.trim_end_matches(" HTTP/1.1");
        if first == "END /" {
            break;
        }
        let Some(exchange) = recorded.next() else {
            wrong.push(format!("came, and nothing was to come: {first}"));
            answer(&mut stream, 500, "{}", &BTreeMap::new());
            continue;
        };
        compare(&exchange, first, headers, &body, &mut wrong);
        if exchange.status == 0 {
            continue;
        }
        let text = match exchange.answer {
            Value::String(text) => text,
            value @ (Value::Null
            | Value::Bool(_)
            | Value::Number(_)
            | Value::Array(_)
            | Value::Object(_)) => value.to_string(),
        };
        let text = filled(&text, base);
        answer(
            &mut stream,
            exchange.status,
            &text,
            &exchange.answer_headers,
        );
    }
    wrong.extend(recorded.map(|exchange| format!("did not come: {}", exchange.request)));
    wrong
}

fn compare(exchange: &Exchange, first: &str, headers: &str, body: &str, wrong: &mut Vec<String>) {
    let name = &exchange.request;
    if first != name {
        wrong.push(format!("came for {name}: {first}"));
    }
    let headers: BTreeMap<String, &str> = headers
        .lines()
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_ascii_lowercase(), value))
        .collect();
    let is_met = |wanted: &Option<String>, came: Option<&str>| match (wanted, came) {
        (None, came) => came.is_none(),
        (Some(_), None) => false,
        (Some(wanted), Some(came)) => match wanted.strip_suffix('*') {
            Some(start) => came.starts_with(start),
            None => wanted == came,
        },
    };
    for (header, wanted) in &exchange.headers {
        let came = headers.get(header).copied();
        if !is_met(wanted, came) {
            wrong.push(format!("{name}: header {header}: {came:?}"));
        }
    }
    if let Some(wanted) = &exchange.body {
        let came: Value = serde_json::from_str(body).unwrap_or_default();
        if came != *wanted {
            wrong.push(format!("{name}: body {came}"));
        }
    }
    let form: BTreeMap<String, String> = url::form_urlencoded::parse(body.as_bytes())
        .into_owned()
        .collect();
    for (member, wanted) in &exchange.form {
        let came = form.get(member).map(String::as_str);
        if !is_met(wanted, came) {
            wrong.push(format!("{name}: form {member}: {came:?}"));
        }
    }
}

fn request(stream: &mut TcpStream) -> (String, String) {
    let mut bytes = Vec::new();
    let mut part = [0; 4096];
    loop {
        let text = String::from_utf8_lossy(&bytes);
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| {
                let line = line.to_ascii_lowercase();
                line.strip_prefix("content-length:")?
                    .trim()
                    .parse::<usize>()
                    .ok()
            });
            if body.len() >= length.unwrap_or(0) {
                return (head.to_owned(), body.to_owned());
            }
        }
        let count = stream.read(&mut part).unwrap();
        if count == 0 {
            return (String::new(), String::new());
        }
        bytes.extend_from_slice(&part[..count]);
    }
}

fn answer(stream: &mut TcpStream, status: u16, body: &str, headers: &BTreeMap<String, String>) {
    let mut head = format!(
        "HTTP/1.1 {status} X\r\ncontent-length: {}\r\nconnection: close\r\n",
        body.len()
    );
    for (name, value) in headers {
        write!(head, "{name}: {value}\r\n").unwrap();
    }
    stream
        .write_all(format!("{head}\r\n{body}").as_bytes())
        .unwrap();
}
