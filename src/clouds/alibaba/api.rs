//! Sending one call to Alibaba Cloud, following its pages and sorting the answer
//! (apis/alibaba.md §1, §8).
//!
//! Only sending waits, here and in `token.rs`, which gets the keys. Which calls are made, and what
//! their answers mean for an object, is the kinds' business.

use std::collections::BTreeMap;
use std::time::Duration;

use super::credentials::Uri;
use super::sign::{ToSign, authorization, encode};
use crate::clouds::sign_in::Keeper;
use crate::clouds::signing::sha256_hex;
use crate::clouds::source::Keys;
use crate::clouds::wire::{self, Endpoint};
use crate::model::{Secret, Value};
use crate::net::http::{Answered, HeaderText, Http, Request};
use crate::provider::{Answer, Call, ErrorClass, ProviderError, Reply, Route};

/// Content type of writes; part of the signature.
const FORM: &str = "application/x-www-form-urlencoded";

/// Entries of one page, the most that the lists used here give (§1.6).
pub(super) const PAGE_ITEMS: u32 = 100;

/// Host and version of each API family (§1.1). Both sites share the hosts.
fn api(service: &str) -> Option<(&'static str, &'static str)> {
    match service {
        "Ims" => Some(("ims.aliyuncs.com", "2019-08-15")),
        "Ram" => Some(("ram.aliyuncs.com", "2015-05-01")),
        "Sts" => Some(("sts.aliyuncs.com", "2015-04-01")),
        _ => None,
    }
}

/// One account's way to Alibaba Cloud.
pub(in crate::clouds) struct Client {
    pub(super) http: Http,
    /// Credentials, and the keys in use.
    pub(super) keeper: Keeper<Keys, Uri>,
    /// The operator's base URL; serves every API.
    pub(super) endpoint: Option<Endpoint>,
}

impl Client {
    /// Sends one call with these keys, or without any: the exchange of a token is anonymous.
    pub(super) async fn send_as(&self, call: &Call, keys: Option<&Keys>, now: i64) -> Answer {
        // A nonce is taken once: every attempt needs its own, or it counts as a replay (§2.1).
        let nonce = uuid::Uuid::new_v4().simple().to_string();
        let request = self.request(call, keys, now, &nonce)?;
        match self.http.send(request).await {
            Ok(answered) => sort_answer(call.name, &answered),
            Err(fault) => Err(wire::without_answer(call.name, &fault)),
        }
    }

    /// The whole request, signed for the given time and nonce.
    ///
    /// # Errors
    /// The route is none of this cloud's; nothing is sent then.
    fn request(
        &self,
        call: &Call,
        keys: Option<&Keys>,
        now: i64,
        nonce: &str,
    ) -> Result<Request, ProviderError> {
        let service = match &call.route {
            Route::Rpc { service } => *service,
            Route::Rest { .. } => "",
        };
        let Some((host, version)) = api(service) else {
            let message = "Alibaba Cloud has no such API; this is a bug in idform";
            return Err(ProviderError::new(ErrorClass::Invalid, call.name, message));
        };
        let endpoint = match &self.endpoint {
            Some(endpoint) => endpoint.clone(),
            None => Endpoint::https(host),
        };
        let parameters = parameters(&call.params);
        let encoded = encode(
            parameters
                .iter()
                .map(|(name, value)| (*name, value.as_str())),
        );
        // The gateway merges query and form (§1.2). Reads go into the query as the vendor's own
        // SDKs send them. Writes go into a form body: descriptions and documents would outgrow
        // what gateways take of a URL, and URLs end up in the logs of proxies.
        let (query, body) = if is_read(call.name) {
            (encoded, Vec::new())
        } else {
            (String::new(), encoded.into_bytes())
        };
        let payload_hash = sha256_hex(&body);
        let date = utc_time(now);
        let token = keys.and_then(|keys| keys.token.as_ref().map(Secret::expose));
        let mut signed: BTreeMap<&'static str, &str> = BTreeMap::from([
            ("host", endpoint.host.as_str()),
            ("x-acs-action", call.name),
            ("x-acs-content-sha256", &payload_hash),
            ("x-acs-date", &date),
            ("x-acs-signature-nonce", nonce),
            ("x-acs-version", version),
        ]);
        if !body.is_empty() {
            signed.insert("content-type", FORM);
        }
        if let (Some(keys), Some(token)) = (keys, token) {
            signed.insert("x-acs-accesskey-id", &keys.id);
            signed.insert("x-acs-security-token", token);
        }
        let signed: Vec<(&'static str, &str)> = signed.into_iter().collect();
        let to_sign = ToSign {
            method: "POST",
            query: &query,
            headers: &signed,
            payload_hash: &payload_hash,
        };
        // Without keys there is no such header at all (§2.5).
        let authorization = keys.map(|keys| authorization(&keys.id, &keys.secret, &to_sign));
        let mut headers: Vec<(&'static str, HeaderText)> = signed
            .iter()
            // The client writes `host` itself, from the URL.
            .filter(|(name, _)| *name != "host")
            .map(|(name, value)| (*name, header_text(name, value)))
            .collect();
        // Older products answer in XML unless told otherwise (§1.4).
        headers.push(("accept", "application/json".into()));
        headers.extend(authorization.map(|text| {
            let text = HeaderText::Secret(Secret::new(text));
            ("authorization", text)
        }));
        let separator = if query.is_empty() { "" } else { "?" };
        Ok(Request {
            method: "POST",
            url: format!("{}/{separator}{query}", endpoint.base),
            headers,
            body,
        })
    }
}

