//! Tokens that the chain finds in variables, to be exchanged; a pod's identity. Pure.
//! Facts: `apis/huawei.md §6`.

use std::path::PathBuf;

use super::{Credentials, Family, Pod, Variables, unusable};
use crate::clouds::credentials::Start;
use crate::clouds::source::{self, WebIdentity, WebToken};
use crate::model::Secret;
use crate::provider::ConnectError;

/// What the STS service exchanges: a provider's and an agency's URN beside the token.
pub(super) fn from_sts(
    variables: &Variables<'_>,
    looked: &mut Vec<String>,
) -> Result<Option<Credentials>, ConnectError> {
    let name = "HUAWEICLOUD_OIDC_PROVIDER_URN";
    let urns = [name, "HUAWEICLOUD_OIDC_AGENCY_URN"];
    let tokens = [
        "HUAWEICLOUD_OIDC_ID_TOKEN",
        "HUAWEICLOUD_OIDC_ID_TOKEN_FILE",
    ];
    let token = token(variables, tokens);
    let (provider, agency, token) = match (urns.map(|name| variables.get(name)), token) {
        ([Some(provider), Some(agency)], Some(token)) => (provider, agency, token),
        ([None, None], None) => {
            looked.push(format!("variable {}", variables.title(&[name])));
            return Ok(None);
        }
        ([None, _], _) => return Err(variables.half(tokens[0], &urns[..1])),
        ([Some(_), None], _) => return Err(variables.half(name, &urns[1..])),
        ([Some(_), Some(_)], None) => return Err(variables.half(name, &tokens[..1])),
    };
    let duration = "HUAWEICLOUD_OIDC_DURATION_SECONDS";
    let place = format!("variable {}", variables.title(&[duration]));
    let session = variables.get("HUAWEICLOUD_OIDC_SESSION_NAME");
    let identity = WebIdentity {
        role: Some(agency.to_owned()),
        session_name: session.unwrap_or(source::SESSION_NAME).to_owned(),
        duration_seconds: source::duration(&place, duration, variables.get(duration))?,
        policy: variables.get("HUAWEICLOUD_OIDC_POLICY").map(str::to_owned),
        ..at_iam(provider, token)
    };
    let name = variables.title(&[name]);
    let source = format!("environment ({name}) exchanged for {agency}");
    Ok(Some(Credentials::new(Start::WebIdentity(identity), source)))
}

/// The SDKs' pair of provider and token; it wins over keys.
pub(super) fn from_sdk(
    variables: &Variables<'_>,
    looked: &mut Vec<String>,
) -> Result<Option<Credentials>, ConnectError> {
    let names = ["HUAWEICLOUD_SDK_IDP_ID", "HUAWEICLOUD_SDK_ID_TOKEN_FILE"];
    let (idp, file) = match names.map(|name| variables.get(name)) {
        [Some(idp), Some(file)] => (idp, file),
        [Some(_), None] => return Err(variables.half(names[0], &names[1..])),
        [None, Some(_)] => return Err(variables.half(names[1], &names[..1])),
        [None, None] => {
            looked.push(format!("variables {}", variables.title(&names)));
            return Ok(None);
        }
    };
    let start = Start::WebIdentity(at_iam(idp, WebToken::File(PathBuf::from(file))));
    let domain_id = variables.get("HUAWEICLOUD_SDK_DOMAIN_ID");
    Ok(Some(Credentials {
        account_id: domain_id.map(str::to_owned),
        ..Credentials::new(start, format!("environment ({})", variables.title(&names)))
    }))
}

/// A family's pair of provider and token.
pub(super) fn of_family(
    variables: &Variables<'_>,
    family: &Family,
) -> Result<Option<(WebIdentity, [&'static str; 1])>, ConnectError> {
    let tokens = [family.id_token, family.id_token_file];
    match (variables.get(family.idp), token(variables, tokens)) {
        (Some(idp), Some(token)) => Ok(Some((at_iam(idp, token), [family.idp]))),
        (Some(_), None) => Err(variables.half(family.idp, &tokens[1..])),
        (None, Some(_)) => Err(variables.half(tokens[1], &[family.idp])),
        (None, None) => Ok(None),
    }
}

/// A pod's identity, when the cluster set it up.
pub(super) fn pod(variables: &Variables<'_>) -> Result<Option<Pod>, ConnectError> {
    let names = [
        "HC_CONTAINER_CREDENTIALS_FULL_URI",
        "HC_CONTAINER_AUTHORIZATION_TOKEN_FILE",
    ];
    let (url, file) = match names.map(|name| variables.get(name)) {
        [Some(url), Some(file)] => (url, file),
        [Some(_), None] => return Err(variables.half(names[0], &names[1..])),
        [None, _] => return Ok(None),
    };
    let Some(url) = source::service_url(url) else {
        let place = format!("variable {}", variables.title(&names[..1]));
        let why = "it must be https, or http within this machine";
        return Err(unusable(&place, why));
    };
    Ok(Some(Pod {
        url: url.into(),
        authorization: PathBuf::from(file),
    }))
}

/// The token by value, else in a file.
fn token(variables: &Variables<'_>, [by_value, by_file]: [&str; 2]) -> Option<WebToken> {
    let text = variables.get(by_value).map(Secret::new);
    let file = variables.get(by_file).map(PathBuf::from);
    text.map(WebToken::Text).or(file.map(WebToken::File))
}

/// An exchange at IAM, where the provider's mapping decides about the rights.
pub(super) fn at_iam(idp: &str, token: WebToken) -> WebIdentity {
    WebIdentity {
        provider: idp.to_owned(),
        role: None,
        token,
        session_name: source::SESSION_NAME.to_owned(),
        duration_seconds: source::DURATION_SECONDS,
        policy: None,
    }
}
