//! The words of each cloud's trust policies.

use std::fmt;

/// One cloud's words for the frame that all share.
#[derive(Debug)]
pub struct Grammar {
    /// The cloud, as people call it.
    pub cloud: &'static str,
    /// Key and only value of the version.
    pub version: (&'static str, &'static str),
    /// Key of the list of statements.
    pub statements: &'static str,
    /// Key of a statement's effect.
    pub effect: &'static str,
    /// What `effect` says: allow, deny.
    pub effects: [&'static str; 2],
    /// Key of a statement's actions.
    pub action: &'static str,
    /// Beginning of an action that may be written and left out.
    pub action_prefix: &'static str,
    /// The action that holders of OIDC tokens take a role by.
    pub oidc_action: &'static str,
    /// The action that holders of SAML assertions take a role by.
    pub saml_action: &'static str,
    /// Key of a statement's principals.
    pub principal: &'static str,
    /// Kinds of principals: accounts and their members, services, identity providers.
    pub principals: [&'static str; 3],
    /// Key of a statement's conditions.
    pub condition: &'static str,
    /// What may be asked of an OIDC token.
    pub oidc: Keys,
    /// What may be asked of a SAML assertion.
    pub saml: Keys,
    /// The operator for exact texts.
    pub equals: &'static str,
    /// The operator for patterns with `*`, or why there is none that takes subjects.
    pub like: Result<&'static str, &'static str>,
    /// What a resource name begins with, before the account's id.
    pub arn_prefix: &'static str,
    /// Principal that stands for a whole account, and the form it is read back in, both with `{}`
    /// for the account's id; [`None`] where it is read back as written.
    pub root: Option<(&'static str, &'static str)>,
    /// Most characters of the document as compact JSON. Both numbers are guesses, UNCONFIRMED.
    pub max_characters: usize,
    /// Section of the fact sheet.
    pub source: &'static str,
}

/// Condition keys of one protocol.
#[derive(Debug)]
pub struct Keys {
    /// Who issued it.
    pub issuer: Option<&'static str>,
    /// Whom it is for.
    pub audience: &'static str,
    /// Whom it is about.
    pub subject: Option<&'static str>,
}

/// Trust policies of Alibaba Cloud RAM (apis/alibaba.md §5).
pub static RAM: Grammar = Grammar {
    cloud: "Alibaba Cloud",
    version: ("Version", "1"),
    statements: "Statement",
    effect: "Effect",
    effects: ["Allow", "Deny"],
    action: "Action",
    action_prefix: "",
    oidc_action: "sts:AssumeRole",
    saml_action: "sts:AssumeRole",
    principal: "Principal",
    principals: ["RAM", "Service", "Federated"],
    condition: "Condition",
    oidc: Keys {
        issuer: Some("oidc:iss"),
        audience: "oidc:aud",
        subject: Some("oidc:sub"),
    },
    saml: Keys {
        issuer: None,
        audience: "saml:recipient",
        subject: None,
    },
    equals: "StringEquals",
    like: Ok("StringLike"),
    arn_prefix: "acs:ram::",
    root: None,
    // UNCONFIRMED: apis/alibaba.md §3.5.
    max_characters: 2048,
    source: "apis/alibaba.md §5",
};

/// Trust policies of Tencent Cloud CAM (apis/tencent.md §4).
pub static CAM: Grammar = Grammar {
    cloud: "Tencent Cloud",
    version: ("version", "2.0"),
    statements: "statement",
    effect: "effect",
    effects: ["allow", "deny"],
    action: "action",
    action_prefix: "name/",
    oidc_action: "name/sts:AssumeRoleWithWebIdentity",
    saml_action: "name/sts:AssumeRoleWithSAML",
    principal: "principal",
    principals: ["qcs", "service", "federated"],
    condition: "condition",
    oidc: Keys {
        issuer: Some("oidc:iss"),
        audience: "oidc:aud",
        subject: Some("oidc:sub"),
    },
    saml: Keys {
        issuer: Some("saml:iss"),
        audience: "saml:aud",
        subject: Some("saml:sub"),
    },
    equals: "string_equal",
    // Reported by one practitioner, who cites the manual: apis/tencent.md §4.1.
    like: Err(
        "`string_like` of Tencent Cloud takes letters, digits, `-` and `_` only, so no pattern can hold the `:`, `/` or `*` of a subject",
    ),
    arn_prefix: "qcs::cam::uin/",
    root: Some(("qcs::cam::uin/{}:root", "qcs::cam::uin/{}:uin/{}")),
    // UNCONFIRMED: apis/tencent.md §4.3.
    max_characters: 6144,
    source: "apis/tencent.md §4",
};

/// By which protocol a provider vouches for people and programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ProviderKind {
    /// OpenID Connect.
    Oidc,
    /// SAML 2.0.
    Saml,
}

impl ProviderKind {
    /// As resource names spell it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Oidc => "oidc-provider",
            Self::Saml => "saml-provider",
        }
    }
}

/// An identity provider as a trust policy names it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Provider {
    /// The account it belongs to.
    pub account: String,
    /// Its protocol.
    pub kind: ProviderKind,
    /// Its name in the cloud.
    pub name: String,
}

impl fmt::Display for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.kind.word(), self.name)
    }
}

impl Grammar {
    /// The key of principals that are identity providers.
    pub fn federated(&self) -> &'static str {
        self.principals[2]
    }

    /// The condition keys of a protocol.
    pub fn keys(&self, kind: ProviderKind) -> &Keys {
        match kind {
            ProviderKind::Oidc => &self.oidc,
            ProviderKind::Saml => &self.saml,
        }
    }

    /// The resource name of a provider.
    pub fn resource_name(&self, provider: &Provider) -> String {
        format!("{}{}:{provider}", self.arn_prefix, provider.account)
    }

    /// The provider that a resource name means; [`None`] for names of anything else.
    pub fn provider(&self, resource_name: &str) -> Option<Provider> {
        let rest = resource_name.strip_prefix(self.arn_prefix)?;
        let (account, what) = rest.split_once(':')?;
        let (kind, name) = what.split_once('/')?;
        let kind = [ProviderKind::Oidc, ProviderKind::Saml]
            .into_iter()
            .find(|known| known.word() == kind)?;
        (!name.is_empty()).then(|| Provider {
            account: account.to_owned(),
            kind,
            name: name.to_owned(),
        })
    }
}
