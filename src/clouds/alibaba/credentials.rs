//! Where Alibaba Cloud keys come from (apis/alibaba.md §7). Pure over [`Surroundings`].
//!
//! A named profile is the only place looked at. Otherwise: environment, the CLI's configuration,
//! the SDKs' INI file. Roles to be assumed and machine identities are not in this chain: a source
//! that asks for one is refused, because its bare keys would be another identity than the person
//! meant.

use std::path::{Path, PathBuf};

use crate::clouds::{ini, wire};
use crate::model::{CredentialSource, Secret, Value};
use crate::provider::{ConnectError, Surroundings};

/// One identity's keys.
#[derive(Debug, Clone)]
pub(super) struct Credentials {
    /// Not secret; part of every signature's header.
    pub(super) access_key_id: String,
    pub(super) access_key_secret: Secret,
    /// With temporary keys only.
    pub(super) token: Option<Secret>,
    /// In words, for people.
    pub(super) source: String,
}

/// Names of id, secret and token: the SDKs', then the aliases of CLI and Terraform (§7.1).
const VARIABLES: &[[&str; 3]] = &[
    [
        "ALIBABA_CLOUD_ACCESS_KEY_ID",
        "ALIBABA_CLOUD_ACCESS_KEY_SECRET",
        "ALIBABA_CLOUD_SECURITY_TOKEN",
    ],
    [
        "ALIBABACLOUD_ACCESS_KEY_ID",
        "ALIBABACLOUD_ACCESS_KEY_SECRET",
        "ALIBABACLOUD_SECURITY_TOKEN",
    ],
    [
        "ALICLOUD_ACCESS_KEY_ID",
        "ALICLOUD_ACCESS_KEY_SECRET",
        "ALICLOUD_SECURITY_TOKEN",
    ],
    [
        "ALICLOUD_ACCESS_KEY",
        "ALICLOUD_SECRET_KEY",
        "ALICLOUD_SECURITY_TOKEN",
    ],
];

/// With all three set, the vendor's chain assumes a role before it looks at any file (§7.2).
const WEB_IDENTITY: &[&str] = &[
    "ALIBABA_CLOUD_ROLE_ARN",
    "ALIBABA_CLOUD_OIDC_PROVIDER_ARN",
    "ALIBABA_CLOUD_OIDC_TOKEN_FILE",
];

/// Finds the account's keys.
///
/// # Errors
/// [`ConnectError::Missing`] lists the places; [`ConnectError::Unusable`] names the source that is
/// there and says what is wrong with it.
pub(super) fn find(
    wanted: &CredentialSource,
    surroundings: &Surroundings,
) -> Result<Credentials, ConnectError> {
    let prefix = &wanted.env_prefix;
    let var = |name| surroundings.var(prefix, name);
    let mut looked = Vec::new();
    if wanted.profile.is_none() {
        if let Some(found) = from_environment(prefix, surroundings, &mut looked)? {
            return Ok(found);
        }
        if WEB_IDENTITY.iter().all(|name| var(name).is_some()) {
            return Err(ConnectError::Unusable {
                source_name: format!("environment ({prefix}{})", WEB_IDENTITY[1]),
                why: "it asks to assume a role with an OIDC token, which idform does not do; set keys or name a profile".to_owned(),
            });
        }
    }
    let named = match &wanted.profile {
        Some(profile) => Some(profile.as_str()),
        None => var("ALIBABA_CLOUD_PROFILE"),
    };
    let cli_is_off = wanted.profile.is_none()
        && var("ALIBABA_CLOUD_CLI_PROFILE_DISABLED")
            .is_some_and(|text| text.eq_ignore_ascii_case("true"));
    if !cli_is_off {
        let file = var("ALIBABA_CLOUD_CONFIG_FILE").map(PathBuf::from);
        if let Some(found) = from_cli(named, file, surroundings, &mut looked)? {
            return Ok(found);
        }
    }
    let section = named.unwrap_or("default");
    match var("ALIBABA_CLOUD_CREDENTIALS_FILE") {
        Some(file) => {
            if let Some(found) =
                from_ini(section, Path::new(file), file, surroundings, &mut looked)?
            {
                return Ok(found);
            }
        }
        // Go and Java read the first name, Python the second (§7.2).
        None => {
            for name in ["credentials", "credentials.ini"] {
                let shown = format!("~/.alibabacloud/{name}");
                let Some(home) = &surroundings.home else {
                    looked.push(format!("{shown} [{section}]"));
                    continue;
                };
                let path = home.join(".alibabacloud").join(name);
                if let Some(found) = from_ini(section, &path, &shown, surroundings, &mut looked)? {
                    return Ok(found);
                }
            }
        }
    }
    Err(ConnectError::Missing { looked })
}

