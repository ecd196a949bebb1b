//! Pinned keys that are weak, or that no sign-in will use.

use serde_json::Value;

use super::{Rule, Scene, Smell};
use crate::federation::jwks::{self, KeyUse};
use crate::model::Code;
use crate::provider::Form;

/// The rule.
pub(super) static RULE: Rule = Rule {
    codes: &[Code::WeakKey, Code::UnexpectedKey],
    check,
};

/// RFC 7518 §3.3 asks for this length at least.
const LEAST_RSA_BITS: usize = 2048;

/// The exponent of nearly all RSA keys. Smaller ones are legal and have been the way into faulty
/// verifiers again and again.
const LEAST_EXPONENT: u64 = 65_537;

fn check<'w>(scene: &Scene<'w>) -> Vec<Smell<'w>> {
    let mut smells = Vec::new();
    for desired in scene.objects() {
        let keys = desired.kind.info().fields.iter();
        let keys = keys.filter(|field| matches!(field.form, Form::Keys { .. }));
        for field in keys {
            let set = desired.fields.get(field.name);
            let keys = set.and_then(|set| set.get("keys")?.as_array());
            let keys: &[Value] = keys.map_or(&[], Vec::as_slice);
            for key in keys {
                let said = jwks::describe(key);
                let mut smell = |code, title: &str, label, help: &str| {
                    smells.push(Smell {
                        code,
                        of: desired,
                        field: Some(field.name),
                        title: format!("`{}` holds {title}", field.name),
                        label,
                        note: Some(format!("the key is {said}")),
                        help: help.to_owned(),
                    });
                };
                if let Some(label) = weakness(key) {
                    let help = "have the issuer publish a key of 2048 bits or more";
                    smell(Code::WeakKey, "a weak key", label, help);
                }
                if let Some(label) = surprise(key, keys.len()) {
                    let help = "leave the key out, if the issuer does not sign with it";
                    let title = "a key that nothing will use";
                    smell(Code::UnexpectedKey, title, label, help);
                }
            }
        }
    }
    smells
}

fn weakness(key: &Value) -> Option<String> {
    let strength = jwks::rsa_strength(key)?;
    if strength.bits < LEAST_RSA_BITS {
        return Some(format!("{} bits are too few", strength.bits));
    }
    (strength.exponent? < LEAST_EXPONENT).then(|| "its public exponent is small".to_owned())
}

fn surprise(key: &Value, of: usize) -> Option<String> {
    match jwks::key_use(key) {
        KeyUse::Encryption => return Some("it is for encryption, not for signatures".to_owned()),
        KeyUse::OtherType(kind) => {
            return Some(format!("it is {kind}; the clouds document RSA alone"));
        }
        KeyUse::OtherAlgorithm(alg) => {
            return Some(format!("it is for {alg}; the clouds document RS256"));
        }
        KeyUse::Signature => {}
    }
    let kid = key.get("kid").and_then(Value::as_str).unwrap_or_default();
    let unnamed = of > 1 && kid.is_empty();
    unnamed.then(|| "it has no `kid`, so among several it cannot be chosen".to_owned())
}
