//! Tencent Cloud: CAM 2019-01-16 and STS 2018-08-13 behind one address (apis/tencent.md).
//!
//! `signature` says who calls, `parameters` what is asked, `actions` holds the table, the files
//! named after objects do the work on `state`, `answer` wraps it up.

mod account;
mod actions;
mod answer;
mod check;
mod names;
mod oidc_provider;
mod parameters;
mod role;
mod role_policy;
mod saml_provider;
mod signature;
mod state;
mod sts;
mod trust;
mod user_sso;

#[cfg(test)]
mod tests;

use std::path::PathBuf;

use serde_json::Value;

use actions::{ACTIONS, Action, ROLE_TAKING, SERVICES, UNSIGNED};
use answer::{Fields, Result, gateway, refusal, respond};
use parameters::Given;
use state::Account;

use super::accounts::{Accounts, with_setting};
use super::credentials::{self, Known, Lookup};
use super::emulator::Emulator;
use super::fault;
use super::wire::{Request, Response};

/// Bytes of a POST body: apis/tencent.md §1.3.
const POST_BYTES_MAX: usize = 10 * 1024 * 1024;
/// Bytes of a GET query: apis/tencent.md §1.3.
const GET_BYTES_MAX: usize = 32 * 1024;
/// What a missing permission is answered with. The code is UNCONFIRMED for CAM; the family is
/// documented (apis/tencent.md §7).
const DENIED: &str = "UnauthorizedOperation";

/// The emulated Tencent Cloud.
pub struct TencentCloud {
    accounts: Accounts<Account>,
}

/// What an action works on.
struct Call<'a> {
    key: Known,
    given: Given,
    now_unix_seconds: i64,
    state: &'a mut Account,
}

impl TencentCloud {
    /// Keeps its accounts as `<folder>/<uin>.json`, or in memory.
    pub fn new(folder: Option<PathBuf>) -> Self {
        Self {
            accounts: Accounts::new(folder),
        }
    }

    fn serve(&self, request: &Request, now_unix_seconds: i64) -> Result {
        check_transport(request)?;
        let caller = if request.header("authorization") == Some("SKIP") {
            if !UNSIGNED.contains(&action_of(request)) {
                return Err(refusal(
                    "AuthFailure.InvalidAuthorization",
                    "This action must be signed.",
                ));
            }
            None
        } else {
            Some(signature::verify(request, now_unix_seconds)?)
        };
        // Only token exchanges come unsigned, and those are STS's (apis/tencent.md §5).
        let service = caller.as_ref().map_or("sts", |caller| &caller.service);
        let action = route(request, service)?;
        let given = parameters::read(request)?;
        let region = request.header("x-tc-region").map(str::to_owned);
        let key = caller.map(|caller| caller.key);
        let takes_role = ROLE_TAKING.iter().any(|taking| taking.name == action.name);
        let account = match &key {
            Some(key) if !takes_role => key.account.clone(),
            Some(_) | None => {
                if let Some(key) = &key {
                    self.on(&key.account, |state| {
                        check_expiry(key, state, now_unix_seconds)?;
                        check_permission(action, state)
                    })?;
                }
                let arn = given.get("RoleArn").and_then(Value::as_str);
                let account = arn.and_then(sts::account_of).ok_or_else(|| {
                    refusal("InvalidParameter.ParamError", "RoleArn names no account.")
                })?;
                account.to_owned()
            }
        };
        self.on(&account, |state| {
            if let Some(key) = &key {
                check_expiry(key, state, now_unix_seconds)?;
            }
            let given = parameters::check(&given, action.parameters, state.settings.site)?;
            check_permission(action, state)?;
            check_region(action, state, region.as_deref())?;
            (action.run)(&mut Call {
                key: key.unwrap_or(Known {
                    account: account.clone(),
                    temporary: false,
                    session: None,
                }),
                given,
                now_unix_seconds,
                state,
            })
        })
    }

    fn on<T>(&self, account: &str, act: impl FnOnce(&mut Account) -> Result<T>) -> Result<T> {
        self.accounts
            .with(account, act)
            .unwrap_or_else(|error| Err(refusal("InternalError", error.to_string())))
    }
}

