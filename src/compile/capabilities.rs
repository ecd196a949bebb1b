//! What each cloud can and cannot express, as data: read off the field tables and the portable kinds,
//! so that it cannot say anything else than the checks.

use serde::Serialize;

use super::portable::CATALOGUE;
use crate::manifest::form_words;
use crate::provider::portable::{Gap, Holding, Source};
use crate::provider::{Change, Clear, Cloud, Field, KindInfo, Naming, Need, PortableKind, Removal};

/// The whole matrix, in the order of the tables.
#[derive(Debug, Clone, Serialize)]
pub struct Capabilities {
    /// The clouds.
    pub clouds: Vec<CloudEntry>,
    /// Each portable kind with each word of `use`.
    pub portable: Vec<PortableEntry>,
    /// The native kinds.
    pub kinds: Vec<KindEntry>,
}

/// One cloud.
#[derive(Debug, Clone, Serialize)]
pub struct CloudEntry {
    /// As manifests spell it.
    pub cloud: &'static str,
    /// As people call it.
    pub title: &'static str,
}

/// One portable kind with one word of `use`.
#[derive(Debug, Clone, Serialize)]
pub struct PortableEntry {
    /// The kind.
    pub kind: &'static str,
    /// The word of `use`.
    #[serde(rename = "use")]
    pub purpose: &'static str,
    /// What the word means.
    pub meaning: &'static str,
    /// What it becomes in each cloud.
    pub clouds: Vec<HeldEntry>,
}

/// What a portable document becomes in one cloud.
#[derive(Debug, Clone, Serialize)]
pub struct HeldEntry {
    /// The cloud.
    pub cloud: &'static str,
    /// The kinds of the native objects; empty when it cannot be expressed.
    pub kinds: Vec<&'static str>,
    /// The portable fields, in the order of the table.
    pub fields: Vec<TakenEntry>,
    /// Fields that only the account's `set` can give, and must.
    pub needs: Vec<NeedEntry>,
    /// What cannot be expressed.
    pub cannot: Vec<CannotEntry>,
}

/// What a portable field becomes.
#[derive(Debug, Clone, Serialize)]
pub struct TakenEntry {
    /// The portable field.
    pub field: &'static str,
    /// The native fields that take it: `Kind.field`.
    pub becomes: Vec<String>,
    /// Why none takes it.
    pub not_used: Option<&'static str>,
}

/// A native field that has to be given for one account.
#[derive(Debug, Clone, Serialize)]
pub struct NeedEntry {
    /// The field of `set`.
    pub field: &'static str,
    /// Why it cannot be left out.
    pub why: &'static str,
    /// An example as a manifest has it.
    pub example: &'static str,
}

/// Something that a cloud cannot express.
#[derive(Debug, Clone, Serialize)]
pub struct CannotEntry {
    /// The portable field that asks for it.
    pub field: &'static str,
    /// What it is.
    pub what: &'static str,
    /// Why not.
    pub why: &'static str,
    /// What comes nearest.
    pub instead: &'static str,
    /// Section of the fact sheet.
    pub source: &'static str,
}

/// One native kind.
#[derive(Debug, Clone, Serialize)]
pub struct KindEntry {
    /// The kind.
    pub kind: &'static str,
    /// Its cloud.
    pub cloud: &'static str,
    /// What it is.
    pub doc: &'static str,
    /// The fields that name an object; empty where an account has one.
    pub named_by: Vec<&'static str>,
    /// What `ensure: absent` does: `deletes`, `disables` or `with <field>`.
    pub absent: String,
    /// Why all objects of an account cannot be listed; null when they can.
    pub cannot_list: Option<&'static str>,
    /// The fields.
    pub fields: Vec<FieldEntry>,
    /// Section of the fact sheet.
    pub source: &'static str,
}

/// One native field.
#[derive(Debug, Clone, Serialize)]
pub struct FieldEntry {
    /// As manifests spell it.
    pub field: &'static str,
    /// As the cloud spells it.
    pub cloud_name: &'static str,
    /// Type and limits, in words.
    pub takes: String,
    /// `always`, `create` or `no`.
    pub needed: &'static str,
    /// Whether it can change in place; an object is replaced otherwise.
    pub changes_in_place: bool,
    /// Why null and empty are refused; null when they clear the value.
    pub cannot_clear: Option<&'static str>,
}

