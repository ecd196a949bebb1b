use super::*;
use crate::view::fixture;

fn check(name: &str, text: &str) {
    insta::with_settings!({omit_expression => true, prepend_module_to_snapshot => false, snapshot_path => "../snapshots"}, {
        insta::assert_snapshot!(name, text);
    });
}

#[test]
fn one_of_everything() {
    let report = fixture::report();
    let plain = Theme::plain();
    let lines: Vec<String> = report
        .outcomes
        .iter()
        .map(|step| line(step, &plain))
        .collect();
    check("apply-lines", &lines.join("\n"));
    for width in [80, 120] {
        let text = render(&report, &plain, width);
        assert!(!text.replace('\n', "").contains(char::is_control));
        check(&format!("apply-{width}"), &text);
    }
}

#[test]
fn the_summary_claims_no_more_than_was_done() {
    let of = |outcomes: &[Outcome], interrupted| {
        let outcomes = outcomes.iter().map(|outcome| StepOutcome {
            address: fixture::address("a/AlibabaRole/x"),
            action: Action::Create,
            outcome: outcome.clone(),
            calls: Vec::new(),
        });
        let report = Report {
            outcomes: outcomes.collect(),
            interrupted,
        };
        summary(&report, &Theme::plain())
    };
    let failed = Outcome::Failed(Failure::Internal("x".to_owned()));
    assert_eq!(of(&[], false), "Apply: nothing to do.");
    assert_eq!(of(&[], true), "Apply incomplete: nothing was done.");
    assert_eq!(
        of(&[Outcome::Done, Outcome::Done], false),
        "Apply: 2 created."
    );
    assert_eq!(of(&[Outcome::Done], true), "Apply incomplete: 1 created.");
    assert_eq!(
        of(&[Outcome::Done, failed], false),
        "Apply incomplete: 1 created, 1 failed."
    );
    assert_eq!(
        of(&[Outcome::Cancelled], true),
        "Apply incomplete: 1 cancelled."
    );
}
