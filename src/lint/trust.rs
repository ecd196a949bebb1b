//! Roles that trust more than they should, or what can never come; and providers nobody trusts.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{Rule, Scene, Smell};
use crate::compile::Desired;
use crate::federation::subject::{self, GITHUB_ISSUER, GithubForm};
use crate::federation::trust::{self, Comparison, FederatedTrust, ProviderKind};
use crate::model::Code;
use crate::provider::{Form, TrustForm};

/// The rule.
pub(super) static RULE: Rule = Rule {
    codes: &[
        Code::TrustWithoutSubject,
        Code::WildcardSubject,
        Code::TrustWithoutAudience,
        Code::AudienceNotAccepted,
        Code::GithubSubjectForm,
        Code::ProviderUnused,
    ],
    check,
};

/// A role, the field with its trust policy, and what that says of one provider.
pub(super) struct Trusting<'w> {
    pub(super) role: &'w Desired,
    pub(super) field: &'static str,
    form: &'static TrustForm,
    pub(super) trust: FederatedTrust,
}

impl<'w> Trusting<'w> {
    /// Something to tell of its trust policy.
    pub(super) fn smell(&self, code: Code, title: &str, label: String, help: &str) -> Smell<'w> {
        Smell {
            code,
            of: self.role,
            field: Some(self.field),
            title: title.to_owned(),
            label,
            note: None,
            help: help.to_owned(),
        }
    }
}

fn check<'w>(scene: &Scene<'w>) -> Vec<Smell<'w>> {
    let trusting = trusting(scene);
    let mut smells: Vec<Smell<'w>> = trusting
        .iter()
        .filter(|one| one.trust.kind == ProviderKind::Oidc)
        .flat_map(|one| of_trust(scene, one))
        .collect();
    smells.extend(unused(scene, &trusting));
    smells
}

/// Whom roles let in.
pub(super) fn trusting<'w>(scene: &Scene<'w>) -> Vec<Trusting<'w>> {
    let mut found = Vec::new();
    for role in scene.objects() {
        for field in role.kind.info().fields {
            let (Form::Trust(form), Some(policy)) = (&field.form, role.fields.get(field.name))
            else {
                continue;
            };
            let facts = trust::facts(form.grammar, policy);
            found.extend(facts.allowing().map(|trust| Trusting {
                role,
                field: field.name,
                form,
                trust: trust.clone(),
            }));
        }
    }
    found
}

fn of_trust<'w>(scene: &Scene<'w>, one: &Trusting<'w>) -> Vec<Smell<'w>> {
    let trust = &one.trust;
    let named = trust.provider.to_string();
    let mut smells = Vec::new();
    if !trust.has_subject_condition() {
        smells.push(one.smell(
            Code::TrustWithoutSubject,
            "a role trusts everybody whom an issuer knows",
            format!("no condition on the subject of {named}"),
            "say whose tokens may assume it: `subjects`, or a condition on oidc:sub",
        ));
    }
    for matched in &trust.subjects {
        let operator = matched.operator();
        let is_pattern = operator.comparison == Comparison::Like && operator.demands();
        if is_pattern && subject::reaches_over_tenants(&matched.pattern) {
            smells.push(one.smell(
                Code::WildcardSubject,
                "a pattern for subjects reaches over tenants",
                format!("`{}` of {named}", matched.pattern),
                "name the owner, the namespace or the project in front of the first `*`",
            ));
        }
    }
    if trust.audiences.is_empty() {
        smells.push(one.smell(
            Code::TrustWithoutAudience,
            "a role takes tokens that were made for anybody",
            format!("no condition on the audience of {named}"),
            "say for whom tokens must be made: `audiences`, or a condition on oidc:aud",
        ));
    }
    let provider = provider(scene, one);
    smells.extend(not_accepted(trust, provider).map(|audience| {
        one.smell(
            Code::AudienceNotAccepted,
            "a role asks for an audience that its provider does not accept",
            format!("`{audience}` is no client id of {named}"),
            "add it to the provider's `clientIds`, or ask for one that is there",
        )
    }));
    if is_github(trust, provider) {
        let subjects = trust.subjects.iter();
        let subjects: Vec<&str> = subjects.map(|matched| matched.pattern.as_str()).collect();
        for old in only_by_name(&subjects) {
            smells.push(one.smell(
                Code::GithubSubjectForm,
                "a subject of GitHub Actions without numbers",
                format!("`{old}` of {named}"),
                "add the form with numbers: repo:OWNER@OWNER_ID/REPO@REPO_ID:... (the ids are in `repository_owner_id` and `repository_id` of a token)",
            ));
        }
    }
    smells
}