/// The matrix of everything that manifests may name.
pub fn capabilities() -> Capabilities {
    let clouds = CATALOGUE.clouds;
    let kinds = clouds.iter().flat_map(|cloud| {
        let infos = cloud.kinds.iter().map(|kind| kind.info());
        infos.map(|info| kind_entry(cloud, info))
    });
    let portable = CATALOGUE.portable.iter().flat_map(|kind| {
        kind.uses.iter().map(|(word, meaning)| PortableEntry {
            kind: kind.name.0,
            purpose: word,
            meaning,
            clouds: clouds.iter().map(|cloud| held(kind, word, cloud)).collect(),
        })
    });
    Capabilities {
        clouds: clouds
            .iter()
            .map(|cloud| CloudEntry {
                cloud: cloud.id.0,
                title: cloud.title,
            })
            .collect(),
        portable: portable.collect(),
        kinds: kinds.collect(),
    }
}

fn held(kind: &PortableKind, word: &str, cloud: &Cloud) -> HeldEntry {
    let holding = match kind.in_general(cloud.id, word) {
        Ok(holding) => holding,
        Err(gap) => {
            return HeldEntry {
                cloud: cloud.id.0,
                kinds: Vec::new(),
                fields: Vec::new(),
                needs: Vec::new(),
                cannot: vec![cannot(gap)],
            };
        }
    };
    let mut needs = Vec::new();
    let mut gaps = Vec::new();
    for (field, source) in holding.parts.iter().flat_map(|part| &part.fields) {
        match source {
            Source::Only(_, gap) => gaps.push(cannot(gap)),
            Source::Set { why, example } => needs.push(NeedEntry {
                field,
                why,
                example,
            }),
            Source::Common(_) | Source::Default(_) | Source::Fixed(_) | Source::Sibling(_) => {}
        }
    }
    let rows = kind.fields.iter().filter(|row| row.name != "use");
    HeldEntry {
        cloud: cloud.id.0,
        kinds: holding.parts.iter().map(|part| part.kind.0).collect(),
        fields: rows.filter_map(|row| taken(&holding, row)).collect(),
        needs,
        cannot: gaps,
    }
}

/// [`None`] for a field that means nothing with this word of `use`.
fn taken(holding: &Holding, row: &Field) -> Option<TakenEntry> {
    let becomes: Vec<String> = holding
        .takers(row.name)
        .map(|(kind, field)| format!("{kind}.{field}"))
        .collect();
    let mut not_used = holding.not_used.iter();
    let not_used = not_used.find(|(name, _)| *name == row.name);
    let not_used = not_used.map(|(_, why)| *why);
    (!becomes.is_empty() || not_used.is_some()).then_some(TakenEntry {
        field: row.name,
        becomes,
        not_used,
    })
}

fn cannot(gap: &'static Gap) -> CannotEntry {
    CannotEntry {
        field: gap.field,
        what: gap.what,
        why: gap.why,
        instead: gap.instead,
        source: gap.source,
    }
}

fn kind_entry(cloud: &Cloud, info: &'static KindInfo) -> KindEntry {
    KindEntry {
        kind: info.name.0,
        cloud: cloud.id.0,
        doc: info.doc,
        named_by: match info.naming {
            Naming::Named(_) => vec!["name"],
            Naming::Singleton => Vec::new(),
            Naming::ByFields(fields) => fields.to_vec(),
        },
        absent: match info.removal {
            Removal::Delete => "deletes".to_owned(),
            Removal::Disable => "disables".to_owned(),
            Removal::WithParent(field) => format!("with {field}"),
        },
        cannot_list: info.cannot_list,
        fields: info.fields.iter().map(field_entry).collect(),
        source: info.source,
    }
}

fn field_entry(field: &'static Field) -> FieldEntry {
    FieldEntry {
        field: field.name,
        cloud_name: field.cloud_name,
        takes: form_words(&field.form),
        needed: match field.need {
            Need::Always => "always",
            Need::ForCreate => "create",
            Need::Optional => "no",
        },
        changes_in_place: field.change == Change::InPlace,
        cannot_clear: match field.clear {
            Clear::Refused(why) => Some(why),
            Clear::Text | Clear::Set | Clear::Mapping => None,
        },
    }
}
