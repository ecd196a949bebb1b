//! SAML providers: apis/alibaba.md §3.3.

use serde_json::{Value, json};

use super::answer::{Fields, Refusal, Result, refusal};
use super::oidc_provider::date;
use super::state::{OnEmpty, SamlProvider, Settings, misses};
use super::{Call, check, fields, metadata, page};

/// Providers on a page at most: apis/alibaba.md §1.6.
const PAGE_ITEMS_MAX: usize = 100;

/// The document's name in creates and answers.
const DOCUMENT: &str = "EncodedSAMLMetadataDocument";

/// Adds a provider; not idempotent.
pub(super) fn create(call: &mut Call<'_>) -> Result {
    let name = check::saml_provider_name(&call.asked)?;
    let settings = &call.state.settings;
    let provider = SamlProvider {
        document: metadata::accept(call.asked.text(DOCUMENT), DOCUMENT, settings)?,
        description: check::description(call.asked.text("Description"))?,
        authn_sign_algo: check::algorithm(&call.asked, settings)?.unwrap_or_default(),
        create_date: date(call.now_unix_seconds),
        update_date: date(call.now_unix_seconds),
        sandbox_reads_until_visible: settings.read_lag_reads,
    };
    let providers = &call.state.saml_providers;
    if providers.contains_key(&name) {
        // UNCONFIRMED: apis/alibaba.md §3.3.
        return Err(refusal(
            409,
            "EntityAlreadyExists.SAMLProvider",
            "The SAML provider already exists.",
        ));
    }
    let quota = settings.saml_provider_quota;
    check::within(providers.len() + 1, quota, "SAMLProvider")?;
    let shown = shown(call, &name, &provider);
    call.state.saml_providers.insert(name, provider);
    Ok(shown)
}

/// One provider, with its document.
pub(super) fn get(call: &mut Call<'_>) -> Result {
    let name = check::saml_provider_name(&call.asked)?;
    let absent = absent(&call.state.settings);
    let Some(provider) = call.state.saml_providers.get_mut(&name) else {
        return Err(absent);
    };
    if misses(&mut provider.sandbox_reads_until_visible) {
        return Err(absent);
    }
    let provider = provider.clone();
    let mut shown = shown(call, &name, &provider);
    if let Some(object) = shown.get_mut("SAMLProvider") {
        object[DOCUMENT] = metadata::shown(&provider.document).into();
    }
    Ok(shown)
}

/// All providers, page by page, in the order of their names, without document and algorithm.
pub(super) fn list(call: &mut Call<'_>) -> Result {
    let mut visible = Vec::new();
    for (name, provider) in &mut call.state.saml_providers {
        if !misses(&mut provider.sandbox_reads_until_visible) {
            visible.push(name.clone());
        }
    }
    let page = page::cut(&call.asked, &call.state.settings, visible, PAGE_ITEMS_MAX)?;
    let items: Vec<Value> = page
        .names
        .iter()
        .filter_map(|name| {
            let provider = call.state.saml_providers.get(name)?;
            Some(object(call, name, provider))
        })
        .collect();
    let mut answer = fields(json!({
        "SAMLProviders": {"SAMLProvider": items},
        "IsTruncated": page.is_truncated,
    }));
    if let Some(marker) = page.marker {
        answer.insert("Marker".to_owned(), marker.into());
    }
    Ok(answer)
}

/// Changes what is given and only that; description or document must be.
pub(super) fn update(call: &mut Call<'_>) -> Result {
    let name = check::saml_provider_name(&call.asked)?;
    let settings = &call.state.settings;
    let parameter = format!("New{DOCUMENT}");
    let document = call
        .asked
        .given(&parameter)
        .map(|encoded| metadata::accept(encoded, &parameter, settings))
        .transpose()?;
    let given = call.asked.given("NewDescription");
    if document.is_none() && given.is_none() {
        return Err(check::invalid(
            &parameter,
            "either it or NewDescription must be given",
        ));
    }
    let description = match given {
        None => None,
        Some("") => match settings.empty_description {
            OnEmpty::Ignored => None,
            OnEmpty::Refused => return Err(check::invalid("NewDescription", "not empty")),
            OnEmpty::Clears => Some(String::new()),
        },
        Some(text) => Some(check::description(text)?),
    };
    let algorithm = check::algorithm(&call.asked, settings)?;
    let absent = absent(settings);
    let Some(provider) = call.state.saml_providers.get_mut(&name) else {
        return Err(absent);
    };
    if let Some(document) = document {
        provider.document = document;
    }
    if let Some(description) = description {
        provider.description = description;
    }
    if let Some(algorithm) = algorithm {
        provider.authn_sign_algo = algorithm;
    }
    provider.update_date = date(call.now_unix_seconds);
    let provider = provider.clone();
    Ok(shown(call, &name, &provider))
}

/// Removes a provider, also while roles still trust it (UNCONFIRMED).
pub(super) fn delete(call: &mut Call<'_>) -> Result {
    let name = check::saml_provider_name(&call.asked)?;
    let absent = absent(&call.state.settings);
    match call.state.saml_providers.remove(&name) {
        Some(_) => Ok(Fields::new()),
        None => Err(absent),
    }
}

/// The object as creates and updates answer it: with the algorithm, without the document.
fn shown(call: &Call<'_>, name: &str, provider: &SamlProvider) -> Fields {
    let mut object = object(call, name, provider);
    if call.state.settings.knows_authn_sign_algo {
        object["AuthnSignAlgo"] = json!(provider.authn_sign_algo);
    }
    Fields::from_iter([("SAMLProvider".to_owned(), object)])
}

/// What every answer tells.
fn object(call: &Call<'_>, name: &str, provider: &SamlProvider) -> Value {
    let mut object = json!({
        "SAMLProviderName": name,
        "Arn": format!("acs:ram::{}:saml-provider/{name}", call.key.account),
        "Description": provider.description,
        "CreateDate": provider.create_date,
        "UpdateDate": provider.update_date,
    });
    if call.state.settings.omit_empty_fields
        && let Some(members) = object.as_object_mut()
    {
        members.retain(|_, value| value.as_str() != Some(""));
    }
    object
}

/// Two spellings were observed: apis/alibaba.md §3.3.
fn absent(settings: &Settings) -> Refusal {
    let code = if settings.saml_not_found_ends_in_error {
        "EntityNotExist.SAMLProviderError"
    } else {
        "EntityNotExist.SAMLProvider"
    };
    refusal(404, code, "The SAML provider does not exist.")
}
