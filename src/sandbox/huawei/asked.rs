//! What the single calls get to see of a request, and the checks they share.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::fault::Fault;
use super::percent;
use super::state::Object;
use crate::sandbox::wire::Request;

/// Longest id of an identity provider or mapping, in characters: apis/huawei.md §3.2, §3.3.
const ID_CHARACTERS: usize = 64;

/// A success: the status, and the body if there is one.
pub(super) type Success = (u16, Option<Value>);

/// What a call comes to.
pub(super) type Answer = Result<Success, Fault>;

/// One authenticated request.
#[derive(Debug)]
pub(super) struct Asked<'a> {
    pub(super) request: &'a Request,
    /// The account that asks, verified.
    pub(super) account: &'a str,
    pub(super) now_unix_seconds: i64,
}

impl Asked<'_> {
    /// An absolute URL on the host the client used (`§9` item 12).
    pub(super) fn link(&self, path: &str) -> String {
        let scheme = self.request.header("x-forwarded-proto").unwrap_or("http");
        let host = self
            .request
            .header("host")
            .unwrap_or("iam.myhuaweicloud.com");
        format!("{scheme}://{host}{path}")
    }

    /// The first value of a query parameter, decoded.
    pub(super) fn query(&self, name: &str) -> Option<String> {
        self.request
            .query
            .split('&')
            .filter_map(|pair| pair.split_once('='))
            .find(|(key, _)| percent::decode_text(key, true) == name)
            .map(|(_, value)| percent::decode_text(value, true))
    }

    /// The body as a JSON object.
    pub(super) fn body(&self) -> Result<Object, Fault> {
        match serde_json::from_slice(&self.request.body) {
            Ok(Value::Object(body)) => Ok(body),
            Ok(_) | Err(_) => Err(Fault::body()),
        }
    }

    /// The object inside the mandatory wrapper, `{"identity_provider": {…}}`.
    pub(super) fn wrapped(&self, wrapper: &str) -> Result<Object, Fault> {
        match self.body()?.remove(wrapper) {
            Some(Value::Object(inner)) => Ok(inner),
            Some(_) | None => Err(Fault::body()),
        }
    }

    /// A list in its envelope, all of it or one page (`§3.2`). `objects` are in order of id.
    pub(super) fn list(
        &self,
        name: &str,
        path: &str,
        objects: Vec<(&String, Value)>,
        page_size: u32,
    ) -> Success {
        let marker = self.query("marker").unwrap_or_default();
        let size = usize::try_from(page_size)
            .ok()
            .filter(|size| *size > 0)
            .unwrap_or(usize::MAX);
        let mut rest = objects
            .into_iter()
            .filter(|(id, _)| page_size == 0 || **id > marker)
            .peekable();
        let (mut page, mut last) = (Vec::new(), "");
        while page.len() < size
            && let Some((id, object)) = rest.next()
        {
            page.push(object);
            last = id;
        }
        let next = rest.peek().map(|_| {
            self.link(&format!(
                "{path}?marker={}",
                percent::encode(last.as_bytes())
            ))
        });
        (
            200,
            Some(json!({
                name: page,
                "links": {"self": self.link(path), "previous": null, "next": next},
            })),
        )
    }

    /// The time in the given form, UTC.
    pub(super) fn time(&self, form: &str) -> String {
        at(self.now_unix_seconds, form)
    }
}

/// A time in the given form, UTC.
pub(super) fn at(unix_seconds: i64, form: &str) -> String {
    Timestamp::from_second(unix_seconds)
        .unwrap_or_default()
        .strftime(form)
        .to_string()
}

/// Checks an id that is about to be given to a new object.
pub(super) fn check_id(id: &str, parameter: &str) -> Result<(), Fault> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    if id.is_empty() || id.chars().count() > ID_CHARACTERS || !id.chars().all(is_plain) {
        return Err(Fault::parameter(parameter));
    }
    Ok(())
}

/// Takes an object down to the members a call knows: 400 for others, or they are dropped.
pub(super) fn known_members(
    object: &mut Object,
    known: &[&str],
    ignore_others: bool,
) -> Result<(), Fault> {
    if ignore_others {
        object.retain(|name, _| known.contains(&name.as_str()));
    } else if object.keys().any(|name| !known.contains(&name.as_str())) {
        return Err(Fault::body());
    }
    Ok(())
}

/// Whether a text has between `least` and `most` characters.
pub(super) fn has_length(text: &str, least: usize, most: usize) -> bool {
    (least..=most).contains(&text.chars().count())
}

/// A setting as a count.
pub(super) fn count(setting: u32) -> usize {
    usize::try_from(setting).unwrap_or(usize::MAX)
}
