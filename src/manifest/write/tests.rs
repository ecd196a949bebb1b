use proptest::prelude::*;
use serde_json::json;

use super::super::check::Checker;
use super::super::json as reader;
use super::super::load::{Place, SideFiles};
use super::super::scalar::AllowedEnv;
use super::super::yaml::Documents;
use super::*;
use crate::model::{Diagnostics, SourceMap};

/// What this room's reader makes of the `value` that a document was written with.
fn read_back(text: &str) -> Result<Value, String> {
    let mut sources = SourceMap::default();
    let source = sources.add("written.yaml", text);
    let mut documents = Documents::new(&sources, source, 0..text.len());
    let nodes: Vec<_> = documents.by_ref().collect();
    let mut out = documents.finish();
    let [node] = nodes.as_slice() else {
        return Err(format!("{} documents: {out:?}", nodes.len()));
    };
    let spec = node.get("spec").ok_or("no spec")?;
    let value = spec.get("value").ok_or("no value")?;
    let (env, sides) = (AllowedEnv::default(), SideFiles::default());
    let mut checker = Checker {
        sources: &sources,
        env: &env,
        sides: &sides,
        place: &Place::nowhere(),
        out: &mut out,
        object: None,
        cloud: None,
    };
    let value = reader::value(&mut checker, value, "`value`").ok_or_else(|| format!("{out:?}"))?;
    let unread: Diagnostics = out;
    if unread.is_empty() {
        Ok(value)
    } else {
        Err(format!("{unread:?}"))
    }
}

fn written(value: &Value) -> String {
    document(&Draft {
        kind: "Kind",
        name: "name".to_owned(),
        spec: vec![
            ("value".to_owned(), value.clone()),
            ("after".to_owned(), json!("it")),
        ],
    })
}

#[test]
fn texts_that_yaml_takes_for_something_else_stay_texts() {
    for text in [
        "no",
        "NO",
        "y",
        "on",
        "1e3",
        "0123",
        "0x1f",
        "1.10",
        ".5",
        "-1",
        "+1",
        "12:30:45",
        "2026-11-21",
        "null",
        "~",
        "",
        " ",
        " leading",
        "trailing ",
        "a: b",
        "a:",
        "a #b",
        "#a",
        "- a",
        "-",
        "?",
        "[a]",
        "{a}",
        "a, b",
        "*a",
        "&a",
        "!a",
        "%a",
        "@a",
        "`a",
        "'a'",
        "\"a\"",
        "it's",
        "a\\b",
        "a\nb",
        "a\n",
        "\na",
        "a\n\nb",
        "a\n b",
        " a\nb",
        "a\tb\nc",
        "---",
        "...",
        "a\n---\nb",
        "Straße",
        "企业身份",
        "🔑",
        "\u{202e}evil",
        "\u{feff}x",
        "\u{a0}",
        "\u{2028}",
        "\u{e0041}",
        "${env:HOME}",
        "$${env:HOME}",
        "$$${x}",
        "${uin}",
        "$",
        "$$",
        "a${env:B}\nc",
        "<<",
        "=",
        "https://a.example/b?c=d&e",
        "a  b",
        "true",
        ".inf",
        ".nan",
        "a|b",
        "|",
        ">",
    ] {
        let value = json!(text);
        assert_eq!(read_back(&written(&value)), Ok(value), "{text:?}");
        let nested = json!([{"a": text, "b": [text, text]}, [[text]]]);
        assert_eq!(read_back(&written(&nested)), Ok(nested), "{text:?}");
    }
}

#[test]
fn documents_read_well() {
    let text = file(
        "../manifest.schema.json",
        "Imported.",
        &[&Draft {
            kind: "HuaweiMapping",
            name: "corporate".to_owned(),
            spec: vec![
                ("account".to_owned(), json!("huawei-prod")),
                ("name".to_owned(), json!("mapping_corporate")),
                ("description".to_owned(), json!("two\nlines")),
                ("identityProvider".to_owned(), json!({"external": "0123"})),
                (
                    "rules".to_owned(),
                    json!([
                        {
                            "local": [{"user": {"name": "{0} {1}"}}, {"group": {"name": "readers"}}],
                            "remote": [{"type": "mail", "any_one_of": [".*@acme\\.example$"], "regex": true}],
                        },
                        {"local": [{"groups": "{0}"}], "remote": []},
                    ]),
                ),
            ],
        }],
    );
    insta::assert_snapshot!(text);
}

fn text() -> impl Strategy<Value = String> {
    let hard = prop::sample::select(vec![
        "no", "1e3", "0123", " ", "\n", "\t", "${env:", "$", "{", "}", ": ", " #", "- ", "'", "\"",
        "\\", "é", "字", "\u{200b}", "a", "B", "7", "-", ".",
    ]);
    prop_oneof![
        prop::collection::vec(hard, 0..6).prop_map(|parts| parts.concat()),
        "[^\\p{Cc}]{0,12}",
        "[a-zA-Z0-9:/._-]{0,90}",
    ]
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>()
            .prop_filter("JSON has no infinity", |number| number.is_finite())
            .prop_map(Value::from),
        text().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 40, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::btree_map(
                text().prop_filter("a merge key is not data", |key| key != "<<"),
                inner,
                0..5
            )
            .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn what_is_written_reads_back_as_the_same_value(value in value()) {
        let text = written(&value);
        prop_assert_eq!(read_back(&text), Ok(value), "{}", text);
    }
}
