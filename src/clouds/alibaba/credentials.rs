//! Where Alibaba Cloud credentials come from (apis/alibaba.md §7). Pure over [`Surroundings`]: what
//! to do is found here, `token.rs` does it.
//!
//! A named profile is the only place looked at, and so is a token that the manifest names.
//! Otherwise: environment, the cluster's token (RRSA), the CLI's configuration, the SDKs' INI file,
//! the machine's role (ECS), the credentials URI.

use std::path::PathBuf;

use crate::clouds::credentials::{self, Start};
use crate::clouds::source::{self, Keys, Machine, WebIdentity, WebToken};
use crate::model::{CredentialSource, Secret};
use crate::provider::{ConnectError, Surroundings};

mod files;

/// The metadata service of ECS (apis/alibaba.md §7.5).
const METADATA: &str = "http://100.100.100.200";

/// A URL that answers with keys: at the end of the chain, or in place of the machine.
#[derive(Debug, Clone)]
pub(in crate::clouds) struct Uri(pub(super) String);

/// What is found here.
pub(super) type Credentials = credentials::Credentials<Keys, Uri>;

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

    fn is_on(&self, name: &str) -> bool {
        self.var(name)
            .is_some_and(|text| text.eq_ignore_ascii_case("true"))
    }

    /// A variable's source in words.
    fn place(&self, name: &str) -> String {
        format!("environment ({}{name})", self.prefix)
    }

    fn profile(&self, profile: &str) -> Result<Credentials, ConnectError> {
        let mut looked = Vec::new();
        if let Some(found) = self.cli(Some(profile), &mut looked)? {
            return Ok(found);
        }
        let found = self.ini(profile, &mut looked)?;
        found.ok_or(ConnectError::Missing { looked })
    }

    fn walk(&self) -> Result<Credentials, ConnectError> {
        let mut looked = Vec::new();
        if let Some(found) = self.environment(&mut looked)? {
            return Ok(found);
        }
        if let Some(found) = self.token(&mut looked) {
            return Ok(found);
        }
        let named = self.var("ALIBABA_CLOUD_PROFILE");
        let is_cli_off = self.is_on("ALIBABA_CLOUD_CLI_PROFILE_DISABLED")
            || self.is_on("ALIBABA_CLOUD_IGNORE_PROFILE");
        if !is_cli_off && let Some(found) = self.cli(named, &mut looked)? {
            return Ok(found);
        }
        if let Some(found) = self.ini(named.unwrap_or("default"), &mut looked)? {
            return Ok(found);
        }
        self.machine_or_uri(looked)
    }

    fn environment(&self, looked: &mut Vec<String>) -> Result<Option<Credentials>, ConnectError> {
        for [id, secret, token] in VARIABLES {
            let source = self.place(id);
            let missing = |name: &str| {
                Err(ConnectError::Unusable {
                    source_name: source.clone(),
                    why: format!("{}{name} is not set", self.prefix),
                })
            };
            match (self.var(id), self.var(secret)) {
                (Some(key), Some(key_secret)) => {
                    let keys = Keys {
                        id: key.to_owned(),
                        secret: Secret::new(key_secret),
                        token: self.var(token).map(Secret::new),
                        ends: None,
                    };
                    return Ok(Some(Credentials::new(Start::Found(keys), source)));
                }
                (Some(_), None) => return missing(secret),
                (None, Some(_)) => return missing(id),
                (None, None) => looked.push(source),
            }
        }
        Ok(None)
    }

    /// With role, provider and token all set (§7.1), as ACK and Terraform set them. One of them
    /// alone is for others: the role may be meant for a CLI profile.
    fn token(&self, looked: &mut Vec<String>) -> Option<Credentials> {
        let by_file = "ALIBABA_CLOUD_OIDC_TOKEN_FILE";
        let by_value = "ALIBABA_CLOUD_OIDC_TOKEN";
        let (named, token) = match (self.var(by_file), self.var(by_value)) {
            (Some(path), _) => (by_file, Some(WebToken::File(PathBuf::from(path)))),
            (None, Some(text)) => (by_value, Some(WebToken::Text(Secret::new(text)))),
            (None, None) => (by_file, None),
        };
        let provider = self.var("ALIBABA_CLOUD_OIDC_PROVIDER_ARN");
        let role = self.var("ALIBABA_CLOUD_ROLE_ARN");
        let (Some(token), Some(provider), Some(role)) = (token, provider, role) else {
            looked.push(self.place(by_file));
            return None;
        };
        let session = self.var("ALIBABA_CLOUD_ROLE_SESSION_NAME");
        let identity = WebIdentity {
            provider: provider.to_owned(),
            role: Some(role.to_owned()),
            token,
            session_name: session.unwrap_or(source::SESSION_NAME).to_owned(),
            duration_seconds: source::DURATION_SECONDS,
            policy: None,
        };
        let words = format!("{} exchanged for {role}", self.place(named));
        Some(Credentials::new(Start::WebIdentity(identity), words))
    }

    /// The end of the chain. With a prefix the machine's role must be named: the machine is one
    /// identity, and prefixes are for several.
    fn machine_or_uri(&self, mut looked: Vec<String>) -> Result<Credentials, ConnectError> {
        let uri = self.var("ALIBABA_CLOUD_CREDENTIALS_URI");
        let uri = uri.map(|text| Self::uri(text, &self.place("ALIBABA_CLOUD_CREDENTIALS_URI")));
        let uri = uri.transpose()?;
        let role = self.var("ALIBABA_CLOUD_ECS_METADATA");
        let is_wanted = !self.is_on("ALIBABA_CLOUD_ECS_METADATA_DISABLED")
            && (self.prefix.is_empty() || role.is_some());
        let base = source::metadata_base(METADATA, self.surroundings)?.filter(|_| is_wanted);
        let in_uri = self.place("ALIBABA_CLOUD_CREDENTIALS_URI");
        match (base, uri) {
            (Some(base), uri) => {
                looked.push(format!("the machine's role ({base})"));
                let words = match (role, &uri) {
                    (Some(role), _) => format!("the machine's role {role}"),
                    (None, None) => "the machine's role".to_owned(),
                    (None, Some(_)) => format!("the machine's role, or else {in_uri}"),
                };
                let machine = Machine {
                    looked: role.is_none().then_some(looked),
                    ..self.machine(base, role)
                };
                Ok(Credentials::new(Start::Machine(machine, uri), words))
            }
            (None, Some(uri)) => Ok(Credentials::new(Start::Own(uri), in_uri)),
            (None, None) => {
                looked.push(in_uri);
                Err(ConnectError::Missing { looked })
            }
        }
    }

    fn machine(&self, base: String, role: Option<&str>) -> Machine {
        Machine {
            base,
            role: role.map(str::to_owned),
            may_be_plain: !self.is_on("ALIBABA_CLOUD_IMDSV1_DISABLED"),
            looked: None,
        }
    }

    fn uri(text: &str, source: &str) -> Result<Uri, ConnectError> {
        match source::service_url(text) {
            Some(url) => Ok(Uri(url.into())),
            None => Err(ConnectError::Unusable {
                source_name: source.to_owned(),
                why: "the credentials URI must be https, or http within this machine".to_owned(),
            }),
        }
    }
}
