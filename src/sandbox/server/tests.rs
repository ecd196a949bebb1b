//! The sandbox over real sockets, with the crudest of clients: what leaves is what is asserted.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::json;

use super::*;
use crate::sandbox::credentials::permanent;
use crate::sandbox::testing::{alibaba_v3, tencent};
use crate::sandbox::wire;

const UIN: &str = "100000000001";
const UID: &str = "1234567890123456";

/// Everything the server sends until it closes, or until `patience` ends.
fn raw(address: &str, request: &wire::Request, patience: Duration) -> String {
    let mut stream = TcpStream::connect(address.trim_start_matches("http://")).unwrap();
    stream.set_read_timeout(Some(patience)).unwrap();
    let mut text = format!("{} {}", request.method, request.path);
    if !request.query.is_empty() {
        text.push('?');
        text.push_str(&request.query);
    }
    text.push_str(" HTTP/1.1\r\nconnection: close\r\n");
    for (name, value) in &request.headers {
        text.extend([name, ": ", value, "\r\n"]);
    }
    let length = request.body.len().to_string();
    text.extend(["content-length: ", &length, "\r\n\r\n"]);
    stream.write_all(text.as_bytes()).unwrap();
    stream.write_all(&request.body).unwrap();
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8(answer).unwrap()
}

async fn send(sandbox: &Sandbox, cloud: &str, request: wire::Request) -> String {
    send_with_patience(sandbox, cloud, request, Duration::from_secs(10)).await
}

async fn send_with_patience(
    sandbox: &Sandbox,
    cloud: &str,
    request: wire::Request,
    patience: Duration,
) -> String {
    let address = sandbox.base_url(cloud).unwrap();
    tokio::task::spawn_blocking(move || raw(&address, &request, patience))
        .await
        .unwrap()
}

fn now() -> i64 {
    jiff::Timestamp::now().as_second()
}

fn identity() -> wire::Request {
    let key = permanent("tencent", UIN).unwrap();
    tencent(&key, "GetCallerIdentity", &json!({}), now())
}

fn create(name: &str) -> wire::Request {
    let key = permanent("alibaba", UID).unwrap();
    let issuer = format!("https://{name}.example");
    let given = [("OIDCProviderName", name), ("IssuerUrl", &*issuer)];
    alibaba_v3(&key, "CreateOIDCProvider", &given, name, now())
}

/// The names in Alibaba Cloud's list.
async fn names(sandbox: &Sandbox) -> usize {
    let key = permanent("alibaba", UID).unwrap();
    let nonce = uuid::Uuid::new_v4().to_string();
    let request = alibaba_v3(&key, "ListOIDCProviders", &[], &nonce, now());
    let answer = send(sandbox, "alibaba", request).await;
    answer.matches("\"OIDCProviderName\"").count()
}

