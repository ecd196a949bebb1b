//! `idform import`: manifests for what is live in an account. Reads the clouds, writes files.
//!
//! What is written is read again and planned before it gets its final names, so that no folder ever
//! holds manifests that would change something.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result, bail};

use crate::compile::World;
use crate::import::{Declared, Found, Import, LeftOut, Round, SCHEMA_FILE, Wish};
use crate::manifest::{Ensure, manifest_schema};
use crate::model::{Account, Address, Code, Diagnostic, KindName, SourceMap};
use crate::net::Reader;
use crate::observe::live;
use crate::plan::{Action, Guards, Plan, of_account};
use crate::provider::{Listing, Live, Observation, ProviderError};
use crate::view::progress::Progress;
use crate::view::{import_json, import_text, plan_text};

use super::args::{Common, Format, Import as Command};
use super::config::Config;
use super::output::Output;
use super::run::{Connected, Loaded};
use super::{Exit, run};

/// The hidden folder in which files lie until they are known to be right.
const ASIDE: &str = ".idform-import";

pub(super) fn run(command: &Command, common: &Common, output: &Output) -> Result<Exit> {
    let config = Config::load(common)?;
    let stdin = run::stdin(&command.manifests)?;
    let paths = &command.manifests.paths;
    let mut loaded = run::load_paths(paths, stdin.clone(), &command.manifests, &config);
    let Some(account) = usable(&mut loaded, &command.account) else {
        let told = Told {
            found: loaded.diagnostics.into_sorted(),
            ..Told::default()
        };
        return Ok(told.show(command, output, &loaded.manifests.sources));
    };
    let declared = declared(&loaded.world, &account);
    let wish = Wish {
        account: &account,
        cloud: crate::clouds::cloud(account.cloud)
            .context("this is a bug: an account of a cloud that is not registered")?,
        targets: &command.target,
        declared: &declared,
    };
    let (told, sources) = run::block_on(async {
        let accounts = vec![Arc::clone(&account)];
        let connected = Connected::to(accounts, &command.clouds, &config).await?;
        let ended = import(command, &config, stdin, &wish, &connected, output).await;
        connected.close().await;
        ended
    })??;
    let sources = sources.unwrap_or(loaded.manifests.sources);
    Ok(told.show(command, output, &sources))
}

