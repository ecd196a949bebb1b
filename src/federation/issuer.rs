//! Issuers: which URLs can be one, where the discovery document lies, and whether that document is
//! about the issuer that was asked for (OpenID Connect Discovery 1.0 §3 and §4, RFC 8414 §2).
//!
//! Pure. An issuer is compared byte for byte, because the `iss` of tokens is; what differs by a
//! slash is another issuer, and the message says which of the two to write.

use serde_json::Value;
use url::Url;

use super::{strict, visible};

/// Longest URL that is read from a discovery document, in bytes. The longest real one has 133.
const URL_BYTES: usize = 2048;
/// Where discovery documents lie (OpenID Connect Discovery 1.0 §4).
const WELL_KNOWN: &str = "/.well-known/openid-configuration";

/// What of a discovery document counts here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Discovery {
    /// Exactly the issuer that was asked for.
    pub issuer: String,
    /// Where its keys are; an https URL.
    pub jwks_uri: String,
    /// Where people sign in. Workload issuers have none, and some write a URN.
    pub authorization_endpoint: Option<String>,
    /// Where tokens are fetched. Workload issuers have none.
    pub token_endpoint: Option<String>,
}

/// Why an issuer or its document cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text}")]
pub struct IssuerProblem {
    /// What is wrong.
    pub text: String,
    /// What to do, where that is known.
    pub help: Option<String>,
}

impl IssuerProblem {
    fn new(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            help: None,
        }
    }

    fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

/// The URL of an issuer's discovery document. One slash at the end of the issuer is not doubled
/// (OpenID Connect Discovery 1.0 §4.1).
///
/// # Errors
/// The text cannot be an issuer.
pub fn discovery_url(issuer: &str) -> Result<Url, IssuerProblem> {
    if let Some(template) = template(issuer) {
        return Err(template);
    }
    let url = https_url("the issuer", issuer)?;
    if url.query().is_some() || url.fragment().is_some() {
        return Err(IssuerProblem::new(
            "an issuer has no query and no fragment (OpenID Connect Discovery 1.0 §3)",
        )
        .help("write the issuer as the `iss` of its tokens says it"));
    }
    let base = issuer.strip_suffix('/').unwrap_or(issuer);
    Url::parse(&format!("{base}{WELL_KNOWN}"))
        .map_err(|error| IssuerProblem::new(format!("it is no URL: {error}")))
}

/// Reads the discovery document that the issuer's address answered with.
///
/// # Errors
/// It is no such document, it is about another issuer, or its `jwks_uri` cannot be used.
pub fn discovery(issuer: &str, body: &[u8]) -> Result<Discovery, IssuerProblem> {
    discovery_url(issuer)?;
    let no_document =
        |why: String| IssuerProblem::new(format!("it is no discovery document: {why}"));
    let document = strict::text(body)
        .and_then(strict::json)
        .map_err(no_document)?;
    let Some(members) = document.as_object() else {
        return Err(no_document("it is no JSON object".to_owned()));
    };
    let text = |name: &str| members.get(name).and_then(Value::as_str);
    let Some(said) = text("issuer") else {
        return Err(no_document("it has no text `issuer`".to_owned()));
    };
    if said != issuer {
        return Err(mismatch(issuer, said));
    }
    let Some(jwks_uri) = text("jwks_uri") else {
        return Err(IssuerProblem::new(
            "its discovery document has no text `jwks_uri`, so nobody knows its keys",
        ));
    };
    check_jwks_uri(jwks_uri)?;
    let endpoint = |name: &str| {
        text(name)
            .filter(|text| {
                text.len() <= URL_BYTES && text.bytes().all(|byte| byte.is_ascii_graphic())
            })
            .map(str::to_owned)
    };
    Ok(Discovery {
        issuer: issuer.to_owned(),
        jwks_uri: jwks_uri.to_owned(),
        authorization_endpoint: endpoint("authorization_endpoint"),
        token_endpoint: endpoint("token_endpoint"),
    })
}

