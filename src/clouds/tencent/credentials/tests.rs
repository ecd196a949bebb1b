use super::*;
use crate::clouds::testing::{surroundings, told, wanted};

const ID: (&str, &str) = ("TENCENTCLOUD_SECRET_ID", "env-id");
const KEY: (&str, &str) = ("TENCENTCLOUD_SECRET_KEY", "env-key");
const CLI: &str = r#"{"secretId":"cli-id","secretKey":"cli-key","token":"cli-token"}"#;
const INI: &str =
    "[default]\nsecret_id = ini-id\nsecret_key = ini-key\n[prod]\nsecret_id=p\nsecret_key=q\n";

/// What was found, in one line: id, key, token, end, source.
fn found(
    profile: Option<&str>,
    prefix: &str,
    env: &[(&str, &str)],
    files: &[(&str, &str)],
) -> String {
    match find(&wanted(profile, prefix), &surroundings(env, files)) {
        Ok(found) => format!(
            "{} {} {} {} from {}",
            found.secret_id,
            found.secret_key.expose(),
            found.token.as_ref().map_or("-", Secret::expose),
            found
                .expires_at
                .map_or("-".to_owned(), |end| end.to_string()),
            found.source
        ),
        Err(error) => told(&error),
    }
}

#[test]
fn the_chain_is_environment_then_cli_then_ini() {
    let cli = (".tccli/default.credential", CLI);
    let ini = (".tencentcloud/credentials", INI);
    for (env, files, expected) in [
        (
            &[ID, KEY][..],
            &[cli, ini][..],
            "env-id env-key - - from environment (TENCENTCLOUD_SECRET_ID)",
        ),
        (
            &[ID, KEY, ("TENCENTCLOUD_SECURITY_TOKEN", "b")],
            &[],
            "env-id env-key b - from environment (TENCENTCLOUD_SECRET_ID)",
        ),
        (
            &[
                ID,
                KEY,
                ("TENCENTCLOUD_SECURITY_TOKEN", "b"),
                ("TENCENTCLOUD_TOKEN", "a"),
            ],
            &[],
            "env-id env-key a - from environment (TENCENTCLOUD_SECRET_ID)",
        ),
        (
            &[ID],
            &[cli],
            "environment (TENCENTCLOUD_SECRET_ID): TENCENTCLOUD_SECRET_KEY is not set",
        ),
        (
            &[("TENCENTCLOUD_SECRET_ID", ""), KEY],
            &[cli],
            "environment (TENCENTCLOUD_SECRET_ID): TENCENTCLOUD_SECRET_ID is not set",
        ),
        (
            &[],
            &[cli, ini],
            "cli-id cli-key cli-token - from ~/.tccli/default.credential",
        ),
        (
            &[("TCCLI_PROFILE", "prod")],
            &[
                cli,
                ini,
                (
                    ".tccli/prod.credential",
                    r#"{"secretId":"x","secretKey":"y","token":"","expiresAt":1900000000}"#,
                ),
            ],
            "x y - 1900000000 from ~/.tccli/prod.credential",
        ),
        (
            &[],
            &[ini],
            "ini-id ini-key - - from ~/.tencentcloud/credentials [default]",
        ),
        (
            &[("TENCENTCLOUD_CREDENTIALS_FILE", "/home/ada/own")],
            &[ini, ("own", "[default]\nsecret_id=o\nsecret_key=w")],
            "o w - - from /home/ada/own [default]",
        ),
        (
            &[],
            &[],
            "missing: environment (TENCENTCLOUD_SECRET_ID), ~/.tccli/default.credential, ~/.tencentcloud/credentials [default]",
        ),
    ] {
        assert_eq!(found(None, "", env, files), expected);
    }
}

#[test]
fn a_prefix_goes_before_every_variable() {
    let env = [
        ID,
        KEY,
        ("PROD_TENCENTCLOUD_SECRET_ID", "p-id"),
        ("PROD_TENCENTCLOUD_SECRET_KEY", "p-key"),
        ("TENCENTCLOUD_TOKEN", "of another identity"),
    ];
    assert_eq!(
        found(None, "PROD_", &env, &[]),
        "p-id p-key - - from environment (PROD_TENCENTCLOUD_SECRET_ID)"
    );
    assert_eq!(
        found(None, "X_", &env, &[]),
        "missing: environment (X_TENCENTCLOUD_SECRET_ID), ~/.tccli/default.credential, ~/.tencentcloud/credentials [default]"
    );
}

#[test]
fn a_named_profile_is_the_only_place() {
    let env = [ID, KEY];
    let ini = (".tencentcloud/credentials", INI);
    for (profile, files, expected) in [
        (
            "prod",
            &[ini, (".tccli/prod.credential", CLI)][..],
            "cli-id cli-key cli-token - from ~/.tccli/prod.credential",
        ),
        (
            "prod",
            &[ini],
            "p q - - from ~/.tencentcloud/credentials [prod]",
        ),
        (
            "gone",
            &[ini, (".tccli/default.credential", CLI)],
            "missing: ~/.tccli/gone.credential, ~/.tencentcloud/credentials [gone]",
        ),
        (
            "../x",
            &[(".tccli/../x.credential", CLI)],
            "missing: ~/.tccli/../x.credential, ~/.tencentcloud/credentials [../x]",
        ),
    ] {
        assert_eq!(found(Some(profile), "", &env, files), expected);
    }
}

#[test]
fn sources_that_cannot_be_used_say_why() {
    for (text, expected) in [
        ("!", "permission denied"),
        ("{", "the file is not valid JSON"),
        ("{}", "`secretId` or `secretKey` is missing"),
        (
            r#"{"secretId":"a"}"#,
            "`secretId` or `secretKey` is missing",
        ),
        (
            r#"{"type":"cvm-role"}"#,
            "the profile uses the machine's CVM role, which idform does not",
        ),
        (
            r#"{"type":"sso"}"#,
            "the profile holds no keys; log in with tccli",
        ),
        (
            r#"{"secretId":"a","secretKey":"b","role-arn":"qcs::cam::uin/1:roleName/r"}"#,
            "the profile assumes a role, which idform does not do; name a profile with keys",
        ),
    ] {
        let told = found(None, "", &[], &[(".tccli/default.credential", text)]);
        assert_eq!(told, format!("~/.tccli/default.credential: {expected}"));
    }
    for (text, expected) in [
        ("!", "permission denied"),
        (
            "[default]\nsecret_id=a\n",
            "`secret_id` or `secret_key` is missing",
        ),
    ] {
        let told = found(None, "", &[], &[(".tencentcloud/credentials", text)]);
        assert_eq!(
            told,
            format!("~/.tencentcloud/credentials [default]: {expected}")
        );
    }
}

#[test]
fn without_a_home_folder_nothing_is_read() {
    let mut machine = surroundings(&[], &[(".tccli/default.credential", CLI)]);
    machine.home = None;
    let error = find(&wanted(None, ""), &machine).unwrap_err();
    assert!(told(&error).starts_with("missing: "), "{error}");
}

#[test]
fn keys_never_print_themselves() {
    let machine = surroundings(&[ID, ("TENCENTCLOUD_SECRET_KEY", "canary")], &[]);
    let credentials = find(&wanted(None, ""), &machine).unwrap();
    assert!(!format!("{credentials:?}").contains("canary"));
}
