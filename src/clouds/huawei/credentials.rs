//! Where Huawei Cloud credentials come from. Pure over the surroundings; no request is sent.
//!
//! Chain without a profile: variables of the vendor's SDKs, of Terraform, of OpenStack, then
//! `[global]` of the SDKs' credentials file. Within one family: token, access key, user and
//! password. A source that is half there is an error, never skipped: the next one would be somebody
//! else. Endpoints named in variables or files are not read; those are the operator's.
//! Facts: `apis/huawei.md §6`.

use std::path::PathBuf;

use crate::clouds::ini;
use crate::model::{CredentialSource, Secret, Value};
use crate::provider::{ConnectError, Surroundings};

/// The section of the credentials file for global services such as IAM (`apis/huawei.md §6.1`).
const DEFAULT_SECTION: &str = "global";

/// Longest plain access key or secret key in characters. Keys have 20 and 40; an encrypted one,
/// with its nonce and tag, is longer. The CLI's form of encryption is not documented, so this is a
/// guess (UNCONFIRMED, `apis/huawei.md §6.2`).
const PLAIN_KEY_CHARACTERS: usize = 40;

/// How to sign in.
#[derive(Debug, Clone)]
pub(super) enum SignIn {
    /// Each request is signed.
    Keys {
        /// AK.
        access_key: String,
        /// SK.
        secret_key: Secret,
        /// With temporary keys only.
        security_token: Option<Secret>,
    },
    /// A token somebody else got.
    Token(Secret),
    /// Tokens are got with a user's password.
    Password(Password),
}

/// Who signs in with a password.
#[derive(Debug, Clone)]
pub(super) struct Password {
    /// The user.
    pub(super) user: Named,
    /// The account ("domain") the user belongs to; not needed for a user by id.
    pub(super) user_domain: Option<Named>,
    /// The password itself.
    pub(super) secret: Secret,
    /// The account the token is for.
    pub(super) scope_domain: Option<Named>,
}

/// A thing by its id or by its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Named {
    /// By id.
    Id(String),
    /// By name.
    Name(String),
}

/// What was found.
#[derive(Debug, Clone)]
pub(super) struct Credentials {
    /// How to sign in.
    pub(super) sign_in: SignIn,
    /// The account's id, when the source names it.
    pub(super) domain_id: Option<String>,
    /// Which source, in words.
    pub(super) source: String,
}

