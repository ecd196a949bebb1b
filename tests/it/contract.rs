//! What every kind must do, told as a story. A new kind takes part by being registered; what it
//! shows here is all from its own tables and samples.

use serde_json::Value;

use idform::apply::Outcome;
use idform::clouds::CLOUDS;
use idform::plan::{Action, Plan};
use idform::provider::{Cloud, Naming, Removal, ResourceKind};

use crate::support::{ACCOUNTS, Clouds, document, scenery};

/// One kind on stage: its own document, and those of the objects it refers to.
struct Act {
    cloud: &'static Cloud,
    kind: &'static dyn ResourceKind,
    /// Documents for what the samples refer to by `{external: …}`.
    scenery: Vec<String>,
}

impl Act {
    fn account(&self) -> String {
        format!("{}-prod", self.cloud.id)
    }

    /// The kind's document with one of its samples as `spec`.
    fn document(&self, spec: &Value) -> String {
        document(self.kind.info().name.0, "subject", &self.account(), spec)
    }

    fn texts<'a>(&'a self, subject: &'a str) -> Vec<&'a str> {
        let mut texts = vec![ACCOUNTS, subject];
        texts.extend(self.scenery.iter().map(String::as_str));
        texts
    }

    /// A sandbox in which what the samples refer to by `{external: …}` exists already.
    fn stage(&self) -> Clouds {
        let clouds = Clouds::new();
        let mut texts = vec![ACCOUNTS];
        texts.extend(self.scenery.iter().map(String::as_str));
        for outcome in clouds.apply(&texts).outcomes {
            assert_eq!(outcome.outcome, Outcome::Done, "scenery: {outcome:#?}");
        }
        clouds
    }

    fn new(cloud: &'static Cloud, kind: &'static dyn ResourceKind) -> Self {
        let mut act = Self {
            cloud,
            kind,
            scenery: Vec::new(),
        };
        act.scenery = scenery(kind, &act.account());
        act
    }
}

fn acts() -> impl Iterator<Item = Act> {
    CLOUDS
        .iter()
        .flat_map(|cloud| cloud.kinds.iter().map(|kind| Act::new(cloud, *kind)))
}

/// The subject's action in a plan.
fn action(plan: &Plan) -> Action {
    subject(plan).action
}

fn subject(plan: &Plan) -> &idform::plan::Step {
    plan.steps
        .iter()
        .find(|step| step.address.name == "subject")
        .expect("the subject is planned")
}

fn assert_done(clouds: &Clouds, act: &Act, text: &str, what: &str) {
    let report = clouds.apply(&act.texts(text));
    for outcome in &report.outcomes {
        assert_eq!(outcome.outcome, Outcome::Done, "{what}: {outcome:#?}");
    }
    let plan = clouds.plan(&act.texts(text));
    for step in &plan.steps {
        assert_eq!(
            step.action,
            Action::NoOp,
            "{what}: after apply the plan is empty: {step:#?}"
        );
    }
}

/// Kinds whose objects every account has from its first day: their first write is an update.
const ALWAYS_THERE: &[&str] = &["AlibabaUserSso"];

