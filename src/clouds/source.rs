//! What the clouds' credential chains have in common: keys and their end, tokens for keyless
//! sign-in and which of them manifests may use, the address of the machine's metadata service. Pure.

use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::model::{AssumeRole, CredentialSource, Secret, TokenPlace, Value};
use crate::provider::{ConnectError, Surroundings};

/// How long keys are asked for when nobody says, in seconds: every role allows an hour, and they
/// are renewed as long as a run lasts.
pub(super) const DURATION_SECONDS: u32 = 3600;

/// What a session is called when nobody says; shown in the clouds' audit logs.
pub(super) const SESSION_NAME: &str = "idform";

/// The operator's variable for the metadata service: `off`, or another base URL.
pub(super) const METADATA_VARIABLE: &str = "IDFORM_METADATA";

/// Longest token taken, in characters (apis/alibaba.md §6, apis/huawei.md §3.9).
const TOKEN_CHARACTERS: usize = 20_000;

/// One identity's keys.
#[derive(Debug, Clone)]
pub(super) struct Keys {
    /// Not secret; part of every signature's header.
    pub(super) id: String,
    /// What signs.
    pub(super) secret: Secret,
    /// With temporary keys only.
    pub(super) token: Option<Secret>,
    /// Unix seconds when they stop working, where that is known.
    pub(super) ends: Option<i64>,
}

/// A token issued by somebody else, to be exchanged for keys.
#[derive(Debug, Clone)]
pub(super) struct WebIdentity {
    /// The provider as the cloud calls it.
    pub(super) provider: String,
    /// The role to become, where the cloud wants one.
    pub(super) role: Option<String>,
    /// Where the token is.
    pub(super) token: WebToken,
    /// For the cloud's logs.
    pub(super) session_name: String,
    /// How long the keys shall last.
    pub(super) duration_seconds: u32,
    /// Narrows the session's rights.
    pub(super) policy: Option<String>,
}

/// Where a token is, or itself.
#[derive(Debug, Clone)]
pub(super) enum WebToken {
    /// From a variable.
    Text(Secret),
    /// Read at each exchange: whoever issues it renews the file.
    File(PathBuf),
    /// Asked of GitHub Actions at each exchange: it lasts minutes only.
    GitHub {
        /// Where to ask, the audience included.
        url: String,
        /// The job's right to ask.
        bearer: Secret,
    },
}

/// A role to become, from whatever came before.
#[derive(Debug, Clone)]
pub(super) struct Role {
    /// The role's ARN; an agency's name on Huawei Cloud.
    pub(super) name: String,
    /// The account that gave the agency; Huawei Cloud only.
    pub(super) domain: Option<String>,
    /// For the cloud's logs.
    pub(super) session_name: String,
    /// How long the keys shall last.
    pub(super) duration_seconds: u32,
    /// A word that the role's owner asks for.
    pub(super) external_id: Option<String>,
    /// Narrows the session's rights.
    pub(super) policy: Option<String>,
}

impl Role {
    /// A role with nothing else said.
    pub(super) fn plain(role: &str, session_name: Option<&str>) -> Self {
        Self {
            name: role.to_owned(),
            domain: None,
            session_name: session_name.unwrap_or(SESSION_NAME).to_owned(),
            duration_seconds: DURATION_SECONDS,
            external_id: None,
            policy: None,
        }
    }

    /// The role that a manifest names.
    pub(super) fn declared(role: &AssumeRole) -> Self {
        Self {
            domain: role.domain.clone(),
            duration_seconds: role.duration_seconds.unwrap_or(DURATION_SECONDS),
            external_id: role.external_id.clone(),
            ..Self::plain(&role.role, role.session_name.as_deref())
        }
    }
}

/// A duration in a variable or a file.
///
/// # Errors
/// It is no whole number of seconds.
pub(super) fn duration(
    source_name: &str,
    name: &str,
    text: Option<&str>,
) -> Result<u32, ConnectError> {
    text.map_or(Ok(DURATION_SECONDS), |text| {
        text.trim().parse().map_err(|_| ConnectError::Unusable {
            source_name: source_name.to_owned(),
            why: format!("{name} is no whole number of seconds"),
        })
    })
}

