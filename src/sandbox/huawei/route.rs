//! Which call a request is: two spellings of the path, each with its own verbs
//! (`apis/huawei.md §1.2`).

use super::fault::{Dialect, Fault};
use super::percent;
use crate::sandbox::wire::Request;

/// What a path names, with its keys decoded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Place {
    IdentityProviders,
    IdentityProvider(String),
    Mappings,
    Mapping(String),
    Protocols(String),
    Protocol(String, String),
    OpenIdConnectConfig(String),
    Metadata(String, String),
    ServiceProviderMetadata,
    DomainQuota(String),
    AuthDomains,
    Tokens,
    /// `…/protocols/{protocol}/auth`, by identity provider and protocol.
    ProtocolTokens(String, String),
    /// `/v3.0/OS-AUTH/id-token/tokens`; the identity provider is in a header.
    IdTokens,
    SecurityTokens,
}

/// What is done there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verb {
    List,
    Show,
    Create,
    Update,
    Delete,
}

/// One documented call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Route {
    pub(super) place: Place,
    pub(super) verb: Verb,
}

/// The error shape of a path, known or not.
pub(super) fn dialect(path: &str) -> Dialect {
    match path.split('/').nth(1) {
        Some("v3.0") => Dialect::Flat,
        Some("v3" | "v3-ext") => Dialect::Keystone,
        Some(_) | None => Dialect::Gateway,
    }
}

/// Finds the call.
///
/// # Errors
/// 404 of the gateway for an unknown path, also for the other dialect's spelling; for a known
/// path with a wrong verb 405 under `/v3`, the gateway's 404 elsewhere (`§9` item 2).
pub(super) fn route(request: &Request) -> Result<Route, Fault> {
    let place = place(&request.path).ok_or_else(Fault::no_route)?;
    let verb = verb(&place, &request.method).ok_or_else(|| {
        if request.path.starts_with("/v3/") {
            Fault::wrong_verb()
        } else {
            Fault::no_route()
        }
    })?;
    Ok(Route { place, verb })
}

fn place(path: &str) -> Option<Place> {
    let path = path.strip_prefix('/')?;
    let path = path.strip_suffix('/').unwrap_or(path);
    let segments: Vec<String> = path
        .split('/')
        .map(|segment| percent::decode_text(segment, false))
        .collect();
    let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
    let own = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    Some(match segments.as_slice() {
        ["v3", "OS-FEDERATION", "identity_providers"] => Place::IdentityProviders,
        ["v3", "OS-FEDERATION", "identity_providers", id] => Place::IdentityProvider(own(id)?),
        [
            "v3",
            "OS-FEDERATION",
            "identity_providers",
            idp,
            "protocols",
        ] => Place::Protocols(own(idp)?),
        [
            "v3",
            "OS-FEDERATION",
            "identity_providers",
            idp,
            "protocols",
            id,
        ] => Place::Protocol(own(idp)?, own(id)?),
        [
            "v3",
            "OS-FEDERATION",
            "identity_providers",
            idp,
            "protocols",
            id,
            "auth",
        ] => Place::ProtocolTokens(own(idp)?, own(id)?),
        ["v3.0", "OS-AUTH", "id-token", "tokens"] => Place::IdTokens,
        ["v3.0", "OS-CREDENTIAL", "securitytokens"] => Place::SecurityTokens,
        ["v3", "OS-FEDERATION", "mappings"] => Place::Mappings,
        ["v3", "OS-FEDERATION", "mappings", id] => Place::Mapping(own(id)?),
        ["v3", "auth", "domains"] => Place::AuthDomains,
        ["v3", "auth", "tokens"] => Place::Tokens,
        [
            "v3.0",
            "OS-FEDERATION",
            "identity-providers",
            idp,
            "openid-connect-config",
        ] => Place::OpenIdConnectConfig(own(idp)?),
        ["v3.0", "OS-QUOTA", "domains", domain] => Place::DomainQuota(own(domain)?),
        [
            "v3-ext",
            "OS-FEDERATION",
            "identity_providers",
            idp,
            "protocols",
            id,
            "metadata",
        ] => Place::Metadata(own(idp)?, own(id)?),
        ["v3-ext", "auth", "OS-FEDERATION", "SSO", "metadata"] => Place::ServiceProviderMetadata,
        _ => return None,
    })
}

