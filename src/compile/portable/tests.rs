//! Portable kinds against the tables of the kinds they stand for.

use std::collections::BTreeSet;

use crate::clouds::{CLOUDS, cloud_of, kind as native};
use crate::model::{CloudId, KindName};
use crate::provider::portable::{Holding, Source};
use crate::provider::{Form, Naming, Need, PortableKind, field_of};

use super::{CATALOGUE, PORTABLE};

/// Every way a portable kind is held by a cloud.
fn holdings() -> impl Iterator<Item = (&'static PortableKind, CloudId, &'static str, Holding)> {
    PORTABLE.iter().flat_map(|kind| {
        CLOUDS.iter().flat_map(move |cloud| {
            kind.uses.iter().filter_map(move |(word, _)| {
                let holding = kind.in_general(cloud.id, word).ok()?;
                Some((*kind, cloud.id, *word, holding))
            })
        })
    })
}

#[test]
fn names_are_unique_and_uses_are_the_words_of_the_field() {
    let natives = CLOUDS.iter().flat_map(|cloud| cloud.kinds);
    let mut names: BTreeSet<KindName> = natives.map(|kind| kind.info().name).collect();
    for kind in CATALOGUE.portable {
        assert!(names.insert(kind.name), "{} twice", kind.name);
        assert!(kind.doc.ends_with('.'), "{}", kind.name);
        let field = kind.fields.iter().find(|field| field.name == "use");
        let field = field.expect("every portable kind says what it is used for");
        assert_eq!(field.need, Need::Always);
        let Form::Choice(words) = field.form else {
            panic!("{}: `use` is a choice", kind.name);
        };
        let uses: Vec<&str> = kind.uses.iter().map(|(word, _)| *word).collect();
        assert_eq!(words, uses);
        for row in kind.fields {
            assert!(row.doc.ends_with('.'), "{}.{}", kind.name, row.name);
        }
        for (field, word) in kind.only_with {
            assert!(kind.fields.iter().any(|row| row.name == *field), "{field}");
            assert!(uses.contains(word), "{word}");
        }
    }
}

#[test]
fn parts_are_kinds_and_fields_of_their_cloud() {
    let mut count = 0;
    for (portable, cloud, word, holding) in holdings() {
        let place = format!("{} {word} on {cloud}", portable.name);
        let siblings: BTreeSet<KindName> = holding.parts.iter().map(|part| part.kind).collect();
        assert_eq!(siblings.len(), holding.parts.len(), "{place}: a kind twice");
        let mut settable = BTreeSet::new();
        for part in &holding.parts {
            assert_eq!(
                cloud_of(part.kind).map(|cloud| cloud.id),
                Some(cloud),
                "{place}"
            );
            let info = native(part.kind.0).expect("a native kind").info();
            assert!(
                part.cloud_name.is_none() || matches!(info.naming, Naming::Named(_)),
                "{place}"
            );
            for (name, source) in &part.fields {
                let field = field_of(info, name)
                    .unwrap_or_else(|| panic!("{place}: no {}.{name}", info.name));
                let common = |name: &str| {
                    let mut rows = portable.fields.iter();
                    rows.find(|row| row.name == name).map(|row| &row.form)
                };
                match source {
                    Source::Common(name) => assert!(common(name).is_some(), "{place}: {name}"),
                    Source::Only(name, gap) => {
                        assert!(
                            matches!(common(name), Some(Form::TextSet { .. })),
                            "{place}"
                        );
                        assert_eq!(gap.field, *name, "{place}");
                    }
                    Source::Sibling(kind) => {
                        let Form::Reference { kind: wanted, .. } = field.form else {
                            panic!("{place}: {name} is no reference");
                        };
                        assert_eq!(wanted, kind.0, "{place}");
                        assert!(siblings.contains(kind), "{place}");
                    }
                    Source::Default(_) | Source::Fixed(_) | Source::Set { .. } => {}
                }
            }
            // `set` has one list of names for all parts, so none may mean two things.
            for field in info.fields {
                let source = part.fields.iter().find(|(name, _)| *name == field.name);
                if source.is_none_or(|(_, source)| source.can_be_set()) {
                    assert!(settable.insert(field.name), "{place}: {}", field.name);
                }
                let is_given = source.is_some();
                assert!(
                    is_given || field.need != Need::Always,
                    "{place}: {}",
                    field.name
                );
            }
            count += 1;
        }
    }
    assert!(count > 20, "there is something to check");
}

#[test]
fn every_portable_field_is_taken_or_said_to_be_of_no_use() {
    for (portable, cloud, word, holding) in holdings() {
        for row in portable.fields.iter().filter(|row| row.name != "use") {
            let is_taken = holding.takers(row.name).next().is_some();
            let mut not_used = holding.not_used.iter();
            let is_needless = not_used.any(|(name, _)| *name == row.name);
            let mut only_with = portable.only_with.iter();
            let is_refused = only_with.any(|(name, with)| *name == row.name && with != &word);
            assert_eq!(
                [is_taken, is_needless, is_refused]
                    .map(u8::from)
                    .iter()
                    .sum::<u8>(),
                1,
                "{}.{} with {word} on {cloud}",
                portable.name,
                row.name
            );
        }
    }
}

#[test]
fn a_cloud_that_nobody_told_of_holds_nothing() {
    for kind in PORTABLE {
        for (word, _) in kind.uses {
            assert!(kind.in_general(CloudId("nowhere"), word).is_err());
        }
    }
}
