//! SAML metadata as data: every real document of `tests/fixtures/saml` and every hostile one of
//! `tests/fixtures/hostile` is read, shown, and compared with itself written in another way.

use std::fmt::Write as _;
use std::path::Path;

use idform::federation::saml_metadata::{self, Problem};
use roxmltree::{Document, Node};

/// What is said of one document.
fn told(path: &Path) -> String {
    let bytes = std::fs::read(path).expect("a fixture can be read");
    let text = match saml_metadata::decode(&bytes) {
        Ok(text) => text,
        Err(problem) => return format!("refused\n  {problem}\n"),
    };
    same_however_it_is_written(&text);
    match saml_metadata::check(&text) {
        Ok(summary) => {
            let mut told = summary.lines().join("\n");
            for key in &summary.certificates {
                let certificate = &key.certificate;
                let _ = write!(
                    told,
                    "\n  {}, {}Z to {}Z, sha1 {}{}",
                    certificate.subject,
                    certificate.not_before,
                    certificate.not_after,
                    certificate.sha1,
                    if certificate.is_signature_weak {
                        ", weak signature"
                    } else {
                        ""
                    }
                );
            }
            told
        }
        Err(problems) => {
            let lines: Vec<String> = problems.iter().map(Problem::to_string).collect();
            assert!(!lines.is_empty(), "a refusal says why");
            let mut told = format!("refused\n  {}", lines.join("\n  "));
            if let Some(summary) = saml_metadata::summary(&text) {
                let _ = write!(
                    told,
                    "\nread all the same\n  {}",
                    summary.lines().join("\n  ")
                );
            }
            told
        }
    }
}

/// The same document with other prefixes, other white space, attributes the other way round and a
/// comment in each element is the same metadata.
fn same_however_it_is_written(text: &str) {
    let Ok(document) = Document::parse(text) else {
        // What is no XML is equal to itself alone.
        assert_eq!(
            saml_metadata::canonical(text),
            saml_metadata::canonical(text)
        );
        assert_ne!(
            saml_metadata::canonical(text),
            saml_metadata::canonical(&format!("{text} "))
        );
        return;
    };
    if saml_metadata::canonical(text).starts_with("no XML") {
        // Past a limit.
        return;
    }
    let mut namespaces = Vec::new();
    for node in document.descendants().filter(Node::is_element) {
        for namespace in node.namespaces() {
            if !namespaces.contains(&namespace.uri()) {
                namespaces.push(namespace.uri());
            }
        }
    }
    let mut again = String::from("<?xml version='1.0'?>\n<!-- written anew -->\n");
    rewrite(document.root_element(), &namespaces, true, &mut again);
    assert_eq!(
        saml_metadata::canonical(text),
        saml_metadata::canonical(&again),
        "{again}"
    );
    let found = saml_metadata::differences(text, &again);
    assert!(
        found.added.is_empty() && found.removed.is_empty(),
        "{found:?}"
    );
    assert_eq!(found.rest_before, found.rest_after);
    assert!(!found.accepts_more && !found.may_break);
}

const XSI: &str = "http://www.w3.org/2001/XMLSchema-instance";

