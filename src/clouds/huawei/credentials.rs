//! Where Huawei Cloud credentials come from. Pure over the surroundings: what to do is found here,
//! `token.rs` does it.
//!
//! Chain without a profile: the SDKs' variables for tokens, variables of the vendor's SDKs, of
//! Terraform, of OpenStack, the CLI profile that Terraform's variables name, `[global]` of the SDKs'
//! credentials file, the machine's agency (ECS), the pod's identity. Within one family: token,
//! access key, user and password, a token to be exchanged. A source that is half there is an error,
//! never skipped: the next one would be somebody else. Endpoints named in variables or files are not
//! read; those are the operator's.
//! Facts: `apis/huawei.md §6`.

use crate::clouds::credentials::{self, Start};
use crate::clouds::source::{self, Keys, Machine, Role};
use crate::model::{CredentialSource, Secret};
use crate::provider::{ConnectError, Surroundings};

mod files;
mod tokens;

/// The section of the credentials file for global services such as IAM (`apis/huawei.md §6.1`).
const DEFAULT_SECTION: &str = "global";

/// The metadata service of ECS (`apis/huawei.md §6.1`).
const METADATA: &str = "http://169.254.169.254";

/// What proves who asks.
#[derive(Debug, Clone)]
pub(in crate::clouds) enum Proof {
    /// Keys that sign: AK, SK, and with temporary keys a security token.
    Keys(Keys),
    /// A token that is sent along.
    Token(Token),
}

/// A token and its end.
#[derive(Debug, Clone)]
pub(in crate::clouds) struct Token {
    /// The token itself, several thousand characters.
    pub(in crate::clouds) text: Secret,
    /// When it stops working, Unix seconds; not known of one that somebody else got.
    pub(super) ends: Option<i64>,
}

/// What there is to begin with at this cloud only. A token to be exchanged goes to the STS service
/// with a role (an agency's URN), else to IAM.
#[derive(Debug, Clone)]
pub(in crate::clouds) enum Own {
    /// Tokens are got with a user's password.
    Password(Password),
    /// What a cluster hands to a pod: at the end of the chain, or in place of the machine's agency.
    Pod(Pod),
}

/// What is found here.
pub(super) type Credentials = credentials::Credentials<Proof, Own>;

/// A pod's identity: a URL that answers with keys (`apis/huawei.md §6.1`).
#[derive(Debug, Clone)]
pub(in crate::clouds) struct Pod {
    /// The URL.
    pub(super) url: String,
    /// A file whose content is the right to ask.
    pub(super) authorization: std::path::PathBuf,
}

