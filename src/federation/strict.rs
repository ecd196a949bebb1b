//! JSON in which a member that stands twice is an error: readers differ on which of them counts,
//! and in a key set that decides who may sign in.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

/// The text of a body from the network.
///
/// # Errors
/// Says what it is instead.
pub(super) fn text(body: &[u8]) -> Result<&str, String> {
    if body.starts_with(&[0xff, 0xfe]) || body.starts_with(&[0xfe, 0xff]) {
        return Err("it is UTF-16; JSON is UTF-8 (RFC 8259 §8.1)".to_owned());
    }
    let text = std::str::from_utf8(body).map_err(|error| {
        let at = error.valid_up_to();
        format!("byte {at} is not UTF-8")
    })?;
    let start = super::without_mark(text).trim_start();
    if start.is_empty() {
        return Err("it is empty".to_owned());
    }
    if start.starts_with('<') {
        return Err("it is a page of HTML or XML, not JSON".to_owned());
    }
    Ok(text)
}

/// Reads JSON; the error says what is wrong and where, without quoting the text.
pub(super) fn json(text: &str) -> Result<Value, String> {
    match serde_json::from_str::<Strict>(super::without_mark(text)) {
        Ok(Strict(value)) => Ok(value),
        Err(error) if error.is_data() => Err(error.to_string()),
        Err(error) => Err(format!(
            "it is not JSON: reading stopped at line {}, column {}",
            error.line(),
            error.column()
        )),
    }
}

struct Strict(Value);

impl<'de> Deserialize<'de> for Strict {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(StrictVisitor).map(Strict)
    }
}

struct StrictVisitor;

impl<'de> Visitor<'de> for StrictVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(Strict(item)) = items.next_element()? {
            list.push(item);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut map = Map::new();
        while let Some(name) = members.next_key::<String>()? {
            if map.contains_key(&name) {
                return Err(A::Error::custom("a member stands twice in one object"));
            }
            let Strict(value) = members.next_value()?;
            map.insert(name, value);
        }
        Ok(Value::Object(map))
    }
}
