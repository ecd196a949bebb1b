//! Carries a plan out: independent changes side by side, one object by one task at a time.
//!
//! `walk.rs` says what may start (pure), `step.rs` does one phase of one change, this file joins
//! them. Nothing is decided here that the plan has not said.

pub mod event;
mod findings;
mod step;
mod walk;

use std::collections::BTreeMap;
use std::sync::Arc;

use petgraph::graph::NodeIndex;
use tokio::sync::watch;
use tokio::task::{Id, JoinSet};
use tokio_util::sync::CancellationToken;

pub use event::{CallRecord, Event, Failure, Outcome, Report, StepOutcome};

pub use findings::findings;

use crate::net::Writer;
use crate::plan::{Graph, Plan};
use walk::Walk;

/// How a plan is carried out.
#[derive(Debug, Clone)]
pub struct Options {
    /// Most changes under way at once. Of several, one less may wait for their accounts' budgets
    /// without being counted: they send nothing meanwhile, and other accounts could. One means one
    /// after the other.
    pub parallelism: usize,
    /// How long a write is read back until it shows.
    pub read_back: step::ReadBack,
}

pub use step::ReadBack;

/// What is told of a change whose task panicked or was given up.
const LOST: &str = "the task that carried it out ended without a result; standard error says where";

/// Hears each event at once, also from changes that run side by side. What is heard before a write
/// is heard before it is sent, so a journal can hold the intent.
pub type Listener = Arc<dyn Fn(&Event) + Send + Sync>;

/// Carries out every change of the plan that is not blocked.
///
/// After `cancel`, changes under way are finished and no other is begun.
pub async fn run(
    plan: Arc<Plan>,
    writers: &BTreeMap<String, Writer>,
    options: &Options,
    cancel: CancellationToken,
    listener: Listener,
) -> Report {
    let graph = Graph::of(&plan);
    let mut run = Run {
        walk: Walk::new(&graph, &plan),
        tally: Tally::new(&plan, &graph),
        tasks: JoinSet::new(),
        running: BTreeMap::new(),
        listener,
    };
    let mut held_up = held_up(writers);
    let most = options.parallelism.max(1);
    loop {
        let waiting = (*held_up.borrow_and_update()).min(most - 1);
        if run.tasks.len() < most + waiting
            && !cancel.is_cancelled()
            && let Some(node) = run.walk.next_ready(|account| {
                // Another change would only wait behind those that the account has.
                !writers.get(account).is_some_and(Writer::is_held_up)
            })
        {
            run.start(node, &plan, &graph, writers, options);
            continue;
        }
        let joined = tokio::select! {
            joined = run.tasks.join_next_with_id() => joined,
            Ok(()) = held_up.changed(), if !run.tasks.is_empty() => continue,
        };
        let Some(joined) = joined else {
            break;
        };
        let (id, ended) = match joined {
            Ok((id, ended)) => (id, ended),
            // Not its text, which quotes the panic's, and that may be anything.
            Err(error) => (error.id(), step::Ended::lost(LOST)),
        };
        if let Some(node) = run.running.remove(&id) {
            run.finish(node, ended, &plan, &graph);
        }
    }
    let interrupted = cancel.is_cancelled() && run.tally.open() > 0;
    run.tally.cancel_open(&run.listener);
    Report {
        outcomes: run.tally.outcomes(),
        interrupted,
    }
}

/// How many requests wait for budgets. All writers of a run share one gate.
fn held_up(writers: &BTreeMap<String, Writer>) -> watch::Receiver<usize> {
    let writer = writers.values().next();
    writer.map_or_else(|| watch::channel(0).1, Writer::held_up)
}

struct Run {
    walk: Walk,
    tally: Tally,
    tasks: JoinSet<step::Ended>,
    running: BTreeMap<Id, NodeIndex>,
    listener: Listener,
}

