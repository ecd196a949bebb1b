//! From a portable document to documents of native kinds.
//!
//! Each value is checked where it is used, by the row of the native field that takes it, so that a
//! cloud's own limits apply and errors point into the portable document.

use std::collections::{BTreeMap, BTreeSet};

use super::{NAME, Portable, Trust, native};
use crate::manifest::check::{Checker, length_words, member};
use crate::manifest::document::{Document, Ensure, Given, GivenValue, Lifecycle, Mode, Spanned};
use crate::manifest::node::{Entry, Node, NodeValue, Scalar};
use crate::manifest::{Manifests, fields, unknown_account};
use crate::model::{Account, Code, Diagnostic, Fields, KindName, Span, Value};
use crate::provider::portable::{Asked, Gap, Holding, Part, Source};
use crate::provider::{Catalogue, Cloud, KindInfo, Naming, ResourceKind};

/// The documents of native kinds that a portable one stands for, in the order of its accounts.
pub(in crate::manifest) fn natives(
    checker: &mut Checker<'_>,
    portable: &Portable,
    manifests: &Manifests,
    catalogue: Catalogue,
) -> Vec<Document> {
    let accounts: BTreeMap<&str, &Account> = manifests
        .accounts
        .iter()
        .map(|account| (account.name.as_str(), account))
        .collect();
    let mut expansion = Expansion {
        portable,
        common: BTreeMap::new(),
        told: BTreeSet::new(),
    };
    let mut documents = Vec::new();
    let mut seen: BTreeMap<&str, Span> = BTreeMap::new();
    for trust in &portable.spec.accounts {
        let name = trust.account.value.as_str();
        checker.object = Some(format!("{}/{}", portable.kind.name, portable.name));
        checker.cloud = None;
        if let Some(first) = seen.insert(name, trust.account.span) {
            let title = "`accounts` names an account twice";
            let finding = Diagnostic::error(Code::DuplicateObject, title)
                .at(trust.account.span, "named again here")
                .at(first, "first named here")
                .help("keep one of the two, with everything in its `set`");
            checker.report(finding);
            continue;
        }
        let Some(account) = accounts.get(name) else {
            // A document with mistakes has been told of; what refers to it is not to blame.
            if !manifests.unusable_accounts.contains(name) {
                let known = accounts.keys().copied();
                checker.report(unknown_account(&trust.account, known));
            }
            continue;
        };
        let cloud = catalogue.clouds.iter().find(|it| it.id == account.cloud);
        if let Some(cloud) = cloud {
            expansion.account(checker, cloud, trust, &mut documents);
        }
    }
    documents
}

/// One portable document on its way to native ones.
struct Expansion<'a> {
    portable: &'a Portable,
    /// What common members are to native fields: checked once, however many accounts take them.
    common: BTreeMap<(KindName, &'static str), Option<Given>>,
    /// What was reported once for all accounts of a cloud: the cloud, what, and the field.
    told: BTreeSet<(&'static str, &'static str, String)>,
}

