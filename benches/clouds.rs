//! Reading and creating over the emulator with 50 ms latency, against what no program could beat.
//!
//! `cargo bench --bench clouds`
//!
//! The bound of `N` calls, of which an account with budget `b` makes `n`, with parallelism `p` and
//! latency `L`, is the greatest of
//!
//! * `ceil(N / p) * L`: at most `p` calls are under way at once;
//! * `floor((n - 1) / b) * 1 s + L` for each account: its call number `k` starts no earlier than
//!   `floor(k / b)` seconds after the first, or a window of one second would hold more than `b`;
//! * `longest chain * L`: calls that wait for each other. For reads that is one, and one more to ask
//!   who the credentials belong to. For creates it is the longest way through the order of the plan,
//!   where each phase of a change reads, writes and reads back.
//!
//! The calls are those the emulator saw; "needed" are those that the rules above count.

#![expect(clippy::print_stdout, reason = "a bench shows its figures")]

#[path = "support/fleet.rs"]
mod fleet;
#[path = "support/verdict.rs"]
mod verdict;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use idform::apply::{self, Outcome, ReadBack};
use idform::clouds::{self, CLOUDS};
use idform::compile::{World, compile};
use idform::lock::Lock;
use idform::manifest::{self, AllowedEnv};
use idform::net::http::{Http, HttpOptions};
use idform::net::{Access, Gate, Patience};
use idform::observe::live::{self, Readers};
use idform::plan::{self, Graph, Guards, Plan, Step};
use idform::provider::{Connection, PhaseWrites, Scope, Surroundings};
use idform::sandbox::{Options, Sandbox, Seen, credentials};
use tokio::runtime::{Builder, Runtime};
use tokio_util::sync::CancellationToken;
use verdict::verdict;

const LATENCY: Duration = Duration::from_millis(50);
const RUNS: usize = 3;
/// Ratios to the bound.
const READ_GOAL: f64 = 1.2;
const CREATE_GOAL: f64 = 1.3;

/// One row of the table.
struct Setup {
    title: &'static str,
    accounts: usize,
    /// In each account.
    objects: usize,
    parallelism: usize,
    budget: Option<u32>,
}

const SETUPS: [Setup; 5] = [
    Setup {
        title: "one object for each cloud",
        accounts: 3,
        objects: 1,
        parallelism: 10,
        budget: None,
    },
    Setup {
        title: "default budgets decide",
        accounts: 3,
        objects: 32,
        parallelism: 10,
        budget: None,
    },
    Setup {
        title: "parallelism decides",
        accounts: 30,
        objects: 8,
        parallelism: 10,
        budget: None,
    },
    Setup {
        title: "many accounts, wider",
        accounts: 60,
        objects: 8,
        parallelism: 40,
        budget: None,
    },
    Setup {
        title: "large budgets",
        accounts: 3,
        objects: 32,
        parallelism: 10,
        budget: Some(10),
    },
];

fn main() {
    println!(
        "clouds, {} ms latency, least ratio of {RUNS} runs (goal: reads <= {READ_GOAL}, creates <= {CREATE_GOAL})\n",
        LATENCY.as_millis()
    );
    println!(
        "what                       accounts  objects  parallel  work     calls  needed  bound s  took s  ratio  window"
    );
    for setup in &SETUPS {
        let mut runs: Vec<[Row; 2]> = (0..RUNS).map(|_| measure(setup)).collect();
        for (which, goal) in [READ_GOAL, CREATE_GOAL].into_iter().enumerate() {
            runs.sort_by(|a, b| a[which].ratio().total_cmp(&b[which].ratio()));
            let worst = runs.iter().map(|run| run[which].window).max();
            show(setup, &runs[0][which], goal, worst.unwrap_or_default());
        }
    }
    println!(
        "\nwindow: most calls of one account in any second, in % of its budget, worst of the runs"
    );
}

struct Row {
    work: &'static str,
    objects: usize,
    calls: usize,
    needed: usize,
    bound: Duration,
    took: Duration,
    /// Per cent.
    window: usize,
}

impl Row {
    fn ratio(&self) -> f64 {
        self.took.as_secs_f64() / self.bound.as_secs_f64()
    }
}

fn show(setup: &Setup, row: &Row, goal: f64, window: usize) {
    println!(
        "{:<25}  {:>8}  {:>7}  {:>8}  {:<7}  {:>5}  {:>6}  {:>7.2}  {:>6.2}  {:>5.2}  {:>5}%  {}",
        setup.title,
        setup.accounts,
        row.objects,
        setup.parallelism,
        row.work,
        row.calls,
        row.needed,
        row.bound.as_secs_f64(),
        row.took.as_secs_f64(),
        row.ratio(),
        window,
        verdict(row.ratio(), goal + 0.005)
    );
}

