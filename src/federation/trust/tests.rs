use serde_json::json;

use super::operator::covers;
use super::*;

fn ram(subjects: &serde_json::Value) -> serde_json::Value {
    json!({"Version": "1", "Statement": [{
        "Effect": "Allow",
        "Action": "sts:AssumeRole",
        "Principal": {"Federated": ["acs:ram::1:oidc-provider/ci"]},
        "Condition": subjects,
    }]})
}

/// Lines and risks of a change in one text.
fn change(before: &serde_json::Value, after: &serde_json::Value) -> String {
    let found = differences(&RAM, Some(&ram(before)), Some(&ram(after)));
    let mut lines: Vec<String> = found
        .removed
        .iter()
        .map(|line| format!("- {line}"))
        .collect();
    lines.extend(found.added.iter().map(|line| format!("+ {line}")));
    for (is, word) in [(found.is_wider, "wider"), (found.is_narrower, "narrower")] {
        if is {
            lines.push(word.to_owned());
        }
    }
    lines.join("; ")
}

#[test]
fn changes_are_told_and_weighed() {
    let equals = |subject: serde_json::Value| json!({"StringEquals": {"oidc:sub": subject}});
    let like = |subject: serde_json::Value| json!({"StringLike": {"oidc:sub": subject}});
    for (before, after, expected) in [
        (equals(json!("a")), equals(json!(["a"])), ""),
        (
            equals(json!("a")),
            equals(json!(["b", "a"])),
            "+ subject b; wider",
        ),
        (
            equals(json!(["a", "b"])),
            equals(json!("a")),
            "- subject b; narrower",
        ),
        (
            equals(json!("a")),
            equals(json!("b")),
            "- subject a; + subject b; wider; narrower",
        ),
        // A pattern that still lets in whom the text let in is wider and nothing else.
        (
            equals(json!("repo:a/b:x")),
            like(json!("repo:a/*")),
            "- subject repo:a/b:x; + subject (StringLike) repo:a/*; wider",
        ),
        (
            like(json!("repo:a/*")),
            like(json!("repo:a/b:*")),
            "- subject (StringLike) repo:a/*; + subject (StringLike) repo:a/b:*; narrower",
        ),
        (equals(json!("a")), json!({}), "- subject a; wider"),
        (json!({}), equals(json!("a")), "+ subject a; narrower"),
        (
            json!({"StringNotEquals": {"oidc:sub": "a"}}),
            json!({"StringNotEquals": {"oidc:sub": ["a", "b"]}}),
            "+ subject (StringNotEquals) b; wider; narrower",
        ),
        (
            json!({"StringEquals": {"oidc:aud": "a"}}),
            json!({"StringEquals": {"oidc:aud": ["a", "b"], "oidc:iss": "i"}}),
            "+ audience b; + issuer i; wider; narrower",
        ),
    ] {
        assert_eq!(change(&before, &after), expected, "{before} to {after}");
    }
}

#[test]
fn whole_statements_come_and_go() {
    let before = ram(&json!({"StringEquals": {"oidc:sub": "a"}}));
    let mut after = before.clone();
    let other = json!({"Effect": "Allow", "Action": ["sts:AssumeRole"],
        "Principal": {"Service": "ecs.aliyuncs.com"}});
    after["Statement"].as_array_mut().unwrap().insert(0, other);
    let found = differences(&RAM, Some(&before), Some(&after));
    assert_eq!(
        found.added,
        ["statement for Service ecs.aliyuncs.com, without a condition"]
    );
    assert!(found.is_wider && !found.is_narrower && found.removed.is_empty());

    after["Statement"][0]["Effect"] = json!("Deny");
    let found = differences(&RAM, Some(&before), Some(&after));
    assert!(found.is_narrower && !found.is_wider);

    let found = differences(&RAM, None, Some(&before));
    assert!(found.is_wider && !found.is_narrower);
    let found = differences(&RAM, Some(&json!("broken")), Some(&before));
    assert!(found.is_wider && found.is_narrower && found.added.is_empty());
}

