//! The local authority: roots, an intermediate, a leaf for loopback names, made with rcgen.
//!
//! The roots may end up among a person's trusted ones, and their keys lie in a folder. So they are
//! constrained to loopback and `sandbox.test`: whoever finds the keys can impersonate nothing else.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use rcgen::{
    BasicConstraints, CertificateParams, CidrSubnet, DnType, ExtendedKeyUsagePurpose,
    GeneralSubtree, IsCa, Issuer, KeyPair, KeyUsagePurpose, NameConstraints, SanType,
};
use serde::{Deserialize, Serialize};

/// The name under which the in-process sandbox's issuers are known, whatever their port.
pub const STABLE_HOST: &str = "issuer.sandbox.test";

/// Days a certificate is good, by its place; each begins a day early, for clocks that are behind.
const ROOT_DAYS: i64 = 20 * 365;
const INTERMEDIATE_DAYS: i64 = 5 * 365;
const LEAF_DAYS: i64 = 365;
const DAY_SECONDS: i64 = 24 * 60 * 60;

/// One certificate and its key, PEM.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Certified {
    pub(super) subject: String,
    pub(super) certificate: String,
    pub(super) key: String,
    pub(super) ends_unix_seconds: i64,
}

/// What the listener presents, and what it all hangs from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Chain {
    /// Every root there ever was: all stay trusted, the last one signs.
    pub(super) roots: Vec<Certified>,
    pub(super) intermediate: Certified,
    pub(super) leaf: Certified,
    /// Grows with every change, so that names differ and listeners notice.
    pub(super) serial: u64,
}

impl Chain {
    /// A first chain.
    ///
    /// # Errors
    /// The machine gives no randomness.
    pub(super) fn new(now_unix_seconds: i64) -> Result<Self, rcgen::Error> {
        let root = root(1, now_unix_seconds)?;
        Self::below(vec![root], 1, now_unix_seconds)
    }

    /// Another intermediate and leaf, on request under another root.
    ///
    /// # Errors
    /// As [`Chain::new`], or a key in the state that is none.
    pub(super) fn swapped(
        &self,
        new_root: bool,
        now_unix_seconds: i64,
    ) -> Result<Self, rcgen::Error> {
        let serial = self.serial + 1;
        let mut roots = self.roots.clone();
        if new_root {
            roots.push(root(serial, now_unix_seconds)?);
        }
        Self::below(roots, serial, now_unix_seconds)
    }

    /// The same with a fresh leaf when the present one has run out; `None` while it has not.
    ///
    /// # Errors
    /// As [`Chain::swapped`].
    pub(super) fn renewed(&self, now_unix_seconds: i64) -> Result<Option<Self>, rcgen::Error> {
        if now_unix_seconds < self.leaf.ends_unix_seconds {
            return Ok(None);
        }
        let leaf = leaf(&self.intermediate, now_unix_seconds)?;
        Ok(Some(Self {
            leaf,
            serial: self.serial + 1,
            ..self.clone()
        }))
    }

    fn below(
        roots: Vec<Certified>,
        serial: u64,
        now_unix_seconds: i64,
    ) -> Result<Self, rcgen::Error> {
        let signer = roots.last().ok_or(rcgen::Error::CouldNotParseCertificate)?;
        let name = format!("idform sandbox intermediate {serial}");
        let mut params = authority(&name, 0);
        let ends_unix_seconds = lasts(&mut params, now_unix_seconds, INTERMEDIATE_DAYS);
        let intermediate = signed(&name, &params, ends_unix_seconds, signer, 1)?;
        let leaf = leaf(&intermediate, now_unix_seconds)?;
        Ok(Self {
            roots,
            intermediate,
            leaf,
            serial,
        })
    }

    /// All roots, as one PEM bundle.
    pub(super) fn roots_pem(&self) -> String {
        self.roots
            .iter()
            .map(|root| root.certificate.as_str())
            .collect()
    }
}