#[test]
fn every_kind_lives_its_whole_life() {
    for act in acts() {
        let name = act.kind.info().name;
        let samples = act.kind.samples();
        let clouds = act.stage();

        // At first there is nothing, and a plan says so.
        let minimal = act.document(&samples.minimal);
        let plan = clouds.plan(&act.texts(&minimal));
        let first = if ALWAYS_THERE.contains(&name.0) {
            Action::Update
        } else {
            Action::Create
        };
        assert_eq!(action(&plan), first, "{name}: {:#?}", subject(&plan));

        // The least that creates it does create it, and then nothing is left to do.
        assert_done(&clouds, &act, &minimal, &format!("{name} minimal"));

        // Everything that can be said of it can be said.
        let full = act.document(&samples.full);
        assert_done(&clouds, &act, &full, &format!("{name} full"));

        // What can change in place is changed in place.
        let changed = act.document(&samples.changed);
        let plan = clouds.plan(&act.texts(&changed));
        assert_eq!(
            action(&plan),
            Action::Update,
            "{name}: {:#?}",
            subject(&plan)
        );
        assert_done(&clouds, &act, &changed, &format!("{name} changed"));

        // A manifest that says less than the cloud has is content with what is there.
        let less = least(act.kind, &samples.changed);
        let plan = clouds.plan(&act.texts(&act.document(&less)));
        assert_eq!(
            action(&plan),
            Action::NoOp,
            "{name}: what is left out is not ours"
        );

        // What is left out of an update keeps its value, also where the API replaces whole objects.
        for field in act.kind.info().fields {
            if samples.full[field.name] == samples.changed[field.name]
                || samples.full[field.name].is_null()
            {
                continue;
            }
            let mut one = least(act.kind, &samples.changed);
            one[field.name] = samples.full[field.name].clone();
            let text = act.document(&one);
            let before = clouds.plan(&act.texts(&text));
            if subject(&before).blocked.is_some() {
                continue;
            }
            let known = subject(&before).before.clone().expect("it is there");
            assert_done(
                &clouds,
                &act,
                &text,
                &format!("{name}.{} alone", field.name),
            );
            let after = clouds.plan(&act.texts(&text));
            for (other, value) in subject(&after).before.as_deref().expect("it is there") {
                if other != field.name && other != "enabled" {
                    assert_eq!(
                        known.get(other),
                        Some(value),
                        "{name}: `{other}` kept when `{}` changed",
                        field.name
                    );
                }
            }
        }
    }
}

/// Only what identifies the object.
fn least(kind: &dyn ResourceKind, from: &Value) -> Value {
    let mut least = serde_json::json!({});
    if matches!(kind.info().naming, Naming::Named(_)) && !from["name"].is_null() {
        least["name"] = from["name"].clone();
    }
    for field in kind.info().fields {
        if field.need == idform::provider::Need::Always {
            least[field.name] = from[field.name].clone();
        }
    }
    least
}

#[test]
fn every_kind_can_go_again() {
    for act in acts() {
        let info = act.kind.info();
        let clouds = act.stage();
        let samples = act.kind.samples();
        assert_done(
            &clouds,
            &act,
            &act.document(&samples.full),
            &format!("{} full", info.name),
        );
        if matches!(info.removal, Removal::WithParent(_)) {
            // It goes with its provider; the stories of Huawei Cloud tell how.
            continue;
        }
        let mut gone: Value = serde_json::from_str(&act.document(&samples.full)).expect("JSON");
        gone["lifecycle"] = serde_json::json!({"ensure": "absent"});
        let gone = gone.to_string();
        let plan = clouds.plan(&act.texts(&gone));
        let expected = match info.removal {
            Removal::Disable => Action::Disable,
            Removal::Delete | Removal::WithParent(_) => Action::Delete,
        };
        assert_eq!(action(&plan), expected, "{}", info.name);
        assert_done(&clouds, &act, &gone, &format!("{} gone", info.name));
    }
}

#[test]
fn what_cannot_be_read_is_never_taken_for_absent() {
    for act in acts() {
        let info = act.kind.info();
        let samples = act.kind.samples();
        let full = act.document(&samples.full);
        for live in [false, true] {
            for fault in ["deny", "status:500", "status:503", "html", "html-200"] {
                let clouds = act.stage();
                if live {
                    clouds.apply(&act.texts(&full));
                }
                // Every read of this kind fails, those of its neighbours with it.
                for read in act
                    .kind
                    .reads(idform::provider::Scope::Account(&identities(&act, &full)))
                {
                    clouds.fault(&format!("{}={fault}", read.0.name));
                }
                let plan = clouds.plan(&act.texts(&full));
                let step = subject(&plan);
                assert_eq!(
                    step.action,
                    Action::Unreadable,
                    "{} {fault}: {step:#?}",
                    info.name
                );
                assert!(!plan.complete);
                assert!(
                    step.phases.is_empty(),
                    "nothing is done to what cannot be read"
                );
            }
        }
    }
}

fn identities(act: &Act, text: &str) -> Vec<String> {
    crate::support::world(&act.texts(text))
        .objects
        .values()
        .filter(|desired| desired.address.name == "subject")
        .map(|desired| desired.identity.clone())
        .collect()
}