#[test]
fn patterns_cover_patterns() {
    for (wide, narrow, expected) in [
        ("*", "", true),
        ("*", "a*b", true),
        ("repo:a/*", "repo:a/b:*", true),
        ("repo:a/b:*", "repo:a/*", false),
        ("a*c", "abc", true),
        ("a*c", "a*bc", true),
        ("a?c", "abc", true),
        ("a?c", "a*c", false),
        ("a", "ab", false),
        ("*b*b", "bab", true),
        ("*:ref:*", "repo:x:ref:y:ref:z", true),
    ] {
        assert_eq!(covers(wide, narrow), expected, "{wide} over {narrow}");
    }
}

#[test]
fn equal_documents_have_one_form() {
    let first = json!({"version": "2.0", "statement": [{
        "effect": "allow",
        "action": "sts:AssumeRole",
        "principal": {"qcs": "qcs::cam::uin/100000000001:root", "federated": ["b", "a", "b"]},
        "condition": {"string_equal": {"oidc:sub": "x"}},
    }]});
    let second = json!({"version": "2.0", "statement": [{
        "condition": {"string_equal": {"oidc:sub": ["x"]}},
        "principal": {
            "federated": ["a", "b"],
            "qcs": ["qcs::cam::uin/100000000001:uin/100000000001"],
        },
        "action": ["name/sts:AssumeRole"],
        "effect": "allow",
    }]});
    assert_eq!(canonical(&CAM, &first), canonical(&CAM, &second));
    let same = canonical(&CAM, &first);
    assert_eq!(canonical(&CAM, &same), same);
    assert_eq!(canonical(&CAM, &json!("text")), json!("text"));
    // Statements are not sorted: nobody says that their order means nothing.
    let mut two = first.clone();
    let deny = json!({"effect": "deny"});
    two["statement"].as_array_mut().unwrap().push(deny.clone());
    let mut other = first;
    other["statement"].as_array_mut().unwrap().insert(0, deny);
    assert_ne!(canonical(&CAM, &two), canonical(&CAM, &other));
}

#[test]
fn the_short_form_is_compiled() {
    let entry = |kind, subjects: &[&str]| Entry {
        provider: Provider {
            account: "1".to_owned(),
            kind,
            name: "ci".to_owned(),
        },
        issuer: Some("https://issuer.example".to_owned()),
        audiences: vec!["b".to_owned(), "a".to_owned()],
        subjects: subjects.iter().map(|text| (*text).to_owned()).collect(),
    };
    let made = policy(
        &RAM,
        &[entry(ProviderKind::Oidc, &["repo:a:x", "repo:b:*"])],
    );
    assert_eq!(
        made,
        json!({"Version": "1", "Statement": [{
            "Effect": "Allow",
            "Action": ["sts:AssumeRole"],
            "Principal": {"Federated": ["acs:ram::1:oidc-provider/ci"]},
            "Condition": {
                "StringEquals": {"oidc:iss": ["https://issuer.example"], "oidc:aud": ["a", "b"]},
                // Both operators on one key would have to hold.
                "StringLike": {"oidc:sub": ["repo:a:x", "repo:b:*"]},
            },
        }]})
    );
    let made = policy(&CAM, &[entry(ProviderKind::Saml, &[])]);
    assert_eq!(
        made["statement"][0]["action"],
        json!(["name/sts:AssumeRoleWithSAML"])
    );
    assert_eq!(
        made["statement"][0]["condition"],
        json!({"string_equal": {"saml:iss": ["https://issuer.example"], "saml:aud": ["a", "b"]}})
    );
    for grammar in [&RAM, &CAM] {
        let made = policy(grammar, &[entry(ProviderKind::Oidc, &["x"])]);
        assert_eq!(problems(grammar, &made), []);
        let read = facts(grammar, &made);
        assert_eq!(read.statements.len(), 1);
        let trust = &read.statements[0];
        assert!(trust.allows && trust.has_subject_condition());
        assert_eq!(trust.audiences, ["a", "b"]);
        assert_eq!(trust.issuers, ["https://issuer.example"]);
    }
}

