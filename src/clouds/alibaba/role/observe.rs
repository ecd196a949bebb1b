//! What the answers say of roles (apis/alibaba.md §3.5).

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Map;

use super::{GET, LIST, LIST_POLICIES, LIST_TAGS};
use crate::clouds::alibaba::api::is_whole;
use crate::clouds::answers::{came, malformed};
use crate::clouds::wire;
use crate::model::{Fields, Value};
use crate::provider::{Answer, ErrorClass, Facts, Live, Observation, ProviderError, Reply, Scope};

/// Tags by role.
pub(super) type Tags = BTreeMap<String, Map<String, Value>>;

/// The tags of all roles that were read, in the list of roles or in that of one role's tags.
pub(super) fn tags_of(scope: Scope<'_>, answer: Option<&Answer>) -> Result<Tags, ProviderError> {
    let mut found = Tags::new();
    match scope {
        Scope::Account(_) => {
            let reply = came(LIST, answer)?;
            if !is_whole(reply, "Roles", "Role") {
                let what = "the list is not whole";
                return Err(malformed(LIST, what, reply.request_id.clone()));
            }
            for role in roles(reply) {
                if let Some(name) = wire::text(role, "RoleName") {
                    let tags = role.get("Tags").and_then(|tags| tags.get("Tag"));
                    let tags = tags.and_then(Value::as_array).into_iter().flatten();
                    found.insert(name, tags.filter_map(pair).collect());
                }
            }
        }
        Scope::One(name) => {
            let reply = came(LIST_TAGS, answer)?;
            let holds_list = |page: &Value| {
                let page = page.as_object();
                page.is_some_and(|page| page.get("TagResources").is_none_or(Value::is_array))
            };
            if !reply.pages().all(holds_list) {
                let what = "the answer holds no list of tags";
                return Err(malformed(LIST_TAGS, what, reply.request_id.clone()));
            }
            let pages = reply
                .pages()
                .filter_map(|page| page.get("TagResources")?.as_array());
            let tags = pages
                .flatten()
                .filter(|tag| wire::text(tag, "ResourceName").is_none_or(|of| of == name));
            found.insert(name.to_owned(), tags.filter_map(pair).collect());
        }
    }
    Ok(found)
}

fn pair(tag: &Value) -> Option<(String, Value)> {
    let key = wire::text(tag, "TagKey")?;
    Some((key, wire::text_or_empty(tag, "TagValue")))
}

fn roles(reply: &Reply) -> impl Iterator<Item = &Value> {
    reply
        .pages()
        .filter_map(|page| page.get("Roles")?.get("Role")?.as_array())
        .flatten()
}

/// The roles that nobody asked for: no more than their names and what is beside them.
pub(super) fn listed(
    reply: &Reply,
    wanted: &BTreeMap<String, Observation>,
) -> BTreeMap<String, Live> {
    let named = roles(reply).filter_map(|role| Some((wire::text(role, "RoleName")?, role)));
    named
        .filter(|(name, _)| !wanted.contains_key(name))
        .map(|(name, role)| {
            let live = Live {
                fields: plain_fields(role).into(),
                raw: role.clone(),
                facts: Facts::new(),
            };
            (name, live)
        })
        .collect()
}

/// What is known of one role, from the answers about it and the tags of all.
pub(super) fn observe_role(
    name: &str,
    answers: &[Answer],
    tags: Result<&Tags, &ProviderError>,
) -> Observation {
    let role = match came(GET, answers.first()) {
        Ok(reply) => reply,
        Err(error) if error.class == ErrorClass::NotFound => {
            return Observation::Absent(Facts::new());
        }
        Err(error) => return Observation::Unreadable(error),
    };
    let policies = match came(LIST_POLICIES, answers.get(1)) {
        Ok(reply) => policies(&reply.body),
        Err(error) => return Observation::Unreadable(error),
    };
    let tags = match tags {
        Ok(tags) => tags.get(name).cloned().unwrap_or_default(),
        Err(error) => return Observation::Unreadable(error.clone()),
    };
    let Some((raw, document)) = role.body.get("Role").and_then(|raw| {
        let document = wire::text(raw, "AssumeRolePolicyDocument")?;
        Some((raw, document))
    }) else {
        let what = "the answer holds no role";
        return Observation::Unreadable(malformed(GET, what, role.request_id.clone()));
    };
    let mut fields = plain_fields(raw);
    fields.insert("trust".to_owned(), wire::document(document));
    fields.insert("policies".to_owned(), policies);
    fields.insert("tags".to_owned(), Value::Object(tags));
    Observation::Present(Live {
        fields: fields.into(),
        raw: raw.clone(),
        facts: Facts::new(),
    })
}

fn plain_fields(raw: &Value) -> Fields {
    let mut fields = Fields::from([(
        "description".to_owned(),
        wire::text_or_empty(raw, "Description"),
    )]);
    if let Some(seconds) = wire::number(raw, "MaxSessionDuration") {
        fields.insert("maxSessionDurationSeconds".to_owned(), seconds.into());
    }
    fields
}

fn policies(body: &Value) -> Value {
    let list = body.get("Policies").and_then(|list| list.get("Policy"));
    let list = list.and_then(Value::as_array).into_iter().flatten();
    let names: BTreeSet<String> = list
        .filter_map(|policy| {
            let kind = wire::text(policy, "PolicyType")?;
            Some(format!("{kind}/{}", wire::text(policy, "PolicyName")?))
        })
        .collect();
    names.into_iter().map(Value::from).collect()
}
