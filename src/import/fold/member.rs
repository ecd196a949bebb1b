//! Whether objects of one account are what a portable document stands for there, and what it would
//! have to say.

use std::collections::BTreeMap;

use crate::federation::saml_metadata;
use crate::import::Found;
use crate::import::holdings::Holdings;
use crate::import::names::{Key, key};
use crate::import::spell::{Side, Written};
use crate::model::{Fields, KindName, Value};
use crate::provider::portable::{Asked, Holding, Part, Source};
use crate::provider::{Catalogue, Clear, Field, Naming, PortableKind, ResourceKind, field_of};

/// One account's share of a document.
pub(super) struct Member {
    /// Which account, counted as they were given.
    pub(super) at: usize,
    /// Its name.
    pub(super) account: String,
    /// Issuer or entity id.
    pub(super) what: String,
    /// The provider's name in the cloud; empty for what has none.
    pub(super) cloud_name: String,
    /// Everything that the document stands for, the provider first.
    pub(super) objects: Vec<Key>,
    /// By portable field.
    pub(super) common: BTreeMap<&'static str, Common>,
    /// What this account alone says, by native field.
    pub(super) set: Vec<(&'static str, Said)>,
}

/// What a portable field is in one account.
pub(super) struct Common {
    /// The native field that takes it.
    pub(super) native: &'static Field,
    /// The native value in a manifest's words; [`None`] when there is none.
    pub(super) own: Option<Said>,
    /// The same in words of the portable field.
    pub(super) portable: Option<Said>,
}

/// A value and, where it stands in a file of its own, that file.
#[derive(Clone)]
pub(super) struct Said {
    /// In a manifest's words; for a file the value itself.
    pub(super) value: Value,
    pub(super) side: Option<Side>,
}

/// Objects that a document for this issuer cannot stand for.
pub(super) struct Refusal {
    pub(super) account: String,
    pub(super) what: String,
    pub(super) why: String,
    /// Whether they only serve another purpose than the one that was tried.
    is_other_purpose: bool,
}

/// All members that an account has for a kind, each with the number of its word of `use`; and the
/// objects that are about some issuer but no member for any word.
pub(super) fn members(
    catalogue: Catalogue,
    kind: &'static PortableKind,
    at: usize,
    holdings: &Holdings<'_>,
) -> (Vec<(usize, Member)>, Vec<Refusal>) {
    let cloud = holdings.wish.cloud.id;
    let mut members = Vec::new();
    let mut refused: BTreeMap<Key, Vec<Refusal>> = BTreeMap::new();
    for (number, (purpose, _)) in kind.uses.iter().enumerate() {
        let Ok(general) = kind.in_general(cloud, purpose) else {
            continue;
        };
        let Some(first) = general.parts.first() else {
            continue;
        };
        let providers = holdings.written.iter().map(|(object, _)| *object);
        for provider in providers.filter(|object| object.kind.info().name == first.kind) {
            let attempt = Attempt {
                catalogue,
                kind,
                purpose,
                at,
                holdings,
                provider,
            };
            match attempt.member() {
                Ok(member) => members.push((number, member)),
                Err(Some(refusal)) => refused.entry(key(provider)).or_default().push(refusal),
                Err(None) => {}
            }
        }
    }
    refused.retain(|provider, _| {
        let is_it = |(_, member): &(usize, Member)| member.objects.first() == Some(provider);
        !members.iter().any(is_it)
    });
    // That it serves another purpose says less than anything else.
    let telling = |tried: Vec<Refusal>| {
        tried
            .into_iter()
            .min_by_key(|refusal| refusal.is_other_purpose)
    };
    (members, refused.into_values().filter_map(telling).collect())
}

/// One provider, tried as one portable kind for one purpose.
struct Attempt<'a> {
    catalogue: Catalogue,
    kind: &'static PortableKind,
    purpose: &'static str,
    at: usize,
    holdings: &'a Holdings<'a>,
    provider: &'a Found,
}

/// A part and the object that it is.
type Matched<'a> = (&'a Part, &'a Found, &'a Written);

