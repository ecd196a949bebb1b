//! Metadata: encodings, guards, meaning, differences. Real and hostile documents are in
//! `tests/fixtures`, and `tests/it/saml.rs` reads them all.

use super::*;

const OLD: &str = include_str!("../../clouds/sample_metadata/old.xml");
const BOTH: &str = include_str!("../../clouds/sample_metadata/both.xml");
const NEW: &str = include_str!("../../clouds/sample_metadata/new.xml");

/// What is wrong with a document, in one line.
fn wrong(text: &str) -> String {
    let problems = check(text).unwrap_err();
    let texts: Vec<String> = problems.iter().map(Problem::to_string).collect();
    texts.join(" | ")
}

fn code(text: &str) -> Code {
    check(text).unwrap_err()[0].code
}

#[test]
fn a_good_document_is_summarised() {
    let summary = check(BOTH).unwrap();
    assert_eq!(summary.entity_id, "https://idp.acme.example/saml");
    assert_eq!(summary.signing_certificates().len(), 2);
    let bindings: Vec<&str> = summary
        .sign_on
        .iter()
        .map(|endpoint| endpoint.binding.as_str())
        .collect();
    assert_eq!(bindings, ["HTTP-POST", "HTTP-Redirect"]);
    assert_eq!(summary.valid_until, None);
}

#[test]
fn encodings_are_read_or_named() {
    let utf16 = |text: &str, unit: fn(u16) -> [u8; 2]| -> Vec<u8> {
        "\u{feff}"
            .encode_utf16()
            .chain(text.encode_utf16())
            .flat_map(unit)
            .collect()
    };
    let said = OLD.replace("UTF-8", "utf-16");
    let unsaid = OLD.replace(" encoding=\"UTF-8\"", "");
    for bytes in [
        OLD.as_bytes().to_vec(),
        [b"\xef\xbb\xbf", OLD.as_bytes()].concat(),
        utf16(&said, u16::to_le_bytes),
        utf16(&said, u16::to_be_bytes),
        OLD.replace("UTF-8", "ISO-8859-1").into_bytes(),
        OLD.replace("\"UTF-8\"", "'us-ascii'").into_bytes(),
    ] {
        let text = decode(&bytes).unwrap();
        assert_eq!(text.replace("'UTF-8'", "\"UTF-8\""), OLD);
    }
    assert_eq!(decode(&utf16(&unsaid, u16::to_le_bytes)).unwrap(), unsaid);
    let latin = decode(b"<?xml version='1.0' encoding='iso-8859-1'?><a b='\xe9'/>").unwrap();
    assert_eq!(latin, "<?xml version='1.0' encoding='UTF-8'?><a b='é'/>");
    for (bytes, part) in [
        (
            utf16(OLD, u16::to_le_bytes),
            "says that it is utf-8 and is UTF-16",
        ),
        (b"\xff\xfe<".to_vec(), "begins like UTF-16"),
        (b"\xff\xfe\x00\xd8".to_vec(), "begins like UTF-16"),
        (b"<\0a\0".to_vec(), "without a byte order mark"),
        (b"<a b='\xe9'/>".to_vec(), "byte 6 is not UTF-8"),
        (
            b"<?xml version='1.0' encoding='\x1bKOI8-R'?><a/>".to_vec(),
            "its encoding \\u{1b}koi8-r is none",
        ),
        (vec![b' '; MAX_BYTES + 1], "more than 1024 KiB"),
    ] {
        let problem = decode(&bytes).unwrap_err().to_string();
        assert!(problem.contains(part), "{problem}");
    }
    // A text that came decoded is what it is, whatever it says.
    assert_eq!(from_text(&format!("\u{feff}{said}")).unwrap(), OLD);
    assert_eq!(decode_live(b"\xff"), "\u{fffd}");
}

