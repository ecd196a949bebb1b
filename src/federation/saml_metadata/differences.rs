//! How one document differs from another: facts that came and went, and the rest as lines.

use roxmltree::{Attribute, Node};

use super::xml::{self, is};
use super::{MD, Summary, canonical, read, visible};

/// The differences of two documents.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MetadataDifferences {
    /// Facts that are new: `signing certificate CN=okta, until 2031-11-30, sha256 …`.
    pub added: Vec<String>,
    /// Facts that are gone.
    pub removed: Vec<String>,
    /// What facts do not tell, as canonical lines; equal to `rest_after` when facts tell all.
    pub rest_before: String,
    /// The same, afterwards.
    pub rest_after: String,
    /// Whether somebody is accepted who was not: another entity, a signing certificate more, a later
    /// end.
    pub accepts_more: bool,
    /// Whether sign-ins may fail that worked: something is gone or another, an earlier end.
    pub may_break: bool,
}

/// What a fact is about; decides what a change of it does to sign-in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum About {
    Entity,
    SigningCertificate,
    OtherCertificate,
    SignOn,
    Logout,
    NameForm,
    End,
    Requests,
    /// The document cannot be read, or describes no provider.
    Nothing,
}

/// One line of a summary.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fact {
    about: About,
    pub(super) text: String,
}

/// The facts of a summary, in a fixed order.
pub(super) fn facts(summary: &Summary) -> Vec<Fact> {
    let mut facts = Vec::new();
    let mut fact = |about, text: String| {
        let fact = Fact { about, text };
        if !facts.contains(&fact) {
            facts.push(fact);
        }
    };
    fact(
        About::Entity,
        format!("entity id {}", unmistakable(&summary.entity_id)),
    );
    for key in &summary.certificates {
        let about = if key.key_use.signs() {
            About::SigningCertificate
        } else {
            About::OtherCertificate
        };
        let use_words = key.key_use.words();
        fact(
            about,
            format!("{use_words} certificate {}", key.certificate),
        );
    }
    for (about, what, endpoints) in [
        (About::SignOn, "sign-on", &summary.sign_on),
        (About::Logout, "logout", &summary.logout),
    ] {
        for endpoint in endpoints {
            let location = unmistakable(&endpoint.location);
            let binding = visible(&endpoint.binding);
            fact(about, format!("{what} {location} ({binding})"));
        }
    }
    for format in &summary.name_id_formats {
        fact(About::NameForm, format!("name format {}", visible(format)));
    }
    if let Some(end) = &summary.valid_until {
        fact(About::End, format!("valid until {}", visible(end)));
    }
    if summary.wants_signed_requests {
        fact(About::Requests, "wants signed requests".to_owned());
    }
    facts
}

/// A name that decides whom to trust, with a note of the letters that may look like others: `р` is
/// not `p`.
fn unmistakable(text: &str) -> String {
    let mut strange: Vec<char> = text.chars().filter(|c| !c.is_ascii()).collect();
    strange.sort_unstable();
    strange.dedup();
    if strange.is_empty() {
        return visible(text);
    }
    let codes: Vec<String> = strange
        .iter()
        .map(|c| format!("U+{:04X}", u32::from(*c)))
        .collect();
    format!("{} [not ASCII: {}]", visible(text), codes.join(" "))
}

/// Compares two documents; an empty text is none at all.
pub fn differences(before: &str, after: &str) -> MetadataDifferences {
    let old = facts_of(before);
    let new = facts_of(after);
    let only = |these: &[Fact], those: &[Fact]| -> Vec<Fact> {
        let others = |fact: &&Fact| !those.contains(fact);
        these.iter().filter(others).cloned().collect()
    };
    let added = only(&new, &old);
    let removed = only(&old, &new);
    let mut found = MetadataDifferences {
        accepts_more: added
            .iter()
            .any(|fact| matches!(fact.about, About::Entity | About::SigningCertificate)),
        may_break: removed
            .iter()
            .chain(&added)
            .any(|fact| breaks(fact, &added)),
        ..MetadataDifferences::default()
    };
    match ends(&removed, &added) {
        Some(true) => found.accepts_more = true,
        Some(false) => found.may_break = true,
        None => {}
    }
    let texts = |facts: Vec<Fact>| facts.into_iter().map(|fact| fact.text).collect();
    (found.added, found.removed) = (texts(added), texts(removed));
    // A document that comes or goes as a whole is told by its facts; every line of it would bury
    // them.
    if before.is_empty() || after.is_empty() {
        // Where there was nothing, nothing breaks.
        found.may_break &= !before.is_empty();
        return found;
    }
    found.rest_before = rest(before, Part::All);
    found.rest_after = rest(after, Part::All);
    if rest(before, Part::Provider) != rest(after, Part::Provider) {
        found.may_break = true;
    }
    let is_silent =
        found.added.is_empty() && found.removed.is_empty() && found.rest_before == found.rest_after;
    if is_silent {
        // What facts tell stands in another order; then the whole shows it.
        found.rest_before = canonical(before);
        found.rest_after = canonical(after);
        found.may_break |= found.rest_before != found.rest_after;
    }
    found
}

