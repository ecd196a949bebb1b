//! Alibaba Cloud: IMS 2019-08-15, RAM 2015-05-01 and STS 2015-04-01 behind one address (apis/alibaba.md).
//!
//! `asked` says what is wanted, `signature*` who calls, the table here which function does it, the
//! files named after objects do the work on `state`, `answer` wraps it up.

mod answer;
mod asked;
mod check;
mod identity;
mod metadata;
mod oidc_provider;
mod page;
mod role;
mod role_policy;
mod role_tag;
mod saml_provider;
mod signature;
mod signature_v1;
mod signature_v3;
mod state;
mod sts;
mod trust;
mod user_sso;
mod xml;

#[cfg(test)]
mod tests;

use std::path::PathBuf;

use serde_json::{Value, json};

use answer::{Fields, Refusal, Result, refusal, respond};
use asked::Asked;
use signature::Nonces;
use state::{Account, Identity};

use super::accounts::{Accounts, with_setting};
use super::credentials::{self, Known, Lookup};
use super::emulator::Emulator;
use super::fault;
use super::federated::outside::Outside;
use super::wire::{Request, Response};

const IMS: &str = "2019-08-15";
const STS: &str = "2015-04-01";
const RAM: &str = "2015-05-01";
/// Versions by product: apis/alibaba.md §1.1.
const VERSIONS: [&str; 3] = [IMS, RAM, STS];

/// One action: the version it belongs to, what it does, and whether it needs a permission.
struct Action {
    version: &'static str,
    name: &'static str,
    run: fn(&mut Call<'_>) -> Result,
    free: bool,
}

/// Every action the emulator serves.
#[rustfmt::skip]
const ACTIONS: &[Action] = &[
    Action { version: IMS, name: "CreateOIDCProvider", run: oidc_provider::create, free: false },
    Action { version: IMS, name: "GetOIDCProvider", run: oidc_provider::get, free: false },
    Action { version: IMS, name: "ListOIDCProviders", run: oidc_provider::list, free: false },
    Action { version: IMS, name: "UpdateOIDCProvider", run: oidc_provider::update, free: false },
    Action { version: IMS, name: "DeleteOIDCProvider", run: oidc_provider::delete, free: false },
    Action { version: IMS, name: "AddClientIdToOIDCProvider", run: oidc_provider::add_client_id, free: false },
    Action { version: IMS, name: "RemoveClientIdFromOIDCProvider", run: oidc_provider::remove_client_id, free: false },
    Action { version: IMS, name: "AddFingerprintToOIDCProvider", run: oidc_provider::add_fingerprint, free: false },
    Action { version: IMS, name: "RemoveFingerprintFromOIDCProvider", run: oidc_provider::remove_fingerprint, free: false },
    Action { version: IMS, name: "CreateSAMLProvider", run: saml_provider::create, free: false },
    Action { version: IMS, name: "GetSAMLProvider", run: saml_provider::get, free: false },
    Action { version: IMS, name: "ListSAMLProviders", run: saml_provider::list, free: false },
    Action { version: IMS, name: "UpdateSAMLProvider", run: saml_provider::update, free: false },
    Action { version: IMS, name: "DeleteSAMLProvider", run: saml_provider::delete, free: false },
    Action { version: IMS, name: "GetUserSsoSettings", run: user_sso::get, free: false },
    Action { version: IMS, name: "SetUserSsoSettings", run: user_sso::set, free: false },
    Action { version: RAM, name: "CreateRole", run: role::create, free: false },
    Action { version: RAM, name: "GetRole", run: role::get, free: false },
    Action { version: RAM, name: "ListRoles", run: role::list, free: false },
    Action { version: RAM, name: "UpdateRole", run: role::update, free: false },
    Action { version: RAM, name: "DeleteRole", run: role::delete, free: false },
    Action { version: RAM, name: "AttachPolicyToRole", run: role_policy::attach, free: false },
    Action { version: RAM, name: "DetachPolicyFromRole", run: role_policy::detach, free: false },
    Action { version: RAM, name: "ListPoliciesForRole", run: role_policy::list, free: false },
    Action { version: RAM, name: "TagResources", run: role_tag::tag, free: false },
    Action { version: RAM, name: "UntagResources", run: role_tag::untag, free: false },
    Action { version: RAM, name: "ListTagResources", run: role_tag::list, free: false },
    Action { version: STS, name: "GetCallerIdentity", run: identity::get_caller_identity, free: true },
];

/// The actions that work on the account of `RoleArn`, whoever asks: apis/alibaba.md §6.
#[rustfmt::skip]
const ROLE_TAKING: &[Action] = &[
    Action { version: STS, name: "AssumeRole", run: sts::assume_role, free: false },
    Action { version: STS, name: ANONYMOUS, run: sts::assume_role_with_oidc, free: true },
];

/// The action that carries no credentials at all: apis/alibaba.md §2.5.
const ANONYMOUS: &str = "AssumeRoleWithOIDC";

/// The emulated Alibaba Cloud.
pub struct AlibabaCloud {
    accounts: Accounts<Account>,
    outside: Outside,
    nonces: Nonces,
}

/// What an action works on.
struct Call<'a> {
    key: Known,
    /// What the caller's permanent key stands for, in the caller's own account.
    caller_is: Identity,
    asked: Asked,
    outside: &'a Outside,
    now_unix_seconds: i64,
    state: &'a mut Account,
}

