//! The operator's configuration (contract §1.5): a TOML file that is named, never discovered, so
//! that a pull request cannot change it.
//!
//! Flags win over environment variables, these over the file, the file over defaults.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::lint::Levels;
use crate::lock::fetch::FetchOptions;
use crate::model::Selector;
use crate::net::guard::Addresses;
use crate::net::http::HttpOptions;
use crate::plan::guard::{Guards, MaxChanges};
use crate::provider::Cloud;
use crate::provider::surroundings::AllowedTokens;

use super::args::Common;
use super::rim;

/// Names the file when no flag does.
const VARIABLE: &str = "IDFORM_CONFIG";
/// Largest file read, in bytes.
const BYTES: u64 = 1024 * 1024;

/// The operator's configuration of `idform`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Config {
    /// Base URLs instead of the clouds' own hosts, by cloud: `tencent`, `alibaba`, `huawei`. Plain
    /// http is accepted for loopback addresses only.
    endpoints: BTreeMap<String, String>,
    /// How the network is reached.
    network: Network,
    /// Where issuers may be.
    issuers: Issuers,
    /// Environment variables that manifests may use.
    env: Env,
    /// Where manifests may take tokens for keyless sign-in from.
    credentials: Credentials,
    /// What plans must not do.
    guards: ConfiguredGuards,
    /// How lints are taken.
    lint: ConfiguredLints,
    /// Rules of the operator's own.
    policies: Policies,
    /// The folder of the file; paths in it are relative to it.
    #[serde(skip)]
    folder: PathBuf,
}

/// How the network is reached.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct Network {
    /// A proxy for all requests but those to loopback addresses.
    proxy: Option<String>,
    /// A PEM file of certificates that are trusted beside the public roots.
    ca: Option<PathBuf>,
}

/// Where issuers may be.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct Issuers {
    /// Non-public addresses, or networks in CIDR form, that issuers may have.
    allow: Vec<String>,
}

/// Environment variables that manifests may use.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct Env {
    /// Names for `${env:NAME}`, and for `tokenEnv` of an account.
    allow: Vec<String>,
}

/// Where manifests may take tokens for keyless sign-in from.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct Credentials {
    /// Absolute paths of files that `tokenFile` may name, or of folders with a slash at the end,
    /// beside `/var/run/secrets/` and the files that the clouds' own variables name.
    token_files: Vec<String>,
}

/// What plans must not do.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct ConfiguredGuards {
    /// Selectors of objects that are protected whatever their manifests say.
    protect: Vec<String>,
    /// How many live objects of one kind in one account one plan may change: `N` or `N%`.
    max_changes: Option<String>,
}

/// How lints are taken.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct ConfiguredLints {
    /// Codes of lints that are errors here, and end a run; the others warn.
    errors: Vec<String>,
}

/// Rules of the operator's own.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct Policies {
    /// A folder of policies, relative to the configuration file.
    path: Option<PathBuf>,
}

impl Config {
    /// Reads the file that a flag or the environment names; without one, the defaults.
    pub(super) fn load(common: &Common) -> Result<Self> {
        let named = common
            .config
            .clone()
            .or_else(|| rim::var(VARIABLE).map(PathBuf::from));
        let Some(path) = named else {
            return Ok(Self::default());
        };
        let read = || -> Result<Self> {
            if fs_err::File::open(&path)?.metadata()?.len() > BYTES {
                bail!("it is larger than 1 MiB");
            }
            let mut config: Self = toml::from_str(&fs_err::read_to_string(&path)?)?;
            config.folder = path.parent().map(Path::to_owned).unwrap_or_default();
            config.check()?;
            Ok(config)
        };
        read().with_context(|| format!("read the configuration {}", path.display()))
    }

    fn check(&self) -> Result<()> {
        for cloud in self.endpoints.keys() {
            if !crate::clouds::CLOUDS
                .iter()
                .any(|known| known.id.0 == cloud)
            {
                bail!("[endpoints]: there is no cloud `{cloud}`");
            }
        }
        self.lints()?;
        self.issuer_addresses()?;
        for path in &self.credentials.token_files {
            if !path.starts_with('/') || path.split('/').any(|part| part == "..") {
                bail!("[credentials] token_files: `{path}` is no absolute path without `..`");
            }
        }
        self.guards(None).map(|_| ())
    }

    /// Variables that manifests may use beside those of the flags.
    pub(super) fn allowed_env(&self) -> &[String] {
        &self.env.allow
    }

    /// The proxy for requests, when there is one; without the user and password it may hold.
    pub(super) fn proxy(&self) -> Option<String> {
        let mut url = url::Url::parse(self.network.proxy.as_deref()?).ok()?;
        let _ = url.set_username("");
        let _ = url.set_password(None);
        Some(url.to_string())
    }

    /// Which lints are errors.
    pub(super) fn lints(&self) -> Result<Levels> {
        Levels::parse(&self.lint.errors).map_err(|why| anyhow::anyhow!("[lint] errors: {why}"))
    }

    /// Where manifests may take tokens from, beside what always may be.
    pub(super) fn allowed_tokens(&self) -> AllowedTokens {
        AllowedTokens {
            variables: self.env.allow.iter().cloned().collect(),
            files: self.credentials.token_files.clone(),
        }
    }