/// Who signs in with a password.
#[derive(Debug, Clone)]
pub(in crate::clouds) struct Password {
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
pub(in crate::clouds) enum Named {
    /// By id.
    Id(String),
    /// By name.
    Name(String),
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
    agency: &'static str,
    agency_domain: [&'static str; 2],
    agency_duration: &'static str,
    idp: &'static str,
    id_token: &'static str,
    id_token_file: &'static str,
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
        agency: "",
        agency_domain: ["", ""],
        agency_duration: "",
        idp: "",
        id_token: "",
        id_token_file: "",
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
        agency: "HW_ASSUME_ROLE_AGENCY_NAME",
        agency_domain: ["HW_ASSUME_ROLE_DOMAIN_ID", "HW_ASSUME_ROLE_DOMAIN_NAME"],
        agency_duration: "HW_ASSUME_ROLE_DURATION",
        idp: "HW_ASSUME_ROLE_IDP_ID",
        id_token: "HW_ASSUME_ROLE_ID_TOKEN",
        id_token_file: "HW_ASSUME_ROLE_ID_TOKEN_FILE",
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
        agency: "OS_AGENCY_NAME",
        agency_domain: ["", "OS_AGENCY_DOMAIN_NAME"],
        agency_duration: "",
        idp: "",
        id_token: "",
        id_token_file: "",
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
    credentials::find(declared, surroundings, |profile| match profile {
        Some(profile) => files::profile(&variables, profile),
        None => walk(&variables),
    })
}

fn walk(variables: &Variables<'_>) -> Result<Credentials, ConnectError> {
    let mut looked = Vec::new();
    if let Some(found) = tokens::from_sts(variables, &mut looked)? {
        return Ok(found);
    }
    if let Some(found) = tokens::from_sdk(variables, &mut looked)? {
        return Ok(found);
    }
    for family in &FAMILIES {
        if let Some(found) = from_family(variables, family, &mut looked)? {
            return Ok(found);
        }
    }
    if let Some(found) = files::shared_config(variables, &mut looked)? {
        return Ok(found);
    }
    if let Some(found) = files::from_section(variables, DEFAULT_SECTION, &mut looked)? {
        return Ok(found);
    }
    machine_or_pod(variables, looked)
}

/// The end of the chain. The machine is one identity, and prefixes are for several: with one, it is
/// not fallen back on.
fn machine_or_pod(
    variables: &Variables<'_>,
    mut looked: Vec<String>,
) -> Result<Credentials, ConnectError> {
    let pod = tokens::pod(variables)?.map(Own::Pod);
    let base = source::metadata_base(METADATA, variables.surroundings)?;
    match (base.filter(|_| variables.prefix.is_empty()), pod) {
        (Some(base), pod) => {
            looked.push(format!("the machine's agency ({base})"));
            let words = match &pod {
                None => "the machine's agency",
                Some(_) => "the machine's agency, or else the pod's identity",
            };
            let machine = Machine {
                base,
                role: None,
                may_be_plain: true,
                looked: Some(looked),
            };
            Ok(Credentials::new(Start::Machine(machine, pod), words))
        }
        (None, Some(pod)) => Ok(Credentials::new(Start::Own(pod), "the pod's identity")),
        (None, None) => Err(ConnectError::Missing { looked }),
    }
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
    let agencies = agency_of(variables, family)?;
    let found = |start, names: &[&str]| Credentials {
        start,
        roles: agencies,
        account_id: match &domain {
            Some(Named::Id(id)) => Some(id.clone()),
            Some(Named::Name(_)) | None => None,
        },
        source: format!("environment ({})", variables.title(names)),
    };
    if let Some(token) = variables.get(family.token) {
        let token = Proof::Token(Token {
            text: Secret::new(token),
            ends: None,
        });
        return Ok(Some(found(Start::Found(token), &[family.token])));
    }
    let names = [family.access_key, family.secret_key];
    match names.map(|name| variables.get(name)) {
        [Some(access_key), Some(secret_key)] => {
            let keys = Proof::Keys(Keys {
                id: access_key.to_owned(),
                secret: Secret::new(secret_key),
                token: variables.get(family.security_token).map(Secret::new),
                ends: None,
            });
            return Ok(Some(found(Start::Found(keys), &names)));
        }
        [Some(_), None] => return Err(variables.half(names[0], &names[1..])),
        [None, Some(_)] => return Err(variables.half(names[1], &names[..1])),
        [None, None] => {}
    }
    if let Some((password, names)) = password_of(variables, family)? {
        return Ok(Some(found(Start::Own(Own::Password(password)), &names)));
    }
    if let Some((identity, names)) = tokens::of_family(variables, family)? {
        return Ok(Some(found(Start::WebIdentity(identity), &names)));
    }
    looked.push(format!("variables {}", variables.title(&names)));
    if !family.token.is_empty() {
        looked.push(format!("variable {}", variables.title(&[family.token])));
        looked.push(format!(
            "variables {}",
            variables.title(&[family.user_names[1], family.password])
        ));
    }
    if !family.idp.is_empty() {
        looked.push(format!("variable {}", variables.title(&[family.idp])));
    }
    Ok(None)
}

/// The agency that a family's variables name.
fn agency_of(variables: &Variables<'_>, family: &Family) -> Result<Vec<Role>, ConnectError> {
    let Some(agency) = variables.get(family.agency) else {
        return Ok(Vec::new());
    };
    let Some(Named::Id(domain) | Named::Name(domain)) = variables.named(family.agency_domain)
    else {
        return Err(variables.half(family.agency, &family.agency_domain[1..]));
    };
    let name = family.agency_duration;
    let place = format!("variable {}", variables.title(&[name]));
    Ok(vec![Role {
        domain: Some(domain),
        duration_seconds: source::duration(&place, name, variables.get(name))?,
        ..Role::plain(agency, None)
    }])
}

fn password_of(
    variables: &Variables<'_>,
    family: &Family,
) -> Result<Option<(Password, [&'static str; 2])>, ConnectError> {
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
    let password = Password {
        user,
        user_domain: user_domain.clone(),
        secret,
        scope_domain: domain.or(user_domain),
    };
    Ok(Some((password, [user_name, family.password])))
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
