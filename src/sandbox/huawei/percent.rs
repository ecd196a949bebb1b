//! Percent encoding as the signature wants it: the RFC 3986 unreserved set stays, all else is
//! `%XX` in capitals (`apis/huawei.md §2.2` rule 1).

use std::fmt::Write as _;

/// The bytes behind a percent-encoded text. A broken escape stands for itself.
pub(super) fn decode(text: &str, plus_is_space: bool) -> Vec<u8> {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        let escaped = bytes
            .get(at + 1..at + 3)
            .filter(|digits| *byte == b'%' && digits.iter().all(u8::is_ascii_hexdigit))
            .and_then(|digits| std::str::from_utf8(digits).ok())
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        if let Some(value) = escaped {
            decoded.push(value);
            at += 3;
        } else {
            decoded.push(if plus_is_space && *byte == b'+' {
                b' '
            } else {
                *byte
            });
            at += 1;
        }
    }
    decoded
}

/// The decoded text, with what is not UTF-8 replaced.
pub(super) fn decode_text(text: &str, plus_is_space: bool) -> String {
    String::from_utf8_lossy(&decode(text, plus_is_space)).into_owned()
}

/// Encodes everything outside the unreserved set.
pub(super) fn encode(bytes: &[u8]) -> String {
    let mut encoded = String::with_capacity(bytes.len());
    for byte in bytes {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(byte) {
            encoded.push(char::from(*byte));
        } else {
            // Writing to a `String` cannot fail.
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}
