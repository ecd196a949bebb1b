//! Sending one call to Tencent Cloud and sorting the answer (apis/tencent.md §1, §7).
//!
//! Only sending waits, here and in `token.rs`, which gets the keys. Which calls are made, and what
//! their answers mean for an object, is the kinds' business.

use std::convert::Infallible;

use super::sign::{ToSign, authorization};
use crate::clouds::sign_in::Keeper;
use crate::clouds::source::Keys;
use crate::clouds::wire::{self, Endpoint};
use crate::model::{Secret, Value};
use crate::net::http::{Answered, HeaderText, Http, Request};
use crate::provider::{Answer, Call, ErrorClass, ProviderError, Reply, Route};

/// Signed and sent byte for byte; the gateway takes JSON bodies under this type only (§1.3).
const CONTENT_TYPE: &str = "application/json";

/// What stands in the place of a signature where a token proves who asks (§5).
const UNSIGNED: &str = "SKIP";

/// Which population an account belongs to; the two have different hosts (§1.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Site {
    /// cloud.tencent.com.
    China,
    /// tencentcloud.com.
    International,
}

impl Site {
    /// The host label between service and domain.
    fn label(self) -> &'static str {
        match self {
            Self::China => "",
            Self::International => ".intl",
        }
    }

    /// STS documents its region header as required, though the answer does not depend on it (§5).
    fn sts_region(self) -> &'static str {
        match self {
            Self::China => "ap-guangzhou",
            Self::International => "ap-singapore",
        }
    }
}

/// The version of each API family used here (§1.2).
fn version(service: &str) -> Option<&'static str> {
    match service {
        "cam" => Some("2019-01-16"),
        "sts" => Some("2018-08-13"),
        _ => None,
    }
}

/// One account's way to Tencent Cloud.
pub(in crate::clouds) struct Client {
    pub(super) http: Http,
    /// Credentials, and the keys in use.
    pub(super) keeper: Keeper<Keys, Infallible>,
    pub(super) site: Site,
    /// The operator's base URL; serves every API.
    pub(super) endpoint: Option<Endpoint>,
}

impl Client {
    /// Sends one call with these keys, or without any: the exchange of a token is not signed.
    pub(super) async fn send_as(&self, call: &Call, keys: Option<&Keys>, now: i64) -> Answer {
        let request = self.request(call, keys, now)?;
        match self.http.send(request).await {
            Ok(answered) => sort_answer(call.name, &answered),
            Err(fault) => Err(wire::without_answer(call.name, &fault)),
        }
    }

    /// The whole request, signed for the given time.
    ///
    /// # Errors
    /// The route is none of this cloud's; nothing is sent then.
    fn request(
        &self,
        call: &Call,
        keys: Option<&Keys>,
        now: i64,
    ) -> Result<Request, ProviderError> {
        let service = match &call.route {
            Route::Rpc { service } => *service,
            Route::Rest { .. } => "",
        };
        let Some(version) = version(service) else {
            let message = "Tencent Cloud has no such API; this is a bug in idform";
            return Err(ProviderError::new(ErrorClass::Invalid, call.name, message));
        };
        let endpoint = self.endpoint.clone().unwrap_or_else(|| {
            Endpoint::https(&format!(
                "{service}{}.tencentcloudapi.com",
                self.site.label()
            ))
        });
        // An action without parameters still sends an object (§1.3).
        let body = if call.params.is_null() {
            b"{}".to_vec()
        } else {
            call.params.to_string().into_bytes()
        };
        let to_sign = ToSign {
            method: "POST",
            query: "",
            headers: &[("content-type", CONTENT_TYPE), ("host", &endpoint.host)],
            payload: &body,
            service,
            timestamp: now,
        };
        let authorization = match keys {
            Some(keys) => authorization(&keys.id, &keys.secret, &to_sign),
            None => UNSIGNED.to_owned(),
        };
        let mut headers: Vec<(&'static str, HeaderText)> = vec![
            ("content-type", CONTENT_TYPE.into()),
            ("x-tc-action", call.name.into()),
            ("x-tc-version", version.into()),
            ("x-tc-timestamp", now.to_string().into()),
            // Messages in a language that whoever reads the plan is likely to share.
            ("x-tc-language", "en-US".into()),
            (
                "authorization",
                HeaderText::Secret(Secret::new(authorization)),
            ),
        ];
        if service == "sts" {
            headers.push(("x-tc-region", self.site.sts_region().into()));
        }
        if let Some(token) = keys.and_then(|keys| keys.token.as_ref()) {
            headers.push(("x-tc-token", HeaderText::Secret(token.clone())));
        }
        Ok(Request {
            method: "POST",
            url: format!("{}/", endpoint.base),
            headers,
            body,
        })
    }
}

/// Lists are paged by number, and tell how many entries there are (§3.6).
pub(super) fn page_after(call: &Call, reply: &Reply) -> Option<Call> {
    let page = wire::number(&call.params, "Page")?;
    let size = wire::number(&call.params, "Rp")?;
    let total = wire::number(&reply.body, "TotalNum")?;
    let is_empty = reply
        .body
        .get("List")
        .and_then(Value::as_array)
        .is_none_or(Vec::is_empty);
    if is_empty || page.saturating_mul(size) >= total {
        return None;
    }
    let mut next = call.clone();
    next.params["Page"] = (page + 1).into();
    Some(next)
}