fn header_text(name: &str, value: &str) -> HeaderText {
    if name == "x-acs-security-token" {
        HeaderText::Secret(Secret::new(value))
    } else {
        value.into()
    }
}

/// Whether an action only reads, by its name; that decides where its parameters travel.
fn is_read(action: &str) -> bool {
    action.starts_with("Get") || action.starts_with("List")
}

/// Parameters by name, each as one text (§1.3); null ones are left out.
fn parameters(params: &Value) -> BTreeMap<&str, String> {
    let members = params.as_object().into_iter().flatten();
    members
        .filter_map(|(name, value)| {
            let text = match value {
                Value::Null => return None,
                Value::String(text) => text.clone(),
                Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
                    value.to_string()
                }
            };
            Some((name.as_str(), text))
        })
        .collect()
}

/// `YYYY-MM-DDThh:mm:ssZ`. Times that no calendar holds become 1970: the cloud then answers with
/// its own time, which is more useful than an error here.
fn utc_time(unix_seconds: i64) -> String {
    jiff::Timestamp::from_second(unix_seconds)
        .unwrap_or_default()
        .strftime("%Y-%m-%dT%H:%M:%SZ")
        .to_string()
}

/// The call for the page after the last one of `reply` (§1.6). A marker that was given before ends
/// the walk instead of turning it in circles; [`is_cut_short`] then tells that pages are missing.
pub(super) fn page_after(call: &Call, reply: &Reply) -> Option<Call> {
    let marker = next_marker(reply)?;
    let used = call.params.get("Marker").and_then(Value::as_str);
    let earlier = reply.pages().filter_map(|page| wire::text(page, "Marker"));
    let is_repeated =
        used == Some(marker.as_str()) || earlier.filter(|given| *given == marker).count() > 1;
    if is_repeated {
        return None;
    }
    let mut next = call.clone();
    if !next.params.is_object() {
        next.params = Value::Object(serde_json::Map::new());
    }
    next.params["Marker"] = marker.into();
    Some(next)
}

/// Whether the last page that was read says that more would follow. Lists that are cut short must
/// not be taken for whole: what they do not hold may still be there.
fn is_cut_short(reply: &Reply) -> bool {
    reply.pages().last().is_some_and(is_truncated)
}

/// Whether all pages were read and each has the list that is documented: the array in its wrapper,
/// an empty one, or one that is left out with or without its wrapper (§1.4). An answer of another
/// shape tells nothing about who is not in it.
pub(super) fn is_whole(reply: &Reply, wrapper: &str, list: &str) -> bool {
    let holds_list = |page: &Value| {
        let Some(page) = page.as_object() else {
            return false;
        };
        page.get(wrapper).is_none_or(|wrapper| {
            let members = wrapper.as_object();
            members.is_some_and(|members| members.get(list).is_none_or(Value::is_array))
        })
    };
    !is_cut_short(reply) && reply.pages().all(holds_list)
}

fn next_marker(reply: &Reply) -> Option<String> {
    let last = reply.pages().last().filter(|page| is_truncated(page))?;
    wire::text(last, "Marker").filter(|marker| !marker.is_empty())
}

/// One official sample shows a marker without truncation, so the flag decides (§1.6). Some clients
/// of the platform see booleans as texts.
fn is_truncated(page: &Value) -> bool {
    match page.get("IsTruncated") {
        Some(Value::Bool(truncated)) => *truncated,
        Some(Value::String(text)) => text.eq_ignore_ascii_case("true"),
        Some(Value::Null | Value::Number(_) | Value::Array(_) | Value::Object(_)) | None => false,
    }
}

