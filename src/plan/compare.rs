//! One plan against another: what an approval was about, and what would be done now.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::Address;

use super::{Plan, Step};

/// An object that the two plans see differently.
#[derive(Debug, Clone)]
pub struct Difference<'a> {
    /// Who.
    pub address: &'a Address,
    /// In the plan of then; [`None`] when it was not in it.
    pub then: Option<&'a Step>,
    /// In the plan of now.
    pub now: Option<&'a Step>,
}

/// Every object whose step, live state included, is not the same in both. What only moved in its
/// file is the same.
pub fn differences<'a>(then: &'a Plan, now: &'a Plan) -> Vec<Difference<'a>> {
    let steps = |plan: &'a Plan| -> BTreeMap<&'a Address, &'a Step> {
        plan.steps
            .iter()
            .map(|step| (&step.address, step))
            .collect()
    };
    let (then, now) = (steps(then), steps(now));
    let all: BTreeSet<&Address> = then.keys().chain(now.keys()).copied().collect();
    all.into_iter()
        .map(|address| Difference {
            address,
            then: then.get(address).copied(),
            now: now.get(address).copied(),
        })
        .filter(|difference| match (difference.then, difference.now) {
            (Some(then), Some(now)) => !same(then, now),
            (None, _) | (_, None) => true,
        })
        .collect()
}

fn same(then: &Step, now: &Step) -> bool {
    let placeless = |step: &Step| {
        let mut step = step.clone();
        step.origin.line = 0;
        step.origin.file = "".into();
        for change in &mut step.changes {
            change.line = None;
        }
        step
    };
    placeless(then) == placeless(now)
}