impl Emulator for TencentCloud {
    fn cloud(&self) -> &'static str {
        "tencent"
    }

    fn action(&self, request: &Request) -> String {
        action_of(request).to_owned()
    }

    fn account(&self, request: &Request) -> Option<String> {
        let authorization = request.header("authorization")?;
        if authorization == "SKIP" {
            let given = parameters::read(request).ok()?;
            let arn = given.get("RoleArn")?.as_str()?;
            return sts::account_of(arn).map(str::to_owned);
        }
        let key_id = signature::parse(authorization)?.key_id;
        match credentials::look_up("tencent", key_id, request.header("x-tc-token")) {
            Lookup::Found(known, _) => Some(known.account),
            Lookup::WrongToken | Lookup::Unknown => None,
        }
    }

    fn answer(&self, request: &Request, now_unix_seconds: i64) -> Response {
        respond(self.serve(request, now_unix_seconds))
    }

    /// Tencent Cloud gives no wait hint: apis/tencent.md §7.
    fn throttled(&self, _request: &Request, _retry_after_seconds: Option<u32>) -> Response {
        let limit = self.throttle_per_second();
        respond(Err(refusal(
            "RequestLimitExceeded",
            format!(
                "Your current request times equals to `{}` in a second, which exceeds the \
                 frequency limit `{limit}` for a second. Please reduce the frequency of calls.",
                limit + 1
            ),
        )))
    }

    /// API errors are HTTP 200: apis/tencent.md §1.4. Statuses that only a gateway gives stay.
    fn failed(&self, request: &Request, status: u16) -> Response {
        match status {
            500 => respond(Err(refusal("InternalError", "An internal error occurred."))),
            401 => respond(Err(signature::bad_token())),
            403 => respond(Err(refusal(DENIED, denial(action_of(request))))),
            404 => respond(Err(refusal("ResourceNotFound", "The resource is absent."))),
            429 => self.throttled(request, None),
            other => gateway(other),
        }
    }

    fn passing(&self, request: &Request) -> Option<String> {
        request.header("x-tc-token")?;
        let parts = signature::parse(request.header("authorization")?)?;
        Some(parts.key_id.to_owned())
    }

    fn expired(&self, _request: &Request) -> Response {
        respond(Err(signature::bad_token()))
    }

    fn set(&self, account: &str, setting: &str, value: Value) -> std::result::Result<(), String> {
        self.accounts
            .with(account, |state| {
                state.settings = with_setting(&state.settings, setting, value)?;
                Ok(())
            })
            .unwrap_or_else(|error| Err(error.to_string()))
    }
}

fn action_of(request: &Request) -> &str {
    request.header("x-tc-action").unwrap_or_default()
}

/// Methods, path and sizes: apis/tencent.md §1.3, §10.1.
fn check_transport(request: &Request) -> Result<()> {
    if request.method != "POST" && request.method != "GET" {
        return Err(refusal(
            "UnsupportedProtocol",
            "Only GET and POST requests are supported.",
        ));
    }
    if request.path != "/" {
        // The code is UNCONFIRMED: apis/tencent.md §1.3 only says that the path is always `/`.
        return Err(refusal("InvalidRequest", "The path must be `/`."));
    }
    if request.body.len() > POST_BYTES_MAX || request.query.len() > GET_BYTES_MAX {
        return Err(refusal(
            "RequestSizeLimitExceeded",
            "The request exceeds 10 MB, or 32 KB for GET.",
        ));
    }
    Ok(())
}

/// By action, version and the signed service: apis/tencent.md §10.1.
fn route(request: &Request, service: &str) -> Result<&'static Action> {
    let Some(service) = SERVICES.into_iter().find(|known| known.name == service) else {
        return Err(refusal(
            "NoSuchProduct",
            format!("The product `{service}` does not exist."),
        ));
    };
    let name = action_of(request);
    let version = request.header("x-tc-version").unwrap_or_default();
    for (parameter, value) in [("Action", name), ("Version", version)] {
        if value.is_empty() {
            return Err(refusal(
                "MissingParameter",
                format!("The request is missing a required parameter `{parameter}`."),
            ));
        }
    }
    let action = ACTIONS
        .iter()
        .chain(ROLE_TAKING)
        .find(|action| action.service == service && action.name == name)
        .ok_or_else(|| {
            refusal(
                "InvalidAction",
                format!("The action `{name}` does not exist in `{}`.", service.name),
            )
        })?;
    if version != service.version {
        return Err(refusal(
            "NoSuchVersion",
            format!(
                "The version `{version}` does not exist for `{}`.",
                service.name
            ),
        ));
    }
    Ok(action)
}

fn check_expiry(key: &Known, state: &Account, now_unix_seconds: i64) -> Result<()> {
    let session = key.session.as_ref();
    let has_run_out = session.is_some_and(|it| it.expires_unix_seconds <= now_unix_seconds);
    if has_run_out || (key.temporary && state.settings.temporary_credentials_expired) {
        return Err(signature::bad_token());
    }
    Ok(())
}

fn check_permission(action: &Action, state: &Account) -> Result<()> {
    let denied = state
        .settings
        .deny_actions
        .iter()
        .any(|pattern| fault::matches(pattern, action.name));
    if denied {
        return Err(refusal(DENIED, denial(action.name)));
    }
    Ok(())
}

/// Documented as required, and sent by every SDK helper: apis/tencent.md §5.
fn check_region(action: &Action, state: &Account, region: Option<&str>) -> Result<()> {
    if action.service.name == "sts" && state.settings.sts_needs_region && region.is_none() {
        return Err(refusal(
            "MissingParameter",
            "The request is missing a required parameter `Region`.",
        ));
    }
    Ok(())
}

fn denial(action: &str) -> String {
    let service = ACTIONS
        .iter()
        .chain(ROLE_TAKING)
        .find(|known| known.name == action)
        .map_or("cam", |known| known.service.name);
    format!(
        "you are not authorized to perform operation ({service}:{action})\n\
         resource (*) has no permission"
    )
}

/// An object literal's members.
fn fields(object: Value) -> Fields {
    match object {
        Value::Object(members) => members,
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
            Fields::new()
        }
    }
}
