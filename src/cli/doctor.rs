//! `idform doctor`: would a run work? Asks the clouds who we are and whether each kind can be read.
//! It holds readers and nothing else.

use std::collections::BTreeSet;
use std::sync::Arc;

use anyhow::{Context, Result};
use serde_json::{Map, Value};
use tokio::task::JoinSet;

use crate::compile::World;
use crate::doctor::{self, Examined, Health, Learnt, Role};
use crate::lock::{IssuerReport, Keep};
use crate::model::{Account, Diagnostic, KindName, SourceMap};
use crate::net::Reader;
use crate::observe::live;
use crate::provider::{Cloud, ConnectError, ErrorClass, Observation, ResourceKind};
use crate::view::doctor::{DoctorInput, document, policies, render};
use crate::view::progress::Progress;
use crate::view::report_json;

use super::args::{Common, Doctor as Command, Format};
use super::config::Config;
use super::output::Output;
use super::run::ReadOnly;
use super::{Exit, run};

pub(super) fn run(command: &Command, common: &Common, output: &Output) -> Result<Exit> {
    let config = Config::load(common)?;
    let selection = command.compared.selecting.selection();
    // What is not locked yet is a finding here, and no mistake of the manifests.
    let stdin = run::stdin(&command.compared.manifests)?;
    let loaded = run::load_to_lock(&command.compared.manifests, stdin, &config).select(&selection);
    let lock = loaded.lock.unwrap_or_default();
    let world = loaded.world;
    let invalid = loaded.diagnostics.has_errors();
    let found = loaded.diagnostics.into_sorted();
    let sources = &loaded.manifests.sources;
    output.diagnostics(&found, sources);
    if invalid {
        let what = super::policies::what_is_invalid(&found);
        output.say(&format!("The {what} are invalid; no cloud was contacted."));
        show([&[], &[]], Exit::Error, &found, sources, command, output);
        return Ok(Exit::Error);
    }
    if command.print_policy {
        print_policies(&world, command, output);
        return Ok(Exit::Success);
    }
    let accounts: Vec<Arc<Account>> = world.accounts.values().cloned().collect();
    let issuers: BTreeSet<String> = world.issuers().into_keys().map(str::to_owned).collect();
    let (examined, fetched) = run::block_on(async {
        let clouds = ReadOnly::to(accounts.clone(), &command.compared.clouds, &config).await?;
        let examined = examine_all(world, &accounts, &clouds, &config, output).await?;
        let fetched = clouds
            .ask_issuers(&issuers, &command.compared.clouds, &config)
            .await?;
        clouds.close().await;
        anyhow::Ok((examined, fetched))
    })??;
    let issuers: Vec<Examined> = fetched
        .iter()
        .map(|(issuer, seen)| {
            let keep = Keep::hours(0);
            let told = seen
                .as_ref()
                .map(|seen| IssuerReport::of(&lock, seen, super::drift::now(), keep));
            doctor::issuer(
                issuer,
                told.map_err(|error| (error.text.clone(), error.help.clone())),
            )
        })
        .collect();
    let bad = |examined: &Examined| examined.health() == Health::Bad;
    let exit = if examined.iter().chain(&issuers).any(bad) {
        Exit::Error
    } else {
        Exit::Success
    };
    show(
        [&examined, &issuers],
        exit,
        &found,
        sources,
        command,
        output,
    );
    Ok(exit)
}

/// The document of a run that ended before it could look.
pub(super) fn without_result(exit: Exit, found: &[Diagnostic], sources: &SourceMap) -> String {
    report_json::to_json(&document(&DoctorInput {
        accounts: &[],
        issuers: &[],
        exit_code: exit.code(),
        diagnostics: found,
        sources,
    }))
}

fn show(
    [accounts, issuers]: [&[Examined]; 2],
    exit: Exit,
    found: &[Diagnostic],
    sources: &SourceMap,
    command: &Command,
    output: &Output,
) {
    let input = DoctorInput {
        accounts,
        issuers,
        exit_code: exit.code(),
        diagnostics: found,
        sources,
    };
    match command.format {
        Format::Json => output.result(&report_json::to_json(&document(&input))),
        Format::Text if accounts.is_empty() => {}
        Format::Text => output.result(&render(&input)),
    }
}