/// The account that is named, when the manifests are valid and declare it.
fn usable(loaded: &mut Loaded, name: &str) -> Option<Arc<Account>> {
    let account = loaded.world.accounts.get(name).cloned();
    if account.is_none() && !loaded.manifests.unusable_accounts.contains(name) {
        let known: Vec<&str> = loaded.world.accounts.keys().map(String::as_str).collect();
        loaded.diagnostics.push(
            Diagnostic::error(
                Code::UnknownAccount,
                "no manifest declares the account that `--account` names",
            )
            .note(format!("named: {name}; declared: {}", known.join(", ")))
            .help("declare it under PATH: a document with `kind: Account` and this name"),
        );
    }
    account.filter(|_| !loaded.diagnostics.has_errors())
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

/// How an import ended.
#[derive(Default)]
struct Told {
    import: Import,
    /// The plan of what was written, when it is not empty.
    plan: Option<Plan>,
    found: Vec<Diagnostic>,
    /// Whether the files have their final names.
    is_written: bool,
}

impl Told {
    fn show(&self, command: &Command, output: &Output, sources: &SourceMap) -> Exit {
        let failed = self.plan.is_some()
            || self
                .found
                .iter()
                .any(|finding| finding.severity == crate::model::Severity::Error);
        let exit = if failed { Exit::Error } else { Exit::Success };
        output.diagnostics(&self.found, sources);
        let out = command.out.to_string_lossy();
        let input = import_json::ImportInput {
            account: &command.account,
            out: &out,
            import: &self.import,
            is_written: self.is_written,
            plan: self.plan.as_ref(),
            exit_code: exit.code(),
            diagnostics: &self.found,
            sources,
        };
        match command.format {
            Format::Json => output.result(&import_json::to_json(&import_json::document(&input))),
            Format::Text => {
                if let Some(plan) = &self.plan {
                    output.result(&plan_text::render(plan, &output.theme, output.width));
                }
                output.result(&import_text::render(&input));
            }
        }
        exit
    }
}

async fn import(
    command: &Command,
    config: &Config,
    stdin: Option<String>,
    wish: &Wish<'_>,
    connected: &Connected,
    output: &Output,
) -> Result<(Told, Option<SourceMap>)> {
    let progress = Progress::new(output.draws_bars());
    progress.reading(1);
    let mut survey = Survey::default();
    match connected.readers().remove(&wish.account.name) {
        Some(Ok(reader)) => survey.read(wish, &reader).await,
        Some(Err(error)) => {
            let reading = live::no_credentials(&error);
            survey
                .problems
                .extend(of_account(&wish.account.name, &reading));
        }
        None => bail!("this is a bug: the account was not connected"),
    }
    progress.read(&wish.account.name);
    progress.done();
    survey.problems.extend(untouched(wish, &survey));
    let mut import = crate::import::manifests(wish, &survey.found);
    import.left_out.extend(survey.left_out);
    import.left_out.sort();
    let mut told = Told {
        import,
        found: survey.problems,
        ..Told::default()
    };
    let existing = existing(&command.out, &told.import);
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

/// All that the cloud told.
#[derive(Default)]
struct Survey {
    found: Vec<Found>,
    left_out: Vec<LeftOut>,
    problems: Vec<Diagnostic>,
    /// What targets could hit.
    seen: Vec<Address>,
    /// Identities that others may be named after.
    parents: BTreeMap<KindName, Vec<String>>,
}

impl Survey {
    async fn read(&mut self, wish: &Wish<'_>, reader: &Reader) {
        if let Err(reading) = live::check_account(wish.account, reader).await {
            self.problems
                .extend(of_account(&wish.account.name, &reading));
            return;
        }
        let by_name = self
            .round(wish, reader, crate::import::first_round(wish))
            .await;
        self.round(wish, reader, by_name).await;
        let parents = std::mem::take(&mut self.parents);
        self.round(wish, reader, crate::import::second_round(wish, &parents))
            .await;
    }

    /// Asks, and tells what is to be asked by name because a list showed the names only.
    async fn round(&mut self, wish: &Wish<'_>, reader: &Reader, round: Round) -> Round {
        self.left_out.extend(round.left_out);
        let mut by_name = Round::default();
        let told = live::ask(reader, &round.asked).await;
        for ((kind, wanted), told) in round.asked.iter().zip(told) {
            let info = kind.info();
            let mut objects: BTreeMap<String, Live> = BTreeMap::new();
            let mut has_told_of_failure = false;
            for (identity, observation) in told.observed.wanted {
                match observation {
                    Observation::Present(live) => {
                        objects.insert(identity, live);
                    }
                    Observation::Absent(_) => {}
                    Observation::Unreadable(error) => {
                        has_told_of_failure = true;
                        self.problems
                            .push(unreadable(wish, info.name, &identity, &error));
                    }
                }
            }
            match told.observed.others {
                Listing::Complete(others) if kind.lists_names_only() => {
                    if wanted.is_empty() {
                        let (names, rest) = to_be_asked(wish, info, others);
                        objects.extend(rest);
                        if !names.is_empty() {
                            by_name.asked.push((*kind, names));
                        }
                    }
                }
                Listing::Complete(others) => objects.extend(others),
                Listing::NotRead if wanted.is_empty() && !has_told_of_failure => {
                    let error = told.failed.unwrap_or_else(|| incomplete(info.name));
                    self.problems.push(unreadable(wish, info.name, "", &error));
                }
                Listing::NotRead => {}
            }
            for (identity, live) in objects {
                self.object(wish, *kind, identity, live);
            }
        }
        by_name
    }

    fn object(
        &mut self,
        wish: &Wish<'_>,
        kind: &'static dyn crate::provider::ResourceKind,
        identity: String,
        live: Live,
    ) {
        let info = kind.info();
        let against = wish.reason_against(info, &identity);
        let is_declared = wish
            .declared
            .objects
            .contains_key(&(info.name, identity.clone()));
        // What hangs on a declared object may be undeclared; what hangs on one that is not ours is
        // not ours either.
        if against.is_none() || is_declared {
            let parents = self.parents.entry(info.name).or_default();
            parents.push(identity.clone());
        }
        let called = wish.called(info, &identity);
        if !wish.is_targeted(&called) {
            return;
        }
        self.seen.push(called);
        if let Some(why) = against {
            self.left_out.push(LeftOut {
                kind: info.name,
                cloud_name: Some(identity),
                field: None,
                why,
            });
        } else if live.fields.is_empty() {
            self.problems.push(unreadable(
                wish,
                info.name,
                &identity,
                &incomplete(info.name),
            ));
        } else {
            self.found.push(Found {
                kind,
                identity,
                fields: live.fields,
            });
        }
    }
}

/// Of listed objects, the names of those that will be written, and the rest.
fn to_be_asked(
    wish: &Wish<'_>,
    info: &crate::provider::KindInfo,
    others: BTreeMap<String, Live>,
) -> (Vec<String>, BTreeMap<String, Live>) {
    let (asked, rest): (BTreeMap<_, _>, BTreeMap<_, _>) =
        others.into_iter().partition(|(identity, _)| {
            wish.reason_against(info, identity).is_none()
                && wish.is_targeted(&wish.called(info, identity))
        });
    (asked.into_keys().collect(), rest)
}

fn incomplete(kind: KindName) -> ProviderError {
    ProviderError::new(
        crate::provider::ErrorClass::Protocol,
        kind.0,
        "the answer is none of the documented ones",
    )
}

fn unreadable(
    wish: &Wish<'_>,
    kind: KindName,
    identity: &str,
    error: &ProviderError,
) -> Diagnostic {
    let account = &wish.account.name;
    let title = if identity.is_empty() {
        format!("{account}/{kind} could not be read")
    } else {
        format!("{account}/{kind}/{identity} could not be read")
    };
    let finding = Diagnostic::error(Code::ObjectUnreadable, title).note(error.to_string());
    finding.help(
        error
            .hint()
            .unwrap_or("the rest is imported; mend the cause and import again"),
    )
}

/// Targets that nothing answers to, when all could be read.
fn untouched(wish: &Wish<'_>, survey: &Survey) -> Vec<Diagnostic> {
    if !survey.problems.is_empty() {
        return Vec::new();
    }
    wish.targets
        .iter()
        .filter(|target| !survey.seen.iter().any(|called| target.matches(called)))
        .map(|target| {
            Diagnostic::error(
                Code::TargetNotFound,
                format!("`--target {target}` names nothing that is live"),
            )
            .help("write account/Kind/name with the name in the cloud; `*` stands for any text")
        })
        .collect()
}

/// Files that are there already; nothing is written then.
fn existing(out: &Path, import: &Import) -> Vec<Diagnostic> {
    import
        .files
        .keys()
        .filter(|path| fs_err::symlink_metadata(out.join(path)).is_ok())
        .map(|path| {
            Diagnostic::error(
                Code::FileExists,
                "a file that would be written is there already",
            )
            .in_file(out.join(path).to_string_lossy())
            .help("nothing was written: name another folder, or put --out among the paths")
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

/// Files that have not got their final names yet; dropped, they are gone.
struct Aside {
    folder: PathBuf,
    /// The folder of `--out`, when it was made for this.
    made: Option<PathBuf>,
}

impl Aside {
    fn write(out: &Path, import: &Import) -> Result<Self> {
        let made = (!out.exists()).then(|| out.to_owned());
        fs_err::create_dir_all(out).context("make the folder of --out")?;
        let folder = out.join(ASIDE);
        fs_err::create_dir(&folder)
            .context("begin to write; is another import under way, or was one killed?")?;
        let aside = Self { folder, made };
        for (path, text) in &import.files {
            let path = aside.folder.join(path);
            if let Some(parent) = path.parent() {
                fs_err::create_dir_all(parent).context("make a folder for manifests")?;
            }
            fs_err::write(&path, text).context("write a manifest")?;
        }
        Ok(aside)
    }

    /// Gives every file its final name, side files first, and the schema if there is none.
    fn publish(&self, out: &Path, import: &Import) -> Result<()> {
        let is_manifest =
            |path: &&String| import.objects.iter().any(|object| object.file == **path);
        let sides = import.files.keys().filter(|path| !is_manifest(path));
        for path in sides.chain(import.files.keys().filter(is_manifest)) {
            let to = out.join(path);
            if let Some(parent) = to.parent() {
                fs_err::create_dir_all(parent).context("make a folder for manifests")?;
            }
            if fs_err::symlink_metadata(&to).is_ok() {
                bail!(
                    "{} appeared while it was written; import again",
                    to.display()
                );
            }
            fs_err::rename(self.folder.join(path), &to).context("put a manifest in its place")?;
        }
        let schema = out.join(SCHEMA_FILE);
        if fs_err::symlink_metadata(&schema).is_err() {
            let text = manifest_schema(crate::clouds::CLOUDS);
            let text = serde_json::to_string_pretty(&text).context("write the schema")? + "\n";
            fs_err::write(&schema, text).context("write the schema")?;
        }
        Ok(())
    }
}

impl Drop for Aside {
    fn drop(&mut self) {
        // What stays is hidden and said when the next import begins.
        let _ = fs_err::remove_dir_all(&self.folder);
        if let Some(out) = &self.made {
            // Only when it is empty, which is when it was made for nothing.
            let _ = fs_err::remove_dir(out);
        }
    }
}
