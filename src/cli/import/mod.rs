//! `idform import`: manifests for what is live in accounts. Reads the clouds, writes files.
//!
//! What is written is read again and planned before it gets its final names, so that no folder ever
//! holds manifests that would change something.

mod aside;
mod survey;
mod told;

use std::collections::BTreeSet;
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use tokio::task::JoinSet;

use crate::compile::{World, portable};
use crate::import::{Declared, Import, Surveyed, Wish};
use crate::manifest::Ensure;
use crate::model::{Account, Address, Code, Diagnostic, Selector, SourceMap, address};
use crate::observe::live;
use crate::plan::{Action, Guards, Plan, of_account};
use crate::view::progress::Progress;

use super::args::{Common, Import as Command};
use super::config::Config;
use super::output::Output;
use super::run::{Connected, Loaded};
use super::signals::unless_interrupted;
use super::{Exit, run};
use aside::Aside;
use survey::Survey;
use told::Told;

pub(super) use told::without_result;

pub(super) fn run(command: &Command, common: &Common, output: &Output) -> Result<Exit> {
    let config = Config::load(common)?;
    let stdin = run::stdin(&command.manifests)?;
    let paths = &command.manifests.paths;
    let mut loaded = run::load_paths(paths, stdin.clone(), &command.manifests, &config);
    let Some(accounts) = usable(&mut loaded, &command.account) else {
        let told = Told {
            found: loaded.diagnostics.into_sorted(),
            ..Told::default()
        };
        return Ok(told.show(command, output, &loaded.manifests.sources));
    };
    let targets: Arc<[Selector]> = command.target.clone().into();
    let wishes = accounts.iter().map(|account| {
        Ok(Arc::new(Wish {
            cloud: crate::clouds::cloud(account.cloud)
                .context("this is a bug: an account of a cloud that is not registered")?,
            targets: Arc::clone(&targets),
            declared: declared(&loaded.world, account),
            account: Arc::clone(account),
        }))
    });
    let wishes = wishes.collect::<Result<Vec<_>>>()?;
    let (told, sources) = run::block_on(async {
        let connected = Connected::to(accounts, &command.clouds, &config).await?;
        let work = import(command, &config, stdin, &wishes, &connected, output);
        let ended = unless_interrupted(work).await?;
        connected.close().await;
        ended
    })??;
    let sources = sources.unwrap_or(loaded.manifests.sources);
    Ok(told.show(command, output, &sources))
}

/// The accounts that are named, when the manifests are valid and declare them.
fn usable(loaded: &mut Loaded, named: &[String]) -> Option<Vec<Arc<Account>>> {
    let world = &loaded.world.accounts;
    for pattern in named {
        let mut broken = loaded.manifests.unusable_accounts.iter();
        let is_hit = world.keys().any(|name| address::glob(pattern, name))
            || broken.any(|name| address::glob(pattern, name));
        if !is_hit {
            let known: Vec<&str> = world.keys().map(String::as_str).collect();
            loaded.diagnostics.push(
                Diagnostic::error(
                    Code::UnknownAccount,
                    "no manifest declares the account that `--account` names",
                )
                .note(format!("named: {pattern}; declared: {}", known.join(", ")))
                .help("declare it under PATH: a document with `kind: Account` and this name"),
            );
        }
    }
    let is_named = |name: &str| named.iter().any(|pattern| address::glob(pattern, name));
    let accounts = world.values().filter(|account| is_named(&account.name));
    let accounts = accounts.cloned().collect();
    (!loaded.diagnostics.has_errors()).then_some(accounts)
}

/// What manifests declare of the account, also under another name for the same number.
fn declared(world: &World, account: &Account) -> Declared {
    let same = |name: &str| {
        name == account.name
            || world.accounts.get(name).is_some_and(|other| {
                other.cloud == account.cloud
                    && other.account_id.is_some()
                    && other.account_id == account.account_id
            })
    };
    let mut declared = Declared::default();
    for (address, desired) in &world.objects {
        if !same(&address.account) {
            continue;
        }
        let key = (address.kind, desired.identity.clone());
        if address.account == account.name && desired.ensure == Ensure::Present {
            declared.names.insert(key.clone(), address.name.clone());
        }
        declared.objects.insert(key, address.clone());
    }
    declared
}

