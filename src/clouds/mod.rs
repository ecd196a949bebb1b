//! The clouds, one folder each, and the one list of them.
//!
//! What the folders share is pure: [`signing`], [`wire`], [`answers`], [`ini`], [`source`],
//! [`credentials`]; but for [`sign_in`], which makes keys of credentials and keeps them, and
//! [`token`], which serves it. A cloud's own words, spellings and error codes stay in its folder.

mod answers;
mod credentials;
#[cfg(test)]
mod credentials_tests;
mod ini;
mod sample_metadata;
mod sign_in;
mod signing;
mod source;
#[cfg(test)]
mod testing;
mod token;
mod wire;

pub mod alibaba;
pub mod huawei;
pub mod tencent;

use crate::model::{CloudId, KindName};
use crate::provider::{Cloud, ResourceKind};

/// Every cloud, in the order of the documentation.
pub static CLOUDS: &[&Cloud] = &[&tencent::CLOUD, &alibaba::CLOUD, &huawei::CLOUD];

/// The cloud with this id.
pub fn cloud(id: CloudId) -> Option<&'static Cloud> {
    CLOUDS.iter().copied().find(|cloud| cloud.id == id)
}

/// The native kind with this name, whichever cloud it belongs to.
pub fn kind(name: &str) -> Option<&'static dyn ResourceKind> {
    CLOUDS
        .iter()
        .flat_map(|cloud| cloud.kinds)
        .copied()
        .find(|kind| kind.info().name.0 == name)
}

/// The cloud that a kind belongs to.
pub fn cloud_of(kind: KindName) -> Option<&'static Cloud> {
    CLOUDS
        .iter()
        .copied()
        .find(|cloud| cloud.kinds.iter().any(|known| known.info().name == kind))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::model::Value;
    use crate::provider::{Change, Need};

    fn kinds() -> impl Iterator<Item = (&'static Cloud, &'static dyn ResourceKind)> {
        CLOUDS
            .iter()
            .flat_map(|cloud| cloud.kinds.iter().map(move |kind| (*cloud, *kind)))
    }

    #[test]
    fn names_are_found_and_unique() {
        let ids: BTreeSet<_> = CLOUDS.iter().map(|cloud| cloud.id).collect();
        assert_eq!(ids.len(), CLOUDS.len());
        let mut names = BTreeSet::new();
        for (of, of_kind) in kinds() {
            let name = of_kind.info().name;
            assert!(names.insert(name), "{name} twice");
            assert_eq!(kind(name.0).unwrap().info().name, name);
            assert_eq!(cloud(of.id).unwrap().id, of.id);
        }
        assert!(kind("Nothing").is_none() && cloud(CloudId("nowhere")).is_none());
    }

    #[test]
    fn every_field_says_what_it_is_and_where_that_is_from() {
        for (cloud, kind) in kinds() {
            let info = kind.info();
            let sheet = format!("apis/{}.md §", cloud.id);
            assert!(info.source.starts_with(&sheet), "{}", info.name);
            assert!(info.doc.ends_with('.'), "{}", info.name);
            let mut names = BTreeSet::new();
            for field in info.fields {
                let place = format!("{}.{}", info.name, field.name);
                assert!(names.insert(field.name), "{place} twice");
                assert!(field.source.starts_with(&sheet), "{place}");
                assert!(
                    field.doc.ends_with('.') && !field.cloud_name.is_empty(),
                    "{place}"
                );
            }
            assert!(cloud.requests_per_second <= cloud.requests_per_second_limit);
        }
    }

    #[test]
    fn samples_cover_the_fields() {
        for (_, kind) in kinds() {
            let info = kind.info();
            let samples = kind.samples();
            let names = |sample: &Value| -> BTreeSet<String> {
                sample.as_object().unwrap().keys().cloned().collect()
            };
            let all: BTreeSet<String> = info
                .fields
                .iter()
                .map(|field| field.name.to_owned())
                .collect();
            assert_eq!(names(&samples.full), all, "{}", info.name);
            assert_eq!(names(&samples.changed), all, "{}", info.name);
            let needed: BTreeSet<String> = info
                .fields
                .iter()
                .filter(|field| field.need != Need::Optional)
                .map(|field| field.name.to_owned())
                .collect();
            // A kind may need more than its table can say: a mapping, but only for virtual users.
            assert!(
                names(&samples.minimal).is_superset(&needed),
                "{}",
                info.name
            );
            for field in info.fields {
                let differs = samples.full[field.name] != samples.changed[field.name];
                let place = format!("{}.{}", info.name, field.name);
                let identifies = field.need == Need::Always;
                let can = field.change == Change::InPlace && !identifies;
                assert!(!differs || can, "{place} cannot change in place");
            }
        }
    }
}
