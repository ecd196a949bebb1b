//! From credentials to what proves who asks: sign-in with a password, tokens exchanged for keys,
//! agencies assumed, the machine and the pod asked.
//! Facts: `apis/huawei.md §2.1`, `§3.7`, `§3.9`, `§5.2`, `§6.1`.

use std::time::Duration;

use async_trait::async_trait;
use serde_json::json;

use super::answer::{By, sort_answer};
use super::api::{Client, body_of, came, page_after};
use super::credentials::{Own, Password, Pod, Proof, Token};
use super::{is_account_id, password};
use crate::clouds::sign_in::{self, Keeper, SignsIn};
use crate::clouds::source::{self, Keys, Machine, Role, WebIdentity};
use crate::clouds::{token, wire};
use crate::model::{Secret, Value};
use crate::net::http::HeaderText;
use crate::provider::{Answer, Call, ErrorClass, ProviderError, Reply};

/// The metadata service answers soon; elsewhere nobody does (`apis/huawei.md §6.1`).
const METADATA_TIMEOUT: Duration = Duration::from_secs(3);
/// How long a session with the metadata service lasts, in seconds. The most; it is used at once.
const SESSION_SECONDS: &str = "21600";
/// How the metadata service is called in errors.
const METADATA: &str = "ECS metadata";
/// How a pod's identity is called in errors.
const POD: &str = "pod identity";
/// Whoever gives a pod its keys may have to fetch them first.
const POD_TIMEOUT: Duration = Duration::from_secs(5);

/// Path of what gives temporary keys (`apis/huawei.md §5.2`).
const SECURITY_TOKENS: &str = "/v3.0/OS-CREDENTIAL/securitytokens";

impl From<Keys> for Proof {
    fn from(keys: Keys) -> Self {
        Self::Keys(keys)
    }
}

impl sign_in::Proof for Proof {
    fn mark(&self) -> &str {
        match self {
            Self::Keys(keys) => &keys.id,
            Self::Token(token) => token.text.expose(),
        }
    }

    fn ends(&self) -> Option<i64> {
        match self {
            Self::Keys(keys) => keys.ends,
            Self::Token(token) => token.ends,
        }
    }

    fn secrets(&self) -> Vec<&Secret> {
        match self {
            Self::Keys(keys) => keys.secrets(),
            Self::Token(token) => vec![&token.text],
        }
    }
}

#[async_trait]
impl SignsIn for Client {
    const CLI: &'static str = "hcloud";

    type Proof = Proof;
    type Own = Own;

    fn keeper(&self) -> &Keeper<Proof, Own> {
        &self.keeper
    }

    async fn send_with(&self, call: &Call, proof: &Proof, now: i64) -> Answer {
        match proof {
            Proof::Keys(keys) => self.send_signed(call, keys, now).await,
            Proof::Token(token) => {
                let answered = self.with_token(call, Some(&token.text)).await?;
                sort_answer(call, By::Token, now, &came(&answered))
            }
        }
    }

    fn page_after(&self, call: &Call, reply: &Reply) -> Option<Call> {
        page_after(call, reply)
    }

