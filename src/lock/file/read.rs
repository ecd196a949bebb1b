//! The text of a lock back to the lock, with every mistake at its place.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::{KEY_MEMBERS, Lock, LockedCertificate, LockedIssuer, LockedKey, VERSION};
use crate::federation::certificate_chain::Role;
use crate::federation::{issuer, jwks};
use crate::manifest::{Entry, Node, NodeValue};
use crate::model::{Code, Diagnostic, Diagnostics, SourceId, SourceMap, Span};

/// Reads a lock. [`None`] after a report; an empty text is an empty lock.
pub fn parse(sources: &SourceMap, source: SourceId, out: &mut Diagnostics) -> Option<Lock> {
    let mut found = Diagnostics::default();
    let tree = crate::manifest::tree(sources, source, &mut found);
    let mut reading = Reading { out: found };
    let lock = match &tree {
        Some(tree) => reading.lock(tree),
        None => Lock::default(),
    };
    let is_good = !reading.out.has_errors();
    out.extend(reading.out);
    is_good.then_some(lock)
}

struct Reading {
    out: Diagnostics,
}

impl Reading {
    fn wrong(&mut self, at: Span, title: &str, why: impl Into<String>) {
        self.out.push(
            Diagnostic::error(Code::LockInvalid, title)
                .at(at, why)
                .help("take the file as it was last committed, and run `idform lock`"),
        );
    }

    fn lock(&mut self, tree: &Node) -> Lock {
        let mut lock = Lock::default();
        // The version first: what a newer program wrote is not ours to find fault with.
        match tree.get("lockVersion").map(|node| {
            (
                node,
                text_of(node).and_then(|text| text.parse::<u32>().ok()),
            )
        }) {
            Some((_, Some(VERSION))) => {}
            Some((node, Some(version))) if version > VERSION => {
                let title = "the lock file was written by a newer idform";
                self.out.push(
                    Diagnostic::error(Code::LockTooNew, title)
                        .at(node.span, format!("this program reads version {VERSION}"))
                        .help("update idform, also in CI"),
                );
                return lock;
            }
            Some((node, _)) => {
                self.wrong(node.span, "the lock file has no version", "not a version")
            }
            None => self.wrong(
                tree.span,
                "the lock file has no version",
                "`lockVersion` is missing",
            ),
        }
        let members = self.members(tree, "the lock file", &["lockVersion", "issuers"]);
        let Some(issuers) = member(members, "issuers") else {
            return lock;
        };
        for entry in self.entries(&issuers.value, "`issuers`") {
            if let Err(problem) = issuer::discovery_url(&entry.key) {
                self.wrong(
                    entry.key_span,
                    "the lock file holds something that is no issuer",
                    problem.text,
                );
            } else if let Some(issuer) = self.issuer(entry) {
                lock.issuers.insert(entry.key.clone(), issuer);
            }
        }
        lock
    }

    fn issuer(&mut self, entry: &Entry) -> Option<LockedIssuer> {
        let known = [
            "jwksUri",
            "authorizationEndpoint",
            "tokenEndpoint",
            "keys",
            "certificates",
        ];
        let members = self.members(&entry.value, "an issuer", &known);
        let at = entry.key_span;
        let jwks_uri = self.needed(members, "jwksUri", at)?;
        let mut locked = LockedIssuer {
            jwks_uri,
            authorization_endpoint: self.text(members, "authorizationEndpoint"),
            token_endpoint: self.text(members, "tokenEndpoint"),
            keys: Vec::new(),
            certificates: Vec::new(),
        };
        let mut known = BTreeSet::new();
        for node in self.items(members, "keys") {
            if let Some(key) = self.key(node) {
                if !known.insert(jwks::identity(&key.key)) {
                    self.wrong(
                        node.span,
                        "a key stands twice in the lock file",
                        "the second one",
                    );
                }
                locked.keys.push(key);
            }
        }
        if locked.keys.is_empty() {
            self.wrong(
                at,
                "an issuer in the lock file has no key",
                "no key of it can be pinned",
            );
        }
        for node in self.items(members, "certificates") {
            locked.certificates.extend(self.certificate(node));
        }
        locked.sort();
        Some(locked)
    }

    fn key(&mut self, node: &Node) -> Option<LockedKey> {
        let known: Vec<&str> = KEY_MEMBERS
            .into_iter()
            .chain(["firstSeen", "withdrawnSince"])
            .collect();
        let members = self.members(node, "a key", &known);
        let key: Map<String, Value> = KEY_MEMBERS
            .iter()
            .filter_map(|name| Some(((*name).to_owned(), self.text(members, name)?.into())))
            .collect();
        match jwks::check(&json!({ "keys": [key] })) {
            Ok(set) => Some(LockedKey {
                key: jwks::keys_of(&set).first()?.clone(),
                first_seen: self.needed_time(members, "firstSeen", node.span)?,
                withdrawn_since: self.time(members, "withdrawnSince"),
            }),
            Err(problems) => {
                for problem in problems {
                    self.wrong(
                        node.span,
                        "the lock file holds an unusable key",
                        problem.text,
                    );
                }
                None
            }
        }
    }

