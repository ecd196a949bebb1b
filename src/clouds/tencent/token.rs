//! From credentials to the keys that sign, in Tencent Cloud's way: tokens exchanged, roles assumed,
//! the machine asked (apis/tencent.md §5, §6.4, §6.5).

use std::convert::Infallible;

use async_trait::async_trait;
use serde_json::json;

use super::api::{Client, page_after};
use crate::clouds::sign_in::{Keeper, SignsIn};
use crate::clouds::source::{Keys, Machine, Role, WebIdentity};
use crate::clouds::{token, wire};
use crate::model::{Secret, Value};
use crate::provider::{Answer, Call, ProviderError, Reply};

/// Where the machine's role and its keys are.
const METADATA_PATH: &str = "/latest/meta-data/cam/security-credentials/";
/// How the metadata service is called in errors.
const METADATA: &str = "CVM metadata";

#[async_trait]
impl SignsIn for Client {
    const CLI: &'static str = "tccli";

    type Proof = Keys;
    type Own = Infallible;

    fn keeper(&self) -> &Keeper<Keys, Infallible> {
        &self.keeper
    }

    async fn send_with(&self, call: &Call, keys: &Keys, now: i64) -> Answer {
        self.send_as(call, Some(keys), now).await
    }

    fn page_after(&self, call: &Call, reply: &Reply) -> Option<Call> {
        page_after(call, reply)
    }

    fn exchange_name(&self, _identity: &WebIdentity) -> &'static str {
        "AssumeRoleWithWebIdentity"
    }

    async fn exchange(
        &self,
        identity: &WebIdentity,
        token: &Secret,
        now: i64,
    ) -> Result<Keys, ProviderError> {
        let params = json!({
            "ProviderId": identity.provider,
            "WebIdentityToken": token.expose(),
            "RoleArn": identity.role,
            "RoleSessionName": identity.session_name,
            "DurationSeconds": identity.duration_seconds,
        });
        let call = Call::rpc("sts", self.exchange_name(identity), params);
        let reply = self.send_as(&call, None, now).await?;
        keys_in(&reply.body, call.name)
    }

    async fn assume(&self, role: &Role, from: &Keys, now: i64) -> Result<Keys, ProviderError> {
        let mut params = json!({
            "RoleArn": role.name,
            "RoleSessionName": role.session_name,
            "DurationSeconds": role.duration_seconds,
        });
        if let Some(word) = &role.external_id {
            params["ExternalId"] = json!(word);
        }
        let call = Call::rpc("sts", "AssumeRole", params);
        let reply = self.send_as(&call, Some(from), now).await?;
        keys_in(&reply.body, call.name)
    }

    async fn machine(&self, machine: &Machine) -> Result<Keys, ProviderError> {
        let folder = format!("{}{METADATA_PATH}", machine.base);
        let role = machine.role.as_deref();
        let body = token::role_keys(&self.http, &folder, role, Vec::new(), METADATA).await?;
        keys_of(&body, &body).ok_or_else(|| token::no_keys(METADATA))
    }

    async fn begin(&self, own: &Infallible, _now: i64) -> Result<Keys, ProviderError> {
        match *own {}
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