async fn import(
    command: &Command,
    config: &Config,
    stdin: Option<String>,
    wishes: &[Arc<Wish>],
    connected: &Connected,
    output: &Output,
) -> Result<(Told, Option<SourceMap>)> {
    let mut surveys = surveys(wishes, connected, output).await?;
    let mut found: Vec<Diagnostic> = Vec::new();
    for survey in &mut surveys {
        found.append(&mut survey.problems);
    }
    if found.is_empty() {
        found = untouched(&command.target, &surveys);
    }
    let accounts: Vec<Surveyed<'_>> = wishes
        .iter()
        .zip(&surveys)
        .map(|(wish, survey)| Surveyed {
            wish,
            found: &survey.found,
        })
        .collect();
    let catalogue = (!command.native).then_some(portable::CATALOGUE);
    let mut import = crate::import::manifests(catalogue, &accounts);
    for survey in &surveys {
        import.left_out.extend(survey.left_out.iter().cloned());
    }
    import.left_out.sort();
    let mut told = Told {
        accounts: wishes.iter().map(|it| it.account.name.clone()).collect(),
        import,
        found,
        ..Told::default()
    };
    let existing = aside::existing(&command.out, &told.import);
    let refused = !existing.is_empty();
    told.found.extend(existing);
    if refused || told.import.objects.is_empty() {
        return Ok((told, None));
    }
    let aside = Aside::write(&command.out, &told.import)?;
    let mut paths = command.manifests.paths.clone();
    paths.push(aside.folder.clone());
    let again = run::load_paths(&paths, stdin, &command.manifests, config);
    if again.diagnostics.has_errors() {
        told.found.extend(again.diagnostics.into_sorted());
        return Ok((told, Some(again.manifests.sources)));
    }
    let world = only(again.world, &told.import);
    let progress = Progress::new(false);
    let planned = connected
        .survey(&world, &Guards::default(), &progress)
        .await;
    told.found.extend(planned.findings);
    if let Some(finding) = difference(&planned.plan, &told.import) {
        told.found.push(finding);
        told.plan = Some(planned.plan);
        return Ok((told, Some(again.manifests.sources)));
    }
    aside.publish(&command.out, &told.import)?;
    told.is_written = true;
    Ok((told, Some(again.manifests.sources)))
}

/// Reads all accounts at once, each within its budget; the answers are in the order of `wishes`.
async fn surveys(
    wishes: &[Arc<Wish>],
    connected: &Connected,
    output: &Output,
) -> Result<Vec<Survey>> {
    let progress = Arc::new(Progress::new(output.draws_bars()));
    progress.reading(wishes.len());
    let mut readers = connected.readers();
    let mut reading = JoinSet::new();
    for (at, wish) in wishes.iter().enumerate() {
        let Some(reader) = readers.remove(&wish.account.name) else {
            bail!("this is a bug: the account was not connected");
        };
        let (wish, progress) = (Arc::clone(wish), Arc::clone(&progress));
        reading.spawn(async move {
            let survey = match reader {
                Ok(reader) => Survey::of(&wish, &reader).await,
                Err(error) => {
                    let reading = live::no_credentials(&error);
                    Survey::failed(of_account(&wish.account.name, &reading))
                }
            };
            progress.read(&wish.account.name);
            (at, survey)
        });
    }
    let mut surveys = reading.join_all().await;
    progress.done();
    surveys.sort_by_key(|(at, _)| *at);
    Ok(surveys.into_iter().map(|(_, survey)| survey).collect())
}

/// Targets that nothing answers to; when all could be read.
fn untouched(targets: &[Selector], surveys: &[Survey]) -> Vec<Diagnostic> {
    let seen = || surveys.iter().flat_map(|survey| &survey.seen);
    targets
        .iter()
        .filter(|target| !seen().any(|called| target.matches(called)))
        .map(|target| {
            Diagnostic::error(
                Code::TargetNotFound,
                format!("`--target {target}` names nothing that is live"),
            )
            .help("write account/Kind/name with the name in the cloud; `*` stands for any text")
        })
        .collect()
}

/// The imported objects alone.
fn only(mut world: World, import: &Import) -> World {
    let imported: BTreeSet<&Address> = import
        .objects
        .iter()
        .map(|object| &object.address)
        .collect();
    let accounts: BTreeSet<&str> = imported
        .iter()
        .map(|address| address.account.as_str())
        .collect();
    world
        .objects
        .retain(|address, _| imported.contains(address));
    world
        .accounts
        .retain(|name, _| accounts.contains(name.as_str()));
    world
}

/// Why the plan is not the one that an import must give.
fn difference(plan: &Plan, import: &Import) -> Option<Diagnostic> {
    let same = |object: &crate::import::Imported| {
        plan.steps
            .iter()
            .any(|step| step.address == object.address && step.action == Action::NoOp)
    };
    let differing: Vec<String> = import
        .objects
        .iter()
        .filter(|object| !same(object))
        .map(|object| object.address.to_string())
        .collect();
    (!differing.is_empty()).then(|| {
        Diagnostic::error(
            Code::ImportDiffers,
            "planning the imported manifests would change something",
        )
        .note(format!(
            "these are not as written: {}",
            differing.join(", ")
        ))
        .help("nothing was written; if somebody is changing the account now, import again")
    })
}
