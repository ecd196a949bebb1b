//! From credentials to the keys that sign, in Alibaba Cloud's way: tokens exchanged, roles assumed,
//! the machine and the credentials URI asked (apis/alibaba.md §6, §7.5).

use std::time::Duration;

use async_trait::async_trait;
use serde_json::json;

use super::api::{Client, page_after};
use super::credentials::Uri;
use crate::clouds::sign_in::{Keeper, SignsIn};
use crate::clouds::source::{self, Keys, Machine, Role, WebIdentity};
use crate::clouds::{token, wire};
use crate::model::{Secret, Value};
use crate::net::http::HeaderText;
use crate::provider::{Answer, Call, ErrorClass, ProviderError, Reply};

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

#[async_trait]
impl SignsIn for Client {
    const CLI: &'static str = "the aliyun command line";

    type Proof = Keys;
    type Own = Uri;

    fn keeper(&self) -> &Keeper<Keys, Uri> {
        &self.keeper
    }

    async fn send_with(&self, call: &Call, keys: &Keys, now: i64) -> Answer {
        self.send_as(call, Some(keys), now).await
    }

    fn page_after(&self, call: &Call, reply: &Reply) -> Option<Call> {
        page_after(call, reply)
    }

    fn exchange_name(&self, _identity: &WebIdentity) -> &'static str {
        "AssumeRoleWithOIDC"
    }

    async fn exchange(
        &self,
        identity: &WebIdentity,
        token: &Secret,
        now: i64,
    ) -> Result<Keys, ProviderError> {
        let params = json!({
            "OIDCProviderArn": identity.provider,
            "OIDCToken": token.expose(),
            "RoleArn": identity.role,
            "RoleSessionName": identity.session_name,
            "DurationSeconds": identity.duration_seconds,
            "Policy": identity.policy,
        });
        let call = Call::rpc("Sts", self.exchange_name(identity), params);
        let reply = self.send_as(&call, None, now).await?;
        keys_in(&reply.body["Credentials"], call.name)
    }

    async fn assume(&self, role: &Role, from: &Keys, now: i64) -> Result<Keys, ProviderError> {
        let params = json!({
            "RoleArn": role.name,
            "RoleSessionName": role.session_name,
            "DurationSeconds": role.duration_seconds,
            "ExternalId": role.external_id,
            "Policy": role.policy,
        });
        let call = Call::rpc("Sts", "AssumeRole", params);
        let reply = self.send_as(&call, Some(from), now).await?;
        keys_in(&reply.body["Credentials"], call.name)
    }

    async fn machine(&self, machine: &Machine) -> Result<Keys, ProviderError> {
        let session = self.session(machine).await?;
        let headers = session.map(|text| ("x-aliyun-ecs-metadata-token", HeaderText::Secret(text)));
        let headers = headers.into_iter().collect();
        let folder = format!("{}{METADATA_PATH}", machine.base);
        let role = machine.role.as_deref();
        let body = token::role_keys(&self.http, &folder, role, headers, METADATA).await?;
        keys_in(&body, METADATA)
    }

    async fn begin(&self, Uri(url): &Uri, _now: i64) -> Result<Keys, ProviderError> {
        let answered = token::ask(&self.http, "GET", url, Vec::new(), "", URI_TIMEOUT, URI).await?;
        keys_in(&token::successful(&answered, URI)?, URI)
    }
}

impl Client {
    /// A session of the hardened protocol; [`None`] where only the older one is spoken and allowed.
    async fn session(&self, machine: &Machine) -> Result<Option<Secret>, ProviderError> {
        let url = format!("{}/latest/api/token", machine.base);
        let headers = vec![(
            "x-aliyun-ecs-metadata-token-ttl-seconds",
            SESSION_SECONDS.into(),
        )];
        let (http, timeout) = (&self.http, token::METADATA_TIMEOUT);
        let answered = token::ask(http, "PUT", &url, headers, "", timeout, METADATA).await;
        let text = (answered.as_ref().ok())
            .filter(|answered| answered.status == 200)
            .map(|answered| String::from_utf8_lossy(&answered.body).trim().to_owned());
        if let Some(text) = text.filter(|text| !text.is_empty()) {
            return Ok(Some(Secret::new(text)));
        }
        // From within a container the answer to a PUT may not get back, as it may pass one router
        // only; the older protocol's does.
        if machine.may_be_plain {
            return Ok(None);
        }
        answered?;
        let why =
            "it gives no session token, and ALIBABA_CLOUD_IMDSV1_DISABLED forbids to go without";
        Err(ProviderError::new(ErrorClass::Auth, METADATA, why))
    }
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