fn from_environment(
    prefix: &str,
    surroundings: &Surroundings,
    looked: &mut Vec<String>,
) -> Result<Option<Credentials>, ConnectError> {
    let var = |name| surroundings.var(prefix, name);
    for [id, secret, token] in VARIABLES {
        let source = format!("environment ({prefix}{id})");
        let missing = |name: &str| {
            Err(ConnectError::Unusable {
                source_name: source.clone(),
                why: format!("{prefix}{name} is not set"),
            })
        };
        match (var(id), var(secret)) {
            (Some(key), Some(key_secret)) => {
                return Ok(Some(Credentials {
                    access_key_id: key.to_owned(),
                    access_key_secret: Secret::new(key_secret),
                    token: var(token).map(Secret::new),
                    source,
                }));
            }
            (Some(_), None) => return missing(secret),
            (None, Some(_)) => return missing(id),
            (None, None) => looked.push(source),
        }
    }
    Ok(None)
}

/// The CLI's `~/.aliyun/config.json` (§7.3): the named profile, else the one it calls current.
fn from_cli(
    named: Option<&str>,
    file: Option<PathBuf>,
    surroundings: &Surroundings,
    looked: &mut Vec<String>,
) -> Result<Option<Credentials>, ConnectError> {
    let shown = file.as_ref().map_or_else(
        || "~/.aliyun/config.json".to_owned(),
        |path| path.display().to_string(),
    );
    let path = file.or_else(|| {
        let home = surroundings.home.as_ref()?;
        Some(home.join(".aliyun").join("config.json"))
    });
    let Some(text) = path.and_then(|path| (surroundings.read)(&path)) else {
        let profile = named.map(|name| format!(" [{name}]")).unwrap_or_default();
        looked.push(format!("{shown}{profile}"));
        return Ok(None);
    };
    let unusable = |source_name: &str, why: &str| ConnectError::Unusable {
        source_name: source_name.to_owned(),
        why: why.to_owned(),
    };
    let text = text.map_err(|why| unusable(&shown, &why))?;
    let config: Value =
        serde_json::from_str(&text).map_err(|_| unusable(&shown, "the file is not valid JSON"))?;
    let current = wire::text(&config, "current").filter(|name| !name.is_empty());
    let name = named.or(current.as_deref()).unwrap_or("default");
    let source = format!("{shown} [{name}]");
    let profile = config
        .get("profiles")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .find(|profile| wire::text(profile, "name").as_deref() == Some(name));
    let Some(profile) = profile else {
        looked.push(source);
        return Ok(None);
    };
    let filled = |name| wire::text(profile, name).filter(|text| !text.is_empty());
    let mode = filled("mode").unwrap_or_else(|| "AK".to_owned());
    let (id, secret) = (filled("access_key_id"), filled("access_key_secret"));
    let token = match mode.as_str() {
        "AK" => None,
        "StsToken" => Some(filled("sts_token").ok_or_else(|| {
            unusable(&source, "mode StsToken needs `sts_token`, which is missing")
        })?),
        mode => {
            let why = format!(
                "mode {mode} is not one that idform can use; it takes profiles of mode AK and StsToken"
            );
            return Err(unusable(&source, &why));
        }
    };
    match (id, secret) {
        (Some(id), Some(secret)) => Ok(Some(Credentials {
            access_key_id: id,
            access_key_secret: Secret::new(secret),
            token: token.map(Secret::new),
            source,
        })),
        // What the CLI writes before it was ever configured.
        (None, None) if token.is_none() => {
            looked.push(source);
            Ok(None)
        }
        _ => Err(unusable(
            &source,
            "`access_key_id` or `access_key_secret` is missing",
        )),
    }
}

/// One INI file of the SDKs (§7.4).
fn from_ini(
    section: &str,
    path: &Path,
    shown: &str,
    surroundings: &Surroundings,
    looked: &mut Vec<String>,
) -> Result<Option<Credentials>, ConnectError> {
    let source = format!("{shown} [{section}]");
    let unusable = |why: String| ConnectError::Unusable {
        source_name: source.clone(),
        why,
    };
    let text = match (surroundings.read)(path) {
        Some(text) => text.map_err(unusable)?,
        None => String::new(),
    };
    let keys = ini::section(&text, section).filter(|keys| {
        !keys
            .get("enable")
            .is_some_and(|on| on.eq_ignore_ascii_case("false"))
    });
    let Some(keys) = keys else {
        looked.push(source);
        return Ok(None);
    };
    let filled = |name| keys.get(name).copied().filter(|text| !text.is_empty());
    let token = match filled("type").unwrap_or("access_key") {
        "access_key" => None,
        // How the token is called is UNCONFIRMED (§7.4): the names of the SDK and of the CLI.
        "sts" => Some(
            filled("security_token")
                .or_else(|| filled("sts_token"))
                .ok_or_else(|| unusable("`security_token` is missing".to_owned()))?,
        ),
        other => {
            return Err(unusable(format!(
                "type {other} is not one that idform can use; it takes access_key and sts"
            )));
        }
    };
    let (Some(id), Some(secret)) = (filled("access_key_id"), filled("access_key_secret")) else {
        return Err(unusable(
            "`access_key_id` or `access_key_secret` is missing".to_owned(),
        ));
    };
    Ok(Some(Credentials {
        access_key_id: id.to_owned(),
        access_key_secret: Secret::new(secret),
        token: token.map(Secret::new),
        source,
    }))
}

#[cfg(test)]
mod tests;
