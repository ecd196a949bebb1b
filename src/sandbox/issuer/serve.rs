//! The issuers over HTTPS on loopback, each under the name it was asked by.
//!
//! What an issuer publishes names the host of the request, so that one listener is at once
//! `https://localhost:PORT` for a browser and [`STABLE_HOST`] for the in-process sandbox.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use serde_json::{Map, Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use super::chain::{Chain, STABLE_HOST};
use super::{IssuerError, Issuers, Wanted, issuer_url};
use crate::sandbox::exchange::{Shared, http};
use crate::sandbox::wire::{self, Request, Response};

/// Time for a TLS handshake; loopback needs a thousandth of it.
const HANDSHAKE_TIME: Duration = Duration::from_secs(10);
/// A pause after a failed `accept` (out of file descriptors), so that it does not spin.
const ACCEPT_AGAIN: Duration = Duration::from_millis(100);
/// Handshakes done and not yet served.
const WAITING_MAX: usize = 64;
/// How `seen` names the issuers among the clouds.
const NAME: &str = "issuer";

/// Serves until the sandbox stops.
///
/// # Errors
/// TLS cannot be set up.
pub(crate) fn serve(
    listener: TcpListener,
    issuers: Arc<Issuers>,
    shared: Arc<Shared>,
) -> Result<impl Future<Output = ()> + Send + 'static, rustls::Error> {
    let presented = Presented {
        issuers: Arc::clone(&issuers),
        shared: Arc::clone(&shared),
        last: Mutex::new(None),
    };
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(presented));
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let stopping = shared.stopping.clone();
    let router = Router::new().fallback(move |request: axum::extract::Request| {
        let issuers = Arc::clone(&issuers);
        let shared = Arc::clone(&shared);
        async move { receive(issuers, shared, request).await }
    });
    Ok(async move {
        let listener = Listener::new(listener, acceptor);
        // `axum::serve` never returns an error; it retries `accept` by itself.
        let _ = axum::serve(listener, router)
            .with_graceful_shutdown(stopping.cancelled_owned())
            .await;
    })
}

/// Connections whose handshake is done. Handshakes run side by side: a client that says nothing
/// must not keep others waiting.
struct Listener {
    ready: mpsc::Receiver<(TlsStream<TcpStream>, SocketAddr)>,
    address: io::Result<SocketAddr>,
}

impl Listener {
    fn new(inner: TcpListener, acceptor: TlsAcceptor) -> Self {
        let address = inner.local_addr();
        let (hand_over, ready) = mpsc::channel(WAITING_MAX);
        tokio::spawn(async move {
            loop {
                let accepted = tokio::select! {
                    accepted = inner.accept() => accepted,
                    () = hand_over.closed() => return,
                };
                let Ok((stream, peer)) = accepted else {
                    tokio::time::sleep(ACCEPT_AGAIN).await;
                    continue;
                };
                let (acceptor, hand_over) = (acceptor.clone(), hand_over.clone());
                tokio::spawn(async move {
                    let _ = stream.set_nodelay(true);
                    let handshake = tokio::time::timeout(HANDSHAKE_TIME, acceptor.accept(stream));
                    if let Ok(Ok(stream)) = handshake.await {
                        let _ = hand_over.send((stream, peer)).await;
                    }
                });
            }
        });
        Self { ready, address }
    }
}

impl axum::serve::Listener for Listener {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, SocketAddr) {
        match self.ready.recv().await {
            Some(ready) => ready,
            None => std::future::pending().await,
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.address
            .as_ref()
            .copied()
            .map_err(|error| error.kind().into())
    }
}

/// The chain of the moment: looked up at each handshake, since it may be swapped at any time.
#[derive(Debug)]
struct Presented {
    issuers: Arc<Issuers>,
    shared: Arc<Shared>,
    last: Mutex<Option<(Chain, Arc<CertifiedKey>)>>,
}

impl ResolvesServerCert for Presented {
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let chain = self.issuers.chain(self.shared.now()).ok()?;
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((held, key)) = last.as_ref()
            && *held == chain
        {
            return Some(Arc::clone(key));
        }
        let key = Arc::new(certified(&chain)?);
        *last = Some((chain, Arc::clone(&key)));
        Some(key)
    }
}

/// Leaf and intermediate; servers do not send their root (apis/alibaba.md §4.2).
fn certified(chain: &Chain) -> Option<CertifiedKey> {
    let certificates = [&chain.leaf, &chain.intermediate]
        .into_iter()
        .map(|held| CertificateDer::from_pem_slice(held.certificate.as_bytes()))
        .collect::<Result<Vec<_>, _>>()
        .ok()?;
    let key = PrivateKeyDer::from_pem_slice(chain.leaf.key.as_bytes()).ok()?;
    let key = rustls::crypto::ring::sign::any_supported_type(&key).ok()?;
    Some(CertifiedKey::new(certificates, key))
}

async fn receive(
    issuers: Arc<Issuers>,
    shared: Arc<Shared>,
    request: axum::extract::Request,
) -> axum::response::Response {
    // No call here has a body worth reading: everything is in the path and the query.
    let (head, _body) = request.into_parts();
    let host = head.headers.get("host").and_then(|host| host.to_str().ok());
    let request = Request {
        method: head.method.as_str().to_owned(),
        path: head.uri.path().to_owned(),
        query: head.uri.query().unwrap_or_default().to_owned(),
        headers: vec![("host".to_owned(), host.unwrap_or_default().to_owned())],
        body: Vec::new(),
    };
    let now = shared.now();
    let arrival = shared.arrived(NAME, None, &request.path);
    // Off the async threads: keys are made and files written.
    let work = tokio::task::spawn_blocking(move || answer(&issuers, &request, now));
    let mut response = work
        .await
        .unwrap_or_else(|error| text(500, &format!("this is a bug: {error}\n")));
    shared.answered(arrival, response.status);
    // A connection kept open would outlive a swapped chain.
    let close = ("connection".to_owned(), "close".to_owned());
    response.headers.push(close);
    http(response, now)
}

