//! The shape of Tencent Cloud's answers: HTTP 200 always, errors inside (apis/tencent.md §1.4).

use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::sandbox::wire::Response;

/// Exactly this: the official Python SDK takes an error for a success when a charset is added
/// (apis/tencent.md §1.4).
const CONTENT_TYPE: &str = "application/json";

/// An API error. Clients match on the code; the message is free text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) code: &'static str,
    pub(super) message: String,
}

/// The fields of a success besides `RequestId`.
pub(super) type Fields = Map<String, Value>;

/// What an action comes to.
pub(super) type Result<T = Fields> = std::result::Result<T, Refusal>;

/// An error with a code of apis/tencent.md §7 or of the action's own list.
pub(super) fn refusal(code: &'static str, message: impl Into<String>) -> Refusal {
    Refusal {
        code,
        message: message.into(),
    }
}

/// The HTTP answer to a request that reached the service.
pub(super) fn respond(result: Result) -> Response {
    let mut fields = match result {
        Ok(fields) => fields,
        Err(refusal) => {
            let error = json!({"Code": refusal.code, "Message": refusal.message});
            Map::from_iter([("Error".to_owned(), error)])
        }
    };
    fields.insert("RequestId".to_owned(), Uuid::new_v4().to_string().into());
    Response::json(200, CONTENT_TYPE, &json!({ "Response": fields }))
}

/// What a load balancer answers when the service behind it cannot: a status, no JSON.
pub(super) fn gateway(status: u16) -> Response {
    Response {
        status,
        headers: vec![("content-type".to_owned(), "text/html".to_owned())],
        body: format!("<html><body><h1>{status}</h1></body></html>\n").into_bytes(),
    }
}
