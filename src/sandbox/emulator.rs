//! What one emulated cloud answers, and the table of all of them.

use std::path::Path;
use std::sync::Arc;

use serde_json::Value;

use super::alibaba::AlibabaCloud;
use super::huawei::HuaweiCloud;
use super::tencent::TencentCloud;
use super::wire::{Request, Response};

/// The clouds the sandbox serves, each with its own folder under `folder`.
///
/// Adding a cloud is a folder beside `tencent/` and one line here.
pub fn emulators(folder: Option<&Path>) -> Vec<Arc<dyn Emulator>> {
    let of = |cloud: &str| folder.map(|folder| folder.join(cloud));
    vec![
        Arc::new(TencentCloud::new(of("tencent"))),
        Arc::new(AlibabaCloud::new(of("alibaba"))),
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
