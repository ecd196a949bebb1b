//! Tokens: issued for a password, in a header, thousands of characters long (`apis/huawei.md
//! §2.1`).
//!
//! A token carries its own facts and a seal over them, so nothing needs to be remembered between
//! runs. The seal's key is public: the sandbox guards nothing, it only has to notice a token that
//! somebody bent.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};

use super::CLOUD;
use super::asked::{Asked, Success, at, count};
use super::fault::Fault;
use super::settings::Settings;
use crate::sandbox::credentials;

/// What real tokens begin with, being DER in base64.
const BEGINNING: &str = "MII";
const SEAL_KEY: &[u8] = b"idform sandbox, huawei, token seal";
const SEAL_BYTES: usize = 32;
const TIME_FORM: &str = "%Y-%m-%dT%H:%M:%S.000000Z";

/// The rule for test sign-ins: account `sandbox-<domain id>`, one user.
const DOMAIN_NAME_BEGINNING: &str = "sandbox-";
const USER: &str = "sandbox";
const PASSWORD: &str = "sandbox-password";

/// What a token says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Token {
    /// The account.
    pub(super) domain: String,
    /// The name or id of the project it is scoped to; `None` for the whole account.
    pub(super) project: Option<String>,
    pub(super) issued_unix_seconds: i64,
    pub(super) expires_unix_seconds: i64,
    /// The virtual user of an identity provider; `None` for the account's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) federated: Option<Federated>,
    /// Good for nothing but to be exchanged for one with a scope (`§3.7`).
    #[serde(default, skip_serializing_if = "is_false")]
    pub(super) is_unscoped: bool,
    /// The agency under which somebody of another account acts (`§2.1`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) agency: Option<String>,
}

/// A virtual user, as the conversion rules made it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Federated {
    pub(super) user: String,
    pub(super) groups: Vec<String>,
    pub(super) identity_provider: String,
    pub(super) protocol: String,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
fn is_false(flag: &bool) -> bool {
    !flag
}

/// The name that goes with an account id.
pub(super) fn domain_name(domain: &str) -> String {
    format!("{DOMAIN_NAME_BEGINNING}{domain}")
}

/// The account a sign-in body names, before its password is looked at.
///
/// # Errors
/// 400 for a body that names none, 401 for an account that the rule does not know.
pub(super) fn account_of_sign_in(body: &[u8]) -> Result<String, Fault> {
    let body: Value = serde_json::from_slice(body).map_err(|_| bad_sign_in())?;
    if let Some(text) = shown_token(&body) {
        let token = Token::read(text).ok_or_else(Fault::unauthenticated)?;
        return Ok(token.domain);
    }
    let user = body
        .pointer("/auth/identity/password/user")
        .ok_or_else(bad_sign_in)?;
    match (user.get("id").and_then(Value::as_str), user.get("domain")) {
        (Some(id), _) => domain_of_user(id).ok_or_else(Fault::wrong_password),
        (None, Some(domain)) => domain_named(domain).ok_or_else(Fault::wrong_password),
        (None, None) => Err(bad_sign_in()),
    }
}

/// The token of a body whose method is `token`.
pub(super) fn shown_token(body: &Value) -> Option<&str> {
    let identity = body.pointer("/auth/identity")?;
    if identity.get("methods") != Some(&json!(["token"])) {
        return None;
    }
    identity.pointer("/token/id").and_then(Value::as_str)
}

/// 400 in the words of the sign-in call (`§2.1`).
fn bad_sign_in() -> Fault {
    Fault {
        message: "The request body is invalid".to_owned(),
        ..Fault::body()
    }
}

