//! Trust policies: the short form compiled to the cloud's own document, and the providers that
//! either form names turned into waiting.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::federation::trust::{self, Entry, Provider, ProviderKind};
use crate::manifest::{Ensure, GivenValue, Manifests, TrustEntry, TrustProvider};
use crate::model::{Account, Address, Code, Diagnostic, Diagnostics, KindName, Span, Value};
use crate::provider::TrustForm;

use super::lower::Objects;

/// What a provider that is declared is called, and what is known of it.
struct Declared {
    identity: String,
    ensure: Ensure,
    issuer: Option<String>,
}

/// All providers that are declared, of every account.
type Providers = BTreeMap<Address, Declared>;

/// Compiles the trust policies of all objects, and makes them wait for the providers they name.
pub(super) fn policies(
    manifests: &Manifests,
    accounts: &BTreeMap<String, Arc<Account>>,
    objects: &mut Objects<'_>,
    diagnostics: &mut Diagnostics,
) {
    let rows: Vec<(Address, &'static str, &'static TrustForm)> = objects
        .iter()
        .flat_map(|(address, lowered)| {
            let fields = lowered.desired.kind.info().fields.iter();
            fields.filter_map(|field| Some((address.clone(), field.name, field.form.trust()?)))
        })
        .collect();
    if rows.is_empty() {
        return;
    }
    let providers: Providers = objects
        .iter()
        .map(|(address, lowered)| {
            let desired = &lowered.desired;
            let issuer = desired.fields.get("issuer").and_then(Value::as_str);
            let declared = Declared {
                identity: desired.identity.clone(),
                ensure: desired.ensure,
                issuer: issuer.map(str::to_owned),
            };
            (address.clone(), declared)
        })
        .collect();
    for (address, field, form) in rows {
        let (Some(lowered), Some(account)) =
            (objects.get_mut(&address), accounts.get(&address.account))
        else {
            continue;
        };
        let Some(given) = lowered.document.spec.get(field) else {
            continue;
        };
        if lowered
            .document
            .lifecycle
            .ignore
            .iter()
            .any(|name| name == field)
        {
            continue;
        }
        let mut naming = Naming {
            form,
            account,
            providers: &providers,
            manifests,
            needs: Vec::new(),
            diagnostics: &mut *diagnostics,
        };
        match &given.value {
            GivenValue::Federated(entries) => {
                let policy = naming.compile(entries, given.span);
                if let Some(policy) = policy {
                    lowered.desired.fields.insert(field.to_owned(), policy);
                }
            }
            GivenValue::Value(_) => {
                if let Some(policy) = lowered.desired.fields.get(field) {
                    naming.find_named(policy, given.span);
                }
            }
            GivenValue::Cleared
            | GivenValue::Local(_)
            | GivenValue::External(_)
            | GivenValue::IssuerKeys { .. }
            | GivenValue::IssuerFingerprints { .. } => {}
        }
        let present = lowered.desired.ensure == Ensure::Present;
        for (need, span) in naming.needs {
            if present
                && providers
                    .get(&need)
                    .is_some_and(|one| one.ensure == Ensure::Absent)
            {
                diagnostics.push(
                    Diagnostic::error(
                        Code::ReferenceToAbsent,
                        format!("`{field}` trusts a provider that shall be absent"),
                    )
                    .at(span, format!("{need} has `ensure: absent`"))
                    .help("trust another provider, or let this object be absent too"),
                );
            }
            lowered.desired.needs.insert(need);
        }
        if matches!(given.value, GivenValue::Federated(_))
            && let Some(policy) = lowered.desired.fields.get(field)
        {
            too_long(form, policy, given.span, diagnostics);
        }
    }
}

/// The one limit that a compiled document can go past.
fn too_long(form: &TrustForm, policy: &Value, span: Span, diagnostics: &mut Diagnostics) {
    for (_, sentence) in trust::problems(form.grammar, policy) {
        diagnostics.push(
            Diagnostic::error(Code::ValueOutOfRange, "the trust policy is too long")
                .at(span, sentence)
                .help("trust fewer providers or subjects with one role"),
        );
    }
}

/// Finds the providers that one field names.
struct Naming<'a> {
    form: &'static TrustForm,
    account: &'a Account,
    providers: &'a Providers,
    manifests: &'a Manifests,
    needs: Vec<(Address, Span)>,
    diagnostics: &'a mut Diagnostics,
}