/// Looks at all accounts at once, each within its budget; the answers are in the order of `accounts`.
async fn examine_all(
    world: World,
    accounts: &[Arc<Account>],
    clouds: &ReadOnly,
    config: &Config,
    output: &Output,
) -> Result<Vec<Examined>> {
    let world = Arc::new(world);
    let progress = Arc::new(Progress::new(output.draws_bars()));
    progress.reading(accounts.len());
    let mut looking = JoinSet::new();
    for (at, account) in accounts.iter().enumerate() {
        let cloud = crate::clouds::cloud(account.cloud)
            .context("this is a bug: an account of a cloud that is not registered")?;
        let endpoint = clouds.endpoint(cloud, config)?;
        let reader = clouds
            .reader(&account.name)
            .context("this is a bug: an account that was not connected")?
            .clone();
        let (world, account) = (Arc::clone(&world), Arc::clone(account));
        let progress = Arc::clone(&progress);
        looking.spawn(async move {
            let learnt = learn(&world, &account, cloud, endpoint, &reader).await;
            progress.read(&account.name);
            (at, doctor::account(cloud, &account, &learnt))
        });
    }
    let mut examined = looking.join_all().await;
    progress.done();
    examined.sort_by_key(|(at, _)| *at);
    Ok(examined.into_iter().map(|(_, examined)| examined).collect())
}

/// Asks, in the order in which a run depends on the answers, and stops where the next question
/// makes no sense.
async fn learn<'r>(
    world: &World,
    account: &Account,
    cloud: &'static Cloud,
    endpoint: String,
    reader: &'r Result<Reader, ConnectError>,
) -> Learnt<'r> {
    let mut learnt = Learnt {
        endpoint,
        credentials: Ok(String::new()),
        identity: None,
        clock_offset_seconds: None,
        rights: Vec::new(),
    };
    let reader = match reader {
        Ok(reader) => reader,
        Err(error) => {
            learnt.credentials = Err(error);
            return learnt;
        }
    };
    learnt.credentials = Ok(reader.credential_source().to_owned());
    let identity = reader.read(&(cloud.identity)()).await;
    let identity = identity.map(|reply| (cloud.account_of)(&reply.body));
    let is_known = identity.is_ok();
    learnt.identity = Some(identity);
    learnt.clock_offset_seconds = reader.clock_offset_seconds();
    if is_known {
        for (kind, identities) in kinds(world, cloud, &account.name) {
            let told = live::ask(reader, &[(kind, identities)]).await;
            let outcome = told.into_iter().try_for_each(|told| {
                let unreadable = told
                    .observed
                    .wanted
                    .into_values()
                    .find_map(|one| match one {
                        Observation::Unreadable(error) => Some(error),
                        Observation::Present(_) | Observation::Absent(_) => None,
                    });
                // That something is not there is an answer.
                let failed = told
                    .failed
                    .filter(|error| error.class != ErrorClass::NotFound);
                unreadable.or(failed).map_or(Ok(()), Err)
            });
            learnt.rights.push((kind.info().name, outcome));
        }
    }
    learnt
}

/// The kinds that an account has manifests of, each with the objects to ask for.
fn kinds(
    world: &World,
    cloud: &'static Cloud,
    account: &str,
) -> Vec<(&'static dyn ResourceKind, Vec<String>)> {
    let of = |name: KindName| {
        let here = world.of_account(account);
        let here = here.filter(move |desired| desired.address.kind == name);
        here.map(|desired| desired.identity.clone())
    };
    let declared = |kind: &&dyn ResourceKind| of(kind.info().name).next().is_some();
    let kinds = cloud.kinds.iter().copied().filter(|kind| declared(kind));
    kinds
        .map(|kind| (kind, of(kind.info().name).collect()))
        .collect()
}

/// The least policies for the kinds that the manifests hold.
fn print_policies(world: &World, command: &Command, output: &Output) {
    let clouds: BTreeSet<&str> = world
        .accounts
        .values()
        .map(|account| account.cloud.0)
        .collect();
    let mut headed = Vec::new();
    let mut by_cloud = Map::new();
    for cloud in crate::clouds::CLOUDS
        .iter()
        .filter(|cloud| clouds.contains(cloud.id.0))
    {
        let mut of_cloud = Map::new();
        for role in [Role::Plan, Role::Apply] {
            let permissions = doctor::permissions(world, cloud, role);
            if permissions.is_empty() {
                continue;
            }
            let document = (cloud.rights.document)(&permissions);
            let heading = match role {
                Role::Plan => format!("{}: to plan and to detect drift", cloud.title),
                Role::Apply => format!("{}: to apply", cloud.title),
            };
            of_cloud.insert(role.word().to_owned(), document.clone());
            headed.push((heading, cloud.rights.note, document));
        }
        by_cloud.insert(cloud.id.0.to_owned(), of_cloud.into());
    }
    match command.format {
        Format::Json => output.result(&report_json::to_json(&Value::from(by_cloud))),
        Format::Text => output.result(&policies(&headed)),
    }
}
