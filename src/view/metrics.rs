//! The counts of a drift report as OpenMetrics text, for a collector that reads files.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::drift_json::DriftDocument;
use super::issuers::IssuerDocument;

/// The name of the time of the last run that read everything.
const LAST_SUCCESS: &str = "idform_last_success_timestamp_seconds";

/// Labels, as pairs of name and value.
type Labels = Vec<(&'static str, String)>;

/// The whole exposition. `last_success` is what the file said before: a run that could not read
/// everything leaves it as it is, so that its age raises the alarm.
pub fn render(document: &DriftDocument, now: Timestamp, last_success: Option<i64>) -> String {
    let mut out = String::new();
    let today = now.to_zoned(TimeZone::UTC).date();

    let drifted = document.resource_drift.iter().map(|found| {
        vec![
            ("account", found.change.account.clone()),
            ("kind", found.change.kind.clone()),
            ("risk", found.effect.clone()),
        ]
    });
    let help = "Declared objects that differ from their manifests and are not accepted.";
    family(&mut out, "idform_drift_objects", help, &counted(drifted));

    let strangers = document.unmanaged.iter().map(|found| {
        vec![
            ("account", found.account.clone()),
            ("kind", found.kind.clone()),
        ]
    });
    let help = "Live objects that no manifest declares.";
    family(
        &mut out,
        "idform_unmanaged_providers",
        help,
        &counted(strangers),
    );

    // Every account has a sample, so that a zero can be told from an account nobody asked.
    let mut unreadable: BTreeMap<Labels, i64> = document
        .accounts
        .iter()
        .map(|account| (vec![("account", account.name.clone())], 0))
        .collect();
    for found in &document.unreadable {
        *unreadable
            .entry(vec![("account", found.account.clone())])
            .or_default() += 1;
    }
    let help = "Declared objects that could not be read.";
    family(&mut out, "idform_unreadable_objects", help, &unreadable);

    let accounts = document.accounts.iter();
    let accounts = accounts
        .map(|account| {
            (
                vec![("account", account.name.clone())],
                i64::from(account.read),
            )
        })
        .collect();
    let help = "Whether an account answered (1) or not (0).";
    family(&mut out, "idform_account_read", help, &accounts);

    let accepted = document.accepted.iter().map(|found| {
        vec![
            ("account", found.account.clone()),
            ("kind", found.kind.clone()),
        ]
    });
    let help = "Differences that somebody answers for.";
    family(&mut out, "idform_accepted_drift", help, &counted(accepted));

    let mut days: BTreeMap<Labels, i64> = BTreeMap::new();
    for found in &document.accepted {
        let Some(left) = days_left(&found.until, today) else {
            continue;
        };
        let labels = vec![
            ("account", found.account.clone()),
            ("kind", found.kind.clone()),
            ("name", found.name.clone()),
        ];
        let known = days.entry(labels).or_insert(left);
        *known = left.min(*known);
    }
    let help = "Days until an acceptance runs out; 0 on its last day.";
    family(
        &mut out,
        "idform_accepted_drift_days_to_expiry",
        help,
        &days,
    );

    issuers(&mut out, document, today);

    let is_success = document.complete && !document.errored;
    let success = if is_success {
        Some(now.as_second())
    } else {
        last_success
    };
    let success = success.map(|at| (Vec::new(), at)).into_iter().collect();
    let help = "When a run last read everything.";
    family(&mut out, LAST_SUCCESS, help, &success);
    let run = BTreeMap::from([(Vec::new(), now.as_second())]);
    family(
        &mut out,
        "idform_last_run_timestamp_seconds",
        "When a run last ended.",
        &run,
    );
    out.push_str("# EOF\n");
    out
}

/// What is known of issuers; nothing where none was asked.
fn issuers(out: &mut String, document: &DriftDocument, today: Date) {
    if document.issuers.is_empty() {
        return;
    }
    let each = |value: fn(&IssuerDocument) -> bool| -> BTreeMap<Labels, i64> {
        let issuers = document.issuers.iter();
        let sample = |issuer: &IssuerDocument| {
            (
                vec![("issuer", issuer.issuer.clone())],
                i64::from(value(issuer)),
            )
        };
        issuers.map(sample).collect()
    };
    let help = "Whether an issuer could be fetched (1) or not (0).";
    family(
        out,
        "idform_issuer_reachable",
        help,
        &each(|issuer| issuer.reachable),
    );
    let help = "Whether the lock file is behind an issuer (1) or not (0).";
    family(
        out,
        "idform_issuer_lock_behind",
        help,
        &each(|issuer| issuer.lock_behind),
    );
    let changes = document.issuers.iter().flat_map(|issuer| {
        issuer.changes.iter().map(|change| {
            vec![
                ("issuer", issuer.issuer.clone()),
                ("change", change.change.clone()),
                ("urgency", change.urgency.clone()),
            ]
        })
    });
    let help = "What moved at issuers since they were locked and put on clouds.";
    family(out, "idform_issuer_changes", help, &counted(changes));
    let ends = document.issuers.iter().filter_map(|issuer| {
        let end: Timestamp = issuer.certificate_ends.as_ref()?.parse().ok()?;
        let left = today.until(end.to_zoned(TimeZone::UTC).date()).ok()?;
        Some((
            vec![("issuer", issuer.issuer.clone())],
            i64::from(left.get_days()),
        ))
    });
    let help = "Days until the first TLS certificate of an issuer ends; negative when it has.";
    family(
        out,
        "idform_issuer_certificate_days_to_expiry",
        help,
        &ends.collect(),
    );
}

/// The time of the last success in an earlier exposition.
pub fn last_success(text: &str) -> Option<i64> {
    text.lines()
        .find_map(|line| line.strip_prefix(LAST_SUCCESS)?.trim().parse().ok())
}

fn counted(found: impl Iterator<Item = Labels>) -> BTreeMap<Labels, i64> {
    let mut counts = BTreeMap::new();
    for labels in found {
        *counts.entry(labels).or_default() += 1;
    }
    counts
}

fn days_left(until: &str, today: Date) -> Option<i64> {
    let until: Date = until.parse().ok()?;
    today
        .until(until)
        .ok()
        .map(|span| i64::from(span.get_days()))
}

fn family(out: &mut String, name: &str, help: &str, samples: &BTreeMap<Labels, i64>) {
    let _ = writeln!(out, "# HELP {name} {help}\n# TYPE {name} gauge");
    for (labels, value) in samples {
        let labels: Vec<String> = labels
            .iter()
            .map(|(name, value)| format!("{name}=\"{}\"", escaped(value)))
            .collect();
        if labels.is_empty() {
            let _ = writeln!(out, "{name} {value}");
        } else {
            let _ = writeln!(out, "{name}{{{}}} {value}", labels.join(","));
        }
    }
}

/// OpenMetrics 1.0: backslash, quotation mark and line feed are escaped in label values.
fn escaped(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    for c in value.chars() {
        match c {
            '\\' => out.push_str("\\\\"),
            '"' => out.push_str("\\\""),
            '\n' => out.push_str("\\n"),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn label_values_cannot_end_a_line() {
        let mut out = String::new();
        let samples = BTreeMap::from([(vec![("name", "a\"} 1\nb\\".to_owned())], 3)]);
        family(&mut out, "idform_x", "X.", &samples);
        assert_eq!(
            out,
            "# HELP idform_x X.\n# TYPE idform_x gauge\nidform_x{name=\"a\\\"} 1\\nb\\\\\"} 3\n"
        );
    }

    #[test]
    fn the_last_success_is_found_again() {
        let text = format!("# TYPE {LAST_SUCCESS} gauge\n{LAST_SUCCESS} 1790000000\n# EOF\n");
        assert_eq!(last_success(&text), Some(1_790_000_000));
        assert_eq!(last_success("# EOF\n"), None);
    }

    #[test]
    fn days_are_counted_over_months() {
        let day = jiff::civil::date;
        assert_eq!(days_left("2027-03-01", day(2026, 11, 22)), Some(99));
        assert_eq!(days_left("2026-11-22", day(2026, 11, 22)), Some(0));
    }
}
