//! A part of the world: what selectors name, with what it needs.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::model::{Address, Code, Diagnostic, KindName, LabelSelector, Selector};

use super::{Desired, World};

/// Which objects a run is about.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Selection {
    /// Only these accounts; empty for all.
    pub accounts: Vec<Selector>,
    /// Only these objects and what they need; empty for all.
    pub targets: Vec<Selector>,
    /// Only objects that carry all of these, and what they need; empty for all. With targets, an
    /// object has to be both. Left out of a saved plan without labels, which older programs read.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub labels: Vec<LabelSelector>,
    /// Not these, nor what needs them.
    pub excludes: Vec<Selector>,
    /// Only the accounts of one of several shards.
    pub shard: Option<Shard>,
}

/// One of several shards; accounts are dealt out by their names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shard {
    /// Which, from 1.
    pub index: u32,
    /// Of how many.
    pub of: u32,
}

impl Selection {
    /// Whether everything is selected.
    pub fn is_all(&self) -> bool {
        *self == Self::default()
    }

    /// The selection in words, for plans that are about a part only.
    pub fn text(&self) -> String {
        let shard = self
            .shard
            .map(|shard| format!("shard {}/{}", shard.index, shard.of));
        [
            list("accounts", &self.accounts),
            list("targets", &self.targets),
            list("labels", &self.labels),
            list("without", &self.excludes),
            shard,
        ]
        .into_iter()
        .flatten()
        .collect::<Vec<_>>()
        .join("; ")
    }

    /// Whether it is about some objects only, and not about whole accounts.
    pub fn names_objects(&self) -> bool {
        !self.targets.is_empty() || !self.labels.is_empty()
    }

    fn takes_object(&self, desired: &Desired) -> bool {
        let targets = &self.targets;
        let is_target = |target: &Selector| target.matches(&desired.address);
        (targets.is_empty() || targets.iter().any(is_target)) && carries(desired, &self.labels)
    }

    fn takes_account(&self, name: &str) -> bool {
        let named = self.accounts.is_empty()
            || self
                .accounts
                .iter()
                .any(|selector| selector.takes_account(name));
        // FNV-1a: the same shard for the same name on every machine and in every version.
        let dealt = self.shard.is_none_or(|shard| {
            let hash = name.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
                (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
            });
            hash % u64::from(shard.of.max(1)) == u64::from(shard.index.saturating_sub(1))
        });
        named && dealt
    }
}

/// What every manifest declares in the cloud, selected or not, so that what was left out is not
/// taken for unmanaged.
pub type Declared = BTreeSet<(String, KindName, String)>;

impl World {
    /// What of the selection fits nothing here: a misspelt name would otherwise select nothing without
    /// a word, or leave in what was to be left out. An exact name is an error, a glob a warning,
    /// because whoever writes one may mean "if there are any".
    pub fn unfitting(&self, selection: &Selection) -> Vec<Diagnostic> {
        let fits_account = |selector: &Selector| {
            self.accounts
                .keys()
                .any(|name| selector.takes_account(name))
        };
        let fits_object =
            |selector: &Selector| self.objects.keys().any(|address| selector.matches(address));
        let of = |flag: &str, selectors: &[Selector], fits: &dyn Fn(&Selector) -> bool| {
            let unfitting = selectors.iter().filter(|selector| !fits(selector));
            unfitting
                .map(|selector| fits_nothing(flag, selector))
                .collect::<Vec<_>>()
        };
        [
            of("--account", &selection.accounts, &fits_account),
            of("--target", &selection.targets, &fits_object),
            of("--exclude", &selection.excludes, &fits_object),
            self.unfitting_labels(&selection.labels),
        ]
        .concat()
    }

    /// Labels that no object carries, or else all of them where none carries them together.
    fn unfitting_labels(&self, labels: &[LabelSelector]) -> Vec<Diagnostic> {
        if labels.is_empty() {
            return Vec::new();
        }
        let nobody_carries = |labels: &[LabelSelector]| {
            let mut objects = self.objects.values();
            !objects.any(|desired| carries(desired, labels))
        };
        let unfitting: Vec<Diagnostic> = labels
            .iter()
            .filter(|label| nobody_carries(std::slice::from_ref(label)))
            .map(|label| fits_no_labels(&[label], &self.help_for(label)))
            .collect();
        if unfitting.is_empty() && nobody_carries(labels) {
            let labels: Vec<&LabelSelector> = labels.iter().collect();
            return vec![fits_no_labels(
                &labels,
                "an object has to carry all of them",
            )];
        }
        unfitting
    }

