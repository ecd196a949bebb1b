//! Conversion rules of federated sign-in (`local`/`remote`, the grammar of OpenStack Keystone that
//! Huawei Cloud uses): what a rule does with people, read for judgement and never for sending.
//! Facts: `apis/huawei.md §3.3`, `§4`.

use serde_json::Value;

/// What one rule does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleFacts {
    /// The name that everybody gets whom the rule fits, when it gives one without a placeholder.
    pub constant_user: Option<String>,
    /// Whether a list of wanted values restricts whom the rule fits.
    pub is_restricted: bool,
    /// Regular expressions among the conditions, with the attribute or claim they look at.
    pub patterns: Vec<(String, String)>,
}

/// Reads the rules of a mapping. What has another shape is passed over: the checks of the field
/// have told of it.
pub fn rules(document: &Value) -> Vec<RuleFacts> {
    let rules = document.as_array().map_or(&[][..], Vec::as_slice);
    rules.iter().map(facts).collect()
}

fn facts(rule: &Value) -> RuleFacts {
    let list = |name: &str| {
        let entries = rule.get(name).and_then(Value::as_array);
        entries.map_or(&[][..], Vec::as_slice)
    };
    let constant_user = list("local").iter().find_map(|local| {
        let name = local.get("user")?.get("name")?.as_str()?;
        (!has_placeholder(name)).then(|| name.to_owned())
    });
    let wanted = |remote: &Value| remote.get("any_one_of").is_some_and(Value::is_array);
    let patterns = list("remote").iter().flat_map(|remote| {
        let is_regex = remote.get("regex").and_then(Value::as_bool) == Some(true);
        let values = remote.get("any_one_of").and_then(Value::as_array);
        let values = values.filter(|_| is_regex).map_or(&[][..], Vec::as_slice);
        let attribute = remote.get("type").and_then(Value::as_str);
        let attribute = attribute.unwrap_or_default();
        values.iter().filter_map(move |value| {
            let pattern = value.as_str()?;
            Some((attribute.to_owned(), pattern.to_owned()))
        })
    });
    RuleFacts {
        constant_user,
        is_restricted: list("remote").iter().any(wanted),
        patterns: patterns.collect(),
    }
}

/// Whether a text takes something from the token: `{0}`, `{1}` …
fn has_placeholder(text: &str) -> bool {
    text.split('{').skip(1).any(|rest| {
        let digits = rest.split('}').next().unwrap_or_default();
        rest.contains('}') && !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
    })
}

/// Texts that have nothing in common but being texts. What matches all of them matches everything
/// for any purpose here; the grammar of the cloud's expressions is published nowhere, so asking an
/// expression is surer than reading it.
const PROBES: &[&str] = &[
    "a",
    "7",
    "kim@acme.example",
    "repo:somebody/else:ref:refs/heads/main",
    "Vertrieb Süd",
    "\u{7532}",
    "_-_",
];

/// Whether a regular expression lets every value pass. One that cannot be read does not: the cloud
/// may know a grammar that is not known here.
pub fn matches_everything(pattern: &str) -> bool {
    regex::RegexBuilder::new(pattern)
        .size_limit(64 * 1024)
        .build()
        .is_ok_and(|regex| PROBES.iter().all(|probe| regex.is_match(probe)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn expressions_that_keep_nobody_out() {
        for pattern in [".*", "^.*$", ".+", "", "(.*)", "[\\s\\S]+", "a|.*", "^"] {
            assert!(matches_everything(pattern), "{pattern}");
        }
        for pattern in [
            ".*@acme\\.example$",
            "repo:acme/.*",
            "[a-z]+",
            "(?<=x)",
            "(",
        ] {
            assert!(!matches_everything(pattern), "{pattern}");
        }
    }

    #[test]
    fn the_default_rule_names_everybody_alike() {
        let default = json!([{"local": [{"user": {"name": "FederationUser"}}], "remote": [{"type": "__NAMEID__"}]}]);
        let facts = rules(&default);
        assert_eq!(facts[0].constant_user.as_deref(), Some("FederationUser"));
        assert!(!facts[0].is_restricted && facts[0].patterns.is_empty());
    }

    #[test]
    fn placeholders_are_numbers_in_braces() {
        assert!(has_placeholder("{0} {1}") && has_placeholder("x{10}"));
        assert!(!has_placeholder("{}") && !has_placeholder("{a}") && !has_placeholder("{1"));
    }
}