    fn certificate(&mut self, node: &Node) -> Option<LockedCertificate> {
        let known = [
            "subject",
            "host",
            "role",
            "notAfter",
            "sha1",
            "sha256",
            "firstSeen",
            "withdrawnSince",
        ];
        let members = self.members(node, "a certificate", &known);
        let role = self.needed(members, "role", node.span)?;
        let Some(role) = Role::ALL.into_iter().find(|known| known.word() == role) else {
            let at = member(members, "role").map_or(node.span, |entry| entry.value.span);
            self.wrong(
                at,
                "a certificate has no known role",
                "may be topmost, intermediate, leaf",
            );
            return None;
        };
        Some(LockedCertificate {
            role,
            subject: self.needed(members, "subject", node.span)?,
            host: self.needed(members, "host", node.span)?,
            not_after: self.time(members, "notAfter"),
            sha1: self.digest(members, "sha1", 40, node.span)?,
            sha256: self.digest(members, "sha256", 64, node.span)?,
            first_seen: self.needed_time(members, "firstSeen", node.span)?,
            withdrawn_since: self.time(members, "withdrawnSince"),
        })
    }

    fn digest(&mut self, members: &[Entry], name: &str, digits: usize, at: Span) -> Option<String> {
        let text = self.needed(members, name, at)?;
        let is_digest = text.len() == digits
            && text
                .bytes()
                .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        if !is_digest {
            let at = member(members, name).map_or(at, |entry| entry.value.span);
            let why = format!("needed: {digits} hexadecimal digits in lower case");
            self.wrong(at, "a fingerprint in the lock file has the wrong form", why);
        }
        is_digest.then_some(text)
    }

    fn members<'n>(&mut self, node: &'n Node, what: &str, known: &[&str]) -> &'n [Entry] {
        let entries = self.entries(node, what);
        for entry in entries {
            if !known.contains(&entry.key.as_str()) {
                let title = format!("unknown key in {what} of the lock file");
                self.wrong(entry.key_span, &title, "this key is not known here");
            }
        }
        entries
    }

    fn entries<'n>(&mut self, node: &'n Node, what: &str) -> &'n [Entry] {
        if let NodeValue::Map(entries) = &node.value {
            return entries;
        }
        if !node.is_null() {
            self.wrong(
                node.span,
                "the lock file has another form",
                format!("{what} is no mapping"),
            );
        }
        &[]
    }

    fn items<'n>(&mut self, members: &'n [Entry], name: &str) -> &'n [Node] {
        match member(members, name).map(|entry| &entry.value) {
            Some(Node {
                value: NodeValue::List(items),
                ..
            }) => items,
            Some(node) if !node.is_null() => {
                self.wrong(
                    node.span,
                    "the lock file has another form",
                    format!("`{name}` is no list"),
                );
                &[]
            }
            Some(_) | None => &[],
        }
    }

    fn text(&mut self, members: &[Entry], name: &str) -> Option<String> {
        let entry = member(members, name)?;
        match text_of(&entry.value) {
            Some(text) => Some(text.to_owned()),
            None => {
                let why = format!("`{name}` is no plain text");
                self.wrong(entry.value.span, "the lock file has another form", why);
                None
            }
        }
    }

    fn needed(&mut self, members: &[Entry], name: &str, at: Span) -> Option<String> {
        if member(members, name).is_none() {
            let why = format!("`{name}` is missing");
            self.wrong(at, "something is missing in the lock file", why);
        }
        self.text(members, name)
    }

    fn time(&mut self, members: &[Entry], name: &str) -> Option<Timestamp> {
        let text = self.text(members, name)?;
        let time = text.parse().ok();
        if time.is_none() {
            let at = member(members, name)?.value.span;
            let why = "needed: a time like 2026-11-22T04:08:07Z";
            self.wrong(at, "a time in the lock file has the wrong form", why);
        }
        time
    }

    fn needed_time(&mut self, members: &[Entry], name: &str, at: Span) -> Option<Timestamp> {
        self.needed(members, name, at)?;
        self.time(members, name)
    }
}

fn member<'n>(members: &'n [Entry], name: &str) -> Option<&'n Entry> {
    members.iter().find(|entry| entry.key == name)
}

/// What was written, whatever it looks like: forty digits are a fingerprint here, and no number.
fn text_of(node: &Node) -> Option<&str> {
    match &node.value {
        NodeValue::Scalar(scalar) => Some(&scalar.text),
        NodeValue::List(_) | NodeValue::Map(_) => None,
    }
}
