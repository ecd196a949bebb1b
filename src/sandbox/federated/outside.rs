//! The network as the emulated clouds see it: the sandbox's own issuers, and nothing else.
//!
//! A manifest can name any issuer, so this must be unable to reach any other: the address dialled
//! is the issuers' own listener, whatever the name, and only their names lead to it.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier as _;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use serde_json::Value;
use sha1::{Digest as _, Sha1};
use url::{Host, Url};

use crate::sandbox::issuer::{Issuers, STABLE_HOST};

/// For each read and write; loopback needs a thousandth of it.
const PATIENCE: Duration = Duration::from_secs(5);
/// Bytes of a document at most.
const DOCUMENT_BYTES: u64 = 1024 * 1024;
/// `/.well-known/openid-configuration` and the rest of OpenID Connect Discovery 1.0 §4.
const DISCOVERY: &str = "/.well-known/openid-configuration";

/// Why an issuer's keys could not be had.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unreachable {
    /// Not one of the sandbox's issuers, or none that answers.
    #[error("{0}")]
    Connection(String),
    /// No TLS with a certificate of a trusted root for this name.
    #[error("{0}")]
    Tls(String),
    /// What was answered is no discovery document or key set.
    #[error("{0}")]
    Document(String),
}

/// What was found.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) key_set: Value,
    /// SHA-1 of the presented certificates, lower-case hex, leaf first.
    pub(crate) presented: Vec<String>,
    /// The same of the root they end in, which servers do not send.
    pub(crate) root: Option<String>,
}

/// The way to the issuers, once they listen.
#[derive(Debug, Clone)]
pub struct Outside {
    issuers: Arc<Issuers>,
    address: Arc<OnceLock<SocketAddr>>,
}

impl Outside {
    /// The way to these issuers, closed until [`Outside::open`].
    pub fn new(issuers: Arc<Issuers>) -> Self {
        Self {
            issuers,
            address: Arc::default(),
        }
    }

    /// A network with nothing in it.
    #[cfg(test)]
    pub(crate) fn empty() -> Self {
        Self::new(Arc::new(Issuers::new(None)))
    }

    /// The way to the issuers of a running sandbox.
    #[cfg(test)]
    pub(crate) fn of(sandbox: &crate::sandbox::Sandbox) -> Self {
        let outside = Self::new(sandbox.issuers_shared());
        outside.open(sandbox.issuer_address());
        outside
    }

    /// Says where the issuers listen.
    pub(crate) fn open(&self, address: SocketAddr) {
        // Opened once, by the sandbox that made it.
        let _ = self.address.set(address);
    }

    /// Fetches an issuer's keys through its discovery document.
    ///
    /// # Errors
    /// [`Unreachable`].
    pub(crate) fn find(&self, issuer: &str, now_unix_seconds: i64) -> Result<Found, Unreachable> {
        let (discovery, _) = self.get(&format!("{issuer}{DISCOVERY}"), now_unix_seconds)?;
        if discovery.get("issuer").and_then(Value::as_str) != Some(issuer) {
            return Err(Unreachable::Document(format!(
                "the discovery document is not that of {issuer}"
            )));
        }
        let address = discovery.get("jwks_uri").and_then(Value::as_str);
        let address = address.ok_or_else(|| {
            Unreachable::Document("the discovery document has no jwks_uri".to_owned())
        })?;
        let (key_set, chain) = self.get(address, now_unix_seconds)?;
        let root = match chain.split_first() {
            Some((leaf, between)) => self
                .roots(now_unix_seconds)?
                .iter()
                .find(|root| ends_in(leaf, between, root, now_unix_seconds))
                .map(|root| fingerprint(root)),
            None => None,
        };
        Ok(Found {
            key_set,
            presented: chain.iter().map(|it| fingerprint(it)).collect(),
            root,
        })
    }

