//! Issuers that differ by a slash at the end: one of them accepts nobody.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Rule, Scene, Smell};
use crate::compile::Desired;
use crate::model::Code;

/// The rule.
pub(super) static RULE: Rule = Rule {
    codes: &[Code::IssuerSlash],
    check,
};

/// The field of every kind that names an issuer; the word is the contract's (§1.3).
const ISSUER: &str = "issuer";

fn check<'w>(scene: &Scene<'w>) -> Vec<Smell<'w>> {
    let mut first: BTreeMap<&str, &Desired> = BTreeMap::new();
    let named = scene.objects().filter_map(|desired| {
        let issuer = desired.fields.get(ISSUER).and_then(Value::as_str)?;
        Some((issuer, desired))
    });
    let named: Vec<(&str, &Desired)> = named.collect();
    for (issuer, desired) in &named {
        first.entry(issuer).or_insert(desired);
    }
    let smell = |(issuer, desired): &(&'w str, &'w Desired)| {
        let bare = issuer.strip_suffix('/')?;
        let other = first.get(bare)?;
        Some(Smell {
            code: Code::IssuerSlash,
            of: desired,
            field: Some(ISSUER),
            title: "two issuers differ by a slash at the end".to_owned(),
            label: format!("{} has it without the slash", other.address),
            note: Some(
                "the `iss` of a token is compared byte for byte, so one of the two accepts nobody"
                    .to_owned(),
            ),
            help: "look up `issuer` in the discovery document and write it so everywhere"
                .to_owned(),
        })
    };
    named.iter().filter_map(smell).collect()
}
