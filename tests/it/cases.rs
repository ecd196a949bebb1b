//! Plan cases as data: each folder of `tests/cases/plan` is a world, and what is planned and done
//! there.
//!
//! In: `manifests.yaml` (or several files in `manifests/`), and what the clouds hold before, as
//! `live.yaml` (manifests that are applied first) and `live.json` (laid over the sandbox's state
//! files, by cloud or `cloud/account`). The usual three accounts are always declared; the files of
//! `tests/cases/keys` (key sets, SAML metadata) can be named by `file:`.
//!
//! Out: `plan.txt` and `plan.json`, what `idform plan` shows; `calls.txt`, what applying it sends,
//! one change at a time, and what a second plan then says. `INSTA_UPDATE=always` writes them anew.

use std::fmt::Write as _;
use std::path::Path;

use serde_json::Value;
use tokio_util::sync::CancellationToken;

use idform::apply::{Event, Failure, Outcome, Report};
use idform::compile::portable::CATALOGUE;
use idform::compile::{World, compile};
use idform::lock::Lock;
use idform::manifest::{self, AllowedEnv, Manifests};
use idform::model::Diagnostic;
use idform::plan::{self, Plan};
use idform::sandbox::credentials;
use idform::view::{Theme, diagnostics, plan_json, plan_text};

use crate::support::{ACCOUNTS, Clouds, root};

/// Columns that the texts are laid out for.
const WIDTH: usize = 110;

#[test]
fn every_case_plans_and_applies_as_it_says() {
    let update = std::env::var("INSTA_UPDATE").is_ok_and(|how| how == "always");
    let mut differ = Vec::new();
    let cases = entries(&root().join("tests/cases/plan"));
    assert!(!cases.is_empty(), "there are cases");
    for case in cases {
        for (name, text) in results(&case) {
            let file = case.join(name);
            let known = std::fs::read_to_string(&file).unwrap_or_default();
            if known == text {
                continue;
            }
            if update {
                std::fs::write(&file, &text).expect("a result can be written");
            } else {
                let diff = similar::TextDiff::from_lines(&known, &text);
                differ.push(format!(
                    "{}\n{}",
                    file.display(),
                    diff.unified_diff().context_radius(4)
                ));
            }
        }
    }
    assert!(
        differ.is_empty(),
        "these results differ; look at them, and run with INSTA_UPDATE=always if they are right\n\n{}",
        differ.join("\n")
    );
}