impl Expansion<'_> {
    fn account(
        &mut self,
        checker: &mut Checker<'_>,
        cloud: &'static Cloud,
        trust: &Trust,
        documents: &mut Vec<Document>,
    ) {
        let portable = self.portable;
        checker.cloud = Some(cloud.id.0);
        let set: &[Entry] = match trust.set.as_ref().map(|node| &node.value) {
            Some(NodeValue::Map(entries)) => entries,
            Some(NodeValue::List(_) | NodeValue::Scalar(_)) | None => &[],
        };
        let own_name = member(set, NAME).and_then(|entry| {
            let value = checker.text(&entry.value, "`name`")?;
            Some(Spanned {
                value,
                span: entry.value.span,
            })
        });
        let words: Fields = set.iter().map(word).collect();
        let asked = Asked {
            cloud: cloud.id,
            name: own_name.as_ref().map_or(&portable.name, |name| &name.value),
            purpose: &portable.spec.purpose,
            set: &words,
        };
        let holding = match (portable.kind.stands_for)(&asked) {
            Ok(holding) => holding,
            Err(gap) => {
                let asking = member(&self.portable.spec.common, gap.field);
                self.gap(checker, cloud, gap, (trust, asking));
                return;
            }
        };
        known_in_set(checker, trust, &holding, cloud);
        for part in &holding.parts {
            // Every part is a kind of its cloud; a test holds that.
            let Some(kind) = native(cloud, part.kind) else {
                continue;
            };
            let account = &trust.account.value;
            checker.object = Some(format!("{account}/{}/{}", part.kind, portable.name));
            let spec = self.spec(checker, cloud, kind.info(), part, (trust, set));
            let cloud_name = cloud_name(checker, kind.info(), part, own_name.as_ref(), trust);
            documents.push(Document {
                kind,
                name: portable.name.clone(),
                labels: portable.labels.clone(),
                owner: portable.owner.clone(),
                lifecycle: Lifecycle {
                    ignore: self.ignored(kind.info(), part),
                    ..portable.lifecycle.clone()
                },
                account: trust.account.clone(),
                cloud_name,
                spec,
                origin: portable.origin,
            });
        }
    }

    /// Reports something that a cloud cannot express, once for each cloud.
    fn gap(
        &mut self,
        checker: &mut Checker<'_>,
        cloud: &Cloud,
        gap: &'static Gap,
        (trust, asking): (&Trust, Option<&Entry>),
    ) {
        let field = asking.map_or("", |entry| entry.key.as_str()).to_owned();
        if !self.told.insert((cloud.id.0, gap.what, field)) {
            return;
        }
        let title = format!("{} has no {}", cloud.title, gap.what);
        let mut finding = Diagnostic::error(Code::CannotExpress, title);
        if let Some(entry) = asking {
            finding = finding.at(entry.value.span, "asked for here");
        }
        let account = format!("an account of {}", cloud.title);
        let finding = finding.at(trust.account.span, account).note(gap.why);
        checker.report(finding.help(gap.instead));
    }

    fn spec(
        &mut self,
        checker: &mut Checker<'_>,
        cloud: &'static Cloud,
        info: &'static KindInfo,
        part: &Part,
        (trust, set): (&Trust, &[Entry]),
    ) -> BTreeMap<String, Given> {
        let mut spec = BTreeMap::new();
        for field in info.fields {
            let from = part.fields.iter().find(|(name, _)| *name == field.name);
            let from = from.map(|(_, from)| from);
            let own = member(set, field.name);
            let can_be_set = from.is_none_or(Source::can_be_set);
            let given = match (own, from) {
                (Some(entry), _) if can_be_set => fields::one(checker, field, entry),
                (_, None) => None,
                (_, Some(Source::Common(name))) => {
                    let entry = member(&self.portable.spec.common, name);
                    self.common(checker, info, field.name, entry)
                }
                (_, Some(Source::Only(name, gap))) => {
                    let entry = member(&self.portable.spec.common, name);
                    let single = entry.and_then(only);
                    if entry.is_some() && single.is_none() {
                        self.gap(checker, cloud, gap, (trust, entry));
                    }
                    self.common(checker, info, field.name, single.as_ref())
                }
                (_, Some(Source::Default(value) | Source::Fixed(value))) => {
                    Some(at(trust, GivenValue::Value(value.clone())))
                }
                (_, Some(Source::Sibling(_))) => {
                    Some(at(trust, GivenValue::Local(self.portable.name.clone())))
                }
                (_, Some(Source::Set { why, example })) => {
                    if self.is_needed(info, part, field.name) {
                        let finding = Diagnostic::error(
                            Code::MissingField,
                            format!("`{}` is missing{}", field.name, checker.for_cloud()),
                        )
                        .at(trust.account.span, "this account's `set` needs it")
                        .note(*why)
                        .help(format!("write for example `set: {{{example}}}`"));
                        checker.report(finding);
                    }
                    None
                }
            };
            if let Some(given) = given {
                spec.insert(field.name.to_owned(), given);
            }
        }
        spec
    }

    /// A common member as a native field takes it.
    fn common(
        &mut self,
        checker: &mut Checker<'_>,
        info: &'static KindInfo,
        field: &'static str,
        entry: Option<&Entry>,
    ) -> Option<Given> {
        let entry = entry?;
        let row = crate::provider::field_of(info, field)?;
        let slot = self.common.entry((info.name, field));
        slot.or_insert_with(|| fields::one(checker, row, entry))
            .clone()
    }

    /// Whether a field that only `set` can give has to be there.
    fn is_needed(&self, info: &KindInfo, part: &Part, field: &str) -> bool {
        let lifecycle = &self.portable.lifecycle;
        let ignored = self.ignored(info, part);
        lifecycle.ensure == Ensure::Present
            && lifecycle.mode == Mode::Manage
            && !ignored.iter().any(|name| name == field)
    }

    /// The native fields that `ignore` means, by their own names or by the portable ones.
    fn ignored(&self, info: &KindInfo, part: &Part) -> Vec<String> {
        let ignore = &self.portable.lifecycle.ignore;
        let is_ignored = |name: &str| ignore.iter().any(|word| word == name);
        let names = info.fields.iter().map(|field| field.name);
        names
            .filter(|name| {
                let from = part.fields.iter().find(|(field, _)| field == name);
                let common = match from {
                    Some((_, Source::Common(common) | Source::Only(common, _))) => Some(*common),
                    Some((
                        _,
                        Source::Default(_)
                        | Source::Fixed(_)
                        | Source::Sibling(_)
                        | Source::Set { .. },
                    ))
                    | None => None,
                };
                is_ignored(name) || common.is_some_and(is_ignored)
            })
            .map(str::to_owned)
            .collect()
    }
}

