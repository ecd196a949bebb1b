//! Asks issuers what they publish: discovery document, keys, and the TLS chain that their servers
//! really present. The only file of this room that waits.
//!
//! Where it connects to is told by manifests and by the issuers themselves, so everything is
//! guarded: https only, public addresses only (checked at the moment of connecting, so that a name
//! cannot mean another address then), no redirect to another host, limits on size and time.

mod guarded;
mod record;

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use rustls::client::Resumption;
use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use url::Url;

use self::guarded::{Resolver, direct};
use self::record::Recorder;
use super::seen::{Chain, Seen};
use crate::federation::issuer::{IssuerProblem, check_jwks_uri, discovery, discovery_url};
use crate::federation::{certificate_chain, jwks};
use crate::model::Code;
use crate::net::cause::Cause;
use crate::net::guard::Addresses;

/// Longest discovery document, in bytes. The longest real one has 8 KB.
const DISCOVERY_BYTES: usize = 256 * 1024;
/// Longest key set, in bytes. The clouds take 30,000 characters at most.
const KEYS_BYTES: usize = 1024 * 1024;
/// Most redirects within one host.
const REDIRECTS: usize = 5;

/// How issuers are asked.
#[derive(Debug, Clone)]
pub struct FetchOptions {
    /// PEM certificates that are trusted beside the public roots; empty for none.
    pub roots: Vec<u8>,
    /// Where connections may lead.
    pub addresses: Addresses,
    /// Addresses of hosts that no name server is asked for. They must be permitted like any other.
    /// A port counts where the URL names none.
    pub resolve: BTreeMap<String, SocketAddr>,
    /// A proxy. What it connects to is up to it: names are resolved there, not here.
    pub proxy: Option<String>,
    /// For one request, from connecting to the last byte.
    pub timeout: Duration,
    /// Most issuers asked at once.
    pub parallelism: usize,
}

/// Why nothing is known of an issuer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text}")]
pub struct FetchError {
    /// [`Code::IssuerUnreachable`] or [`Code::IssuerUnusable`].
    pub code: Code,
    /// What was attempted, and what came of it.
    pub text: String,
    /// What to do, where that is known.
    pub help: Option<String>,
}

impl FetchError {
    fn unreachable(text: String) -> Self {
        Self {
            code: Code::IssuerUnreachable,
            text,
            help: None,
        }
    }

    fn unusable(problem: IssuerProblem) -> Self {
        let IssuerProblem { text, help } = problem;
        Self {
            code: Code::IssuerUnusable,
            text,
            help,
        }
    }
}

/// What came of asking each issuer.
pub type Fetched = BTreeMap<String, Result<Seen, FetchError>>;

/// Asks issuers; clones share everything.
#[derive(Debug, Clone)]
pub struct Fetcher {
    options: Arc<FetchOptions>,
    provider: Arc<CryptoProvider>,
    verifier: Arc<dyn ServerCertVerifier>,
}

