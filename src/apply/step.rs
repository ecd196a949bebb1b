//! One phase of one change: read again, compare with the plan, send its calls, read back.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use crate::model::{Fields, Value};
use crate::net::{Reader, Writer};
use crate::observe::live::read_one;
use crate::plan::{Step, diff};
use crate::provider::{
    Again, ErrorClass, Facts, Observation, Phase, PhaseWrites, ResourceKind, Write,
};

use super::Listener;
use super::event::{CallRecord, Event, Failure, Outcome};

/// Most times one write is sent when its outcome stays open and reading shows no effect.
const SENDS: usize = 3;

/// Most waits for a cloud to see what was made just before, of those in [`ReadBack`]: some 11
/// seconds, as long as Tencent Cloud's own tools poll (apis/tencent.md §3.0).
const SETTLING_WAITS: usize = 6;

/// The waits between attempts to read back what was written.
#[derive(Debug, Clone)]
pub struct ReadBack {
    /// Before each further attempt; the first is made at once.
    pub waits: Vec<Duration>,
}

impl Default for ReadBack {
    /// Some 20 seconds in all: Tencent Cloud's own tools poll for 10 to 12 (apis/tencent.md §3.0).
    fn default() -> Self {
        let milliseconds = [200, 400, 800, 1600, 3000, 5000, 5000, 5000];
        Self {
            waits: milliseconds.map(Duration::from_millis).to_vec(),
        }
    }
}

/// How a phase ended.
#[derive(Debug)]
pub(super) struct Ended {
    pub(super) outcome: Outcome,
    pub(super) calls: Vec<CallRecord>,
}

impl Ended {
    pub(super) fn lost(why: &str) -> Self {
        Self {
            outcome: Outcome::Failed(Failure::Internal(why.to_owned())),
            calls: Vec::new(),
        }
    }
}

struct Work<'a> {
    step: &'a Step,
    kind: &'static dyn ResourceKind,
    phase: &'a PhaseWrites,
    writer: &'a Writer,
    reader: Reader,
    read_back: &'a ReadBack,
    listener: &'a Listener,
    calls: Vec<CallRecord>,
}

/// What the object should look like when a phase begins.
enum Basis<'a> {
    Absent(Option<&'a Facts>),
    Present(&'a Fields, Option<&'a Facts>),
}

/// Carries out one phase.
pub(super) async fn run(
    step: &Step,
    phase: usize,
    writer: &Writer,
    read_back: &ReadBack,
    listener: &Listener,
) -> Ended {
    let Some(kind) = crate::clouds::kind(step.address.kind.0) else {
        return Ended::lost("the plan names a kind that does not exist");
    };
    let writer = &writer.about(&step.address.to_string());
    let mut work = Work {
        step,
        kind,
        phase: &step.phases[phase],
        writer,
        reader: writer.reader(),
        read_back,
        listener,
        calls: Vec::new(),
    };
    // What goes with its parent has nothing of its own to do; the parent is gone by now.
    let ended = if work.phase.calls.is_empty() {
        work.read_back_until_it_shows().await
    } else {
        work.carry_out(&basis(step, phase)).await
    };
    Ended {
        outcome: ended.err().unwrap_or(Outcome::Done),
        calls: work.calls,
    }
}

fn basis(step: &Step, phase: usize) -> Basis<'_> {
    let Some(before) = phase.checked_sub(1) else {
        return match &step.before {
            Some(fields) => Basis::Present(fields, Some(&step.facts)),
            None => Basis::Absent(Some(&step.facts)),
        };
    };
    // Between the phases of one change, what the phase before left is the basis; the facts may
    // have moved by the change itself.
    match &step.phases[before].leaves {
        Some(fields) => Basis::Present(fields, None),
        None => Basis::Absent(None),
    }
}

