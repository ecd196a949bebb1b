//! The form in which equal metadata are equal, as indented lines that people can compare too.
//!
//! It is no XML: names carry a fixed prefix or their namespace itself, and certificates stand as
//! their SHA-256.

use std::collections::BTreeSet;

use roxmltree::{Attribute, Document, Node};
use sha2::{Digest as _, Sha256};

use super::xml::{self, is, is_certificate, text_of};
use super::{DS, MD};
use crate::federation::certificate;

/// Namespaces that metadata uses, with the prefixes that everybody gives them.
const PREFIXES: &[(&str, &str)] = &[
    (MD, "md"),
    (DS, "ds"),
    ("urn:oasis:names:tc:SAML:2.0:assertion", "saml"),
    ("http://www.w3.org/2001/04/xmlenc#", "xenc"),
    ("http://www.w3.org/XML/1998/namespace", "xml"),
    (XSI, "xsi"),
    ("urn:oasis:names:tc:SAML:metadata:ui", "mdui"),
    ("urn:oasis:names:tc:SAML:metadata:attribute", "mdattr"),
    ("urn:oasis:names:tc:SAML:metadata:rpi", "mdrpi"),
    ("urn:mace:shibboleth:metadata:1.0", "shibmd"),
    ("http://docs.oasis-open.org/wsfed/federation/200706", "fed"),
    (
        "http://docs.oasis-open.org/wsfed/authorization/200706",
        "auth",
    ),
    ("http://www.w3.org/2005/08/addressing", "wsa"),
];

/// Namespace of `xsi:type`, whose value is a name with a prefix.
const XSI: &str = "http://www.w3.org/2001/XMLSchema-instance";

/// Elements of [`DS`] whose text is base64 or a number, where white space means nothing.
const WITHOUT_SPACE: &[&str] = &[
    "X509Certificate",
    "X509CRL",
    "X509SKI",
    "Modulus",
    "Exponent",
];

/// The canonical form of a document: equal for equal metadata. A text that is no XML has a form
/// that differs from that of every document.
pub fn canonical(text: &str) -> String {
    match xml::parse(text) {
        Ok(document) => lines(&document, &|_| true, &|_, _| true),
        Err(_) => format!("no XML document: {text}"),
    }
}

/// The lines of the elements and attributes that are wanted.
pub(super) fn lines(
    document: &Document<'_>,
    element_is_wanted: &dyn Fn(Node<'_, '_>) -> bool,
    attribute_is_wanted: &dyn Fn(Node<'_, '_>, &Attribute<'_, '_>) -> bool,
) -> String {
    let writer = Writer {
        element_is_wanted,
        attribute_is_wanted,
    };
    let mut out = String::new();
    writer.element(document.root_element(), 0, &mut out);
    out
}

struct Writer<'f> {
    element_is_wanted: &'f dyn Fn(Node<'_, '_>) -> bool,
    attribute_is_wanted: &'f dyn Fn(Node<'_, '_>, &Attribute<'_, '_>) -> bool,
}

