//! Where Tencent Cloud credentials come from (apis/tencent.md §5, §6). Pure over [`Surroundings`]:
//! what to do is found here, `token.rs` does it.
//!
//! A named profile is the only place looked at, and so is a token that the manifest names.
//! Otherwise: environment, the CLI's profile, the SDKs' INI file, the cluster's token (TKE), the
//! machine's role (CVM).

use std::convert::Infallible;
use std::path::PathBuf;

use crate::clouds::credentials::{self, Start};
use crate::clouds::source::{self, Keys, Machine, Role, WebIdentity, WebToken};
use crate::clouds::{ini, wire};
use crate::model::{CredentialSource, Secret, Value};
use crate::provider::{ConnectError, Surroundings};

/// The metadata service of CVM (apis/tencent.md §6.4).
const METADATA: &str = "http://metadata.tencentyun.com";

/// Where the Python SDK looks after the home folder (apis/tencent.md §6.2).
const SYSTEM_FILE: &str = "/etc/tencentcloud/credentials";

/// What is found here.
pub(super) type Credentials = credentials::Credentials<Keys, Infallible>;

/// Finds the account's credentials.
///
/// # Errors
/// [`ConnectError::Missing`] lists the places; [`ConnectError::Unusable`] names the source that is
/// there and says what is wrong with it.
pub(super) fn find(
    wanted: &CredentialSource,
    surroundings: &Surroundings,
) -> Result<Credentials, ConnectError> {
    let chain = Chain {
        prefix: &wanted.env_prefix,
        surroundings,
    };
    credentials::find(wanted, surroundings, |profile| match profile {
        Some(profile) => chain.profile(profile),
        None => chain.walk(),
    })
}

struct Chain<'a> {
    prefix: &'a str,
    surroundings: &'a Surroundings,
}

