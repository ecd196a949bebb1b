use super::*;
use crate::view::fixture;

fn check(name: &str, plan: &Plan) {
    for width in [80, 120] {
        let text = render(plan, &Theme::plain(), width);
        insta::with_settings!({omit_expression => true, prepend_module_to_snapshot => false, snapshot_path => "../snapshots"}, {
            insta::assert_snapshot!(format!("plan-{name}-{width}"), text);
        });
    }
}

#[test]
fn one_of_everything() {
    check("everything", &fixture::everything());
}

#[test]
fn hostile_text_stays_text() {
    let plan = fixture::hostile();
    check("hostile", &plan);
    let text = render(&plan, &Theme::plain(), 80);
    assert!(text.lines().all(|line| columns(line) <= 80), "{text}");
    assert!(!text.replace('\n', "").contains(char::is_control));
    assert!(!text.contains(['\u{202e}', '\u{200b}', '\u{2066}']));
    assert_eq!(
        text.lines()
            .filter(|line| line.starts_with("Digest"))
            .count(),
        1
    );
}

#[test]
fn nothing_to_do() {
    let same = fixture::step("a/AlibabaRole/x", Action::NoOp, Reason::SameAsLive);
    let digest = fixture::plan(Vec::new()).digest;
    let text = |steps| render(&fixture::plan(steps), &Theme::plain(), 80);
    assert_eq!(text(Vec::new()), format!("No changes.\nDigest: {digest}\n"));
    let expected = format!("No changes. 2 unchanged.\nDigest: {digest}\n");
    assert_eq!(text(vec![same.clone(), same]), expected);
}

#[test]
fn colours_change_no_letter() {
    let plan = fixture::everything();
    let coloured = render(&plan, &Theme::coloured(), 100);
    assert!(coloured.contains('\u{1b}'));
    assert_eq!(
        anstream::adapter::strip_str(&coloured).to_string(),
        render(&plan, &Theme::plain(), 100),
    );
}
