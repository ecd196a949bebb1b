//! The chain of TLS certificates that an issuer's server presents: fingerprints, names, end dates,
//! and which of them are worth pinning (apis/alibaba.md §4). Pure; nothing is verified here.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::{certificate, visible};

/// Longest subject kept, in characters.
const SUBJECT_CHARACTERS: usize = 300;

/// One certificate as it was presented.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Presented {
    /// SHA-1 of its DER form, lower-case hexadecimal: what Alibaba Cloud compares.
    pub sha1: String,
    /// SHA-256 of the same: what tells certificates apart here.
    pub sha256: String,
    /// Whom it is for, RFC 4514 style.
    pub subject: String,
    /// Its last second; [`None`] when it cannot be read, or there is none.
    pub not_after: Option<Timestamp>,
    /// Where in the chain it stands.
    pub role: Role,
}

/// Where in a presented chain a certificate stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// The last one presented; the clouds' documentation means this one. It is the server's own
    /// where it presents no other.
    Topmost,
    /// Between the two.
    Intermediate,
    /// The server's own, renewed every few weeks.
    Leaf,
}

impl Role {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Topmost, Self::Intermediate, Self::Leaf];

    /// The word in the lock file.
    pub fn word(self) -> &'static str {
        match self {
            Self::Topmost => "topmost",
            Self::Intermediate => "intermediate",
            Self::Leaf => "leaf",
        }
    }

    /// Whether such a certificate is pinned. Pinning every authority of the chain is safe whichever
    /// of them a cloud compares (apis/alibaba.md §4.2); a leaf would change every few weeks.
    pub fn is_pinned(self) -> bool {
        match self {
            Self::Topmost | Self::Intermediate => true,
            Self::Leaf => false,
        }
    }
}

/// The certificates of a chain in the order in which they were presented, the server's own first.
pub fn presented(chain: &[Vec<u8>]) -> Vec<Presented> {
    let last = chain.len().saturating_sub(1);
    chain
        .iter()
        .enumerate()
        .map(|(index, der)| {
            let role = match index {
                index if index == last => Role::Topmost,
                0 => Role::Leaf,
                _ => Role::Intermediate,
            };
            one(der, role)
        })
        .collect()
}

fn one(der: &[u8], role: Role) -> Presented {
    let read = certificate::from_der(der).ok();
    let subject = read
        .as_ref()
        .map_or("unreadable certificate", |read| &read.subject);
    Presented {
        sha1: certificate::sha1(der),
        sha256: certificate::sha256(der),
        subject: visible(subject).chars().take(SUBJECT_CHARACTERS).collect(),
        not_after: read.and_then(|read| {
            let end = read.not_after.to_zoned(TimeZone::UTC).ok()?;
            Some(end.timestamp())
        }),
        role,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chain(name: &str) -> Vec<Vec<u8>> {
        use base64::Engine as _;
        let text = std::fs::read_to_string(format!("tests/fixtures/tls/{name}")).unwrap();
        text.split("-----BEGIN CERTIFICATE-----")
            .skip(1)
            .map(|part| {
                let (body, _) = part.split_once("-----END").unwrap();
                let body: String = body.split_whitespace().collect();
                base64::engine::general_purpose::STANDARD
                    .decode(body)
                    .unwrap()
            })
            .collect()
    }

    /// The figures are those of the fixtures' own table, made with openssl.
    #[test]
    fn a_real_chain_is_read() {
        let found = presented(&chain("token-actions-githubusercontent-2025.pem"));
        assert_eq!(found.len(), 2);
        assert_eq!(found[0].sha1, "7560d6f40fa55195f740ee2b1b7c0b4836cbe103");
        assert_eq!(found[0].role, Role::Leaf);
        assert_eq!(found[1].sha1, "dd55b4520291e276588f0dd02fafd83a7368e0fa");
        assert_eq!(found[1].role, Role::Topmost);
        let until = found[0].not_after.unwrap().to_string();
        assert!(until.starts_with("2026-06-10T"), "{until}");
        let with_root = presented(&chain("token-actions-githubusercontent-2025-with-root.pem"));
        let roles: Vec<Role> = with_root.iter().map(|found| found.role).collect();
        assert_eq!(roles, [Role::Leaf, Role::Intermediate, Role::Topmost]);
        assert_eq!(
            with_root[2].sha1,
            "ad98f9f3e47d753b65d482b3a45217bb6ef5e438"
        );
    }

    #[test]
    fn a_lone_certificate_is_the_topmost_one() {
        let found = presented(&chain("root-isrg-x1.pem"));
        assert_eq!(found[0].role, Role::Topmost);
        assert_eq!(found[0].sha1, "cabd2a79a1076a31f21d253635cb039d4329a5e8");
        assert!(
            found[0].subject.contains("CN=ISRG Root X1"),
            "{}",
            found[0].subject
        );
    }

    #[test]
    fn rubbish_has_a_fingerprint_and_nothing_else() {
        let mut followed = chain("root-isrg-x1.pem").remove(0);
        followed.push(0);
        for found in presented(&[b"rubbish".to_vec(), followed]) {
            assert_eq!(found.not_after, None);
            assert_eq!(found.subject, "unreadable certificate");
            assert_eq!(found.sha1.len(), 40);
        }
    }
}