impl Attempt<'_> {
    /// [`None`] for objects that are about nothing that could be shared.
    fn member(&self) -> Result<Member, Option<Refusal>> {
        let stands = self.stands_for(&self.provider.fields).ok_or(None)?;
        let identities: Vec<Option<String>> = stands
            .parts
            .iter()
            .map(|part| self.identity(&stands, part))
            .collect();
        let written = |part: &Part, identity: &Option<String>| {
            let identity = identity.as_ref()?;
            let mut written = self.holdings.written.iter();
            written.find(|(object, _)| {
                object.kind.info().name == part.kind && object.identity == *identity
            })
        };
        let mut matched: Vec<Matched<'_>> = Vec::new();
        let mut missing = None;
        for (part, identity) in stands.parts.iter().zip(&identities) {
            match written(part, identity) {
                Some((object, text)) => matched.push((part, object, text)),
                None => missing = missing.or(Some((part.kind, identity))),
            }
        }
        let what = self.what(&matched).ok_or(None)?;
        let refuse = |(why, is_other_purpose): (String, bool)| {
            Some(Refusal {
                account: self.holdings.wish.account.name.clone(),
                what: what.clone(),
                why,
                is_other_purpose,
            })
        };
        for matched in &matched {
            self.is_part(matched, &stands, &identities)
                .map_err(refuse)?;
        }
        if let Some((kind, identity)) = missing {
            let name = identity.as_deref().unwrap_or_default();
            let why = format!("{kind} `{name}`, which belongs to it, is not imported with it");
            return Err(refuse((why, false)));
        }
        let member = self.said(&matched, what.clone());
        // What `set` says may decide which objects these are.
        let set: Fields = member
            .set
            .iter()
            .map(|(name, said)| ((*name).to_owned(), said.value.clone()))
            .collect();
        let kinds = |holding: &Holding| -> Vec<KindName> {
            holding.parts.iter().map(|part| part.kind).collect()
        };
        if self.stands_for(&set).map(|again| kinds(&again)) != Some(kinds(&stands)) {
            let why = "what it says stands for other objects".to_owned();
            return Err(refuse((why, false)));
        }
        Ok(member)
    }

    fn stands_for(&self, set: &Fields) -> Option<Holding> {
        let asked = Asked {
            cloud: self.holdings.wish.cloud.id,
            name: &self.provider.identity,
            purpose: self.purpose,
            set,
        };
        (self.kind.stands_for)(&asked).ok()
    }

    /// Who a part is in the cloud; [`None`] when its name is made of what the document does not say.
    fn identity(&self, stands: &Holding, part: &Part) -> Option<String> {
        let kind = self.native(part.kind)?;
        match kind.info().naming {
            Naming::Named(_) => {
                let own = part.cloud_name.clone();
                Some(own.unwrap_or_else(|| self.provider.identity.clone()))
            }
            Naming::Singleton => Some(String::new()),
            Naming::ByFields(fields) => {
                let parts = fields.iter().map(|field| {
                    let (_, from) = part.fields.iter().find(|(name, _)| name == field)?;
                    match from {
                        Source::Fixed(value) => value.as_str().map(str::to_owned),
                        Source::Sibling(kind) => {
                            let sibling = stands.parts.iter().find(|it| it.kind == *kind)?;
                            self.identity(stands, sibling)
                        }
                        Source::Common(_)
                        | Source::Only(..)
                        | Source::Default(_)
                        | Source::Set { .. } => None,
                    }
                });
                Some(parts.collect::<Option<Vec<String>>>()?.join("/"))
            }
        }
    }

    fn native(&self, kind: KindName) -> Option<&'static dyn ResourceKind> {
        let cloud = self.holdings.wish.cloud.id;
        let mut clouds = self.catalogue.clouds.iter();
        let cloud = clouds.find(|known| known.id == cloud)?;
        cloud
            .kinds
            .iter()
            .copied()
            .find(|it| it.info().name == kind)
    }

    /// Issuer or entity id.
    fn what(&self, matched: &[Matched<'_>]) -> Option<String> {
        matched.iter().find_map(|(part, object, _)| {
            let takes = |(_, from): &&(&str, Source)| {
                matches!(from, Source::Common(name) if *name == self.kind.same_by)
            };
            let (native, _) = part.fields.iter().find(takes)?;
            let text = object.fields.get(*native)?.as_str()?;
            // A text that is no metadata is what it is: an issuer.
            let entity = saml_metadata::summary(text).map(|summary| summary.entity_id);
            Some(entity.unwrap_or_else(|| text.to_owned()))
        })
    }

    /// Why an object is not the part that the document would make of it, and whether that is only
    /// for its purpose.
    fn is_part(
        &self,
        (part, object, text): &Matched<'_>,
        stands: &Holding,
        identities: &[Option<String>],
    ) -> Result<(), (String, bool)> {
        let info = object.kind.info();
        if let Some(left_out) = text.left_out.first() {
            let field = left_out.field.unwrap_or_default();
            let why = format!("its `{field}` cannot be declared: {}", left_out.why);
            return Err((why, false));
        }
        let cannot_clear = |name: &str| {
            field_of(info, name).is_some_and(|row| matches!(row.clear, Clear::Refused(_)))
        };
        for (name, from) in &part.fields {
            let (wanted, is_purpose) = match from {
                Source::Fixed(value) => (value.clone(), true),
                Source::Sibling(kind) => {
                    let at = stands.parts.iter().position(|part| part.kind == *kind);
                    let sibling = at.and_then(|at| identities[at].clone());
                    (sibling.map_or(Value::Null, Value::from), false)
                }
                Source::Set { .. } if !object.fields.contains_key(*name) => {
                    return Err((format!("its {} has no `{name}`", info.name), false));
                }
                Source::Default(_) if !object.fields.contains_key(*name) && cannot_clear(name) => {
                    return Err((format!("the cloud does not tell its `{name}`"), false));
                }
                Source::Set { .. } | Source::Default(_) | Source::Common(_) | Source::Only(..) => {
                    continue;
                }
            };
            let is = object.fields.get(*name).unwrap_or(&Value::Null);
            if *is != wanted {
                let kind = self.kind.name;
                let why = format!(
                    "its {} has `{name}: {}`, where {kind} stands for `{}`",
                    info.name,
                    words(is),
                    words(&wanted)
                );
                return Err((why, is_purpose));
            }
        }
        Ok(())
    }

    fn said(&self, matched: &[Matched<'_>], what: String) -> Member {
        let mut member = Member {
            at: self.at,
            account: self.holdings.wish.account.name.clone(),
            what,
            cloud_name: self.provider.identity.clone(),
            objects: Vec::new(),
            common: BTreeMap::new(),
            set: Vec::new(),
        };
        for (part, object, text) in matched {
            member.objects.push(key(object));
            for field in object.kind.info().fields {
                let from = part.fields.iter().find(|(name, _)| *name == field.name);
                let own = said(object, text, field);
                match from.map(|(_, from)| from) {
                    Some(Source::Fixed(_) | Source::Sibling(_)) => {}
                    Some(from @ (Source::Common(name) | Source::Only(name, _))) => {
                        let mut portable = own.clone();
                        if let (Source::Only(..), Some(said)) = (from, &mut portable) {
                            said.value = Value::Array(vec![said.value.take()]);
                        }
                        let common = Common {
                            native: field,
                            own,
                            portable,
                        };
                        member.common.insert(name, common);
                    }
                    Some(Source::Default(value)) => {
                        let is = own.as_ref().map(|own| &own.value);
                        if !field.same(is, Some(value)) {
                            let own = own.unwrap_or_else(Said::nothing);
                            member.set.push((field.name, own));
                        }
                    }
                    Some(Source::Set { .. }) | None => {
                        member.set.extend(own.map(|own| (field.name, own)));
                    }
                }
            }
        }
        member
    }
}

impl Said {
    /// What clears a field.
    pub(super) fn nothing() -> Self {
        Self {
            value: Value::Null,
            side: None,
        }
    }
}

/// What the native manifest would say of a field.
fn said(object: &Found, text: &Written, field: &Field) -> Option<Said> {
    let (_, spelled) = text.spec.iter().find(|(name, _)| name == field.name)?;
    let side = text.side.clone().filter(|side| side.field == field.name);
    let value = match side {
        Some(_) => object.fields.get(field.name)?.clone(),
        None => spelled.clone(),
    };
    Some(Said { value, side })
}

fn words(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => "nothing".to_owned(),
        Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => value.to_string(),
    }
}