impl Writer<'_> {
    /// Recurses as deep as the document nests, which [`xml::parse`] bounds.
    fn element(&self, element: Node<'_, '_>, level: usize, out: &mut String) {
        if is_decoration(element) || !(self.element_is_wanted)(element) {
            return;
        }
        let indent = "  ".repeat(level);
        let tag = element.tag_name();
        let name = qualified(tag.namespace(), tag.name());
        out.push_str(&indent);
        out.push('<');
        out.push_str(&name);
        let attributes: BTreeSet<(String, String)> = element
            .attributes()
            .filter(|attribute| !is_decorating(element, attribute))
            .filter(|attribute| !is_default(element, attribute))
            .filter(|attribute| (self.attribute_is_wanted)(element, attribute))
            .map(|attribute| {
                let name = qualified(attribute.namespace(), attribute.name());
                (name, attribute_value(element, &attribute))
            })
            .collect();
        for (name, value) in attributes {
            out.push(' ');
            out.push_str(&name);
            out.push_str("=\"");
            escape(&value, out);
            out.push('"');
        }
        let has_elements = element.children().any(|child| child.is_element());
        if !has_elements {
            let text = leaf(element);
            if text.is_empty() {
                out.push_str("/>\n");
            } else {
                out.push('>');
                escape(&text, out);
                out.push_str("</");
                out.push_str(&name);
                out.push_str(">\n");
            }
            return;
        }
        out.push_str(">\n");
        let mut keys = self.keys(element, level + 1).into_iter();
        for child in element.children() {
            if is_key(child) {
                out.extend(keys.next());
            } else if child.is_element() {
                self.element(child, level + 1, out);
            } else if child.is_text() {
                let text = collapsed(child.text().unwrap_or_default());
                if !text.is_empty() {
                    out.push_str(&indent);
                    out.push_str("  ");
                    escape(&text, out);
                    out.push('\n');
                }
            }
        }
        out.push_str(&indent);
        out.push_str("</");
        out.push_str(&name);
        out.push_str(">\n");
    }

    /// The key descriptors among the children. Whoever checks a signature tries all the keys for
    /// that, so these come first and in an order of their own; for encryption the first one that
    /// fits is taken, so those keep theirs.
    fn keys(&self, element: Node<'_, '_>, level: usize) -> Vec<String> {
        let written = |child| {
            let mut text = String::new();
            self.element(child, level, &mut text);
            text
        };
        let (signing, others): (Vec<_>, Vec<_>) = element
            .children()
            .filter(|child| is_key(*child))
            .partition(|child| child.attribute("use") == Some("signing"));
        let mut keys: Vec<String> = signing.into_iter().map(written).collect();
        keys.sort_unstable();
        keys.extend(others.into_iter().map(written));
        keys
    }
}

fn is_key(node: Node<'_, '_>) -> bool {
    is(node, MD, "KeyDescriptor")
}

/// The metadata's own signature.
fn is_decoration(element: Node<'_, '_>) -> bool {
    let in_metadata = |parent: Node<'_, '_>| parent.tag_name().namespace() == Some(MD);
    is(element, DS, "Signature") && element.parent_element().is_some_and(in_metadata)
}

/// The name that the signature points to.
fn is_decorating(element: Node<'_, '_>, attribute: &Attribute<'_, '_>) -> bool {
    attribute.name() == "ID"
        && attribute.namespace().is_none()
        && element.tag_name().namespace() == Some(MD)
}

/// What also holds when it is not said: saml-metadata-2.0-os §2.4.3, a boolean of XML Schema.
fn is_default(element: Node<'_, '_>, attribute: &Attribute<'_, '_>) -> bool {
    is(element, MD, "IDPSSODescriptor")
        && attribute.name() == "WantAuthnRequestsSigned"
        && attribute.namespace().is_none()
        && matches!(attribute.value().trim(), "false" | "0")
}

fn qualified(namespace: Option<&str>, name: &str) -> String {
    match namespace {
        None | Some("") => name.to_owned(),
        Some(namespace) => match PREFIXES.iter().find(|(known, _)| *known == namespace) {
            Some((_, prefix)) => format!("{prefix}:{name}"),
            None => format!("{{{namespace}}}{name}"),
        },
    }
}

fn attribute_value(element: Node<'_, '_>, attribute: &Attribute<'_, '_>) -> String {
    let value = attribute.value();
    if attribute.namespace() != Some(XSI) || attribute.name() != "type" {
        return value.to_owned();
    }
    let (prefix, name) = match value.trim().split_once(':') {
        Some((prefix, name)) => (Some(prefix), name),
        None => (None, value.trim()),
    };
    match element.lookup_namespace_uri(prefix) {
        Some(namespace) => qualified(Some(namespace), name),
        None => value.to_owned(),
    }
}

fn leaf(element: Node<'_, '_>) -> String {
    let text = text_of(element);
    let tag = element.tag_name();
    if tag.namespace() != Some(DS) || !WITHOUT_SPACE.contains(&tag.name()) {
        return collapsed(&text);
    }
    match certificate::decode_base64(&text) {
        Some(der) if is_certificate(element) && !der.is_empty() => {
            format!("certificate sha256 {}", hex::encode(Sha256::digest(der)))
        }
        // What is no base64 stands for itself; without a space it can never look like the above.
        Some(_) | None => text.split_whitespace().collect(),
    }
}

fn collapsed(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn escape(text: &str, out: &mut String) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\n' => out.push_str("&#10;"),
            c => out.push(c),
        }
    }
}
