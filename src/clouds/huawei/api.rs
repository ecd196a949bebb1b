//! Sending one call: route, domain id, signature or token. What comes back is sorted in `answer`.
//! Facts: `apis/huawei.md §1`, `§2`, `§5.1`.

use std::sync::Arc;

use tokio::sync::OnceCell;

use crate::clouds::sign_in::Keeper;
use crate::clouds::source::Keys;
use crate::clouds::wire::Endpoint;
use crate::model::Secret;
use crate::net::http::{Answered, Fault, HeaderText, Http, Request};
use crate::provider::{
    Answer, Call, ConnectError, Connection, ErrorClass, ProviderError, Reply, Route,
};

use super::ENDPOINT_VARIABLE;
use super::answer::{By, Came, before_call, sort_answer};
use super::credentials::{Credentials, Own, Proof};
use super::sign::{self, ToSign};

/// The documented media type, spelled as the documents do (`apis/huawei.md §1.4`).
const JSON: &str = "application/json;charset=utf8";

/// A client for one account.
pub(in crate::clouds) struct Client {
    pub(super) http: Http,
    pub(super) endpoint: Endpoint,
    /// Base URL of the STS service, where it is known which one.
    pub(super) sts: Option<String>,
    pub(super) account_id: Option<String>,
    /// Whose keys these are, once it had to be asked for.
    domain_id: OnceCell<String>,
    /// Credentials, and the keys or the token in use.
    pub(super) keeper: Keeper<Proof, Own>,
}

impl Client {
    /// A client; nothing is sent yet.
    ///
    /// # Errors
    /// The endpoint or the region cannot be part of a URL.
    pub(super) fn new(
        connection: &Connection<'_>,
        default_endpoint: &str,
        default_sts: Option<String>,
        credentials: Credentials,
    ) -> Result<Self, ConnectError> {
        let endpoint = connection.endpoint.unwrap_or(default_endpoint);
        let read = Arc::clone(&connection.surroundings.read);
        Ok(Self {
            http: connection.http.clone(),
            endpoint: Endpoint::parse(endpoint).map_err(|why| ConnectError::Unusable {
                source_name: format!("endpoint ({ENDPOINT_VARIABLE} or configuration)"),
                why,
            })?,
            // The operator's URL serves every API.
            sts: (connection.endpoint)
                .map(|text| text.trim_end_matches('/').to_owned())
                .or(default_sts),
            account_id: connection.account.account_id.clone(),
            domain_id: OnceCell::new(),
            keeper: Keeper::new(connection.http.clone(), read, credentials),
        })
    }