/// Reads one answer: success, error envelope (today's and the ancient one), or neither.
///
/// Almost every API error has HTTP status 200, so the envelope decides before the status (§1.4).
pub(super) fn sort_answer(call: &'static str, answered: &Answered) -> Answer {
    let Ok(body) = serde_json::from_slice::<Value>(&answered.body) else {
        return Err(wire::without_envelope(call, answered));
    };
    let Some(response) = body.get("Response").filter(|inner| inner.is_object()) else {
        return Err(ancient_error(call, answered, &body)
            .unwrap_or_else(|| wire::without_envelope(call, answered)));
    };
    let request_id = wire::text(response, "RequestId");
    if let Some(error) = response.get("Error").filter(|error| !error.is_null()) {
        let code = wire::text(error, "Code").unwrap_or_default();
        let message = wire::text(error, "Message").unwrap_or_default();
        return Err(envelope_error(call, answered, code, &message, request_id));
    }
    if answered.status != 200 {
        return Err(ProviderError {
            request_id,
            ..wire::without_envelope(call, answered)
        });
    }
    Ok(Reply {
        body: response.clone(),
        more: Vec::new(),
        request_id,
        server_unix_seconds: answered.server_time(),
    })
}

/// `{"code": 4000, "message": "…", "codeDesc": "…"}`, which old gateways still produce (§1.4).
fn ancient_error(call: &'static str, answered: &Answered, body: &Value) -> Option<ProviderError> {
    let number = wire::number(body, "code").filter(|number| *number != 0)?;
    let code = wire::text(body, "codeDesc").unwrap_or_else(|| number.to_string());
    let message = wire::text(body, "message").unwrap_or_default();
    let request_id = wire::text(body, "requestId");
    Some(envelope_error(call, answered, code, &message, request_id))
}

fn envelope_error(
    call: &'static str,
    answered: &Answered,
    code: String,
    message: &str,
    request_id: Option<String>,
) -> ProviderError {
    let class = classify(&code, answered);
    ProviderError {
        code: Some(code).filter(|code| !code.is_empty()),
        status: Some(answered.status),
        request_id,
        ..ProviderError::new(class, call, message)
    }
}

/// What can be done about a code: the whole code first, then the part before the dot (§1.4, §7).
fn classify(code: &str, answered: &Answered) -> ErrorClass {
    match code {
        "AuthFailure.SignatureExpire" => ErrorClass::ClockSkewed {
            server_unix_seconds: answered.server_time(),
        },
        "AuthFailure.TokenFailure" => ErrorClass::TokenExpired,
        "AuthFailure.UnauthorizedOperation"
        // Objects that Tencent Organization manages: nobody may write them here (§3.0).
        | "FailedOperation.CICIdentityForbidden"
        | "FailedOperation.OrganizationPolicyOperateError"
        | "InvalidParameter.OrganizationRoleOperateError" => ErrorClass::Denied,
        "InvalidParameter.RoleNotExist" => ErrorClass::NotFound,
        "InvalidParameter.IdentityNameInUse" | "InvalidParameter.RoleNameInUse" => {
            ErrorClass::Conflict
        }
        // A provider that was made a moment ago may not be seen yet (§3.0, §7).
        "InvalidParameter.PrincipalQcsNotExist"
        | "InvalidParameter.PrincipalError"
        | "InvalidParameter.PolicyIdNotExist" => ErrorClass::ReferentMissing,
        "InvalidParameter.RoleFull" | "InvalidParameter.AttachmentFull" => ErrorClass::Quota,
        // Says "role not exist" and stays so, however often it is asked (§5).
        "InternalError.GetRoleError" => ErrorClass::Invalid,
        _ => classify_category(code.split('.').next().unwrap_or_default(), answered),
    }
}

fn classify_category(category: &str, answered: &Answered) -> ErrorClass {
    match category {
        "RequestLimitExceeded" => ErrorClass::Throttled {
            wait: wire::retry_after(answered),
        },
        "AuthFailure" => ErrorClass::Auth,
        "UnauthorizedOperation" | "IpInBlacklist" | "IpNotInWhitelist" => ErrorClass::Denied,
        "ResourceNotFound" => ErrorClass::NotFound,
        "LimitExceeded" | "ResourceInsufficient" => ErrorClass::Quota,
        // Somebody else's write is under way (`ResourceInUse`, `ResourceBusy`): like a failure on
        // the cloud's side it passes, and looking before repeating is never wrong.
        "InternalError"
        | "ServiceUnavailable"
        | "ResourceUnavailable"
        | "ResourceInUse"
        | "ResourceBusy" => ErrorClass::Unavailable,
        _ if answered.status >= 500 => ErrorClass::Unavailable,
        // `InvalidParameter`, `MissingParameter`, `UnknownParameter`, `FailedOperation` and codes
        // nobody documented: the cloud said no, and will say it again.
        _ => ErrorClass::Invalid,
    }
}

#[cfg(test)]
mod tests;
