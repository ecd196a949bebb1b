//! What a single YAML text means: the core schema of YAML 1.2, and `${env:NAME}`.
//!
//! Words and numbers that YAML 1.1 readers take for something else (`no`, `0123`) mean nothing here:
//! they are refused wherever they are not quoted.

use std::collections::BTreeMap;

use super::node::Scalar;
use crate::model::Code;

/// The variables that the operator allows manifests to use, with their values.
///
/// The environment itself is read by the caller; this room never does.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AllowedEnv {
    values: BTreeMap<String, Option<String>>,
}

impl AllowedEnv {
    /// Allows a variable; [`None`] when it is not set.
    pub fn allow(&mut self, name: impl Into<String>, value: Option<String>) {
        self.values.insert(name.into(), value);
    }
}

/// The meaning of a scalar.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Meaning {
    /// Nothing.
    Null,
    /// `true` or `false`.
    Flag(bool),
    /// A whole number; [`None`] beyond 64 bits.
    Integer(Option<i64>),
    /// Any other number; may be infinite or no number at all.
    Float(f64),
    /// Readers disagree: `no`, `0123`.
    Ambiguous,
    /// Text.
    Text,
}

impl Meaning {
    /// What it is called in messages.
    pub(super) fn words(self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Flag(_) => "a switch",
            Self::Integer(_) | Self::Float(_) => "a number",
            Self::Ambiguous => "read differently by different YAML readers",
            Self::Text => "text",
        }
    }
}

/// Finds the meaning.
pub(super) fn meaning(scalar: &Scalar) -> Meaning {
    if scalar.is_plain {
        plain(&scalar.text)
    } else {
        Meaning::Text
    }
}

fn plain(text: &str) -> Meaning {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Meaning::Null,
        "true" | "True" | "TRUE" => return Meaning::Flag(true),
        "false" | "False" | "FALSE" => return Meaning::Flag(false),
        "yes" | "Yes" | "YES" | "no" | "No" | "NO" | "on" | "On" | "ON" | "off" | "Off" | "OFF" => {
            return Meaning::Ambiguous;
        }
        _ => {}
    }
    if let Some(digits) = text
        .strip_prefix("0o")
        .filter(|rest| every(rest, |c| c.is_digit(8)))
    {
        return Meaning::Integer(i64::from_str_radix(digits, 8).ok());
    }
    if let Some(digits) = text
        .strip_prefix("0x")
        .filter(|rest| every(rest, |c| c.is_ascii_hexdigit()))
    {
        return Meaning::Integer(i64::from_str_radix(digits, 16).ok());
    }
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    if matches!(unsigned, ".inf" | ".Inf" | ".INF") {
        return Meaning::Float(f64::INFINITY);
    }
    if matches!(text, ".nan" | ".NaN" | ".NAN") {
        return Meaning::Float(f64::NAN);
    }
    if every(unsigned, |c| c.is_ascii_digit()) {
        return if unsigned.len() > 1 && unsigned.starts_with('0') {
            Meaning::Ambiguous
        } else {
            Meaning::Integer(text.parse().ok())
        };
    }
    // Rust's reader takes `inf`, `nan` and `infinity` besides what YAML calls a number.
    if unsigned.starts_with(|c: char| c.is_ascii_digit() || c == '.')
        && unsigned.contains(|c: char| c.is_ascii_digit())
        && every(unsigned, |c| {
            matches!(c, '0'..='9' | '.' | 'e' | 'E' | '+' | '-')
        })
        && let Ok(number) = text.parse()
    {
        return Meaning::Float(number);
    }
    Meaning::Text
}

fn every(text: &str, wanted: fn(char) -> bool) -> bool {
    !text.is_empty() && text.chars().all(wanted)
}

/// Why a text cannot be completed from the environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct EnvProblem {
    /// The stable code.
    pub(super) code: Code,
    /// What is wrong, in words.
    pub(super) why: String,
    /// What to do.
    pub(super) help: String,
}