/// Reads one answer: success, error envelope (in both spellings), or neither (§1.4, §1.5).
pub(super) fn sort_answer(call: &'static str, answered: &Answered) -> Answer {
    let body = serde_json::from_slice::<Value>(&answered.body).ok();
    let Some(body) = body.filter(Value::is_object) else {
        return Err(ProviderError {
            request_id: header_request_id(answered),
            ..wire::without_envelope(call, answered)
        });
    };
    let either = |name, other| wire::text(&body, name).or_else(|| wire::text(&body, other));
    let request_id = either("RequestId", "requestId").or_else(|| header_request_id(answered));
    if let Some(code) = either("Code", "code") {
        let message = either("Message", "message").unwrap_or_default();
        let class = classify(&code, answered);
        let message = shown_message(&code, message, &body);
        return Err(ProviderError {
            code: Some(code),
            status: Some(answered.status),
            request_id,
            ..ProviderError::new(class, call, &message)
        });
    }
    if answered.status != 200 {
        return Err(ProviderError {
            request_id,
            ..wire::without_envelope(call, answered)
        });
    }
    Ok(Reply {
        body,
        more: Vec::new(),
        request_id,
        server_unix_seconds: answered.server_time(),
    })
}

fn header_request_id(answered: &Answered) -> Option<String> {
    answered.header("x-acs-request-id").map(str::to_owned)
}

/// The cloud's message, except where it quotes the request: a refused signature comes back with the
/// whole canonical request, security token included (§2.4).
fn shown_message(code: &str, message: String, body: &Value) -> String {
    if matches!(code, "SignatureDoesNotMatch" | "IncompleteSignature") {
        return "the cloud computed another signature: the secret does not belong to the key"
            .to_owned();
    }
    let action = body
        .get("AccessDeniedDetail")
        .and_then(|detail| wire::text(detail, "AuthAction"));
    match action {
        Some(action) => format!("{message} (needs {action})"),
        None => message,
    }
}

/// What can be done about a code (§8). Codes are matched by what they begin with: suffixes vary,
/// and most are documented nowhere.
fn classify(code: &str, answered: &Answered) -> ErrorClass {
    let begins = |starts: &[&str]| starts.iter().any(|start| code.starts_with(start));
    match code {
        "InvalidTimeStamp.Expired" => ErrorClass::ClockSkewed {
            server_unix_seconds: answered.server_time(),
        },
        "InvalidSecurityToken.Expired" => ErrorClass::TokenExpired,
        // Nonces are never used twice here, so something in between sent the request twice and the
        // first one probably arrived: look before repeating (§8).
        "SignatureNonceUsed" => ErrorClass::Unavailable,
        "Inactive" | "AuthenticationFail.NoPermission" => ErrorClass::Denied,
        _ if begins(&["Throttling", "Rejected.Throttling"]) => ErrorClass::Throttled {
            wait: wait_asked_for(answered),
        },
        _ if begins(&["ServiceUnavailable", "InternalError"]) => ErrorClass::Unavailable,
        // Only an attachment names a policy that is not its own object.
        "EntityNotExist.Policy" => ErrorClass::ReferentMissing,
        _ if begins(&["EntityNotExist"]) => ErrorClass::NotFound,
        _ if begins(&["EntityAlreadyExists", "DeleteConflict"]) => ErrorClass::Conflict,
        _ if begins(&["LimitExceeded"]) => ErrorClass::Quota,
        _ if begins(&["NoPermission", "Forbidden"]) => ErrorClass::Denied,
        _ if begins(&[
            "InvalidAccessKeyId",
            "InvalidSecurityToken",
            "MissingSecurityToken",
            "MissingAccessKeyId",
            "SignatureDoesNotMatch",
            "IncompleteSignature",
            "AuthenticationFail",
        ]) =>
        {
            ErrorClass::Auth
        }
        _ => classify_status(answered),
    }
}

/// Codes nobody documented: the status decides. 404 stays a refusal: an unknown action has it too
/// (`InvalidAction.NotFound`), and only `EntityNotExist` may ever read as "absent".
fn classify_status(answered: &Answered) -> ErrorClass {
    match answered.status {
        401 => ErrorClass::Auth,
        403 => ErrorClass::Denied,
        409 => ErrorClass::Conflict,
        429 => ErrorClass::Throttled {
            wait: wait_asked_for(answered),
        },
        500.. => ErrorClass::Unavailable,
        _ => ErrorClass::Invalid,
    }
}

/// `x-acs-retry-after` in milliseconds, as the SDKs read it, else the standard header (§8).
fn wait_asked_for(answered: &Answered) -> Option<Duration> {
    let own = answered
        .header("x-acs-retry-after")
        .and_then(|text| text.trim().parse::<u64>().ok())
        .filter(|milliseconds| *milliseconds > 0);
    match own {
        Some(milliseconds) => Some(Duration::from_millis(milliseconds)),
        None => wire::retry_after(answered),
    }
}

#[cfg(test)]
mod tests;
