//! Portable kinds: one document for many clouds, as data.
//!
//! A portable kind is a table of fields and one pure function that says which native objects a
//! document stands for in one cloud, and where each of their fields comes from. Nothing is read
//! twice: values are checked by the tables of the native kinds.

use super::{Cloud, Field};
use crate::model::{CloudId, Fields, KindName, Value};

/// All kinds that manifests may name.
#[derive(Clone, Copy)]
pub struct Catalogue {
    /// The clouds with their native kinds.
    pub clouds: &'static [&'static Cloud],
    /// The kinds that stand for native ones.
    pub portable: &'static [&'static PortableKind],
}

impl From<&'static [&'static Cloud]> for Catalogue {
    /// Native kinds alone.
    fn from(clouds: &'static [&'static Cloud]) -> Self {
        Self {
            clouds,
            portable: &[],
        }
    }
}

/// One portable kind.
pub struct PortableKind {
    /// As manifests spell it.
    pub name: KindName,
    /// One or two sentences for `explain` and the documentation.
    pub doc: &'static str,
    /// Fields of `spec` besides `accounts`, with the loosest limits; those of a cloud are in the
    /// tables of its kinds. `cloud_name` and `source` say nothing here.
    pub fields: &'static [Field],
    /// The words of the field `use`, each with what it means.
    pub uses: &'static [(&'static str, &'static str)],
    /// The field that says what a document is about: objects with the same one are one federation.
    /// SAML metadata is the same when its entity id is.
    pub same_by: &'static str,
    /// Fields that mean something with one word of `use` only.
    pub only_with: &'static [(&'static str, &'static str)],
    /// What a document stands for in one cloud.
    pub stands_for: fn(&Asked<'_>) -> Result<Holding, &'static Gap>,
}

/// What a portable document says to one account.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// The account's cloud.
    pub cloud: CloudId,
    /// The name in the cloud: `set.name`, by default `metadata.name`.
    pub name: &'a str,
    /// The word of `use`.
    pub purpose: &'a str,
    /// Texts and switches that this account's `set` holds, others as null.
    pub set: &'a Fields,
}

/// The native objects that a document stands for.
#[derive(Debug, Clone)]
pub struct Holding {
    /// One for each native object.
    pub parts: Vec<Part>,
    /// The portable fields that no part takes because the cloud does the same without them, or has no
    /// place for a text. One
    /// sentence each.
    pub not_used: Vec<(&'static str, &'static str)>,
}

/// One native object.
#[derive(Debug, Clone)]
pub struct Part {
    /// Its kind.
    pub kind: KindName,
    /// Its name in the cloud where that is not [`Asked::name`].
    pub cloud_name: Option<String>,
    /// Where fields come from when `set` does not hold them; the others are left out.
    pub fields: Vec<(&'static str, Source)>,
}

/// Where a native field's value comes from.
#[derive(Debug, Clone)]
pub enum Source {
    /// The portable field of this name.
    Common(&'static str),
    /// The one element of a portable set; more than one is the gap.
    Only(&'static str, &'static Gap),
    /// This value, unless `set` has another.
    Default(Value),
    /// This value always: it is what makes the object a part of the whole.
    Fixed(Value),
    /// The object of this kind that the same document stands for.
    Sibling(KindName),
    /// `set` alone, which must have it. Why, and an example as a manifest has it.
    Set {
        /// Why it cannot be left out.
        why: &'static str,
        /// One line to copy.
        example: &'static str,
    },
}

impl Source {
    /// Whether `set` may say something else.
    pub fn can_be_set(&self) -> bool {
        match self {
            Self::Common(_) | Self::Only(..) | Self::Default(_) | Self::Set { .. } => true,
            Self::Fixed(_) | Self::Sibling(_) => false,
        }
    }
}

/// Something that a cloud cannot express.
#[derive(Debug)]
pub struct Gap {
    /// The portable field that asks for it.
    pub field: &'static str,
    /// What it is, so that "Alibaba Cloud has no …" reads well.
    pub what: &'static str,
    /// One sentence.
    pub why: &'static str,
    /// The nearest that can be done.
    pub instead: &'static str,
    /// Section of the fact sheet.
    pub source: &'static str,
}

impl Holding {
    /// Which native fields take a portable one.
    pub fn takers<'h>(
        &'h self,
        field: &'h str,
    ) -> impl Iterator<Item = (KindName, &'static str)> + 'h {
        self.parts.iter().flat_map(move |part| {
            let takes = move |(_, from): &&(&'static str, Source)| match from {
                Source::Common(name) | Source::Only(name, _) => *name == field,
                Source::Default(_) | Source::Fixed(_) | Source::Sibling(_) | Source::Set { .. } => {
                    false
                }
            };
            part.fields
                .iter()
                .filter(takes)
                .map(|(name, _)| (part.kind, *name))
        })
    }
}

impl PortableKind {
    /// What it stands for in a cloud with nothing said but the purpose.
    ///
    /// # Errors
    /// What the cloud cannot express.
    pub fn in_general(&self, cloud: CloudId, purpose: &str) -> Result<Holding, &'static Gap> {
        (self.stands_for)(&Asked {
            cloud,
            name: "NAME",
            purpose,
            set: &Fields::new(),
        })
    }
}