/// The names that one family of variables has; empty where it has none.
struct Family {
    token: &'static str,
    access_key: &'static str,
    secret_key: &'static str,
    security_token: &'static str,
    user_names: [&'static str; 2],
    password: &'static str,
    user_domain: [&'static str; 2],
    domain: [&'static str; 2],
}

/// In the order in which they are tried (`apis/huawei.md §6.2`); pairs are id, then name.
const FAMILIES: [Family; 3] = [
    Family {
        token: "",
        access_key: "HUAWEICLOUD_SDK_AK",
        secret_key: "HUAWEICLOUD_SDK_SK",
        security_token: "HUAWEICLOUD_SDK_SECURITY_TOKEN",
        user_names: ["", ""],
        password: "",
        user_domain: ["", ""],
        domain: ["HUAWEICLOUD_SDK_DOMAIN_ID", ""],
    },
    Family {
        token: "HW_AUTH_TOKEN",
        access_key: "HW_ACCESS_KEY",
        secret_key: "HW_SECRET_KEY",
        security_token: "HW_SECURITY_TOKEN",
        user_names: ["HW_USER_ID", "HW_USER_NAME"],
        password: "HW_USER_PASSWORD",
        user_domain: ["", ""],
        domain: ["HW_DOMAIN_ID", "HW_DOMAIN_NAME"],
    },
    Family {
        token: "OS_AUTH_TOKEN",
        access_key: "OS_ACCESS_KEY",
        secret_key: "OS_SECRET_KEY",
        security_token: "OS_SECURITY_TOKEN",
        user_names: ["OS_USER_ID", "OS_USERNAME"],
        password: "OS_PASSWORD",
        user_domain: ["OS_USER_DOMAIN_ID", "OS_USER_DOMAIN_NAME"],
        domain: ["OS_DOMAIN_ID", "OS_DOMAIN_NAME"],
    },
];

/// Walks the chain.
///
/// # Errors
/// [`ConnectError::Missing`] lists every place looked at; [`ConnectError::Unusable`] names the
/// source that is there and what is wrong with it.
pub(super) fn find(
    declared: &CredentialSource,
    surroundings: &Surroundings,
) -> Result<Credentials, ConnectError> {
    let variables = Variables {
        prefix: &declared.env_prefix,
        surroundings,
    };
    let mut looked = Vec::new();
    if let Some(profile) = &declared.profile {
        if let Some(found) = from_section(&variables, profile, &mut looked)? {
            return Ok(found);
        }
        if let Some(found) = from_cli(surroundings, profile, &mut looked)? {
            return Ok(found);
        }
        return Err(ConnectError::Missing { looked });
    }
    for family in &FAMILIES {
        if let Some(found) = from_family(&variables, family, &mut looked)? {
            return Ok(found);
        }
    }
    if let Some(found) = from_section(&variables, DEFAULT_SECTION, &mut looked)? {
        return Ok(found);
    }
    Err(ConnectError::Missing { looked })
}

/// The environment with the account's prefix.
struct Variables<'a> {
    prefix: &'a str,
    surroundings: &'a Surroundings,
}

impl Variables<'_> {
    fn get(&self, name: &str) -> Option<&str> {
        if name.is_empty() {
            return None;
        }
        self.surroundings.var(self.prefix, name)
    }

    fn title(&self, names: &[&str]) -> String {
        names
            .iter()
            .map(|name| format!("{}{name}", self.prefix))
            .collect::<Vec<_>>()
            .join(" and ")
    }

    fn named(&self, [id, name]: [&str; 2]) -> Option<Named> {
        self.get(id)
            .map(|text| Named::Id(text.to_owned()))
            .or_else(|| self.get(name).map(|text| Named::Name(text.to_owned())))
    }

    fn half(&self, given: &str, missing: &[&str]) -> ConnectError {
        ConnectError::Unusable {
            source_name: format!("variable {}", self.title(&[given])),
            why: format!("it is set, but {} is not", self.title(missing)),
        }
    }
}

fn from_family(
    variables: &Variables<'_>,
    family: &Family,
    looked: &mut Vec<String>,
) -> Result<Option<Credentials>, ConnectError> {
    let domain = variables.named(family.domain);
    let found = |sign_in, names: &[&str]| Credentials {
        sign_in,
        domain_id: match &domain {
            Some(Named::Id(id)) => Some(id.clone()),
            Some(Named::Name(_)) | None => None,
        },
        source: format!("environment ({})", variables.title(names)),
    };
    if let Some(token) = variables.get(family.token) {
        return Ok(Some(found(
            SignIn::Token(Secret::new(token)),
            &[family.token],
        )));
    }
    let names = [family.access_key, family.secret_key];
    match names.map(|name| variables.get(name)) {
        [Some(access_key), Some(secret_key)] => {
            let sign_in = SignIn::Keys {
                access_key: access_key.to_owned(),
                secret_key: Secret::new(secret_key),
                security_token: variables.get(family.security_token).map(Secret::new),
            };
            return Ok(Some(found(sign_in, &names)));
        }
        [Some(_), None] => return Err(variables.half(names[0], &names[1..])),
        [None, Some(_)] => return Err(variables.half(names[1], &names[..1])),
        [None, None] => {}
    }
    if let Some((sign_in, names)) = password_of(variables, family)? {
        return Ok(Some(found(sign_in, &names)));
    }
    looked.push(format!("variables {}", variables.title(&names)));
    if !family.token.is_empty() {
        looked.push(format!("variable {}", variables.title(&[family.token])));
        looked.push(format!(
            "variables {}",
            variables.title(&[family.user_names[1], family.password])
        ));
    }
    Ok(None)
}

fn password_of(
    variables: &Variables<'_>,
    family: &Family,
) -> Result<Option<(SignIn, [&'static str; 2])>, ConnectError> {
    let user = variables.named(family.user_names);
    let user_name = match &user {
        Some(Named::Id(_)) => family.user_names[0],
        Some(Named::Name(_)) | None => family.user_names[1],
    };
    let (user, secret) = match (user, variables.get(family.password)) {
        (Some(user), Some(password)) => (user, Secret::new(password)),
        (Some(_), None) => return Err(variables.half(user_name, &[family.password])),
        (None, Some(_)) => return Err(variables.half(family.password, &[user_name])),
        (None, None) => return Ok(None),
    };
    let domain = variables.named(family.domain);
    let user_domain = variables.named(family.user_domain).or(domain.clone());
    if matches!(user, Named::Name(_)) && user_domain.is_none() {
        // A user's name is unique within an account only (`apis/huawei.md §2.1`).
        return Err(variables.half(user_name, &family.domain[1..]));
    }
    let sign_in = SignIn::Password(Password {
        user,
        user_domain: user_domain.clone(),
        secret,
        scope_domain: domain.or(user_domain),
    });
    Ok(Some((sign_in, [user_name, family.password])))
}

fn from_section(
    variables: &Variables<'_>,
    section: &str,
    looked: &mut Vec<String>,
) -> Result<Option<Credentials>, ConnectError> {
    let named = variables.get("HUAWEICLOUD_SDK_CREDENTIALS_FILE");
    let (path, shown) = match (named, &variables.surroundings.home) {
        (Some(path), _) => (PathBuf::from(path), path.to_owned()),
        (None, Some(home)) => (
            home.join(".huaweicloud").join("credentials"),
            "~/.huaweicloud/credentials".to_owned(),
        ),
        (None, None) => return Ok(None),
    };
    let place = format!("section [{section}] of {shown}");
    let Some(text) = read(variables.surroundings, &path, &shown)? else {
        looked.push(format!("{place} (no such file)"));
        return Ok(None);
    };
    let Some(entries) = ini::section(&text, section) else {
        looked.push(place);
        return Ok(None);
    };
    let entry = |name: &str| entries.get(name).copied().filter(|text| !text.is_empty());
    let (Some(access_key), Some(secret_key)) = (entry("ak"), entry("sk")) else {
        let why = if entry("idp_id").is_some() {
            "sign-in with `idp_id` and `id_token_file` is not supported; give `ak` and `sk`"
        } else {
            "it needs both `ak` and `sk`"
        };
        return Err(unusable(&place, why));
    };
    Ok(Some(Credentials {
        sign_in: SignIn::Keys {
            access_key: access_key.to_owned(),
            secret_key: Secret::new(secret_key),
            security_token: entry("security_token").map(Secret::new),
        },
        domain_id: entry("domain_id").map(str::to_owned),
        source: place,
    }))
}

fn from_cli(
    surroundings: &Surroundings,
    profile: &str,
    looked: &mut Vec<String>,
) -> Result<Option<Credentials>, ConnectError> {
    let Some(home) = &surroundings.home else {
        return Ok(None);
    };
    let shown = "~/.hcloud/config.json";
    let place = format!("profile {profile} of {shown}");
    let Some(text) = read(
        surroundings,
        &home.join(".hcloud").join("config.json"),
        shown,
    )?
    else {
        looked.push(format!("{place} (no such file)"));
        return Ok(None);
    };
    let file: Value =
        serde_json::from_str(&text).map_err(|_| unusable(shown, "it is not valid JSON"))?;
    let entry = file["profiles"]
        .as_array()
        .into_iter()
        .flatten()
        .find(|entry| entry["name"] == profile);
    let Some(entry) = entry else {
        looked.push(place);
        return Ok(None);
    };
    let text_of = |name: &str| entry[name].as_str().filter(|text| !text.is_empty());
    let (Some(access_key), Some(secret_key)) = (text_of("accessKeyId"), text_of("secretAccessKey"))
    else {
        return Err(unusable(&place, "it holds no access key"));
    };
    if !is_plain(access_key) || !is_plain(secret_key) {
        return Err(unusable(
            &place,
            "its keys are encrypted by the CLI; put them into a section of \
             ~/.huaweicloud/credentials, or let the CLI store them with `cli-auth-encrypt=false`",
        ));
    }
    Ok(Some(Credentials {
        sign_in: SignIn::Keys {
            access_key: access_key.to_owned(),
            secret_key: Secret::new(secret_key),
            security_token: text_of("securityToken").map(Secret::new),
        },
        domain_id: text_of("domainId").map(str::to_owned),
        source: place,
    }))
}

fn is_plain(key: &str) -> bool {
    key.len() <= PLAIN_KEY_CHARACTERS && key.chars().all(|c| c.is_ascii_alphanumeric())
}

fn read(
    surroundings: &Surroundings,
    path: &std::path::Path,
    shown: &str,
) -> Result<Option<String>, ConnectError> {
    (surroundings.read)(path)
        .transpose()
        .map_err(|why| unusable(shown, &format!("it cannot be read: {why}")))
}

fn unusable(source_name: &str, why: &str) -> ConnectError {
    ConnectError::Unusable {
        source_name: source_name.to_owned(),
        why: why.to_owned(),
    }
}

#[cfg(test)]
#[path = "credentials_tests.rs"]
mod tests;
