//! Hashes and message codes for the emulators' own verifiers.

use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use sha2::{Digest, Sha256};

const ANY_LENGTH: &str = "HMAC takes keys of any length";

/// Lower-case hex SHA-256.
pub(crate) fn sha256_hex(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

/// HMAC-SHA256, raw.
pub(crate) fn hmac_sha256(key: &[u8], text: &[u8]) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect(ANY_LENGTH);
    mac.update(text);
    mac.finalize().into_bytes().to_vec()
}

/// HMAC-SHA1, raw; only Alibaba's legacy signature asks for it.
pub(crate) fn hmac_sha1(key: &[u8], text: &[u8]) -> Vec<u8> {
    let mut mac = Hmac::<Sha1>::new_from_slice(key).expect(ANY_LENGTH);
    mac.update(text);
    mac.finalize().into_bytes().to_vec()
}

/// Equality that takes as long for a near miss as for a far one, as a real verifier must.
pub(crate) fn same(left: &str, right: &str) -> bool {
    left.len() == right.len()
        && left
            .bytes()
            .zip(right.bytes())
            .fold(0, |difference, (a, b)| difference | (a ^ b))
            == 0
}
