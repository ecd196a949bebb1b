//! Certificates in pinned metadata: run out, soon to run out, or weak.

use serde_json::Value;

use super::{Rule, Scene, Smell};
use crate::federation::certificate::Certificate;
use crate::federation::saml_metadata;
use crate::model::Code;
use crate::provider::Form;

/// The rule.
pub(super) static RULE: Rule = Rule {
    codes: &[
        Code::CertificateExpired,
        Code::CertificateExpires,
        Code::WeakCertificate,
    ],
    check,
};

/// How long before its end a certificate is told of: time for a review, and for the people at the
/// identity provider.
const SOON_DAYS: i64 = 30;

fn check<'w>(scene: &Scene<'w>) -> Vec<Smell<'w>> {
    let mut smells = Vec::new();
    for desired in scene.objects() {
        for field in desired.kind.info().fields {
            let Form::Metadata { .. } = field.form else {
                continue;
            };
            let text = desired.fields.get(field.name).and_then(Value::as_str);
            let Some(summary) = text.and_then(saml_metadata::summary) else {
                continue;
            };
            let signing = summary.signing_certificates();
            let mut smell = |code, title: &str, label, certificate: &Certificate, help: &str| {
                smells.push(Smell {
                    code,
                    of: desired,
                    field: Some(field.name),
                    title: format!("`{}` holds {title}", field.name),
                    label,
                    note: Some(format!("the certificate is {certificate}")),
                    help: help.to_owned(),
                });
            };
            for certificate in signing {
                match days_left(certificate, scene) {
                    Some(days) if days < 0 => smell(
                        Code::CertificateExpired,
                        "a certificate that has run out",
                        format!("it ended on {}", certificate.not_after.date()),
                        certificate,
                        "fetch the metadata anew from the identity provider; take the certificate out when no assertion is signed with it",
                    ),
                    Some(days) if days <= SOON_DAYS => smell(
                        Code::CertificateExpires,
                        "a certificate that soon runs out",
                        format!("it ends on {}", certificate.not_after.date()),
                        certificate,
                        "ask for the metadata with its successor, and pin both until the identity provider has changed over",
                    ),
                    Some(_) | None => {}
                }
                if certificate.is_key_weak || certificate.is_signature_weak {
                    smell(
                        Code::WeakCertificate,
                        "a weak certificate",
                        certificate.key.clone(),
                        certificate,
                        "have the identity provider make a key of 2048 bits or more, signed with SHA-256",
                    );
                }
            }
        }
    }
    smells
}

/// Days from the day of the run to the certificate's last. Nothing where the day is unknown.
fn days_left(certificate: &Certificate, scene: &Scene<'_>) -> Option<i64> {
    let end = certificate.not_after.date();
    let span = end.since((jiff::Unit::Day, scene.today?)).ok()?;
    Some(i64::from(span.get_days()))
}