impl Work<'_> {
    async fn carry_out(&mut self, basis: &Basis<'_>) -> Result<(), Outcome> {
        let found = self.read().await?;
        let moved = self.moved(basis, &found);
        if self.phase.phase == Phase::Remove && matches!(found, Found::Absent(_)) {
            // Gone with something else, or by an earlier run whose answer was lost.
            return Ok(());
        }
        if !moved.is_empty() {
            // Already as the phase leaves it, because a change beside it switched it off: switching
            // on user OIDC, say, switches off user SAML. What was absent is not taken over so.
            let is_there = matches!(basis, Basis::Present(..));
            if is_there && self.is_left_behind(&found).is_empty() {
                return Ok(());
            }
            return Err(Outcome::Stale { moved });
        }
        for (index, write) in self.phase.calls.iter().enumerate() {
            if self.send(write, index, basis).await? == Sent::PhaseIsDone {
                break;
            }
        }
        self.read_back_until_it_shows().await
    }

    /// Sends one write until its outcome is known.
    async fn send(
        &mut self,
        write: &Write,
        index: usize,
        basis: &Basis<'_>,
    ) -> Result<Sent, Outcome> {
        let mut settling = self.read_back.waits.iter().take(SETTLING_WAITS);
        for send in 1.. {
            let address = &self.step.address;
            (self.listener)(&Event::Calling {
                address: address.clone(),
                call: write.call.name,
                target: write.call.target(),
            });
            let begun = Instant::now();
            let answer = self.writer.write(write).await;
            let record = CallRecord {
                name: write.call.name,
                request_id: match &answer {
                    Ok(reply) => reply.request_id.clone(),
                    Err(error) => error.request_id.clone(),
                },
                duration: begun.elapsed(),
                error: answer.as_ref().err().map(ToString::to_string),
            };
            (self.listener)(&Event::Called {
                address: address.clone(),
                record: record.clone(),
            });
            self.calls.push(record);
            let Err(error) = answer else {
                return Ok(Sent::Accepted);
            };
            if means_done(write.again, &error.class, send) {
                return Ok(Sent::Accepted);
            }
            if is_settling(write, index, &error.class)
                && let Some(wait) = settling.next()
            {
                tokio::time::sleep(*wait).await;
                continue;
            }
            if error.class == ErrorClass::Conflict && self.shows().await? {
                // Somebody, or an attempt whose answer was lost, made exactly this.
                return Ok(Sent::PhaseIsDone);
            }
            if !error.class.leaves_outcome_open() {
                return Err(Outcome::Failed(Failure::Write(error)));
            }
            match self.look_after_open_outcome(basis).await? {
                Look::Done => return Ok(Sent::PhaseIsDone),
                Look::NotYet if send < SENDS => {}
                Look::NotYet | Look::Neither => {
                    return Err(Outcome::Failed(Failure::Unknown(error)));
                }
            }
        }
        Ok(Sent::Accepted)
    }

    /// After an open outcome: the write may still be on its way, so look more than once.
    async fn look_after_open_outcome(&self, basis: &Basis<'_>) -> Result<Look, Outcome> {
        let mut look = Look::Neither;
        for wait in self.read_back.waits.iter().take(3) {
            tokio::time::sleep(*wait).await;
            let found = self.read().await?;
            if self.is_left_behind(&found).is_empty() {
                return Ok(Look::Done);
            }
            // In the middle of several calls the object is neither as before nor as wanted; each
            // call is then safe to repeat by itself.
            let several = self.phase.calls.len() > 1;
            look = if several || self.moved(basis, &found).is_empty() {
                Look::NotYet
            } else {
                Look::Neither
            };
        }
        Ok(look)
    }

    async fn shows(&self) -> Result<bool, Outcome> {
        Ok(self.is_left_behind(&self.read().await?).is_empty())
    }

    async fn read_back_until_it_shows(&self) -> Result<(), Outcome> {
        let mut waits = self.read_back.waits.iter();
        loop {
            let fields = self.is_left_behind(&self.read().await?);
            if fields.is_empty() {
                return Ok(());
            }
            match waits.next() {
                Some(wait) => tokio::time::sleep(*wait).await,
                None => return Err(Outcome::Failed(Failure::NotAsWritten { fields })),
            }
        }
    }

    async fn read(&self) -> Result<Found, Outcome> {
        match read_one(&self.reader, self.kind, &self.step.identity).await {
            Observation::Present(live) => Ok(Found::Present(live.fields, live.facts)),
            Observation::Absent(facts) => Ok(Found::Absent(facts)),
            Observation::Unreadable(error) => Err(Outcome::Failed(Failure::Read(error))),
        }
    }

    /// What differs from the basis of the plan.
    fn moved(&self, basis: &Basis<'_>, found: &Found) -> Vec<String> {
        let table = self.kind.info().fields;
        let (mut moved, facts) = match (basis, found) {
            (Basis::Absent(planned), Found::Absent(facts)) => (Vec::new(), (*planned, facts)),
            (Basis::Present(fields, planned), Found::Present(live, facts)) => (
                names(&diff::whole(table, Some(fields), Some(live))),
                (*planned, facts),
            ),
            (Basis::Absent(_), Found::Present(..)) | (Basis::Present(..), Found::Absent(_)) => {
                return vec!["existence".to_owned()];
            }
        };
        // A fact that could not be read when it was planned was told as unknown, so knowing it now
        // changes nothing; one that was known and is not any more does.
        if let (Some(planned), facts) = facts {
            let different = |(name, value): &(&String, &Value)| facts.get(*name) != Some(*value);
            let different = planned.iter().filter(different);
            moved.extend(different.map(|(name, _)| name.clone()));
        }
        moved
    }

    /// What differs from what the phase shall leave.
    fn is_left_behind(&self, found: &Found) -> Vec<String> {
        match (&self.phase.leaves, found) {
            (None, Found::Absent(_)) => Vec::new(),
            (Some(leaves), Found::Present(live, _)) => {
                let skipped = self.kind.not_compared(leaves);
                let compared: Fields = leaves
                    .iter()
                    .filter(|(name, _)| !skipped.contains(&name.as_str()))
                    .map(|(name, value): (&String, &Value)| (name.clone(), value.clone()))
                    .collect();
                names(&diff::differences(self.kind.info().fields, &compared, live))
            }
            (None, Found::Present(..)) | (Some(_), Found::Absent(_)) => {
                vec!["existence".to_owned()]
            }
        }
    }
}

