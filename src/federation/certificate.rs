//! X.509 certificates as people compare them: whose, until when, which key, which fingerprints.
//!
//! Nothing is verified here. Clouds pin certificates; who issued them means nothing to them.

use std::fmt;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use jiff::SignedDuration;
use jiff::civil::DateTime;
use sha1::Sha1;
use sha2::{Digest as _, Sha256};
use x509_parser::prelude::{FromDer as _, X509Certificate};
use x509_parser::public_key::PublicKey;
use x509_parser::time::ASN1Time;

use super::visible;

/// Fewest bits of an RSA key that is not called weak (NIST SP 800-131A).
const RSA_BITS_MIN: usize = 2048;

/// Standard base64; whether padding stands at the end decides nothing.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// One certificate, for people and for comparing.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Certificate {
    /// The subject as RFC 4514 writes it, more or less: `C=US, O=Okta, CN=dev-1`.
    pub subject: String,
    /// The subject's (first) common name.
    pub common_name: Option<String>,
    /// First second in which it is valid, UTC.
    pub not_before: DateTime,
    /// Last second in which it is valid, UTC. No `Timestamp`, which ends a day before the second
    /// that means "no end", 9999-12-31 23:59:59 (RFC 5280 §4.1.2.5).
    pub not_after: DateTime,
    /// Algorithm and size of its key: `RSA 2048`, `EC P-256`, `Ed25519`.
    pub key: String,
    /// Whether the key is too short to be trusted.
    pub is_key_weak: bool,
    /// Whether it is signed with MD5 or SHA-1.
    pub is_signature_weak: bool,
    /// SHA-1 of the DER form, 40 lower-case hexadecimal digits.
    pub sha1: String,
    /// SHA-256 of the DER form, 64 lower-case hexadecimal digits.
    pub sha256: String,
}

impl fmt::Display for Certificate {
    /// `CN=okta, until 2031-11-30, sha256 a90e… (RSA 2048)`; control characters are escaped.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.common_name {
            Some(name) => write!(f, "CN={}", visible(name))?,
            None if self.subject.is_empty() => f.write_str("no subject")?,
            None => f.write_str(&visible(&self.subject))?,
        }
        let day = self.not_after.date();
        write!(f, ", until {day}, sha256 {} ({}", self.sha256, self.key)?;
        if self.is_key_weak {
            f.write_str(", weak key")?;
        }
        f.write_str(")")
    }
}

/// Reads one certificate in DER form.
///
/// # Errors
/// A sentence: it is no certificate, or something follows it.
pub fn from_der(der: &[u8]) -> Result<Certificate, String> {
    if is_private_key(der) {
        return Err("it is a private key, not a certificate".to_owned());
    }
    let (rest, certificate) =
        X509Certificate::from_der(der).map_err(|_| "it is no X.509 certificate".to_owned())?;
    if !rest.is_empty() {
        return Err("something follows the certificate".to_owned());
    }
    let validity = certificate.validity();
    let (key, is_key_weak) = describe_key(&certificate);
    let common_name = certificate
        .subject()
        .iter_common_name()
        .find_map(|name| name.as_str().ok())
        .map(str::to_owned);
    Ok(Certificate {
        subject: certificate.subject().to_string(),
        common_name,
        not_before: time(validity.not_before)?,
        not_after: time(validity.not_after)?,
        key,
        is_key_weak,
        is_signature_weak: is_weak_signature(
            &certificate.signature_algorithm.algorithm.to_id_string(),
        ),
        sha1: sha1(der),
        sha256: sha256(der),
    })
}

/// SHA-1 of bytes, 40 lower-case hexadecimal digits: how clouds name certificates.
pub(super) fn sha1(der: &[u8]) -> String {
    hex::encode(Sha1::digest(der))
}

/// SHA-256 of bytes, 64 lower-case hexadecimal digits.
pub(super) fn sha256(der: &[u8]) -> String {
    hex::encode(Sha256::digest(der))
}

