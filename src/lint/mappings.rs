//! Mappings that give everybody one name, or whose conditions keep nobody out.

use super::{Rule, Scene, Smell};
use crate::federation::mapping;
use crate::model::Code;
use crate::provider::{Form, JsonGrammar};

/// The rule.
pub(super) static RULE: Rule = Rule {
    codes: &[Code::EverybodyOneUser, Code::MatchesEverything],
    check,
};

fn check<'w>(scene: &Scene<'w>) -> Vec<Smell<'w>> {
    let mut smells = Vec::new();
    for desired in scene.objects() {
        for field in desired.kind.info().fields {
            let Form::Json {
                grammar: JsonGrammar::MappingRules,
                ..
            } = field.form
            else {
                continue;
            };
            let Some(document) = desired.fields.get(field.name) else {
                continue;
            };
            for (index, rule) in mapping::rules(document).into_iter().enumerate() {
                let smell = |code, title: &str, label, help: &str| Smell {
                    code,
                    of: desired,
                    field: Some(field.name),
                    title: title.to_owned(),
                    label,
                    note: None,
                    help: help.to_owned(),
                };
                if let Some(user) = rule.constant_user.filter(|_| !rule.is_restricted) {
                    smells.push(smell(
                        Code::EverybodyOneUser,
                        "everybody becomes the same user",
                        format!("rule {} names everybody `{user}`", index + 1),
                        "take the name from the token ({0} and an entry of `remote` without lists), or say with `any_one_of` whom the rule is for",
                    ));
                }
                for (attribute, pattern) in rule.patterns {
                    if mapping::matches_everything(&pattern) {
                        smells.push(smell(
                            Code::MatchesEverything,
                            "a regular expression matches everything",
                            format!("rule {}: `{pattern}` for `{attribute}`", index + 1),
                            "write what is really wanted, or leave the condition out",
                        ));
                    }
                }
            }
        }
    }
    smells
}
