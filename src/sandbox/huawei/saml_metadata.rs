//! SAML metadata: written as `metadata`, read as `data`, never deleted (`apis/huawei.md §3.6`).

use serde_json::{Value, json};

use super::asked::{Answer, Asked, count, has_length, known_members};
use super::fault::Fault;
use super::saml_document;
use super::state::{Object, State};
use super::tokens::id_of;
use crate::sandbox::wire::Response;

/// UTC without a zone, as the documents print it.
const TIME_FORM: &str = "%Y-%m-%dT%H:%M:%S.000000";

/// The flat members; nothing imported yet is 404, which is a guess (`§3.6`).
pub(super) fn show(state: &State, idp: &str, protocol: &str) -> Answer {
    let stored = state
        .saml_metadata
        .get(idp)
        .and_then(|protocols| protocols.get(protocol))
        .ok_or_else(|| Fault::not_found("metadata", idp))?;
    let mut shown = stored.clone();
    shown.insert("idp_id".to_owned(), idp.into());
    shown.insert("protocol_id".to_owned(), protocol.into());
    Ok((200, Some(Value::Object(shown))))
}

/// Imports, over what was there before.
pub(super) fn create(asked: &Asked<'_>, state: &mut State, idp: &str, protocol: &str) -> Answer {
    let mut given = asked.body()?;
    known_members(
        &mut given,
        &["domain_id", "xaccount_type", "metadata"],
        state.settings.ignore_unknown_members,
    )?;
    let text = |name: &str| given.get(name).and_then(Value::as_str);
    // `xaccount_type` must be there, although it says nothing.
    let (Some(domain), Some(account_type), Some(metadata)) =
        (text("domain_id"), text("xaccount_type"), text("metadata"))
    else {
        return Err(Fault::body());
    };
    let entity = saml_document::entity_id(metadata).ok_or_else(Fault::body)?;
    if !has_length(metadata, 1, count(state.settings.metadata_characters)) {
        return Err(Fault::body());
    }
    if domain != asked.account {
        return Err(Fault::not_authorised());
    }
    if !state.identity_providers.contains_key(idp) {
        return Err(Fault::not_found("identity_provider", idp));
    }
    let is_saml = protocol == "saml";
    let is_known = state
        .protocols
        .get(idp)
        .is_some_and(|protocols| protocols.contains_key(protocol));
    if !is_saml || !is_known {
        return Err(Fault::not_found("federation_protocol", protocol));
    }
    let mut stored = Object::new();
    let mut put = |name: &str, value: String| stored.insert(name.to_owned(), value.into());
    put("id", id_of(&[domain, idp, protocol, "metadata"]));
    put("entity_id", entity);
    put("domain_id", domain.to_owned());
    put("xaccount_type", account_type.to_owned());
    put("update_time", asked.time(TIME_FORM));
    put("data", metadata.to_owned());
    state
        .saml_metadata
        .entry(idp.to_owned())
        .or_default()
        .insert(protocol.to_owned(), stored);
    Ok((201, Some(json!({"message": "Import metadata successful"}))))
}

/// The cloud's own metadata, which administrators of identity providers import; no credentials
/// needed (`§3.6`).
pub(super) fn of_the_cloud() -> Response {
    Response {
        status: 200,
        headers: vec![("content-type".to_owned(), "application/xml".to_owned())],
        body: OF_THE_CLOUD.as_bytes().to_vec(),
    }
}

const OF_THE_CLOUD: &str = concat!(
    r#"<?xml version="1.0" encoding="UTF-8"?>"#,
    r#"<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" "#,
    r#"entityID="https://auth.huaweicloud.com/">"#,
    r#"<md:SPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">"#,
    r#"<md:AssertionConsumerService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" "#,
    r#"Location="https://auth.huaweicloud.com/authui/saml/SAMLAssertionConsumer" "#,
    r#"index="0" isDefault="true"/></md:SPSSODescriptor></md:EntityDescriptor>"#,
);