    /// What could have been meant by a label that no object carries.
    fn help_for(&self, label: &LabelSelector) -> String {
        let labels = || self.objects.values().flat_map(|desired| &desired.labels);
        let values: BTreeSet<&str> = labels()
            .filter(|(key, _)| *key == label.key())
            .map(|(_, value)| value.as_str())
            .collect();
        let keys: BTreeSet<&str> = labels().map(|(key, _)| key.as_str()).collect();
        if !values.is_empty() {
            let key = label.key();
            format!("the manifests say of `{key}`: {}", some_of(&values))
        } else if !keys.is_empty() {
            format!("the manifests have the labels {}", some_of(&keys))
        } else {
            "no object has `metadata.labels`; write {KEY: VALUE} there".to_owned()
        }
    }

    /// The part of this world that the selection names.
    #[must_use]
    pub fn select(mut self, selection: &Selection) -> Self {
        if selection.is_all() {
            return self;
        }
        self.partial = Some(selection.text());
        let mut kept: BTreeSet<Address> = self
            .objects
            .iter()
            .filter(|(address, _)| selection.takes_account(&address.account))
            .filter(|(_, desired)| selection.takes_object(desired))
            .map(|(address, _)| address.clone())
            .collect();
        // What is needed comes along.
        let mut queue: Vec<Address> = kept.iter().cloned().collect();
        while let Some(address) = queue.pop() {
            let needs = self
                .objects
                .get(&address)
                .into_iter()
                .flat_map(|desired| &desired.needs);
            for need in needs {
                if kept.insert(need.clone()) {
                    queue.push(need.clone());
                }
            }
        }
        // What is excluded takes along what needs it.
        let mut users: BTreeMap<&Address, Vec<&Address>> = BTreeMap::new();
        for (address, desired) in &self.objects {
            for need in &desired.needs {
                users.entry(need).or_default().push(address);
            }
        }
        let mut queue: Vec<&Address> = self
            .objects
            .keys()
            .filter(|address| {
                selection
                    .excludes
                    .iter()
                    .any(|exclude| exclude.matches(address))
            })
            .collect();
        let mut gone = BTreeSet::new();
        while let Some(address) = queue.pop() {
            if gone.insert(address) {
                queue.extend(users.get(address).into_iter().flatten());
            }
        }
        let gone: BTreeSet<Address> = gone.into_iter().cloned().collect();
        self.objects
            .retain(|address, _| kept.contains(address) && !gone.contains(address));
        self.accounts
            .retain(|name, _| selection.takes_account(name));
        self
    }
}

/// The most texts that a message names.
const NAMED: usize = 8;

fn some_of(texts: &BTreeSet<&str>) -> String {
    let quoted = texts.iter().take(NAMED).map(|text| format!("`{text}`"));
    let named = quoted.collect::<Vec<_>>().join(", ");
    match texts.len().saturating_sub(NAMED) {
        0 => named,
        more => format!("{named} and {more} more"),
    }
}

fn list(what: &str, selectors: &[impl ToString]) -> Option<String> {
    let texts: Vec<String> = selectors.iter().map(ToString::to_string).collect();
    (!texts.is_empty()).then(|| format!("{what} {}", texts.join(", ")))
}

fn carries(desired: &Desired, labels: &[LabelSelector]) -> bool {
    labels.iter().all(|label| label.is_carried(&desired.labels))
}

fn fits_no_labels(labels: &[&LabelSelector], help: &str) -> Diagnostic {
    let flags: Vec<String> = labels
        .iter()
        .map(|label| format!("--label {label}"))
        .collect();
    let title = format!(
        "`{}` fits nothing that the manifests declare",
        flags.join(" ")
    );
    Diagnostic::error(Code::SelectorFitsNothing, title).help(help)
}

fn fits_nothing(flag: &str, selector: &Selector) -> Diagnostic {
    let title = format!("`{flag} {selector}` fits nothing that the manifests declare");
    let finding = if selector.is_exact() {
        Diagnostic::error(Code::SelectorFitsNothing, title)
    } else {
        Diagnostic::warning(Code::SelectorFitsNothing, title)
    };
    finding.help("write account/Kind/name as plans show it; `idform graph` lists every address")
}

#[cfg(test)]
mod tests;
