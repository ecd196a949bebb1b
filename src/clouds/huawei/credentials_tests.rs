use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::json;

use super::*;

/// Where a test looks: variables, files below the home folder or absolute, profile, prefix.
#[derive(Default)]
struct Place<'a> {
    env: &'a [(&'a str, &'a str)],
    files: &'a [(&'a str, &'a str)],
    profile: Option<&'a str>,
    prefix: &'a str,
}

impl Place<'_> {
    /// What is found there: the source and a line about the sign-in, or the error.
    fn find(&self) -> String {
        let files: BTreeMap<PathBuf, String> = self
            .files
            .iter()
            .map(|(path, text)| (Path::new("/home/u").join(path), (*text).to_owned()))
            .collect();
        let surroundings = Surroundings {
            env: self
                .env
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
            home: Some(PathBuf::from("/home/u")),
            read: std::sync::Arc::new(move |path| match files.get(path)?.as_str() {
                "!" => Some(Err("permission denied".to_owned())),
                text => Some(Ok(text.to_owned())),
            }),
            tokens: crate::provider::surroundings::AllowedTokens::default(),
        };
        let declared = CredentialSource {
            profile: self.profile.map(str::to_owned),
            env_prefix: self.prefix.to_owned(),
            ..CredentialSource::default()
        };
        match find(&declared, &surroundings) {
            Ok(found) => format!(
                "{}: {}{}",
                found.source,
                line(&found.start),
                found
                    .account_id
                    .map_or_else(String::new, |id| format!(" of {id}"))
            ),
            Err(ConnectError::Missing { looked }) => format!("missing: {}", looked.join("; ")),
            Err(ConnectError::Unusable { source_name, why }) => {
                format!("unusable: {source_name}: {why}")
            }
        }
    }
}

fn line(start: &Start<Proof, Own>) -> String {
    let named = |named: &Option<Named>| match named {
        Some(Named::Id(id)) => format!("id {id}"),
        Some(Named::Name(name)) => format!("name {name}"),
        None => "none".to_owned(),
    };
    match start {
        Start::Found(Proof::Keys(keys)) => {
            let token = keys.token.as_ref().map(Secret::expose);
            format!("keys {} {} {token:?}", keys.id, keys.secret.expose())
        }
        Start::WebIdentity(_) | Start::Machine(..) | Start::Own(Own::Pod(_)) => {
            "another".to_owned()
        }
        Start::Found(Proof::Token(token)) => format!("token {}", token.text.expose()),
        Start::Own(Own::Password(password)) => format!(
            "user {}, {}, {}, {}",
            named(&Some(password.user.clone())),
            named(&password.user_domain),
            password.secret.expose(),
            named(&password.scope_domain)
        ),
    }
}

const CREDENTIALS: &str = ".huaweicloud/credentials";
const CLI: &str = ".hcloud/config.json";

const INI: &str = "\u{feff}# keys\n[basic]\nak = B\nsk = BS\nproject_id = p\n\n[ global ]\r\nak=G\r\nsk = G=S \nsecurity_token = GT\ndomain_id = gd\niam_endpoint = https://elsewhere.example\n; end\n[half]\nak = H\n[keyless]\nidp_id = i\nid_token_file = f\n";

