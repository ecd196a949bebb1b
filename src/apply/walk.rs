//! What may start next. Pure: no async, no clock.

use std::collections::{BTreeMap, BTreeSet};

use petgraph::graph::NodeIndex;

use crate::plan::Graph;

/// A walk through the order of a plan.
#[derive(Debug)]
pub(super) struct Walk {
    /// How many others each waiting node still waits for.
    waiting: BTreeMap<NodeIndex, usize>,
    /// In the order of the plan, so that a run with parallelism 1 is the same each time.
    ready: BTreeSet<NodeIndex>,
}

impl Walk {
    pub(super) fn new(graph: &Graph) -> Self {
        let mut walk = Self {
            waiting: BTreeMap::new(),
            ready: BTreeSet::new(),
        };
        for node in graph.nodes() {
            match graph.waits(node) {
                0 => {
                    walk.ready.insert(node);
                }
                waits => {
                    walk.waiting.insert(node, waits);
                }
            }
        }
        walk
    }

    /// Takes a node that may start.
    pub(super) fn next_ready(&mut self) -> Option<NodeIndex> {
        self.ready.pop_first()
    }

    /// A node ended well: those that waited only for it become ready.
    pub(super) fn done(&mut self, graph: &Graph, node: NodeIndex) {
        for after in graph.after(node) {
            if let Some(waits) = self.waiting.get_mut(&after) {
                *waits -= 1;
                if *waits == 0 {
                    self.waiting.remove(&after);
                    self.ready.insert(after);
                }
            }
        }
    }

    /// A node did not end well: everything behind it is skipped, each told once.
    pub(super) fn failed(&mut self, graph: &Graph, node: NodeIndex) -> Vec<NodeIndex> {
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
}

#[cfg(test)]
mod tests;
