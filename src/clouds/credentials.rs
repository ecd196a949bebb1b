//! Where an account's credentials come from, as far as all clouds find them alike: a token that the
//! manifest declares, else what the cloud's own chain holds; then the roles to become. Pure: what to
//! do is found here, `sign_in.rs` does it.

use super::source::{self, Machine, Role, WebIdentity};
use crate::model::CredentialSource;
use crate::provider::{ConnectError, Surroundings};

/// What an account is read and written with. `P` is what proves to its cloud who asks, `O` what
/// there is to begin with at this cloud only.
#[derive(Debug, Clone)]
pub(super) struct Credentials<P, O> {
    /// The identity to begin with.
    pub(super) start: Start<P, O>,
    /// Roles to become from there, in order.
    pub(super) roles: Vec<Role>,
    /// The id of the account to begin in, where the source names it.
    pub(super) account_id: Option<String>,
    /// Which source, in words.
    pub(super) source: String,
}

/// The identity to begin with.
#[derive(Debug, Clone)]
pub(super) enum Start<P, O> {
    /// As it was found. With an end: a login of the vendor's command line.
    Found(P),
    /// A token to be exchanged.
    WebIdentity(WebIdentity),
    /// The machine's role; where there is none, something else, if there is anything.
    Machine(Machine, Option<O>),
    /// What only this cloud knows.
    Own(O),
}

impl<P, O> Credentials<P, O> {
    /// An identity and where it was found.
    pub(super) fn new(start: Start<P, O>, source: impl Into<String>) -> Self {
        Self {
            start,
            roles: Vec::new(),
            account_id: None,
            source: source.into(),
        }
    }

    /// The same, with roles to become.
    pub(super) fn then(mut self, roles: impl IntoIterator<Item = Role>) -> Self {
        self.roles.extend(roles);
        self
    }
}

/// Finds the account's credentials. A token that the manifest declares is the only place looked at,
/// and so is a profile that it names; `chain` looks for the profile or, without one, everywhere.
///
/// # Errors
/// [`ConnectError::Missing`] lists the places; [`ConnectError::Unusable`] names the source that is
/// there and says what is wrong with it.
pub(super) fn find<P, O>(
    wanted: &CredentialSource,
    surroundings: &Surroundings,
    chain: impl FnOnce(Option<&str>) -> Result<Credentials<P, O>, ConnectError>,
) -> Result<Credentials<P, O>, ConnectError> {
    let found = match source::declared(wanted, surroundings)? {
        Some((identity, source)) => Credentials::new(Start::WebIdentity(identity), source),
        None => chain(wanted.profile.as_deref())?,
    };
    let mut found = found.then(wanted.assume_role.as_ref().map(Role::declared));
    for role in &found.roles {
        let of = role.domain.as_ref();
        let of = of.map_or_else(String::new, |domain| format!(" of {domain}"));
        found.source = format!("{}, then {}{of}", found.source, role.name);
    }
    Ok(found)
}
