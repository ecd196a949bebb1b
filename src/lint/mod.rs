//! Lints: what works, and yet somebody should look at it.
//!
//! Pure: manifests as compiled, and the day as an argument. One rule is one file and one line in
//! [`RULES`]; its code's explanation in [`crate::model::Code`] is its documentation. What cannot
//! work is no lint but an error, and told by the rooms that find it.
//!
//! A rule looks at fields by what they are (their [`crate::provider::Form`]), not by the name of
//! their kind, so a new kind is looked after from its first day.

use jiff::civil::Date;

use crate::compile::{Desired, World};
use crate::manifest::Ensure;
use crate::model::{Code, Diagnostic, Severity};

mod certificates;
mod issuers;
mod keys;
mod mappings;
mod subjects;
mod trust;
mod waivers;

/// One rule. Its codes are those its smells have.
pub struct Rule {
    /// The codes it may tell.
    pub codes: &'static [Code],
    /// Finds what smells.
    pub check: for<'w> fn(&Scene<'w>) -> Vec<Smell<'w>>,
}

/// Every rule, in the order of the documentation.
pub static RULES: &[&Rule] = &[
    &keys::RULE,
    &certificates::RULE,
    &issuers::RULE,
    &mappings::RULE,
    &trust::RULE,
    &subjects::RULE,
];

/// What rules look at.
pub struct Scene<'w> {
    /// The manifests, compiled.
    pub world: &'w World,
    /// The day of the run. [`None`] where the answer must not depend on it (a plan): rules about
    /// dates then say nothing, and waivers hold whatever their date.
    pub today: Option<Date>,
}

impl<'w> Scene<'w> {
    /// The objects that shall exist.
    fn objects(&self) -> impl Iterator<Item = &'w Desired> + use<'w> {
        let present = |desired: &&Desired| desired.ensure == Ensure::Present;
        self.world.objects.values().filter(present)
    }
}

/// One finding of a rule.
pub struct Smell<'w> {
    /// What kind of finding.
    pub code: Code,
    /// Which object.
    pub of: &'w Desired,
    /// Which field of it.
    pub field: Option<&'static str>,
    /// One line, without user data.
    pub title: String,
    /// What is said at the place.
    pub label: String,
    /// What would happen.
    pub note: Option<String>,
    /// What to do.
    pub help: String,
}

impl Smell<'_> {
    fn into_diagnostic(self, level: Severity) -> Diagnostic {
        let place = self.field.and_then(|field| self.of.places.get(field));
        let span = place.map_or(self.of.span, |place| place.span);
        let mut finding = match level {
            Severity::Error => Diagnostic::error(self.code, self.title),
            Severity::Warning => Diagnostic::warning(self.code, self.title),
        }
        .at(span, self.label);
        if let Some(note) = self.note {
            finding = finding.note(note);
        }
        finding.help(self.help)
    }
}

/// Which lints are errors; the others warn. The operator's choice, never a manifest's.
#[derive(Debug, Clone, Default)]
pub struct Levels {
    /// Codes that are told as errors.
    pub errors: Vec<Code>,
}

impl Levels {
    /// Reads codes as users write them.
    ///
    /// # Errors
    /// Names the one that is no lint.
    pub fn parse(errors: &[String]) -> Result<Self, String> {
        let code = |slug: &String| {
            let mut lints = Code::LINTS.iter();
            let known = lints.find(|code| code.slug() == slug).copied();
            known.ok_or_else(|| format!("`{slug}` is no lint; `idform explain` lists the codes"))
        };
        let errors = errors.iter().map(code).collect::<Result<_, _>>()?;
        Ok(Self { errors })
    }

    fn of(&self, code: Code) -> Severity {
        if self.errors.contains(&code) {
            Severity::Error
        } else {
            Severity::Warning
        }
    }
}

/// Everything that smells and is not waived, and waivers that no longer do anything.
pub fn check(scene: &Scene<'_>, levels: &Levels) -> Vec<Diagnostic> {
    let smells = RULES.iter().flat_map(|rule| (rule.check)(scene)).collect();
    let (told, mut findings) = waivers::apply(scene, smells);
    findings.extend(told.into_iter().map(|smell| {
        let level = levels.of(smell.code);
        smell.into_diagnostic(level)
    }));
    findings
}
