//! The XML rendering of an answer, for the few who ask for it: apis/alibaba.md §1.4.

use serde_json::Value;

/// A whole document; the doubly nested collections of the JSON form are the XML ones.
pub(super) fn document(root: &str, body: &Value) -> String {
    let mut text = "<?xml version='1.0' encoding='UTF-8'?>".to_owned();
    element(&mut text, root, body);
    text
}

fn element(text: &mut String, name: &str, value: &Value) {
    if let Value::Array(items) = value {
        for item in items {
            element(text, name, item);
        }
        return;
    }
    text.extend(["<", name, ">"]);
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                element(text, name, value);
            }
        }
        Value::String(plain) => text.push_str(&escaped(plain)),
        Value::Bool(_) | Value::Number(_) => text.push_str(&value.to_string()),
        Value::Null | Value::Array(_) => {}
    }
    text.extend(["</", name, ">"]);
}

fn escaped(plain: &str) -> String {
    plain
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn collections_repeat_their_element() {
        let body = json!({"Roles": {"Role": [{"Name": "a&b"}, {"Name": "c"}]}, "N": 1});
        assert_eq!(
            document("R", &body),
            "<?xml version='1.0' encoding='UTF-8'?><R><N>1</N><Roles><Role><Name>a&amp;b</Name>\
             </Role><Role><Name>c</Name></Role></Roles></R>"
        );
    }
}