impl Fetcher {
    /// Reads the roots; nothing is opened yet.
    ///
    /// # Errors
    /// There are no usable roots.
    pub fn new(options: FetchOptions) -> Result<Self, String> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let roots: Result<Vec<CertificateDer<'static>>, _> =
            CertificateDer::pem_slice_iter(&options.roots).collect();
        let roots = roots.map_err(|error| format!("the certificates are no PEM: {error}"))?;
        // The verifier that every other connection of this program uses, so that an issuer is
        // trusted exactly as a cloud is.
        let verifier =
            rustls_platform_verifier::Verifier::new_with_extra_roots(roots, Arc::clone(&provider))
                .map_err(|error| format!("there are no usable root certificates: {error}"))?;
        Ok(Self {
            options: Arc::new(options),
            provider,
            verifier: Arc::new(verifier),
        })
    }

    /// Asks all issuers, each once, a bounded number at a time. One that cannot be asked does not
    /// stop the others.
    pub async fn all(&self, issuers: &BTreeSet<String>) -> Fetched {
        let gate = Arc::new(Semaphore::new(self.options.parallelism.max(1)));
        let mut asking = JoinSet::new();
        for issuer in issuers {
            let (issuer, fetcher, gate) = (issuer.clone(), self.clone(), Arc::clone(&gate));
            asking.spawn(async move {
                // The gate is never closed.
                let _place = gate.acquire().await.ok();
                let seen = fetcher.one(&issuer).await;
                (issuer, seen)
            });
        }
        let lost = || FetchError::unreachable("this is a bug: asking it was given up".to_owned());
        let mut fetched: Fetched = issuers
            .iter()
            .map(|issuer| (issuer.clone(), Err(lost())))
            .collect();
        while let Some(asked) = asking.join_next().await {
            if let Ok((issuer, seen)) = asked {
                fetched.insert(issuer, seen);
            }
        }
        fetched
    }

    /// Asks one issuer.
    ///
    /// # Errors
    /// It cannot be reached, or what it says cannot be used.
    pub async fn one(&self, issuer: &str) -> Result<Seen, FetchError> {
        let recorder = Arc::new(Recorder::new(Arc::clone(&self.verifier)));
        let client = self.client(&recorder)?;
        let url = discovery_url(issuer).map_err(FetchError::unusable)?;
        let body = self.get(&client, &url, DISCOVERY_BYTES).await?;
        let discovery = discovery(issuer, &body).map_err(FetchError::unusable)?;
        let keys_url = check_jwks_uri(&discovery.jwks_uri).map_err(FetchError::unusable)?;
        let body = self.get(&client, &keys_url, KEYS_BYTES).await?;
        let published = jwks::published(&body).map_err(|why| FetchError {
            code: Code::IssuerUnusable,
            text: format!("its key set at {keys_url} cannot be used: {why}"),
            help: None,
        })?;
        let mut hosts = vec![host_of(&url)];
        if host_of(&keys_url) != hosts[0] {
            hosts.push(host_of(&keys_url));
        }
        let chains = hosts.into_iter().filter_map(|host| {
            let chain = recorder.chain(&host)?;
            let certificates = certificate_chain::presented(&chain);
            Some(Chain { host, certificates })
        });
        Ok(Seen {
            chains: chains.collect(),
            discovery,
            keys: published.keys,
            left_out: published
                .left_out
                .iter()
                .map(jwks::KeyProblem::sentence)
                .collect(),
        })
    }

    /// A client of its own for each issuer, so that chains and connections are nobody else's.
    fn client(&self, recorder: &Arc<Recorder>) -> Result<reqwest::Client, FetchError> {
        let tls = rustls::ClientConfig::builder_with_provider(Arc::clone(&self.provider))
            .with_safe_default_protocol_versions()
            .map_err(|error| FetchError::unreachable(format!("set up TLS: {error}")))?;
        let verifier: Arc<dyn ServerCertVerifier> = recorder.clone();
        let mut tls = tls
            .dangerous()
            .with_custom_certificate_verifier(verifier)
            .with_no_client_auth();
        // A resumed session presents no certificates.
        tls.resumption = Resumption::disabled();
        let options = &self.options;
        let mut builder = reqwest::Client::builder()
            .user_agent(concat!("idform/", env!("CARGO_PKG_VERSION")))
            .tls_backend_preconfigured(tls)
            .https_only(true)
            .timeout(options.timeout)
            .redirect(same_host())
            .retry(reqwest::retry::never())
            .no_proxy();
        let mut proxy_host = None;
        if let Some(proxy) = &options.proxy {
            let wrong = |error: reqwest::Error| {
                FetchError::unreachable(format!("use the proxy: {}", Cause::of(&error).text))
            };
            proxy_host = Url::parse(proxy).ok().map(|url| host_of(&url));
            let exempt = reqwest::NoProxy::from_env();
            builder = builder.proxy(reqwest::Proxy::all(proxy).map_err(wrong)?.no_proxy(exempt));
        }
        builder
            .dns_resolver(Arc::new(Resolver {
                addresses: options.addresses.clone(),
                overrides: options.resolve.clone(),
                proxy_host,
            }))
            .build()
            .map_err(|error| FetchError::unreachable(Cause::of(&error).text))
    }

    /// The body of a URL, in one attempt: whoever runs this runs it again.
    async fn get(
        &self,
        client: &reqwest::Client,
        url: &Url,
        most_bytes: usize,
    ) -> Result<Vec<u8>, FetchError> {
        let failed = |why: String| FetchError::unreachable(format!("get {url}: {why}"));
        // Addresses in URLs are connected to without asking the resolver.
        direct(url, &self.options.addresses).map_err(|why| refused(failed(why)))?;
        let request = client.get(url.clone()).header("accept", "application/json");
        let mut response = request
            .send()
            .await
            .map_err(|error| told(failed, error, self.options.timeout))?;
        if response.status() != reqwest::StatusCode::OK {
            return Err(failed(format!(
                "the server answered with HTTP {}",
                response.status().as_u16()
            )));
        }
        let mut body = Vec::new();
        while let Some(chunk) = response
            .chunk()
            .await
            .map_err(|error| told(failed, error, self.options.timeout))?
        {
            if body.len() + chunk.len() > most_bytes {
                return Err(failed(format!(
                    "the answer is longer than {} KiB",
                    most_bytes / 1024
                )));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    }
}

fn told(
    failed: impl Fn(String) -> FetchError,
    error: reqwest::Error,
    timeout: Duration,
) -> FetchError {
    let error = error.without_url();
    if error.is_timeout() {
        return failed(format!("no whole answer within {timeout:?}"));
    }
    let cause = Cause::of(&error);
    let error = failed(cause.text);
    if error.text.contains(guarded::REFUSED) {
        return refused(error);
    }
    FetchError {
        help: cause.help.map(str::to_owned),
        ..error
    }
}

fn refused(error: FetchError) -> FetchError {
    FetchError {
        help: Some(
            "if the issuer is inside your network, the operator's configuration can allow its address: [issuers] allow"
                .to_owned(),
        ),
        ..error
    }
}

/// Follows redirects within one host and port; whoever controls another host is not the issuer.
fn same_host() -> reqwest::redirect::Policy {
    reqwest::redirect::Policy::custom(|attempt| {
        let place = |url: &Url| (host_of(url), url.port_or_known_default());
        let from = attempt.previous().last().map(place);
        let to = place(attempt.url());
        if attempt.previous().len() > REDIRECTS {
            attempt.error(format!("it redirects more than {REDIRECTS} times"))
        } else if attempt.url().scheme() != "https" || from.as_ref() != Some(&to) {
            let to = to.0;
            attempt.error(format!(
                "it redirects to another place, {to}, which is not followed"
            ))
        } else {
            attempt.follow()
        }
    })
}

/// A host as TLS names it: IPv6 addresses without brackets.
fn host_of(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    host.trim_start_matches('[')
        .trim_end_matches(']')
        .to_owned()
}
