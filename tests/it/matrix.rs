//! Every fault at every request of every kind's life: nothing is made twice, nothing is lost, the
//! outcome is told as it is, the journal holds each write that was sent, and the next run finishes.
//!
//! The golden file is the table that the README points at. In it `=` is a run that bore the fault
//! and ended as if there had been none; `>` is one that said truly that it did not finish, and whose
//! successor did; `.` is a request that operation does not make.
//! `IDFORM_MATRIX=all` meets every cell and renews or checks the table; without it a sixth of them is
//! met, another one in each row.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::Value;
use tokio_util::sync::CancellationToken;

use idform::apply::{Event, Outcome, Report};
use idform::plan::{Action, Plan};
use idform::provider::Removal;
use idform::sandbox::{Options, Seen, credentials};

use crate::contract::{Act, acts};
use crate::kill::without_times;
use crate::support::{Clouds, Identity};

/// What goes wrong, in words and as the sandbox's fault.
const FAULTS: &[(&str, Fault)] = &[
    ("throttled", Fault::Request("throttle")),
    ("throttled, wait asked", Fault::Request("throttle-wait:1")),
    ("500", Fault::Request("status:500")),
    ("503", Fault::Request("status:503")),
    ("500 after it was done", Fault::Request("status-after:500")),
    ("HTML page, 502", Fault::Request("html")),
    ("HTML page, 200", Fault::Request("html-200")),
    ("answer cut off", Fault::Request("cut")),
    ("malformed JSON", Fault::Request("malformed")),
    ("wrong content type", Fault::Request("content-type")),
    ("no answer, not done", Fault::Request("stall")),
    ("no answer, done", Fault::Request("stall-after")),
    ("dropped, not done", Fault::Request("drop")),
    ("dropped, done", Fault::Request("drop-after")),
    ("refused", Fault::Request("deny")),
    ("reads lag behind", Fault::ReadLag),
    ("edited meanwhile", Fault::Edit),
    ("clock an hour off", Fault::Clock),
    ("keys run out, renewed", Fault::Expiry(Identity::Role)),
    ("keys run out for good", Fault::Expiry(Identity::Temporary)),
];

#[derive(Clone, Copy, PartialEq)]
enum Fault {
    /// One request meets this.
    Request(&'static str),
    /// What was written shows two reads later.
    ReadLag,
    /// Somebody changes the object between plan and apply.
    Edit,
    /// The cloud's clock is not this machine's.
    Clock,
    /// From one request on, the cloud takes no longer what it was signed in with.
    Expiry(Identity),
}

/// What is done to the subject.
#[derive(Clone, Copy, PartialEq)]
enum Operation {
    Read,
    Create,
    Update,
    Remove,
}

impl Operation {
    const ALL: [(&'static str, Self); 4] = [
        ("read", Self::Read),
        ("create", Self::Create),
        ("update", Self::Update),
        ("remove", Self::Remove),
    ];
}

/// One request of an operation: its name, and how many of the same name came before it.
type Request = (String, u32);

/// How a cell came out.
#[derive(Clone, PartialEq, Debug)]
enum Cell {
    Borne,
    Later,
    Bad(String),
}

struct Job<'a> {
    act: &'a Act,
    operation: Operation,
    row: String,
    fault: (usize, Fault),
    request: Option<Request>,
    /// What the cloud holds after the operation when nothing goes wrong.
    held: std::sync::Arc<Value>,
}

#[test]
fn every_fault_at_every_request_ends_well() {
    let acts: Vec<Act> = acts().collect();
    let everything = std::env::var("IDFORM_MATRIX").is_ok_and(|how| how == "all");
    let mut jobs = Vec::new();
    let mut rows = Vec::new();
    for act in &acts {
        for (word, operation) in Operation::ALL {
            let row = format!("{} {word}", act.kind.info().name);
            if scene(act, operation).is_none() {
                continue;
            }
            rows.push(row.clone());
            let (requests, after) = undisturbed(act, operation);
            let after = std::sync::Arc::new(after);
            let turn = rows.len();
            let chosen = |number: &usize| everything || (turn + number).is_multiple_of(6);
            let numbers = (0..FAULTS.len()).filter(chosen);
            for (number, fault) in numbers.map(|number| (number, &FAULTS[number].1)) {
                let met: Vec<Option<Request>> = match fault {
                    Fault::Request(_) | Fault::Expiry(_) => {
                        requests.iter().cloned().map(Some).collect()
                    }
                    Fault::ReadLag | Fault::Edit if operation == Operation::Read => Vec::new(),
                    Fault::ReadLag | Fault::Edit | Fault::Clock => vec![None],
                };
                jobs.extend(met.into_iter().map(|request| Job {
                    act,
                    operation,
                    row: row.clone(),
                    fault: (number, *fault),
                    request,
                    held: std::sync::Arc::clone(&after),
                }));
            }
        }
    }
    let cells = run(&jobs);
    let bad: Vec<String> = jobs
        .iter()
        .zip(&cells)
        .filter_map(|(job, cell)| match cell {
            Cell::Bad(why) => Some(format!(
                "{}, {}, at {:?}: {why}",
                job.row, FAULTS[job.fault.0].0, job.request
            )),
            Cell::Borne | Cell::Later => None,
        })
        .collect();
    assert!(
        bad.is_empty(),
        "{} of {} cells:\n{}",
        bad.len(),
        jobs.len(),
        bad.join("\n")
    );
    if !everything {
        return;
    }
    let table = table(&rows, &jobs, &cells);
    insta::with_settings!({
        snapshot_path => "../cases",
        prepend_module_to_snapshot => false,
        omit_expression => true,
    }, {
        insta::assert_snapshot!("faults", table);
    });
}

/// As many at once as they wait: most of the time nothing is computed.
fn run(jobs: &[Job<'_>]) -> Vec<Cell> {
    let next = AtomicUsize::new(0);
    let cells = Mutex::new(vec![Cell::Borne; jobs.len()]);
    std::thread::scope(|scope| {
        for _ in 0..12 {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    let Some(job) = jobs.get(number) else { return };
                    let cell = cell(job);
                    cells.lock().expect("nobody panics here")[number] = cell;
                }
            });
        }
    });
    cells.into_inner().expect("nobody panics here")
}

