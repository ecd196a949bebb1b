//! What a request asks for, wherever it says so: headers, query or form (apis/alibaba.md §1.2).

use super::answer::{Result, refusal};
use crate::sandbox::wire::{self, Request};

/// A request's action, version and parameters.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    pub(super) action: String,
    pub(super) version: String,
    /// The host addressed, shown in errors as `HostId`.
    pub(super) host: String,
    accept: String,
    /// Query and form together, decoded.
    parameters: Vec<(String, String)>,
}

impl Asked {
    /// Reads action and version from the headers (V3) or else from the parameters (V1).
    pub(super) fn read(request: &Request) -> Self {
        let mut parameters = wire::pairs(&request.query);
        if is_form(request) {
            parameters.extend(wire::pairs(&String::from_utf8_lossy(&request.body)));
        }
        let header = |name: &str| request.header(name).unwrap_or_default().to_owned();
        let mut asked = Self {
            action: header("x-acs-action"),
            version: header("x-acs-version"),
            host: header("host"),
            accept: header("accept"),
            parameters,
        };
        if asked.action.is_empty() {
            asked.action = asked.text("Action").to_owned();
        }
        if asked.version.is_empty() {
            asked.version = asked.text("Version").to_owned();
        }
        asked
    }

    /// All parameters in the order sent, the query's first.
    pub(super) fn parameters(&self) -> &[(String, String)] {
        &self.parameters
    }

    /// A parameter, if it was given; names are case-sensitive (apis/alibaba.md §1.2).
    pub(super) fn given(&self, name: &str) -> Option<&str> {
        self.parameters
            .iter()
            .find(|(given, _)| given == name)
            .map(|(_, value)| value.as_str())
    }

    /// A parameter; empty when it was not given.
    pub(super) fn text(&self, name: &str) -> &str {
        self.given(name).unwrap_or_default()
    }

    /// A decimal number, if it was given; an error with `code` when it is none.
    pub(super) fn whole(&self, name: &str) -> Result<Option<i64>> {
        let number = |text: &str| {
            text.parse().map_err(|_| {
                refusal(
                    400,
                    format!("InvalidParameter.{name}"),
                    format!("The parameter {name} is not a whole number."),
                )
            })
        };
        self.given(name).map(number).transpose()
    }

    /// A switch in any case, if it was given: the vendor's own SDK for Python sends `True`
    /// (apis/alibaba.md §1.3).
    pub(super) fn flag(&self, name: &str) -> Result<Option<bool>> {
        let flag = |text: &str| match text.to_ascii_lowercase().as_str() {
            "true" => Ok(true),
            "false" => Ok(false),
            _ => Err(refusal(
                400,
                format!("InvalidParameter.{name}"),
                format!("The parameter {name} is neither true nor false."),
            )),
        };
        self.given(name).map(flag).transpose()
    }

    /// The product code of the version asked for: apis/alibaba.md §1.1.
    pub(super) fn product(&self) -> &'static str {
        match self.version.as_str() {
            "2019-08-15" => "Ims",
            "2015-05-01" => "Ram",
            "2015-04-01" => "Sts",
            _ => "",
        }
    }

    /// Whether XML is asked for: by name, or by saying nothing to one of the older products
    /// (apis/alibaba.md §1.4).
    pub(super) fn wants_xml(&self) -> bool {
        match self.given("Format") {
            Some(format) => format.eq_ignore_ascii_case("xml"),
            None if self.accept.contains("xml") => !self.accept.contains("json"),
            None => {
                let is_v1 = self.given("Signature").is_some();
                is_v1 && self.product() != "Ims" && !self.accept.contains("json")
            }
        }
    }
}

/// Content types the gateway takes: apis/alibaba.md §1.2.
pub(super) fn check_content_type(request: &Request) -> Result<()> {
    let Some(content_type) = request.header("content-type") else {
        return Ok(());
    };
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    if ["application/json", "application/x-www-form-urlencoded"].contains(&essence) {
        return Ok(());
    }
    Err(refusal(
        400,
        "InvalidParameter.ContentType",
        "The Content-Type must be application/json or application/x-www-form-urlencoded.",
    ))
}

fn is_form(request: &Request) -> bool {
    request
        .header("content-type")
        .is_some_and(|value| value.starts_with("application/x-www-form-urlencoded"))
}