/// The three results of one case.
fn results(case: &Path) -> [(&'static str, String); 3] {
    let mut clouds = Clouds::new();
    clouds.parallelism = 1;
    prepare(case, &clouds);
    let (manifests, mut world) = compiled(&manifests(case));
    let plan = match &mut world {
        Ok(world) => {
            let snapshot = clouds.read(world);
            let plan = crate::support::make(world, &snapshot);
            let found = plan::findings(world, &snapshot, &plan);
            Ok((plan, found))
        }
        Err(found) => Err(found.clone()),
    };
    let (plan, found) = match plan {
        Ok((plan, found)) => (Some(plan), found),
        Err(found) => (None, found),
    };
    let theme = Theme::plain();
    let mut text = diagnostics::render(&found, &manifests.sources, &theme, WIDTH);
    if let Some(plan) = &plan {
        if !text.is_empty() {
            text.push('\n');
        }
        text.push_str(&plan_text::render(plan, &theme, WIDTH));
    }
    let document = plan_json::document(&plan_json::PlanInput {
        plan: plan.as_ref(),
        command: "plan",
        exit_code: 0,
        errored: false,
        diagnostics: &found,
        sources: &manifests.sources,
    });
    let calls = match (world, plan) {
        (Ok(world), Some(plan)) => applied(&clouds, &world, plan),
        _ => "nothing: the manifests are invalid\n".to_owned(),
    };
    [
        ("plan.txt", text),
        ("plan.json", plan_json::to_json(&document)),
        ("calls.txt", calls),
    ]
}

/// Brings the clouds into the state that the case begins with.
fn prepare(case: &Path, clouds: &Clouds) {
    if let Ok(text) = std::fs::read_to_string(case.join("live.yaml")) {
        let (_, world) = compiled(&[("live.yaml".to_owned(), text)]);
        let world = world.unwrap_or_else(|found| panic!("{}: {found:#?}", case.display()));
        let plan = crate::support::make(&world, &clouds.read(&world));
        let report = clouds.carry_out(&world, plan, CancellationToken::new(), |_| {});
        for step in report.outcomes {
            assert_eq!(step.outcome, Outcome::Done, "{}: {step:#?}", case.display());
        }
    }
    if let Ok(text) = std::fs::read_to_string(case.join("live.json")) {
        let live: Value = serde_json::from_str(&text).expect("live.json is JSON");
        for (place, patch) in live.as_object().expect("live.json is an object") {
            let (cloud, account) = match place.split_once('/') {
                Some((cloud, account)) => (cloud, account),
                None => (
                    place.as_str(),
                    credentials::default_account(place).expect("a cloud of the sandbox"),
                ),
            };
            clouds.edit(cloud, account, |state| merge(state, patch));
        }
    }
}

/// Lays a patch over a document; null takes a member out only where the patch says `"$remove"`.
fn merge(document: &mut Value, patch: &Value) {
    let Value::Object(members) = patch else {
        *document = patch.clone();
        return;
    };
    if !document.is_object() {
        *document = serde_json::json!({});
    }
    for (name, value) in members {
        if value == "$remove" {
            document.as_object_mut().expect("an object").remove(name);
        } else {
            merge(&mut document[name], value);
        }
    }
}

/// Carries the plan out and tells what was sent, how each change ended, and what is left to do.
fn applied(clouds: &Clouds, world: &World, plan: Plan) -> String {
    let mut text = String::new();
    let report = clouds.carry_out(world, plan, CancellationToken::new(), |event| match event {
        Event::Called { address, record } => {
            let error = record
                .error
                .map_or_else(String::new, |_| " (refused)".to_owned());
            let _ = writeln!(text, "{} for {address}{error}", record.name);
        }
        Event::Started { .. } | Event::Calling { .. } | Event::Finished { .. } => {}
    });
    outcomes(&report, &mut text);
    let again = crate::support::make(world, &clouds.read(world));
    let left: Vec<String> = again
        .steps
        .iter()
        .filter(|step| step.action != plan::Action::NoOp)
        .map(|step| format!("{} {}", step.address, step.action.word()))
        .collect();
    let left = if left.is_empty() {
        "nothing".to_owned()
    } else {
        left.join(", ")
    };
    let _ = writeln!(text, "left to do: {left}");
    text
}

fn outcomes(report: &Report, text: &mut String) {
    for step in &report.outcomes {
        let how = match &step.outcome {
            Outcome::Done => "done".to_owned(),
            Outcome::Failed(Failure::Write(error)) => format!("refused ({:?})", error.class),
            Outcome::Failed(failure) => format!("failed: {failure:?}"),
            Outcome::Stale { moved } => format!("stale: {}", moved.join(", ")),
            Outcome::Skipped { because, .. } => format!("skipped because of {because}"),
            Outcome::Cancelled => "cancelled".to_owned(),
        };
        let _ = writeln!(text, "{} {}: {how}", step.action.word(), step.address);
    }
}

/// The manifests of a case, by file name.
fn manifests(case: &Path) -> Vec<(String, String)> {
    let single = case.join("manifests.yaml");
    let files = if single.exists() {
        vec![single]
    } else {
        entries(&case.join("manifests"))
    };
    files
        .iter()
        .map(|file| {
            let name = file.file_name().unwrap_or_default().to_string_lossy();
            let text = std::fs::read_to_string(file).expect("a manifest can be read");
            (name.into_owned(), text)
        })
        .collect()
}

fn compiled(files: &[(String, String)]) -> (Manifests, Result<World, Vec<Diagnostic>>) {
    let keys: Vec<(String, String)> = entries(&root().join("tests/cases/keys"))
        .iter()
        .map(|file| {
            let name = file.file_name().unwrap_or_default().to_string_lossy();
            let text = std::fs::read_to_string(file).expect("keys can be read");
            (name.into_owned(), text)
        })
        .collect();
    let mut texts = vec![("accounts.yaml", ACCOUNTS)];
    texts.extend(pairs(files));
    let (mut manifests, mut found) =
        manifest::parse_texts(&texts, &pairs(&keys), CATALOGUE, &AllowedEnv::default());
    let world = compile(&mut manifests, Some(&Lock::default()), &mut found);
    let found = found.into_sorted();
    let world = if found.is_empty() {
        Ok(world)
    } else {
        Err(found)
    };
    (manifests, world)
}

fn pairs(texts: &[(String, String)]) -> Vec<(&str, &str)> {
    texts
        .iter()
        .map(|(name, text)| (name.as_str(), text.as_str()))
        .collect()
}

fn entries(folder: &Path) -> Vec<std::path::PathBuf> {
    let mut found: Vec<_> = std::fs::read_dir(folder)
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        .map(|entry| entry.expect("an entry can be read").path())
        .collect();
    found.sort();
    found
}