/// The provider's document, when these manifests declare it.
fn provider<'w>(scene: &Scene<'w>, one: &Trusting<'w>) -> Option<&'w Desired> {
    scene.objects().find(|desired| is_meant(one, desired))
}

fn is_meant(one: &Trusting<'_>, desired: &Desired) -> bool {
    let kinds = one.form.providers.iter();
    let mut kinds = kinds.filter(|(_, kind)| *kind == one.trust.kind);
    desired.address.account == one.role.address.account
        && desired.identity == one.trust.provider.name
        && kinds.any(|(kind, _)| desired.address.kind.0 == *kind)
}

/// Audiences that no token which the provider accepts can have.
fn not_accepted<'t>(
    trust: &'t FederatedTrust,
    provider: Option<&Desired>,
) -> impl Iterator<Item = &'t str> {
    let accepted: Option<BTreeSet<String>> = provider
        .and_then(|provider| provider.fields.get("clientIds")?.as_array())
        .map(|ids| {
            ids.iter()
                .filter_map(Value::as_str)
                .map(str::to_owned)
                .collect()
        });
    trust
        .audiences
        .iter()
        .map(String::as_str)
        .filter(move |audience| {
            let is_plain = !audience.contains(['*', '?']);
            let is_known = |ids: &BTreeSet<String>| ids.contains(*audience);
            is_plain && !accepted.as_ref().is_none_or(is_known)
        })
}

fn is_github(trust: &FederatedTrust, provider: Option<&Desired>) -> bool {
    let declared = provider.and_then(|provider| provider.fields.get("issuer")?.as_str());
    let mut issuers = trust.issuers.iter().map(String::as_str).chain(declared);
    issuers.any(|issuer| issuer.starts_with(GITHUB_ISSUER))
}

/// Subjects in the form with names, of repositories that have none in the form with numbers.
fn only_by_name<'t>(subjects: &[&'t str]) -> Vec<&'t str> {
    let names = |subject: &str| -> Option<(String, String)> {
        let (owner, rest) = subject.strip_prefix("repo:")?.split_once('/')?;
        let plain = |text: &str| text.split('@').next().unwrap_or_default().to_owned();
        Some((plain(owner), plain(rest.split(':').next()?)))
    };
    let of_form = |wanted| {
        let subjects = subjects.iter().copied();
        subjects.filter(move |subject| subject::github_form(subject) == Some(wanted))
    };
    let numbered: BTreeSet<_> = of_form(GithubForm::Numbers).filter_map(names).collect();
    of_form(GithubForm::Names)
        .filter(|subject| names(subject).is_none_or(|names| !numbered.contains(&names)))
        .collect()
}

/// Providers that no role of the account trusts, where the manifests declare roles for it at all.
fn unused<'w>(scene: &Scene<'w>, trusting: &[Trusting<'w>]) -> Vec<Smell<'w>> {
    let mut with_roles: BTreeSet<&str> = BTreeSet::new();
    let mut providers: BTreeSet<&str> = BTreeSet::new();
    for desired in scene.objects() {
        for field in desired.kind.info().fields {
            if let Form::Trust(form) = &field.form {
                with_roles.insert(&desired.address.account);
                providers.extend(form.providers.iter().map(|(kind, _)| *kind));
            }
        }
    }
    let is_unused = |desired: &&Desired| {
        providers.contains(desired.address.kind.0)
            && with_roles.contains(desired.address.account.as_str())
            && !trusting.iter().any(|one| is_meant(one, desired))
    };
    scene
        .objects()
        .filter(is_unused)
        .map(|desired| Smell {
            code: Code::ProviderUnused,
            of: desired,
            field: None,
            title: "no role trusts this provider".to_owned(),
            label: format!("nobody in {} does", desired.address.account),
            note: None,
            help: "take it out, or waive this where the role is made elsewhere".to_owned(),
        })
        .collect()
}
