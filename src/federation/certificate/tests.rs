//! Certificates of every sort.

use super::*;

/// The certificate of a sample, 2026 to 2032.
fn sample() -> String {
    let text = include_str!("../../clouds/sample_metadata/old.xml");
    let (_, rest) = text.split_once("<ds:X509Certificate>").unwrap();
    rest.split_once("</ds:X509Certificate>")
        .unwrap()
        .0
        .to_owned()
}

fn encoded(der: &[u8]) -> String {
    base64::engine::general_purpose::STANDARD.encode(der)
}

#[test]
fn a_certificate_is_summarised() {
    let read = from_base64(&sample()).unwrap();
    assert_eq!(read.subject, "O=Acme, CN=idp.acme.example 2026");
    assert_eq!(read.common_name.as_deref(), Some("idp.acme.example 2026"));
    assert_eq!(read.not_before.to_string(), "2026-01-01T00:00:00");
    assert_eq!(read.not_after.to_string(), "2032-12-31T23:59:59");
    assert_eq!(read.key, "RSA 2048");
    assert!(!read.is_key_weak && !read.is_signature_weak);
    // As openssl tells them.
    assert_eq!(read.sha1, "71da71b86bb165b3da60c5d871eb33397d91de98");
    assert_eq!(
        read.sha256,
        "c67aa832010932b3514b1b3f564f18cec86a4b3e287c13087ff105dbb20d105b"
    );
    assert_eq!(
        read.to_string(),
        "CN=idp.acme.example 2026, until 2032-12-31, sha256 c67aa832010932b3514b1b3f564f18cec86a4b3e287c13087ff105dbb20d105b (RSA 2048)"
    );
}

#[test]
fn a_certificate_may_have_no_end() {
    let key = rcgen::KeyPair::generate().unwrap();
    let mut params = rcgen::CertificateParams::default();
    params.not_after = rcgen::date_time_ymd(9999, 12, 31);
    let made = params.self_signed(&key).unwrap();
    let read = from_der(made.der()).unwrap();
    assert_eq!(read.not_after.to_string(), "9999-12-31T00:00:00");
    assert_eq!(read.key, "EC P-256");
}

#[test]
fn what_is_no_certificate_is_told_apart() {
    let der = decode_base64(&sample()).unwrap();
    let armoured = format!("-----BEGIN CERTIFICATE-----\n{}", sample());
    let longer = encoded(&[der.as_slice(), b"x"].concat());
    let cut = encoded(&der[..der.len() - 1]);
    for (text, part) in [
        (armoured.as_str(), "BEGIN CERTIFICATE"),
        ("", "empty"),
        (" \n ", "empty"),
        ("!!!", "not base64"),
        ("Y2VydGlmaWNhdGU=", "no X.509"),
        (&longer, "follows"),
        (&cut, "no X.509"),
        // PKCS#8, PKCS#1 and SEC1 begin with a version.
        ("MIIEvQIBADAN", "private key"),
        ("MIIEpAIBAAKC", "private key"),
        ("MHcCAQEEIA==", "private key"),
    ] {
        let why = from_base64(text).unwrap_err();
        assert!(why.contains(part), "{text}: {why}");
    }
}

#[test]
fn line_breaks_and_padding_mean_nothing() {
    let one_line: String = sample().split_whitespace().collect();
    let bare = one_line.trim_end_matches('=');
    assert_eq!(from_base64(&one_line), from_base64(&sample()));
    assert_eq!(from_base64(bare), from_base64(&sample()));
}

proptest::proptest! {
    #[test]
    fn no_bytes_panic(mut der in proptest::collection::vec(proptest::num::u8::ANY, 0..80), at in 0_usize..400, byte in proptest::num::u8::ANY) {
        let _ = from_der(&der);
        der = decode_base64(&sample()).unwrap();
        der[at] = byte;
        let _ = from_der(&der);
    }
}
