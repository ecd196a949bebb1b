//! The quota call, consistent with what the other calls enforce (`apis/huawei.md §3.8`).

use serde_json::{Value, json};

use super::asked::{Answer, Asked};
use super::fault::Fault;
use super::state::State;

pub(super) fn show(asked: &Asked<'_>, state: &State, domain: &str) -> Answer {
    if domain != asked.account {
        return Err(Fault::not_authorised());
    }
    let settings = &state.settings;
    let kinds = [
        quota(
            "idp",
            settings.quota_identity_providers,
            &json!(state.identity_providers.len()),
            20,
        ),
        // The documents' example has no number here, so clients have to count rules themselves.
        quota(
            "mapping",
            settings.quota_conversion_rules,
            &Value::Null,
            100,
        ),
        quota("user", 50, &json!(1), 1_000),
        quota("group", 20, &json!(1), 100),
        quota("agency", 50, &json!(0), 100),
        quota("policy", 200, &json!(0), 1_000),
    ];
    let wanted = asked.query("type");
    let chosen: Vec<&Value> = kinds
        .iter()
        .filter(|kind| {
            wanted
                .as_deref()
                .is_none_or(|wanted| kind.get("type").and_then(Value::as_str) == Some(wanted))
        })
        .collect();
    if chosen.is_empty() {
        return Err(Fault::parameter("type"));
    }
    Ok((200, Some(json!({"quotas": {"resources": chosen}}))))
}

fn quota(kind: &str, quota: u32, used: &Value, max: u32) -> Value {
    json!({"type": kind, "quota": quota, "used": used, "min": 10, "max": max})
}