fn facts_of(text: &str) -> Vec<Fact> {
    if text.is_empty() {
        return Vec::new();
    }
    match super::summary(text) {
        Some(summary) => facts(&summary),
        None => vec![Fact {
            about: About::Nothing,
            text: "no readable metadata of an identity provider".to_owned(),
        }],
    }
}

/// Whether a fact that came or went may break sign-in. What is only added breaks nothing, except
/// where there can be one of a kind; ends are looked at by themselves.
fn breaks(fact: &Fact, added: &[Fact]) -> bool {
    let is_new = added.contains(fact);
    match fact.about {
        About::End => false,
        About::Entity | About::Requests | About::Nothing => true,
        About::SignOn | About::SigningCertificate | About::OtherCertificate => !is_new,
        About::Logout | About::NameForm => !is_new,
    }
}

/// Whether the end moved to later (or away): [`None`] when it did not move.
fn ends(removed: &[Fact], added: &[Fact]) -> Option<bool> {
    let end = |facts: &[Fact]| {
        let mut ends = facts.iter().filter(|fact| fact.about == About::End);
        ends.next().map(|fact| fact.text.clone())
    };
    match (end(removed), end(added)) {
        (None, None) => None,
        (Some(_), None) => Some(true),
        (None, Some(_)) => Some(false),
        (Some(before), Some(after)) => Some(after > before),
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Part {
    /// Everything that facts do not tell.
    All,
    /// The same of the identity provider alone, without what is for people.
    Provider,
}

/// The canonical lines of what facts do not tell.
fn rest(text: &str, part: Part) -> String {
    let Ok(document) = xml::parse(text) else {
        return String::new();
    };
    let role = read::role(&document, &mut Vec::new());
    let element_is_wanted = |element: Node<'_, '_>| !is_told(element, role, part);
    let attribute_is_wanted = |element: Node<'_, '_>, attribute: &Attribute<'_, '_>| {
        !is_told_by_attribute(element, attribute, role)
    };
    canonical::lines(&document, &element_is_wanted, &attribute_is_wanted)
}

fn is_told(element: Node<'_, '_>, role: Option<Node<'_, '_>>, part: Part) -> bool {
    let Some(role) = role else {
        return false;
    };
    let parent = element.parent_element();
    if parent == Some(role) {
        let told = [
            "KeyDescriptor",
            "SingleSignOnService",
            "SingleLogoutService",
            "NameIDFormat",
        ];
        let for_people = ["Organization", "ContactPerson", "Extensions"];
        return told.iter().any(|name| is(element, MD, name))
            || part == Part::Provider && for_people.iter().any(|name| is(element, MD, name));
    }
    // Of everything outside, only what leads to the provider.
    part == Part::Provider
        && !element.ancestors().any(|above| above == role)
        && !role.ancestors().any(|above| above == element)
}

fn is_told_by_attribute(
    element: Node<'_, '_>,
    attribute: &Attribute<'_, '_>,
    role: Option<Node<'_, '_>>,
) -> bool {
    let Some(role) = role else {
        return false;
    };
    if attribute.namespace().is_some() {
        return false;
    }
    match attribute.name() {
        "entityID" => role.parent_element() == Some(element),
        "validUntil" => role.ancestors().any(|above| above == element),
        "WantAuthnRequestsSigned" => role == element,
        _ => false,
    }
}