    /// Signs and sends one request, and sorts the answer. The domain id is an argument because
    /// the call that asks for it goes without.
    pub(super) async fn signed(
        &self,
        call: &Call,
        keys: &Keys,
        now: i64,
        domain_id: Option<&str>,
    ) -> Answer {
        let (method, path, query) = Self::target(call)?;
        let body = body_of(call);
        let date = sign::sdk_date(now);
        let mut headers = vec![("host", self.endpoint.host.as_str()), ("x-sdk-date", &date)];
        if !body.is_empty() {
            headers.push(("content-type", JSON));
        }
        if let Some(domain_id) = domain_id {
            headers.push(("x-domain-id", domain_id));
        }
        if let Some(token) = &keys.token {
            headers.push(("x-security-token", token.expose()));
        }
        let authorization = sign::authorization(
            &keys.id,
            keys.secret.expose(),
            &date,
            &ToSign {
                method,
                path: &path,
                query: &query,
                headers: &headers,
                body: &body,
            },
        );
        let mut sent: Vec<(&'static str, HeaderText)> = headers
            .iter()
            // The HTTP client writes `host` itself, from the same URL.
            .filter(|(name, _)| *name != "host")
            .map(|(name, value)| (*name, HeaderText::Secret(Secret::new(*value))))
            .collect();
        sent.push((
            "authorization",
            HeaderText::Secret(Secret::new(authorization)),
        ));
        let answered = self.request(&self.endpoint.base, call, sent, body).await?;
        let by = match &keys.token {
            Some(_) => By::TemporaryKeys,
            None => By::Signature,
        };
        sort_answer(call, by, now, &came(&answered))
    }

    /// Sends one request with a token, or with nothing for the sign-in itself.
    pub(super) async fn with_token(
        &self,
        call: &Call,
        token: Option<&Secret>,
    ) -> Result<Answered, ProviderError> {
        let body = body_of(call);
        let mut headers: Vec<(&'static str, HeaderText)> = Vec::new();
        if !body.is_empty() {
            headers.push(("content-type", JSON.into()));
        }
        if let Some(token) = token {
            headers.push(("x-auth-token", HeaderText::Secret(token.clone())));
        }
        self.request(&self.endpoint.base, call, headers, body).await
    }

    /// Sends one request to a base URL.
    pub(super) async fn request(
        &self,
        base: &str,
        call: &Call,
        headers: Vec<(&'static str, HeaderText)>,
        body: Vec<u8>,
    ) -> Result<Answered, ProviderError> {
        let (method, path, query) = Self::target(call)?;
        let mark = if query.is_empty() { "" } else { "?" };
        let request = Request {
            method,
            url: format!("{base}{path}{mark}{query}"),
            headers,
            body,
        };
        self.http.send(request).await.map_err(|fault| {
            let class = match fault {
                Fault::Unreachable(_) => ErrorClass::Unreachable,
                Fault::NoAnswer(_) => ErrorClass::NoAnswer,
            };
            ProviderError::new(class, call.name, &fault.to_string())
        })
    }

    /// Method, whole path and query of a call, encoded as they are signed and sent.
    fn target(call: &Call) -> Result<(&'static str, String, String), ProviderError> {
        let Route::Rest { method, path } = &call.route else {
            return Err(bug(call, "Huawei Cloud has REST calls only"));
        };
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let path = sign::encode_path(path);
        // A dot segment would be folded away under way, and the signed call would be another one.
        let ordinary = |segment: &str| !matches!(segment, "" | "." | "..");
        if !path
            .strip_prefix('/')
            .is_some_and(|path| path.split('/').all(ordinary))
        {
            return Err(ProviderError::new(
                ErrorClass::Invalid,
                call.name,
                "a name in the path is empty, `.` or `..`",
            ));
        }
        let pairs: Vec<(String, String)> = url::form_urlencoded::parse(query.as_bytes())
            .into_owned()
            .collect();
        Ok((method, path, sign::encode_query(&pairs)))
    }

    /// The account's id for `X-Domain-Id`: declared, from the credentials, or asked for once. What
    /// an agency gives belongs to another account than the keys that it was asked with.
    async fn domain_id(&self, keys: &Keys, now: i64) -> Result<&str, ProviderError> {
        let Credentials {
            account_id, roles, ..
        } = &self.keeper.credentials;
        let own = account_id.as_ref().filter(|_| roles.is_empty());
        if let Some(id) = self.account_id.as_ref().or(own) {
            return Ok(id);
        }
        let asked = self.domain_id.get_or_try_init(|| async {
            let call = (super::CLOUD.identity)().0;
            let reply = self
                .signed(&call, keys, now, None)
                .await
                .map_err(before_call)?;
            // The place of the call itself is used up.
            self.keeper.turn().await;
            super::account_of(&reply.body).ok_or_else(|| {
                ProviderError::new(
                    ErrorClass::Auth,
                    call.name,
                    "the cloud does not say which account the access key belongs to; \
                     give `accountId`",
                )
            })
        });
        asked.await.map(String::as_str)
    }

    /// Sends one call with keys.
    pub(super) async fn send_signed(&self, call: &Call, keys: &Keys, now: i64) -> Answer {
        if call.name == super::IDENTITY {
            // Asked without a domain id, since it is what tells it (`apis/huawei.md §5.1`).
            let reply = self.signed(call, keys, now, None).await?;
            if let Some(id) = super::account_of(&reply.body) {
                // Already known: the same key has the same account.
                let _ = self.domain_id.set(id);
            }
            return Ok(reply);
        }
        let domain_id = self.domain_id(keys, now).await?.to_owned();
        self.signed(call, keys, now, Some(&domain_id)).await
    }
}

/// The call for the page that the last answer links to.
pub(super) fn page_after(call: &Call, reply: &Reply) -> Option<Call> {
    let next = reply.pages().last()?["links"]["next"].as_str()?;
    let Route::Rest { method, path } = &call.route else {
        return None;
    };
    let query = next_query(path, next)?;
    let path = path.split_once('?').map_or(path.as_str(), |(path, _)| path);
    Some(Call {
        name: call.name,
        route: Route::Rest {
            method,
            path: format!("{path}?{query}"),
        },
        params: call.params.clone(),
    })
}

/// The query of a list's next page. Host and path of the link are not followed: an answer must not
/// be able to send signed requests elsewhere. A link to another list, or to the page just read, is
/// the end.
fn next_query(path: &str, next: &str) -> Option<String> {
    let (own, asked) = path.split_once('?').unwrap_or((path, ""));
    let any = url::Url::parse("http://localhost").ok()?;
    let link = any.join(next).ok()?;
    let same_list =
        sign::encode_path(link.path().trim_end_matches('/')).ends_with(&sign::encode_path(own));
    let query = link.query().filter(|query| !query.is_empty())?;
    (same_list && query != asked).then(|| query.to_owned())
}

pub(super) fn body_of(call: &Call) -> Vec<u8> {
    if call.params.is_null() {
        Vec::new()
    } else {
        call.params.to_string().into_bytes()
    }
}

/// What an answer to a signed call means, by the server's own clock.
pub(super) fn signed_answer(call: &Call, answered: &Answered) -> Answer {
    let now = answered.server_time().unwrap_or_default();
    sort_answer(call, By::Signature, now, &came(answered))
}

pub(super) fn came(answered: &Answered) -> Came<'_> {
    Came {
        status: answered.status,
        request_id: answered
            .header("x-request-id")
            // Keystone's own name for it.
            .or_else(|| answered.header("x-openstack-request-id")),
        retry_after: answered.header("retry-after"),
        server_unix_seconds: answered.server_time(),
        body: &answered.body,
    }
}

fn bug(call: &Call, why: &str) -> ProviderError {
    ProviderError::new(
        ErrorClass::Invalid,
        call.name,
        &format!("{why}; this is a bug"),
    )
}

#[cfg(test)]
#[path = "api_tests.rs"]
mod tests;