fn verb(place: &Place, method: &str) -> Option<Verb> {
    Some(match (place, method) {
        (
            Place::IdentityProviders | Place::Mappings | Place::Protocols(_) | Place::AuthDomains,
            "GET",
        ) => Verb::List,
        (
            Place::IdentityProvider(_)
            | Place::Mapping(_)
            | Place::Protocol(..)
            | Place::OpenIdConnectConfig(_)
            | Place::Metadata(..)
            | Place::ServiceProviderMetadata
            | Place::DomainQuota(_),
            "GET",
        ) => Verb::Show,
        // The Keystone dialect creates with PUT, Huawei's own with POST: §0.
        (Place::IdentityProvider(_) | Place::Mapping(_) | Place::Protocol(..), "PUT")
        | (
            Place::OpenIdConnectConfig(_)
            | Place::Metadata(..)
            | Place::Tokens
            | Place::ProtocolTokens(..)
            | Place::IdTokens
            | Place::SecurityTokens,
            "POST",
        ) => Verb::Create,
        (Place::IdentityProvider(_) | Place::Mapping(_) | Place::Protocol(..), "PATCH")
        | (Place::OpenIdConnectConfig(_), "PUT") => Verb::Update,
        (Place::IdentityProvider(_) | Place::Mapping(_) | Place::Protocol(..), "DELETE") => {
            Verb::Delete
        }
        _ => return None,
    })
}

impl Route {
    /// The vendor SDK's name of the call.
    pub(super) fn action(&self) -> String {
        let verb = match self.verb {
            Verb::List => "List",
            Verb::Show => "Show",
            Verb::Create => "Create",
            Verb::Update => "Update",
            Verb::Delete => "Delete",
        };
        match self.place {
            Place::IdentityProviders => format!("Keystone{verb}IdentityProviders"),
            Place::IdentityProvider(_) => format!("Keystone{verb}IdentityProvider"),
            Place::Mappings => format!("Keystone{verb}Mappings"),
            Place::Mapping(_) => format!("Keystone{verb}Mapping"),
            Place::Protocols(_) => format!("Keystone{verb}Protocols"),
            Place::Protocol(..) => format!("Keystone{verb}Protocol"),
            Place::OpenIdConnectConfig(_) => format!("{verb}OpenIdConnectConfig"),
            Place::Metadata(..) => format!("{verb}Metadata"),
            Place::ServiceProviderMetadata => "ShowServiceProviderMetadata".to_owned(),
            Place::DomainQuota(_) => "ShowDomainQuota".to_owned(),
            Place::AuthDomains => "KeystoneListAuthDomains".to_owned(),
            Place::Tokens => "KeystoneCreateUserTokenByPassword".to_owned(),
            Place::ProtocolTokens(..) | Place::IdTokens => "CreateTokenWithIdToken".to_owned(),
            Place::SecurityTokens => "CreateTemporaryAccessKeyByToken".to_owned(),
        }
    }

    /// The permission the call needs, as 403 names it (`§3.1`); `None` where none is checked.
    pub(super) fn permission(&self) -> Option<String> {
        let verb = match self.verb {
            Verb::List => "list",
            Verb::Show => "get",
            Verb::Create => "create",
            Verb::Update => "update",
            Verb::Delete => "delete",
        };
        let object = match self.place {
            Place::IdentityProviders => "IdentityProviders",
            Place::IdentityProvider(_) => "IdentityProvider",
            Place::Mappings => "Mappings",
            Place::Mapping(_) => "Mapping",
            Place::Protocols(_) => "Protocols",
            Place::Protocol(..) => "Protocol",
            Place::OpenIdConnectConfig(_) => "OpenIDConnectConfig",
            Place::Metadata(..) => "IDPMetadata",
            Place::DomainQuota(_) => return Some("iam:quotas:listQuotas".to_owned()),
            Place::ServiceProviderMetadata
            | Place::AuthDomains
            | Place::Tokens
            | Place::ProtocolTokens(..)
            | Place::IdTokens
            | Place::SecurityTokens => return None,
        };
        Some(format!("iam:identityProviders:{verb}{object}"))
    }

    /// Whether the call gives out tokens or keys, and changes nothing.
    pub(super) fn gives_out(&self) -> bool {
        matches!(
            self.place,
            Place::Tokens | Place::ProtocolTokens(..) | Place::IdTokens | Place::SecurityTokens
        )
    }

    /// Whether the call changes the account.
    pub(super) fn is_write(&self) -> bool {
        match self.verb {
            Verb::List | Verb::Show => false,
            Verb::Create | Verb::Update | Verb::Delete => !self.gives_out(),
        }
    }
}
