//! Portable kinds: one document for many clouds.
//!
//! One file for each kind, one line of registration here. A kind says which native objects a document
//! stands for in each cloud, and what a cloud cannot express, with the reason and what comes nearest.
//! Carrying that out, with values and places, is the manifest room's; it is handed [`CATALOGUE`].

mod oidc_provider;
mod saml_provider;
#[cfg(test)]
mod tests;

use crate::clouds::CLOUDS;
use crate::model::{KindName, Value};
use crate::provider::portable::{Gap, Part, Source};
use crate::provider::{Catalogue, Change, Clear, Effect, Field, Form, Need, PortableKind};

/// Every portable kind, in the order of the documentation.
pub static PORTABLE: &[&PortableKind] = &[&oidc_provider::KIND, &saml_provider::KIND];

/// All kinds that manifests may name.
pub static CATALOGUE: Catalogue = Catalogue {
    clouds: CLOUDS,
    portable: PORTABLE,
};

/// People who sign in to consoles.
const WORKFORCE: &str = "workforce";
/// Programs that exchange tokens for short-lived credentials.
const WORKLOAD: &str = "workload";

/// What a portable kind says of a cloud that nobody has told it of.
static UNKNOWN_CLOUD: Gap = Gap {
    field: "accounts",
    what: "native kinds that this portable kind could stand for",
    why: "nobody has said yet how it is expressed there",
    instead: "declare the cloud's own kinds",
    source: "",
};

/// A row of a portable table, by its name, form, what null means, and its meaning.
const fn row(name: &'static str, form: Form, clear: Clear, doc: &'static str) -> Field {
    Field {
        name,
        cloud_name: "",
        form,
        need: Need::Optional,
        clear,
        change: Change::InPlace,
        effect: Effect::Accepts,
        doc,
        source: "",
    }
}

/// One native object that is called as the document is.
fn part(kind: &'static str, fields: Vec<(&'static str, Source)>) -> Part {
    Part {
        kind: KindName(kind),
        cloud_name: None,
        fields,
    }
}

/// The conversion rules of one federation on Huawei Cloud.
fn huawei_mapping(name: &str) -> Part {
    Part {
        kind: KindName("HuaweiMapping"),
        // The console's convention (apis/huawei.md §3.3).
        cloud_name: Some(format!("mapping_{name}")),
        // The default rule of the console and of Terraform gives every person the same name
        // (apis/huawei.md §4); nobody should get that for having said nothing.
        fields: vec![(
            "rules",
            Source::Set {
                why: "without rules Huawei Cloud would let everybody in as one and the same \
                      `FederationUser`",
                example: HUAWEI_RULES,
            },
        )],
    }
}

/// One user for each subject, with the rights of a group.
const HUAWEI_RULES: &str = "rules: [{remote: [{type: sub}], \
                            local: [{user: {name: \"{0}\"}}, {group: {name: GROUP}}]}]";

/// What ties a provider on Huawei Cloud to its mapping.
fn huawei_protocol(protocol: &'static str) -> Part {
    part(
        "HuaweiProtocol",
        vec![
            (
                "identityProvider",
                Source::Sibling(KindName("HuaweiIdentityProvider")),
            ),
            ("protocol", Source::Fixed(Value::from(protocol))),
            ("mapping", Source::Sibling(KindName("HuaweiMapping"))),
        ],
    )
}
