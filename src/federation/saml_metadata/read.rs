//! What a document says of its identity provider, and everything that makes it unusable.

use roxmltree::{Document, Node};

use super::xml::{is, is_certificate, line, text_of};
use super::{DS, Endpoint, KeyCertificate, KeyUse, MD, Problem, Summary, visible};
use crate::federation::certificate;

/// Longest entity id, in characters (saml-metadata-2.0-os §2.2.1).
const ENTITY_ID_CHARACTERS: usize = 1024;
/// What SAML 2.0 bindings begin with.
const BINDING_PREFIX: &str = "urn:oasis:names:tc:SAML:2.0:bindings:";

/// The one identity provider of a document. The summary is as complete as can be; with problems
/// the document is not usable.
pub(super) fn provider(document: &Document<'_>) -> (Option<Summary>, Vec<Problem>) {
    let mut problems = Vec::new();
    let Some(role) = role(document, &mut problems) else {
        return (None, problems);
    };
    let entity = role.parent_element().unwrap_or(role);
    let summary = Summary {
        entity_id: entity_id(entity, &mut problems),
        sign_on: endpoints(role, "SingleSignOnService", &mut problems),
        logout: endpoints(role, "SingleLogoutService", &mut problems),
        name_id_formats: named(role, "NameIDFormat")
            .map(|format| text_of(format).trim().to_owned())
            .collect(),
        certificates: certificates(role, &mut problems),
        valid_until: valid_until(role),
        wants_signed_requests: role
            .attribute("WantAuthnRequestsSigned")
            .is_some_and(|text| matches!(text.trim(), "true" | "1")),
    };
    if summary.sign_on.is_empty() && problems.is_empty() {
        problems.push(Problem::at(
            line(role),
            "the identity provider has no SingleSignOnService: nobody could be sent there to sign in",
        ));
    }
    (Some(summary), problems)
}

/// The `IDPSSODescriptor`: the only one, or with a problem the first one.
pub(super) fn role<'a, 'i>(
    document: &'a Document<'i>,
    problems: &mut Vec<Problem>,
) -> Option<Node<'a, 'i>> {
    let root = document.root_element();
    if !is(root, MD, "EntityDescriptor") && !is(root, MD, "EntitiesDescriptor") {
        let namespace = root.tag_name().namespace().unwrap_or("no namespace");
        let told = format!(
            "it is no SAML 2.0 metadata: the root element is {} of {}, not EntityDescriptor of {MD}",
            visible(root.tag_name().name()),
            visible(namespace),
        );
        problems.push(Problem::at(line(root), told));
        return None;
    }
    let roles: Vec<Node<'a, 'i>> = root
        .descendants()
        .filter(|node| is(*node, MD, "IDPSSODescriptor"))
        .collect();
    let Some(first) = roles.first().copied() else {
        problems.push(Problem::at(
            line(root),
            "it describes no identity provider: there is no IDPSSODescriptor (is it the metadata of a service provider?)",
        ));
        return None;
    };
    if let Some(second) = roles.get(1) {
        let is_one_entity = roles.iter().all(|role| role.parent() == first.parent());
        let told = if is_one_entity {
            format!(
                "the entity has {} IDPSSODescriptor, and nothing says which one is meant; leave one",
                roles.len()
            )
        } else {
            format!(
                "it describes {} identity providers; cut out the EntityDescriptor of the one that is meant",
                roles.len()
            )
        };
        problems.push(Problem::at(line(*second), told));
    }
    Some(first)
}

fn named<'a, 'i: 'a>(
    parent: Node<'a, 'i>,
    name: &'static str,
) -> impl Iterator<Item = Node<'a, 'i>> {
    parent.children().filter(move |node| is(*node, MD, name))
}

fn entity_id(entity: Node<'_, '_>, problems: &mut Vec<Problem>) -> String {
    let id = entity.attribute("entityID").unwrap_or_default();
    if id.trim().is_empty() {
        problems.push(Problem::at(
            line(entity),
            "the EntityDescriptor has no entityID, so nobody's assertions would be accepted",
        ));
    } else if id.chars().count() > ENTITY_ID_CHARACTERS {
        problems.push(Problem::at(
            line(entity),
            format!("its entityID has more than {ENTITY_ID_CHARACTERS} characters"),
        ));
    }
    id.to_owned()
}

fn endpoints(role: Node<'_, '_>, name: &'static str, problems: &mut Vec<Problem>) -> Vec<Endpoint> {
    let mut found = Vec::new();
    for endpoint in named(role, name) {
        let binding = endpoint.attribute("Binding").unwrap_or_default().trim();
        let location = endpoint.attribute("Location").unwrap_or_default().trim();
        let is_web = url::Url::parse(location)
            .is_ok_and(|url| matches!(url.scheme(), "https" | "http") && url.has_host());
        if binding.is_empty() {
            problems.push(Problem::at(
                line(endpoint),
                format!("a {name} has no Binding"),
            ));
        }
        if !is_web {
            problems.push(Problem::at(
                line(endpoint),
                format!("the Location of a {name} is no http or https URL"),
            ));
        }
        found.push(Endpoint {
            binding: binding
                .strip_prefix(BINDING_PREFIX)
                .unwrap_or(binding)
                .to_owned(),
            location: location.to_owned(),
        });
    }
    found
}

fn certificates(role: Node<'_, '_>, problems: &mut Vec<Problem>) -> Vec<KeyCertificate> {
    let mut found = Vec::new();
    let mut is_any = false;
    let mut is_signing_given = false;
    for descriptor in named(role, "KeyDescriptor") {
        let key_use = match descriptor.attribute("use") {
            Some("signing") => KeyUse::Signing,
            Some("encryption") => KeyUse::Encryption,
            None => KeyUse::Both,
            Some(other) => {
                problems.push(Problem::at(
                    line(descriptor),
                    format!(
                        "the use `{}` of a KeyDescriptor is neither signing nor encryption",
                        visible(other)
                    ),
                ));
                continue;
            }
        };
        let elements = descriptor
            .children()
            .filter(|node| is(*node, DS, "KeyInfo"))
            .flat_map(|info| info.descendants())
            .filter(|node| is_certificate(*node));
        for element in elements {
            is_any = true;
            is_signing_given |= key_use.signs();
            match certificate::from_base64(&text_of(element)) {
                Ok(certificate) => {
                    let key = KeyCertificate {
                        key_use,
                        certificate,
                    };
                    if !found.contains(&key) {
                        found.push(key);
                    }
                }
                Err(why) => problems.push(Problem::at(
                    line(element),
                    format!("the {} certificate cannot be used: {why}", key_use.words()),
                )),
            }
        }
    }
    if !is_signing_given {
        let strange = role
            .descendants()
            .find(|node| node.tag_name().name() == "X509Certificate" && !is_certificate(*node));
        let what = match strange {
            _ if is_any => "its certificates are for encryption only".to_owned(),
            None => "the identity provider has no certificate".to_owned(),
            // Seen in real documents, where somebody made every http into https.
            Some(strange) => format!(
                "its certificates stand in {}, not in {DS}, where nobody looks for others",
                visible(strange.tag_name().namespace().unwrap_or("no namespace"))
            ),
        };
        problems.push(Problem::at(
            line(role),
            format!("{what}: nobody could check what it signs"),
        ));
    }
    found
}

/// The earliest end among the role, its entity and what these stand in. Dates in their usual form
/// sort as texts.
fn valid_until(role: Node<'_, '_>) -> Option<String> {
    role.ancestors()
        .filter_map(|node| node.attribute("validUntil"))
        .map(|text| text.trim().to_owned())
        .min()
}