/// The keyless sign-in that a manifest declares; [`None`] when it declares none.
///
/// # Errors
/// The token may not be taken from there, or the place is not as it should be.
pub(super) fn declared(
    wanted: &CredentialSource,
    surroundings: &Surroundings,
) -> Result<Option<(WebIdentity, String)>, ConnectError> {
    let Some(declared) = &wanted.web_identity else {
        return Ok(None);
    };
    let (token, source) = match &declared.token {
        TokenPlace::File(path) => (file(path, surroundings)?, format!("the token in {path}")),
        TokenPlace::Variable(name) => (
            variable(name, surroundings)?,
            format!("the token in the variable {name}"),
        ),
        TokenPlace::GitHub { audience } => (
            github(audience, surroundings)?,
            format!("GitHub's token for {audience}"),
        ),
    };
    let identity = WebIdentity {
        provider: declared.provider.clone(),
        role: declared.role.clone(),
        token,
        session_name: (declared.session_name.as_deref())
            .unwrap_or(SESSION_NAME)
            .to_owned(),
        duration_seconds: declared.duration_seconds.unwrap_or(DURATION_SECONDS),
        policy: None,
    };
    let source = match &declared.role {
        Some(role) => format!("{source} exchanged for {role}"),
        None => format!("{source} exchanged at {}", declared.provider),
    };
    Ok(Some((identity, source)))
}

/// Endings of variables that hold tokens made for being exchanged: GitLab's `id_tokens` are called
/// so by habit, the clouds' own variables by definition. `CI_JOB_TOKEN`, `GITHUB_TOKEN` and
/// `ACTIONS_ID_TOKEN_REQUEST_TOKEN` are other things and have other endings.
const TOKEN_VARIABLES: &[&str] = &["ID_TOKEN", "OIDC_TOKEN", "WEB_IDENTITY_TOKEN"];

/// Variables of the clouds' own chains that name a token's file.
const FILE_VARIABLES: &[&str] = &[
    "TKE_WEB_IDENTITY_TOKEN_FILE",
    "TENCENTCLOUD_ASSUME_ROLE_WEB_IDENTITY_TOKEN_FILE",
    "ALIBABA_CLOUD_OIDC_TOKEN_FILE",
    "HUAWEICLOUD_SDK_ID_TOKEN_FILE",
    "HUAWEICLOUD_OIDC_ID_TOKEN_FILE",
    "HW_ASSUME_ROLE_ID_TOKEN_FILE",
];

/// Where Kubernetes puts projected tokens.
const PROJECTED: &str = "/var/run/secrets/";
/// What a pod may do at its own cluster's API; not made for being exchanged.
const CLUSTER_TOKEN: &str = "/var/run/secrets/kubernetes.io/serviceaccount/";

fn variable(name: &str, surroundings: &Surroundings) -> Result<WebToken, ConnectError> {
    let unusable = |why: String| ConnectError::Unusable {
        source_name: format!("tokenEnv {name}"),
        why,
    };
    let is_usual = TOKEN_VARIABLES.iter().any(|end| {
        name == *end
            || name
                .strip_suffix(end)
                .is_some_and(|rest| rest.ends_with('_'))
    });
    if !is_usual && !surroundings.tokens.variables.contains(name) {
        return Err(unusable(format!(
            "its name does not end in {}; the operator may allow it under `[env] allow` of the configuration",
            TOKEN_VARIABLES.join(", ")
        )));
    }
    match surroundings.var("", name) {
        Some(text) => Ok(WebToken::Text(Secret::new(text))),
        None => Err(unusable("the variable is not set".to_owned())),
    }
}