impl Chain<'_> {
    fn var(&self, name: &str) -> Option<&str> {
        self.surroundings.var(self.prefix, name)
    }

    /// A variable's source in words.
    fn place(&self, name: &str) -> String {
        format!("environment ({}{name})", self.prefix)
    }

    /// All of these variables, or none: half of them would be another identity than the person
    /// meant.
    fn all<const N: usize>(&self, names: [&str; N]) -> Result<Option<[&str; N]>, ConnectError> {
        let values = names.map(|name| self.var(name));
        let Some(given) = (0..N).find(|index| values[*index].is_some()) else {
            return Ok(None);
        };
        if let Some(missing) = (0..N).find(|index| values[*index].is_none()) {
            return Err(ConnectError::Unusable {
                source_name: self.place(names[given]),
                why: format!("{}{} is not set", self.prefix, names[missing]),
            });
        }
        Ok(Some(values.map(Option::unwrap_or_default)))
    }

    fn profile(&self, profile: &str) -> Result<Credentials, ConnectError> {
        let mut looked = Vec::new();
        if let Some(found) = self.cli(profile, &mut looked)? {
            return Ok(found);
        }
        let found = self.ini(profile, None, &mut looked)?;
        found.ok_or(ConnectError::Missing { looked })
    }

    fn walk(&self) -> Result<Credentials, ConnectError> {
        let mut looked = Vec::new();
        if let Some(found) = self.environment(&mut looked)? {
            return Ok(found);
        }
        let profile = self
            .var("TCCLI_PROFILE")
            .or_else(|| self.var("TENCENTCLOUD_PROFILE"))
            .unwrap_or("default");
        if let Some(found) = self.cli(profile, &mut looked)? {
            return Ok(found);
        }
        let file = self.var("TENCENTCLOUD_CREDENTIALS_FILE").map(PathBuf::from);
        if let Some(found) = self.ini("default", file, &mut looked)? {
            return Ok(found);
        }
        if let Some(found) = self.cluster(&mut looked)? {
            return Ok(found);
        }
        self.machine(looked)
    }

    /// Keys, from which a role may be assumed; or a token to be exchanged, as Terraform has it.
    fn environment(&self, looked: &mut Vec<String>) -> Result<Option<Credentials>, ConnectError> {
        let source = self.place("TENCENTCLOUD_SECRET_ID");
        if let Some([id, key]) = self.all(["TENCENTCLOUD_SECRET_ID", "TENCENTCLOUD_SECRET_KEY"])? {
            let keys = Keys {
                id: id.to_owned(),
                secret: Secret::new(key),
                // The CLI's name first, then Terraform's (§6.1).
                token: (self.var("TENCENTCLOUD_TOKEN"))
                    .or_else(|| self.var("TENCENTCLOUD_SECURITY_TOKEN"))
                    .map(Secret::new),
                ends: None,
            };
            let found = Credentials::new(Start::Found(keys), source);
            return Ok(Some(found.then(self.environment_role()?)));
        }
        looked.push(source);
        self.environment_token(looked)
    }

    /// The CLI's variables for a role, then Terraform's (§6.1).
    fn environment_role(&self) -> Result<Option<Role>, ConnectError> {
        let names = ["TENCENTCLOUD_ROLE_ARN", "TENCENTCLOUD_ROLE_SESSION_NAME"];
        if let Some([role, session]) = self.all(names)? {
            return Ok(Some(Role::plain(role, Some(session))));
        }
        let Some(role) = self.var("TENCENTCLOUD_ASSUME_ROLE_ARN") else {
            return Ok(None);
        };
        let session = self.var("TENCENTCLOUD_ASSUME_ROLE_SESSION_NAME");
        Ok(Some(Role {
            duration_seconds: self.duration()?,
            external_id: (self.var("TENCENTCLOUD_ASSUME_ROLE_EXTERNAL_ID")).map(str::to_owned),
            ..Role::plain(role, session)
        }))
    }

    fn duration(&self) -> Result<u32, ConnectError> {
        let name = "TENCENTCLOUD_ASSUME_ROLE_SESSION_DURATION";
        source::duration(&self.place(name), name, self.var(name))
    }

    fn environment_token(
        &self,
        looked: &mut Vec<String>,
    ) -> Result<Option<Credentials>, ConnectError> {
        let by_value = "TENCENTCLOUD_ASSUME_ROLE_WEB_IDENTITY_TOKEN";
        let by_file = "TENCENTCLOUD_ASSUME_ROLE_WEB_IDENTITY_TOKEN_FILE";
        let assertion = "TENCENTCLOUD_ASSUME_ROLE_SAML_ASSERTION";
        let (named, token) = match (self.var(by_value), self.var(by_file)) {
            (Some(text), _) => (by_value, WebToken::Text(Secret::new(text))),
            (None, Some(path)) => (by_file, WebToken::File(PathBuf::from(path))),
            (None, None) if self.var(assertion).is_some() => {
                return Err(ConnectError::Unusable {
                    source_name: self.place(assertion),
                    why: "idform exchanges OIDC tokens, not SAML assertions; use a web identity token"
                        .to_owned(),
                });
            }
            (None, None) => {
                looked.push(self.place(by_value));
                return Ok(None);
            }
        };
        let needed = [
            named,
            "TENCENTCLOUD_ASSUME_ROLE_PROVIDER_ID",
            "TENCENTCLOUD_ASSUME_ROLE_ARN",
        ];
        let Some([_, provider, role]) = self.all(needed)? else {
            return Ok(None);
        };
        let session = self.var("TENCENTCLOUD_ASSUME_ROLE_SESSION_NAME");
        let identity = WebIdentity {
            session_name: session.unwrap_or(source::SESSION_NAME).to_owned(),
            duration_seconds: self.duration()?,
            ..web_identity(provider, role, token)
        };
        let words = format!("{} exchanged for {role}", self.place(named));
        Ok(Some(Credentials::new(Start::WebIdentity(identity), words)))
    }

    /// What TKE puts into a pod (§6.5). Its region is not needed: STS answers the same everywhere.
    fn cluster(&self, looked: &mut Vec<String>) -> Result<Option<Credentials>, ConnectError> {
        let names = [
            "TKE_WEB_IDENTITY_TOKEN_FILE",
            "TKE_PROVIDER_ID",
            "TKE_ROLE_ARN",
        ];
        let place = self.place(names[0]);
        let Some([file, provider, role]) = self.all(names)? else {
            looked.push(place);
            return Ok(None);
        };
        let identity = web_identity(provider, role, WebToken::File(PathBuf::from(file)));
        let source = format!("{place} exchanged for {role}");
        Ok(Some(Credentials::new(Start::WebIdentity(identity), source)))
    }

    /// The end of the chain. With a prefix it is not for an account to fall back on: the machine is
    /// one identity, and prefixes are for several.
    fn machine(&self, mut looked: Vec<String>) -> Result<Credentials, ConnectError> {
        let role = self.var("TENCENTCLOUD_CAM_ROLE_NAME");
        let base = source::metadata_base(METADATA, self.surroundings)?;
        let Some(base) = base.filter(|_| self.prefix.is_empty() || role.is_some()) else {
            return Err(ConnectError::Missing { looked });
        };
        looked.push(format!("the machine's role ({base})"));
        let machine = Machine {
            base,
            role: role.map(str::to_owned),
            may_be_plain: true,
            looked: role.is_none().then_some(looked),
        };
        Ok(machine_of(machine))
    }

    /// `~/.tccli/<profile>.credential`, JSON (§6.2).
    fn cli(
        &self,
        profile: &str,
        looked: &mut Vec<String>,
    ) -> Result<Option<Credentials>, ConnectError> {
        let source = format!("~/.tccli/{profile}.credential");
        let unusable = |why: &str| ConnectError::Unusable {
            source_name: source.clone(),
            why: why.to_owned(),
        };
        // A profile is a file's name here; it must not walk out of the folder.
        let plain = !profile.contains(['/', '\\', '\0']);
        let home = self.surroundings.home.as_ref().filter(|_| plain);
        let path = home.map(|home| home.join(".tccli").join(format!("{profile}.credential")));
        let Some(text) = path.and_then(|path| (self.surroundings.read)(&path)) else {
            looked.push(source);
            return Ok(None);
        };
        let text = text.map_err(|why| unusable(&why))?;
        let file: Value =
            serde_json::from_str(&text).map_err(|_| unusable("the file is not valid JSON"))?;
        let filled = |name| wire::text(&file, name).filter(|text| !text.is_empty());
        let role = filled("role-arn")
            .map(|role| Role::plain(&role, filled("role-session-name").as_deref()));
        let (Some(id), Some(key)) = (filled("secretId"), filled("secretKey")) else {
            return match filled("type").as_deref() {
                Some("cvm-role") => {
                    let base = source::metadata_base(METADATA, self.surroundings)?;
                    let base = base.ok_or_else(|| {
                        unusable("the profile uses the machine's role, which IDFORM_METADATA switches off")
                    })?;
                    let found = machine_of(Machine {
                        base,
                        role: None,
                        may_be_plain: true,
                        looked: None,
                    });
                    let source = format!("{source}: {}", found.source);
                    Ok(Some(Credentials { source, ..found }.then(role)))
                }
                Some("oauth" | "sso") => {
                    Err(unusable("the profile holds no keys; log in with tccli"))
                }
                _ => Err(unusable("`secretId` or `secretKey` is missing")),
            };
        };
        let keys = Keys {
            id,
            secret: Secret::new(key),
            token: filled("token").map(Secret::new),
            ends: wire::number(&file, "expiresAt"),
        };
        Ok(Some(
            Credentials::new(Start::Found(keys), source).then(role),
        ))
    }

    /// `~/.tencentcloud/credentials` or the Python SDK's second place, INI; or the file that the
    /// environment names (§6.2).
    fn ini(
        &self,
        profile: &str,
        file: Option<PathBuf>,
        looked: &mut Vec<String>,
    ) -> Result<Option<Credentials>, ConnectError> {
        let places = if let Some(file) = file {
            vec![(file.display().to_string(), Some(file))]
        } else {
            let home = self.surroundings.home.as_ref();
            let home = home.map(|home| home.join(".tencentcloud").join("credentials"));
            vec![
                ("~/.tencentcloud/credentials".to_owned(), home),
                (SYSTEM_FILE.to_owned(), Some(PathBuf::from(SYSTEM_FILE))),
            ]
        };
        for (shown, path) in places {
            let source = format!("{shown} [{profile}]");
            let unusable = |why: String| ConnectError::Unusable {
                source_name: source.clone(),
                why,
            };
            let text = path.and_then(|path| (self.surroundings.read)(&path));
            let text = text.transpose().map_err(unusable)?.unwrap_or_default();
            let Some(keys) = ini::section(&text, profile) else {
                looked.push(source);
                continue;
            };
            let filled = |name| keys.get(name).filter(|text| !text.is_empty());
            let (Some(id), Some(key)) = (filled("secret_id"), filled("secret_key")) else {
                let why = "`secret_id` or `secret_key` is missing";
                return Err(unusable(why.to_owned()));
            };
            let keys = Keys {
                id: (*id).to_owned(),
                secret: Secret::new(*key),
                token: None,
                ends: None,
            };
            return Ok(Some(Credentials::new(Start::Found(keys), source)));
        }
        Ok(None)
    }
}

fn web_identity(provider: &str, role: &str, token: WebToken) -> WebIdentity {
    WebIdentity {
        provider: provider.to_owned(),
        role: Some(role.to_owned()),
        token,
        session_name: source::SESSION_NAME.to_owned(),
        duration_seconds: source::DURATION_SECONDS,
        policy: None,
    }
}

fn machine_of(machine: Machine) -> Credentials {
    let words = match &machine.role {
        Some(role) => format!("the machine's role {role}"),
        None => "the machine's role".to_owned(),
    };
    Credentials::new(Start::Machine(machine, None), words)
}