/// Reports members of `set` that no part has or lets be set.
fn known_in_set(checker: &mut Checker<'_>, trust: &Trust, holding: &Holding, cloud: &Cloud) {
    let Some(set) = &trust.set else {
        return;
    };
    let mut known = vec![NAME];
    let mut fixed: BTreeMap<&str, KindName> = BTreeMap::new();
    for part in &holding.parts {
        let info = native(cloud, part.kind).map(ResourceKind::info);
        for field in info.into_iter().flat_map(|info| info.fields) {
            known.push(field.name);
            let from = part.fields.iter().find(|(name, _)| *name == field.name);
            if from.is_some_and(|(_, from)| !from.can_be_set()) {
                fixed.insert(field.name, part.kind);
            }
        }
    }
    if !holding.parts.iter().any(|part| is_named(cloud, part.kind)) {
        known.remove(0);
    }
    let title = format!("`set` of {} ({})", trust.account.value, cloud.id.0);
    for entry in checker.mapping(set, &title, &known).unwrap_or_default() {
        if let Some(kind) = fixed.get(entry.key.as_str()) {
            let title = format!("`{}` cannot be set here", entry.key);
            let finding = Diagnostic::error(Code::ConflictingFields, title)
                .at(entry.key_span, "the portable document decides it")
                .help(format!(
                    "drop it, or declare the objects of this account natively, {kind} among them"
                ));
            checker.report(finding);
        }
    }
}

fn is_named(cloud: &Cloud, kind: KindName) -> bool {
    native(cloud, kind).is_some_and(|kind| matches!(kind.info().naming, Naming::Named(_)))
}

/// What the document says of its own accord.
fn at(trust: &Trust, value: GivenValue) -> Given {
    Given {
        value,
        span: trust.account.span,
        key: trust.account.span,
    }
}

/// The one element of a set as a member of its own, an empty set as null; [`None`] where there are
/// several.
fn only(entry: &Entry) -> Option<Entry> {
    let mut entry = entry.clone();
    match &entry.value.value {
        NodeValue::List(items) => match items.as_slice() {
            [] => {
                entry.value.value = NodeValue::Scalar(Scalar {
                    text: String::new(),
                    is_plain: true,
                });
            }
            [first, rest @ ..] => {
                // Doubles are one element, as everywhere.
                if rest.iter().any(|item| item.value != first.value) {
                    return None;
                }
                entry.value = Node::clone(first);
            }
        },
        NodeValue::Scalar(_) | NodeValue::Map(_) => {}
    }
    Some(entry)
}

/// A member of `set` in a word, for decisions: texts as they are, everything else as null.
fn word(entry: &Entry) -> (String, Value) {
    let value = match &entry.value.value {
        NodeValue::Scalar(scalar) => Value::from(scalar.text.clone()),
        NodeValue::List(_) | NodeValue::Map(_) => Value::Null,
    };
    (entry.key.clone(), value)
}

/// The object's name in the cloud, where it is not `metadata.name`.
fn cloud_name(
    checker: &mut Checker<'_>,
    info: &KindInfo,
    part: &Part,
    own: Option<&Spanned<String>>,
    trust: &Trust,
) -> Option<Spanned<String>> {
    let Naming::Named(rule) = info.naming else {
        return None;
    };
    let is_good = |name: &str| {
        let length = name.chars().count();
        (rule.min..=rule.max).contains(&length) && (rule.check)(name)
    };
    let Some(derived) = &part.cloud_name else {
        let own = own?;
        let node = text_node(&own.value, own.span);
        let is_good = checker.rule(node.span, "`name`", &rule, &own.value);
        return is_good.then(|| own.clone());
    };
    let span = own.map_or(trust.account.span, |own| own.span);
    if is_good(derived) {
        return Some(Spanned {
            value: derived.clone(),
            span,
        });
    }
    // A name that is wrong by itself is reported as such.
    if own.is_none_or(|own| is_good(&own.value)) {
        let title = format!("{} cannot be named `{derived}`", info.name);
        let words = format!("takes {}, {}", length_words(&rule), rule.allowed);
        let finding = Diagnostic::error(Code::ValueOutOfRange, title)
            .at(span, words)
            .help("give the provider another name in the cloud: `set: {name: …}`");
        checker.report(finding);
    }
    None
}

fn text_node(text: &str, span: Span) -> Node {
    Node {
        value: NodeValue::Scalar(Scalar {
            text: text.to_owned(),
            is_plain: false,
        }),
        span,
    }
}