/// The subject's document before and after; [`None`] where the kind has no such operation.
fn scene(act: &Act, operation: Operation) -> Option<(Option<String>, String)> {
    let samples = act.kind.samples();
    let full = act.document(&samples.full);
    match operation {
        Operation::Read => Some((Some(full.clone()), full)),
        Operation::Create => Some((None, full)),
        Operation::Update => Some((Some(full), act.document(&samples.changed))),
        Operation::Remove => match act.kind.info().removal {
            Removal::WithParent(_) => None,
            Removal::Delete | Removal::Disable => {
                let mut gone: Value = serde_json::from_str(&full).expect("JSON");
                gone["lifecycle"] = serde_json::json!({"ensure": "absent"});
                Some((Some(full), gone.to_string()))
            }
        },
    }
}

/// A sandbox before the operation.
fn before(act: &Act, live: Option<&str>, clock: bool) -> Clouds {
    let clouds = Clouds::with(Options {
        throttle_per_second: Some(0),
        clock_offset_seconds: if clock { 3600 } else { 0 },
        ..Options::default()
    });
    let cloud = act.cloud.id.0;
    let account = credentials::default_account(cloud).expect("a default account");
    clouds.add_role(cloud, account);
    act.set(&clouds);
    if let Some(live) = live {
        let report = clouds.apply(&act.texts(live));
        assert!(is_done(&report), "the scene is set: {report:#?}");
    }
    clouds
}

fn is_done(report: &Report) -> bool {
    report
        .outcomes
        .iter()
        .all(|outcome| outcome.outcome == Outcome::Done)
}

/// The requests of an operation that nothing disturbs, and what the cloud holds afterwards.
fn undisturbed(act: &Act, operation: Operation) -> (Vec<Request>, Value) {
    let (live, wanted) = scene(act, operation).expect("the operation exists");
    let clouds = before(act, live.as_deref(), false);
    let mut begun = clouds.seen().len();
    let plan = clouds.plan(&act.texts(&wanted));
    let mut writes = Vec::new();
    if operation != Operation::Read {
        begun = clouds.seen().len();
        let report = clouds.apply_plan(&act.texts(&wanted), plan);
        let calls = report.outcomes.iter().flat_map(|outcome| &outcome.calls);
        writes = calls.map(|call| call.name).collect();
    }
    let mut counts: BTreeMap<String, u32> = BTreeMap::new();
    let mut requests = Vec::new();
    let mut reads = 0;
    for seen in &clouds.seen()[begun..] {
        let count = counts.entry(seen.action.clone()).or_default();
        let is_write = writes.contains(&seen.action.as_str());
        reads += usize::from(!is_write);
        if is_write || reads <= 1 {
            requests.push((seen.action.clone(), *count));
        }
        *count += 1;
    }
    (requests, held(act, &clouds))
}