#[test]
fn problems_say_where_they_are() {
    let told = |policy: &serde_json::Value| -> Vec<String> {
        let found = problems(&CAM, policy);
        found
            .iter()
            .map(|(path, what)| format!("{path}: {what}"))
            .collect()
    };
    let aws = json!({"Version": "2012-10-17", "statement": [{
        "Effect": "allow",
        "action": [],
        "principal": {"AWS": "x", "federated": 1},
        "condition": {"string_equal": {"oidc:sub": []}, "string_like": 1},
    }]});
    assert_eq!(
        told(&aws),
        [
            "Version: `Version` is spelt `version` here",
            ": trust policies of Tencent Cloud have `version: \"2.0\"`",
            "statement.0.Effect: `Effect` is spelt `effect` here",
            "statement.0: `effect` is allow or deny",
            "statement.0.action: `action` is an action or a list of them, such as name/sts:AssumeRoleWithWebIdentity",
            "statement.0.principal.AWS: `AWS` is not known here; there are qcs, service, federated",
            "statement.0.principal.federated: `federated` is a principal or a list of them",
            "statement.0.condition.string_equal: `oidc:sub` is a value or a list of at least one",
            "statement.0.condition.string_like: `string_like` is a mapping of keys to values",
        ]
    );
    assert_eq!(told(&json!([])), [": a trust policy is a mapping"]);
}

/// Every element of every set the other way round, single ones out of their lists, keys reversed.
fn spelt_otherwise(value: &serde_json::Value) -> serde_json::Value {
    use serde_json::Value;
    match value {
        Value::Array(items) if items.len() == 1 && items[0].is_string() => items[0].clone(),
        Value::Array(items) if items.iter().all(Value::is_string) => {
            items.iter().rev().cloned().collect()
        }
        Value::Array(items) => items.iter().map(spelt_otherwise).collect(),
        Value::Object(members) => members
            .iter()
            .rev()
            .map(|(key, value)| (key.clone(), spelt_otherwise(value)))
            .collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.clone(),
    }
}

#[test]
fn policies_of_the_world_are_read() {
    use std::fmt::Write as _;

    let mut names: Vec<_> = std::fs::read_dir("tests/fixtures/trust")
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "json"))
        .collect();
    names.sort();
    assert!(names.len() > 15, "the fixtures are there");
    let mut told = String::new();
    for path in names {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let text = std::fs::read_to_string(&path).unwrap();
        let mut policy: serde_json::Value = serde_json::from_str(&text).unwrap();
        let grammar = if name.starts_with("tencent") {
            &CAM
        } else {
            &RAM
        };
        if policy.get("Effect").is_some() {
            // One statement alone, as some tools keep them.
            policy = json!({"Version": "1", "Statement": [policy]});
        }
        writeln!(told, "{name}").unwrap();
        for (path, sentence) in problems(grammar, &policy) {
            writeln!(told, "  refused at `{path}`: {sentence}").unwrap();
        }
        let facts = facts(grammar, &policy);
        for trust in &facts.statements {
            let has = if trust.has_subject_condition() {
                ""
            } else {
                ", ANY SUBJECT"
            };
            writeln!(
                told,
                "  {} of {} by {}{has}",
                trust.provider, trust.provider.account, trust.principal_kind
            )
            .unwrap();
            writeln!(told, "    actions {:?}", trust.actions).unwrap();
            writeln!(
                told,
                "    issuers {:?} audiences {:?}",
                trust.issuers, trust.audiences
            )
            .unwrap();
            for Matched { operator, pattern } in &trust.subjects {
                writeln!(told, "    subject {operator} {pattern}").unwrap();
            }
            for condition in &trust.conditions {
                writeln!(
                    told,
                    "    {} {} {:?}",
                    condition.operator, condition.key, condition.values
                )
                .unwrap();
            }
        }
        for other in &facts.others {
            writeln!(told, "  {} {}", other.kind, other.name).unwrap();
        }
        if !name.starts_with("aws") {
            let other = spelt_otherwise(&policy);
            // A version is no set.
            assert_eq!(
                canonical(grammar, &policy),
                canonical(grammar, &other),
                "{name}"
            );
            let none = differences(grammar, Some(&policy), Some(&other));
            assert_eq!(none, Differences::default(), "{name}");
            let all = differences(grammar, None, Some(&policy));
            assert!(all.is_wider && !all.is_narrower, "{name}");
        }
    }
    insta::assert_snapshot!(told);
}
