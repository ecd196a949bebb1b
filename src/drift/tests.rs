use super::*;
use crate::model::{Diagnostics, SourceMap};

fn parsed(text: &str) -> (Vec<Acceptance>, Vec<String>) {
    let mut sources = SourceMap::default();
    let source = sources.add("accept.toml", text);
    let mut out = Diagnostics::default();
    let entries = parse(&sources, source, &mut out);
    let titles = out.into_sorted();
    (
        entries,
        titles.into_iter().map(|found| found.title).collect(),
    )
}

#[test]
fn an_entry_needs_reason_owner_and_date() {
    let good =
        "[[accept]]\nobject = \"a/K/n\"\nreason = \"r\"\nowner = \"o\"\nuntil = 2026-12-31\n";
    let (entries, wrong) = parsed(good);
    assert_eq!((entries.len(), wrong.len()), (1, 0), "{wrong:?}");
    assert_eq!(entries[0].until, jiff::civil::date(2026, 12, 31));
    let (entries, wrong) = parsed(&good.replace("2026-12-31", "\"2026-12-31\""));
    assert_eq!((entries.len(), wrong.len()), (1, 0), "{wrong:?}");
    for (from, to, expected) in [
        ("reason = \"r\"\n", "", "`reason` is missing"),
        (
            "reason = \"r\"\n",
            "reason = \"  \"\n",
            "`reason` is missing",
        ),
        ("owner = \"o\"\n", "", "`owner` is missing"),
        ("until = 2026-12-31\n", "", "`until` is missing"),
        ("2026-12-31", "\"soon\"", "`until` is no date"),
        ("2026-12-31", "\"2026-02-30\"", "`until` is no date"),
        ("2026-12-31", "2026", "`until` is no date"),
        ("a/K/n", "a//n", "this names no object"),
        ("a/K/n", "a", "this names no object"),
        (
            "object = \"a/K/n\"\n",
            "",
            "an entry is about either `object` or `unmanaged`",
        ),
        ("object", "unmanged", "this is no acceptance file"),
        ("[[accept]]", "[[accepts]]", "this is no acceptance file"),
    ] {
        let (entries, wrong) = parsed(&good.replace(from, to));
        assert_eq!(wrong, [expected], "{from:?} -> {to:?}");
        assert!(entries.is_empty());
    }
    let (_, wrong) = parsed("[[accept]]\nunmanaged = \"a/K/x/saml\"\n");
    assert_eq!(wrong.len(), 3, "all mistakes at once: {wrong:?}");
}

#[test]
fn effects_are_ranked_by_the_gravest_risk() {
    let effect = |risks: &[Risk]| Effect::of(&risks.iter().copied().collect());
    assert_eq!(effect(&[]), Effect::Harmless);
    assert_eq!(
        effect(&[Risk::Cosmetic, Risk::WidensTrust]),
        Effect::WidensTrust
    );
    assert_eq!(
        effect(&[Risk::WidensTrust, Risk::MayBreakSignIn]),
        Effect::BreaksSignIn
    );
    assert!(Effect::Harmless < Effect::WidensTrust && Effect::WidensTrust < Effect::BreaksSignIn);
}
