//! Waivers: lints that somebody looked at and let stand, with a reason and a last day.

use std::collections::BTreeSet;

use crate::model::{Address, Code, Diagnostic};

use super::{Scene, Smell};

/// The smells that are to be told, and what is to be said of the waivers themselves.
pub(super) fn apply<'w>(
    scene: &Scene<'w>,
    smells: Vec<Smell<'w>>,
) -> (Vec<Smell<'w>>, Vec<Diagnostic>) {
    let mut used: BTreeSet<(&Address, Code)> = BTreeSet::new();
    let mut told = Vec::new();
    for smell in smells {
        let waived = smell.of.waivers.iter().any(|waiver| {
            let holds = scene.today.is_none_or(|today| today <= waiver.until);
            waiver.code == smell.code && holds
        });
        used.insert((&smell.of.address, smell.code));
        if !waived {
            told.push(smell);
        }
    }
    (told, findings(scene, &used))
}

/// Expired and needless waivers. Nothing is said where the day is unknown, and so whether rules
/// about dates would have told something.
fn findings(scene: &Scene<'_>, used: &BTreeSet<(&Address, Code)>) -> Vec<Diagnostic> {
    let Some(today) = scene.today else {
        return Vec::new();
    };
    let mut findings = Vec::new();
    for desired in scene.objects() {
        for waiver in &desired.waivers {
            let slug = waiver.code.slug();
            if !used.contains(&(&desired.address, waiver.code)) {
                findings.push(
                    Diagnostic::warning(Code::WaiverUnused, "a waiver fits nothing")
                        .at(waiver.span, format!("`{slug}` would not be told here"))
                        .help("take the waiver out"),
                );
            } else if today > waiver.until {
                findings.push(
                    Diagnostic::warning(Code::WaiverExpired, "a waiver has run out")
                        .at(waiver.span, format!("it held until {}", waiver.until))
                        .note(format!("its reason was: {}", waiver.reason))
                        .help(format!("mend what `{slug}` says, or agree on another date")),
                );
            }
        }
    }
    findings
}