    /// What to guard; `max_changes` is the flag's.
    pub(super) fn guards(&self, max_changes: Option<MaxChanges>) -> Result<Guards> {
        let protect = self.guards.protect.iter().map(|text| Selector::parse(text));
        let configured = self.guards.max_changes.as_deref().map(MaxChanges::parse);
        let wrong = |why: String| anyhow::anyhow!("[guards]: {why}");
        Ok(Guards {
            protect: protect.collect::<Result<_, _>>().map_err(wrong)?,
            max_changes: match max_changes {
                Some(flag) => flag,
                None => configured.transpose().map_err(wrong)?.unwrap_or_default(),
            },
        })
    }

    /// The folder of policies.
    pub(super) fn policies(&self) -> Option<PathBuf> {
        let path = self.policies.path.as_ref()?;
        Some(self.folder.join(path))
    }

    /// The base URL for a cloud: the environment's, the file's, or none for its own hosts.
    pub(super) fn endpoint(&self, cloud: &Cloud) -> Result<Option<String>> {
        let (name, text) = match rim::var(cloud.endpoint_variable) {
            Some(text) => (cloud.endpoint_variable.to_owned(), text),
            None => match self.endpoints.get(cloud.id.0) {
                Some(text) => (format!("[endpoints] {}", cloud.id), text.clone()),
                None => return Ok(None),
            },
        };
        let url = url::Url::parse(&text).with_context(|| format!("{name} is no URL"))?;
        let loopback = match url.host() {
            Some(url::Host::Domain(domain)) => domain == "localhost",
            Some(url::Host::Ipv4(address)) => address.is_loopback(),
            Some(url::Host::Ipv6(address)) => address.is_loopback(),
            None => false,
        };
        match url.scheme() {
            "https" => {}
            "http" if loopback => {}
            // A typing slip must not send signed requests in the clear.
            "http" => bail!("{name}: plain http is accepted for loopback addresses only"),
            scheme => bail!("{name}: `{scheme}` is no scheme for an endpoint; write https://…"),
        }
        Ok(Some(text.trim_end_matches('/').to_owned()))
    }

    /// Where issuers may be.
    fn issuer_addresses(&self) -> Result<Addresses> {
        let wrong = |why: String| anyhow::anyhow!("[issuers] allow: {why}");
        Addresses::allowing(&self.issuers.allow).map_err(wrong)
    }

    /// How issuers are asked.
    pub(super) fn fetching(
        &self,
        timeout: std::time::Duration,
        parallelism: u16,
    ) -> Result<FetchOptions> {
        let HttpOptions { timeout, proxy, ca } = self.http(timeout)?;
        // As the connections to clouds do, which ask the environment by themselves.
        let from_env = || {
            ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"]
                .into_iter()
                .find_map(rim::var)
        };
        Ok(FetchOptions {
            roots: ca.unwrap_or_default(),
            addresses: self.issuer_addresses()?,
            resolve: BTreeMap::new(),
            proxy: proxy.or_else(from_env),
            timeout,
            parallelism: usize::from(parallelism),
        })
    }

    /// How requests are sent.
    pub(super) fn http(&self, timeout: std::time::Duration) -> Result<HttpOptions> {
        let ca = match &self.network.ca {
            Some(path) => {
                let path = self.folder.join(path);
                Some(fs_err::read(&path).context("read the certificates of [network] ca")?)
            }
            None => None,
        };
        Ok(HttpOptions {
            timeout,
            proxy: self.network.proxy.clone(),
            ca,
        })
    }
}

/// The schema of the file.
pub(super) fn schema() -> serde_json::Value {
    let mut schema = schemars::schema_for!(Config).to_value();
    schema["$id"] = "urn:idform:schema:config:1".into();
    schema["title"] = "idform operator configuration".into();
    schema
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documented_example_is_understood() {
        let config: Config = toml::from_str(
            r#"
            [endpoints]
            tencent = "http://127.0.0.1:9001"
            [network]
            proxy = "http://proxy.example:3128"
            ca = "corporate-ca.pem"
            [issuers]
            allow = ["10.0.0.0/8", "127.0.0.1"]
            [env]
            allow = ["GIT_COMMIT"]
            [credentials]
            token_files = ["/run/ci/"]
            [guards]
            protect = ["*/TencentUserOidc/*"]
            max_changes = "30%"
            [policies]
            path = "policies"
            "#,
        )
        .unwrap();
        config.check().unwrap();
        assert_eq!(
            config.guards(None).unwrap().max_changes,
            MaxChanges::Percent(30)
        );
        let flag = config.guards(Some(MaxChanges::Count(7))).unwrap();
        assert_eq!(flag.max_changes, MaxChanges::Count(7), "flags win");
    }

    #[test]
    fn what_is_misspelt_is_refused() {
        for text in [
            "[guard]\n",
            "[guards]\nprotects = []\n",
            "[endpoints]\naws = \"https://x\"\n",
            "[issuers]\nallow = [\"localhost\"]\n",
            "[guards]\nmax_changes = \"many\"\n",
            "[guards]\nprotect = [\"a/b/c/d\"]\n",
            "[credentials]\ntoken_files = [\"token\"]\n",
            "[credentials]\ntoken_files = [\"/run/../etc/\"]\n",
        ] {
            let config = toml::from_str::<Config>(text).map_err(anyhow::Error::from);
            assert!(config.and_then(|config| config.check()).is_err(), "{text}");
        }
    }
}
