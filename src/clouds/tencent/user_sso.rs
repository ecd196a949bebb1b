//! What the two ways of user SSO have in common: the switch, and what switching one does to the
//! other and to people (apis/tencent.md §3.5).

use crate::clouds::answers::malformed;
use crate::clouds::wire;
use crate::model::{Fields, Value};
use crate::provider::{
    Answer, Call, Change, Clear, Effect, ErrorClass, Facts, Field, Form, Impossible, Intent, Live,
    Need, PhaseWrites, ProviderError, Read, SideEffect, Write,
};

/// One way for sub-users to sign in.
pub(super) struct Way {
    /// In sentences.
    title: &'static str,
    /// The call that tells whether it is on.
    pub(super) describe: &'static str,
    /// The fact whether it is on. Left out when it could not be read.
    pub(super) fact: &'static str,
}

/// User OIDC.
pub(super) const OIDC: Way = Way {
    title: "user OIDC",
    describe: "DescribeUserOIDCConfig",
    fact: "userOidcEnabled",
};

/// User SAML.
pub(super) const SAML: Way = Way {
    title: "user SAML",
    describe: "DescribeUserSAMLConfig",
    fact: "userSamlEnabled",
};

/// The row of `enabled`.
pub(super) const ENABLED: Field = Field {
    name: "enabled",
    cloud_name: "Status",
    form: Form::Flag,
    need: Need::Optional,
    clear: Clear::Refused("a switch is true or false"),
    change: Change::InPlace,
    effect: Effect::Switches,
    doc: "Whether sub-users sign in this way. Off, the record stays and password sign-in returns.",
    source: "apis/tencent.md §3.5",
};

/// What `Status` says of a record (§3.0).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Status {
    /// Nothing was ever set.
    NeverSet,
    /// The record is kept and not in force.
    Off,
    /// It is in force.
    On,
}

impl Way {
    /// The call that reads the record.
    pub(super) fn read(&self) -> Read {
        Read(Call::rpc("cam", self.describe, Value::Null))
    }

    /// The status of a record, which `holds_something` or is as if it were not there.
    ///
    /// # Errors
    /// It is none of the documented ones.
    pub(super) fn status(
        &self,
        raw: &Value,
        holds_something: bool,
        request_id: Option<&str>,
    ) -> Result<Status, ProviderError> {
        // Left out is what "never set" looks like; a status that cannot be read, or an answer that is
        // no object, tells nothing.
        let is_left_out = raw.is_object() && raw.get("Status").is_none_or(Value::is_null);
        match wire::number(raw, "Status") {
            Some(0) => Ok(Status::NeverSet),
            None if is_left_out && !holds_something => Ok(Status::NeverSet),
            Some(2) => Ok(Status::Off),
            // 1 stands for 11 in one of the vendor's pages (§3.0).
            Some(1 | 11) => Ok(Status::On),
            Some(_) | None => Err(malformed(
                self.describe,
                &format!(
                    "the status of the {} configuration is none of the documented ones",
                    self.title
                ),
                request_id.map(str::to_owned),
            )),
        }
    }

    /// Whether it is on, as a fact about the other way.
    pub(super) fn facts(&self, answer: Option<&Answer>) -> Facts {
        let enabled = match answer {
            Some(Ok(reply)) if !reply.body.is_object() => None,
            Some(Ok(reply)) => Some(matches!(wire::number(&reply.body, "Status"), Some(1 | 11))),
            Some(Err(error)) if error.class == ErrorClass::NotFound => Some(false),
            Some(Err(_)) | None => None,
        };
        enabled
            .map(|enabled| (self.fact.to_owned(), enabled.into()))
            .into_iter()
            .collect()
    }

    /// Whether a record can be made with these fields.
    ///
    /// # Errors
    /// It shall be off, which no new record is.
    pub(super) fn check_creation(&self, fields: &Fields) -> Result<(), Impossible> {
        if fields.get("enabled") != Some(&Value::Bool(false)) {
            return Ok(());
        }
        Err(format!(
            "there is no record yet, and Tencent Cloud enables {} as it creates it; drop `enabled: false` or the document",
            self.title
        ))
    }

    /// What enabling the other way does, by the facts about this one. That enabling user SAML
    /// switches user OIDC off is UNCONFIRMED; the other direction is documented (§3.5).
    fn gives_way(&self, facts: &Facts) -> Vec<SideEffect> {
        let off = format!("Tencent Cloud switches {} off", self.title);
        let password = "sub-users can no longer sign in to the console with a password";
        match facts.get(self.fact) {
            Some(Value::Bool(true)) => vec![switches(off)],
            Some(_) => vec![switches(password)],
            None => vec![
                switches(format!(
                    "{off} if it is on; whether it is could not be read"
                )),
                switches(password),
            ],
        }
    }
}

/// The change that takes a record away, which can only be switched off.
pub(super) fn removal(live: &Live, off: Write) -> Vec<PhaseWrites> {
    if !is_enabled(&live.fields) {
        return Vec::new();
    }
    let leaves = with_enabled(Fields::clone(&live.fields), false);
    vec![PhaseWrites::switch_off(off, leaves)]
}

/// What the cloud does by itself when a record is changed; the facts are those about the `other`
/// way.
pub(super) fn side_effects(intent: Intent<'_>, other: &Way) -> Vec<SideEffect> {
    let (before, after, live) = match intent {
        Intent::Create { facts, .. } => return other.gives_way(facts),
        Intent::Update { desired, live, .. } => (
            is_enabled(&live.fields),
            wanted_enabled(desired, live),
            live,
        ),
        Intent::Remove { live, .. } => (is_enabled(&live.fields), false, live),
    };
    match (before, after) {
        (false, true) => other.gives_way(&live.facts),
        (true, false) => vec![switches(
            "sub-users sign in to the console with a password again",
        )],
        (true, true) | (false, false) => Vec::new(),
    }
}

fn switches(text: impl Into<String>) -> SideEffect {
    SideEffect {
        text: text.into(),
        switches_sign_in: true,
    }
}

/// Whether a record is on.
pub(super) fn is_enabled(fields: &Fields) -> bool {
    fields.get("enabled") == Some(&Value::Bool(true))
}

/// Whether it shall be on. Not mentioned, the switch stays where it is.
pub(super) fn wanted_enabled(desired: &Fields, live: &Live) -> bool {
    match desired.get("enabled").and_then(Value::as_bool) {
        Some(enabled) => enabled,
        None => is_enabled(&live.fields),
    }
}

/// The same fields with the switch set.
pub(super) fn with_enabled(mut fields: Fields, enabled: bool) -> Fields {
    fields.insert("enabled".to_owned(), enabled.into());
    fields
}
