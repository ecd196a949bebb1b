//! The room as others see it: folders of manifests in, diagnostics and documents out.
//!
//! Each folder of `tests/cases/manifest` is a case; what it gives lies beside it as `result.snap`.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use super::fake::CLOUDS;
use super::*;
use crate::model::{Label, SourceMap, Span};

mod hostile;

const CASES: &str = "tests/cases/manifest";

#[test]
fn cases_give_what_lies_beside_them() {
    let mut cases: Vec<PathBuf> = std::fs::read_dir(CASES)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_dir())
        .collect();
    cases.sort();
    assert!(!cases.is_empty());
    for case in cases {
        let (manifests, diagnostics) = load(std::slice::from_ref(&case), None, CLOUDS, &env());
        let mut text = rendered(&manifests.sources, diagnostics);
        for account in &manifests.accounts {
            writeln!(text, "{account:#?}").unwrap();
        }
        for document in &manifests.documents {
            summary(&mut text, &manifests.sources, document);
        }
        assert!(
            !text.contains("CANARY"),
            "{} shows a secret",
            case.display()
        );
        let mut settings = insta::Settings::clone_current();
        settings.set_snapshot_path(Path::new("../..").join(&case));
        settings.set_prepend_module_to_snapshot(false);
        settings.set_omit_expression(true);
        settings.bind(|| insta::assert_snapshot!("result", text));
    }
}

fn env() -> AllowedEnv {
    let mut env = AllowedEnv::default();
    env.allow("COMMIT", Some("abc".to_owned()));
    env.allow("UNSET", None);
    env
}

/// Diagnostics as people will roughly see them.
pub(super) fn rendered(sources: &SourceMap, diagnostics: Diagnostics) -> String {
    let mut text = String::new();
    for found in diagnostics.into_sorted() {
        let severity = found.severity.word();
        writeln!(text, "{severity}[{}]: {}", found.code.slug(), found.title).unwrap();
        if let Some(file) = &found.file {
            writeln!(text, " --> {file}").unwrap();
        }
        for Label { span, text: label } in &found.labels {
            let at = sources.start(*span);
            let name = sources.name(span.source);
            let line = sources.text(span.source).lines().nth(at.line as usize - 1);
            let line = line.unwrap_or_default();
            let marks = "^".repeat(
                sources
                    .slice(*span)
                    .lines()
                    .next()
                    .unwrap_or("")
                    .chars()
                    .count()
                    .max(1),
            );
            let indent = " ".repeat(at.column as usize - 1);
            writeln!(text, " --> {name}:{}:{}", at.line, at.column).unwrap();
            writeln!(text, "  | {line}\n  | {indent}{marks} {label}").unwrap();
        }
        for note in &found.notes {
            writeln!(text, "  = note: {note}").unwrap();
        }
        if let Some(help) = &found.help {
            writeln!(text, "  = help: {help}").unwrap();
        }
        text.push('\n');
    }
    text
}

fn summary(text: &mut String, sources: &SourceMap, document: &Document) {
    let at = |span: Span| {
        let position = sources.start(span);
        format!("{}:{}", position.line, position.column)
    };
    writeln!(
        text,
        "{}/{}/{} at {}:{}",
        document.account.value,
        document.kind.info().name,
        document.name,
        sources.name(document.origin.source),
        at(document.origin),
    )
    .unwrap();
    if let Some(name) = &document.cloud_name {
        writeln!(text, "  called {:?}", name.value).unwrap();
    }
    if document.lifecycle != Lifecycle::default() {
        writeln!(text, "  {:?} {:?}", document.labels, document.owner).unwrap();
        let Lifecycle {
            ensure,
            mode,
            protect,
            ignore,
            depends_on,
            waivers,
        } = &document.lifecycle;
        let waits: Vec<&str> = depends_on.iter().map(|one| one.value.as_str()).collect();
        writeln!(text, "  {ensure:?} {mode:?} {protect} {ignore:?} {waits:?}").unwrap();
        for waiver in waivers {
            let code = waiver.code.slug();
            writeln!(text, "  {code} until {}: {}", waiver.until, waiver.reason).unwrap();
        }
    }
    for (name, given) in &document.spec {
        let value = match &given.value {
            GivenValue::Value(value) => value.to_string(),
            other @ (GivenValue::Cleared
            | GivenValue::Local(_)
            | GivenValue::External(_)
            | GivenValue::IssuerKeys { .. }
            | GivenValue::IssuerFingerprints { .. }
            | GivenValue::Federated(_)) => format!("{other:?}"),
        };
        writeln!(
            text,
            "  {name} at {}, {}: {value}",
            at(given.key),
            at(given.span)
        )
        .unwrap();
    }
}

#[test]
fn ten_thousand_documents_are_read() {
    let text = many_documents(10_000);
    let (manifests, diagnostics) = parse_texts(&[("many.yaml", &text)], &[], CLOUDS, &env());
    assert_eq!(rendered(&manifests.sources, diagnostics), "");
    assert_eq!(manifests.documents.len(), 10_000);
}

fn many_documents(count: usize) -> String {
    let mut text = String::new();
    for index in 0..count {
        write!(
            text,
            "---\n# Provider number {index}, with a comment as people write them: who asked for it, when, and why.\n\
             apiVersion: idform/v1\nkind: NimbusProvider\nmetadata:\n  name: provider-{index}\n  \
             labels: {{team: platform, stage: production}}\n  owner: \"@acme/platform-engineering\"\n\
             lifecycle:\n  protect: true\n  dependsOn: [prod/NimbusProvider/other]\nspec:\n  \
             account: prod\n  name: Provider-{index}\n  issuer: https://issuer-{index}.example\n  \
             clientIds:\n    - client-a\n    - client-b\n    - client-c\n  fingerprints:\n    - \
             93:B1:9E:E8:4A:BE:FC:1C:06:6D:F6:C0:F0:44:02:65:5B:9B:89:CF\n  description: \"déscription\"\n  \
             issuanceLimitHours: 12\n  enabled: true\n  responseMode: fragment\n  rules:\n    - local: \
             [{{user: {{name: \"{{0}}\"}}}}, {{group: {{name: admins}}}}]\n      remote: [{{type: sub}}]\n",
        )
        .unwrap();
    }
    text
}

#[test]
fn the_schema_says_what_the_tables_say() {
    let mut settings = insta::Settings::clone_current();
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_json_snapshot!("schema", manifest_schema(CLOUDS)));
}

#[test]
fn topics_are_explained() {
    let topics = [
        "",
        "Account",
        "NimbusProvider",
        "NimbusProvider.name",
        "NimbusProvider.account",
        "NimbusProvider.clientIds",
        "NimbusProvider.keys",
        "NimbusProvider.parent",
        "NimbusSignIn.enabled",
        "unknown-field",
    ];
    let text: Vec<String> = topics
        .iter()
        .map(|topic| explain(CLOUDS, topic).unwrap())
        .collect();
    insta::assert_snapshot!("explain", text.join("----\n"));
    for nothing in [
        "Nimbus",
        "NimbusProvider.x",
        "NimbusSignIn.name",
        "no-such-code",
    ] {
        assert_eq!(explain(CLOUDS, nothing), None, "{nothing}");
    }
}
