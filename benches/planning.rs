//! Planning alone: load, compile, diff and render growing numbers of objects in 300 accounts.
//!
//! `cargo bench --bench planning`
//!
//! The live objects are made up from the manifests: 90 % equal, 5 % differing, 5 % absent. Each
//! measurement is a process of its own, so that its peak of memory is its own and its first page
//! faults count, as in the command. Memory includes the live objects; making them up is not timed.

#![expect(clippy::print_stdout, reason = "a bench shows its figures")]

#[path = "support/figures.rs"]
mod figures;
#[path = "support/fleet.rs"]
mod fleet;
#[path = "support/verdict.rs"]
mod verdict;

use std::fs;
use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use idform::clouds::CLOUDS;
use idform::compile::{Desired, World, compile};
use idform::lock::Lock;
use idform::manifest::{self, AllowedEnv};
use idform::model::{Address, Value};
use idform::observe::{AccountReading, Snapshot};
use idform::plan::{self, Action};
use idform::provider::{Facts, Live, Observation};
use idform::view::{Theme, plan_json, plan_text};
use serde_json::json;
use verdict::verdict;

const ACCOUNTS: usize = 300;
const SIZES: [usize; 4] = [2_500, 5_000, 10_000, 20_000];
const RUNS: usize = 5;
/// Milliseconds and MB for 10,000 objects.
const GOAL: (f64, f64) = (500.0, 200.0);
const STAGES: [&str; 6] = ["load", "compile", "plan", "text", "json", "total"];

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if let [_, mark, path] = arguments.as_slice()
        && mark == "--measure"
    {
        println!("{}", measure(Path::new(path)));
        return;
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    println!(
        "planning, {ACCOUNTS} accounts, least of {RUNS} runs in ms (goal for 10,000: total < {}, peak < {} MB)\n",
        GOAL.0, GOAL.1
    );
    println!("objects  files     load  compile  plan  text  json  total  us/object  peak MB");
    for size in SIZES {
        let root = folder.path().join(size.to_string());
        let objects = write(&root, size);
        for (files, path) in [(ACCOUNTS, root.join("many")), (1, root.join("one"))] {
            show(objects, files, &path);
        }
    }
}

/// Writes the same manifests as many files and as one; says how many objects they hold.
fn write(root: &Path, size: usize) -> usize {
    let accounts = fleet::accounts(ACCOUNTS, size.div_ceil(ACCOUNTS), Some("../keys"), None);
    for layout in ["many", "one"] {
        let keys = root.join(layout).join("keys");
        fs::create_dir_all(&keys).expect("make a folder");
        for issuer in 0..fleet::ISSUERS {
            let file = keys.join(format!("issuer-{issuer:02}.jwks.json"));
            fs::write(file, fleet::key_set(issuer)).expect("write keys");
        }
    }
    let one = root.join("one/all");
    fs::create_dir_all(&one).expect("make a folder");
    let texts: Vec<&str> = accounts
        .iter()
        .map(|account| account.text.as_str())
        .collect();
    fs::write(one.join("all.yaml"), texts.join("---\n")).expect("write a manifest");
    let many = root.join("many/accounts");
    fs::create_dir_all(&many).expect("make a folder");
    for account in &accounts {
        let file = many.join(format!("{}.yaml", account.name));
        fs::write(file, &account.text).expect("write a manifest");
    }
    accounts.iter().map(|account| account.objects).sum()
}

fn show(objects: usize, files: usize, path: &PathBuf) {
    let own = std::env::current_exe().expect("this program");
    let mut runs: Vec<Value> = Vec::new();
    for _ in 0..RUNS {
        let output = Command::new(&own)
            .arg("--measure")
            .arg(path)
            .output()
            .expect("run itself");
        let Ok(figures) = serde_json::from_slice(&output.stdout) else {
            println!(
                "{objects:>7}  {files:>5}  not measured: {}",
                String::from_utf8_lossy(&output.stderr).trim()
            );
            return;
        };
        runs.push(figures);
    }
    let least = |name: &str| {
        let times = runs.iter().filter_map(|run| run[name].as_f64()).collect();
        figures::least_and_middle(times).0
    };
    let [load, compile, plan, text, json, total] = STAGES.map(least);
    let peak = least("peak");
    let each = total * 1000.0 / f64::from(u32::try_from(objects).expect("few"));
    let judged = if (10_000..15_000).contains(&objects) {
        let (time, memory) = GOAL;
        format!(
            "time {}, memory {}",
            verdict(total, time),
            verdict(peak, memory)
        )
    } else {
        String::new()
    };
    println!(
        "{objects:>7}  {files:>5}  {load:>7.0}  {compile:>7.0}  {plan:>4.0}  {text:>4.0}  {json:>4.0}  \
         {total:>5.0}  {each:>9.1}  {peak:>7.0}  {judged}"
    );
}