/// What the subject's account holds, without what differs from run to run.
fn held(act: &Act, clouds: &Clouds) -> Value {
    let cloud = act.cloud.id.0;
    let account = credentials::default_account(cloud).expect("a default account");
    let mut state = without_times(clouds.state(cloud, account));
    if let Some(members) = state.as_object_mut() {
        members.remove("settings");
    }
    state
}

fn cell(job: &Job<'_>) -> Cell {
    let act = job.act;
    let (live, wanted) = scene(act, job.operation).expect("the operation exists");
    let wanted = wanted.as_str();
    let mut clouds = before(act, live.as_deref(), job.fault.1 == Fault::Clock);
    if let Fault::Expiry(identity) = job.fault.1 {
        clouds.identity = identity;
    }
    let cell = match job.operation {
        Operation::Read => read_cell(job, wanted, &mut clouds),
        Operation::Create | Operation::Update | Operation::Remove => {
            write_cell(job, wanted, &mut clouds)
        }
    };
    match (job.fault.1, &cell) {
        // What cannot be renewed is told, and what can be is nobody's trouble.
        (Fault::Expiry(Identity::Temporary), Cell::Borne)
        | (Fault::Expiry(Identity::Role), Cell::Later) => {
            Cell::Bad(format!("after the keys ran out: {cell:?}"))
        }
        _ => cell,
    }
}

/// Lets it go wrong.
fn inject(job: &Job<'_>, clouds: &mut Clouds) {
    let act = job.act;
    let meet = |kind: &str| {
        if let Some((action, earlier)) = &job.request {
            clouds.fault(&format!("{action}={kind},skip={earlier},times=1"));
        }
    };
    match job.fault.1 {
        Fault::Request(kind) => meet(kind),
        Fault::Expiry(_) => meet("expire"),
        Fault::ReadLag => {
            let cloud = act.cloud.id.0;
            let account = credentials::default_account(cloud).expect("a default account");
            clouds.edit(cloud, account, |state| {
                state["settings"]["read_lag_reads"] = 2.into();
            });
        }
        Fault::Edit => edit(act, job.operation, clouds),
        Fault::Clock => {}
    }
}

/// Nothing goes wrong any more, and keys that ran out were replaced by somebody.
fn mend(clouds: &mut Clouds) {
    clouds.sandbox().clear_faults();
    clouds.identity = Identity::Permanent;
}

fn read_cell(job: &Job<'_>, wanted: &str, clouds: &mut Clouds) -> Cell {
    let act = job.act;
    inject(job, clouds);
    let plan = clouds.plan(&act.texts(wanted));
    let action = subject(&plan);
    if action == Action::NoOp {
        return Cell::Borne;
    }
    if action != Action::Unreadable || plan.complete {
        let why = format!("it is there and as wanted, and the plan says {action:?}");
        return Cell::Bad(why);
    }
    mend(clouds);
    let next = subject(&clouds.plan(&act.texts(wanted)));
    if next == Action::NoOp {
        Cell::Later
    } else {
        Cell::Bad(format!("the next plan says {next:?}"))
    }
}

fn write_cell(job: &Job<'_>, wanted: &str, clouds: &mut Clouds) -> Cell {
    let act = job.act;
    let plan = clouds.plan(&act.texts(wanted));
    inject(job, clouds);
    let begun = clouds.seen().len();
    let records = std::sync::Arc::new(Mutex::new((Vec::new(), 0)));
    let heard = std::sync::Arc::clone(&records);
    let report = clouds.apply_with(
        &act.texts(wanted),
        plan.clone(),
        CancellationToken::new(),
        move |event| {
            let mut heard = heard.lock().expect("nobody panics here");
            match event {
                Event::Calling { call, .. } => heard.0.push(call.to_owned()),
                Event::Called { .. } => heard.1 += 1,
                Event::Started { .. } | Event::Finished { .. } => {}
            }
        },
    );
    let (announced, answered) = records.lock().expect("nobody panics here").clone();
    let sent = clouds.seen().split_off(begun);
    if let Some(seen) = sent
        .iter()
        .find(|seen| is_write(&seen.action) && !announced.contains(&seen.action))
    {
        return Cell::Bad(format!("{} was sent and not announced", seen.action));
    }
    if announced.len() != answered {
        return Cell::Bad(format!("{announced:?} announced, {answered} outcomes"));
    }
    if let Fault::Expiry(identity) = job.fault.1
        && let Err(why) = expired(identity, &report, &plan, &sent)
    {
        return Cell::Bad(why);
    }
    let borne = is_done(&report);
    if borne && let Some(left) = left_to_do(act, wanted, clouds) {
        return Cell::Bad(format!("it said that it was done, and {left}"));
    }
    mend(clouds);
    let again = clouds.apply(&act.texts(wanted));
    if !is_done(&again) {
        return Cell::Bad(format!("the next run did not finish: {:?}", again.outcomes));
    }
    if let Some(left) = left_to_do(act, wanted, clouds) {
        return Cell::Bad(format!("the next run finished, and {left}"));
    }
    let now = held(act, clouds);
    // What somebody else wrote and the manifest does not mention stays, rightly.
    if job.fault.1 != Fault::Edit && now != *job.held {
        let wanted = &job.held;
        return Cell::Bad(format!("the cloud holds\n{now:#}\nin place of\n{wanted:#}"));
    }
    if borne { Cell::Borne } else { Cell::Later }
}

