//! Huawei Cloud IAM's federation API, emulated (`apis/huawei.md §9`).
//!
//! One request goes through four stations: which call is it (`route`), who asks (`signature`,
//! `tokens`), may they (`settings.deny_actions`, scope), and the call itself, one file for each
//! kind of object. Nothing of the client's code is used here.

use std::path::PathBuf;

use serde_json::Value;

use self::asked::Asked;
use self::callers::{Claim, authenticate, authorise};
use self::fault::Fault;
use self::route::{Place, Route};
use self::state::State;
use super::accounts::{Accounts, with_setting};
use super::emulator::Emulator;
use super::wire::{Request, Response};

mod asked;
mod callers;
mod calls;
mod conversion;
mod fault;
mod federation;
mod identity_providers;
mod mappings;
mod openid_connect;
mod percent;
mod protocols;
mod quotas;
mod route;
mod saml_document;
mod saml_metadata;
mod security_tokens;
pub mod settings;
mod signature;
pub mod state;
mod tokens;

#[cfg(test)]
mod tests;

const CLOUD: &str = "huawei";

/// The tail of the gateway's sentence for temporary keys that ran out. Of the documented ones the
/// one that says so; for which requests it comes is UNCONFIRMED: apis/huawei.md §2.2.
const EXPIRED_KEYS: &str = "token expires";

/// Bytes of a signed body the gateway takes: apis/huawei.md §2.2 rule 7.
const BODY_BYTES: usize = 12 * 1024 * 1024;

/// The emulated cloud.
#[derive(Debug)]
pub struct HuaweiCloud {
    accounts: Accounts<State>,
}

impl HuaweiCloud {
    /// Opens the cloud, with its accounts in `folder`, one file each, or in memory.
    pub fn new(folder: Option<PathBuf>) -> Self {
        Self {
            accounts: Accounts::new(folder),
        }
    }

    fn respond(&self, request: &Request, now_unix_seconds: i64) -> Result<Response, Fault> {
        if request.body.len() > BODY_BYTES {
            return Err(Fault::too_large());
        }
        let route = route::route(request)?;
        if route.place == Place::ServiceProviderMetadata {
            return Ok(saml_metadata::of_the_cloud());
        }
        let (account, claim) = self.claim(request, &route)?;
        let asked = |account| Asked {
            request,
            account,
            now_unix_seconds,
        };
        if let Some(wanted) = security_tokens::wanted(request, &route)? {
            // The caller belongs to one account, the agency to another.
            let checked = self.on(&account, |state| {
                authenticate(&asked(&account), state, &claim)
            })?;
            checked?;
            return self.on(&wanted.domain, |state| {
                let asked = asked(&wanted.domain);
                calls::take_agency(&asked, state, &route, &account, &wanted)
            })?;
        }
        self.on(&account, |state| {
            let asked = asked(&account);
            let answer = authenticate(&asked, state, &claim)
                .and_then(|()| authorise(&asked, state, &route, &claim))
                .and_then(|()| {
                    if route.gives_out() {
                        calls::give_out(&asked, state, &route, &claim)
                    } else {
                        calls::perform(&asked, state, &route)
                    }
                });
            let nulls = state.settings.error_nulls;
            answer.unwrap_or_else(|fault| fault.answer(route::dialect(&request.path), nulls))
        })
    }

    fn on<T>(&self, account: &str, act: impl FnOnce(&mut State) -> T) -> Result<T, Fault> {
        self.accounts
            .with(account, act)
            .map_err(|error| Fault::internal(&error.to_string()))
    }

    /// Finds the account that a request is about, and who asks.
    fn claim<'a>(&self, request: &'a Request, route: &Route) -> Result<(String, Claim<'a>), Fault> {
        let idp = if route.place == Place::IdTokens {
            request.header("x-idp-id").ok_or_else(Fault::body)?
        } else if let Place::ProtocolTokens(idp, _) = &route.place {
            idp
        } else {
            return callers::claim(request, route);
        };
        let account = federation::account(&self.accounts, request, idp)
            .ok_or_else(|| Fault::not_found("identity_provider", idp))?;
        Ok((account, Claim::Nobody))
    }

    fn switch(&self, request: &Request, read: impl FnOnce(&State) -> bool) -> bool {
        self.account(request).is_some_and(|account| {
            self.accounts
                .with(&account, |state| read(state))
                .unwrap_or(false)
        })
    }
}

impl Emulator for HuaweiCloud {
    fn cloud(&self) -> &'static str {
        CLOUD
    }

    fn action(&self, request: &Request) -> String {
        route::route(request).map_or_else(|_| String::new(), |route| route.action())
    }

    fn account(&self, request: &Request) -> Option<String> {
        let route = route::route(request).ok()?;
        self.claim(request, &route).ok().map(|(account, _)| account)
    }

    fn answer(&self, request: &Request, now_unix_seconds: i64) -> Response {
        self.respond(request, now_unix_seconds)
            .unwrap_or_else(|fault| fault.answer(route::dialect(&request.path), false))
    }

    fn throttled(&self, request: &Request, retry_after_seconds: Option<u32>) -> Response {
        let at_gateway = self.switch(request, |state| state.settings.throttled_by_gateway);
        let nulls = self.switch(request, |state| state.settings.error_nulls);
        let mut response =
            Fault::throttled(at_gateway).answer(route::dialect(&request.path), nulls);
        if let Some(seconds) = retry_after_seconds {
            response
                .headers
                .push(("retry-after".to_owned(), seconds.to_string()));
        }
        response
    }

    fn failed(&self, request: &Request, status: u16) -> Response {
        // Load balancers speak no JSON: apis/huawei.md §1.3 shape 5.
        if matches!(status, 502 | 504) {
            return fault::load_balancer_page(status);
        }
        let nulls = self.switch(request, |state| state.settings.error_nulls);
        let permission = route::route(request)
            .ok()
            .and_then(|route| route.permission());
        let fault = match (status, permission) {
            (403, Some(permission)) => Fault::denied(&permission),
            _ => Fault::of_status(status),
        };
        fault.answer(route::dialect(&request.path), nulls)
    }

    fn passing(&self, request: &Request) -> Option<String> {
        if let Some(token) = request.header("x-auth-token") {
            return Some(token.trim().to_owned());
        }
        request.header("x-security-token")?;
        signature::access_key(request.header("authorization")?).map(str::to_owned)
    }

    /// The gateway checks signatures, the service checks tokens (`§2.1`, `§2.2`).
    fn expired(&self, request: &Request) -> Response {
        let fault = if request.header("x-auth-token").is_some() {
            Fault::unauthenticated()
        } else {
            Fault::signature(EXPIRED_KEYS)
        };
        fault.answer(route::dialect(&request.path), false)
    }

    fn set(&self, account: &str, setting: &str, value: Value) -> Result<(), String> {
        self.accounts
            .with(account, |state| {
                state.settings = with_setting(&state.settings, setting, value)?;
                Ok(())
            })
            .map_err(|error| error.to_string())?
    }
}
