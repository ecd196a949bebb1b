//! Drift reports of different accounts, joined: what shards found together.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use super::{DriftDocument, DriftSummary, FORMAT_VERSION, issuers, rank};

/// Joins reports about different accounts. The worst exit code counts: an error, then drift.
pub fn merge(documents: Vec<DriftDocument>) -> DriftDocument {
    let exit_code = documents
        .iter()
        .map(|document| document.exit_code)
        .max_by_key(|code| match code {
            0 => 0,
            2 => 1,
            _ => 2,
        })
        .unwrap_or_default();
    let mut merged = DriftDocument {
        format_version: FORMAT_VERSION.to_owned(),
        idform_version: env!("CARGO_PKG_VERSION").to_owned(),
        command: "drift".to_owned(),
        exit_code,
        complete: documents.iter().all(|document| document.complete),
        errored: documents.iter().any(|document| document.errored),
        partial: parts(documents.iter().map(|document| document.partial.as_deref())),
        summary: DriftSummary::default(),
        accounts: Vec::new(),
        resource_drift: Vec::new(),
        unmanaged: Vec::new(),
        unreadable: Vec::new(),
        unlisted: Vec::new(),
        accepted: Vec::new(),
        issuers: Vec::new(),
        diagnostics: Vec::new(),
    };
    for document in documents {
        merged.summary.in_sync += document.summary.in_sync;
        merged.accounts.extend(document.accounts);
        merged.resource_drift.extend(document.resource_drift);
        merged.unmanaged.extend(document.unmanaged);
        merged.unreadable.extend(document.unreadable);
        merged.unlisted.extend(document.unlisted);
        merged.accepted.extend(document.accepted);
        merged.issuers.extend(document.issuers);
        // Shards share manifests, and so what is wrong with them and with issuers.
        for finding in document.diagnostics {
            if !merged.diagnostics.contains(&finding) {
                merged.diagnostics.push(finding);
            }
        }
    }
    merged.issuers = issuers::merge(std::mem::take(&mut merged.issuers).into_iter());
    merged.accounts.sort();
    merged.resource_drift.sort_by_cached_key(|found| {
        let change = &found.change;
        let (account, kind) = (change.account.clone(), change.kind.clone());
        (
            Reverse(rank(&found.effect)),
            account,
            kind,
            change.name.clone(),
        )
    });
    merged.unmanaged.sort_by_cached_key(|found| {
        let (account, kind) = (found.account.clone(), found.kind.clone());
        (
            Reverse(rank(&found.effect)),
            account,
            kind,
            found.cloud_name.clone(),
        )
    });
    merged
        .unreadable
        .sort_by(|left, right| left.address.cmp(&right.address));
    merged
        .unlisted
        .sort_by_cached_key(|list| (list.by_design, list.account.clone(), list.kind.clone()));
    merged.accepted.sort_by_cached_key(|accepted| {
        let (account, kind) = (accepted.account.clone(), accepted.kind.clone());
        (account, kind, accepted.name.clone())
    });
    merged.count();
    merged
}

/// Which part all of them are about together: none when there is a whole one, or every shard of N.
fn parts<'a>(parts: impl Iterator<Item = Option<&'a str>>) -> Option<String> {
    let parts: BTreeSet<&str> = parts.collect::<Option<_>>()?;
    let shards: Option<BTreeSet<(u32, u32)>> = parts
        .iter()
        .map(|part| {
            let (index, of) = part.strip_prefix("shard ")?.split_once('/')?;
            Some((of.parse().ok()?, index.parse().ok()?))
        })
        .collect();
    let shards = shards.unwrap_or_default();
    let of = shards.first().map_or(0, |(of, _)| *of);
    let is_whole = (1..=of).all(|index| shards.contains(&(of, index)));
    if of > 0 && is_whole {
        return None;
    }
    Some(parts.into_iter().collect::<Vec<_>>().join(" and "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_shards_together_are_the_whole() {
        let joined = |texts: &[Option<&'static str>]| parts(texts.iter().copied());
        assert_eq!(joined(&[Some("shard 1/2"), Some("shard 2/2")]), None);
        assert_eq!(
            joined(&[Some("shard 1/3"), Some("shard 3/3")]).as_deref(),
            Some("shard 1/3 and shard 3/3")
        );
        assert_eq!(
            joined(&[Some("shard 1/2"), Some("shard 2/3")]).as_deref(),
            Some("shard 1/2 and shard 2/3")
        );
        assert_eq!(joined(&[None, Some("accounts a")]), None);
        assert_eq!(joined(&[Some("accounts a")]).as_deref(), Some("accounts a"));
    }
}
