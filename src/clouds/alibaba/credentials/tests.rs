use super::*;
use crate::clouds::testing::{surroundings, told, wanted};

const ENV: [(&str, &str); 2] = [
    ("ALIBABA_CLOUD_ACCESS_KEY_ID", "env-id"),
    ("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "env-key"),
];
const CONFIG: &str = r#"{"current":"main","profiles":[
    {"name":"default","mode":"AK","access_key_id":"","access_key_secret":""},
    {"name":"main","mode":"AK","access_key_id":"cli-id","access_key_secret":"cli-key","region_id":"cn-hangzhou"},
    {"name":"temp","mode":"StsToken","access_key_id":"STS.t","access_key_secret":"k","sts_token":"tok"},
    {"name":"half","mode":"StsToken","access_key_id":"STS.t","access_key_secret":"k"},
    {"name":"lost","mode":"AK","access_key_id":"x"},
    {"name":"role","mode":"RamRoleArn","access_key_id":"a","access_key_secret":"b","ram_role_arn":"r"}]}"#;
const INI: &str = "[default]\ntype = access_key\naccess_key_id = ini-id\naccess_key_secret = ini-key\n\
    [temp2]\ntype=sts\naccess_key_id=STS.i\naccess_key_secret=k\nsecurity_token=tok\n\
    [role2]\ntype=ram_role_arn\naccess_key_id=a\naccess_key_secret=b\n\
    [off]\nenable=false\naccess_key_id=a\naccess_key_secret=b\n[short]\naccess_key_id=a\n";
const CLI_FILE: &str = ".aliyun/config.json";
const INI_FILE: &str = ".alibabacloud/credentials";

/// What was found, in one line: id, key, token, source.
fn found(
    profile: Option<&str>,
    prefix: &str,
    env: &[(&str, &str)],
    files: &[(&str, &str)],
) -> String {
    match find(&wanted(profile, prefix), &surroundings(env, files)) {
        Ok(found) => format!(
            "{} {} {} from {}",
            found.access_key_id,
            found.access_key_secret.expose(),
            found.token.as_ref().map_or("-", Secret::expose),
            found.source
        ),
        Err(error) => told(&error),
    }
}

#[test]
fn the_chain_is_environment_then_cli_then_ini() {
    let cli = (CLI_FILE, CONFIG);
    let ini = (INI_FILE, INI);
    for (env, files, expected) in [
        (
            &ENV[..],
            &[cli, ini][..],
            "env-id env-key - from environment (ALIBABA_CLOUD_ACCESS_KEY_ID)",
        ),
        (
            &[ENV[0], ENV[1], ("ALIBABA_CLOUD_SECURITY_TOKEN", "tok")],
            &[],
            "env-id env-key tok from environment (ALIBABA_CLOUD_ACCESS_KEY_ID)",
        ),
        (
            &[
                ("ALIBABACLOUD_ACCESS_KEY_ID", "a"),
                ("ALIBABACLOUD_ACCESS_KEY_SECRET", "b"),
                ("ALIBABACLOUD_SECURITY_TOKEN", "c"),
            ],
            &[],
            "a b c from environment (ALIBABACLOUD_ACCESS_KEY_ID)",
        ),
        (
            &[
                ("ALICLOUD_ACCESS_KEY", "a"),
                ("ALICLOUD_SECRET_KEY", "b"),
                ("ALICLOUD_SECURITY_TOKEN", "c"),
            ],
            &[],
            "a b c from environment (ALICLOUD_ACCESS_KEY)",
        ),
        (
            &ENV[..1],
            &[cli],
            "environment (ALIBABA_CLOUD_ACCESS_KEY_ID): ALIBABA_CLOUD_ACCESS_KEY_SECRET is not set",
        ),
        (
            &[],
            &[cli, ini],
            "cli-id cli-key - from ~/.aliyun/config.json [main]",
        ),
        (
            &[("ALIBABA_CLOUD_PROFILE", "temp")],
            &[cli],
            "STS.t k tok from ~/.aliyun/config.json [temp]",
        ),
        // What the CLI writes before it is configured is no source.
        (
            &[("ALIBABA_CLOUD_PROFILE", "default")],
            &[cli, ini],
            "ini-id ini-key - from ~/.alibabacloud/credentials [default]",
        ),
        (
            &[("ALIBABA_CLOUD_CLI_PROFILE_DISABLED", "true")],
            &[cli, ini],
            "ini-id ini-key - from ~/.alibabacloud/credentials [default]",
        ),
        (
            &[],
            &[(".alibabacloud/credentials.ini", INI)],
            "ini-id ini-key - from ~/.alibabacloud/credentials.ini [default]",
        ),
        (
            &[("ALIBABA_CLOUD_CREDENTIALS_FILE", "/home/ada/own")],
            &[
                ini,
                ("own", "[default]\naccess_key_id=o\naccess_key_secret=w"),
            ],
            "o w - from /home/ada/own [default]",
        ),
        (
            &[
                ("ALIBABA_CLOUD_ROLE_ARN", "r"),
                ("ALIBABA_CLOUD_OIDC_PROVIDER_ARN", "p"),
                ("ALIBABA_CLOUD_OIDC_TOKEN_FILE", "/t"),
            ],
            &[cli],
            "environment (ALIBABA_CLOUD_OIDC_PROVIDER_ARN): it asks to assume a role with an OIDC token, which idform does not do; set keys or name a profile",
        ),
        (
            &[],
            &[],
            "missing: environment (ALIBABA_CLOUD_ACCESS_KEY_ID), environment (ALIBABACLOUD_ACCESS_KEY_ID), environment (ALICLOUD_ACCESS_KEY_ID), environment (ALICLOUD_ACCESS_KEY), ~/.aliyun/config.json, ~/.alibabacloud/credentials [default], ~/.alibabacloud/credentials.ini [default]",
        ),
    ] {
        assert_eq!(found(None, "", env, files), expected);
    }
}

