//! An issuer of the tests' own: an HTTPS server on loopback with a chain from a CA made for it,
//! answering as it is told.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, date_time_ymd,
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio_rustls::TlsAcceptor;

/// What the server presents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Chain {
    /// Its own certificate and an intermediate one.
    Whole,
    /// The same from another intermediate of the same CA.
    OtherIntermediate,
    /// One certificate that signs itself.
    Alone,
    /// Its own certificate has ended.
    Expired,
}

/// One answer.
#[derive(Debug, Clone, Default)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) location: Option<String>,
    pub(crate) body: Vec<u8>,
    /// One byte at a time, for ever.
    pub(crate) drips: bool,
}

impl Answer {
    pub(crate) fn ok(body: impl Into<Vec<u8>>) -> Self {
        Self {
            status: 200,
            body: body.into(),
            ..Self::default()
        }
    }

    pub(crate) fn redirect(to: &str) -> Self {
        Self {
            status: 302,
            location: Some(to.to_owned()),
            ..Self::default()
        }
    }
}

#[derive(Default)]
struct Shared {
    answers: BTreeMap<String, Answer>,
    /// Paths in the order in which they were asked for.
    asked: Vec<String>,
    tls: Option<TlsAcceptor>,
}

/// A CA with two intermediates.
struct Authority {
    root: CertifiedIssuer<'static, KeyPair>,
    intermediates: [CertifiedIssuer<'static, KeyPair>; 2],
}

/// The server; it stops with the value.
pub(crate) struct TestIssuer {
    address: SocketAddr,
    shared: Arc<Mutex<Shared>>,
    authority: Authority,
    _runtime: Runtime,
}

impl TestIssuer {
    /// Serves a discovery document and a key set of test keys, with a whole chain.
    pub(crate) fn new() -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .expect("a runtime");
        let listener = runtime
            .block_on(TcpListener::bind("127.0.0.1:0"))
            .expect("a port on loopback");
        let address = listener.local_addr().expect("its address");
        let shared = Arc::new(Mutex::new(Shared::default()));
        runtime.spawn(serve(listener, Arc::clone(&shared)));
        let issuer = Self {
            address,
            shared,
            authority: authority(),
            _runtime: runtime,
        };
        issuer.present(Chain::Whole);
        issuer.publish(&issuer.document());
        issuer.keys(&["one"]);
        issuer
    }

    /// Its issuer, without a slash at the end.
    pub(crate) fn url(&self) -> String {
        format!("https://localhost:{}", self.address.port())
    }

    /// A good discovery document.
    pub(crate) fn document(&self) -> Value {
        json!({"issuer": self.url(), "jwks_uri": format!("{}/jwks", self.url())})
    }

    /// Publishes a discovery document.
    pub(crate) fn publish(&self, document: &Value) {
        let path = "/.well-known/openid-configuration";
        self.answer(path, Answer::ok(document.to_string()));
    }

    /// Publishes the keys of these files of `tests/cases/keys`.
    pub(crate) fn keys(&self, names: &[&str]) {
        let mut keys = Vec::new();
        for name in names {
            let path = crate::support::root().join(format!("tests/cases/keys/{name}.jwks.json"));
            let text = std::fs::read_to_string(path).expect("a key file");
            let set: Value = serde_json::from_str(&text).expect("JSON");
            keys.extend(set["keys"].as_array().expect("keys").clone());
        }
        self.answer("/jwks", Answer::ok(json!({"keys": keys}).to_string()));
    }

    pub(crate) fn answer(&self, path: &str, answer: Answer) {
        let mut shared = self.shared.lock().expect("nobody panics here");
        shared.answers.insert(path.to_owned(), answer);
    }

    /// How often a path was asked for.
    pub(crate) fn count(&self, path: &str) -> usize {
        let shared = self.shared.lock().expect("nobody panics here");
        shared.asked.iter().filter(|asked| *asked == path).count()
    }

    /// The CA that vouches for it, PEM.
    pub(crate) fn ca(&self) -> String {
        self.authority.root.pem()
    }

