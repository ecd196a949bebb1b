use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;
use crate::plan::testing::{plan, step};
use crate::provider::Phase;

/// A graph of single writes; each needs these others. Nodes count as the steps do.
fn graph(needs: &[&[usize]]) -> (Graph, Plan) {
    let steps = needs.iter().enumerate().map(|(at, needs)| {
        let needs: Vec<String> = needs.iter().map(usize::to_string).collect();
        let needs: Vec<&str> = needs.iter().map(String::as_str).collect();
        step(&at.to_string(), &[Phase::Write], &needs)
    });
    let plan = plan(steps.collect());
    (Graph::of(&plan), plan)
}

fn all_ready(walk: &mut Walk) -> Vec<usize> {
    std::iter::from_fn(|| walk.next_ready(|_| true))
        .map(NodeIndex::index)
        .collect()
}

#[test]
fn what_waits_for_two_starts_after_both() {
    let (graph, plan) = graph(&[&[], &[], &[0, 1], &[2]]);
    let mut walk = Walk::new(&graph, &plan);
    assert_eq!(all_ready(&mut walk), [0, 1]);
    walk.done(&graph, NodeIndex::new(1));
    assert_eq!(all_ready(&mut walk), Vec::<usize>::new());
    walk.done(&graph, NodeIndex::new(0));
    assert_eq!(all_ready(&mut walk), [2]);
    walk.done(&graph, NodeIndex::new(2));
    assert_eq!(all_ready(&mut walk), [3]);
}

#[test]
fn a_failure_skips_all_behind_it_once_and_nothing_else() {
    // 0 and 1 lead to 2, 2 to 3 and 4, these to 5; 6 waits for 1 alone.
    let (graph, plan) = graph(&[&[], &[], &[0, 1], &[2], &[2], &[3, 4], &[1]]);
    let mut walk = Walk::new(&graph, &plan);
    all_ready(&mut walk);
    let skipped: Vec<usize> = walk
        .failed(&graph, NodeIndex::new(0))
        .into_iter()
        .map(NodeIndex::index)
        .collect();
    assert_eq!(skipped, [2, 3, 4, 5]);
    walk.done(&graph, NodeIndex::new(1));
    assert_eq!(all_ready(&mut walk), [6], "what was skipped never starts");
    assert!(walk.failed(&graph, NodeIndex::new(1)).is_empty());
}

#[test]
fn an_account_that_is_held_up_is_passed_over() {
    let of = |account: &str, name: &str| {
        let mut step = step(name, &[Phase::Write], &[]);
        step.address.account = account.to_owned();
        step
    };
    let plan = plan(vec![of("a", "0"), of("a", "1"), of("b", "2"), of("b", "3")]);
    let graph = Graph::of(&plan);
    let mut walk = Walk::new(&graph, &plan);
    let beside_a = |walk: &mut Walk| {
        walk.next_ready(|account| account != "a")
            .map(NodeIndex::index)
    };
    assert_eq!(beside_a(&mut walk), Some(2));
    assert_eq!(beside_a(&mut walk), Some(3));
    assert_eq!(beside_a(&mut walk), None);
    assert_eq!(all_ready(&mut walk), [0, 1]);
}

proptest! {
    #[test]
    fn every_node_starts_once_or_is_skipped_with_a_true_cause(
        links in prop::collection::vec(prop::collection::btree_set(0_usize..12, 0..4), 1..12),
        fails in prop::collection::btree_set(0_usize..12, 0..3),
    ) {
        // Each needs only those before it, so there are no circles.
        let needs: Vec<Vec<usize>> = links
            .iter()
            .enumerate()
            .map(|(at, links)| links.iter().copied().filter(|need| *need < at).collect())
            .collect();
        let needs: Vec<&[usize]> = needs.iter().map(Vec::as_slice).collect();
        let (graph, plan) = graph(&needs);
        let mut walk = Walk::new(&graph, &plan);
        let (mut done, mut not_done) = (BTreeSet::new(), BTreeSet::new());
        while let Some(node) = walk.next_ready(|_| true) {
            let at = node.index();
            prop_assert!(needs[at].iter().all(|need| done.contains(need)));
            if fails.contains(&at) {
                prop_assert!(not_done.insert(at));
                for skipped in walk.failed(&graph, node) {
                    prop_assert!(not_done.insert(skipped.index()), "skipped once");
                    prop_assert!(needs[skipped.index()].iter().any(|need| not_done.contains(need)));
                }
            } else {
                prop_assert!(done.insert(at));
                walk.done(&graph, node);
            }
        }
        prop_assert_eq!(done.len() + not_done.len(), needs.len());
        prop_assert!(done.is_disjoint(&not_done));
    }
}