fn file(path: &str, surroundings: &Surroundings) -> Result<WebToken, ConnectError> {
    // Written in one way only: `/./` and `//` lead past what is told by how a path begins.
    let is_direct = path.strip_prefix('/').is_some_and(|path| {
        let mut parts = path.split('/');
        parts.all(|part| !matches!(part, "" | "." | ".."))
    });
    let is_usual = path.starts_with(PROJECTED) && !path.starts_with(CLUSTER_TOKEN);
    let is_named = FILE_VARIABLES
        .iter()
        .any(|name| surroundings.var("", name) == Some(path));
    let is_allowed = surroundings.tokens.files.iter().any(|allowed| {
        allowed == path || (allowed.ends_with('/') && path.starts_with(allowed.as_str()))
    });
    if is_direct && (is_usual || is_named || is_allowed) {
        return Ok(WebToken::File(PathBuf::from(path)));
    }
    Err(ConnectError::Unusable {
        source_name: format!("tokenFile {path}"),
        why: format!(
            "a manifest may name files below {PROJECTED} and those that a variable such as {} names; \
             the operator may allow others under `[credentials] token_files` of the configuration",
            FILE_VARIABLES[0]
        ),
    })
}

/// Where a job asks GitHub for its token.
const GITHUB_URL: &str = "ACTIONS_ID_TOKEN_REQUEST_URL";
/// The job's right to ask.
const GITHUB_BEARER: &str = "ACTIONS_ID_TOKEN_REQUEST_TOKEN";

fn github(audience: &str, surroundings: &Surroundings) -> Result<WebToken, ConnectError> {
    let unusable = |why: &str| ConnectError::Unusable {
        source_name: "GitHub's token".to_owned(),
        why: why.to_owned(),
    };
    let var = |name| surroundings.var("", name);
    let (Some(url), Some(bearer)) = (var(GITHUB_URL), var(GITHUB_BEARER)) else {
        return Err(unusable(
            "this is no job of GitHub Actions with the permission `id-token: write` \
             (ACTIONS_ID_TOKEN_REQUEST_URL and ACTIONS_ID_TOKEN_REQUEST_TOKEN are not set)",
        ));
    };
    let mut url = service_url(url)
        .ok_or_else(|| unusable("ACTIONS_ID_TOKEN_REQUEST_URL is no usable URL"))?;
    url.query_pairs_mut().append_pair("audience", audience);
    Ok(WebToken::GitHub {
        url: url.into(),
        bearer: Secret::new(bearer),
    })
}

/// A URL that credentials may be asked of: https, or plain http within the machine or its own
/// network segment, where metadata services and sidecars live.
pub(super) fn service_url(text: &str) -> Option<url::Url> {
    let url = url::Url::parse(text).ok()?;
    let is_near = match url.host()? {
        url::Host::Domain(name) => name == "localhost",
        url::Host::Ipv4(address) => {
            // Alibaba's metadata address lies in the range of carriers (apis/alibaba.md §7.5).
            let is_alibaba = address.octets() == [100, 100, 100, 200];
            address.is_loopback() || address.is_link_local() || is_alibaba
        }
        url::Host::Ipv6(address) => address.is_loopback() || address.is_unicast_link_local(),
    };
    let is_plain = url.scheme() == "http" && is_near;
    let is_clean = url.username().is_empty() && url.password().is_none();
    ((url.scheme() == "https" || is_plain) && is_clean).then_some(url)
}

/// The base URL of the machine's metadata service: the cloud's, or the operator's; [`None`] when
/// the operator switched it off.
///
/// # Errors
/// The operator's is no usable URL.
pub(super) fn metadata_base(
    own: &'static str,
    surroundings: &Surroundings,
) -> Result<Option<String>, ConnectError> {
    match surroundings.var("", METADATA_VARIABLE) {
        None => Ok(Some(own.to_owned())),
        Some("off") => Ok(None),
        Some(text) => match service_url(text) {
            Some(_) => Ok(Some(text.trim_end_matches('/').to_owned())),
            None => Err(ConnectError::Unusable {
                source_name: METADATA_VARIABLE.to_owned(),
                why: "it is neither `off` nor a usable URL".to_owned(),
            }),
        },
    }
}

/// The machine's metadata service.
#[derive(Debug, Clone)]
pub(super) struct Machine {
    /// Scheme and host, without a slash at the end.
    pub(super) base: String,
    /// The role bound to the machine, where it is known.
    pub(super) role: Option<String>,
    /// Whether the cloud's older protocol, without a session token, may be used.
    pub(super) may_be_plain: bool,
    /// Where else credentials were looked for, when nobody asked for the machine's.
    pub(super) looked: Option<Vec<String>>,
}