    /// Presents another chain from now on. The PEM of a certificate that signs itself comes back,
    /// for those who want to trust it.
    pub(crate) fn present(&self, chain: Chain) -> String {
        let key = KeyPair::generate().expect("a key");
        let mut params = named(&format!("leaf {chain:?}"), &["localhost", "127.0.0.1"]);
        let [first, second] = &self.authority.intermediates;
        let (own, above) = match chain {
            Chain::Whole => (params.signed_by(&key, first), Some(first.der().clone())),
            Chain::OtherIntermediate => {
                (params.signed_by(&key, second), Some(second.der().clone()))
            }
            Chain::Alone => (params.self_signed(&key), None),
            Chain::Expired => {
                params.not_before = date_time_ymd(2020, 1, 1);
                params.not_after = date_time_ymd(2021, 1, 1);
                (params.signed_by(&key, first), Some(first.der().clone()))
            }
        };
        let own = own.expect("a certificate");
        let chain: Vec<CertificateDer<'static>> =
            std::iter::once(own.der().clone()).chain(above).collect();
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("protocol versions")
            .with_no_client_auth()
            .with_single_cert(chain, key)
            .expect("the key fits");
        let mut shared = self.shared.lock().expect("nobody panics here");
        shared.tls = Some(TlsAcceptor::from(Arc::new(config)));
        own.pem()
    }
}

fn named(name: &str, hosts: &[&str]) -> CertificateParams {
    let hosts: Vec<String> = hosts.iter().map(|host| (*host).to_owned()).collect();
    let mut params = CertificateParams::new(hosts).expect("names");
    params.distinguished_name.push(DnType::CommonName, name);
    params
}

fn authority() -> Authority {
    let ca = |name: &str| {
        let mut params = named(name, &[]);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params
    };
    let key = || KeyPair::generate().expect("a key");
    let root = CertifiedIssuer::self_signed(ca("test root"), key()).expect("a root");
    let below =
        |name: &str| CertifiedIssuer::signed_by(ca(name), key(), &root).expect("an intermediate");
    let intermediates = [below("test intermediate 1"), below("test intermediate 2")];
    Authority {
        root,
        intermediates,
    }
}

async fn serve(listener: TcpListener, shared: Arc<Mutex<Shared>>) {
    while let Ok((stream, _)) = listener.accept().await {
        let shared = Arc::clone(&shared);
        tokio::spawn(async move {
            let acceptor = shared.lock().expect("nobody panics here").tls.clone();
            let acceptor = acceptor.expect("a chain is presented");
            // A client that hangs up ends its own connection.
            if let Ok(mut stream) = acceptor.accept(stream).await {
                let _ = one(&mut stream, &shared).await;
                let _ = stream.shutdown().await;
            }
        });
    }
}

async fn one<S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin>(
    stream: &mut S,
    shared: &Mutex<Shared>,
) -> std::io::Result<()> {
    let mut request = Vec::new();
    while !request.windows(4).any(|window| window == b"\r\n\r\n") {
        let mut chunk = [0; 1024];
        let length = stream.read(&mut chunk).await?;
        if length == 0 {
            return Ok(());
        }
        request.extend_from_slice(&chunk[..length]);
    }
    let request = String::from_utf8_lossy(&request).into_owned();
    let path = request.split(' ').nth(1).unwrap_or_default().to_owned();
    let answer = {
        let mut shared = shared.lock().expect("nobody panics here");
        shared.asked.push(path.clone());
        shared.answers.get(&path).cloned()
    };
    let answer = answer.unwrap_or(Answer {
        status: 404,
        ..Answer::default()
    });
    let length = if answer.drips {
        1_000_000
    } else {
        answer.body.len()
    };
    let location = answer
        .location
        .map_or_else(String::new, |to| format!("location: {to}\r\n"));
    let head = format!(
        "HTTP/1.1 {} X\r\ncontent-length: {length}\r\nconnection: close\r\n{location}\r\n",
        answer.status
    );
    stream.write_all(head.as_bytes()).await?;
    stream.write_all(&answer.body).await?;
    while answer.drips {
        stream.write_all(b" ").await?;
        stream.flush().await?;
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    stream.flush().await
}
