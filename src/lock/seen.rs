//! What an issuer shows: its discovery document, its keys, the certificates of its hosts.

use jiff::Timestamp;
use serde_json::Value;

use crate::federation::certificate_chain::Presented;
use crate::federation::issuer::Discovery;

/// What an issuer shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// Its discovery document.
    pub discovery: Discovery,
    /// Its usable keys in canonical form. Never empty.
    pub keys: Vec<Value>,
    /// Keys that cannot be used, and why.
    pub left_out: Vec<String>,
    /// The chain of the issuer's host and, where that is another one, of its `jwks_uri`'s.
    pub chains: Vec<Chain>,
}

/// The certificates that one host presented, its own first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chain {
    /// The host.
    pub host: String,
    /// As presented.
    pub certificates: Vec<Presented>,
}

impl Seen {
    /// Every certificate, with the host that presented it.
    pub(super) fn presented(&self) -> impl Iterator<Item = (&str, &Presented)> {
        self.chains.iter().flat_map(|chain| {
            let host = chain.host.as_str();
            chain
                .certificates
                .iter()
                .map(move |certificate| (host, certificate))
        })
    }

    /// When the first certificate of all chains ends.
    pub fn first_end(&self) -> Option<Timestamp> {
        self.presented()
            .filter_map(|(_, presented)| presented.not_after)
            .min()
    }
}