/// Replaces `${env:NAME}`; `$${` stands for `${`. Other uses of `$` are left alone, since policy
/// languages of clouds have their own.
pub(super) fn expand(text: &str, env: &AllowedEnv) -> Result<String, EnvProblem> {
    let mut done = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        done.push_str(&rest[..at]);
        rest = &rest[at..];
        if let Some(after) = rest.strip_prefix("$${") {
            done.push_str("${");
            rest = after;
        } else if let Some(after) = rest.strip_prefix("${env:") {
            let name = after.split('}').next().unwrap_or_default();
            if name.len() == after.len() || !is_variable(name) {
                return Err(EnvProblem {
                    code: Code::InvalidValue,
                    why: "`${env:` wants a variable's name and `}`".to_owned(),
                    help: "write ${env:NAME}, or $${ for the characters themselves".to_owned(),
                });
            }
            done.push_str(lookup(name, env)?);
            rest = &after[name.len() + 1..];
        } else {
            done.push('$');
            rest = &rest[1..];
        }
    }
    done.push_str(rest);
    Ok(done)
}

fn lookup<'e>(name: &str, env: &'e AllowedEnv) -> Result<&'e str, EnvProblem> {
    match env.values.get(name) {
        Some(Some(value)) => Ok(value),
        Some(None) => Err(EnvProblem {
            code: Code::EnvUndefined,
            why: format!("{name} is allowed but not set"),
            help: format!("set {name} where idform runs"),
        }),
        None => Err(EnvProblem {
            code: Code::EnvNotAllowed,
            why: format!("{name} is not among the variables that manifests may use"),
            help: format!(
                "allow it with `--env {name}`, or write $${{ for the characters themselves"
            ),
        }),
    }
}

fn is_variable(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_words_mean_what_yaml_1_2_says_or_nothing() {
        for (text, expected) in [
            ("null", Meaning::Null),
            ("true", Meaning::Flag(true)),
            ("no", Meaning::Ambiguous),
            ("Off", Meaning::Ambiguous),
            ("0123", Meaning::Ambiguous),
            ("-08", Meaning::Ambiguous),
            ("0", Meaning::Integer(Some(0))),
            ("+12", Meaning::Integer(Some(12))),
            ("0x1F", Meaning::Integer(Some(31))),
            ("0o17", Meaning::Integer(Some(15))),
            ("99999999999999999999", Meaning::Integer(None)),
            ("1e3", Meaning::Float(1000.0)),
            ("1.10", Meaning::Float(1.1)),
            (".5", Meaning::Float(0.5)),
            ("-.inf", Meaning::Float(f64::INFINITY)),
            ("2026-11-21", Meaning::Text),
            ("1_000", Meaning::Text),
            ("12:30:45", Meaning::Text),
            ("inf", Meaning::Text),
            (".", Meaning::Text),
            ("1.2.3", Meaning::Text),
            ("y", Meaning::Text),
        ] {
            assert_eq!(plain(text), expected, "{text}");
        }
    }

    #[test]
    fn variables_are_replaced_only_when_allowed() {
        let mut env = AllowedEnv::default();
        env.allow("COMMIT", Some("abc".to_owned()));
        env.allow("UNSET", None);
        let code = |text| expand(text, &env).map_err(|problem| problem.code);
        assert_eq!(code("at ${env:COMMIT}!"), Ok("at abc!".to_owned()));
        assert_eq!(code("$${env:COMMIT}"), Ok("${env:COMMIT}".to_owned()));
        assert_eq!(code("${uin} $5 $$"), Ok("${uin} $5 $$".to_owned()));
        assert_eq!(code("${env:UNSET}"), Err(Code::EnvUndefined));
        assert_eq!(code("${env:HOME}"), Err(Code::EnvNotAllowed));
        assert_eq!(code("${env:CO MMIT}"), Err(Code::InvalidValue));
        assert_eq!(code("${env:COMMIT"), Err(Code::InvalidValue));
    }
}