/// A fresh emulator: creates everything, then reads it.
fn measure(setup: &Setup) -> [Row; 2] {
    // The emulator has a thread of its own; the engine waits on one thread, as in the command.
    let served = Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .expect("a runtime");
    let engine = Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let sandbox = served
        .block_on(Sandbox::start(Options {
            latency: LATENCY,
            throttle_per_second: Some(0),
            ..Options::default()
        }))
        .expect("a sandbox on loopback");
    let world = world(setup);
    let plan = {
        let readers = readers(&world, &sandbox, setup.parallelism);
        let snapshot = engine.block_on(live::read(&world, &readers, |_| {}));
        plan::make(&world, &snapshot, &Guards::default())
    };
    rest();
    let created = create(setup, &world, plan, &sandbox, &engine);
    rest();
    let read = read(setup, &world, &sandbox, &engine);
    served.block_on(sandbox.stop());
    [read, created]
}

/// Lets the budgets' windows of the work before pass.
fn rest() {
    std::thread::sleep(Duration::from_millis(1100));
}

fn world(setup: &Setup) -> World {
    let accounts = fleet::accounts(setup.accounts, setup.objects, None, setup.budget);
    let texts: Vec<(&str, &str)> = accounts
        .iter()
        .map(|account| (account.name.as_str(), account.text.as_str()))
        .collect();
    let (mut manifests, mut found) =
        manifest::parse_texts(&texts, &[], CLOUDS, &AllowedEnv::default());
    let world = compile(&mut manifests, Some(&Lock::default()), &mut found);
    let found = found.into_sorted();
    assert!(found.is_empty(), "the manifests are valid: {found:?}");
    let objects: usize = accounts.iter().map(|account| account.objects).sum();
    assert_eq!(world.objects.len(), objects);
    world
}

/// New sessions, as each run of the program has them.
fn accesses(world: &World, sandbox: &Sandbox, parallelism: usize) -> BTreeMap<String, Access> {
    let gate = Arc::new(Gate::new(parallelism));
    let http = Http::new(HttpOptions::default());
    let mut accesses = BTreeMap::new();
    for account in live::accounts(world) {
        let cloud = clouds::cloud(account.cloud).expect("a registered cloud");
        let number = account.account_id.as_deref().expect("all name their id");
        let keys = credentials::permanent(cloud.id.0, number).expect("keys by rule");
        let client = (cloud.connect)(&Connection {
            account: &account,
            surroundings: &Surroundings {
                env: BTreeMap::from([
                    (cloud.key_variables.id.to_owned(), keys.key_id),
                    (cloud.key_variables.secret.to_owned(), keys.secret),
                ]),
                home: None,
                read: std::sync::Arc::new(|_| None),
                tokens: idform::provider::surroundings::AllowedTokens::default(),
            },
            endpoint: sandbox.base_url(cloud.id.0).as_deref(),
            http: http.clone(),
        });
        let access = Access::new(
            &account.name,
            client.expect("credentials"),
            account.requests_per_second,
            Arc::clone(&gate),
            Patience::default(),
        );
        accesses.insert(account.name.clone(), access);
    }
    accesses
}

fn readers(world: &World, sandbox: &Sandbox, parallelism: usize) -> Readers {
    accesses(world, sandbox, parallelism)
        .into_iter()
        .map(|(name, access)| (name, Ok(access.reader())))
        .collect()
}

fn read(setup: &Setup, world: &World, sandbox: &Sandbox, engine: &Runtime) -> Row {
    let seen_before = sandbox.seen().len();
    let readers = readers(world, sandbox, setup.parallelism);
    let begun = Instant::now();
    let snapshot = engine.block_on(live::read(world, &readers, |_| {}));
    let took = begun.elapsed();
    let plan = plan::make(world, &snapshot, &Guards::default());
    let pending = plan.steps.iter().find(|step| step.is_change());
    assert!(
        plan.complete && pending.is_none(),
        "not as created: {pending:?}"
    );
    let needed = reads_needed(world);
    row(
        "read",
        setup,
        world,
        &needed,
        2,
        took,
        &sandbox.seen()[seen_before..],
    )
}

