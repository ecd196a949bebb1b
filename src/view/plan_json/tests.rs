use super::*;
use crate::model::{Code, Span};
use crate::view::fixture;

fn input<'a>(
    plan: Option<&'a Plan>,
    diagnostics: &'a [Diagnostic],
    sources: &'a SourceMap,
) -> PlanInput<'a> {
    PlanInput {
        plan,
        command: "plan",
        exit_code: 1,
        errored: true,
        diagnostics,
        sources,
    }
}

fn check(name: &str, json: &str) {
    insta::with_settings!({omit_expression => true, prepend_module_to_snapshot => false, snapshot_path => "../snapshots"}, {
        insta::assert_snapshot!(name, json.replace(env!("CARGO_PKG_VERSION"), "VERSION"));
    });
}

#[test]
fn one_of_everything() {
    let plan = fixture::everything();
    let sources = SourceMap::default();
    let document = document(&input(Some(&plan), &[], &sources));
    let json = to_json(&document);
    check(
        "plan-everything-json",
        &json.replace(env!("CARGO_PKG_VERSION"), "VERSION"),
    );
    let again: PlanDocument = serde_json::from_str(&json).unwrap();
    assert_eq!(again, document, "a saved document reads back");
}

#[test]
fn invalid_manifests_give_a_document_without_a_plan() {
    let mut sources = SourceMap::default();
    let id = sources.add("a.yaml", "kind: X\nname: ü 900\n");
    let span = |start, end| Span {
        source: id,
        start,
        end,
    };
    let found = [
        Diagnostic::error(Code::WrongType, "wrong type")
            .at(span(17, 20), "a text is needed")
            .at(span(6, 7), "of this kind")
            .note("a note")
            .help("put it in quotation marks"),
        Diagnostic::warning(Code::FileUnreadable, "not there").in_file("b.yaml"),
        Diagnostic::error(Code::NoManifests, "no manifests"),
    ];
    check(
        "plan-invalid-json",
        &to_json(&document(&input(None, &found, &sources))),
    );
}

#[test]
fn hostile_text_is_kept_and_cannot_act() {
    let plan = fixture::hostile();
    let sources = SourceMap::default();
    let document = document(&input(Some(&plan), &[], &sources));
    let json = to_json(&document);
    assert!(!json.replace('\n', "").contains(char::is_control));
    assert!(!json.contains(['\u{202e}', '\u{200b}', '\u{2066}']));
    assert_eq!(
        serde_json::from_str::<PlanDocument>(&json).unwrap(),
        document
    );
}
