//! What the answers say of roles (apis/tencent.md §3.6).

use std::collections::BTreeSet;

use serde_json::Map;

use super::{GET, LIST_POLICIES};
use crate::clouds::answers::{came, malformed};
use crate::clouds::wire;
use crate::model::{Fields, Value};
use crate::provider::{Answer, ErrorClass, Facts, Live, Observation, Reply};

/// Roles of cloud services, which nobody else may change (§3.6).
pub(super) fn belongs_to_a_service(role: &Value) -> bool {
    matches!(
        wire::text(role, "RoleType").as_deref(),
        Some("system" | "service_linked")
    )
}

/// What is known of one role, from the two answers about it.
pub(super) fn observe_role(answers: &[Answer]) -> Observation {
    let role = match came(GET, answers.first()) {
        Ok(reply) => reply,
        Err(error) if error.class == ErrorClass::NotFound => {
            return Observation::Absent(Facts::new());
        }
        Err(error) => return Observation::Unreadable(error),
    };
    let policies = match came(LIST_POLICIES, answers.get(1)) {
        Ok(reply) if is_whole(reply) => reply,
        Ok(reply) => {
            let what = "the list of attached policies is not whole";
            return Observation::Unreadable(malformed(
                LIST_POLICIES,
                what,
                reply.request_id.clone(),
            ));
        }
        Err(error) => return Observation::Unreadable(error),
    };
    let info = role.body.get("RoleInfo").cloned().unwrap_or_default();
    let Some(mut fields) = plain_fields(&info) else {
        let what = "the answer holds no trust policy";
        return Observation::Unreadable(malformed(GET, what, role.request_id.clone()));
    };
    let names: BTreeSet<String> = entries(policies)
        .filter_map(|policy| wire::text(policy, "PolicyName"))
        .collect();
    let names = names.into_iter().map(Value::from).collect();
    fields.insert("policies".to_owned(), names);
    Observation::Present(Live {
        fields: fields.into(),
        raw: info,
        facts: Facts::new(),
    })
}

/// What a role shows by itself; [`None`] without a trust policy, which every role has.
fn plain_fields(raw: &Value) -> Option<Fields> {
    let document = wire::text(raw, "PolicyDocument").filter(|text| !text.is_empty())?;
    let tags = raw.get("Tags").and_then(Value::as_array);
    let tags: Map<String, Value> = tags
        .into_iter()
        .flatten()
        .filter_map(|tag| Some((wire::text(tag, "Key")?, wire::text_or_empty(tag, "Value"))))
        .collect();
    let console_login = wire::number(raw, "ConsoleLogin") == Some(1);
    let mut live = Fields::from([
        ("trust".to_owned(), wire::document(document)),
        (
            "description".to_owned(),
            wire::text_or_empty(raw, "Description"),
        ),
        ("consoleLogin".to_owned(), console_login.into()),
        ("tags".to_owned(), Value::Object(tags)),
    ]);
    if let Some(seconds) = wire::number(raw, "SessionDuration") {
        live.insert("sessionDurationSeconds".to_owned(), seconds.into());
    }
    Some(live)
}

/// The entries of all pages.
pub(super) fn entries(reply: &Reply) -> impl Iterator<Item = &Value> {
    reply
        .pages()
        .filter_map(|page| page.get("List")?.as_array())
        .flatten()
}

/// Whether each page holds a list, and all together as many as the cloud counts. A list that is left
/// out is an empty one only where the cloud counts none: an answer of another shape tells nothing.
pub(super) fn is_whole(reply: &Reply) -> bool {
    let holds_list = |page: &Value| match &page["List"] {
        Value::Array(_) => true,
        Value::Null => wire::number(page, "TotalNum") == Some(0),
        Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_) => false,
    };
    if !reply.pages().all(holds_list) {
        return false;
    }
    let total = wire::number(&reply.body, "TotalNum");
    let count = i64::try_from(entries(reply).count()).unwrap_or(i64::MAX);
    total.is_none_or(|total| count >= total)
}