#[test]
fn guards_hold() {
    let deep = |levels: usize, name: &str| {
        format!(
            "{}{}",
            format!("<{name}>").repeat(levels),
            format!("</{name}>").repeat(levels)
        )
    };
    for (text, part) in [
        (deep(5_001, "a"), "nested deeper than 64"),
        (deep(MAX_DEPTH + 1, "a"), "nested deeper than 64"),
        ("<a>".repeat(100_000), "nested deeper"),
        // What looks like an end is none between quotes.
        (
            format!("{}<b c='</a>'/>", "<a d='/>'>".repeat(70)),
            "nested deeper",
        ),
        (deep(MAX_DEPTH, "a"), "no SAML 2.0 metadata"),
        (
            format!("<a>{}</a>", "<b/>".repeat(200_000)),
            "more than 100000 nodes",
        ),
        ("<!DOCTYPE a><a/>".to_owned(), "document type definition"),
        (
            "<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>".to_owned(),
            "document type definition",
        ),
        (String::new(), "empty"),
        (" \n".to_owned(), "empty"),
        ("<a".to_owned(), "not well-formed"),
        ("<a>".to_owned(), "ends before"),
        ("<a>&b;</a>".to_owned(), "not well-formed"),
        ("<!-- ".to_owned(), "not well-formed"),
        (" ".repeat(MAX_BYTES) + "<a/>", "more than 1024 KiB"),
    ] {
        let told = wrong(&text);
        assert!(told.contains(part), "{part}: {told}");
        assert_eq!(code(&text), Code::InvalidMetadata);
    }
    // Comments and CDATA nest nothing.
    let commented = OLD.replace(
        "<md:IDPSSO",
        &format!("<!--{}--><md:IDPSSO", "<a>".repeat(100)),
    );
    check(&commented).unwrap();
}

#[test]
fn mistakes_are_told_with_their_line() {
    for (from, to, part) in [
        (
            "entityID=\"https://idp.acme.example/saml\"",
            "",
            "line 2: the EntityDescriptor has no entityID",
        ),
        (
            "SAML:2.0:metadata",
            "SAML:1.1:metadata",
            "line 2: it is no SAML 2.0 metadata",
        ),
        (
            "IDPSSODescriptor",
            "SPSSODescriptor",
            "line 2: it describes no identity provider",
        ),
        (
            "use=\"signing\"",
            "use=\"encryption\"",
            "line 3: its certificates are for encryption only",
        ),
        ("use=\"signing\"", "use=\"sign\"", "line 4: the use `sign`"),
        (
            "MIIC",
            "!MIIC",
            "line 7: the signing certificate cannot be used: it is not base64",
        ),
        (
            "SingleSignOnService",
            "ArtifactResolutionService",
            "line 3: the identity provider has no SingleSignOnService",
        ),
        (
            "https://idp.acme.example/saml/sso",
            "javascript:alert(1)",
            "no http or https URL",
        ),
        (
            "Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST\"",
            "",
            "a SingleSignOnService has no Binding",
        ),
    ] {
        let text = OLD.replace(from, to);
        assert_ne!(text, OLD, "{from} is there");
        let told = wrong(&text);
        assert!(told.contains(part), "{part}: {told}");
    }
    let without = OLD
        .split_once("    <md:KeyDescriptor")
        .unwrap()
        .0
        .to_owned()
        + OLD.split_once("</md:KeyDescriptor>").unwrap().1;
    assert!(wrong(&without).contains("has no certificate"));
    let (head, role) = OLD.split_once("  <md:IDPSSODescriptor").unwrap();
    let role = format!(
        "<md:IDPSSODescriptor{}",
        role.split_once("</md:EntityDescriptor>").unwrap().0
    );
    let twice = format!("{head}{role}{role}</md:EntityDescriptor>");
    assert!(
        wrong(&twice).contains("2 IDPSSODescriptor"),
        "{}",
        wrong(&twice)
    );
}