/// Signs in with a password.
///
/// Answers the body and, beside it, the token for `X-Subject-Token`.
pub(super) fn sign_in(asked: &Asked<'_>, settings: &Settings) -> Result<(Value, String), Fault> {
    let body = Value::Object(asked.body().map_err(|_| bad_sign_in())?);
    if let Some(text) = shown_token(&body) {
        return rescope(asked, settings, text, body.pointer("/auth/scope"));
    }
    let methods = body
        .pointer("/auth/identity/methods")
        .ok_or_else(bad_sign_in)?;
    if *methods != json!(["password"]) {
        return Err(bad_sign_in());
    }
    let user = body
        .pointer("/auth/identity/password/user")
        .ok_or_else(bad_sign_in)?;
    let password = user.get("password").and_then(Value::as_str);
    let is_named = match (user.get("id"), user.get("name"), user.get("domain")) {
        (Some(Value::String(id)), _, _) => domain_of_user(id).as_deref() == Some(asked.account),
        (None, Some(Value::String(name)), Some(domain)) => {
            name == USER && domain_named(domain).as_deref() == Some(asked.account)
        }
        _ => return Err(bad_sign_in()),
    };
    let password = password.ok_or_else(bad_sign_in)?;
    if !is_named || password != PASSWORD {
        return Err(Fault::wrong_password());
    }
    let project = scope(asked, body.pointer("/auth/scope"))?;
    let token = Token {
        domain: asked.account.to_owned(),
        project,
        issued_unix_seconds: asked.now_unix_seconds,
        expires_unix_seconds: asked.now_unix_seconds + i64::from(settings.token_life_seconds),
        federated: None,
        is_unscoped: false,
        agency: None,
    };
    Ok(given_out(asked, &token, settings))
}

/// Another scope for a token, which is how an unscoped one becomes useful (`§3.7`). It ends when
/// the old one ends.
fn rescope(
    asked: &Asked<'_>,
    settings: &Settings,
    text: &str,
    scope: Option<&Value>,
) -> Result<(Value, String), Fault> {
    let old = Token::read(text).ok_or_else(Fault::unauthenticated)?;
    if !old.is_good(settings, asked.now_unix_seconds) {
        return Err(Fault::unauthenticated());
    }
    let token = Token {
        project: self::scope(asked, scope)?,
        issued_unix_seconds: asked.now_unix_seconds,
        is_unscoped: old.is_unscoped && scope.is_none(),
        ..old
    };
    Ok(given_out(asked, &token, settings))
}

/// The body that describes a token and, beside it, the token for `X-Subject-Token`.
pub(super) fn given_out(asked: &Asked<'_>, token: &Token, settings: &Settings) -> (Value, String) {
    let without_catalog = asked
        .query("nocatalog")
        .is_some_and(|text| !text.is_empty());
    (
        json!({"token": described(token, without_catalog)}),
        token.sealed(count(settings.token_characters)),
    )
}

/// The accounts a caller may use: its own (`§5.1`).
pub(super) fn auth_domains(asked: &Asked<'_>) -> Success {
    let path = "/v3/auth/domains";
    (
        200,
        Some(json!({
            "domains": [{
                "id": asked.account,
                "name": domain_name(asked.account),
                "enabled": true,
                "description": "",
                "links": {"self": asked.link(&format!("/v3/domains/{}", asked.account))},
            }],
            "links": {"self": asked.link(path), "next": null, "previous": null},
        })),
    )
}

impl Token {
    /// Reads a token and checks its seal, not its time.
    pub(super) fn read(text: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD
            .decode(text.trim().strip_prefix(BEGINNING)?)
            .ok()?;
        let (facts, seal) = bytes.split_at_checked(bytes.len().checked_sub(SEAL_BYTES)?)?;
        sealing(facts)?.verify_slice(seal).ok()?;
        // The facts are followed by filling, which is white space to the reader.
        serde_json::from_slice(facts).ok()
    }

    /// Whether it has neither run out nor been voided.
    pub(super) fn is_good(&self, settings: &Settings, now_unix_seconds: i64) -> bool {
        self.issued_unix_seconds >= settings.tokens_void_before_unix_seconds
            && self.expires_unix_seconds > now_unix_seconds
    }

    /// Whether its bearer may call anything: a virtual user has the rights of its groups, and
    /// without a scope nobody has any (`§3.3`, `§3.7`).
    pub(super) fn has_rights(&self) -> bool {
        let in_a_group = |user: &Federated| !user.groups.is_empty();
        !self.is_unscoped && self.federated.as_ref().is_none_or(in_a_group)
    }

    /// The id of the user.
    pub(super) fn user_id(&self) -> String {
        match &self.federated {
            Some(user) => id_of(&[&self.domain, &user.identity_provider, &user.user]),
            None => backwards(&self.domain),
        }
    }

    fn sealed(&self, characters: usize) -> String {
        let mut bytes = serde_json::to_vec(self).unwrap_or_default();
        let wanted = characters.saturating_mul(3) / 4;
        while bytes.len() + SEAL_BYTES < wanted {
            bytes.push(b' ');
        }
        if let Some(seal) = sealing(&bytes) {
            bytes.extend_from_slice(&seal.finalize().into_bytes());
        }
        format!("{BEGINNING}{}", URL_SAFE_NO_PAD.encode(bytes))
    }
}