/// Whether keys may be fetched from a `jwks_uri`, as far as its text tells. A query is legal, and
/// Azure AD B2C has one. Whether its host has a public address is seen when it is connected to.
///
/// # Errors
/// It is no absolute https URL, or names a user.
pub fn check_jwks_uri(text: &str) -> Result<Url, IssuerProblem> {
    if !text.contains(':') {
        return Err(IssuerProblem::new(format!(
            "its `jwks_uri` is the relative reference `{}`; the standard wants a whole URL",
            visible(text)
        )));
    }
    https_url("its `jwks_uri`", text)
}

fn https_url(what: &str, text: &str) -> Result<Url, IssuerProblem> {
    let wrong = |why: &str| IssuerProblem::new(format!("{what} `{}` {why}", shown(text)));
    if let Some(strange) = text.chars().find(|c| !c.is_ascii_graphic()) {
        let code = u32::from(strange);
        return Err(wrong(&format!(
            "holds the character U+{code:04X}, which no URL may hold; it may look like another one"
        )));
    }
    if text.len() > URL_BYTES {
        return Err(IssuerProblem::new(format!(
            "{what} is longer than {URL_BYTES} bytes"
        )));
    }
    let url = Url::parse(text).map_err(|error| wrong(&format!("is no URL: {error}")))?;
    if url.scheme() != "https" || !text.starts_with("https://") {
        return Err(wrong("does not begin with https://"));
    }
    if !url.username().is_empty() || url.password().is_some() || text.contains('@') {
        let host = url.host_str().unwrap_or_default();
        return Err(wrong(&format!("names a user; its host would be {host}")));
    }
    if url.host_str().is_none_or(str::is_empty) {
        return Err(wrong("names no host"));
    }
    Ok(url)
}

/// What is wrong between the issuer that was asked for and the one the document says.
fn mismatch(wanted: &str, said: &str) -> IssuerProblem {
    if let Err(IssuerProblem { text, help }) = discovery_url(said) {
        let text = format!("its discovery document is about something that is no issuer: {text}");
        return IssuerProblem { text, help };
    }
    let exactly = format!("write `issuer: {said}`, exactly as its tokens will carry it");
    let differs = |how: &str| {
        let text = format!("its discovery document says `{said}`, {how}");
        IssuerProblem::new(text).help(exactly.as_str())
    };
    if said.strip_suffix('/') == Some(wanted) {
        differs("with a slash at the end; the manifest has none")
    } else if wanted.strip_suffix('/') == Some(said) {
        differs("without the slash that the manifest has at the end")
    } else if said.eq_ignore_ascii_case(wanted) {
        differs("which differs in upper and lower case")
    } else {
        let wanted = shown(wanted);
        let text =
            format!("its discovery document is about another issuer, `{said}`, not `{wanted}`");
        IssuerProblem::new(text).help(format!(
            "if that one is meant, {exactly}; if not, the address belongs to somebody else"
        ))
    }
}

/// Entra ID's shared documents have a placeholder where the tenant belongs.
fn template(issuer: &str) -> Option<IssuerProblem> {
    issuer.contains(['{', '}', '<', '>']).then(|| {
        IssuerProblem::new(format!(
            "`{}` is a template, which equals the `iss` of no token",
            shown(issuer)
        ))
        .help("write the issuer of your own tenant, with its id in the place of the template")
    })
}

/// A URL as it can be shown: escaped, and what is not ASCII by its code point.
fn shown(text: &str) -> String {
    let text: String = text.chars().take(URL_BYTES).collect();
    let mut shown = String::with_capacity(text.len());
    for c in visible(&text).chars() {
        if c.is_ascii() {
            shown.push(c);
        } else {
            shown.extend(c.escape_unicode());
        }
    }
    shown
}

#[cfg(test)]
mod tests;