enum Found {
    Present(Arc<Fields>, Facts),
    Absent(Facts),
}

#[derive(PartialEq, Eq)]
enum Sent {
    Accepted,
    PhaseIsDone,
}

enum Look {
    Done,
    NotYet,
    Neither,
}

/// Whether a refusal may come from a cloud that does not see yet what was made just before: the
/// object that this one names, or this one itself, made by an earlier call of the same phase.
fn is_settling(write: &Write, index: usize, class: &ErrorClass) -> bool {
    let own = index > 0 && write.again != Again::NotFoundIsDone;
    *class == ErrorClass::ReferentMissing || (*class == ErrorClass::NotFound && own)
}

/// Whether a refusal says that the call's work is done already. A conflict says so only when the
/// call was sent before; a missing object is what a removal wants in any case.
fn means_done(again: Again, class: &ErrorClass, send: usize) -> bool {
    match again {
        Again::Same => false,
        Again::PresenceIsDone => *class == ErrorClass::Conflict,
        Again::ConflictIsDone => *class == ErrorClass::Conflict && send > 1,
        Again::NotFoundIsDone => *class == ErrorClass::NotFound,
    }
}

fn names(changes: &[diff::FieldChange]) -> Vec<String> {
    changes
        .iter()
        .map(|change| change.field.to_owned())
        .collect()
}