/// Plans what lies under the path, once.
fn measure(path: &Path) -> Value {
    let begun = Instant::now();
    let (mut manifests, mut found) =
        manifest::load(&[path.to_owned()], None, CLOUDS, &AllowedEnv::default());
    let loaded = begun.elapsed();
    let world = compile(&mut manifests, Some(&Lock::default()), &mut found);
    let compiled = begun.elapsed();
    let found = found.into_sorted();
    assert!(
        found.is_empty(),
        "{} findings, the first: {:?}",
        found.len(),
        found[0]
    );

    let snapshot = snapshot(&world);
    let begun = Instant::now();
    let plan = plan::make(&world, &snapshot, &plan::Guards::default());
    let found = plan::findings(&world, &snapshot, &plan);
    let planned = begun.elapsed();
    drop(snapshot);
    drop(world);
    let begun = Instant::now();
    black_box(plan_text::render(&plan, &Theme::plain(), 100));
    let text = begun.elapsed();
    let begun = Instant::now();
    let document = plan_json::document(&plan_json::PlanInput {
        plan: Some(&plan),
        command: "plan",
        exit_code: 0,
        errored: false,
        diagnostics: &found,
        sources: &manifests.sources,
    });
    black_box(plan_json::to_json(&document));
    let json = begun.elapsed();

    let counts = plan::count(&plan);
    let all = plan.steps.len();
    let equal = counts.get(&Action::NoOp).copied().unwrap_or_default();
    assert!(
        equal * 100 / all == 90 || equal * 100 / all == 89,
        "{equal} of {all} are equal: {counts:?}"
    );
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    json!({
        "load": figures::milliseconds(loaded),
        "compile": figures::milliseconds(compiled.saturating_sub(loaded)),
        "plan": figures::milliseconds(planned),
        "text": figures::milliseconds(text),
        "json": figures::milliseconds(json),
        "total": figures::milliseconds(compiled + planned + text + json),
        "peak": figures::peak_megabytes(&status),
    })
}

/// What the clouds would hold: most of it as wanted.
fn snapshot(world: &World) -> Snapshot {
    let readable = AccountReading::Readable {
        account_id: None,
        caller_role: None,
        credentials: "made up".to_owned(),
    };
    Snapshot {
        accounts: world
            .accounts
            .keys()
            .map(|name| (name.clone(), readable.clone()))
            .collect(),
        objects: world
            .objects
            .iter()
            .map(|(address, desired)| (address.clone(), observation(address, desired)))
            .collect(),
        ..Snapshot::default()
    }
}

fn observation(address: &Address, desired: &Desired) -> Observation {
    // The numbers in both names; objects of one federation share their fate.
    let number = |text: &str| -> usize {
        let digits = text.rsplit('-').next().expect("a part");
        digits.parse().expect("names end in a number")
    };
    let mut fields = desired.fields.clone();
    match (number(&address.account) * 7 + number(&address.name)) % 20 {
        0 => return Observation::Absent(Facts::new()),
        1 => {
            let (field, other) = match address.kind.0 {
                "HuaweiMapping" => ("rules", json!([])),
                "HuaweiProtocol" => ("mapping", json!("mapping_other")),
                "HuaweiOidcConfig" => ("clientId", json!("another-client")),
                _ => ("description", json!("Changed in the console")),
            };
            fields.insert(field.to_owned(), other);
        }
        _ => {}
    }
    let raw = fields.clone().into_iter().collect();
    Observation::Present(Live {
        fields: fields.into(),
        raw: Value::Object(raw),
        facts: Facts::new(),
    })
}
