use Phase::{Activate, Quiesce, Remove, Write};

use super::*;
use crate::plan::testing::{address, plan, step};

/// The edges as `step phase < step phase`, sorted.
fn edges(steps: Vec<Step>) -> Vec<String> {
    let plan = plan(steps);
    let graph = Graph::of(&plan);
    let said = |index| {
        let node = graph.node(index);
        let step = &plan.steps[node.step];
        format!(
            "{} {}",
            step.address.name,
            step.phases[node.phase].phase.word()
        )
    };
    let mut edges = Vec::new();
    for node in graph.nodes() {
        for after in graph.after(node) {
            edges.push(format!("{} < {}", said(node), said(after)));
        }
    }
    edges.sort();
    edges
}

#[test]
fn phases_of_one_change_and_of_its_users_interlock() {
    let whole = step("whole", &[Quiesce, Remove, Write, Activate], &[]);
    let part = step("part", &[Remove, Write], &["whole"]);
    assert_eq!(
        edges(vec![whole, part]),
        [
            "part remove < part write",
            "part remove < whole activate",
            "part remove < whole remove",
            "part write < whole activate",
            "whole quiesce < part remove",
            "whole quiesce < part write",
            "whole quiesce < whole remove",
            "whole remove < whole write",
            "whole write < part write",
            "whole write < whole activate",
        ]
    );
}

#[test]
fn what_has_no_delete_of_its_own_goes_after_what_it_belongs_to() {
    let whole = step("whole", &[Remove], &[]);
    let mut part = step("part", &[Remove], &["whole"]);
    part.phases[0].calls.clear();
    assert_eq!(edges(vec![whole, part]), ["whole remove < part remove"]);
}

#[test]
fn a_rival_goes_first_and_what_is_let_go_of_goes_after() {
    let rival = step("rival", &[Remove], &[]);
    let mut new = step("new", &[Write], &[]);
    new.after_removal_of.insert(address("rival"));
    assert_eq!(edges(vec![rival, new]), ["rival remove < new write"]);

    let old = || step("old", &[Remove], &[]);
    let mut changed = step("user", &[Write], &[]);
    changed.releases.insert(address("old"));
    assert_eq!(edges(vec![old(), changed]), ["user write < old remove"]);
    let mut gone = step("user", &[Remove, Write], &[]);
    gone.releases.insert(address("old"));
    assert_eq!(
        edges(vec![old(), gone]),
        ["user remove < old remove", "user remove < user write"]
    );
}

#[test]
fn what_is_blocked_or_no_change_has_no_place() {
    let nothing = step("nothing", &[], &[]);
    let user = step("user", &[Write], &["nothing", "elsewhere"]);
    let plan = plan(vec![nothing, user]);
    let graph = Graph::of(&plan);
    assert_eq!(graph.nodes().count(), 1);
    assert!(graph.nodes().all(|node| graph.waits(node) == 0));
}

#[test]
fn a_circle_is_found_with_all_its_members() {
    let one = step("one", &[Write], &["two"]);
    let two = step("two", &[Write], &["three"]);
    let three = step("three", &[Write], &["one"]);
    let apart = step("apart", &[Write], &["one"]);
    let steps = [one, two, three, apart];
    let graph = Graph::over(steps.iter());
    assert!(!graph.is_acyclic());
    assert_eq!(graph.circles(), [BTreeSet::from([0, 1, 2])]);
    let graph = Graph::over(steps[..2].iter());
    assert!(graph.is_acyclic());
    assert_eq!(graph.circles(), Vec::<BTreeSet<usize>>::new());
}