#[test]
fn the_environment_is_walked_in_order() {
    for (env, expected) in [
        (
            vec![
                ("HUAWEICLOUD_SDK_AK", "A"),
                ("HUAWEICLOUD_SDK_SK", "S"),
                ("HUAWEICLOUD_SDK_SECURITY_TOKEN", "T"),
                ("HUAWEICLOUD_SDK_DOMAIN_ID", "d"),
                ("HW_AUTH_TOKEN", "later"),
            ],
            r#"environment (HUAWEICLOUD_SDK_AK and HUAWEICLOUD_SDK_SK): keys A S Some("T") of d"#,
        ),
        (
            vec![
                ("HW_AUTH_TOKEN", "MII"),
                ("HW_ACCESS_KEY", "A"),
                ("HW_SECRET_KEY", "S"),
                ("OS_AUTH_TOKEN", "later"),
            ],
            "environment (HW_AUTH_TOKEN): token MII",
        ),
        (
            vec![
                ("HW_ACCESS_KEY", "A"),
                ("HW_SECRET_KEY", "S"),
                ("HW_DOMAIN_NAME", "n"),
                ("HW_USER_NAME", "u"),
                ("HW_USER_PASSWORD", "p"),
            ],
            "environment (HW_ACCESS_KEY and HW_SECRET_KEY): keys A S None",
        ),
        (
            vec![
                ("HW_USER_NAME", "u"),
                ("HW_USER_PASSWORD", "p"),
                ("HW_DOMAIN_NAME", "n"),
            ],
            "environment (HW_USER_NAME and HW_USER_PASSWORD): user name u, name n, p, name n",
        ),
        (
            vec![("HW_USER_ID", "u"), ("HW_USER_PASSWORD", "p")],
            "environment (HW_USER_ID and HW_USER_PASSWORD): user id u, none, p, none",
        ),
        (
            vec![
                ("OS_USERNAME", "admin"),
                ("OS_PASSWORD", "p"),
                ("OS_USER_DOMAIN_NAME", "Default"),
                ("OS_DOMAIN_ID", "default"),
                ("OS_AUTH_URL", "https://elsewhere.example/v3"),
            ],
            "environment (OS_USERNAME and OS_PASSWORD): user name admin, name Default, p, id default of default",
        ),
        (
            vec![("OS_ACCESS_KEY", "A"), ("OS_SECRET_KEY", "S")],
            "environment (OS_ACCESS_KEY and OS_SECRET_KEY): keys A S None",
        ),
        // Empty counts as unset.
        (
            vec![("HW_AUTH_TOKEN", ""), ("OS_AUTH_TOKEN", "MII")],
            "environment (OS_AUTH_TOKEN): token MII",
        ),
        (
            vec![("HUAWEICLOUD_SDK_AK", "A"), ("HW_AUTH_TOKEN", "later")],
            "unusable: variable HUAWEICLOUD_SDK_AK: it is set, but HUAWEICLOUD_SDK_SK is not",
        ),
        (
            vec![("HW_SECRET_KEY", "S")],
            "unusable: variable HW_SECRET_KEY: it is set, but HW_ACCESS_KEY is not",
        ),
        (
            vec![("OS_USERNAME", "u")],
            "unusable: variable OS_USERNAME: it is set, but OS_PASSWORD is not",
        ),
        (
            vec![("HW_USER_NAME", "u"), ("HW_USER_PASSWORD", "p")],
            "unusable: variable HW_USER_NAME: it is set, but HW_DOMAIN_NAME is not",
        ),
    ] {
        let found = Place {
            env: &env,
            ..Place::default()
        };
        assert_eq!(found.find(), expected);
    }
}

#[test]
fn a_prefix_applies_to_every_variable() {
    let env = [
        ("HW_AUTH_TOKEN", "other"),
        ("PROD_HUAWEICLOUD_SDK_CREDENTIALS_FILE", "/etc/keys"),
        ("HUAWEICLOUD_SDK_CREDENTIALS_FILE", "/etc/others"),
    ];
    let place = |files| Place {
        env: &env,
        files,
        prefix: "PROD_",
        ..Place::default()
    };
    assert_eq!(
        place(&[("/etc/keys", INI)]).find(),
        r#"section [global] of /etc/keys: keys G G=S Some("GT") of gd"#
    );
    assert_eq!(
        place(&[]).find(),
        "missing: variable PROD_HUAWEICLOUD_OIDC_PROVIDER_URN; \
         variables PROD_HUAWEICLOUD_SDK_IDP_ID and PROD_HUAWEICLOUD_SDK_ID_TOKEN_FILE; \
         variables PROD_HUAWEICLOUD_SDK_AK and PROD_HUAWEICLOUD_SDK_SK; \
         variables PROD_HW_ACCESS_KEY and PROD_HW_SECRET_KEY; variable PROD_HW_AUTH_TOKEN; \
         variables PROD_HW_USER_NAME and PROD_HW_USER_PASSWORD; variable PROD_HW_ASSUME_ROLE_IDP_ID; \
         variables PROD_OS_ACCESS_KEY and PROD_OS_SECRET_KEY; variable PROD_OS_AUTH_TOKEN; \
         variables PROD_OS_USERNAME and PROD_OS_PASSWORD; \
         section [global] of /etc/keys (no such file)"
    );
}

