//! What goes wrong, and the shapes it is told in (`apis/huawei.md §1.3`).

use serde_json::{Value, json};
use uuid::Uuid;

use crate::sandbox::wire::Response;

/// The family of a path, which decides the shape of its errors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dialect {
    /// `/v3` and `/v3-ext`: nested under `error`, with an integer `code`.
    Keystone,
    /// `/v3.0`: flat `error_code` and `error_msg`.
    Flat,
    /// The gateway in front: flat, with `request_id`.
    Gateway,
}

/// One refusal, not yet in any shape.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) status: u16,
    /// The code of the flat shapes; the nested one has none.
    pub(super) code: &'static str,
    pub(super) message: String,
    /// Set when the gateway answers whatever the path.
    pub(super) at_gateway: bool,
}

impl Fault {
    fn new(status: u16, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            status,
            code,
            message: message.into(),
            at_gateway: false,
        }
    }

    fn gateway(status: u16, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            at_gateway: true,
            ..Self::new(status, code, message)
        }
    }

    /// 400 of the nested dialect: a named parameter.
    pub(super) fn parameter(name: &str) -> Self {
        Self::new(
            400,
            "IAM.0007",
            format!("Request parameter '{name}' is invalid."),
        )
    }

    /// 400 without a word about which field, as in reality.
    pub(super) fn body() -> Self {
        Self::new(400, "IAM.0011", "Request body is invalid.")
    }

    /// 401 of IAM itself.
    pub(super) fn unauthenticated() -> Self {
        Self::new(
            401,
            "IAM.0001",
            "The request you have made requires authentication.",
        )
    }

    /// 401 for a token of an issuer; code and sentence are a guess (`§3.7` has none).
    pub(super) fn refused_bearer(why: &str) -> Self {
        Self {
            message: format!("The request you have made requires authentication: {why}."),
            ..Self::unauthenticated()
        }
    }

    /// 401 for a sign-in that fails (`§2.1`).
    pub(super) fn wrong_password() -> Self {
        Self::new(401, "IAM.0062", "The username or password is wrong.")
    }

    /// 401 of the gateway, which checks signatures (`§2.2`).
    pub(super) fn signature(words: &str) -> Self {
        Self::gateway(
            401,
            "APIGW.0301",
            format!("Incorrect IAM authentication information: {words}"),
        )
    }

    /// 403 that names the action.
    pub(super) fn denied(action: &str) -> Self {
        Self::new(
            403,
            "IAM.0003",
            format!("Policy doesn't allow {action} to be performed."),
        )
    }

    /// 403 for what belongs to another account.
    pub(super) fn not_authorised() -> Self {
        Self::new(
            403,
            "IAM.0002",
            "You are not authorized to perform the requested action.",
        )
    }

    /// 403 over quota; status and sentence are the guess of `§3.2`.
    pub(super) fn over_quota(what: &str) -> Self {
        Self::new(403, "IAM.0002", format!("Quota exceeded for {what}."))
    }

    /// 404 of a thing.
    pub(super) fn not_found(what: &str, id: &str) -> Self {
        Self::new(404, "IAM.0004", format!("Could not find {what}: {id}."))
    }

    /// 400 for a reference to a thing that is not there, as newer Keystone words it (`§3.4`).
    pub(super) fn bad_mapping(id: &str) -> Self {
        Self::new(400, "IAM.0011", format!("Invalid mapping id: {id}"))
    }

    /// 409 for an id that is taken.
    pub(super) fn duplicate(what: &str, id: &str) -> Self {
        Self::conflict(what, &format!("Duplicate entry: {id}"))
    }

    /// 409.
    pub(super) fn conflict(what: &str, details: &str) -> Self {
        Self::new(
            409,
            "IAM.0005",
            format!("Conflict occurred attempting to store {what} - {details}"),
        )
    }

    /// 404 of the gateway: no such route.
    pub(super) fn no_route() -> Self {
        Self::gateway(
            404,
            "APIGW.0101",
            "The API does not exist or has not been published in the environment",
        )
    }

    /// 405 of IAM.
    pub(super) fn wrong_verb() -> Self {
        Self::new(
            405,
            "IAM.0007",
            "The method is not allowed for the requested URL.",
        )
    }

    /// 413 of the gateway.
    pub(super) fn too_large() -> Self {
        Self::gateway(413, "APIGW.0201", "Request entity too large")
    }

    /// 429 of IAM or of the gateway (`§3.8`).
    pub(super) fn throttled(at_gateway: bool) -> Self {
        if at_gateway {
            Self::gateway(
                429,
                "APIGW.0308",
                "The throttling threshold has been reached: policy ip over ratelimit,limit:5,time:1 minute",
            )
        } else {
            Self::new(
                429,
                "IAM.0012",
                "The throttling threshold has been reached. Threshold: 5 times per 1 seconds",
            )
        }
    }

    /// 500, with the emulator's own trouble in place of the cloud's silence.
    pub(super) fn internal(why: &str) -> Self {
        Self::new(
            500,
            "IAM.0006",
            format!(
                "An unexpected error prevented the server from fulfilling your request.{}{why}",
                if why.is_empty() { "" } else { " " }
            ),
        )
    }

    /// The refusal that goes with an HTTP status, for faults on demand.
    pub(super) fn of_status(status: u16) -> Self {
        match status {
            400 => Self::body(),
            401 => Self::unauthenticated(),
            403 => Self::not_authorised(),
            404 => Self::no_route(),
            405 => Self::wrong_verb(),
            409 => Self::conflict("object", "injected"),
            410 => Self::new(410, "IAM.0020", "Home region failover in progress."),
            413 => Self::too_large(),
            429 => Self::throttled(false),
            _ => Self {
                status,
                ..Self::internal("")
            },
        }
    }

    /// The answer in the shape of `dialect`.
    pub(super) fn answer(&self, dialect: Dialect, nulls: bool) -> Response {
        let request_id = request_id();
        let body = self.shaped(dialect, nulls, &request_id);
        answer(self.status, Some(&body), request_id)
    }

    /// The body alone, for an answer that is kept for later.
    pub(super) fn body_in(&self, dialect: Dialect, nulls: bool) -> Value {
        self.shaped(dialect, nulls, &request_id())
    }

    fn shaped(&self, dialect: Dialect, nulls: bool, request_id: &str) -> Value {
        let dialect = if self.at_gateway {
            Dialect::Gateway
        } else {
            dialect
        };
        match dialect {
            Dialect::Keystone => {
                let mut error = json!({
                    "code": self.status,
                    "message": self.message,
                    "title": title(self.status),
                });
                if nulls {
                    error["error_code"] = Value::Null;
                    error["error_msg"] = Value::Null;
                }
                json!({ "error": error })
            }
            Dialect::Flat => json!({"error_code": self.code, "error_msg": self.message}),
            Dialect::Gateway => json!({
                "error_code": self.code,
                "error_msg": self.message,
                "request_id": request_id,
            }),
        }
    }
}

