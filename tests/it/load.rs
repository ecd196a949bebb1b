//! Many accounts at once under throttling: everything is read, and no account hears more in any
//! second than its budget.
//!
//! Fifty accounts on every run. A thousand, with the peak of memory:
//! `IDFORM_LOAD_ACCOUNTS=1000 cargo test --test it load -- --nocapture`

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::json;

use idform::sandbox::{Options, Seen, credentials};

use crate::binary::Binary;
use crate::support::{Clouds, role, root};

/// Requests of one account in one second; the sandbox refuses what is above it.
const BUDGET: u32 = 2;
/// Objects of each account. None of the kinds used has a list that serves several.
const OBJECTS: usize = 3;

fn number(account: usize) -> String {
    format!("1000{account:08}")
}

/// Accounts of Tencent Cloud, each with its own number.
fn manifests(accounts: usize, budget: u32, has_roles: bool) -> String {
    let mut text = String::new();
    for account in 0..accounts {
        let role = match role("tencent", &number(account)).role {
            role if has_roles => format!(", assumeRole: {{role: \"{role}\"}}"),
            _ => String::new(),
        };
        // Writing to a text never fails.
        let _ = write!(
            text,
            "---\napiVersion: idform/v1\nkind: Account\nmetadata: {{name: a{account}}}\n\
             spec: {{cloud: tencent, accountId: \"{}\", requestsPerSecond: {budget}, \
             credentials: {{envPrefix: A{account}_{role}}}}}\n",
            number(account)
        );
        for object in 0..OBJECTS {
            let _ = write!(
                text,
                "---\napiVersion: idform/v1\nkind: TencentOidcProvider\n\
                 metadata: {{name: ci-{account}-{object}}}\nspec:\n  account: a{account}\n  \
                 name: ci-{object}\n  issuer: https://ci-{object}.acme.example\n  \
                 clientIds: [sts.acme.example]\n  keys: {{file: keys.jwks.json}}\n"
            );
        }
    }
    text
}

/// When the requests of each account arrived, in milliseconds since before the program began.
fn arrivals(seen: &[Seen]) -> BTreeMap<&str, Vec<u64>> {
    let mut arrivals: BTreeMap<&str, Vec<u64>> = BTreeMap::new();
    for seen in seen {
        let account = seen.account.as_deref().expect("every request is signed");
        arrivals.entry(account).or_default().push(seen.millis);
    }
    for times in arrivals.values_mut() {
        times.sort_unstable();
    }
    arrivals
}

/// The most requests of one account within any second, as they arrived. A figure to look at: those
/// that a stalled machine holds up arrive together, whoever sent them when.
fn fullest_window(arrivals: &BTreeMap<&str, Vec<u64>>) -> usize {
    let within = |times: &[u64]| times.iter().take_while(|at| **at < times[0] + 1000).count();
    let windows = arrivals
        .values()
        .flat_map(|times| (0..times.len()).map(|at| within(&times[at..])));
    windows.max().unwrap_or_default()
}

/// Fails when a request came before the budget lets it go. However slow the machine is, it only ever
/// makes them later.
fn assert_within_budget(arrivals: &BTreeMap<&str, Vec<u64>>) {
    for (account, times) in arrivals {
        for (before, at) in (0_u64..).zip(times) {
            let earliest = before / u64::from(BUDGET) * 1000;
            assert!(
                *at >= earliest,
                "request {} of {account} came after {at} ms, not {earliest}: {times:?}",
                before + 1
            );
        }
    }
}

/// The program with that many accounts, which have this budget.
pub(crate) fn binary(clouds: &Clouds, accounts: usize, budget: u32) -> Binary {
    with_manifests(clouds, accounts, &manifests(accounts, budget, false))
}

fn with_manifests(clouds: &Clouds, accounts: usize, text: &str) -> Binary {
    let mut binary = Binary::over(clouds).manifests(&[text]);
    let keys = std::fs::read(root().join("tests/cases/keys/one.jwks.json"));
    binary.write("keys.jwks.json", keys.expect("a key set"));
    for account in 0..accounts {
        let keys = credentials::permanent("tencent", &number(account)).expect("keys by rule");
        binary = binary
            .env(&format!("A{account}_TENCENTCLOUD_SECRET_ID"), &keys.key_id)
            .env(&format!("A{account}_TENCENTCLOUD_SECRET_KEY"), &keys.secret);
    }
    binary
}

/// Plans that many accounts over a throttling sandbox, and looks at when it heard of them.
fn plan(accounts: usize, has_roles: bool) {
    let clouds = Clouds::with(Options {
        throttle_per_second: Some(BUDGET),
        ..Options::default()
    });
    let text = manifests(accounts, BUDGET, has_roles);
    let binary = with_manifests(&clouds, accounts, &text);
    for account in (0..accounts).filter(|_| has_roles) {
        clouds.add_role("tencent", &number(account));
    }
    let ended = binary.run(&["plan", "--format=json", "--timeout=60s"]);
    let document = ended.with_code(0).json();
    let changes = document["resource_changes"].as_array().expect("a list");
    assert_eq!(changes.len(), accounts * OBJECTS);
    assert!(
        changes
            .iter()
            .all(|change| change["change"]["actions"] == json!(["create"]))
    );
    assert_eq!(document["complete"], true);
    let seen = clouds.seen();
    // One for each object, one to ask whose credentials these are.
    assert!(seen.len() >= accounts * (OBJECTS + 1), "{}", seen.len());
    let sign_ins = if has_roles { accounts } else { 0 };
    // More only where one was refused, because a slow machine let two arrive together.
    assert!(clouds.count("AssumeRole") >= sign_ins);
    let arrivals = arrivals(&seen);
    assert_within_budget(&arrivals);
    let fullest = fullest_window(&arrivals);
    #[expect(
        clippy::print_stdout,
        reason = "the figures of a run by hand, seen with --nocapture"
    )]
    {
        println!(
            "{accounts} accounts, {} requests, at most {fullest} a second",
            seen.len()
        );
    }
}

#[test]
fn no_account_of_many_hears_more_than_its_budget() {
    let asked = std::env::var("IDFORM_LOAD_ACCOUNTS").ok();
    let accounts = asked.map_or(50, |text| text.parse().expect("a number of accounts"));
    plan(accounts, false);
}

/// The requests by which accounts sign in are of the same budget.
#[test]
fn a_role_that_is_assumed_counts_in_the_budget() {
    plan(12, true);
}
