//! The contract between the engine and the clouds.
//!
//! A cloud is one [`Cloud`] entry; a kind is one [`ResourceKind`]: a table of fields and a few pure
//! functions that say what to ask, how to read the answers and which calls bring a change. The only
//! thing that waits is [`CloudClient::send`], one attempt of one call.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

pub mod call;
pub mod credential;
pub mod error;
pub mod field;
pub mod portable;
pub mod rights;
pub mod surroundings;

pub use call::{Again, Answer, Call, Read, Reply, Route, Write};
pub use credential::{Assumes, CredentialRules};
pub use error::{ErrorClass, ProviderError};
pub use field::{Change, Clear, Effect, Field, Form, JsonGrammar, Link, Need, TextRule, TrustForm};
pub use portable::{Catalogue, PortableKind};
pub use surroundings::Surroundings;

use crate::model::{Account, CloudId, Fields, KindName, Value};
use crate::net::http::{Answered, Http};
use crate::net::limit::Limit;

/// One cloud: names, limits, kinds, and how to reach it.
pub struct Cloud {
    /// As manifests spell it.
    pub id: CloudId,
    /// As people call it.
    pub title: &'static str,
    /// Sites an account may belong to, the default first; empty where a cloud has none.
    pub sites: &'static [&'static str],
    /// The default of `requestsPerSecond`, below the documented limit.
    pub requests_per_second: u32,
    /// The documented limit of requests in one second.
    pub requests_per_second_limit: u32,
    /// The form of an account id.
    pub account_id: TextRule,
    /// An account id as documentation shows it; the sandbox invents others after its form.
    pub sample_account_id: &'static str,
    /// The variables that hold a permanent key in the vendor's own chain.
    pub key_variables: KeyVariables,
    /// How credentials are declared and found.
    pub credentials: CredentialRules,
    /// The operator's variable for another endpoint.
    pub endpoint_variable: &'static str,
    /// The kinds, in the order of the documentation.
    pub kinds: &'static [&'static dyn ResourceKind],
    /// Asks who the credentials belong to.
    pub identity: fn() -> Read,
    /// Reads the account id out of the answer to `identity`.
    pub account_of: fn(&Value) -> Option<String>,
    /// Reads out of the answer to `identity` which role the credentials are a session of, by name
    /// or by number.
    pub caller_role: fn(&Value) -> Option<String>,
    /// What an HTTP answer to a signed call means: success, or the cloud's own error. Pure; public
    /// so that hostile answers reach it without a network.
    pub sort_answer: fn(&Call, &Answered) -> Answer,
    /// The rights that the kinds need.
    pub rights: &'static rights::Rights,
    /// Finds credentials and makes a client; no request is sent.
    pub connect: fn(&Connection<'_>) -> Result<Arc<dyn CloudClient>, ConnectError>,
}

/// Names of environment variables, without an account's prefix.
#[derive(Debug, Clone, Copy)]
pub struct KeyVariables {
    /// The key's id.
    pub id: &'static str,
    /// The key's secret.
    pub secret: &'static str,
}

/// What a client is made of.
pub struct Connection<'a> {
    /// The account as declared.
    pub account: &'a Account,
    /// Environment and files that credentials may come from.
    pub surroundings: &'a Surroundings,
    /// The operator's base URL instead of the cloud's own hosts.
    pub endpoint: Option<&'a str>,
    /// The shared HTTP client.
    pub http: Http,
}

/// Why no client could be made.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ConnectError {
    /// Nothing was found in any place of the chain.
    #[error("no credentials found")]
    Missing {
        /// Where they were looked for, in order.
        looked: Vec<String>,
    },
    /// A source was found but cannot be used.
    #[error("{source_name}: {why}")]
    Unusable {
        /// Which source.
        source_name: String,
        /// What is wrong with it.
        why: String,
    },
}

/// The one seam that waits.
#[async_trait]
pub trait CloudClient: Send + Sync {
    /// Sends one call once: signs it for `now_unix_seconds`, sends it, sorts the answer.
    async fn send(&self, call: &Call, now_unix_seconds: i64) -> Answer;

    /// The call that fetches the page after this one; [`None`] when it was the last.
    fn next_page(&self, call: &Call, reply: &Reply) -> Option<Call>;

    /// Drops cached tokens, so that the next call gets new ones. True when there was one to drop.
    async fn refresh(&self) -> bool {
        false
    }

    /// The budget in which requests count that a client makes by itself, to sign in. Told once,
    /// before the first call.
    fn sign_in_within(&self, _limit: &Arc<Limit>) {}

    /// Whether a call could be signed at once. Waits for a sign-in that is under way.
    async fn is_signed_in(&self, _now_unix_seconds: i64) -> bool {
        true
    }

    /// Gets what calls are signed with, where it has to be got. [`Self::send`] does so by itself;
    /// called before, it keeps a call that counts already from waiting.
    ///
    /// # Errors
    /// Those of the requests that it takes.
    async fn sign_in(&self, _now_unix_seconds: i64) -> Result<(), ProviderError> {
        Ok(())
    }