fn create(setup: &Setup, world: &World, plan: Plan, sandbox: &Sandbox, engine: &Runtime) -> Row {
    let seen_before = sandbox.seen().len();
    let writers = accesses(world, sandbox, setup.parallelism)
        .into_iter()
        .map(|(name, access)| (name, access.writer()))
        .collect();
    let options = apply::Options {
        parallelism: setup.parallelism,
        read_back: ReadBack::default(),
    };
    let mut needed: BTreeMap<String, usize> = BTreeMap::new();
    for step in &plan.steps {
        let calls: usize = step.phases.iter().map(|phase| calls(step, phase)).sum();
        *needed.entry(step.address.account.clone()).or_default() += calls;
    }
    let chain = longest_chain(&plan);
    let plan = Arc::new(plan);
    let begun = Instant::now();
    let report = engine.block_on(apply::run(
        plan,
        &writers,
        &options,
        CancellationToken::new(),
        Arc::new(|_| {}),
    ));
    let took = begun.elapsed();
    let failed = report
        .outcomes
        .iter()
        .find(|step| step.outcome != Outcome::Done);
    assert!(failed.is_none(), "{failed:?}");
    row(
        "create",
        setup,
        world,
        &needed,
        chain,
        took,
        &sandbox.seen()[seen_before..],
    )
}

fn row(
    work: &'static str,
    setup: &Setup,
    world: &World,
    needed: &BTreeMap<String, usize>,
    chain: usize,
    took: Duration,
    seen: &[Seen],
) -> Row {
    let all: usize = needed.values().sum();
    let mut bound = LATENCY * count(all.div_ceil(setup.parallelism).max(chain));
    for (account, calls) in needed {
        let budget = world.accounts[account].requests_per_second;
        let whole_seconds = u64::from(count(calls.saturating_sub(1)) / budget);
        bound = bound.max(Duration::from_secs(whole_seconds) + LATENCY);
    }
    Row {
        work,
        objects: world.objects.len(),
        calls: seen.len(),
        needed: all,
        bound,
        took,
        window: fullest_window(world, seen),
    }
}

fn count(number: usize) -> u32 {
    u32::try_from(number).expect("few")
}

/// The different reads of each account, and one to ask who it is.
fn reads_needed(world: &World) -> BTreeMap<String, usize> {
    let mut wanted: BTreeMap<_, (_, Vec<String>)> = BTreeMap::new();
    for (address, desired) in &world.objects {
        wanted
            .entry((&address.account, address.kind))
            .or_insert((desired.kind, Vec::new()))
            .1
            .push(desired.identity.clone());
    }
    let mut reads: BTreeMap<String, Vec<_>> = BTreeMap::new();
    for ((account, _), (kind, identities)) in wanted {
        let of_account = reads.entry(account.clone()).or_default();
        for read in kind.reads(Scope::Account(&identities)) {
            if !of_account.contains(&read) {
                of_account.push(read);
            }
        }
    }
    reads
        .into_iter()
        .map(|(account, reads)| (account, reads.len() + 1))
        .collect()
}

/// The calls of one phase of a change: read, write, read back.
fn calls(step: &Step, phase: &PhaseWrites) -> usize {
    if phase.calls.is_empty() {
        return 0;
    }
    phase.calls.len() + 2 * reads(step)
}

fn reads(step: &Step) -> usize {
    let kind = clouds::kind(step.address.kind.0).expect("a registered kind");
    kind.reads(Scope::One(&step.identity)).len()
}

/// The most calls that wait for each other. Reads of one object could go side by side.
fn longest_chain(plan: &Plan) -> usize {
    let graph = Graph::of(plan);
    let mut longest = BTreeMap::new();
    let mut waits: BTreeMap<_, usize> = graph.nodes().map(|at| (at, graph.waits(at))).collect();
    let mut ready: Vec<_> = graph.nodes().filter(|at| waits[at] == 0).collect();
    while let Some(at) = ready.pop() {
        let node = graph.node(at);
        let writes = plan.steps[node.step].phases[node.phase].calls.len();
        let own = if writes == 0 { 0 } else { writes + 2 };
        let here = longest.get(&at).copied().unwrap_or(0) + own;
        longest.insert(at, here);
        for after in graph.after(at) {
            let before = longest.entry(after).or_insert(0);
            *before = here.max(*before);
            if let Some(left) = waits.get_mut(&after) {
                *left -= 1;
                if *left == 0 {
                    ready.push(after);
                }
            }
        }
    }
    longest.values().copied().max().unwrap_or(0)
}

/// The most calls of one account that arrived within any second, in per cent of its budget.
fn fullest_window(world: &World, seen: &[Seen]) -> usize {
    let mut fullest = 0;
    for account in world.accounts.values() {
        let budget = usize::try_from(account.requests_per_second).expect("few");
        let arrivals: Vec<u64> = seen
            .iter()
            .filter(|seen| seen.account == account.account_id && seen.cloud == account.cloud.0)
            .map(|seen| seen.millis)
            .collect();
        for (index, first) in arrivals.iter().enumerate() {
            let within = arrivals[index..]
                .iter()
                .take_while(|at| **at < first + 1000)
                .count();
            fullest = fullest.max(within * 100 / budget);
        }
    }
    fullest
}