#[test]
fn files_are_read_by_section_and_profile() {
    let cli = json!({"current": "plain", "profiles": [
        {"name": "plain", "mode": "AKSK", "accessKeyId": "AK1", "secretAccessKey": "SK1",
         "securityToken": "", "domainId": "cd"},
        {"name": "temporary", "accessKeyId": "AK2", "secretAccessKey": "SK2",
         "securityToken": "ST2"},
        {"name": "encrypted", "accessKeyId": "q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQq83vEjRWeJA=",
         "secretAccessKey": "q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQq83vEjRWeJCrze8SNFZ4kA=="},
        {"name": "sso", "accessKeyId": "", "secretAccessKey": ""},
    ]})
    .to_string();
    let both = [(CREDENTIALS, INI), (CLI, cli.as_str())];
    for (profile, expected) in [
        (
            None,
            r#"section [global] of ~/.huaweicloud/credentials: keys G G=S Some("GT") of gd"#,
        ),
        (
            Some("basic"),
            "section [basic] of ~/.huaweicloud/credentials: keys B BS None",
        ),
        (
            Some("half"),
            "unusable: section [half] of ~/.huaweicloud/credentials: it needs both `ak` and `sk`",
        ),
        (
            Some("keyless"),
            "section [keyless] of ~/.huaweicloud/credentials: another",
        ),
        (
            Some("plain"),
            "profile plain of ~/.hcloud/config.json: keys AK1 SK1 None of cd",
        ),
        (
            Some("temporary"),
            r#"profile temporary of ~/.hcloud/config.json: keys AK2 SK2 Some("ST2")"#,
        ),
        (
            Some("encrypted"),
            "unusable: profile encrypted of ~/.hcloud/config.json: its keys are encrypted by the \
             CLI; put them into a section of ~/.huaweicloud/credentials, or let the CLI store \
             them with `cli-auth-encrypt=false`",
        ),
        (
            Some("sso"),
            "unusable: profile sso of ~/.hcloud/config.json: it holds no access key",
        ),
        (
            Some("none"),
            "missing: section [none] of ~/.huaweicloud/credentials; \
             profile none of ~/.hcloud/config.json",
        ),
    ] {
        let found = Place {
            files: &both,
            profile,
            // A profile is the only place then.
            env: if profile.is_some() {
                &[("HW_AUTH_TOKEN", "env")]
            } else {
                &[]
            },
            ..Place::default()
        };
        assert_eq!(found.find(), expected);
    }
    for (files, expected) in [
        (
            vec![(CREDENTIALS, "!")],
            "unusable: ~/.huaweicloud/credentials: it cannot be read: permission denied",
        ),
        (
            vec![(CLI, "{")],
            "unusable: ~/.hcloud/config.json: it is not valid JSON",
        ),
        (
            vec![(CLI, "[]")],
            "missing: section [x] of ~/.huaweicloud/credentials (no such file); \
             profile x of ~/.hcloud/config.json",
        ),
    ] {
        let found = Place {
            files: &files,
            profile: Some("x"),
            ..Place::default()
        };
        assert_eq!(found.find(), expected);
    }
}