/// One request to the issuers.
pub(super) fn answer(issuers: &Issuers, request: &Request, now_unix_seconds: i64) -> Response {
    let Some(base) = base(request.header("host").unwrap_or_default()) else {
        return text(
            421,
            &format!("the sandbox's issuers are localhost and {STABLE_HOST} only\n"),
        );
    };
    let path = request.path.trim_start_matches('/');
    let (path, document) = match path.split_once("/.") {
        Some((path, document)) => (path, document),
        None => match path.strip_prefix('.') {
            Some(document) => ("", document),
            None => (path.trim_end_matches('/'), "sandbox"),
        },
    };
    let issuer = Asked {
        issuers,
        base: &base,
        path,
        query: &request.query,
        now_unix_seconds,
    };
    issuer
        .document(&request.method, document)
        .unwrap_or_else(|error| {
            let status = match &error {
                IssuerError::Path(_) => 404,
                IssuerError::Full | IssuerError::LastKey => 409,
                IssuerError::State(_) | IssuerError::Crypto(_) => 500,
            };
            text(status, &format!("{error}\n"))
        })
}

/// `https://` and the host asked for, if it is one of the issuers'.
fn base(host: &str) -> Option<String> {
    let name = match host.strip_prefix('[') {
        Some(bracketed) => bracketed.split(']').next(),
        None => host.split(':').next(),
    };
    let known = ["localhost", "127.0.0.1", "::1", STABLE_HOST];
    name.filter(|name| known.contains(name))
        .map(|_| format!("https://{host}"))
}

/// What one issuer is asked for.
struct Asked<'a> {
    issuers: &'a Issuers,
    base: &'a str,
    path: &'a str,
    query: &'a str,
    now_unix_seconds: i64,
}

impl Asked<'_> {
    fn document(&self, method: &str, document: &str) -> Result<Response, IssuerError> {
        let (issuers, path, now) = (self.issuers, self.path, self.now_unix_seconds);
        let shown = |kid: Option<String>| {
            let mut shown = issuers.show(path, now)?;
            shown["url"] = issuer_url(self.base, path).into();
            shown["key"] = kid.into();
            Ok(json(&shown))
        };
        match (method, document) {
            ("GET", "well-known/openid-configuration") => {
                // Made now, so that the path is known to be good and the keys are there next.
                issuers.show(path, now)?;
                Ok(json(&self.discovery()))
            }
            ("GET", "well-known/jwks") => issuers.key_set(path, now).map(|keys| json(&keys)),
            ("GET", "sandbox") => shown(None),
            ("GET" | "POST", "sandbox/token") => match wanted(self.query) {
                Ok(wanted) => {
                    let token = issuers.token(self.base, path, &wanted, now)?;
                    Ok(json(&json!({ "value": token })))
                }
                Err(why) => Ok(text(400, &format!("{why}\n"))),
            },
            ("POST", "sandbox/publish") => shown(Some(issuers.publish(path, now)?)),
            ("POST", "sandbox/rotate") => shown(Some(issuers.rotate(path, now)?)),
            ("POST", "sandbox/withdraw") => shown(Some(issuers.withdraw(path, now)?)),
            ("POST", "sandbox/swap-chain") => {
                let new_root = wire::pairs(self.query)
                    .iter()
                    .any(|(name, value)| name == "root" && value == "new");
                issuers.swap_chain(new_root, now)?;
                shown(None)
            }
            _ => Ok(text(404, "there is no such document or command\n")),
        }
    }

    /// The members that OpenID Connect Discovery 1.0 §3 requires of an issuer without sign-in page.
    fn discovery(&self) -> Value {
        let issuer = issuer_url(self.base, self.path);
        json!({
            "issuer": issuer,
            "jwks_uri": format!("{issuer}/.well-known/jwks"),
            "subject_types_supported": ["public"],
            "response_types_supported": ["id_token"],
            "claims_supported": ["sub", "aud", "exp", "iat", "iss", "jti", "nbf"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "scopes_supported": ["openid"],
        })
    }
}

/// The token a query asks for: `audience` (repeatable), `subject`, `age` and `life` in seconds,
/// `claims` (a JSON object). As in GitHub's request URL, the audience may be added at the end.
fn wanted(query: &str) -> Result<Wanted, String> {
    let mut wanted = Wanted::default();
    let seconds = |name: &str, value: &str| {
        value
            .parse::<i64>()
            .map_err(|_| format!("`{name}` is a number of seconds"))
    };
    for (name, value) in wire::pairs(query) {
        match name.as_str() {
            "audience" => wanted.audiences.push(value),
            "subject" => wanted.subject = value,
            "age" => wanted.age_seconds = seconds(&name, &value)?,
            "life" => wanted.life_seconds = Some(seconds(&name, &value)?),
            "claims" => {
                wanted.claims = serde_json::from_str::<Map<String, Value>>(&value)
                    .map_err(|error| format!("`claims` is a JSON object: {error}"))?;
            }
            // `api-version` and the like, which GitHub's own URL has.
            _ => {}
        }
    }
    if wanted.audiences.is_empty() {
        return Err("say for whom: `audience=…`".to_owned());
    }
    Ok(wanted)
}

fn json(value: &Value) -> Response {
    Response::json(200, "application/json", value)
}

fn text(status: u16, text: &str) -> Response {
    Response {
        status,
        headers: vec![("content-type".to_owned(), "text/plain".to_owned())],
        body: text.as_bytes().to_vec(),
    }
}
