//! OIDC providers: apis/alibaba.md §3.1. Unless a line says otherwise the error codes are the
//! guesses of its table, UNCONFIRMED.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::answer::{Fields, Refusal, Result, refusal};
use super::state::{OidcProvider, OnEmpty, default_issuance_limit_hours, misses};
use super::{Call, check, fields, page};

/// Providers on a page at most: apis/alibaba.md §1.6.
const PAGE_ITEMS_MAX: usize = 100;

/// Adds a provider; not idempotent. Name and issuer are both unique in the account.
pub(super) fn create(call: &mut Call<'_>) -> Result {
    let name = check::provider_name(&call.asked)?;
    let settings = &call.state.settings;
    let provider = OidcProvider {
        issuer_url: check::issuer_url(&call.asked)?,
        client_ids: check::client_ids(call.asked.text("ClientIds"), settings)?,
        fingerprints: check::fingerprints(call.asked.text("Fingerprints"), settings)?,
        description: check::description(call.asked.text("Description"))?,
        issuance_limit_time: check::issuance_limit_hours(&call.asked)?
            .unwrap_or_else(default_issuance_limit_hours),
        create_date: date(call.now_unix_seconds),
        update_date: date(call.now_unix_seconds),
        sandbox_reads_until_visible: settings.read_lag_reads,
    };
    let providers = &call.state.oidc_providers;
    if providers.contains_key(&name) {
        return Err(exists("EntityAlreadyExists.OIDCProvider"));
    }
    if providers
        .values()
        .any(|other| other.issuer_url == provider.issuer_url)
    {
        // The code is confirmed, its status guessed.
        return Err(exists("EntityAlreadyExists.OIDCProvider.Url"));
    }
    check::within(
        providers.len() + 1,
        settings.oidc_provider_quota,
        "OIDCProvider",
    )?;
    let shown = shown(call, &name, &provider);
    call.state.oidc_providers.insert(name, provider);
    Ok(shown)
}

/// One provider.
pub(super) fn get(call: &mut Call<'_>) -> Result {
    let name = check::provider_name(&call.asked)?;
    let provider = call
        .state
        .oidc_providers
        .get_mut(&name)
        .ok_or_else(absent)?;
    if misses(&mut provider.sandbox_reads_until_visible) {
        return Err(absent());
    }
    let provider = provider.clone();
    Ok(shown(call, &name, &provider))
}

/// All providers, page by page, in the order of their names.
pub(super) fn list(call: &mut Call<'_>) -> Result {
    let mut visible = Vec::new();
    for (name, provider) in &mut call.state.oidc_providers {
        if !misses(&mut provider.sandbox_reads_until_visible) {
            visible.push(name.clone());
        }
    }
    let page = page::cut(&call.asked, &call.state.settings, visible, PAGE_ITEMS_MAX)?;
    let items: Vec<Value> = page
        .names
        .iter()
        .filter_map(|name| {
            let provider = call.state.oidc_providers.get(name)?;
            Some(object(call, name, provider))
        })
        .collect();
    let mut answer = fields(json!({
        "OIDCProviders": {"OIDCProvider": items},
        "IsTruncated": page.is_truncated,
    }));
    if let Some(marker) = page.marker {
        answer.insert("Marker".to_owned(), marker.into());
    }
    Ok(answer)
}

/// Changes what is given and only that; `ClientIds` replaces the whole list. Fingerprints and
/// issuer are not looked at.
pub(super) fn update(call: &mut Call<'_>) -> Result {
    let client_ids = match call.asked.given("ClientIds") {
        None => None,
        Some("") => match call.state.settings.empty_client_ids {
            OnEmpty::Ignored => None,
            OnEmpty::Refused => return Err(check::invalid("ClientIds", "not empty")),
            OnEmpty::Clears => Some(Vec::new()),
        },
        Some(list) => Some(check::client_ids(list, &call.state.settings)?),
    };
    let description = match call.asked.given("NewDescription") {
        None => None,
        Some("") => match call.state.settings.empty_description {
            OnEmpty::Ignored => None,
            OnEmpty::Refused => return Err(check::invalid("NewDescription", "not empty")),
            OnEmpty::Clears => Some(String::new()),
        },
        Some(text) => Some(check::description(text)?),
    };
    let issuance_limit_time = check::issuance_limit_hours(&call.asked)?;
    change(call, |provider, _| {
        if let Some(client_ids) = client_ids {
            provider.client_ids = client_ids;
        }
        if let Some(description) = description {
            provider.description = description;
        }
        if let Some(hours) = issuance_limit_time {
            provider.issuance_limit_time = hours;
        }
        Ok(())
    })
}

/// Removes a provider, also while roles still trust it (UNCONFIRMED).
pub(super) fn delete(call: &mut Call<'_>) -> Result {
    let name = check::provider_name(&call.asked)?;
    call.state
        .oidc_providers
        .remove(&name)
        .map(|_| Fields::new())
        .ok_or_else(absent)
}