#[test]
fn private_keys_are_found_and_never_shown() {
    let body = "CANARYCANARY";
    let pem = format!("<!--\n-----BEGIN RSA PRIVATE KEY-----\n{body}\n-->{OLD}");
    let number = format!(
        "<ds:KeyInfo><ds:KeyValue><ds:RSAKeyValue><ds:D>{body}</ds:D></ds:RSAKeyValue></ds:KeyValue>"
    );
    let number = OLD.replacen("<ds:KeyInfo>", &number, 1);
    let (head, rest) = OLD.split_once("<ds:X509Certificate>").unwrap();
    let tail = rest.split_once("</ds:X509Certificate>").unwrap().1;
    let der = format!("{head}<ds:X509Certificate>MIIEvQIBADAN{body}</ds:X509Certificate>{tail}");
    for text in [pem, number, der] {
        assert_eq!(code(&text), Code::PrivateKey, "{text}");
        assert!(!wrong(&text).contains(body));
        assert!(wrong(&text).starts_with("line "), "{}", wrong(&text));
    }
}

#[test]
fn a_comment_ends_no_text() {
    let text = OLD.replace("nameid-format:email", "nameid-format:<!-- x -->email");
    assert_eq!(check(&text).unwrap(), check(OLD).unwrap());
    assert_eq!(canonical(&text), canonical(OLD));
}

#[test]
fn what_means_nothing_makes_no_difference() {
    for text in [
        OLD.replace("<?xml version=\"1.0\" encoding=\"UTF-8\"?>", ""),
        OLD.replace("md:", "q:").replace("xmlns:md", "xmlns:q"),
        OLD.replace("md:", "").replace("xmlns:md", "xmlns"),
        OLD.replace('\n', "\r\n"),
        OLD.replace("  ", "\t"),
        OLD.replace("<md:EntityDescriptor ", "<md:EntityDescriptor ID=\"_1\" "),
        OLD.replace(
            "<md:IDPSSO",
            "<ds:Signature><ds:SignatureValue>x</ds:SignatureValue></ds:Signature><md:IDPSSO",
        ),
        OLD.replace("<md:IDPSSO", "<!-- c --><?p i?><md:IDPSSO"),
        OLD.replace("emailAddress<", "emailAddress \n <"),
        OLD.replace(
            "protocolSupport",
            "WantAuthnRequestsSigned=\"false\" protocolSupport",
        ),
    ] {
        let text = text
            .replace("xmlns:q:", "xmlns:")
            .replace("xmlns:=", "xmlns=");
        assert_eq!(canonical(&text), canonical(OLD), "{text}");
        assert_eq!(
            differences(OLD, &text),
            MetadataDifferences {
                rest_before: differences(OLD, OLD).rest_before,
                rest_after: differences(OLD, OLD).rest_after,
                ..MetadataDifferences::default()
            }
        );
    }
}

#[test]
fn keys_for_signing_have_no_order() {
    let turned = |document: &str| {
        let (head, rest) = document.split_once("<md:KeyDescriptor").unwrap();
        let (first, rest) = rest.split_once("<md:KeyDescriptor").unwrap();
        let (second, tail) = rest.split_once("</md:KeyDescriptor>").unwrap();
        format!(
            "{head}<md:KeyDescriptor{second}</md:KeyDescriptor>\n<md:KeyDescriptor{first}{tail}"
        )
    };
    assert_ne!(turned(BOTH), BOTH);
    assert_eq!(canonical(&turned(BOTH)), canonical(BOTH));
    assert_ne!(canonical(OLD), canonical(BOTH), "each still counts");
    // Who encrypts takes the first.
    let encrypting = BOTH.replace("use=\"signing\"", "use=\"encryption\"");
    assert_ne!(canonical(&turned(&encrypting)), canonical(&encrypting));
    let mixed = BOTH.replacen("use=\"signing\"", "use=\"encryption\"", 1);
    assert_eq!(canonical(&turned(&mixed)), canonical(&mixed));
}

#[test]
fn whatever_means_something_makes_one() {
    for text in [
        OLD.replace("/saml\"", "/SAML\""),
        OLD.replace("emailAddress", "persistent"),
        OLD.replace("MIIC", "MIIE"),
        OLD.replace("use=\"signing\"", ""),
        OLD.replace(
            "<md:EntityDescriptor ",
            "<md:EntityDescriptor validUntil=\"2030-01-01T00:00:00Z\" ",
        ),
        OLD.replace("<md:IDPSSO", "<md:Extensions/><md:IDPSSO"),
        OLD.replace("<md:NameIDFormat>", "<md:NameIDFormat xml:lang=\"de\">"),
        OLD.replace("xmldsig#", "xmldsig11#"),
        "no XML".to_owned(),
        canonical(OLD),
        String::new(),
    ] {
        assert_ne!(text, OLD);
        assert_ne!(canonical(&text), canonical(OLD), "{text}");
        let found = differences(OLD, &text);
        assert!(
            !found.added.is_empty()
                || !found.removed.is_empty()
                || found.rest_before != found.rest_after,
            "{text}"
        );
    }
}

