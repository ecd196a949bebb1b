use super::*;

#[test]
fn only_handles_are_called() {
    for (owner, is_called) in [
        ("@acme/platform", true),
        ("@octo-cat", true),
        ("@acme/team_one", true),
        ("platform", false),
        ("@", false),
        ("@-a", false),
        ("@a/", false),
        ("@a/b/c", false),
        ("@a b", false),
        ("@a, @b", false),
        ("@a\n@b", false),
        ("someone@acme.example", false),
        ("@acme/<b>", false),
    ] {
        assert_eq!(mention(owner).is_some(), is_called, "{owner}");
    }
}

#[test]
fn fences_are_longer_than_what_they_hold() {
    let shown = fence("diff", &["+ ````".to_owned(), "- `".to_owned()]);
    assert_eq!(shown, "`````diff\n+ ````\n- `\n`````\n");
    assert!(fence("", &["x".to_owned()]).starts_with("```\n"));
}

#[test]
fn prose_keeps_our_own_code() {
    assert_eq!(
        prose("`a_b` is <b>", 80),
        "<code>a&#95;b</code> is &#60;b&#62;"
    );
    assert_eq!(prose("one ` only", 80), "one &#96; only");
}