/// Reads one certificate as XML carries it: base64 of the DER form, broken into lines anywhere.
///
/// # Errors
/// A sentence: PEM armour stands around it, it is no base64, or [`from_der`] says no.
pub fn from_base64(text: &str) -> Result<Certificate, String> {
    if text.contains("-----BEGIN") || text.contains("-----END") {
        let why = "lines as `-----BEGIN CERTIFICATE-----` stand around it; leave only the base64 between them";
        return Err(why.to_owned());
    }
    let der = decode_base64(text).ok_or("it is not base64")?;
    if der.is_empty() {
        return Err("it is empty".to_owned());
    }
    from_der(&der)
}

/// Bytes of a base64 text, whitespace ignored; [`None`] when it is none.
pub fn decode_base64(text: &str) -> Option<Vec<u8>> {
    let text: String = text.split_ascii_whitespace().collect();
    BASE64.decode(text).ok()
}

/// Whether bytes look like a private key: PKCS#1, PKCS#8 and SEC1 all are a sequence that begins
/// with a version number, where a certificate begins with another sequence.
pub(super) fn is_private_key(der: &[u8]) -> bool {
    let [0x30, length, rest @ ..] = der else {
        return false;
    };
    // Long lengths say in their low bits how many bytes the length itself takes.
    let length_bytes = if length & 0x80 == 0 {
        0
    } else {
        usize::from(length & 0x7f)
    };
    matches!(
        rest.get(length_bytes..),
        Some([0x02, 0x01, 0x00 | 0x01, ..])
    )
}

fn time(time: ASN1Time) -> Result<DateTime, String> {
    DateTime::constant(1970, 1, 1, 0, 0, 0, 0)
        .checked_add(SignedDuration::from_secs(time.timestamp()))
        .map_err(|_| "its dates are none that a calendar holds".to_owned())
}

fn describe_key(certificate: &X509Certificate<'_>) -> (String, bool) {
    let info = certificate.public_key();
    let algorithm = info.algorithm.algorithm.to_id_string();
    match (algorithm.as_str(), info.parsed()) {
        ("1.3.101.112", _) => ("Ed25519".to_owned(), false),
        ("1.3.101.113", _) => ("Ed448".to_owned(), false),
        (_, Ok(PublicKey::RSA(key))) => {
            let zeros = key.modulus.iter().take_while(|byte| **byte == 0).count();
            let digits = &key.modulus[zeros..];
            let unused = digits
                .first()
                .map_or(0, |first| first.leading_zeros() as usize);
            let bits = digits.len() * 8 - unused;
            (format!("RSA {bits}"), bits < RSA_BITS_MIN)
        }
        (_, Ok(PublicKey::EC(point))) => {
            let curve = info
                .algorithm
                .parameters
                .as_ref()
                .and_then(|parameters| parameters.as_oid().ok())
                .map(|oid| oid.to_id_string());
            let name = match curve.as_deref() {
                Some("1.2.840.10045.3.1.7") => "P-256".to_owned(),
                Some("1.3.132.0.34") => "P-384".to_owned(),
                Some("1.3.132.0.35") => "P-521".to_owned(),
                Some("1.3.132.0.10") => "secp256k1".to_owned(),
                _ => point.key_size().to_string(),
            };
            (format!("EC {name}"), false)
        }
        (_, Ok(PublicKey::DSA(_))) => ("DSA".to_owned(), true),
        (_, Ok(PublicKey::GostR3410(_) | PublicKey::GostR3410_2012(_))) => {
            ("GOST R 34.10".to_owned(), false)
        }
        (_, Ok(PublicKey::Unknown(_)) | Err(_)) => (format!("key of algorithm {algorithm}"), false),
    }
}

/// Signature algorithms that stand on MD2, MD5 or SHA-1.
fn is_weak_signature(algorithm: &str) -> bool {
    matches!(
        algorithm,
        "1.2.840.113549.1.1.2"
            | "1.2.840.113549.1.1.4"
            | "1.2.840.113549.1.1.5"
            | "1.3.14.3.2.29"
            | "1.2.840.10040.4.3"
            | "1.2.840.10045.4.1"
    )
}

#[cfg(test)]
mod tests;
