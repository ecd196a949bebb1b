//! What went wrong between us and a cloud, sorted by what can be done about it.

use std::fmt::{self, Write as _};
use std::time::Duration;

/// The classes that decide about retries and outcomes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ErrorClass {
    /// Wrong key, wrong signature, disabled user. Never retried: clouds lock keys after a few.
    Auth,
    /// A temporary token ran out; worth one retry with a new one.
    TokenExpired,
    /// The clock differs too much; worth one retry with the server's time.
    ClockSkewed {
        /// The server's time from its `Date` header.
        server_unix_seconds: Option<i64>,
    },
    /// Signed in, but not allowed.
    Denied,
    /// The object is not there.
    NotFound,
    /// It is there already, or in a state that excludes this.
    Conflict,
    /// The cloud refuses the parameters.
    Invalid,
    /// Something that it names is not there, or the cloud does not see it yet; not carried out.
    ReferentMissing,
    /// A quota is used up.
    Quota,
    /// Too many requests; not carried out.
    Throttled {
        /// How long the cloud asks to wait.
        wait: Option<Duration>,
    },
    /// The cloud failed on its side. A write may have been carried out.
    Unavailable,
    /// The request was never sent.
    Unreachable,
    /// Sent, and no answer. A write may have been carried out.
    NoAnswer,
    /// An answer that is none of the documented forms. A write may have been carried out.
    Protocol,
}

impl ErrorClass {
    /// One word for logs and JSON.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Auth => "auth",
            Self::TokenExpired => "token-expired",
            Self::ClockSkewed { .. } => "clock-skewed",
            Self::Denied => "denied",
            Self::NotFound => "not-found",
            Self::Conflict => "conflict",
            Self::Invalid => "invalid",
            Self::ReferentMissing => "referent-missing",
            Self::Quota => "quota",
            Self::Throttled { .. } => "throttled",
            Self::Unavailable => "unavailable",
            Self::Unreachable => "unreachable",
            Self::NoAnswer => "no-answer",
            Self::Protocol => "protocol",
        }
    }

    /// Whether a write that ended so may have been carried out all the same.
    pub fn leaves_outcome_open(&self) -> bool {
        matches!(self, Self::Unavailable | Self::NoAnswer | Self::Protocol)
    }
}

/// One failed call. Holds no body, no header and no query, so it can be shown anywhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProviderError {
    /// What can be done about it.
    pub class: ErrorClass,
    /// The call's documented name.
    pub call: &'static str,
    /// The cloud's own error code.
    pub code: Option<String>,
    /// HTTP status, when there was an answer.
    pub status: Option<u16>,
    /// The cloud's request id.
    pub request_id: Option<String>,
    /// What the cloud (or the network) said, shortened, control characters removed.
    pub message: String,
}

/// Longest message, code and request id shown of a cloud's answer, in characters.
const MESSAGE_CHARACTERS: usize = 400;

/// What others said, shortened and without what a terminal takes for more than text.
fn plain(said: &str) -> impl Iterator<Item = char> {
    said.chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .take(MESSAGE_CHARACTERS)
}

impl ProviderError {
    /// An error with a message made safe to show.
    pub fn new(class: ErrorClass, call: &'static str, message: &str) -> Self {
        let message: String = plain(message).collect();
        Self {
            class,
            call,
            code: None,
            status: None,
            request_id: None,
            message: message.trim().to_owned(),
        }
    }

    /// What the person can do, where there is something general to say.
    pub fn hint(&self) -> Option<&'static str> {
        match self.class {
            ErrorClass::Auth => Some("check which credentials are used and that the key is active"),
            ErrorClass::Denied => Some("grant the identity that idform runs as this action"),
            ErrorClass::ClockSkewed { .. } => Some("set this machine's clock"),
            ErrorClass::Quota => Some("raise the quota at the cloud or remove what is not needed"),
            ErrorClass::ReferentMissing => Some(
                "check the names that it holds; a cloud may need some seconds to see a new object",
            ),
            ErrorClass::Unreachable => Some("check the endpoint, the proxy and the network"),
            ErrorClass::Throttled { .. } => Some("lower `requestsPerSecond` of the account"),
            ErrorClass::TokenExpired => Some(
                "the cloud does not take the temporary credentials any more: get new ones where these \
                 came from (sign in again, start the job anew), and run again",
            ),
            ErrorClass::NotFound
            | ErrorClass::Conflict
            | ErrorClass::Invalid
            | ErrorClass::Unavailable
            | ErrorClass::NoAnswer
            | ErrorClass::Protocol => None,
        }
    }
}

impl fmt::Display for ProviderError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.call)?;
        if let Some(code) = &self.code {
            plain(code).try_for_each(|c| f.write_char(c))?;
            f.write_str(": ")?;
        } else if let Some(status) = self.status {
            write!(f, "HTTP {status}: ")?;
        }
        f.write_str(&self.message)?;
        if let Some(id) = &self.request_id {
            f.write_str(" (request ")?;
            plain(id).try_for_each(|c| f.write_char(c))?;
            f.write_char(')')?;
        }
        Ok(())
    }
}

impl std::error::Error for ProviderError {}
