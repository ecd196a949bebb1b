//! What may start next. Pure: no async, no clock.

use std::collections::{BTreeMap, BTreeSet};

use petgraph::graph::NodeIndex;

use crate::plan::{Graph, Plan};

/// A walk through the order of a plan.
#[derive(Debug)]
pub(super) struct Walk {
    /// The lane of each node, by its index.
    lane_of: Vec<usize>,
    /// How many others each waiting node still waits for.
    waiting: BTreeMap<NodeIndex, usize>,
    /// By lane, each in the order of the plan, so that a run is the same each time as far as the
    /// clouds let it.
    lanes: Vec<Lane>,
    /// How often a node was taken.
    taken: usize,
}

/// The changes of one account. Each account has a budget of its own, so taking them in the order of
/// the plan would let the first account's changes fill all places and wait for its budget, while
/// the other accounts stand still.
#[derive(Debug)]
struct Lane {
    account: String,
    ready: BTreeSet<NodeIndex>,
    running: usize,
    last_taken: usize,
}

impl Walk {
    pub(super) fn new(graph: &Graph, plan: &Plan) -> Self {
        let mut numbers: BTreeMap<&str, usize> = BTreeMap::new();
        let mut walk = Self {
            lane_of: Vec::new(),
            waiting: BTreeMap::new(),
            lanes: Vec::new(),
            taken: 0,
        };
        for node in graph.nodes() {
            let account = plan.steps[graph.node(node).step].address.account.as_str();
            let lane = *numbers.entry(account).or_insert_with(|| {
                walk.lanes.push(Lane {
                    account: account.to_owned(),
                    ready: BTreeSet::new(),
                    running: 0,
                    last_taken: 0,
                });
                walk.lanes.len() - 1
            });
            walk.lane_of.push(lane);
            match graph.waits(node) {
                0 => {
                    walk.lanes[lane].ready.insert(node);
                }
                waits => {
                    walk.waiting.insert(node, waits);
                }
            }
        }
        walk
    }

    /// Takes a node that may start: of the accounts that may begin one, that with the fewest under
    /// way, in turn.
    pub(super) fn next_ready(&mut self, may_begin: impl Fn(&str) -> bool) -> Option<NodeIndex> {
        let lane = self
            .lanes
            .iter_mut()
            .filter(|lane| !lane.ready.is_empty() && may_begin(&lane.account))
            .min_by_key(|lane| (lane.running, lane.last_taken))?;
        self.taken += 1;
        lane.running += 1;
        lane.last_taken = self.taken;
        lane.ready.pop_first()
    }

    /// A node ended well: those that waited only for it become ready.
    pub(super) fn done(&mut self, graph: &Graph, node: NodeIndex) {
        self.ended(node);
        for after in graph.after(node) {
            if let Some(waits) = self.waiting.get_mut(&after) {
                *waits -= 1;
                if *waits == 0 {
                    self.waiting.remove(&after);
                    self.lanes[self.lane_of[after.index()]].ready.insert(after);
                }
            }
        }
    }

    /// A node did not end well: everything behind it is skipped, each told once.
    pub(super) fn failed(&mut self, graph: &Graph, node: NodeIndex) -> Vec<NodeIndex> {
        self.ended(node);
        let mut skipped = Vec::new();
        let mut behind: Vec<NodeIndex> = graph.after(node).collect();
        while let Some(next) = behind.pop() {
            if self.waiting.remove(&next).is_some() {
                skipped.push(next);
                behind.extend(graph.after(next));
            }
        }
        skipped.sort();
        skipped
    }

    fn ended(&mut self, node: NodeIndex) {
        self.lanes[self.lane_of[node.index()]].running -= 1;
    }
}

#[cfg(test)]
mod tests;
