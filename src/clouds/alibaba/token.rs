//! From credentials to the keys that sign: roles assumed, tokens exchanged, the machine and the
//! credentials URI asked (apis/alibaba.md §6, §7.5).

use std::time::Duration;

use serde_json::json;

use super::api::Client;
use super::credentials::Start;
use crate::clouds::source::{self, Keys, Machine, Role, WebIdentity};
use crate::clouds::{token, wire};
use crate::model::{Secret, Value};
use crate::net::http::HeaderText;
use crate::provider::{Call, ConnectError, ErrorClass, ProviderError};

/// The metadata service answers at once; elsewhere nobody does (§7.5).
const METADATA_TIMEOUT: Duration = Duration::from_secs(1);
/// Where the machine's role and its keys are.
const METADATA_PATH: &str = "/latest/meta-data/ram/security-credentials/";
/// How long a session with the metadata service lasts, in seconds. The most; it is used at once.
const SESSION_SECONDS: &str = "21600";
/// How the metadata service is called in errors.
const METADATA: &str = "ECS metadata";
/// How the credentials URI is called in errors.
const URI: &str = "credentials URI";
/// A sidecar may have to fetch keys itself first.
const URI_TIMEOUT: Duration = Duration::from_secs(5);

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
        let Start::Machine(machine, None) = &self.credentials.start else {
            return Ok(());
        };
        let Some(looked) = &machine.looked else {
            return Ok(());
        };
        match self.machine(machine).await {
            Err(error) if is_nobody_there(&error) => Err(ConnectError::Missing {
                looked: looked.clone(),
            }),
            Ok(_) | Err(_) => Ok(()),
        }
    }

    async fn fresh(&self, now: i64) -> Result<Keys, ProviderError> {
        let mut keys = match &self.credentials.start {
            Start::Keys(keys) => keys.clone(),
            Start::WebIdentity(identity) => self.exchange(identity, now).await?,
            Start::Uri(url) => self.uri(url).await?,
            Start::Machine(machine, uri) => match (self.machine(machine).await, uri) {
                (Err(error), Some(url)) if is_nobody_there(&error) => self.uri(url).await?,
                (keys, _) => keys?,
            },
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
        let name = "AssumeRoleWithOIDC";
        let place = &identity.token;
        let token = token::web_token(&self.http, &self.read, place, name, now).await?;
        let params = json!({
            "OIDCProviderArn": identity.provider,
            "OIDCToken": token.expose(),
            "RoleArn": identity.role,
            "RoleSessionName": identity.session_name,
            "DurationSeconds": identity.duration_seconds,
            "Policy": identity.policy,
        });
        let call = Call::rpc("Sts", name, params);
        self.keeper.turn().await;
        let reply = self.send_as(&call, None, now).await;
        let reply = reply.map_err(|error| token::without_token(error, &token))?;
        keys_in(&reply.body["Credentials"], name)
    }

    async fn assume(&self, role: &Role, keys: &Keys, now: i64) -> Result<Keys, ProviderError> {
        let name = "AssumeRole";
        let params = json!({
            "RoleArn": role.name,
            "RoleSessionName": role.session_name,
            "DurationSeconds": role.duration_seconds,
            "ExternalId": role.external_id,
            "Policy": role.policy,
        });
        let call = Call::rpc("Sts", name, params);
        self.keeper.turn().await;
        let reply = self.send_as(&call, Some(keys), now).await?;
        keys_in(&reply.body["Credentials"], name)
    }

    async fn machine(&self, machine: &Machine) -> Result<Keys, ProviderError> {
        let session = self.session(machine).await?;
        let folder = format!("{}{METADATA_PATH}", machine.base);
        let get = async |url: String| {
            let session = session.iter().cloned();
            let headers =
                session.map(|text| ("x-aliyun-ecs-metadata-token", HeaderText::Secret(text)));
            let headers = headers.collect();
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
        successful(&token::whole(&answered, METADATA)?, METADATA)
    }

    /// A session of the hardened protocol; [`None`] where only the older one is spoken and allowed.
    async fn session(&self, machine: &Machine) -> Result<Option<Secret>, ProviderError> {
        let url = format!("{}/latest/api/token", machine.base);
        let headers = vec![(
            "x-aliyun-ecs-metadata-token-ttl-seconds",
            SESSION_SECONDS.into(),
        )];
        let http = &self.http;
        let answered =
            token::ask(http, "PUT", &url, headers, "", METADATA_TIMEOUT, METADATA).await?;
        let text = String::from_utf8_lossy(&answered.body).trim().to_owned();
        if answered.status == 200 && !text.is_empty() {
            return Ok(Some(Secret::new(text)));
        }
        if machine.may_be_plain {
            return Ok(None);
        }
        let why =
            "it gives no session token, and ALIBABA_CLOUD_IMDSV1_DISABLED forbids to go without";
        Err(ProviderError::new(ErrorClass::Auth, METADATA, why))
    }

    async fn uri(&self, url: &str) -> Result<Keys, ProviderError> {
        let answered = token::ask(&self.http, "GET", url, Vec::new(), "", URI_TIMEOUT, URI).await?;
        successful(&token::whole(&answered, URI)?, URI)
    }
}

fn is_nobody_there(error: &ProviderError) -> bool {
    matches!(error.class, ErrorClass::Unreachable | ErrorClass::NotFound)
}

/// Keys of the metadata service and of a credentials URI (§7.5).
fn successful(body: &Value, what: &'static str) -> Result<Keys, ProviderError> {
    if wire::text(body, "Code").as_deref() == Some("Success") {
        return keys_in(body, what);
    }
    Err(token::no_keys(what))
}

fn keys_in(keys: &Value, call: &'static str) -> Result<Keys, ProviderError> {
    let filled = |name| wire::text(keys, name).filter(|text| !text.is_empty());
    let read = || {
        Some(Keys {
            id: filled("AccessKeyId")?,
            secret: Secret::new(filled("AccessKeySecret")?),
            token: Some(Secret::new(filled("SecurityToken")?)),
            ends: Some(source::unix_seconds(&filled("Expiration")?)?),
        })
    };
    read().ok_or_else(|| token::no_keys(call))
}
