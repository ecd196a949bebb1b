//! From credentials to the keys that sign: roles assumed, tokens exchanged, the machine asked
//! (apis/tencent.md §5, §6.4, §6.5).

use std::time::Duration;

use serde_json::json;

use super::api::Client;
use super::credentials::Start;
use crate::clouds::source::{Keys, Machine, Role, WebIdentity};
use crate::clouds::{token, wire};
use crate::model::{Secret, Value};
use crate::provider::{Call, ConnectError, ErrorClass, ProviderError};

/// The metadata service answers at once; elsewhere its name does not even resolve (§6.4).
const METADATA_TIMEOUT: Duration = Duration::from_secs(1);
/// Where the machine's role and its keys are.
const METADATA_PATH: &str = "/latest/meta-data/cam/security-credentials/";
/// How the metadata service is called in errors.
const METADATA: &str = "CVM metadata";

impl Client {
    /// The keys for the next call.
    ///
    /// # Errors
    /// Those of the call that should have brought them; the next call itself was not sent.
    pub(in crate::clouds) async fn keys(&self, now: i64) -> Result<Keys, ProviderError> {
        if let (Start::Keys(keys), []) = (&self.credentials.start, &self.credentials.roles[..]) {
            return Ok(keys.clone());
        }
        self.keeper.keys(now, self.fresh(now)).await
    }

    /// Whether new keys can be got when the cloud no longer takes the old ones.
    pub(super) fn renews(&self) -> bool {
        !matches!(self.credentials.start, Start::Keys(_)) || !self.credentials.roles.is_empty()
    }

    /// Whether the machine has an identity, where the chain ends there.
    pub(super) async fn find(&self) -> Result<(), ConnectError> {
        let Start::Machine(machine) = &self.credentials.start else {
            return Ok(());
        };
        let Some(looked) = &machine.looked else {
            return Ok(());
        };
        match self.machine(machine).await {
            Err(error) if matches!(error.class, ErrorClass::Unreachable | ErrorClass::NotFound) => {
                Err(ConnectError::Missing {
                    looked: looked.clone(),
                })
            }
            Ok(_) | Err(_) => Ok(()),
        }
    }

    async fn fresh(&self, now: i64) -> Result<Keys, ProviderError> {
        let mut keys = match &self.credentials.start {
            Start::Keys(keys) => keys.clone(),
            Start::WebIdentity(identity) => self.exchange(identity, now).await?,
            Start::Machine(machine) => self.machine(machine).await?,
        };
        for role in &self.credentials.roles {
            keys = self.assume(role, &keys, now).await?;
        }
        tracing::info!(
            source = self.credentials.source,
            ends = keys.ends,
            "temporary keys"
        );
        Ok(keys)
    }

    async fn exchange(&self, identity: &WebIdentity, now: i64) -> Result<Keys, ProviderError> {
        let name = "AssumeRoleWithWebIdentity";
        let place = &identity.token;
        let token = token::web_token(&self.http, &self.read, place, name, now).await?;
        let params = json!({
            "ProviderId": identity.provider,
            "WebIdentityToken": token.expose(),
            "RoleArn": identity.role,
            "RoleSessionName": identity.session_name,
            "DurationSeconds": identity.duration_seconds,
        });
        let call = Call::rpc("sts", name, params);
        self.keeper.turn().await;
        let reply = self.send_as(&call, None, now).await;
        let reply = reply.map_err(|error| token::without_token(error, &token))?;
        keys_in(&reply.body, name)
    }

    async fn assume(&self, role: &Role, keys: &Keys, now: i64) -> Result<Keys, ProviderError> {
        let name = "AssumeRole";
        let mut params = json!({
            "RoleArn": role.name,
            "RoleSessionName": role.session_name,
            "DurationSeconds": role.duration_seconds,
        });
        if let Some(word) = &role.external_id {
            params["ExternalId"] = json!(word);
        }
        let call = Call::rpc("sts", name, params);
        self.keeper.turn().await;
        let reply = self.send_as(&call, Some(keys), now).await?;
        keys_in(&reply.body, name)
    }

    async fn machine(&self, machine: &Machine) -> Result<Keys, ProviderError> {
        let folder = format!("{}{METADATA_PATH}", machine.base);
        let get = async |url: String| {
            let headers = Vec::new();
            token::ask(
                &self.http,
                "GET",
                &url,
                headers,
                "",
                METADATA_TIMEOUT,
                METADATA,
            )
            .await
        };
        let role = if let Some(role) = &machine.role {
            role.clone()
        } else {
            token::bound_role(&get(folder.clone()).await?, METADATA)?
        };
        let answered = get(format!("{folder}{role}")).await?;
        let body = token::whole(&answered, METADATA)?;
        if wire::text(&body, "Code").as_deref() != Some("Success") {
            return Err(token::no_keys(METADATA));
        }
        keys_of(&body, &body).ok_or_else(|| token::no_keys(METADATA))
    }
}

fn keys_in(body: &Value, call: &'static str) -> Result<Keys, ProviderError> {
    let keys = body.get("Credentials").and_then(|keys| keys_of(keys, body));
    keys.ok_or_else(|| token::no_keys(call))
}

fn keys_of(keys: &Value, body: &Value) -> Option<Keys> {
    let filled = |name| wire::text(keys, name).filter(|text| !text.is_empty());
    Some(Keys {
        id: filled("TmpSecretId")?,
        secret: Secret::new(filled("TmpSecretKey")?),
        token: Some(Secret::new(filled("Token")?)),
        ends: Some(wire::number(body, "ExpiredTime")?),
    })
}