#[test]
fn types_are_compared_by_namespace() {
    let typed = |prefix: &str, value: &str| {
        let role = format!(
            "<md:RoleDescriptor xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xmlns:{prefix}=\"urn:a\" xsi:type=\"{value}\"/><md:IDPSSO"
        );
        canonical(&OLD.replacen("<md:IDPSSO", &role, 1))
    };
    assert_eq!(typed("a", "a:T"), typed("b", "b:T"));
    assert_ne!(typed("a", "a:T"), typed("a", "a:U"));
    assert!(typed("a", "a:T").contains("xsi:type=\"{urn:a}T\""));
}

#[test]
fn changes_have_their_risks() {
    let ends = |date: &str| {
        OLD.replace(
            "<md:EntityDescriptor ",
            &format!("<md:EntityDescriptor validUntil=\"{date}\" "),
        )
    };
    let signed = OLD.replace(
        "protocolSupport",
        "WantAuthnRequestsSigned=\"true\" protocolSupport",
    );
    let organised = OLD.replace(
        "</md:EntityDescriptor>",
        "<md:ContactPerson contactType=\"technical\"/></md:EntityDescriptor>",
    );
    let extended = OLD.replace(
        "<md:NameIDFormat>",
        "<md:ArtifactResolutionService/><md:NameIDFormat>",
    );
    for (before, after, accepts_more, may_break) in [
        (OLD, BOTH, true, false),
        (BOTH, NEW, false, true),
        (OLD, NEW, true, true),
        (OLD, &OLD.replace("/saml\"", "/other\""), true, true),
        (OLD, &OLD.replace("/sso", "/login"), false, true),
        (OLD, &signed, false, true),
        (OLD, &organised, false, false),
        (OLD, &extended, false, true),
        (
            &ends("2030-01-01T00:00:00Z"),
            &ends("2031-01-01T00:00:00Z"),
            true,
            false,
        ),
        (
            &ends("2031-01-01T00:00:00Z"),
            &ends("2030-01-01T00:00:00Z"),
            false,
            true,
        ),
        (OLD, &ends("2030-01-01T00:00:00Z"), false, true),
        ("gone wrong", OLD, true, true),
        ("", OLD, true, false),
    ] {
        let found = differences(before, after);
        assert_eq!(
            (found.accepts_more, found.may_break),
            (accepts_more, may_break),
            "{found:#?}"
        );
    }
    let found = differences(OLD, NEW);
    assert!(
        found.added[0]
            .starts_with("signing certificate CN=idp.acme.example 2031, until 2037-12-31, sha256 ")
    );
    assert!(
        found.removed[0]
            .starts_with("signing certificate CN=idp.acme.example 2026, until 2032-12-31, sha256 ")
    );
    assert_eq!(found.rest_before, found.rest_after);
}

#[test]
fn hostile_text_is_escaped() {
    let text = OLD.replace("entityID=\"https://", "entityID=\"\u{202e}https://");
    let lines = check(&text).unwrap().lines();
    assert_eq!(
        lines[0],
        "entity id \\u{202e}https://idp.acme.example/saml [not ASCII: U+202E]"
    );
}

proptest::proptest! {
    #[test]
    fn nothing_panics(text in ".{0,200}", at in 0_usize..1800, bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..60)) {
        let _ = check(&text);
        let _ = decode(&bytes);
        let mut cut = OLD.to_owned();
        if cut.is_char_boundary(at) {
            cut.insert_str(at, &text);
        }
        let _ = check(&cut);
        let _ = canonical(&cut);
        let _ = differences(&cut, OLD);
    }
}