impl Run {
    fn start(
        &mut self,
        index: NodeIndex,
        plan: &Arc<Plan>,
        graph: &Graph,
        writers: &BTreeMap<String, Writer>,
        options: &Options,
    ) {
        let node = graph.node(index).clone();
        let step = &plan.steps[node.step];
        if node.phase == 0 {
            (self.listener)(&Event::Started {
                address: step.address.clone(),
                action: step.action,
            });
        }
        let writer = writers.get(&step.address.account).cloned();
        let (plan, read_back) = (Arc::clone(plan), options.read_back.clone());
        let listener = Arc::clone(&self.listener);
        let task = self.tasks.spawn(async move {
            let step = &plan.steps[node.step];
            match writer {
                Some(writer) => step::run(step, node.phase, &writer, &read_back, &listener).await,
                None => step::Ended::lost("the account has no session"),
            }
        });
        self.running.insert(task.id(), index);
    }

    fn finish(&mut self, index: NodeIndex, ended: step::Ended, plan: &Plan, graph: &Graph) {
        let done = ended.outcome == Outcome::Done;
        let step = graph.node(index).step;
        self.tally.ended(step, ended.outcome, ended.calls);
        if done {
            self.walk.done(graph, index);
        } else {
            for skipped in self.walk.failed(graph, index) {
                let because = plan.steps[step].address.clone();
                self.tally.skipped(graph.node(skipped).step, because);
            }
        }
        self.tally.tell_finished(&self.listener);
    }
}

/// How each change stands: nodes still open, and the worst that happened.
struct Tally {
    entries: BTreeMap<usize, Entry>,
}

struct Entry {
    open: usize,
    any_done: bool,
    told: bool,
    result: StepOutcome,
}

impl Tally {
    fn new(plan: &Plan, graph: &Graph) -> Self {
        let mut entries: BTreeMap<usize, Entry> = BTreeMap::new();
        for index in graph.nodes() {
            let step = &plan.steps[graph.node(index).step];
            entries
                .entry(graph.node(index).step)
                .or_insert_with(|| Entry {
                    open: 0,
                    any_done: false,
                    told: false,
                    result: StepOutcome {
                        address: step.address.clone(),
                        action: step.action,
                        outcome: Outcome::Done,
                        calls: Vec::new(),
                    },
                })
                .open += 1;
        }
        Self { entries }
    }

    fn open(&self) -> usize {
        self.entries.values().filter(|entry| entry.open > 0).count()
    }

    fn ended(&mut self, step: usize, outcome: Outcome, calls: Vec<CallRecord>) {
        let Some(entry) = self.entries.get_mut(&step) else {
            return;
        };
        entry.open -= 1;
        entry.result.calls.extend(calls);
        if outcome == Outcome::Done {
            entry.any_done = true;
        } else {
            entry.result.outcome = outcome;
        }
    }

    fn skipped(&mut self, step: usize, because: crate::model::Address) {
        let Some(entry) = self.entries.get_mut(&step) else {
            return;
        };
        entry.open -= 1;
        // The rest of a change that failed itself needs no second reason.
        if entry.result.outcome == Outcome::Done && because != entry.result.address {
            entry.result.outcome = Outcome::Skipped {
                because,
                partly_done: false,
            };
        }
    }

    fn tell_finished(&mut self, listener: &Listener) {
        for entry in self.entries.values_mut() {
            if entry.open == 0 && !entry.told {
                entry.told = true;
                // Known only now: the skipped half may have been decided while the other ran.
                if let Outcome::Skipped { partly_done, .. } = &mut entry.result.outcome {
                    *partly_done = entry.any_done;
                }
                listener(&Event::Finished {
                    outcome: entry.result.clone(),
                });
            }
        }
    }

    fn cancel_open(&mut self, listener: &Listener) {
        for entry in self.entries.values_mut().filter(|entry| entry.open > 0) {
            entry.open = 0;
            if entry.result.outcome == Outcome::Done {
                entry.result.outcome = Outcome::Cancelled;
            }
        }
        self.tell_finished(listener);
    }

    fn outcomes(self) -> Vec<StepOutcome> {
        self.entries
            .into_values()
            .map(|entry| entry.result)
            .collect()
    }
}