    fn exchange_name(&self, identity: &WebIdentity) -> &'static str {
        match identity.role {
            Some(_) => "AssumeAgencyWithOIDC",
            None => "CreateTokenWithIdToken",
        }
    }

    async fn exchange(
        &self,
        identity: &WebIdentity,
        token: &Secret,
        now: i64,
    ) -> Result<Keys, ProviderError> {
        match &identity.role {
            Some(agency) => self.at_sts(identity, agency, token, now).await,
            None => self.at_iam(identity, token, now).await,
        }
    }

    async fn assume(&self, agency: &Role, from: &Proof, now: i64) -> Result<Keys, ProviderError> {
        let name = "CreateTemporaryAccessKeyByAgency";
        let mut assume = json!({
            "agency_name": agency.name,
            "duration_seconds": agency.duration_seconds,
            "session_user": {"name": agency.session_name},
        });
        if let Some(domain) = &agency.domain {
            let key = if is_account_id(domain) {
                "domain_id"
            } else {
                "domain_name"
            };
            assume[key] = json!(domain);
        }
        let body =
            json!({"auth": {"identity": {"methods": ["assume_role"], "assume_role": assume}}});
        let call = Call::rest(name, "POST", SECURITY_TOKENS.to_owned(), body);
        let reply = match from {
            // The account of these keys is not the one that is managed; IAM knows it.
            Proof::Keys(keys) => self.signed(&call, keys, now, None).await,
            Proof::Token(_) => self.send_with(&call, from, now).await,
        }?;
        keys_in(&reply.body, name)
    }

    async fn machine(&self, machine: &Machine) -> Result<Keys, ProviderError> {
        let url = format!("{}/openstack/latest/securitykey", machine.base);
        let mut is_second = false;
        loop {
            let session = self.session(machine).await?;
            let headers = session.map(|text| ("x-metadata-token", HeaderText::Secret(text)));
            let headers = headers.into_iter().collect();
            let http = &self.http;
            let answered =
                token::ask(http, "GET", &url, headers, "", METADATA_TIMEOUT, METADATA).await?;
            if answered.status == 401 {
                let text = String::from_utf8_lossy(&answered.body).to_ascii_lowercase();
                // The sentence that a machine without an agency gets (`apis/huawei.md §6.1`).
                if text.contains("agency") {
                    let why = "no agency is bound to this machine";
                    return Err(ProviderError::new(ErrorClass::NotFound, METADATA, why));
                }
                if !is_second {
                    is_second = true;
                    continue;
                }
            }
            return keys_in(&token::whole(&answered, METADATA)?, METADATA);
        }
    }

    async fn begin(&self, own: &Own, now: i64) -> Result<Proof, ProviderError> {
        match own {
            Own::Password(password) => self.password(password, now).await.map(Proof::Token),
            Own::Pod(pod) => self.pod(pod).await.map(Proof::Keys),
        }
    }
}

impl Client {
    /// A token got with a user's password.
    async fn password(&self, user: &Password, now: i64) -> Result<Token, ProviderError> {
        // With an agency to become, the declared account is not the one that begins.
        let account_id = self.account_id.as_deref();
        let account_id = account_id.filter(|_| self.keeper.credentials.roles.is_empty());
        let call = password::sign_in(user, account_id);
        self.keeper.turn().await;
        let failed = password::sign_in_failed;
        let answered = self.with_token(&call, None).await.map_err(failed)?;
        let reply = sort_answer(&call, By::Token, now, &came(&answered)).map_err(failed)?;
        password::token_of(answered.header("x-subject-token"), &reply.body, now)
    }

    /// The identity provider's token, and keys for that (`apis/huawei.md §6.1`). Neither call is
    /// signed.
    async fn at_iam(
        &self,
        identity: &WebIdentity,
        token: &Secret,
        now: i64,
    ) -> Result<Keys, ProviderError> {
        let mut auth = json!({"id_token": {"id": token.expose()}});
        // With an agency to become, the declared account is not the one that begins.
        let own = self.keeper.credentials.account_id.as_ref();
        let domain = match &self.account_id {
            Some(id) if self.keeper.credentials.roles.is_empty() => Some(id),
            Some(_) | None => own,
        };
        if let Some(id) = domain {
            auth["scope"] = json!({"domain": {"id": id}});
        }
        let path = "/v3.0/OS-AUTH/id-token/tokens".to_owned();
        let call = Call::rest(
            "CreateTokenWithIdToken",
            "POST",
            path,
            json!({"auth": auth}),
        );
        let provider = Some(("x-idp-id", identity.provider.as_str().into()));
        let answered = self.unsigned(&call, provider).await?;
        sort_answer(&call, By::Token, now, &came(&answered))?;
        let Some(federated) = answered.header("x-subject-token") else {
            return Err(token::no_keys(call.name));
        };
        let federated = Secret::new(federated);
        let body = json!({"auth": {"identity": {
            "methods": ["token"],
            "token": {"id": federated.expose(), "duration_seconds": identity.duration_seconds},
        }}});
        let name = "CreateTemporaryAccessKeyByToken";
        let call = Call::rest(name, "POST", SECURITY_TOKENS.to_owned(), body);
        self.keeper.turn().await;
        let answered = self.unsigned(&call, None).await?;
        let reply = sort_answer(&call, By::Token, now, &came(&answered));
        let reply = reply.map_err(|error| token::without_token(error, &federated))?;
        keys_in(&reply.body, name)
    }

