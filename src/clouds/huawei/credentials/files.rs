//! The vendor's files: the SDKs' credentials file and the CLI's configuration. Pure.
//! Facts: `apis/huawei.md §6`.

use std::path::{Path, PathBuf};

use super::{Credentials, Proof, Variables, tokens, unusable};
use crate::clouds::credentials::Start;
use crate::clouds::ini;
use crate::clouds::source::Keys;
use crate::model::{Secret, Value};
use crate::provider::{ConnectError, Surroundings};

/// Longest plain access key or secret key in characters. Keys have 20 and 40; an encrypted one,
/// with its nonce and tag, is longer. The CLI's form of encryption is not documented, so this is a
/// guess (UNCONFIRMED, `apis/huawei.md §6.2`).
const PLAIN_KEY_CHARACTERS: usize = 40;

/// The CLI's own file.
const CLI_FILE: &str = "~/.hcloud/config.json";

/// A named profile: a section of the credentials file, or a profile of the CLI.
pub(super) fn profile(
    variables: &Variables<'_>,
    profile: &str,
) -> Result<Credentials, ConnectError> {
    let mut looked = Vec::new();
    if let Some(found) = from_section(variables, profile, &mut looked)? {
        return Ok(found);
    }
    let surroundings = variables.surroundings;
    if let Some(home) = &surroundings.home {
        let path = home.join(".hcloud").join("config.json");
        if let Some(found) = from_cli(surroundings, &path, CLI_FILE, Some(profile), &mut looked)? {
            return Ok(found);
        }
    }
    Err(ConnectError::Missing { looked })
}

/// A profile of the CLI, when Terraform's variables say so.
pub(super) fn shared_config(
    variables: &Variables<'_>,
    looked: &mut Vec<String>,
) -> Result<Option<Credentials>, ConnectError> {
    let named = variables.get("HW_PROFILE");
    let surroundings = variables.surroundings;
    match (variables.get("HW_SHARED_CONFIG_FILE"), &surroundings.home) {
        (Some(file), _) => from_cli(surroundings, Path::new(file), file, named, looked),
        (None, Some(home)) if named.is_some() => {
            let path = home.join(".hcloud").join("config.json");
            from_cli(surroundings, &path, CLI_FILE, named, looked)
        }
        (None, _) => Ok(None),
    }
}

pub(super) fn from_section(
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
    let start = match (
        entry("ak"),
        entry("sk"),
        entry("idp_id"),
        entry("id_token_file"),
    ) {
        (Some(access_key), Some(secret_key), _, _) => Start::Found(Proof::Keys(Keys {
            id: access_key.to_owned(),
            secret: Secret::new(secret_key),
            token: entry("security_token").map(Secret::new),
            ends: None,
        })),
        (None, None, Some(idp), Some(file)) => Start::WebIdentity(tokens::at_iam(
            idp,
            crate::clouds::source::WebToken::File(PathBuf::from(file)),
        )),
        (None, None, Some(_), None) | (None, None, None, Some(_)) => {
            return Err(unusable(
                &place,
                "it needs both `idp_id` and `id_token_file`",
            ));
        }
        _ => return Err(unusable(&place, "it needs both `ak` and `sk`")),
    };
    Ok(Some(Credentials {
        account_id: entry("domain_id").map(str::to_owned),
        ..Credentials::new(start, place)
    }))
}

fn from_cli(
    surroundings: &Surroundings,
    path: &Path,
    shown: &str,
    named: Option<&str>,
    looked: &mut Vec<String>,
) -> Result<Option<Credentials>, ConnectError> {
    let place = |profile: &str| format!("profile {profile} of {shown}");
    let Some(text) = read(surroundings, path, shown)? else {
        let place = place(named.unwrap_or("default"));
        looked.push(format!("{place} (no such file)"));
        return Ok(None);
    };
    let file: Value =
        serde_json::from_str(&text).map_err(|_| unusable(shown, "it is not valid JSON"))?;
    let profile = named.or(file["current"].as_str()).unwrap_or("default");
    let place = place(profile);
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
    let keys = Proof::Keys(Keys {
        id: access_key.to_owned(),
        secret: Secret::new(secret_key),
        token: text_of("securityToken").map(Secret::new),
        ends: None,
    });
    Ok(Some(Credentials {
        account_id: text_of("domainId").map(str::to_owned),
        ..Credentials::new(Start::Found(keys), place)
    }))
}

fn is_plain(key: &str) -> bool {
    key.len() <= PLAIN_KEY_CHARACTERS && key.chars().all(|c| c.is_ascii_alphanumeric())
}

fn read(
    surroundings: &Surroundings,
    path: &Path,
    shown: &str,
) -> Result<Option<String>, ConnectError> {
    (surroundings.read)(path)
        .transpose()
        .map_err(|why| unusable(shown, &format!("it cannot be read: {why}")))
}