/// What a token says of itself that matters here.
///
/// Nothing but a token of this form is ever sent to a cloud: whoever can change a manifest cannot
/// make the tool send a key file or another secret.
///
/// # Errors
/// What is wrong with it, without a part of it.
pub(super) fn check_token(text: &str, now: i64) -> Result<(), &'static str> {
    const FORM: &str = "it holds no JSON web token (three parts, with `iss` and `aud`)";
    if text.is_empty() {
        return Err("it is empty");
    }
    if text.len() > TOKEN_CHARACTERS {
        return Err("the token is longer than 20,000 characters");
    }
    let parts: Vec<&str> = text.split('.').collect();
    let [header, claims, signature] = parts[..] else {
        return Err(FORM);
    };
    let object = |part: &str| {
        let bytes = URL_SAFE_NO_PAD.decode(part).ok()?;
        let value: Value = serde_json::from_slice(&bytes).ok()?;
        value.is_object().then_some(value)
    };
    let (Some(header), Some(claims)) = (object(header), object(claims)) else {
        return Err(FORM);
    };
    let is_whole = header["alg"].is_string()
        && claims["iss"].is_string()
        && !claims["aud"].is_null()
        && !signature.is_empty()
        && URL_SAFE_NO_PAD.decode(signature).is_ok();
    if !is_whole {
        return Err(FORM);
    }
    match claims["exp"].as_i64() {
        Some(end) if end <= now => Err("the token has run out"),
        _ => Ok(()),
    }
}

/// RFC 3339 to Unix seconds.
pub(super) fn unix_seconds(text: &str) -> Option<i64> {
    let time: jiff::Timestamp = text.parse().ok()?;
    Some(time.as_second())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(header: &str, claims: &str) -> String {
        let part = |text: &str| URL_SAFE_NO_PAD.encode(text);
        format!("{}.{}.c2ln", part(header), part(claims))
    }

    #[test]
    fn only_web_tokens_pass() {
        let good = r#"{"iss":"https://i","aud":"a","exp":2000}"#;
        check_token(&token(r#"{"alg":"RS256"}"#, good), 1999).unwrap();
        check_token(
            &token(r#"{"alg":"RS256"}"#, r#"{"iss":"i","aud":["a"]}"#),
            1,
        )
        .unwrap();
        let run_out = check_token(&token(r#"{"alg":"RS256"}"#, good), 2000);
        assert_eq!(run_out, Err("the token has run out"));
        for bad in [
            String::new(),
            "-----BEGIN OPENSSH PRIVATE KEY-----".to_owned(),
            "ghp_0123456789abcdef0123456789abcdef0123".to_owned(),
            "a.b.c".to_owned(),
            "x".repeat(TOKEN_CHARACTERS + 1),
            token("[]", good),
            token(r#"{"typ":"JWT"}"#, good),
            token(r#"{"alg":"RS256"}"#, r#"{"aud":"a"}"#),
            token(r#"{"alg":"RS256"}"#, r#"{"iss":"i"}"#),
            token(r#"{"alg":"RS256"}"#, good).replace("c2ln", ""),
            token(r#"{"alg":"RS256"}"#, good).replace("c2ln", "c2ln.c2ln"),
        ] {
            let why = check_token(&bad, 0).unwrap_err();
            assert!(bad.is_empty() || !why.contains(&bad), "{why}");
        }
    }

    #[test]
    fn credentials_are_asked_over_https_or_nearby() {
        for good in [
            "https://vstoken.example/_apis?x=1",
            "http://127.0.0.1:1/x",
            "http://[::1]/",
            "http://localhost/",
            "http://169.254.169.254",
            "http://100.100.100.200",
        ] {
            assert!(service_url(good).is_some(), "{good}");
        }
        for bad in [
            "",
            "ftp://localhost",
            "http://10.0.0.1",
            "http://100.100.100.201",
            "http://localhost.example",
            "https://user:pass@sts.example",
        ] {
            assert!(service_url(bad).is_none(), "{bad}");
        }
    }
}
