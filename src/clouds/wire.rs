//! What the clouds' HTTP traffic has in common: base addresses, waits, members of JSON answers.
//!
//! Pure. Error envelopes and codes are each cloud's own and stay in its folder.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::model::Value;
use crate::net::http::{Answered, Fault};
use crate::provider::{ErrorClass, ProviderError};

/// Where requests go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Endpoint {
    /// Scheme, host and port, without a slash at the end.
    pub(super) base: String,
    /// The `Host` header as it goes out and is signed: with the port unless it is the default one.
    pub(super) host: String,
}

impl Endpoint {
    /// One of the cloud's own hosts.
    pub(super) fn https(host: &str) -> Self {
        Self {
            base: format!("https://{host}"),
            host: host.to_owned(),
        }
    }

    /// The operator's base URL. Its path is not signed: it belongs to whatever stands in front.
    ///
    /// # Errors
    /// A sentence, when it is no http(s) URL, or plain http to another machine: signed requests
    /// must not travel in the clear (contract 1.2).
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let url = url::Url::parse(text).map_err(|error| format!("not a URL: {error}"))?;
        let name = url
            .host()
            .ok_or_else(|| "the URL names no host".to_owned())?;
        let loopback = match &name {
            url::Host::Domain(name) => *name == "localhost",
            url::Host::Ipv4(address) => address.is_loopback(),
            url::Host::Ipv6(address) => address.is_loopback(),
        };
        match url.scheme() {
            "https" => {}
            "http" if loopback => {}
            "http" => return Err("plain http is accepted for loopback addresses only".to_owned()),
            _ => return Err("the URL must begin with https://".to_owned()),
        }
        let named = !url.username().is_empty() || url.password().is_some();
        if named || url.query().is_some() || url.fragment().is_some() {
            return Err("the URL must have no user name, password, query or fragment".to_owned());
        }
        let host = match url.port() {
            Some(port) => format!("{name}:{port}"),
            None => name.to_string(),
        };
        let path = url.path().trim_end_matches('/');
        Ok(Self {
            base: format!("{}://{host}{path}", url.scheme()),
            host,
        })
    }
}

/// The error for a request without an answer.
pub(super) fn without_answer(call: &'static str, fault: &Fault) -> ProviderError {
    let class = match fault {
        Fault::Unreachable(_) => ErrorClass::Unreachable,
        Fault::NoAnswer(_) => ErrorClass::NoAnswer,
    };
    ProviderError::new(class, call, &fault.to_string())
}

/// The error for an answer without the cloud's own envelope: a gateway, a proxy, half a body. Its
/// text is never shown: nobody knows whose words it holds.
pub(super) fn without_envelope(call: &'static str, answered: &Answered) -> ProviderError {
    let (class, message) = match answered.status {
        429 => (
            ErrorClass::Throttled {
                wait: retry_after(answered),
            },
            "too many requests",
        ),
        500.. => (ErrorClass::Unavailable, "the service is not available"),
        _ if answered.body.is_empty() => (ErrorClass::Protocol, "the answer is empty"),
        _ => (
            ErrorClass::Protocol,
            "the answer has none of the documented forms",
        ),
    };
    ProviderError {
        status: Some(answered.status),
        ..ProviderError::new(class, call, message)
    }
}

/// The standard `Retry-After` header, seconds only.
pub(super) fn retry_after(answered: &Answered) -> Option<Duration> {
    let seconds: u64 = answered.header("retry-after")?.trim().parse().ok()?;
    (seconds > 0).then(|| Duration::from_secs(seconds))
}

/// A text member; missing, null and other types are [`None`].
pub(super) fn text(object: &Value, name: &str) -> Option<String> {
    object.get(name)?.as_str().map(str::to_owned)
}

/// A text member that may have been left out or be null, both of which mean empty.
pub(super) fn text_or_empty(object: &Value, name: &str) -> Value {
    Value::String(text(object, name).unwrap_or_default())
}

/// A whole number, also when it is spelt as a text.
pub(super) fn number(object: &Value, name: &str) -> Option<i64> {
    match object.get(name)? {
        Value::Number(number) => number.as_i64(),
        Value::String(text) => text.trim().parse().ok(),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

/// The canonical form of a set: trimmed, without empty ones and doubles, sorted.
pub(super) fn set<'a>(items: impl IntoIterator<Item = &'a str>) -> Value {
    let items: BTreeSet<&str> = items
        .into_iter()
        .map(str::trim)
        .filter(|item| !item.is_empty())
        .collect();
    items.into_iter().collect()
}

/// The texts of an array; anything else has none.
pub(super) fn texts(value: Option<&Value>) -> Vec<&str> {
    value
        .and_then(Value::as_array)
        .map(|items| items.iter().filter_map(Value::as_str).collect())
        .unwrap_or_default()
}

/// A document that travels as JSON text; a text that is none stays one, and equals no document.
pub(super) fn document(text: String) -> Value {
    serde_json::from_str(&text).unwrap_or(Value::String(text))
}

/// The texts of a mapping, by key.
pub(super) fn pairs(value: Option<&Value>) -> Vec<(&str, &str)> {
    let members = value.and_then(Value::as_object).into_iter().flatten();
    members
        .filter_map(|(key, value)| Some((key.as_str(), value.as_str()?)))
        .collect()
}

/// What makes one set of texts of another: those to add, those to take out, sorted.
pub(super) fn text_changes<'a>(
    from: Option<&'a Value>,
    to: Option<&'a Value>,
) -> (Vec<&'a str>, Vec<&'a str>) {
    let set = |value| texts(value).into_iter().collect::<BTreeSet<&str>>();
    let (from, to) = (set(from), set(to));
    let added = to.difference(&from).copied();
    let removed = from.difference(&to).copied();
    (added.collect(), removed.collect())
}

