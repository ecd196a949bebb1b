//! What one emulated cloud answers, and the table of all of them.

use std::path::Path;
use std::sync::Arc;

use serde_json::Value;

use super::alibaba::AlibabaCloud;
use super::federated::outside::Outside;
use super::huawei::HuaweiCloud;
use super::tencent::TencentCloud;
use super::wire::{Request, Response};

/// The clouds the sandbox serves, each with its own folder under `folder`.
///
/// Adding a cloud is a folder beside `tencent/` and one line here.
/// Issuers are found `outside`.
pub fn emulators(folder: Option<&Path>, outside: &Outside) -> Vec<Arc<dyn Emulator>> {
    let of = |cloud: &str| folder.map(|folder| folder.join(cloud));
    vec![
        Arc::new(TencentCloud::new(of("tencent"))),
        Arc::new(AlibabaCloud::new(of("alibaba"), outside.clone())),
        Arc::new(HuaweiCloud::new(of("huawei"))),
    ]
}

/// One emulated cloud: a whole request in, a whole answer out, no sockets and no clock of its own.
pub trait Emulator: Send + Sync {
    /// `tencent`, `alibaba` or `huawei`.
    fn cloud(&self) -> &'static str;

    /// The documented name of what is asked for, such as `CreateOIDCProvider`; for the log and for
    /// aiming faults. Empty when the request does not say.
    fn action(&self, request: &Request) -> String;

    /// The account the request claims to come from, unverified; for the log and for throttling.
    fn account(&self, request: &Request) -> Option<String>;

    /// Verifies, executes and answers one request at the given time (Unix seconds).
    fn answer(&self, request: &Request, now_unix_seconds: i64) -> Response;

    /// The cloud's own way to say that it is asked too often, with the wait it would hint at.
    fn throttled(&self, request: &Request, retry_after_seconds: Option<u32>) -> Response;

    /// The cloud's own way to fail with an HTTP status: 403 is a missing permission, 5xx an
    /// internal error.
    fn failed(&self, request: &Request, status: u16) -> Response;

    /// What the request is signed in with, where that can run out: the id of temporary keys, or a
    /// token. Unverified.
    fn passing(&self, request: &Request) -> Option<String>;

    /// The cloud's own way to refuse what ran out.
    fn expired(&self, request: &Request) -> Response;

    /// Requests per second that one account may make of one action; 0 means without limit.
    fn throttle_per_second(&self) -> u32 {
        20
    }

    /// Sets one of the readable switches in the account's `settings`.
    ///
    /// # Errors
    /// The cloud has no such switch, the value does not fit it, or the state cannot be written.
    fn set(&self, account: &str, setting: &str, value: Value) -> Result<(), String> {
        let _ = (account, value);
        Err(format!("{} has no setting `{setting}`", self.cloud()))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::sandbox::credentials;
    use crate::sandbox::testing::{NOW, alibaba_v1, alibaba_v3, request, tencent};

    const TENCENT_ACTIONS: [&str; 6] = [
        "CreateUserOIDCConfig",
        "UpdateUserSAMLConfig",
        "CreateOIDCConfig",
        "DescribeOIDCConfig",
        "DeleteOIDCConfig",
        "GetCallerIdentity",
    ];
    const ALIBABA_ACTIONS: [&str; 5] = [
        "CreateOIDCProvider",
        "ListOIDCProviders",
        "UpdateOIDCProvider",
        "AddClientIdToOIDCProvider",
        "RemoveFingerprintFromOIDCProvider",
    ];

    proptest! {
        #[test]
        fn no_request_is_too_odd_to_answer(
            method in "[A-Z]{0,4}|GET|POST",
            query in "\\PC{0,40}",
            values in prop::collection::vec("\\PC{0,60}", 8),
            authorization in "\\PC{0,30}|(TC3|ACS3)-HMAC-SHA256 [a-zA-Z=/,; ]{0,60}",
            body in "\\PC{0,60}",
        ) {
            let names = [
                "host", "content-type", "x-tc-action", "x-tc-timestamp", "x-acs-action",
                "x-acs-version", "x-acs-date", "accept",
            ];
            let mut headers: Vec<(&str, &str)> =
                names.into_iter().zip(values.iter().map(String::as_str)).collect();
            headers.push(("authorization", &authorization));
            let request = request(&method, &query, &headers, &body);
            for cloud in emulators(None, &Outside::empty()) {
                let _ = (cloud.action(&request), cloud.account(&request));
                let status = cloud.answer(&request, NOW).status;
                prop_assert!((200..600).contains(&status));
            }
        }

        #[test]
        fn signed_requests_may_hold_anything(
            action in prop::sample::select(TENCENT_ACTIONS.to_vec()),
            name in "Name|IdentityUrl|IdentityKey|ClientId|Scope|AutoRotateKey|Operate|X",
            text in "\\PC{0,40}",
            is_list: bool,
        ) {
            let key = credentials::permanent("tencent", "1").unwrap();
            let value = if is_list { json!([text]) } else { json!(text) };
            let mut parameters = json!({"Name": "a", "IdentityUrl": "https://a.example"});
            parameters[name] = value;
            let request = tencent(&key, action, &parameters, NOW);
            let response = TencentCloud::new(None).answer(&request, NOW);
            let text = String::from_utf8(response.body).unwrap();
            prop_assert!(!text.contains("AuthFailure"), "{}", text);
        }

        #[test]
        fn both_alibaba_schemes_sign_anything(
            action in prop::sample::select(ALIBABA_ACTIONS.to_vec()),
            name in "OIDCProviderName|IssuerUrl|ClientIds|NewDescription|Marker|X",
            text in "\\PC{0,40}",
            is_legacy: bool,
        ) {
            let key = credentials::temporary("alibaba", "1").unwrap();
            let sign = if is_legacy { alibaba_v1 } else { alibaba_v3 };
            let request = sign(&key, action, &[(&name, &text)], "n", NOW);
            let response = AlibabaCloud::new(None, Outside::empty()).answer(&request, NOW);
            let text = String::from_utf8(response.body).unwrap();
            prop_assert!(!text.contains("Signature"), "{}", text);
        }
    }
}
