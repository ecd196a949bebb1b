//! Which manifests, which clouds, and which part of them.

use std::path::PathBuf;
use std::time::Duration;

use crate::compile::{Selection, Shard};
use crate::model::{LabelSelector, Selector};

/// What the commands that compare manifests with clouds are given.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Compared {
    #[command(flatten)]
    pub(in crate::cli) manifests: Manifests,
    #[command(flatten)]
    pub(in crate::cli) clouds: Clouds,
    #[command(flatten)]
    pub(in crate::cli) selecting: Selecting,
}

/// Which manifests.
#[derive(Debug, Clone, clap::Args)]
pub(in crate::cli) struct Manifests {
    /// Files, or folders read recursively for *.yaml and *.yml; `-` reads standard input
    #[arg(value_name = "PATH", default_value = ".")]
    pub(in crate::cli) paths: Vec<PathBuf>,
    /// Let `${env:NAME}` in manifests read this variable (repeatable)
    #[arg(long = "env", value_name = "NAME")]
    pub(in crate::cli) env: Vec<String>,
}

/// How the clouds are reached.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Clouds {
    /// Use the built-in emulator of the clouds, its state kept in DIR
    #[arg(long, value_name = "DIR", num_args = 0..=1, require_equals = true, default_missing_value = ".idform/sandbox")]
    pub(in crate::cli) sandbox: Option<PathBuf>,
    /// Most requests under way at once, and most changes but for those that wait for a budget
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub(in crate::cli) parallelism: u16,
    /// Time for one request, for example 10s or 500ms
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = waiting)]
    pub(in crate::cli) timeout: Duration,
}

/// Which part of what the manifests declare.
#[derive(Debug, Clone, clap::Args)]
pub(in crate::cli) struct Selecting {
    /// Only these accounts; `*` globs (repeatable)
    #[arg(long, value_name = "SELECTOR", value_parser = Selector::parse)]
    pub(in crate::cli) account: Vec<Selector>,
    /// Only these objects and what they need: account/Kind/name with `*` globs (repeatable)
    #[arg(long, value_name = "SELECTOR", value_parser = Selector::parse)]
    pub(in crate::cli) target: Vec<Selector>,
    /// Only objects with this in `metadata.labels`, and what they need: KEY=VALUE, or KEY for any
    /// value (repeatable: an object must carry all)
    #[arg(long, value_name = "KEY=VALUE", value_parser = LabelSelector::parse)]
    pub(in crate::cli) label: Vec<LabelSelector>,
    /// Not these objects, nor what needs them (repeatable)
    #[arg(long, value_name = "SELECTOR", value_parser = Selector::parse)]
    pub(in crate::cli) exclude: Vec<Selector>,
    /// Only the accounts of one of N shards, from 1
    #[arg(long, value_name = "I/N", value_parser = shard)]
    pub(in crate::cli) shard: Option<Shard>,
}

impl Selecting {
    pub(in crate::cli) fn selection(&self) -> Selection {
        Selection {
            accounts: self.account.clone(),
            targets: self.target.clone(),
            labels: self.label.clone(),
            excludes: self.exclude.clone(),
            shard: self.shard,
        }
    }
}

fn shard(text: &str) -> Result<Shard, String> {
    let parts = text.split_once('/');
    let numbers = parts.and_then(|(index, of)| Some((index.parse().ok()?, of.parse().ok()?)));
    match numbers {
        Some((index, of)) if (1..=of).contains(&index) => Ok(Shard { index, of }),
        _ => Err("write I/N with I from 1 to N".to_owned()),
    }
}

/// Reads how long to wait; no time at all would be an answer from nobody.
fn waiting(text: &str) -> Result<Duration, String> {
    match duration(text)? {
        Duration::ZERO => Err("nothing can answer in no time; write for example 10s".to_owned()),
        time => Ok(time),
    }
}

/// Reads a time with its unit.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    let wrong = || "write a number with ms, s or m, for example 10s".to_owned();
    let digits = text.find(|c: char| !c.is_ascii_digit()).ok_or_else(wrong)?;
    let (number, unit) = text.split_at(digits);
    let number: u64 = number.parse().map_err(|_| wrong())?;
    match unit {
        "ms" => Ok(Duration::from_millis(number)),
        "s" => Ok(Duration::from_secs(number)),
        "m" => Ok(Duration::from_secs(number.saturating_mul(60))),
        _ => Err(wrong()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_want_a_unit() {
        assert_eq!(duration("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(duration("2m"), Ok(Duration::from_mins(2)));
        for wrong in ["", "10", "s", "1h", "-1s", "99999999999999999999s"] {
            assert!(duration(wrong).is_err(), "{wrong}");
        }
    }
}