/// What a load balancer puts before the API when nothing stands behind it: no JSON at all.
pub(super) fn load_balancer_page(status: u16) -> Response {
    let title = title(status);
    Response {
        status,
        headers: vec![
            ("content-type".to_owned(), "text/html".to_owned()),
            ("x-request-id".to_owned(), request_id()),
        ],
        body: format!(
            "<html>\r\n<head><title>{status} {title}</title></head>\r\n<body>\r\n<center><h1>{status} {title}</h1></center>\r\n</body>\r\n</html>\r\n"
        )
        .into_bytes(),
    }
}

/// A successful answer, with the ids that every answer carries (`§1.4`).
pub(super) fn success(status: u16, body: Option<&Value>) -> Response {
    answer(status, body, request_id())
}

fn answer(status: u16, body: Option<&Value>, request_id: String) -> Response {
    let mut response = match body {
        Some(body) => Response::json(status, "application/json;charset=UTF-8", body),
        None => Response {
            status,
            headers: Vec::new(),
            body: Vec::new(),
        },
    };
    response
        .headers
        .push(("x-request-id".to_owned(), request_id));
    response.headers.push((
        "x-iam-trace-id".to_owned(),
        format!("token_sandbox_null_{}", self::request_id()),
    ));
    response
}

fn request_id() -> String {
    Uuid::new_v4().simple().to_string()
}

fn title(status: u16) -> &'static str {
    match status {
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        409 => "Conflict",
        410 => "Gone",
        413 => "Request Entity Too Large",
        429 => "Too Many Requests",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Time-out",
        _ => "Internal Server Error",
    }
}
