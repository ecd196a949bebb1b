//! The order of a plan: one node for each phase of each change, edges where one must wait.

use std::collections::{BTreeMap, BTreeSet};

use petgraph::Direction;
use petgraph::graph::{DiGraph, NodeIndex};

use crate::model::Address;
use crate::provider::Phase;

use super::{Action, Plan, Step};

/// One phase of one change.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Node {
    /// Index of the step in [`Plan::steps`].
    pub step: usize,
    /// Index of the phase in [`Step::phases`].
    pub phase: usize,
}

/// The whole order.
#[derive(Debug, Clone)]
pub struct Graph {
    graph: DiGraph<Node, ()>,
}

impl Graph {
    /// Builds the order of all changes of a plan.
    pub fn of(plan: &Plan) -> Self {
        Self::over(plan.steps.iter())
    }

    /// The same before there is a plan.
    pub(super) fn over<'a>(steps: impl Iterator<Item = &'a Step>) -> Self {
        let mut graph = DiGraph::new();
        let mut places: Places<'_> = BTreeMap::new();
        let changes: Vec<(usize, &Step)> = steps
            .enumerate()
            .filter(|(_, step)| step.is_change())
            .collect();
        for (index, step) in &changes {
            let mut before: Option<NodeIndex> = None;
            for (phase_index, phase) in step.phases.iter().enumerate() {
                let node = graph.add_node(Node {
                    step: *index,
                    phase: phase_index,
                });
                if let Some(before) = before {
                    graph.add_edge(before, node, ());
                }
                before = Some(node);
                places
                    .entry(&step.address)
                    .or_default()
                    .push((phase.phase, node));
            }
        }
        for (_, step) in &changes {
            connect(&mut graph, &places, step);
        }
        Self { graph }
    }

    /// All nodes.
    pub fn nodes(&self) -> impl Iterator<Item = NodeIndex> {
        self.graph.node_indices()
    }

    /// What a node stands for.
    pub fn node(&self, index: NodeIndex) -> &Node {
        &self.graph[index]
    }

    /// The nodes that wait for this one.
    pub fn after(&self, index: NodeIndex) -> impl Iterator<Item = NodeIndex> {
        self.graph.neighbors_directed(index, Direction::Outgoing)
    }

    /// How many nodes this one waits for.
    pub fn waits(&self, index: NodeIndex) -> usize {
        self.graph
            .neighbors_directed(index, Direction::Incoming)
            .count()
    }

    /// Steps that wait for each other, so that none of them could ever begin.
    pub(super) fn circles(&self) -> Vec<BTreeSet<usize>> {
        petgraph::algo::tarjan_scc(&self.graph)
            .into_iter()
            .filter(|circle| circle.len() > 1)
            .map(|circle| circle.iter().map(|node| self.graph[*node].step).collect())
            .collect()
    }

    /// Whether the order can be carried out at all. Changes that go in a circle are blocked before
    /// there is a plan, so a false here is a bug.
    pub fn is_acyclic(&self) -> bool {
        !petgraph::algo::is_cyclic_directed(&self.graph)
    }
}

type Places<'a> = BTreeMap<&'a Address, Vec<(Phase, NodeIndex)>>;

fn connect(graph: &mut DiGraph<Node, ()>, places: &Places<'_>, step: &Step) {
    let of = |address: &Address, phase: Phase| {
        places
            .get(address)
            .into_iter()
            .flatten()
            .filter(move |(at, _)| *at == phase)
            .map(|(_, node)| *node)
            .collect::<Vec<_>>()
    };
    let all = |address: &Address| {
        let nodes = places.get(address).into_iter().flatten();
        nodes.map(|(_, node)| *node).collect::<Vec<_>>()
    };
    let mut edge = |from: &[NodeIndex], to: &[NodeIndex]| {
        for from in from {
            for to in to {
                graph.update_edge(*from, *to, ());
            }
        }
    };
    let own = |phase| of(&step.address, phase);
    for need in &step.needs {
        edge(&of(need, Phase::Quiesce), &all(&step.address));
        if goes_along(step) {
            edge(&of(need, Phase::Remove), &own(Phase::Remove));
        } else {
            edge(&own(Phase::Remove), &of(need, Phase::Remove));
        }
        edge(&of(need, Phase::Write), &own(Phase::Write));
        if stays(step) {
            edge(&of(need, Phase::Write), &own(Phase::Remove));
        }
        edge(&all(&step.address), &of(need, Phase::Activate));
    }
    for rival in &step.after_removal_of {
        edge(&of(rival, Phase::Remove), &own(Phase::Write));
    }
    // What is removed lets go by that, the rest by being written.
    let mut letting_go = own(Phase::Remove);
    if letting_go.is_empty() {
        letting_go = own(Phase::Write);
    }
    for released in &step.releases {
        edge(&letting_go, &of(released, Phase::Remove));
    }
}

/// Whether it is only switched off, so that its last call is one more write and waits like one: a
/// way to sign in goes when the one that takes over is there.
fn stays(step: &Step) -> bool {
    step.action == Action::Disable
}

/// Whether it is removed by no call of its own: it is gone when the objects it needs are.
fn goes_along(step: &Step) -> bool {
    let mut phases = step.phases.iter();
    phases.any(|phase| phase.phase == Phase::Remove && phase.calls.is_empty())
}

#[cfg(test)]
mod tests;
