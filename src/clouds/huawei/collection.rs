//! What a call lists whole and another shows one of: identity providers and mappings
//! (`apis/huawei.md §1.2`). An account is read by one list, a single object by itself.

use std::collections::BTreeMap;

use crate::model::Value;
use crate::provider::{Answer, Call, Listing, Observation, Observed, ProviderError, Read, Scope};

use super::{LiveOf, from_one, listed, live_or_raw, observation, segment, shown};

/// One of the cloud's collections.
pub(super) struct Collection {
    /// The call that lists it.
    pub(super) list: &'static str,
    /// The call that shows one of it.
    pub(super) show: &'static str,
    /// Its path; an object's is this with its name.
    pub(super) path: &'static str,
    /// The member that holds a list.
    pub(super) many: &'static str,
    /// The member that holds one object.
    pub(super) one: &'static str,
    /// Reads one object.
    pub(super) live_of: LiveOf,
}

impl Collection {
    /// The path of one object.
    pub(super) fn path_of(&self, identity: &str) -> String {
        format!("{}/{}", self.path, segment(identity))
    }

    /// The call that reads what is asked for.
    pub(super) fn reads(&self, scope: Scope<'_>) -> Vec<Read> {
        let (name, path) = match scope {
            Scope::Account(_) => (self.list, self.path.to_owned()),
            Scope::One(identity) => (self.show, self.path_of(identity)),
        };
        vec![Read(Call::rest(name, "GET", path, Value::Null))]
    }

    /// Reads that call's answer.
    pub(super) fn observe(&self, scope: Scope<'_>, answers: &[Answer]) -> Observed {
        let answer = answers.first();
        match scope {
            Scope::Account(wanted) => self.sort(listed(self.list, answer, self.many), wanted),
            Scope::One(identity) => {
                let object = shown(self.show, answer, self.one);
                from_one(identity, observation(self.show, object, self.live_of))
            }
        }
    }

    /// Sorts a whole list into the wanted objects and the others.
    fn sort(
        &self,
        list: Result<BTreeMap<String, Value>, ProviderError>,
        wanted: &[String],
    ) -> Observed {
        let mut objects = match list {
            Ok(objects) => objects,
            Err(error) => {
                let unreadable =
                    |identity: &String| (identity.clone(), Observation::Unreadable(error.clone()));
                return Observed {
                    wanted: wanted.iter().map(unreadable).collect(),
                    others: Listing::NotRead,
                };
            }
        };
        let wanted = wanted
            .iter()
            .map(|identity| {
                let object = Ok(objects.remove(identity));
                (
                    identity.clone(),
                    observation(self.list, object, self.live_of),
                )
            })
            .collect();
        let others = objects
            .into_iter()
            .map(|(identity, object)| (identity, live_or_raw(object, self.live_of)))
            .collect();
        Observed {
            wanted,
            others: Listing::Complete(others),
        }
    }
}