/// After keys ran out: one renewal and no more, or a failure that names the keys and what to do.
fn expired(identity: Identity, report: &Report, plan: &Plan, sent: &[Seen]) -> Result<(), String> {
    let sign_ins = sent.iter().filter(|seen| is_sign_in(&seen.action)).count();
    if identity == Identity::Role {
        return match sign_ins {
            2 => Ok(()),
            _ => Err(format!("{sign_ins} sign-ins")),
        };
    }
    let told = format!("{:?}", idform::apply::findings(report, plan));
    if told.contains("credentials: environment (") && told.contains("get new ones") {
        return Ok(());
    }
    Err(format!(
        "it neither names the keys nor says what to do: {told}"
    ))
}

/// Calls that give out keys.
fn is_sign_in(action: &str) -> bool {
    action == "AssumeRole" || action.starts_with("CreateTemporaryAccessKey")
}

/// Names of calls that change something, in all three clouds' ways of naming.
fn is_write(action: &str) -> bool {
    !is_sign_in(action)
        && ![
            "Describe",
            "Get",
            "List",
            "Show",
            "KeystoneList",
            "KeystoneShow",
        ]
        .iter()
        .any(|reads| action.starts_with(reads))
}

/// Somebody else changes the object after it was planned, with another program.
fn edit(act: &Act, operation: Operation, clouds: &Clouds) {
    let samples = act.kind.samples();
    let other = match operation {
        Operation::Read | Operation::Create => samples.minimal,
        Operation::Update | Operation::Remove => {
            let mut other = samples.full.clone();
            // One field that may change and does.
            let field = act
                .kind
                .info()
                .fields
                .iter()
                .find(|field| samples.full[field.name] != samples.changed[field.name]);
            if let Some(field) = field {
                other[field.name] = samples.changed[field.name].clone();
            }
            other
        }
    };
    let report = clouds.apply(&act.texts(&act.document(&other)));
    assert!(is_done(&report), "the other program works: {report:#?}");
}

fn subject(plan: &Plan) -> Action {
    let step = plan
        .steps
        .iter()
        .find(|step| step.address.name == "subject");
    step.expect("the subject is planned").action
}

fn left_to_do(act: &Act, wanted: &str, clouds: &Clouds) -> Option<String> {
    // Lists may lag behind longer than what apply looked at; what matters is where they end.
    let plan = (0..3).map(|_| clouds.plan(&act.texts(wanted))).last();
    let plan = plan.expect("three plans");
    let left = plan.steps.iter().find(|step| step.action != Action::NoOp)?;
    Some(format!(
        "{} is still to be done: {:?}",
        left.address, left.action
    ))
}

/// Rows and columns for people.
fn table(rows: &[String], jobs: &[Job<'_>], cells: &[Cell]) -> String {
    let mut marks: BTreeMap<(&str, usize), char> = BTreeMap::new();
    for (job, cell) in jobs.iter().zip(cells) {
        let mark = marks.entry((&job.row, job.fault.0)).or_insert('=');
        if *cell != Cell::Borne {
            *mark = '>';
        }
    }
    let wide = rows.iter().map(String::len).max().unwrap_or_default();
    let mut text = String::new();
    for (number, (name, _)) in FAULTS.iter().enumerate() {
        let _ = writeln!(text, "{:2} {name}", number + 1);
    }
    text.push('\n');
    let _ = write!(text, "{:wide$}", "");
    for number in 1..=FAULTS.len() {
        let _ = write!(text, " {number:2}");
    }
    for row in rows {
        let _ = write!(text, "\n{row:wide$}");
        for number in 0..FAULTS.len() {
            let mark = marks.get(&(row.as_str(), number)).copied().unwrap_or('.');
            let _ = write!(text, "  {mark}");
        }
    }
    text.push('\n');
    text
}