    /// Whether there are credentials at all, where only a request can tell: the end of a chain may
    /// be the machine's own identity. Asked once, before the first call.
    ///
    /// # Errors
    /// [`ConnectError::Missing`] lists where they were looked for.
    async fn find_credentials(&self) -> Result<(), ConnectError> {
        Ok(())
    }

    /// Which source the credentials came from, in words, never the secret.
    fn credential_source(&self) -> &str;
}

/// What one kind is, as data.
pub struct KindInfo {
    /// As manifests spell it.
    pub name: KindName,
    /// One or two sentences for `explain` and the documentation.
    pub doc: &'static str,
    /// Section of the cloud's fact sheet.
    pub source: &'static str,
    /// Fields of `spec` besides `account` and `name`.
    pub fields: &'static [Field],
    /// What an object is called in its cloud.
    pub naming: Naming,
    /// What `ensure: absent` does.
    pub removal: Removal,
    /// Why all objects of this kind cannot be listed, or [`None`] when they can.
    pub cannot_list: Option<&'static str>,
    /// Names of objects that the cloud itself manages, with `*` globs; never reported.
    pub cloud_managed: &'static [&'static str],
    /// Risks that a create carries besides `widens-trust`.
    pub create_switches_sign_in: bool,
    /// Further objects to wait for: those of `kind` whose field of the same name has the same value.
    pub waits: Option<Waits>,
    /// The kind that an object of this one cannot be switched on beside, in one account. One of
    /// the two kinds says so for both.
    pub excludes: Option<Excludes>,
}

/// Two kinds of which an account has one switched on; to switch on the one switches off the other.
pub struct Excludes {
    /// The other kind.
    pub kind: KindName,
    /// The switch that both have: a [`field::Form::Flag`], on where a new object does not mention it.
    pub switch: &'static str,
    /// One sentence.
    pub why: &'static str,
}

/// Wait for objects of another kind that share a field's value, though no field refers to them.
pub struct Waits {
    /// The kind to wait for.
    pub kind: KindName,
    /// The field that both have.
    pub same_field: &'static str,
    /// A field of the other kind and the value that one of those that are declared must have; what is
    /// not declared may be there all the same.
    pub one_has: Option<(&'static str, &'static str)>,
}

/// How an object is named in its cloud.
#[derive(Debug, Clone, Copy)]
pub enum Naming {
    /// `spec.name`, by default `metadata.name`.
    Named(TextRule),
    /// One for each account, without a name.
    Singleton,
    /// By the values of these fields, joined with `/`.
    ByFields(&'static [&'static str]),
}

/// What the cloud offers for `ensure: absent`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Removal {
    /// A call that deletes.
    Delete,
    /// Only a call that disables; the record stays.
    Disable,
    /// None: it goes with the object that this field refers to.
    WithParent(&'static str),
}

/// Which objects to read.
#[derive(Debug, Clone, Copy)]
pub enum Scope<'a> {
    /// The wanted ones of an account, and whatever a list brings along.
    Account(&'a [String]),
    /// One, as cheaply and freshly as possible; before and after a write.
    One(&'a str),
}

impl<'a> Scope<'a> {
    /// The identities asked for.
    pub fn identities(self) -> impl Iterator<Item = &'a str> {
        let (many, one): (&[String], Option<&str>) = match self {
            Scope::Account(wanted) => (wanted, None),
            Scope::One(identity) => (&[], Some(identity)),
        };
        many.iter().map(String::as_str).chain(one)
    }
}

/// Facts about an object's neighbourhood that are no fields of it but decide about side effects
/// (is user SAML on?). Part of what a plan is about.
pub type Facts = BTreeMap<String, Value>;

/// One object as the cloud has it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Live {
    /// All fields in canonical form.
    pub fields: Fields,
    /// The cloud's own object, for whole-object updates that must send back what is not managed.
    pub raw: Value,
    /// Facts for side effects.
    pub facts: Facts,
}

/// What was read of one object. These three never melt into each other.
#[derive(Debug, Clone)]
pub enum Observation {
    /// It is there.
    Present(Live),
    /// The cloud said that it is not there.
    Absent(Facts),
    /// Nobody knows.
    Unreadable(ProviderError),
}

/// Everything that the answers to one kind's reads told.
#[derive(Debug, Clone)]
pub struct Observed {
    /// The wanted identities, each with what is known of it.
    pub wanted: BTreeMap<String, Observation>,
    /// All others that a list brought along.
    pub others: Listing,
}

/// Objects nobody asked for by name.
#[derive(Debug, Clone)]
pub enum Listing {
    /// A whole list was read, and it tells everything.
    Complete(BTreeMap<String, Live>),
    /// A whole list was read, and it tells who is there but not all that there is to say of each
    /// (a list of SAML providers without their metadata): who wants to know asks for them by name.
    Names(BTreeSet<String>),
    /// No list was read, or the cloud has none.
    NotRead,
}

