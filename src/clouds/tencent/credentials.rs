//! Where Tencent Cloud keys come from (apis/tencent.md §6). Pure over [`Surroundings`].
//!
//! A named profile is the only place looked at. Otherwise: environment, the CLI's profile, the
//! SDKs' INI file. Roles to be assumed, CVM and TKE identities are not in this chain: a source that
//! asks for one is refused, because its bare keys would be another identity than the person meant.

use std::path::PathBuf;

use crate::clouds::{ini, wire};
use crate::model::{CredentialSource, Secret, Value};
use crate::provider::{ConnectError, Surroundings};

/// One identity's keys.
#[derive(Debug, Clone)]
pub(super) struct Credentials {
    /// Not secret; part of every signature's header.
    pub(super) secret_id: String,
    pub(super) secret_key: Secret,
    /// With temporary keys only.
    pub(super) token: Option<Secret>,
    /// Unix seconds when a login of the CLI ends. Checked at each call, since a run may outlive it.
    pub(super) expires_at: Option<i64>,
    /// In words, for people.
    pub(super) source: String,
}

/// Finds the account's keys.
///
/// # Errors
/// [`ConnectError::Missing`] lists the places; [`ConnectError::Unusable`] names the source that is
/// there and says what is wrong with it.
pub(super) fn find(
    wanted: &CredentialSource,
    surroundings: &Surroundings,
) -> Result<Credentials, ConnectError> {
    let var = |name| surroundings.var(&wanted.env_prefix, name);
    let mut looked = Vec::new();
    if let Some(profile) = &wanted.profile {
        if let Some(found) = from_cli(profile, surroundings, &mut looked)? {
            return Ok(found);
        }
        if let Some(found) = from_ini(profile, None, surroundings, &mut looked)? {
            return Ok(found);
        }
        return Err(ConnectError::Missing { looked });
    }
    if let Some(found) = from_environment(wanted, surroundings, &mut looked)? {
        return Ok(found);
    }
    let profile = var("TCCLI_PROFILE")
        .or_else(|| var("TENCENTCLOUD_PROFILE"))
        .unwrap_or("default");
    if let Some(found) = from_cli(profile, surroundings, &mut looked)? {
        return Ok(found);
    }
    let file = var("TENCENTCLOUD_CREDENTIALS_FILE").map(PathBuf::from);
    if let Some(found) = from_ini("default", file, surroundings, &mut looked)? {
        return Ok(found);
    }
    Err(ConnectError::Missing { looked })
}

fn from_environment(
    wanted: &CredentialSource,
    surroundings: &Surroundings,
    looked: &mut Vec<String>,
) -> Result<Option<Credentials>, ConnectError> {
    let prefix = &wanted.env_prefix;
    let var = |name| surroundings.var(prefix, name);
    let source = format!("environment ({prefix}TENCENTCLOUD_SECRET_ID)");
    let missing = |name: &str| {
        Err(ConnectError::Unusable {
            source_name: source.clone(),
            why: format!("{prefix}{name} is not set"),
        })
    };
    match (
        var("TENCENTCLOUD_SECRET_ID"),
        var("TENCENTCLOUD_SECRET_KEY"),
    ) {
        (Some(id), Some(key)) => Ok(Some(Credentials {
            secret_id: id.to_owned(),
            secret_key: Secret::new(key),
            // The CLI's name first, then Terraform's (§6.1).
            token: var("TENCENTCLOUD_TOKEN")
                .or_else(|| var("TENCENTCLOUD_SECURITY_TOKEN"))
                .map(Secret::new),
            expires_at: None,
            source,
        })),
        (Some(_), None) => missing("TENCENTCLOUD_SECRET_KEY"),
        (None, Some(_)) => missing("TENCENTCLOUD_SECRET_ID"),
        (None, None) => {
            looked.push(source);
            Ok(None)
        }
    }
}

/// `~/.tccli/<profile>.credential`, JSON.
fn from_cli(
    profile: &str,
    surroundings: &Surroundings,
    looked: &mut Vec<String>,
) -> Result<Option<Credentials>, ConnectError> {
    let source = format!("~/.tccli/{profile}.credential");
    let unusable = |why: &str| ConnectError::Unusable {
        source_name: source.clone(),
        why: why.to_owned(),
    };
    // A profile is a file's name here; it must not walk out of the folder.
    let plain = !profile.contains(['/', '\\', '\0']);
    let text = match surroundings.home.as_ref().filter(|_| plain) {
        Some(home) => {
            (surroundings.read)(&home.join(".tccli").join(format!("{profile}.credential")))
        }
        None => None,
    };
    let Some(text) = text else {
        looked.push(source);
        return Ok(None);
    };
    let text = text.map_err(|why| unusable(&why))?;
    let file: Value =
        serde_json::from_str(&text).map_err(|_| unusable("the file is not valid JSON"))?;
    let filled = |name| wire::text(&file, name).filter(|text| !text.is_empty());
    if filled("role-arn").is_some() {
        return Err(unusable(
            "the profile assumes a role, which idform does not do; name a profile with keys",
        ));
    }
    let (Some(id), Some(key)) = (filled("secretId"), filled("secretKey")) else {
        return Err(unusable(match filled("type").as_deref() {
            Some("cvm-role") => "the profile uses the machine's CVM role, which idform does not",
            Some("oauth" | "sso") => "the profile holds no keys; log in with tccli",
            _ => "`secretId` or `secretKey` is missing",
        }));
    };
    Ok(Some(Credentials {
        secret_id: id,
        secret_key: Secret::new(key),
        token: filled("token").map(Secret::new),
        expires_at: wire::number(&file, "expiresAt"),
        source,
    }))
}

/// `~/.tencentcloud/credentials`, INI; or the file that the environment names.
fn from_ini(
    profile: &str,
    file: Option<PathBuf>,
    surroundings: &Surroundings,
    looked: &mut Vec<String>,
) -> Result<Option<Credentials>, ConnectError> {
    let shown = file.as_ref().map_or_else(
        || "~/.tencentcloud/credentials".to_owned(),
        |path| path.display().to_string(),
    );
    let source = format!("{shown} [{profile}]");
    let unusable = |why: String| ConnectError::Unusable {
        source_name: source.clone(),
        why,
    };
    let path = file.or_else(|| {
        let home = surroundings.home.as_ref()?;
        Some(home.join(".tencentcloud").join("credentials"))
    });
    let text = match path.and_then(|path| (surroundings.read)(&path)) {
        Some(text) => text.map_err(unusable)?,
        None => String::new(),
    };
    let Some(keys) = ini::section(&text, profile) else {
        looked.push(source);
        return Ok(None);
    };
    let filled = |name| keys.get(name).filter(|text| !text.is_empty());
    let (Some(id), Some(key)) = (filled("secret_id"), filled("secret_key")) else {
        return Err(unusable(
            "`secret_id` or `secret_key` is missing".to_owned(),
        ));
    };
    Ok(Some(Credentials {
        secret_id: (*id).to_owned(),
        secret_key: Secret::new(*key),
        token: None,
        expires_at: None,
        source,
    }))
}

#[cfg(test)]
mod tests;