fn root(serial: u64, now_unix_seconds: i64) -> Result<Certified, rcgen::Error> {
    let name = format!("idform sandbox root {serial}");
    let mut params = authority(&name, 1);
    params.name_constraints = Some(NameConstraints {
        permitted_subtrees: vec![
            GeneralSubtree::DnsName("localhost".to_owned()),
            GeneralSubtree::DnsName("sandbox.test".to_owned()),
            GeneralSubtree::IpAddress(CidrSubnet::V4([127, 0, 0, 0], [255, 0, 0, 0])),
            GeneralSubtree::IpAddress(CidrSubnet::V6(Ipv6Addr::LOCALHOST.octets(), [255; 16])),
        ],
        excluded_subtrees: Vec::new(),
    });
    let ends_unix_seconds = lasts(&mut params, now_unix_seconds, ROOT_DAYS);
    let key = KeyPair::generate()?;
    let certificate = params.self_signed(&key)?;
    Ok(Certified {
        subject: name,
        certificate: certificate.pem(),
        key: key.serialize_pem(),
        ends_unix_seconds,
    })
}

fn leaf(intermediate: &Certified, now_unix_seconds: i64) -> Result<Certified, rcgen::Error> {
    let mut params = named(STABLE_HOST);
    params.subject_alt_names = vec![
        SanType::DnsName(STABLE_HOST.try_into()?),
        SanType::DnsName("localhost".try_into()?),
        SanType::IpAddress(IpAddr::V4(Ipv4Addr::LOCALHOST)),
        SanType::IpAddress(IpAddr::V6(Ipv6Addr::LOCALHOST)),
    ];
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.use_authority_key_identifier_extension = true;
    let ends_unix_seconds = lasts(&mut params, now_unix_seconds, LEAF_DAYS);
    signed(STABLE_HOST, &params, ends_unix_seconds, intermediate, 0)
}

/// A certificate for a new key, signed by an authority that may have `depth` others below it.
fn signed(
    name: &str,
    params: &CertificateParams,
    ends_unix_seconds: i64,
    signer: &Certified,
    depth: u8,
) -> Result<Certified, rcgen::Error> {
    // Name, usages and the way a key becomes an id are all that a signer lends to what it signs.
    let issuer = Issuer::new(
        authority(&signer.subject, depth),
        KeyPair::from_pem(&signer.key)?,
    );
    let key = KeyPair::generate()?;
    let certificate = params.signed_by(&key, &issuer)?;
    Ok(Certified {
        subject: name.to_owned(),
        certificate: certificate.pem(),
        key: key.serialize_pem(),
        ends_unix_seconds,
    })
}

fn authority(name: &str, depth: u8) -> CertificateParams {
    let mut params = named(name);
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(depth));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params.use_authority_key_identifier_extension = true;
    params
}

fn named(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params
}

/// From yesterday for `days`; answers the end, in Unix seconds, which is midnight UTC.
fn lasts(params: &mut CertificateParams, now_unix_seconds: i64, days: i64) -> i64 {
    let (year, month, day) = date(now_unix_seconds.saturating_sub(DAY_SECONDS));
    params.not_before = rcgen::date_time_ymd(year, month, day);
    let end = now_unix_seconds.saturating_add(days * DAY_SECONDS);
    let (year, month, day) = date(end);
    params.not_after = rcgen::date_time_ymd(year, month, day);
    end - end.rem_euclid(DAY_SECONDS)
}

fn date(unix_seconds: i64) -> (i32, u8, u8) {
    let date = jiff::Timestamp::from_second(unix_seconds)
        .unwrap_or_default()
        .to_zoned(jiff::tz::TimeZone::UTC)
        .date();
    // Months and days of a real date fit.
    let small = |number: i8| u8::try_from(number).unwrap_or(1);
    (
        i32::from(date.year()),
        small(date.month()),
        small(date.day()),
    )
}
