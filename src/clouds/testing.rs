//! What the tests of all cloud folders are told with. Compiled for tests only.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::thread::JoinHandle;

use crate::model::{Account, CloudId, CredentialSource, Fields, SourceMap, Span, Value};
use crate::provider::{
    Answer, ConnectError, ErrorClass, Facts, Intent, Live, PhaseWrites, ProviderError, Reply,
    ResourceKind,
};

/// The home folder of all tests.
pub(super) const HOME: &str = "/home/ada";

/// A connection error in one line.
pub(super) fn told(error: &ConnectError) -> String {
    match error {
        ConnectError::Missing { looked } => format!("missing: {}", looked.join(", ")),
        ConnectError::Unusable { source_name, why } => format!("{source_name}: {why}"),
    }
}

/// An account of a cloud and site.
pub(super) fn account(cloud: &'static str, site: Option<&str>) -> Account {
    let source = SourceMap::default().add("account.yaml", "");
    Account {
        name: "prod".to_owned(),
        cloud: CloudId(cloud),
        account_id: None,
        site: site.map(str::to_owned),
        region: None,
        credentials: CredentialSource::default(),
        requests_per_second: 10,
        unmanaged: crate::model::UnmanagedRule::default(),
        origin: Span {
            source,
            start: 0,
            end: 0,
        },
    }
}

/// A successful answer.
#[expect(
    clippy::unnecessary_wraps,
    reason = "stands beside `failure` in tables of answers"
)]
pub(super) fn reply(body: Value) -> Answer {
    Ok(Reply {
        body,
        more: Vec::new(),
        request_id: Some("R-1".to_owned()),
        ..Reply::default()
    })
}

/// A failed answer.
pub(super) fn failure(class: ErrorClass) -> Answer {
    Err(ProviderError::new(class, "X", "no"))
}

/// The members of a JSON object as fields.
pub(super) fn fields(object: &Value) -> Fields {
    object.as_object().unwrap().clone().into_iter().collect()
}

/// Facts, from a JSON object.
pub(super) fn facts(object: &Value) -> Facts {
    fields(object)
}

/// The writes of a create.
pub(super) fn create(kind: &dyn ResourceKind, desired: &Value) -> Result<Vec<PhaseWrites>, String> {
    kind.writes(Intent::Create {
        identity: "ci",
        fields: &fields(desired),
        facts: &Facts::new(),
    })
}

/// The writes of an update; what differs is found as the engine finds it.
pub(super) fn update(
    kind: &dyn ResourceKind,
    desired: &Value,
    live: &Live,
) -> Result<Vec<PhaseWrites>, String> {
    let desired = fields(desired);
    let ignored = kind.not_compared(&desired);
    let changed: Vec<String> = desired
        .iter()
        .filter(|(name, value)| {
            !ignored.contains(&name.as_str()) && live.fields.get(*name) != Some(value)
        })
        .map(|(name, _)| name.clone())
        .collect();
    kind.writes(Intent::Update {
        identity: "ci",
        desired: &desired,
        live,
        changed: &changed,
    })
}

/// Names and parameters of all calls, in order.
pub(super) fn calls(phases: &[PhaseWrites]) -> Vec<(&'static str, Value)> {
    phases
        .iter()
        .flat_map(|phase| &phase.calls)
        .map(|write| (write.call.name, write.call.params.clone()))
        .collect()
}

/// Listens on loopback for one request, answers it with this JSON, and gives the base URL and, in
/// the end, the request as it came over the wire.
pub(super) fn one_exchange(answer: &'static str) -> (String, JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let exchange = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut request = Vec::new();
        let mut part = [0; 4096];
        while !is_whole(&request) {
            let count = stream.read(&mut part).unwrap();
            assert!(count > 0, "the request ended early");
            request.extend_from_slice(&part[..count]);
        }
        let length = answer.len();
        let head = format!(
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n"
        );
        stream.write_all((head + answer).as_bytes()).unwrap();
        String::from_utf8(request).unwrap()
    });
    (base, exchange)
}

fn is_whole(request: &[u8]) -> bool {
    let text = String::from_utf8_lossy(request);
    let Some((head, body)) = text.split_once("\r\n\r\n") else {
        return false;
    };
    let length = head.lines().find_map(|line| {
        line.to_ascii_lowercase()
            .strip_prefix("content-length:")?
            .trim()
            .parse()
            .ok()
    });
    body.len() >= length.unwrap_or(0)
}
