//! The shape of Alibaba Cloud's answers: apis/alibaba.md §1.4, §1.5.

use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::asked::Asked;
use super::xml;
use crate::sandbox::wire::{self, Response};

/// Apis/alibaba.md §1.4.
const JSON: &str = "application/json;charset=utf-8";
/// Apis/alibaba.md §1.4.
const XML: &str = "text/xml;charset=utf-8";

/// An API error. Clients match on the code; the message is free text.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Refusal {
    pub(super) status: u16,
    pub(super) code: String,
    pub(super) message: String,
    /// `AccessDeniedDetail`, only with permission errors.
    pub(super) detail: Option<Value>,
}

/// The fields of a success besides `RequestId`.
pub(super) type Fields = Map<String, Value>;

/// What an action comes to.
pub(super) type Result<T = Fields> = std::result::Result<T, Refusal>;

/// An error with a status and a code.
pub(super) fn refusal(status: u16, code: impl Into<String>, message: impl Into<String>) -> Refusal {
    Refusal {
        status,
        code: code.into(),
        message: message.into(),
        detail: None,
    }
}

/// The HTTP answer, in the format asked for.
pub(super) fn respond(asked: &Asked, result: Result) -> Response {
    let id = Uuid::new_v4().to_string().to_uppercase();
    let (status, root, mut fields) = match result {
        Ok(fields) => (200, format!("{}Response", asked.action), fields),
        Err(refusal) => (
            refusal.status,
            "Error".to_owned(),
            error(asked, &id, refusal),
        ),
    };
    fields.insert("RequestId".to_owned(), id.clone().into());
    let body = Value::Object(fields);
    let mut response = if asked.wants_xml() {
        Response {
            status,
            headers: vec![("content-type".to_owned(), XML.to_owned())],
            body: xml::document(&root, &body).into_bytes(),
        }
    } else {
        Response::json(status, JSON, &body)
    };
    response.headers.push(("x-acs-request-id".to_owned(), id));
    response
}

fn error(asked: &Asked, id: &str, refusal: Refusal) -> Fields {
    let recommend = format!(
        "https://api.aliyun.com/troubleshoot?q={}&product={}&requestId={id}",
        wire::encode(&refusal.code),
        asked.product(),
    );
    let mut fields = Map::from_iter([
        ("HostId".to_owned(), json!(asked.host)),
        ("Code".to_owned(), json!(refusal.code)),
        ("Message".to_owned(), json!(refusal.message)),
        ("Recommend".to_owned(), json!(recommend)),
    ]);
    if let Some(detail) = refusal.detail {
        fields.insert("AccessDeniedDetail".to_owned(), detail);
    }
    fields
}