impl Naming<'_> {
    /// The short form; [`None`] after a report.
    fn compile(&mut self, given: &[TrustEntry], span: Span) -> Option<Value> {
        let Some(account_id) = self.account.account_id.clone() else {
            self.diagnostics.push(
                Diagnostic::error(
                    Code::MissingField,
                    "the short form of a trust policy needs the number of the account",
                )
                .at(span, "names of providers hold the account's number")
                .at(
                    self.account.origin,
                    format!("`{}` has no `accountId`", self.account.name),
                )
                .help("add `accountId` to the Account, or give the whole document under `policy`"),
            );
            return None;
        };
        let entries: Vec<Option<Entry>> = given
            .iter()
            .map(|entry| self.entry(entry, &account_id))
            .collect();
        let entries: Vec<Entry> = entries.into_iter().collect::<Option<_>>()?;
        Some(trust::policy(self.form.grammar, &entries))
    }

    fn entry(&mut self, given: &TrustEntry, account_id: &str) -> Option<Entry> {
        let (kind, name, issuer) = self.provider(given)?;
        let mut audiences = given.audiences.clone();
        if audiences.is_empty() && kind == ProviderKind::Saml {
            let known = (self.form.saml_audiences)(self.account.site.as_deref());
            audiences = known.iter().map(|text| (*text).to_owned()).collect();
        }
        let keys = self.form.grammar.keys(kind);
        if audiences.is_empty() {
            let help = match kind {
                ProviderKind::Oidc => {
                    "write the client ids of the provider that may take the role".to_owned()
                }
                ProviderKind::Saml => format!(
                    "write the values of `{}`, which are those of the site that the account belongs to",
                    keys.audience
                ),
            };
            self.diagnostics.push(
                Diagnostic::error(Code::MissingField, "`audiences` is missing")
                    .at(given.span, "whom must a token be for?")
                    .help(help),
            );
            return None;
        }
        if keys.subject.is_none() && !given.subjects.is_empty() {
            let title = format!(
                "{} cannot tell subjects of SAML assertions apart",
                self.form.grammar.cloud
            );
            self.diagnostics.push(
                Diagnostic::error(Code::InvalidValue, title)
                    .at(given.span, "`subjects` of a SAML provider")
                    .help(
                        "drop `subjects`, and let the identity provider decide who gets the role",
                    ),
            );
            return None;
        }
        Some(Entry {
            provider: Provider {
                account: account_id.to_owned(),
                kind,
                name,
            },
            // What a SAML provider calls itself stands in its metadata, not in a field.
            issuer,
            audiences,
            subjects: given.subjects.clone(),
        })
    }

    /// Protocol, name in the cloud and issuer of the provider that an entry names.
    fn provider(&mut self, given: &TrustEntry) -> Option<(ProviderKind, String, Option<String>)> {
        let span = given.provider.span;
        match &given.provider.value {
            TrustProvider::External { name, kind } => {
                let (first, first_kind) = self.form.providers.first()?;
                let (wanted, protocol) = kind
                    .and_then(|kind| self.form.providers.iter().find(|(known, _)| *known == kind))
                    .map_or((*first, *first_kind), |(kind, protocol)| (*kind, *protocol));
                // Called external, yet declared here: the order must not depend on the spelling.
                let found = self.by_identity(wanted, name);
                let found = found.map(|(address, declared)| (address, declared.issuer.clone()));
                let (address, issuer) = found.unzip();
                self.needs.extend(address.map(|address| (address, span)));
                Some((protocol, name.clone(), issuer.flatten()))
            }
            TrustProvider::Local(name) => self.local(name, span),
        }
    }

    fn local(&mut self, name: &str, span: Span) -> Option<(ProviderKind, String, Option<String>)> {
        let mut found: Vec<(Address, ProviderKind, &Declared)> = Vec::new();
        for (kind, protocol) in self.form.providers {
            let address = Address {
                account: self.account.name.clone(),
                kind: KindName(kind),
                name: name.to_owned(),
            };
            if let Some(declared) = self.providers.get(&address) {
                found.push((address, *protocol, declared));
            }
        }
        let kinds: Vec<&str> = self.form.providers.iter().map(|(kind, _)| *kind).collect();
        let kinds = kinds.join(" or ");
        match found.as_slice() {
            [(address, protocol, declared)] => {
                let told = (
                    *protocol,
                    declared.identity.clone(),
                    declared.issuer.clone(),
                );
                self.needs.push((address.clone(), span));
                Some(told)
            }
            [] => {
                // The mistake in that document has been told.
                if !self.manifests.unusable_objects.contains(name) {
                    let near = self.near(name);
                    let help = near.map_or_else(
                        || format!("declare a {kinds} of that name in this account, or write {{external: name-in-the-cloud}}"),
                        |near| format!("did you mean `{near}`?"),
                    );
                    self.diagnostics.push(
                        Diagnostic::error(
                            Code::DanglingReference,
                            format!("`provider` refers to a {kinds} that no manifest declares"),
                        )
                        .at(span, "not declared in this account")
                        .help(help),
                    );
                }
                None
            }
            [..] => {
                self.diagnostics.push(
                    Diagnostic::error(
                        Code::InvalidValue,
                        format!("two providers are called `{name}`"),
                    )
                    .at(span, format!("a {kinds}?"))
                    .help("say which: {external: name-in-the-cloud, kind: KIND}"),
                );
                None
            }
        }
    }

    /// The declared provider whose name is most alike.
    fn near(&self, name: &str) -> Option<&str> {
        let known = self.providers.keys().filter(|address| {
            let is_provider = |(kind, _): &(&str, ProviderKind)| *kind == address.kind.0;
            address.account == self.account.name && self.form.providers.iter().any(is_provider)
        });
        known
            .map(|address| {
                (
                    strsim::damerau_levenshtein(&address.name, name),
                    &address.name,
                )
            })
            .filter(|(distance, _)| *distance <= 3)
            .min()
            .map(|(_, name)| name.as_str())
    }

    fn by_identity(&self, kind: &str, identity: &str) -> Option<(Address, &Declared)> {
        self.providers
            .iter()
            .find(|(address, declared)| {
                address.account == self.account.name
                    && address.kind.0 == kind
                    && declared.identity == identity
            })
            .map(|(address, declared)| (address.clone(), declared))
    }

    /// Waits for the providers that a document in the cloud's own grammar names.
    fn find_named(&mut self, policy: &Value, span: Span) {
        for trust in trust::facts(self.form.grammar, policy).statements {
            let own = self.account.account_id.as_ref();
            // Without a number of our own, any number may be ours: waiting does no harm.
            if own.is_some_and(|own| *own != trust.provider.account) {
                continue;
            }
            for (kind, _) in self
                .form
                .providers
                .iter()
                .filter(|(_, protocol)| *protocol == trust.kind)
            {
                if let Some((address, _)) = self.by_identity(kind, &trust.provider.name) {
                    self.needs.push((address, span));
                }
            }
        }
    }
}
