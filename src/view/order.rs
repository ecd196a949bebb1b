//! The order of a plan as a drawing: nodes, arrows, layers.
//!
//! Only what waits or is waited for is drawn. A change made in several phases has a node for each,
//! because that alone has no circles: a provider is switched on after the mapping that waits for it.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::review;
use crate::plan::{Graph, Plan, Step};
use crate::provider::Phase;

/// One phase of one change.
#[derive(Debug, Clone, Copy)]
pub(super) struct OrderNode<'a> {
    /// The change.
    pub(super) step: &'a Step,
    /// Its index in the plan.
    pub(super) index: usize,
    /// Which phase, when there are several.
    pub(super) phase: Option<Phase>,
    /// 0 for what can be done at once; each arrow leads to a higher one.
    pub(super) layer: usize,
}

/// The drawing.
#[derive(Debug, Clone, Default)]
pub(super) struct Order<'a> {
    /// By address and phase.
    pub(super) nodes: Vec<OrderNode<'a>>,
    /// From what is done first to what waits for it; what follows from others is not repeated.
    pub(super) arrows: Vec<(usize, usize)>,
    /// Changes that would belong into the drawing but are too many.
    pub(super) left_out: usize,
    /// Changes that nothing waits for and that wait for nothing.
    pub(super) alone: usize,
}

impl<'a> Order<'a> {
    /// The order of a plan, of at most `most` nodes: the riskiest changes first.
    pub(super) fn of(plan: &'a Plan, most: usize) -> Self {
        let graph = Graph::of(plan);
        let mut all: Vec<(usize, usize)> = Vec::new();
        let mut edges: Vec<((usize, usize), (usize, usize))> = Vec::new();
        for from in graph.nodes() {
            let place = |node| {
                let node = graph.node(node);
                (node.step, node.phase)
            };
            all.push(place(from));
            edges.extend(graph.after(from).map(|to| (place(from), place(to))));
        }
        let mut linked: BTreeMap<usize, BTreeSet<usize>> = BTreeMap::new();
        for (from, to) in &edges {
            if from.0 != to.0 {
                linked.entry(from.0).or_default().insert(to.0);
                linked.entry(to.0).or_default().insert(from.0);
            }
        }
        let kept = keep(plan, &linked, most);
        all.retain(|(step, _)| kept.contains(step));
        all.sort_unstable();
        let at: BTreeMap<(usize, usize), usize> = all
            .iter()
            .enumerate()
            .map(|(index, place)| (*place, index))
            .collect();
        let mut arrows: Vec<(usize, usize)> = edges
            .iter()
            .filter_map(|(from, to)| Some((*at.get(from)?, *at.get(to)?)))
            .collect();
        arrows.sort_unstable();
        let layers = layers(all.len(), &arrows);
        let arrows = reduced(&layers, &arrows);
        let nodes = all.iter().zip(layers).map(|(&(index, phase), layer)| {
            let step = &plan.steps[index];
            OrderNode {
                step,
                index,
                phase: (step.phases.len() > 1).then(|| step.phases[phase].phase),
                layer,
            }
        });
        let changes = plan.steps.iter().filter(|step| step.is_change()).count();
        Self {
            nodes: nodes.collect(),
            arrows,
            left_out: linked.len() - kept.len(),
            alone: changes - linked.len(),
        }
    }
}

/// What is linked, the riskiest first and each followed by what it is linked with, as far as all
/// phases have room.
fn keep(plan: &Plan, linked: &BTreeMap<usize, BTreeSet<usize>>, most: usize) -> BTreeSet<usize> {
    let mut ranked: Vec<usize> = linked.keys().copied().collect();
    ranked.sort_by_key(|step| std::cmp::Reverse(review::gravest(&plan.steps[*step])));
    let mut room = most;
    let mut kept = BTreeSet::new();
    for first in ranked {
        let mut queue = VecDeque::from([first]);
        while let Some(step) = queue.pop_front() {
            if kept.contains(&step) {
                continue;
            }
            let Some(left) = room.checked_sub(plan.steps[step].phases.len()) else {
                return kept;
            };
            room = left;
            kept.insert(step);
            queue.extend(linked.get(&step).into_iter().flatten());
        }
    }
    kept
}

/// The longest way to each node. Plans have no circles; in one, its nodes would share layer 0.
fn layers(nodes: usize, arrows: &[(usize, usize)]) -> Vec<usize> {
    let mut waits = vec![0_usize; nodes];
    let mut after: Vec<Vec<usize>> = vec![Vec::new(); nodes];
    for (from, to) in arrows {
        waits[*to] += 1;
        after[*from].push(*to);
    }
    let mut layers = vec![0_usize; nodes];
    let mut ready: Vec<usize> = (0..nodes).filter(|node| waits[*node] == 0).collect();
    while let Some(node) = ready.pop() {
        for next in &after[node] {
            layers[*next] = layers[*next].max(layers[node] + 1);
            waits[*next] -= 1;
            if waits[*next] == 0 {
                ready.push(*next);
            }
        }
    }
    layers
}

/// Without the arrows that a longer way already says.
fn reduced(layers: &[usize], arrows: &[(usize, usize)]) -> Vec<(usize, usize)> {
    let mut after: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (from, to) in arrows {
        after.entry(*from).or_default().push(*to);
    }
    let next = |node: usize| after.get(&node).into_iter().flatten().copied();
    let leads = |from: usize, to: usize| {
        let mut seen = BTreeSet::new();
        let mut queue: Vec<usize> = next(from).filter(|node| *node != to).collect();
        while let Some(node) = queue.pop() {
            if node == to {
                return true;
            }
            if layers[node] < layers[to] && seen.insert(node) {
                queue.extend(next(node));
            }
        }
        false
    };
    let direct = arrows.iter().filter(|(from, to)| {
        // An arrow to the very next layer cannot be said by a longer way.
        layers[*to] == layers[*from] + 1 || !leads(*from, *to)
    });
    direct.copied().collect()
}