/// What should happen to one object.
#[derive(Debug, Clone, Copy)]
pub enum Intent<'a> {
    /// It is absent and shall have these fields (complete: a replacement has the live ones too).
    Create {
        /// Identity in the cloud.
        identity: &'a str,
        /// Canonical fields to create it with.
        fields: &'a Fields,
        /// The disabled record or facts that are there instead.
        facts: &'a Facts,
    },
    /// It is there and differs.
    Update {
        /// Identity in the cloud.
        identity: &'a str,
        /// The managed fields.
        desired: &'a Fields,
        /// What is there.
        live: &'a Live,
        /// Names of the fields that differ.
        changed: &'a [String],
    },
    /// It is there and shall not be.
    Remove {
        /// Identity in the cloud.
        identity: &'a str,
        /// What is there.
        live: &'a Live,
    },
}

/// When, among the changes of other objects, calls are made.
///
/// For an object and those that refer to it: its `Quiesce` comes before anything is done to them,
/// its `Remove` after theirs, its `Write` before theirs, its `Activate` after theirs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Phase {
    /// Switch off before others are touched.
    Quiesce,
    /// Delete, dependants first.
    Remove,
    /// Create or update, dependencies first.
    Write,
    /// Switch on when all that refers to it is done.
    Activate,
}

impl Phase {
    /// The word in outputs.
    pub fn word(self) -> &'static str {
        match self {
            Self::Quiesce => "quiesce",
            Self::Remove => "remove",
            Self::Write => "write",
            Self::Activate => "activate",
        }
    }
}

/// The calls of one phase and what they leave behind.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PhaseWrites {
    /// When.
    pub phase: Phase,
    /// In this order; no limit is crossed on the way.
    pub calls: Vec<Write>,
    /// The canonical fields that the object has afterwards ([`None`]: it is gone).
    pub leaves: Option<Fields>,
}

/// Why a change cannot be made as things are; a sentence for the person who must act.
pub type Impossible = String;

/// Something the cloud does by itself when a change is made.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct SideEffect {
    /// One sentence.
    pub text: String,
    /// Whether it changes how people sign in to the account.
    pub switches_sign_in: bool,
}

/// A finding of [`ResourceKind::check`]: field, code, what, help.
#[derive(Debug, Clone)]
pub struct Finding {
    /// The field it is about.
    pub field: &'static str,
    /// The stable code.
    pub code: crate::model::Code,
    /// One line.
    pub title: String,
    /// What to do.
    pub help: String,
}

/// Examples that feed the contract suite and the documentation: fields in manifest form.
pub struct Samples {
    /// Only what a create needs.
    pub minimal: Value,
    /// Everything.
    pub full: Value,
    /// `full` with every mutable field changed.
    pub changed: Value,
}

/// One kind: pure functions over values, tested with written-down answers and no server.
pub trait ResourceKind: Sync {
    /// What the kind is, as data.
    fn info(&self) -> &'static KindInfo;

    /// Checks what the field table cannot say: fields that exclude each other, sites.
    fn check(&self, _fields: &Fields, _account: &Account, _findings: &mut Vec<Finding>) {}

    /// Fields that only serve to create the object while the others are as in `desired`: they are
    /// neither compared nor written afterwards (keys that the cloud rotates by itself).
    fn not_compared(&self, _desired: &Fields) -> &'static [&'static str] {
        &[]
    }

    /// Whose names the names of this kind are told apart from, in one account: by default its own.
    /// Kinds that share a name space answer with one of them.
    fn name_space(&self) -> KindName {
        self.info().name
    }

    /// Whether an account knows the calls of a change.
    ///
    /// # Errors
    /// A sentence that says why the change cannot be made there.
    fn known_there(&self, _account: &Account, _phases: &[PhaseWrites]) -> Result<(), Impossible> {
        Ok(())
    }

    /// Whether objects that no manifest declares are reported. What is reported are identity
    /// providers; roles, of which every account has many for its own purposes, are not.
    fn reports_unmanaged(&self) -> bool {
        true
    }

    /// The calls that read what `scope` asks for, the fewest that do.
    fn reads(&self, scope: Scope<'_>) -> Vec<Read>;

    /// Reads the answers, in the order of [`Self::reads`], into canonical form.
    fn observe(&self, scope: Scope<'_>, answers: &[Answer]) -> Observed;

    /// The calls that bring the intent about, in phases.
    ///
    /// # Errors
    /// A sentence that says why it cannot be done as things are.
    fn writes(&self, intent: Intent<'_>) -> Result<Vec<PhaseWrites>, Impossible>;

    /// What the cloud will do by itself.
    fn side_effects(&self, _intent: Intent<'_>) -> Vec<SideEffect> {
        Vec::new()
    }

    /// Live objects of the kind that must be gone before one with these fields can be created,
    /// each with the reason.
    fn rivals(&self, _fields: &Fields, _live: &BTreeMap<String, Live>) -> Vec<(String, String)> {
        Vec::new()
    }

    /// Examples for the contract suite.
    fn samples(&self) -> Samples;

    /// What must be in the account for the samples, besides what they refer to: kinds with the
    /// `spec` of each.
    fn scenery(&self) -> Vec<(KindName, Value)> {
        Vec::new()
    }
}

/// Finds a field of a kind's table by its manifest name.
pub fn field_of(info: &KindInfo, name: &str) -> Option<&'static Field> {
    info.fields.iter().find(|field| field.name == name)
}