async fn started(faults: &[&str]) -> Sandbox {
    let faults = faults.iter().map(|fault| fault.parse().unwrap()).collect();
    let options = Options {
        faults,
        ..Options::default()
    };
    Sandbox::start(options).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn serves_each_cloud_on_its_own_address() {
    let sandbox = started(&[]).await;
    let answer = send(&sandbox, "tencent", identity()).await;
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    assert!(
        answer.contains("content-type: application/json\r\n"),
        "{answer}"
    );
    assert!(
        answer.contains("\"AccountId\":\"100000000001\""),
        "{answer}"
    );
    let answer = send(&sandbox, "alibaba", create("a")).await;
    assert!(answer.contains("\"OIDCProviderName\":\"a\""), "{answer}");
    let shown = sandbox.describe();
    assert_eq!(shown["tencent"]["key_id"], "AKIDsandbox100000000001");
    assert_eq!(
        shown["alibaba"]["url"],
        sandbox.base_url("alibaba").unwrap()
    );
    let seen = sandbox.seen();
    let seen: Vec<_> = seen
        .iter()
        .map(|s| {
            (
                s.cloud.as_str(),
                s.account.as_deref(),
                s.action.as_str(),
                s.status,
            )
        })
        .collect();
    assert_eq!(
        seen,
        [
            ("tencent", Some(UIN), "GetCallerIdentity", 200),
            ("alibaba", Some(UID), "CreateOIDCProvider", 200),
        ]
    );
    sandbox.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn faults_before_leave_nothing_and_faults_after_leave_the_write() {
    let sandbox = started(&[]).await;
    let mut written = 0;
    for (index, (kind, head, is_done)) in [
        ("drop", "", false),
        ("drop-after", "", true),
        ("status:503", "HTTP/1.1 503 ", false),
        ("status-after:500", "HTTP/1.1 500 ", true),
        ("html", "HTTP/1.1 502 ", false),
        ("html-200", "HTTP/1.1 200 ", false),
        ("deny", "HTTP/1.1 403 ", false),
        ("throttle", "HTTP/1.1 400 ", false),
        ("throttle-wait:3", "HTTP/1.1 400 ", false),
        ("malformed", "HTTP/1.1 200 ", true),
        ("content-type", "HTTP/1.1 200 ", true),
        ("cut", "HTTP/1.1 200 ", true),
        ("delay:1", "HTTP/1.1 200 ", true),
    ]
    .into_iter()
    .enumerate()
    {
        sandbox.inject(format!("alibaba:Create*={kind}").parse().unwrap());
        let answer = send(&sandbox, "alibaba", create(&format!("n{index}"))).await;
        sandbox.clear_faults();
        assert!(answer.starts_with(head), "{kind}: {answer}");
        if head.is_empty() {
            assert_eq!(answer, "", "{kind}");
        }
        written += usize::from(is_done);
        assert_eq!(names(&sandbox).await, written, "{kind}");
    }
    sandbox.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cut_answer_announces_more_than_it_sends() {
    let sandbox = started(&["*=cut"]).await;
    let answer = send(&sandbox, "tencent", identity()).await;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let announced: usize = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "))
        .unwrap()
        .parse()
        .unwrap();
    assert_eq!(body.len(), announced / 2);
    sandbox.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stall_ends_when_the_sandbox_stops() {
    let sandbox = started(&["alibaba:*=stall-after,times=1"]).await;
    let patience = Duration::from_millis(200);
    let answer = send_with_patience(&sandbox, "alibaba", create("a"), patience).await;
    assert_eq!(answer, "");
    assert_eq!(names(&sandbox).await, 1);
    assert_eq!(sandbox.seen()[0].status, 0);
    // A connection that never says anything must not hold the stop up for long either.
    let address = sandbox.base_url("tencent").unwrap();
    let _silent = TcpStream::connect(address.trim_start_matches("http://")).unwrap();
    tokio::time::timeout(Duration::from_secs(5), sandbox.stop())
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_gives_up_does_not_stop_the_cloud() {
    let sandbox = started(&["alibaba:Create*=delay:1000"]).await;
    let patience = Duration::from_millis(50);
    let answer = send_with_patience(&sandbox, "alibaba", create("a"), patience).await;
    assert_eq!(answer, "");
    assert_eq!(names(&sandbox).await, 0);
    tokio::time::timeout(Duration::from_secs(5), async {
        while names(&sandbox).await == 0 {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    })
    .await
    .unwrap();
    sandbox.inject("alibaba:Create*=delay:3600000".parse().unwrap());
    let _ = send_with_patience(&sandbox, "alibaba", create("b"), patience).await;
    tokio::time::timeout(Duration::from_secs(5), sandbox.stop())
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_are_kept_and_a_broken_one_does_not_break_others() {
    let sandbox = started(&["tencent:*=drop,skip=2,times=1"]).await;
    let address = sandbox.base_url("tencent").unwrap();
    let answers = tokio::task::spawn_blocking(move || {
        let mut stream = TcpStream::connect(address.trim_start_matches("http://")).unwrap();
        let mut sizes = Vec::new();
        for _ in 0..3 {
            let head = "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 2\r\n\r\n{}";
            stream.write_all(head.as_bytes()).unwrap();
            let mut buffer = [0; 4096];
            sizes.push(stream.read(&mut buffer).unwrap_or(0));
        }
        sizes
    });
    let sizes = answers.await.unwrap();
    assert!(sizes[0] > 0 && sizes[1] > 0, "{sizes:?}");
    assert_eq!(sizes[2], 0);
    let answer = send(&sandbox, "tencent", identity()).await;
    assert!(answer.contains("AccountId"), "{answer}");
    sandbox.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn too_many_requests_in_a_second() {
    let options = Options {
        throttle_per_second: Some(3),
        ..Options::default()
    };
    let sandbox = Sandbox::start(options).await.unwrap();
    let mut refused = 0;
    for _ in 0..10 {
        let answer = send(&sandbox, "tencent", identity()).await;
        refused += usize::from(answer.contains("RequestLimitExceeded"));
    }
    assert!(refused > 0);
    sandbox.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_emulated_clock_is_in_the_date_header() {
    let options = Options {
        clock_offset_seconds: 3600,
        ..Options::default()
    };
    let sandbox = Sandbox::start(options).await.unwrap();
    let answer = send(&sandbox, "tencent", identity()).await;
    assert!(answer.contains("AuthFailure.SignatureExpire"), "{answer}");
    let date = answer
        .lines()
        .find_map(|line| line.strip_prefix("date: "))
        .unwrap();
    let shown = jiff::fmt::strtime::parse("%a, %d %b %Y %H:%M:%S GMT", date).unwrap();
    let shown = shown.to_datetime().unwrap();
    let real = jiff::Timestamp::from_second(now() + 3600).unwrap();
    let real = real.strftime("%Y-%m-%dT%H").to_string();
    assert!(shown.to_string().starts_with(&real), "{shown} {real}");
    sandbox.stop().await;
}

#[tokio::test]
async fn starts_on_loopback_only() {
    let options = Options {
        listen: "0.0.0.0".parse().unwrap(),
        ..Options::default()
    };
    assert!(matches!(
        Sandbox::start(options).await,
        Err(SandboxError::NotLoopback(_))
    ));
}

#[tokio::test(flavor = "multi_thread")]
async fn state_lies_in_a_folder_for_each_cloud() {
    let folder = tempfile::tempdir().unwrap();
    let options = Options {
        folder: Some(folder.path().to_owned()),
        ..Options::default()
    };
    let sandbox = Sandbox::start(options).await.unwrap();
    send(&sandbox, "alibaba", create("a")).await;
    let site = |site: &str| sandbox.set("tencent", UIN, "site", json!(site));
    site("international").unwrap();
    assert!(site("mars").is_err());
    assert!(sandbox.set("azure", UIN, "site", json!("china")).is_err());
    sandbox.stop().await;
    for file in ["alibaba/1234567890123456.json", "tencent/100000000001.json"] {
        assert!(folder.path().join(file).exists(), "{file}");
    }
}