impl AlibabaCloud {
    /// Keeps its accounts as `<folder>/<uid>.json`, or in memory; finds issuers `outside`.
    pub fn new(folder: Option<PathBuf>, outside: Outside) -> Self {
        Self {
            accounts: Accounts::new(folder),
            outside,
            nonces: Nonces::default(),
        }
    }

    fn serve(&self, request: &Request, asked: &Asked, now_unix_seconds: i64) -> Result {
        if request.method != "POST" && request.method != "GET" {
            // The status is UNCONFIRMED; the code is listed in apis/alibaba.md §8.
            return Err(refusal(
                405,
                "UnsupportedHTTPMethod",
                "Only GET and POST are supported.",
            ));
        }
        asked::check_content_type(request)?;
        let action = route(request, asked)?;
        let key = match action.name {
            ANONYMOUS => None,
            _ => Some(signature::verify(
                request,
                asked,
                &self.nonces,
                now_unix_seconds,
            )?),
        };
        let mut caller_is = Identity::RamUser;
        if let Some(key) = &key {
            self.on(&key.account, |state| {
                check_expiry(key, state, now_unix_seconds)?;
                check_permission(action, key, state)?;
                caller_is = state.settings.identity;
                Ok(())
            })?;
        }
        let takes_role = ROLE_TAKING.iter().any(|taking| taking.name == action.name);
        let account = match &key {
            Some(key) if !takes_role => key.account.clone(),
            Some(_) | None => {
                let arn = sts::mandatory(asked, "RoleArn")?;
                let account = sts::account_of(arn).ok_or_else(|| {
                    refusal(
                        400,
                        "InvalidParameter.RoleArn",
                        "The RoleArn is wrongly formed.",
                    )
                })?;
                account.to_owned()
            }
        };
        self.on(&account, |state| {
            (action.run)(&mut Call {
                key: key.unwrap_or(Known {
                    account: account.clone(),
                    temporary: false,
                    session: None,
                }),
                caller_is,
                asked: asked.clone(),
                outside: &self.outside,
                now_unix_seconds,
                state,
            })
        })
    }

    fn on<T>(&self, account: &str, act: impl FnOnce(&mut Account) -> Result<T>) -> Result<T> {
        self.accounts
            .with(account, act)
            .unwrap_or_else(|error| Err(refusal(500, "InternalError", error.to_string())))
    }
}

