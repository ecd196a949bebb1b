//! Reading an account: all that there is of what is wanted, and what could not be read.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::import::{Found, LeftOut, Round, Wish};
use crate::model::{Address, Code, Diagnostic, KindName};
use crate::net::Reader;
use crate::observe::live::{self, Asked};
use crate::plan::of_account;
use crate::provider::{Listing, Live, Observation, ProviderError};

/// All that the cloud told.
#[derive(Default)]
pub(super) struct Survey {
    pub(super) found: Vec<Found>,
    pub(super) left_out: Vec<LeftOut>,
    pub(super) problems: Vec<Diagnostic>,
    /// What targets could hit.
    pub(super) seen: Vec<Address>,
    /// Identities that others may be named after.
    parents: BTreeMap<KindName, Vec<String>>,
}

impl Survey {
    /// An account that could not be reached.
    pub(super) fn failed(problem: Option<Diagnostic>) -> Self {
        Self {
            problems: problem.into_iter().collect(),
            ..Self::default()
        }
    }

    /// Reads what is wanted of one account.
    pub(super) async fn of(wish: &Wish, reader: &Reader) -> Self {
        let mut survey = Self::default();
        survey.read(wish, reader).await;
        survey
    }

    async fn read(&mut self, wish: &Wish, reader: &Reader) {
        if let Err(reading) = live::check_account(&wish.account, reader).await {
            self.problems
                .extend(of_account(&wish.account.name, &reading));
            return;
        }
        self.round(wish, reader, crate::import::first_round(wish))
            .await;
        let parents = std::mem::take(&mut self.parents);
        self.round(wish, reader, crate::import::second_round(wish, &parents))
            .await;
    }

    async fn round(&mut self, wish: &Wish, reader: &Reader, round: Round) {
        self.left_out.extend(round.left_out);
        let named = self.ask(wish, reader, &round.asked).await;
        // What lists only named is asked for by name; their lists bring nothing new.
        self.ask(wish, reader, &named).await;
    }

    /// Asks, takes down what was told, and gives what lists only named and the person wants.
    async fn ask(&mut self, wish: &Wish, reader: &Reader, asked: &[Asked]) -> Vec<Asked> {
        let mut named: Vec<Asked> = Vec::new();
        let told = live::ask(reader, asked).await;
        for ((kind, wanted), told) in asked.iter().zip(told) {
            let info = kind.info();
            let mut objects: BTreeMap<String, Live> = BTreeMap::new();
            let mut has_told_of_failure = false;
            for (identity, observation) in told.observed.wanted {
                match observation {
                    Observation::Present(live) => {
                        objects.insert(identity, live);
                    }
                    Observation::Absent(_) => {}
                    Observation::Unreadable(error) => {
                        has_told_of_failure = true;
                        self.problems
                            .push(unreadable(wish, info.name, &identity, &error));
                    }
                }
            }
            match told.observed.others {
                Listing::Complete(others) => objects.extend(others),
                Listing::Names(others) if wanted.is_empty() => {
                    let (read, told): (Vec<String>, Vec<String>) =
                        others.into_iter().partition(|name| {
                            wish.is_targeted(&wish.called(info, name))
                                && wish.reason_against(info, name).is_none()
                        });
                    for identity in told {
                        self.object(wish, *kind, identity, Live::default());
                    }
                    if !read.is_empty() {
                        named.push((*kind, read));
                    }
                }
                Listing::NotRead if wanted.is_empty() && !has_told_of_failure => {
                    let error = told.failed.unwrap_or_else(|| incomplete(info.name));
                    self.problems.push(unreadable(wish, info.name, "", &error));
                }
                Listing::Names(_) | Listing::NotRead => {}
            }
            for (identity, live) in objects {
                self.object(wish, *kind, identity, live);
            }
        }
        named
    }

    fn object(
        &mut self,
        wish: &Wish,
        kind: &'static dyn crate::provider::ResourceKind,
        identity: String,
        live: Live,
    ) {
        let info = kind.info();
        let against = wish.reason_against(info, &identity);
        let is_declared = wish
            .declared
            .objects
            .contains_key(&(info.name, identity.clone()));
        // What hangs on a declared object may be undeclared; what hangs on one that is not ours is
        // not ours either.
        if against.is_none() || is_declared {
            let parents = self.parents.entry(info.name).or_default();
            parents.push(identity.clone());
        }
        let called = wish.called(info, &identity);
        if !wish.is_targeted(&called) {
            return;
        }
        self.seen.push(called);
        if let Some(why) = against {
            self.left_out.push(LeftOut {
                account: wish.account.name.clone(),
                kind: info.name,
                cloud_name: Some(identity),
                field: None,
                why,
            });
        } else if live.fields.is_empty() {
            self.problems.push(unreadable(
                wish,
                info.name,
                &identity,
                &incomplete(info.name),
            ));
        } else {
            self.found.push(Found {
                kind,
                identity,
                fields: Arc::unwrap_or_clone(live.fields),
            });
        }
    }
}

fn incomplete(kind: KindName) -> ProviderError {
    ProviderError::new(
        crate::provider::ErrorClass::Protocol,
        kind.0,
        "the answer is none of the documented ones",
    )
}

fn unreadable(wish: &Wish, kind: KindName, identity: &str, error: &ProviderError) -> Diagnostic {
    let account = &wish.account.name;
    let title = if identity.is_empty() {
        format!("{account}/{kind} could not be read")
    } else {
        format!("{account}/{kind}/{identity} could not be read")
    };
    let finding = Diagnostic::error(Code::ObjectUnreadable, title).note(error.to_string());
    finding.help(
        error
            .hint()
            .unwrap_or("the rest is imported; mend the cause and import again"),
    )
}