fn rewrite(node: Node<'_, '_>, namespaces: &[&str], is_root: bool, out: &mut String) {
    let prefixed = |uri: Option<&str>, name: &str| match uri {
        None | Some("") => name.to_owned(),
        Some("http://www.w3.org/XML/1998/namespace") => format!("xml:{name}"),
        Some(uri) => {
            let number = namespaces.iter().position(|known| *known == uri);
            format!("p{}:{name}", number.expect("every namespace is declared"))
        }
    };
    let name = prefixed(node.tag_name().namespace(), node.tag_name().name());
    let _ = write!(out, "<{name}");
    if is_root {
        for (number, uri) in namespaces.iter().enumerate() {
            if *uri != "http://www.w3.org/XML/1998/namespace" && !uri.is_empty() {
                let _ = write!(out, " xmlns:p{number}='{}'", escaped(uri));
            }
        }
    }
    let attributes: Vec<_> = node.attributes().collect();
    for attribute in attributes.iter().rev() {
        let mut value = attribute.value().to_owned();
        if attribute.namespace() == Some(XSI) && attribute.name() == "type" {
            let (prefix, local) = match value.split_once(':') {
                Some((prefix, local)) => (Some(prefix), local.to_owned()),
                None => (None, value.clone()),
            };
            if let Some(uri) = node.lookup_namespace_uri(prefix) {
                value = prefixed(Some(uri), &local);
            }
        }
        let attribute_name = prefixed(attribute.namespace(), attribute.name());
        let _ = write!(out, "\n\t{attribute_name} = '{}'", escaped(&value));
    }
    out.push_str(" >");
    let has_elements = node.children().any(|child| child.is_element());
    out.push_str("<!-- nothing -->");
    for child in node.children() {
        if child.is_element() {
            out.push_str("\r\n    ");
            rewrite(child, namespaces, false, out);
        } else if let Some(text) = child.text().filter(|_| child.is_text()) {
            let space = if has_elements { "\n" } else { "" };
            let _ = write!(out, "{space}{}{space}", escaped(text));
        }
    }
    let _ = write!(out, "</{name}\n>");
}

fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for c in text.chars() {
        match c {
            '<' | '&' | '\'' | '\t' | '\n' | '\r' => {
                let _ = write!(escaped, "&#{};", u32::from(c));
            }
            c => escaped.push(c),
        }
    }
    escaped
}

#[test]
fn every_real_document_is_told() {
    insta::glob!("../fixtures/saml", "*.xml", |path| {
        insta::assert_snapshot!(told(path));
    });
}

#[test]
fn every_hostile_document_is_told() {
    insta::glob!("../fixtures/hostile", "saml-*.xml", |path| {
        insta::assert_snapshot!(told(path));
    });
}

/// What a roll-over looks like, between real documents of one provider.
#[test]
fn differences_are_told_by_meaning() {
    let read = |name: &str| {
        let path = crate::support::root().join("tests/fixtures").join(name);
        let bytes = std::fs::read(path).expect("a fixture can be read");
        saml_metadata::decode(&bytes).expect("a fixture that is text")
    };
    let mut told = String::new();
    for (before, after) in [
        ("hostile/saml-bom.xml", "hostile/saml-two-certs.xml"),
        ("hostile/saml-two-certs.xml", "hostile/saml-bom.xml"),
        (
            "hostile/saml-bom.xml",
            "hostile/saml-homoglyph-entity-id.xml",
        ),
        ("hostile/saml-bom.xml", "hostile/saml-weak-cert.xml"),
        (
            "saml/simplesamlphp-unsigned.xml",
            "saml/simplesamlphp-signed.xml",
        ),
        (
            "saml/simplesamlphp-unsigned.xml",
            "saml/simplesamlphp-expired.xml",
        ),
        (
            "saml/google-workspace.xml",
            "saml/google-workspace-crlf.xml",
        ),
        ("saml/adfs-2012.xml", "saml/adfs-2016.xml"),
        ("hostile/saml-truncated.xml", "hostile/saml-bom.xml"),
    ] {
        let found = saml_metadata::differences(&read(before), &read(after));
        let _ = writeln!(told, "{before} to {after}");
        for (sign, lines) in [('-', &found.removed), ('+', &found.added)] {
            for line in lines {
                let _ = writeln!(told, "  {sign} {line}");
            }
        }
        let rest = similar::TextDiff::from_lines(&found.rest_before, &found.rest_after);
        for line in rest
            .unified_diff()
            .context_radius(0)
            .to_string()
            .lines()
            .take(12)
        {
            let _ = writeln!(told, "    {line}");
        }
        let _ = writeln!(
            told,
            "  accepts more: {}, may break: {}\n",
            found.accepts_more, found.may_break
        );
    }
    insta::assert_snapshot!(told);
}