impl Emulator for AlibabaCloud {
    fn cloud(&self) -> &'static str {
        "alibaba"
    }

    fn action(&self, request: &Request) -> String {
        Asked::read(request).action
    }

    fn account(&self, request: &Request) -> Option<String> {
        let asked = Asked::read(request);
        let Some((key_id, token)) = claimed(request, &asked) else {
            // Anonymous: the account whose role is asked for.
            return sts::account_of(asked.text("RoleArn")).map(str::to_owned);
        };
        match credentials::look_up("alibaba", key_id, token) {
            Lookup::Found(known, _) => Some(known.account),
            Lookup::WrongToken | Lookup::Unknown => None,
        }
    }

    fn answer(&self, request: &Request, now_unix_seconds: i64) -> Response {
        let asked = Asked::read(request);
        let result = self.serve(request, &asked, now_unix_seconds);
        respond(&asked, result)
    }

    /// Status 400, and a hint that the SDKs read as milliseconds: apis/alibaba.md §8.
    fn throttled(&self, request: &Request, retry_after_seconds: Option<u32>) -> Response {
        let mut response = respond(
            &Asked::read(request),
            Err(refusal(
                400,
                "Throttling.User",
                "Request was denied due to user flow control.",
            )),
        );
        if let Some(seconds) = retry_after_seconds {
            let milliseconds = u64::from(seconds) * 1000;
            let hint = ("x-acs-retry-after".to_owned(), milliseconds.to_string());
            response.headers.push(hint);
        }
        response
    }

    fn failed(&self, request: &Request, status: u16) -> Response {
        let asked = Asked::read(request);
        let refused = match status {
            403 => denied(&asked.action, None),
            429 => refusal(
                429,
                "Throttling.User",
                "Request was denied due to flow control.",
            ),
            404 => refusal(404, "EntityNotExist", "The entity does not exist."),
            409 => refusal(409, "EntityAlreadyExists", "The entity already exists."),
            400..=499 => refusal(status, "InvalidParameter", "A parameter is invalid."),
            503 => refusal(
                503,
                "ServiceUnavailable",
                "The request has failed due to a temporary failure of the server.",
            ),
            _ => refusal(
                status,
                "InternalError",
                "The request processing has failed due to some unknown error.",
            ),
        };
        respond(&asked, Err(refused))
    }

    fn passing(&self, request: &Request) -> Option<String> {
        let asked = Asked::read(request);
        let (key_id, token) = claimed(request, &asked)?;
        token.map(|_| key_id.to_owned())
    }

    fn expired(&self, request: &Request) -> Response {
        respond(&Asked::read(request), Err(run_out()))
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

/// The key id and the security token that a request names under either scheme, unverified.
fn claimed<'a>(request: &'a Request, asked: &'a Asked) -> Option<(&'a str, Option<&'a str>)> {
    let v1_key = || asked.given("AccessKeyId");
    let header = request.header("authorization");
    let key_id = header.map_or_else(v1_key, |header| header.split(['=', ',']).nth(1))?;
    let in_parameters = asked.given("SecurityToken");
    let token = request.header("x-acs-security-token").or(in_parameters);
    Some((key_id, token))
}

/// By version and action, before the signature is looked at: apis/alibaba.md §11.1.
fn route(request: &Request, asked: &Asked) -> Result<&'static Action> {
    if !VERSIONS.contains(&asked.version.as_str()) {
        return Err(refusal(
            400,
            "InvalidVersion",
            "Specified parameter Version is not valid.",
        ));
    }
    let known = |action: &&Action| action.version == asked.version && action.name == asked.action;
    ACTIONS
        .iter()
        .chain(ROLE_TAKING)
        .find(known)
        .filter(|_| request.path == "/")
        .ok_or_else(|| {
            refusal(
                404,
                "InvalidAction.NotFound",
                "Specified api is not found, please check your url and method.",
            )
        })
}

/// Apis/alibaba.md §2.4.
fn check_expiry(key: &Known, state: &Account, now_unix_seconds: i64) -> Result<()> {
    let session = key.session.as_ref();
    let has_run_out = session.is_some_and(|it| it.expires_unix_seconds <= now_unix_seconds);
    if has_run_out || (key.temporary && state.settings.temporary_credentials_expired) {
        return Err(run_out());
    }
    Ok(())
}

fn run_out() -> Refusal {
    refusal(
        400,
        "InvalidSecurityToken.Expired",
        "Specified SecurityToken is expired.",
    )
}

fn check_permission(action: &Action, key: &Known, state: &Account) -> Result<()> {
    let is_denied = state
        .settings
        .deny_actions
        .iter()
        .any(|pattern| fault::matches(pattern, action.name));
    if is_denied && !action.free {
        return Err(denied(action.name, Some(key)));
    }
    Ok(())
}

/// 403 with the detail that names the missing permission: apis/alibaba.md §1.5.
fn denied(action: &str, key: Option<&Known>) -> Refusal {
    let mut refused = refusal(
        403,
        "NoPermission",
        "You are not authorized to do this action. You should be authorized by RAM.",
    );
    refused.detail = Some(json!({
        "AuthAction": format!("ram:{action}"),
        "AuthPrincipalType": "SubUser",
        "AuthPrincipalOwnerId": key.map(|key| key.account.as_str()),
        "AuthPrincipalDisplayName": "sandbox",
        "NoPermissionType": "ImplicitDeny",
        "PolicyType": "AccountLevelIdentityBasedPolicy",
    }));
    refused
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