/// Appends one client id.
pub(super) fn add_client_id(call: &mut Call<'_>) -> Result {
    let value = call.asked.text("ClientId").to_owned();
    check::client_id(&value, "ClientId", &call.state.settings)?;
    let quota = call.state.settings.client_id_quota;
    change(call, |provider, _| {
        if provider.client_ids.contains(&value) {
            return Err(exists("EntityAlreadyExists.OIDCProvider.ClientId"));
        }
        let count = provider.client_ids.len() + 1;
        check::within(count, quota, "OIDCProvider.ClientId")?;
        provider.client_ids.push(value);
        Ok(())
    })
}

/// Removes one client id; the last one too.
pub(super) fn remove_client_id(call: &mut Call<'_>) -> Result {
    let value = call.asked.text("ClientId").to_owned();
    check::client_id(&value, "ClientId", &call.state.settings)?;
    change(call, |provider, _| {
        let at = position(&provider.client_ids, &value, "ClientId")?;
        provider.client_ids.remove(at);
        Ok(())
    })
}

/// Appends one fingerprint, in the case it was sent in.
pub(super) fn add_fingerprint(call: &mut Call<'_>) -> Result {
    let value = call.asked.text("Fingerprint").to_owned();
    check::fingerprint(&value, "Fingerprint", &call.state.settings)?;
    let quota = call.state.settings.fingerprint_quota;
    change(call, |provider, _| {
        if provider.fingerprints.contains(&value) {
            return Err(exists("EntityAlreadyExists.OIDCProvider.Fingerprint"));
        }
        let count = provider.fingerprints.len() + 1;
        check::within(count, quota, "OIDCProvider.Fingerprint")?;
        provider.fingerprints.push(value);
        Ok(())
    })
}

/// Removes one fingerprint, but not the last.
pub(super) fn remove_fingerprint(call: &mut Call<'_>) -> Result {
    let value = call.asked.text("Fingerprint").to_owned();
    check::fingerprint(&value, "Fingerprint", &call.state.settings)?;
    let last_may_go = call.state.settings.last_fingerprint_removable;
    change(call, |provider, _| {
        let at = position(&provider.fingerprints, &value, "Fingerprint")?;
        if provider.fingerprints.len() == 1 && !last_may_go {
            return Err(check::invalid("Fingerprint", "at least one must remain"));
        }
        provider.fingerprints.remove(at);
        Ok(())
    })
}

/// Changes one provider, moves its date and shows it.
fn change(call: &mut Call<'_>, act: impl FnOnce(&mut OidcProvider, &str) -> Result<()>) -> Result {
    let name = check::provider_name(&call.asked)?;
    let now = date(call.now_unix_seconds);
    let provider = call
        .state
        .oidc_providers
        .get_mut(&name)
        .ok_or_else(absent)?;
    act(provider, &name)?;
    provider.update_date = now;
    let provider = provider.clone();
    Ok(shown(call, &name, &provider))
}

fn shown(call: &Call<'_>, name: &str, provider: &OidcProvider) -> Fields {
    Fields::from_iter([("OIDCProvider".to_owned(), object(call, name, provider))])
}

/// Comma strings, one number, and dates in two forms: apis/alibaba.md §3.1.
fn object(call: &Call<'_>, name: &str, provider: &OidcProvider) -> Value {
    let mut object = json!({
        "OIDCProviderName": name,
        "Arn": format!("acs:ram::{}:oidc-provider/{name}", call.key.account),
        "IssuerUrl": provider.issuer_url,
        "ClientIds": provider.client_ids.join(","),
        "Fingerprints": provider.fingerprints.join(","),
        "Description": provider.description,
        "IssuanceLimitTime": provider.issuance_limit_time,
        "CreateDate": provider.create_date,
        "UpdateDate": provider.update_date,
        "GmtCreate": milliseconds(&provider.create_date),
        "GmtModified": milliseconds(&provider.update_date),
    });
    if call.state.settings.omit_empty_fields
        && let Some(members) = object.as_object_mut()
    {
        members.retain(|_, value| value.as_str() != Some(""));
    }
    object
}

/// `YYYY-MM-DDThh:mm:ssZ`.
pub(super) fn date(unix_seconds: i64) -> String {
    Timestamp::from_second(unix_seconds)
        .map(|time| time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string())
        .unwrap_or_default()
}

/// Text of epoch milliseconds in whole seconds; empty for a date somebody broke in the file.
fn milliseconds(date: &str) -> String {
    date.parse::<Timestamp>()
        .map(|time| format!("{}000", time.as_second()))
        .unwrap_or_default()
}

fn position(values: &[String], value: &str, of: &str) -> Result<usize> {
    values
        .iter()
        .position(|known| known == value)
        .ok_or_else(|| {
            refusal(
                404,
                format!("EntityNotExist.OIDCProvider.{of}"),
                format!("The {of} does not exist in the OIDC provider."),
            )
        })
}

fn exists(code: &str) -> Refusal {
    refusal(409, code, "The entity already exists.")
}

fn absent() -> Refusal {
    // Confirmed: apis/alibaba.md §3.1.
    refusal(
        404,
        "EntityNotExist.OIDCProvider",
        "The OIDC provider does not exist.",
    )
}
