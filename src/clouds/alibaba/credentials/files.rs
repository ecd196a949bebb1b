//! The vendor's files: the CLI's `config.json` and the SDKs' INI (apis/alibaba.md §7.3, §7.4). Pure.

use std::path::{Path, PathBuf};

use super::{Chain, Credentials, METADATA, Uri};
use crate::clouds::credentials::Start;
use crate::clouds::source::{self, Keys, Role, WebIdentity, WebToken};
use crate::clouds::{ini, wire};
use crate::model::{Secret, Value};
use crate::provider::ConnectError;

/// Most profiles of which one refers to the next.
const CHAIN_PROFILES: usize = 8;

/// Unix seconds when a login of the CLI ends, beside the keys it got. UNCONFIRMED: the fact sheet
/// names the modes only (§7.3).
const LOGIN_ENDS: &str = "sts_expiration";

impl Chain<'_> {
    /// The CLI's `~/.aliyun/config.json`: the named profile, else the one it calls current.
    pub(super) fn cli(
        &self,
        named: Option<&str>,
        looked: &mut Vec<String>,
    ) -> Result<Option<Credentials>, ConnectError> {
        let file = self.var("ALIBABA_CLOUD_CONFIG_FILE").map(PathBuf::from);
        let shown = file.as_ref().map_or_else(
            || "~/.aliyun/config.json".to_owned(),
            |path| path.display().to_string(),
        );
        let path = file.or_else(|| {
            let home = self.surroundings.home.as_ref()?;
            Some(home.join(".aliyun").join("config.json"))
        });
        let Some(text) = path.and_then(|path| (self.surroundings.read)(&path)) else {
            let profile = named.map(|name| format!(" [{name}]")).unwrap_or_default();
            looked.push(format!("{shown}{profile}"));
            return Ok(None);
        };
        let text = text.map_err(|why| unusable(&shown, &why))?;
        let config: Value = serde_json::from_str(&text)
            .map_err(|_| unusable(&shown, "the file is not valid JSON"))?;
        let current = wire::text(&config, "current").filter(|name| !name.is_empty());
        let name = named.or(current.as_deref()).unwrap_or("default");
        let profiles = config.get("profiles").and_then(Value::as_array);
        let config = Config {
            shown: &shown,
            profiles: profiles.map_or(&[], Vec::as_slice),
        };
        let found = self.cli_profile(&config, name, 0)?;
        if found.is_none() {
            looked.push(config.place(name));
        }
        Ok(found)
    }

    /// One profile; [`None`] when it is not there or was never configured.
    #[expect(
        clippy::too_many_lines,
        reason = "one arm for each of the CLI's modes, read side by side"
    )]
    fn cli_profile(
        &self,
        config: &Config<'_>,
        name: &str,
        depth: usize,
    ) -> Result<Option<Credentials>, ConnectError> {
        let source = config.place(name);
        let named = |profile: &&Value| wire::text(profile, "name").as_deref() == Some(name);
        let Some(profile) = config.profiles.iter().find(named) else {
            return Ok(None);
        };
        let filled = |name| wire::text(profile, name).filter(|text| !text.is_empty());
        let needed =
            |name| filled(name).ok_or_else(|| unusable(&source, &format!("`{name}` is missing")));
        let mode = filled("mode").unwrap_or_else(|| "AK".to_owned());
        let keys = |token: Option<String>| -> Result<Start<Keys, Uri>, ConnectError> {
            let (Some(id), Some(secret)) = (filled("access_key_id"), filled("access_key_secret"))
            else {
                let why = "`access_key_id` or `access_key_secret` is missing";
                return Err(unusable(&source, why));
            };
            Ok(Start::Found(Keys {
                id,
                secret: Secret::new(secret),
                token: token.map(Secret::new),
                ends: None,
            }))
        };
        let role = || -> Result<Role, ConnectError> {
            // The CLI and the Python library disagree about the name (§7.3).
            let session = filled("ram_session_name").or_else(|| filled("role_session_name"));
            Ok(Role {
                duration_seconds: seconds(profile, "expired_seconds"),
                external_id: filled("external_id"),
                policy: filled("policy"),
                ..Role::plain(&needed("ram_role_arn")?, session.as_deref())
            })
        };
        let start = |start| Ok(Some(Credentials::new(start, &source)));
        match mode.as_str() {
            "AK" => {
                let is_empty =
                    filled("access_key_id").is_none() && filled("access_key_secret").is_none();
                // What the CLI writes before it was ever configured.
                if is_empty {
                    Ok(None)
                } else {
                    start(keys(None)?)
                }
            }
            "StsToken" => {
                let token = filled("sts_token").ok_or_else(|| {
                    unusable(&source, "mode StsToken needs `sts_token`, which is missing")
                })?;
                start(keys(Some(token))?)
            }
            "RamRoleArn" => {
                let first = keys(filled("sts_token"))?;
                Ok(Some(Credentials::new(first, &source).then([role()?])))
            }
            "EcsRamRole" => start(self.files_machine(&source, filled("ram_role_name").as_deref())?),
            "RamRoleArnWithEcs" => {
                let machine = self.files_machine(&source, filled("ram_role_name").as_deref())?;
                Ok(Some(Credentials::new(machine, &source).then([role()?])))
            }
            "OIDC" => {
                let Role {
                    name,
                    session_name,
                    duration_seconds,
                    policy,
                    ..
                } = role()?;
                start(Start::WebIdentity(WebIdentity {
                    provider: needed("oidc_provider_arn")?,
                    role: Some(name),
                    token: WebToken::File(PathBuf::from(needed("oidc_token_file")?)),
                    session_name,
                    duration_seconds,
                    policy,
                }))
            }
            "ChainableRamRoleArn" => {
                let first = needed("source_profile")?;
                if depth == CHAIN_PROFILES {
                    return Err(unusable(
                        &source,
                        "the profiles refer to each other in a circle",
                    ));
                }
                let found = self.cli_profile(config, &first, depth + 1)?;
                let Some(found) = found else {
                    let why = format!("its `source_profile` {first} is not there or empty");
                    return Err(unusable(&source, &why));
                };
                Ok(Some(Credentials {
                    source: source.clone(),
                    ..found.then([role()?])
                }))
            }
            "CredentialsURI" => start(Start::Own(Self::uri(&needed("credentials_uri")?, &source)?)),
            // The CLI leaves the keys of its last login beside the login.
            "CloudSSO" | "OAuth" => match (keys(filled("sts_token")), filled("sts_token")) {
                (Ok(Start::Found(keys)), Some(_)) => start(Start::Found(Keys {
                    ends: wire::number(profile, LOGIN_ENDS),
                    ..keys
                })),
                _ => Err(unusable(
                    &source,
                    "the profile holds no keys; log in again with the aliyun command line",
                )),
            },
            "External" => Err(unusable(
                &source,
                "mode External runs a program, which idform never does; name another profile",
            )),
            mode => {
                let why = format!(
                    "mode {mode} is not one that idform can use; it takes AK, StsToken, RamRoleArn, \
                     ChainableRamRoleArn, EcsRamRole, RamRoleArnWithEcs, OIDC, CredentialsURI, CloudSSO and OAuth"
                );
                Err(unusable(&source, &why))
            }
        }
    }

    fn files_machine(
        &self,
        source: &str,
        role: Option<&str>,
    ) -> Result<Start<Keys, Uri>, ConnectError> {
        let base = source::metadata_base(METADATA, self.surroundings)?;
        let base = base.ok_or_else(|| {
            unusable(
                source,
                "it uses the machine's role, which IDFORM_METADATA switches off",
            )
        })?;
        Ok(Start::Machine(self.machine(base, role), None))
    }

    /// The SDKs' INI files (§7.4).
    pub(super) fn ini(
        &self,
        section: &str,
        looked: &mut Vec<String>,
    ) -> Result<Option<Credentials>, ConnectError> {
        if let Some(file) = self.var("ALIBABA_CLOUD_CREDENTIALS_FILE") {
            return self.ini_file(section, Path::new(file), file, looked);
        }
        // Go and Java read the first name, Python the second (§7.2).
        for name in ["credentials", "credentials.ini"] {
            let shown = format!("~/.alibabacloud/{name}");
            let Some(home) = &self.surroundings.home else {
                looked.push(format!("{shown} [{section}]"));
                continue;
            };
            let path = home.join(".alibabacloud").join(name);
            if let Some(found) = self.ini_file(section, &path, &shown, looked)? {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    fn ini_file(
        &self,
        section: &str,
        path: &Path,
        shown: &str,
        looked: &mut Vec<String>,
    ) -> Result<Option<Credentials>, ConnectError> {
        let source = format!("{shown} [{section}]");
        let text = match (self.surroundings.read)(path) {
            Some(text) => text.map_err(|why| unusable(&source, &why))?,
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
        let needed =
            |name| filled(name).ok_or_else(|| unusable(&source, &format!("`{name}` is missing")));
        let start =
            |token: Option<&str>| match (filled("access_key_id"), filled("access_key_secret")) {
                (Some(id), Some(secret)) => Ok(Start::Found(Keys {
                    id: id.to_owned(),
                    secret: Secret::new(secret),
                    token: token.map(Secret::new),
                    ends: None,
                })),
                _ => Err(unusable(
                    &source,
                    "`access_key_id` or `access_key_secret` is missing",
                )),
            };
        let role = || -> Result<Role, ConnectError> {
            Ok(Role {
                policy: filled("policy").map(str::to_owned),
                ..Role::plain(needed("role_arn")?, filled("role_session_name"))
            })
        };
        let (start, role) = match filled("type").unwrap_or("access_key") {
            "access_key" => (start(None)?, None),
            // How the token is called is UNCONFIRMED (§7.4): the names of the SDK and of the CLI.
            "sts" => {
                let token = filled("security_token").or_else(|| filled("sts_token"));
                let token =
                    token.ok_or_else(|| unusable(&source, "`security_token` is missing"))?;
                (start(Some(token))?, None)
            }
            "ram_role_arn" => (start(filled("security_token"))?, Some(role()?)),
            "ecs_ram_role" => {
                let name = filled("role_name");
                (self.files_machine(&source, name)?, None)
            }
            "oidc_role_arn" => {
                let role = role()?;
                let file = needed("oidc_token_file_path")?;
                let identity = WebIdentity {
                    provider: needed("oidc_provider_arn")?.to_owned(),
                    role: Some(role.name),
                    token: WebToken::File(PathBuf::from(file)),
                    session_name: role.session_name,
                    duration_seconds: role.duration_seconds,
                    policy: role.policy,
                };
                (Start::WebIdentity(identity), None)
            }
            other => {
                let why = format!(
                    "type {other} is not one that idform can use; it takes access_key, sts, \
                     ram_role_arn, ecs_ram_role and oidc_role_arn"
                );
                return Err(unusable(&source, &why));
            }
        };
        Ok(Some(Credentials::new(start, source).then(role)))
    }
}

/// The profiles of the CLI's file.
struct Config<'a> {
    shown: &'a str,
    profiles: &'a [Value],
}

impl Config<'_> {
    fn place(&self, name: &str) -> String {
        format!("{} [{name}]", self.shown)
    }
}

/// A duration of the CLI's file; it writes 0 for none.
fn seconds(profile: &Value, name: &str) -> u32 {
    wire::number(profile, name)
        .and_then(|number| u32::try_from(number).ok())
        .filter(|number| *number > 0)
        .unwrap_or(source::DURATION_SECONDS)
}

fn unusable(source_name: &str, why: &str) -> ConnectError {
    ConnectError::Unusable {
        source_name: source_name.to_owned(),
        why: why.to_owned(),
    }
}
