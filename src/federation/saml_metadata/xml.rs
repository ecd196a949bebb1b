//! Text to an XML tree, guarded: no DTD, bounded depth, size and node count, no private keys.

use roxmltree::{Document, Node, ParsingOptions};

use super::{DS, MAX_BYTES, MAX_DEPTH, MAX_NODES, Problem, visible};
use crate::federation::certificate;

/// Members of a key that only its owner may have, as .NET's XML form names them.
const PRIVATE_PARTS: &[&str] = &["D", "P", "Q", "DP", "DQ", "InverseQ"];

/// Reads a document.
///
/// # Errors
/// It is not well-formed, has a document type definition, or goes past a limit.
pub(super) fn parse(text: &str) -> Result<Document<'_>, Problem> {
    if text.len() > MAX_BYTES {
        let most = MAX_BYTES / 1024;
        return Err(Problem::new(format!("it has more than {most} KiB")));
    }
    if text.trim().is_empty() {
        return Err(Problem::new("it is empty"));
    }
    if depth(text) > MAX_DEPTH {
        return Err(Problem::new(format!(
            "its elements are nested deeper than {MAX_DEPTH} levels"
        )));
    }
    let options = ParsingOptions {
        nodes_limit: MAX_NODES,
        ..ParsingOptions::default()
    };
    Document::parse_with_options(text, options).map_err(|error| refused(&error))
}

fn refused(error: &roxmltree::Error) -> Problem {
    use roxmltree::Error::{DtdDetected, NoRootNode, NodesLimitReached, UnclosedRootNode};
    if matches!(error, DtdDetected) {
        return Problem::new(
            "it has a document type definition (<!DOCTYPE>), which metadata never needs and which can make a reader open files",
        );
    }
    if matches!(error, NodesLimitReached) {
        return Problem::new(format!("it has more than {MAX_NODES} nodes"));
    }
    if matches!(error, NoRootNode | UnclosedRootNode) {
        return Problem::new("it is not well-formed XML: it ends before its root element does");
    }
    Problem::at(
        error.pos().row,
        format!("it is not well-formed XML: {}", visible(&error.to_string())),
    )
}

/// How deep the tags of a text nest, without reading them as XML: at least as deep as any reader
/// would find them.
fn depth(text: &str) -> usize {
    let mut deepest = 0_usize;
    let mut now = 0_usize;
    let mut rest = text;
    while let Some(at) = rest.find('<') {
        rest = &rest[at..];
        let skipped = [("<!--", "-->"), ("<![CDATA[", "]]>"), ("<?", "?>")]
            .into_iter()
            .find(|(start, _)| rest.starts_with(start));
        if let Some((start, end)) = skipped {
            let Some(length) = rest[start.len()..].find(end) else {
                break;
            };
            rest = &rest[start.len() + length + end.len()..];
            continue;
        }
        let end = tag_end(rest);
        let tag = &rest[..end];
        if tag.starts_with("</") {
            now = now.saturating_sub(1);
        } else if !tag.starts_with("<!") {
            deepest = deepest.max(now + 1);
            if !tag.ends_with("/>") {
                now += 1;
            }
        }
        rest = &rest[end..];
    }
    deepest
}

/// Bytes of the tag that a text begins with; a `>` between quotes ends none.
fn tag_end(text: &str) -> usize {
    let mut quote = None;
    for (at, byte) in text.bytes().enumerate() {
        match (byte, quote) {
            (b'"' | b'\'', None) => quote = Some(byte),
            (byte, Some(open)) if byte == open => quote = None,
            (b'>', None) => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// A private key in PEM form, wherever it stands. Asked before anything else is said.
pub(super) fn private_text(text: &str) -> Option<Problem> {
    let at = text.find("PRIVATE KEY-----")?;
    let line = text[..at].matches('\n').count() + 1;
    Some(Problem::private_key(
        u32::try_from(line).ok(),
        "a private key in PEM form stands there",
    ))
}

/// Private keys in elements: .NET's `RSAKeyValue` with its private members, and DER in place of a
/// certificate.
pub(super) fn private_elements(document: &Document<'_>) -> Vec<Problem> {
    let elements = document.descendants().filter(Node::is_element);
    elements
        .filter_map(|element| {
            let name = element.tag_name().name();
            let what = match name {
                "RSAKeyValue" | "RSAKeyPair"
                    if element
                        .children()
                        .any(|child| PRIVATE_PARTS.contains(&child.tag_name().name())) =>
                {
                    "the key value has private members"
                }
                "X509Certificate" if holds_private_key(element) => {
                    "a private key stands in place of a certificate"
                }
                _ => return None,
            };
            Some(Problem::private_key(Some(line(element)), what))
        })
        .collect()
}

fn holds_private_key(element: Node<'_, '_>) -> bool {
    certificate::decode_base64(&text_of(element))
        .is_some_and(|der| certificate::is_private_key(&der))
}

/// The line that an element begins on.
pub(super) fn line(element: Node<'_, '_>) -> u32 {
    element.document().text_pos_at(element.range().start).row
}

/// All text of an element. A comment inside does not end it: taking the part before it for the
/// whole is how identities were forged with other readers.
pub(super) fn text_of(element: Node<'_, '_>) -> String {
    element
        .children()
        .filter(Node::is_text)
        .filter_map(|text| text.text())
        .collect()
}

/// Whether a node is this element.
pub(super) fn is(node: Node<'_, '_>, namespace: &str, name: &str) -> bool {
    node.has_tag_name((namespace, name))
}

/// Whether an element is a certificate.
pub(super) fn is_certificate(node: Node<'_, '_>) -> bool {
    is(node, DS, "X509Certificate")
}
