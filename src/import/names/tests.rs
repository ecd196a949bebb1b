use super::*;

#[test]
fn names_are_made_from_those_in_the_cloud() {
    let kind = KindName("HuaweiIdentityProvider");
    for (cloud, expected) in [
        ("corporate", "corporate"),
        ("Corp.IdP", "corp-idp"),
        ("mapping_corp", "mapping-corp"),
        ("--a__b--", "a-b"),
        ("", "identity-provider"),
        ("企业", "identity-provider"),
        (&"A".repeat(80), &"a".repeat(63)),
    ] {
        let slug = slug(cloud, kind);
        assert_eq!(slug, expected);
        assert!(address::is_name(&slug), "{slug}");
    }
    let long = numbered(&"a".repeat(63), 12);
    assert!(address::is_name(&long) && long.ends_with("a-12"), "{long}");
}
