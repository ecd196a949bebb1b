//! What an account holds, in a manifest's words.

use std::collections::BTreeSet;

use super::names::{Key, Names, key, names};
use super::spell::{self, Written};
use super::{Found, LeftOut, Surveyed, Wish};

/// The objects of one account that manifests can declare.
pub(super) struct Holdings<'a> {
    pub(super) wish: &'a Wish,
    /// What they are called.
    pub(super) names: Names,
    /// Each in its cloud's own kind.
    pub(super) written: Vec<(&'a Found, Written)>,
    /// What no manifest can declare.
    pub(super) left_out: Vec<LeftOut>,
}

impl<'a> Holdings<'a> {
    pub(super) fn new(account: &Surveyed<'a>) -> Self {
        let &Surveyed { wish, found } = account;
        let mut holdings = Self {
            wish,
            names: names(wish, found),
            written: Vec::new(),
            left_out: Vec::new(),
        };
        holdings.spell(found.iter().collect());
        holdings
    }

    /// Leaves out what stands in portable documents, and has the rest call it by its name there.
    pub(super) fn without(&mut self, folded: &BTreeSet<Key>) {
        // Nothing has another name then, and spelling tries every field.
        if folded.is_empty() {
            return;
        }
        let rest = self.written.drain(..).map(|(object, _)| object);
        let rest = rest.filter(|object| !folded.contains(&key(object)));
        let rest = rest.collect();
        self.spell(rest);
    }

    /// Who turns out not to be declarable cannot be referred to by name; so until nobody else drops.
    fn spell(&mut self, mut candidates: Vec<&'a Found>) {
        let mut known = self.wish.declared.names.clone();
        known.extend(self.names.clone());
        loop {
            self.written.clear();
            let mut dropped = BTreeSet::new();
            for object in &candidates {
                match spell::object(self.wish, object, &known) {
                    Ok(text) => self.written.push((object, text)),
                    Err(left_out) => {
                        dropped.insert(key(object));
                        self.left_out.push(left_out);
                    }
                }
            }
            if dropped.is_empty() {
                return;
            }
            candidates.retain(|object| !dropped.contains(&key(object)));
            known.retain(|key, _| !dropped.contains(key));
        }
    }
}