    /// An agency that trusts a provider of the newer kind (`apis/huawei.md §3.9`). Not signed.
    async fn at_sts(
        &self,
        identity: &WebIdentity,
        agency: &str,
        token: &Secret,
        now: i64,
    ) -> Result<Keys, ProviderError> {
        let name = "AssumeAgencyWithOIDC";
        let Some(sts) = &self.sts else {
            let why = "the STS service has one host for each region; give the account a `region`";
            return Err(ProviderError::new(ErrorClass::Auth, name, why));
        };
        let mut body = json!({
            "provider_urn": identity.provider,
            "agency_urn": agency,
            "agency_session_name": identity.session_name,
            "id_token": token.expose(),
            "duration_seconds": identity.duration_seconds,
        });
        if let Some(policy) = &identity.policy {
            body["policy"] = json!(policy);
        }
        let path = "/v5/agencies/assume-with-oidc".to_owned();
        let call = Call::rest(name, "POST", path, body);
        let answered = self.unsigned_at(sts, &call, None).await?;
        let reply = sort_answer(&call, By::Token, now, &came(&answered))?;
        let keys = &reply.body["credentials"];
        let names = [
            "access_key_id",
            "secret_access_key",
            "security_token",
            "expiration",
        ];
        keys_of(keys, names).ok_or_else(|| token::no_keys(name))
    }

    /// A session with the metadata service; [`None`] where it knows none.
    async fn session(&self, machine: &Machine) -> Result<Option<Secret>, ProviderError> {
        let url = format!("{}/meta-data/latest/api/token", machine.base);
        let headers = vec![("x-metadata-token-ttl-seconds", SESSION_SECONDS.into())];
        let http = &self.http;
        let answered =
            token::ask(http, "PUT", &url, headers, "", METADATA_TIMEOUT, METADATA).await?;
        let text = String::from_utf8_lossy(&answered.body).trim().to_owned();
        match answered.status {
            404 | 405 | 503 => Ok(None),
            200 if !text.is_empty() => Ok(Some(Secret::new(text))),
            _ => {
                let why = "it gives no session token";
                Err(ProviderError::new(ErrorClass::Auth, METADATA, why))
            }
        }
    }

    async fn pod(&self, pod: &Pod) -> Result<Keys, ProviderError> {
        let refused = |why: &str| ProviderError::new(ErrorClass::Auth, POD, why);
        let text = (self.keeper.read)(&pod.authorization)
            .ok_or_else(|| {
                refused("the file that HC_CONTAINER_AUTHORIZATION_TOKEN_FILE names is not there")
            })?
            .map_err(|why| refused(&why))?;
        let headers = vec![
            (
                "authorization",
                HeaderText::Secret(Secret::new(text.trim())),
            ),
            ("content-type", "application/json".into()),
        ];
        let http = &self.http;
        let answered = token::ask(http, "POST", &pod.url, headers, "{}", POD_TIMEOUT, POD).await?;
        keys_in(&token::whole(&answered, POD)?, POD)
    }

    async fn unsigned(
        &self,
        call: &Call,
        header: Option<(&'static str, HeaderText)>,
    ) -> Result<crate::net::http::Answered, ProviderError> {
        self.unsigned_at(&self.endpoint.base, call, header).await
    }

    async fn unsigned_at(
        &self,
        base: &str,
        call: &Call,
        header: Option<(&'static str, HeaderText)>,
    ) -> Result<crate::net::http::Answered, ProviderError> {
        let mut headers = vec![("content-type", "application/json;charset=utf8".into())];
        headers.extend(header);
        self.request(base, call, headers, body_of(call)).await
    }
}

fn keys_in(body: &Value, call: &'static str) -> Result<Keys, ProviderError> {
    let names = ["access", "secret", "securitytoken", "expires_at"];
    keys_of(&body["credential"], names).ok_or_else(|| token::no_keys(call))
}

fn keys_of(keys: &Value, [id, secret, session, ends]: [&str; 4]) -> Option<Keys> {
    let filled = |name| wire::text(keys, name).filter(|text| !text.is_empty());
    Some(Keys {
        id: filled(id)?,
        secret: Secret::new(filled(secret)?),
        token: Some(Secret::new(filled(session)?)),
        ends: Some(source::unix_seconds(&filled(ends)?)?),
    })
}