    /// A document and the chain it came behind.
    fn get(
        &self,
        url: &str,
        now: i64,
    ) -> Result<(Value, Vec<CertificateDer<'static>>), Unreachable> {
        let elsewhere = || {
            Unreachable::Connection(format!(
                "{url} is not an issuer of the sandbox, and it asks no other"
            ))
        };
        let parsed = Url::parse(url).map_err(|_| elsewhere())?;
        let address = *self.address.get().ok_or_else(elsewhere)?;
        let own_port = parsed.port_or_known_default() == Some(address.port());
        let (is_own, name) = match parsed.host() {
            Some(Host::Domain(name)) => (
                name == STABLE_HOST || (name == "localhost" && own_port),
                name.to_owned(),
            ),
            Some(Host::Ipv4(ip)) => (ip.is_loopback() && own_port, ip.to_string()),
            Some(Host::Ipv6(ip)) => (ip.is_loopback() && own_port, ip.to_string()),
            None => (false, String::new()),
        };
        if parsed.scheme() != "https" || !is_own {
            return Err(elsewhere());
        }
        let mut stream = self.connect(address, &name, now)?;
        // HTTP/1.0: the answer comes whole and ends with the connection.
        let request = format!(
            "GET {} HTTP/1.0\r\nhost: {}\r\naccept: application/json\r\n\r\n",
            &parsed[url::Position::BeforePath..url::Position::AfterQuery],
            &parsed[url::Position::BeforeHost..url::Position::AfterPort],
        );
        let broken = |error: std::io::Error| {
            // The handshake happens at the first write: an untrusted chain shows here.
            let is_tls = error
                .get_ref()
                .is_some_and(<dyn std::error::Error + Send + Sync>::is::<rustls::Error>);
            if is_tls {
                Unreachable::Tls(error.to_string())
            } else {
                Unreachable::Connection(error.to_string())
            }
        };
        stream.write_all(request.as_bytes()).map_err(broken)?;
        let mut answer = Vec::new();
        let mut limited = (&mut stream).take(DOCUMENT_BYTES);
        limited.read_to_end(&mut answer).map_err(broken)?;
        let presented = stream.conn.peer_certificates().unwrap_or_default();
        let presented = presented.iter().map(|it| it.clone().into_owned()).collect();
        Ok((document(url, &answer)?, presented))
    }

    fn connect(
        &self,
        address: SocketAddr,
        name: &str,
        now: i64,
    ) -> Result<StreamOwned<ClientConnection, TcpStream>, Unreachable> {
        let tls = |error: &dyn std::fmt::Display| Unreachable::Tls(error.to_string());
        let mut roots = RootCertStore::empty();
        for root in self.roots(now)? {
            roots.add(root).map_err(|error| tls(&error))?;
        }
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let time = Arc::new(Emulated(now));
        let config = ClientConfig::builder_with_details(Arc::clone(&provider), time)
            .with_safe_default_protocol_versions()
            .map_err(|error| tls(&error))?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let name = ServerName::try_from(name.to_owned()).map_err(|error| tls(&error))?;
        let connection =
            ClientConnection::new(Arc::new(config), name).map_err(|error| tls(&error))?;
        let reached = TcpStream::connect_timeout(&address, PATIENCE).and_then(|stream| {
            stream.set_read_timeout(Some(PATIENCE))?;
            stream.set_write_timeout(Some(PATIENCE))?;
            Ok(stream)
        });
        let stream = reached.map_err(|error| Unreachable::Connection(error.to_string()))?;
        Ok(StreamOwned::new(connection, stream))
    }

    fn roots(&self, now: i64) -> Result<Vec<CertificateDer<'static>>, Unreachable> {
        let pem = self
            .issuers
            .roots_pem(now)
            .map_err(|error| Unreachable::Tls(error.to_string()))?;
        CertificateDer::pem_slice_iter(pem.as_bytes())
            .collect::<Result<_, _>>()
            .map_err(|error| Unreachable::Tls(error.to_string()))
    }
}

/// SHA-1 over the DER, lower-case hex: apis/alibaba.md §4.1.
fn fingerprint(certificate: &[u8]) -> String {
    hex::encode(Sha1::digest(certificate))
}

/// Whether this chain is good with this root alone.
fn ends_in(
    leaf: &CertificateDer<'_>,
    between: &[CertificateDer<'_>],
    root: &CertificateDer<'static>,
    now: i64,
) -> bool {
    let mut roots = RootCertStore::empty();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let (Ok(()), Ok(name)) = (roots.add(root.clone()), ServerName::try_from(STABLE_HOST)) else {
        return false;
    };
    let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider).build();
    verifier.is_ok_and(|verifier| {
        verifier
            .verify_server_cert(leaf, between, &name, &[], unix_time(now))
            .is_ok()
    })
}

/// The body of a whole HTTP/1.0 answer, as JSON.
fn document(url: &str, answer: &[u8]) -> Result<Value, Unreachable> {
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n");
    let is_ok = answer.starts_with(b"HTTP/1.0 200") || answer.starts_with(b"HTTP/1.1 200");
    end.filter(|_| is_ok)
        .and_then(|end| serde_json::from_slice(&answer[end + 4..]).ok())
        .ok_or_else(|| Unreachable::Document(format!("{url} gives no JSON document")))
}

/// The emulated clouds' clock judges certificates too.
#[derive(Debug)]
struct Emulated(i64);

impl rustls::time_provider::TimeProvider for Emulated {
    fn current_time(&self) -> Option<UnixTime> {
        Some(unix_time(self.0))
    }
}

fn unix_time(seconds: i64) -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_secs(
        u64::try_from(seconds).unwrap_or_default(),
    ))
}