/// What makes one mapping of another: pairs to set, keys to take out.
pub(super) fn pair_changes<'a>(
    from: Option<&'a Value>,
    to: Option<&'a Value>,
) -> (Vec<(&'a str, &'a str)>, Vec<&'a str>) {
    let (from, to) = (pairs(from), pairs(to));
    let set = to.iter().filter(|pair| !from.contains(pair)).copied();
    let gone = |key: &&str| to.iter().all(|(kept, _)| kept != key);
    let removed = from.iter().map(|(key, _)| *key).filter(gone);
    (set.collect(), removed.collect())
}

/// The rule that Tencent Cloud and Alibaba Cloud share for URLs of an identity provider: https, and
/// no query, fragment or user info (apis/tencent.md §3.0, apis/alibaba.md §3.1).
pub(super) fn is_https_url(text: &str) -> bool {
    text.starts_with("https://")
        && text.bytes().all(|byte| byte.is_ascii_graphic())
        && !text.contains(['?', '#', '@'])
        && url::Url::parse(text).is_ok_and(|url| url.has_host())
}

/// The rule that both share for client ids: letters, digits and `. - _ : /`, none of these five at
/// the start. A comma can never be part of one.
pub(super) fn is_client_id(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphanumeric())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b".-_:/".contains(&byte))
}

/// The role in an ARN of a role's session: `…:assumed-role/<role>/<session>`, where Tencent Cloud
/// gives the role's number (apis/alibaba.md §6, apis/tencent.md §5).
pub(super) fn assumed_role(body: &Value, member: &str) -> Option<String> {
    let arn = text(body, member)?;
    let (_, role) = arn.split_once(":assumed-role/")?;
    let role = role.split('/').next()?;
    (!role.is_empty()).then(|| role.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endpoints_are_read_and_guarded() {
        for (text, base, host) in [
            (
                "http://127.0.0.1:9001",
                "http://127.0.0.1:9001",
                "127.0.0.1:9001",
            ),
            ("http://[::1]:9001/", "http://[::1]:9001", "[::1]:9001"),
            (
                "https://Gate.Example:443/rpc/",
                "https://gate.example/rpc",
                "gate.example",
            ),
            ("http://localhost:80/", "http://localhost", "localhost"),
        ] {
            let endpoint = Endpoint::parse(text).unwrap();
            assert_eq!(
                (endpoint.base.as_str(), endpoint.host.as_str()),
                (base, host)
            );
        }
        for text in [
            "",
            "127.0.0.1:9001",
            "ftp://127.0.0.1",
            "http://10.0.0.1",
            "http://127.0.0.1.example",
            "https://user:secret@gate.example",
            "https://gate.example/?a=b",
            "https://gate.example/#a",
        ] {
            Endpoint::parse(text).unwrap_err();
        }
    }

    #[test]
    fn answers_without_an_envelope_are_sorted_by_status() {
        for (status, body, word) in [
            (200, "", "protocol"),
            (200, "<html>maintenance</html>", "protocol"),
            (302, "", "protocol"),
            (404, "not here", "protocol"),
            (429, "slow down", "throttled"),
            (500, "", "unavailable"),
            (502, "<html>Bad Gateway secret</html>", "unavailable"),
        ] {
            let error = without_envelope("X", &Answered::new(status, &[], body));
            assert_eq!(error.class.word(), word, "{status} {body}");
            assert_eq!(error.status, Some(status));
            assert!(!error.message.contains("secret"));
        }
    }

    #[test]
    fn urls_and_client_ids_have_their_rules() {
        for good in [
            "https://idp.example.com",
            "https://a.example/x/",
            "https://a:8443/x%20y",
        ] {
            assert!(is_https_url(good), "{good}");
        }
        for bad in [
            "",
            "http://a.example",
            "https://",
            "https://a.example/?x",
            "https://a.example/#x",
            "https://u@a.example",
            "https://a.example/ x",
            "https://a.example/\t",
            "HTTPS://a",
        ] {
            assert!(!is_https_url(bad), "{bad}");
        }
        for good in ["a", "0oa1.b-c_d:e/f", "sts.cloud.tencent.com"] {
            assert!(is_client_id(good), "{good}");
        }
        for bad in ["", ".a", "/a", "a,b", "a b", "é"] {
            assert!(!is_client_id(bad), "{bad}");
        }
    }

    #[test]
    fn waits_are_positive_whole_seconds() {
        for (header, expected) in [("7", Some(7)), ("0", None), ("-1", None), ("soon", None)] {
            let answered = Answered::new(429, &[("retry-after", header)], "");
            assert_eq!(
                retry_after(&answered),
                expected.map(Duration::from_secs),
                "{header}"
            );
        }
    }
}
