use super::*;
use crate::model::{Code, Span};

const GITHUB: &str = "\
apiVersion: idform/v1
kind: AlibabaOidcProvider
metadata: {name: github}
spec:
  account: alibaba-prod
  issuer: https://token.actions.githubusercontent.com
  issuanceLimitHours: 900
  clientIDs: [a]
";

fn spot(sources: &SourceMap, id: SourceId, text: &str) -> Span {
    let start = sources.text(id).find(text).unwrap();
    Span {
        source: id,
        start: u32::try_from(start).unwrap(),
        end: u32::try_from(start + text.len()).unwrap(),
    }
}

fn check(name: &str, diagnostics: &[Diagnostic], sources: &SourceMap) {
    for width in [80, 120] {
        let text = render(diagnostics, sources, &Theme::plain(), width);
        insta::with_settings!({omit_expression => true, prepend_module_to_snapshot => false, snapshot_path => "../snapshots"}, {
            insta::assert_snapshot!(format!("diagnostics-{name}-{width}"), text);
        });
    }
}

#[test]
fn an_authors_mistakes() {
    let mut sources = SourceMap::default();
    let id = sources.add("idp/github.yaml", GITHUB);
    let found = [
        Diagnostic::error(
            Code::ValueOutOfRange,
            "`issuanceLimitHours` is out of range for alibaba",
        )
        .at(spot(&sources, id, "900"), "must be between 1 and 168 hours")
        .note("alibaba-prod/AlibabaOidcProvider/github would be created from this document")
        .help("write a value from 1 to 168, or drop the field to keep the value set on the cloud"),
        Diagnostic::error(
            Code::UnknownField,
            "`clientIDs` is no field of AlibabaOidcProvider",
        )
        .at(spot(&sources, id, "clientIDs"), "")
        .help("did you mean `clientIds`?"),
        Diagnostic::warning(
            Code::DuplicateObject,
            "two documents declare the same object",
        )
        .at(spot(&sources, id, "{name: github}"), "declared again here")
        .at(spot(&sources, id, "https"), "first declared here"),
        Diagnostic::error(Code::FileUnreadable, "the file could not be read")
            .in_file("idp/missing.yaml")
            .note("no such file or directory"),
        Diagnostic::error(
            Code::CredentialsMissing,
            "no credentials for `alibaba-prod`",
        )
        .help("set ALIBABA_CLOUD_ACCESS_KEY_ID and ALIBABA_CLOUD_ACCESS_KEY_SECRET"),
    ];
    check("mistakes", &found, &sources);
}

#[test]
fn hostile_and_very_long_sources() {
    let mut sources = SourceMap::default();
    let long = format!(
        "spec:\n  metadata: {{inline: \"<{}\u{1b}[31mBAD\u{202e}{}>\"}}\n",
        "x".repeat(4000),
        "y".repeat(4000),
    );
    let id = sources.add("idp/\u{1b}]0;title\u{7}.yaml", long);
    let other = sources.add("b.yaml", "\tkind: Räuber\r\nname: ü\u{200b}x");
    let found = [
        Diagnostic::error(
            Code::InvalidCharacter,
            "a text holds \u{1b}[1m control characters",
        )
        .at(
            spot(&sources, id, "BAD"),
            "this \u{1b}[2K one\nand a second line",
        ),
        Diagnostic::error(Code::WrongType, "wrong type").at(
            spot(&sources, id, &"x".repeat(4000)),
            "wider than any terminal",
        ),
        Diagnostic::error(Code::YamlSyntax, "not YAML")
            .at(spot(&sources, other, "\tkind"), "a tab")
            .at(spot(&sources, other, "x"), "")
            .note("first\nerror[forged]: second"),
        Diagnostic::error(Code::YamlSyntax, "the end").at(
            Span {
                source: other,
                start: 900,
                end: 900,
            },
            "unexpected end",
        ),
        Diagnostic::error(Code::DuplicateObject, "several files")
            .at(
                spot(&sources, other, "kind: Räuber\r\nname"),
                "a span of two lines",
            )
            .at(spot(&sources, id, "spec"), "elsewhere"),
    ];
    let text = render(&found, &sources, &Theme::plain(), 80);
    assert!(!text.contains(['\u{1b}', '\u{7}', '\u{202e}', '\u{200b}', '\t', '\r']));
    check("hostile", &found, &sources);
}

#[test]
fn colours_only_where_they_are_wanted() {
    let mut sources = SourceMap::default();
    let id = sources.add("a.yaml", GITHUB);
    let found =
        [Diagnostic::error(Code::WrongType, "wrong type").at(spot(&sources, id, "900"), "here")];
    assert!(!render(&found, &sources, &Theme::plain(), 80).contains('\u{1b}'));
    assert!(render(&found, &sources, &Theme::coloured(), 80).contains('\u{1b}'));
    assert_eq!(render(&[], &sources, &Theme::coloured(), 80), "");
}

proptest::proptest! {
    #[test]
    fn any_span_of_any_text_can_be_shown(
        text in "[a-zü日\u{1b}\u{202e}\t \r\n]{0,200}",
        places in proptest::collection::vec((0_u32..220, 0_u32..40), 0..4),
        width in 0_usize..100,
    ) {
        let mut sources = SourceMap::default();
        let id = sources.add("a\u{1b}.yaml", text.as_str());
        let mut found = Diagnostic::error(Code::WrongType, text.as_str()).note(text.as_str());
        for (start, length) in places {
            let span = Span { source: id, start, end: start + length };
            found = found.at(span, text.as_str());
        }
        let shown = render(&[found], &sources, &Theme::plain(), width);
        proptest::prop_assert!(!shown.replace('\n', "").contains(char::is_control));
        let overridden = shown.contains('\u{202e}');
        proptest::prop_assert!(!overridden);
        proptest::prop_assert!(shown.starts_with("error[wrong-type]: "));
    }
}