fn sealing(facts: &[u8]) -> Option<Hmac<Sha256>> {
    let mut seal = Hmac::<Sha256>::new_from_slice(SEAL_KEY).ok()?;
    seal.update(facts);
    Some(seal)
}

/// The project a token is asked for; the project wins over the account (`§2.1`).
pub(super) fn scope(asked: &Asked<'_>, scope: Option<&Value>) -> Result<Option<String>, Fault> {
    let Some(scope) = scope else {
        return Ok(None);
    };
    if let Some(project) = scope.get("project") {
        let named = project.get("id").or_else(|| project.get("name"));
        return match named.and_then(Value::as_str) {
            Some(named) if !named.is_empty() => Ok(Some(named.to_owned())),
            Some(_) | None => Err(Fault::body()),
        };
    }
    let domain = scope.get("domain").ok_or_else(Fault::body)?;
    if domain_named(domain).as_deref() == Some(asked.account) {
        Ok(None)
    } else {
        Err(Fault::wrong_password())
    }
}

/// The account that `{id}` or `{name}` means, if there could be one.
pub(super) fn domain_named(domain: &Value) -> Option<String> {
    let id = domain.get("id").and_then(Value::as_str);
    let name = domain.get("name").and_then(Value::as_str);
    id.or_else(|| name?.strip_prefix(DOMAIN_NAME_BEGINNING))
        .and_then(known)
}

/// The account, if it could have an access key too.
fn known(id: &str) -> Option<String> {
    let key = credentials::permanent(CLOUD, id)?.key_id;
    credentials::account_of_key(CLOUD, &key)
        .filter(|known| known.account == id)
        .map(|known| known.account)
}

/// The user's id is the account's spelt backwards, so that it leads back to the account.
fn domain_of_user(user: &str) -> Option<String> {
    known(&backwards(user))
}

fn backwards(text: &str) -> String {
    text.chars().rev().collect()
}

fn described(token: &Token, without_catalog: bool) -> Value {
    let domain = json!({"id": token.domain, "name": domain_name(&token.domain)});
    let mut described = Map::new();
    let mut put = |name: &str, value: Value| described.insert(name.to_owned(), value);
    let method = match (&token.federated, &token.agency) {
        (Some(_), _) => "mapped",
        (None, Some(_)) => "assume_role",
        (None, None) => "password",
    };
    put("methods", json!([method]));
    put("issued_at", at(token.issued_unix_seconds, TIME_FORM).into());
    put(
        "expires_at",
        at(token.expires_unix_seconds, TIME_FORM).into(),
    );
    put(
        "catalog",
        if without_catalog {
            json!([])
        } else {
            json!([{"endpoints": [], "id": id_of(&["iam"]), "name": "iam", "type": "iam"}])
        },
    );
    put(
        "roles",
        json!([{"id": id_of(&["secu_admin"]), "name": "secu_admin"}, {"id": "0", "name": "op_gated_sandbox"}]),
    );
    let mut user = json!({
        "id": token.user_id(),
        "name": USER,
        "domain": domain,
        "password_expires_at": "",
    });
    if let Some(federated) = &token.federated {
        let groups: Vec<Value> = federated
            .groups
            .iter()
            .map(|name| json!({"id": id_of(&[&token.domain, name]), "name": name}))
            .collect();
        user["name"] = federated.user.as_str().into();
        user["OS-FEDERATION"] = json!({
            "groups": groups,
            "identity_provider": {"id": federated.identity_provider},
            "protocol": {"id": federated.protocol},
        });
    }
    if let Some(agency) = &token.agency {
        user["name"] = format!("{}/{agency}", domain_name(&token.domain)).into();
    }
    put("user", user);
    if token.is_unscoped {
        return Value::Object(described);
    }
    match &token.project {
        Some(project) => put(
            "project",
            json!({
                "id": id_of(&[&token.domain, project]),
                "name": project,
                "domain": domain,
            }),
        ),
        None => put("domain", domain),
    };
    Value::Object(described)
}

/// 32 hex digits that follow from what they name.
pub(super) fn id_of(parts: &[&str]) -> String {
    let mut id = hex::encode(Sha256::digest(parts.join("/").as_bytes()));
    id.truncate(32);
    id
}
