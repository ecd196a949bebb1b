//! The HTTP client: one request, one answer, sizes and times capped, nothing retried.
//!
//! It knows nothing of clouds. Bodies and headers never reach a log from here.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use reqwest::header::{CONTENT_LENGTH, HeaderMap, HeaderName, HeaderValue};

use crate::model::Secret;

/// Default time for one request, from connecting to the last byte.
pub const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);
/// Time for the connection alone.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// Largest answer read, in bytes. 100 providers with long descriptions stay below 1 MiB.
const ANSWER_BYTES: usize = 8 * 1024 * 1024;

/// A header's value, which may be a secret.
#[derive(Debug, Clone)]
pub enum HeaderText {
    /// Anybody may see it.
    Plain(String),
    /// A token or a signature; marked sensitive on the way out.
    Secret(Secret),
}

impl From<String> for HeaderText {
    fn from(text: String) -> Self {
        Self::Plain(text)
    }
}

impl From<&str> for HeaderText {
    fn from(text: &str) -> Self {
        Self::Plain(text.to_owned())
    }
}

/// One request, complete and signed.
#[derive(Debug, Clone)]
pub struct Request {
    /// Upper case.
    pub method: &'static str,
    /// Whole URL, percent-encoded as it shall go out.
    pub url: String,
    /// In this order; `host` and `content-length` are added.
    pub headers: Vec<(&'static str, HeaderText)>,
    /// The exact bytes that were signed.
    pub body: Vec<u8>,
}

/// One answer.
#[derive(Debug, Clone)]
pub struct Answered {
    /// HTTP status.
    pub status: u16,
    /// The whole body, decompressed.
    pub body: Vec<u8>,
    headers: HeaderMap,
}

impl Answered {
    /// An answer made by hand, for tests of what reads answers. Header names in lower case; headers
    /// that HTTP does not allow are left out.
    pub fn new(status: u16, headers: &[(&'static str, &str)], body: impl Into<Vec<u8>>) -> Self {
        let headers = headers
            .iter()
            .filter_map(|(name, text)| {
                let value = HeaderValue::from_str(text).ok()?;
                Some((HeaderName::from_static(name), value))
            })
            .collect();
        Self {
            status,
            body: body.into(),
            headers,
        }
    }

    /// A header's text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The server's time from its `Date` header, Unix seconds.
    pub fn server_time(&self) -> Option<i64> {
        jiff::fmt::rfc2822::parse(self.header("date")?)
            .ok()
            .map(|time| time.timestamp().as_second())
    }
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// The request never left: name, connection, TLS.
    #[error("could not connect: {0}")]
    Unreachable(String),
    /// It may have arrived, and nothing whole came back.
    #[error("no answer: {0}")]
    NoAnswer(String),
}

/// How the client is set up.
#[derive(Debug, Clone)]
pub struct HttpOptions {
    /// For one request.
    pub timeout: Duration,
    /// A proxy for requests over https.
    pub proxy: Option<String>,
    /// PEM certificates trusted beside the public roots.
    pub ca: Option<Vec<u8>>,
}

impl Default for HttpOptions {
    fn default() -> Self {
        Self {
            timeout: REQUEST_TIMEOUT,
            proxy: None,
            ca: None,
        }
    }
}

/// A shared client; clones share connections.
#[derive(Debug, Clone)]
pub struct Http {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    options: HttpOptions,
    /// For https, with the system's roots. Made at first use: reading the roots takes longer than
    /// a whole plan against the sandbox.
    secure: OnceLock<Result<reqwest::Client, String>>,
    /// For http on loopback and to the machine's metadata service, without any roots.
    plain: OnceLock<Result<reqwest::Client, String>>,
}

impl Http {
    /// A client; nothing is opened yet.
    pub fn new(options: HttpOptions) -> Self {
        Self {
            shared: Arc::new(Shared {
                options,
                secure: OnceLock::new(),
                plain: OnceLock::new(),
            }),
        }
    }

    /// Sends one request once and reads the whole answer.
    ///
    /// # Errors
    /// [`Fault`] tells whether the request may have arrived.
    pub async fn send(&self, request: Request) -> Result<Answered, Fault> {
        self.send_within(request, self.shared.options.timeout).await
    }

    /// As [`Self::send`], with a time of its own: services of the machine itself answer at once or
    /// are not there.
    ///
    /// # Errors
    /// [`Fault`] tells whether the request may have arrived.
    pub async fn send_within(
        &self,
        request: Request,
        timeout: Duration,
    ) -> Result<Answered, Fault> {
        let client = self.client(&request.url).map_err(Fault::Unreachable)?;
        let method = reqwest::Method::from_bytes(request.method.as_bytes())
            .map_err(|error| Fault::Unreachable(error.to_string()))?;
        let mut headers = header_map(request.headers)?;
        // The client says nothing of an empty body, and gateways refuse a POST without a length.
        if request.body.is_empty() && matches!(request.method, "POST" | "PUT" | "PATCH") {
            headers.insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
        }
        let sending = client
            .request(method, &request.url)
            .headers(headers)
            .timeout(timeout)
            .body(request.body);
        let mut response = sending.send().await.map_err(fault)?;
        let mut answered = Answered {
            status: response.status().as_u16(),
            body: Vec::new(),
            headers: std::mem::take(response.headers_mut()),
        };
        while let Some(chunk) = response.chunk().await.map_err(fault)? {
            if answered.body.len() + chunk.len() > ANSWER_BYTES {
                return Err(Fault::NoAnswer(format!(
                    "the answer is longer than {} MiB",
                    ANSWER_BYTES / (1024 * 1024)
                )));
            }
            answered.body.extend_from_slice(&chunk);
        }
        Ok(answered)
    }

    fn client(&self, url: &str) -> Result<&reqwest::Client, String> {
        let plain = url.starts_with("http://");
        let slot = if plain {
            &self.shared.plain
        } else {
            &self.shared.secure
        };
        slot.get_or_init(|| build(&self.shared.options, plain))
            .as_ref()
            .map_err(Clone::clone)
    }
}

fn build(options: &HttpOptions, plain: bool) -> Result<reqwest::Client, String> {
    // A second installation answers with the first one; both are ring.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let builder = reqwest::Client::builder()
        .user_agent(concat!("idform/", env!("CARGO_PKG_VERSION")))
        .timeout(options.timeout)
        .connect_timeout(CONNECT_TIMEOUT.min(options.timeout))
        .redirect(reqwest::redirect::Policy::none())
        // One retry layer only: the session's.
        .retry(reqwest::retry::never());
    let told = |error: reqwest::Error| chain(&error);
    if plain {
        return builder.tls_certs_only([]).no_proxy().build().map_err(told);
    }
    let mut builder = builder;
    if let Some(proxy) = &options.proxy {
        builder = builder.proxy(reqwest::Proxy::all(proxy).map_err(told)?);
    }
    if let Some(pem) = &options.ca {
        let certificates = reqwest::Certificate::from_pem_bundle(pem).map_err(told)?;
        builder = builder.tls_certs_merge(certificates);
    }
    builder.build().map_err(told)
}

fn header_map(headers: Vec<(&'static str, HeaderText)>) -> Result<HeaderMap, Fault> {
    let mut map = HeaderMap::with_capacity(headers.len());
    for (name, text) in headers {
        let (text, sensitive) = match &text {
            HeaderText::Plain(text) => (text.as_str(), false),
            HeaderText::Secret(secret) => (secret.expose(), true),
        };
        let mut value = HeaderValue::from_str(text)
            .map_err(|_| Fault::Unreachable(format!("the value of header {name} is not valid")))?;
        value.set_sensitive(sensitive);
        map.append(HeaderName::from_static(name), value);
    }
    Ok(map)
}

fn fault(error: reqwest::Error) -> Fault {
    // URLs may carry parameters; they are not for messages.
    let error = error.without_url();
    if error.is_connect() || error.is_builder() {
        Fault::Unreachable(chain(&error))
    } else if error.is_timeout() {
        Fault::NoAnswer("timed out".to_owned())
    } else {
        Fault::NoAnswer(chain(&error))
    }
}

/// The innermost cause says what happened; the outer ones only say that a request failed.
fn chain(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string()
}