#[test]
fn a_prefix_goes_before_every_variable() {
    let env = [
        ENV[0],
        ENV[1],
        ("PROD_ALICLOUD_ACCESS_KEY", "p-id"),
        ("PROD_ALICLOUD_SECRET_KEY", "p-key"),
        ("ALICLOUD_SECURITY_TOKEN", "of another identity"),
    ];
    assert_eq!(
        found(None, "PROD_", &env, &[]),
        "p-id p-key - from environment (PROD_ALICLOUD_ACCESS_KEY)"
    );
}

#[test]
fn a_named_profile_is_the_only_place() {
    let files = [(CLI_FILE, CONFIG), (INI_FILE, INI)];
    for (profile, expected) in [
        ("main", "cli-id cli-key - from ~/.aliyun/config.json [main]"),
        (
            "temp2",
            "STS.i k tok from ~/.alibabacloud/credentials [temp2]",
        ),
        (
            "gone",
            "missing: ~/.aliyun/config.json [gone], ~/.alibabacloud/credentials [gone], ~/.alibabacloud/credentials.ini [gone]",
        ),
        (
            "off",
            "missing: ~/.aliyun/config.json [off], ~/.alibabacloud/credentials [off], ~/.alibabacloud/credentials.ini [off]",
        ),
    ] {
        assert_eq!(found(Some(profile), "", &ENV, &files), expected);
    }
}

#[test]
fn sources_that_cannot_be_used_say_why() {
    let files = [(CLI_FILE, CONFIG), (INI_FILE, INI)];
    for (profile, expected) in [
        (
            "role",
            "~/.aliyun/config.json [role]: mode RamRoleArn is not one that idform can use; it takes profiles of mode AK and StsToken",
        ),
        (
            "half",
            "~/.aliyun/config.json [half]: mode StsToken needs `sts_token`, which is missing",
        ),
        (
            "lost",
            "~/.aliyun/config.json [lost]: `access_key_id` or `access_key_secret` is missing",
        ),
        (
            "role2",
            "~/.alibabacloud/credentials [role2]: type ram_role_arn is not one that idform can use; it takes access_key and sts",
        ),
        (
            "short",
            "~/.alibabacloud/credentials [short]: `access_key_id` or `access_key_secret` is missing",
        ),
    ] {
        assert_eq!(found(Some(profile), "", &[], &files), expected);
    }
    for (file, text, expected) in [
        (
            CLI_FILE,
            "{",
            "~/.aliyun/config.json: the file is not valid JSON",
        ),
        (CLI_FILE, "!", "~/.aliyun/config.json: permission denied"),
        (
            INI_FILE,
            "!",
            "~/.alibabacloud/credentials [default]: permission denied",
        ),
    ] {
        assert_eq!(found(None, "", &[], &[(file, text)]), expected);
    }
    assert!(found(None, "", &[], &[(CLI_FILE, r#"{"profiles":7}"#)]).starts_with("missing: "));
}

#[test]
fn keys_never_print_themselves() {
    let machine = surroundings(
        &[ENV[0], ("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "canary")],
        &[],
    );
    let credentials = find(&wanted(None, ""), &machine).unwrap();
    assert!(!format!("{credentials:?}").contains("canary"));
}
