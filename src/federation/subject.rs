//! Subjects of tokens: whose they are, as far as their form says so.

use super::visible;

/// How a subject of GitHub Actions names its repository.
///
/// Repositories made, renamed or moved after 15 July 2026 send the form with numbers; older ones
/// send the form with names until their owners opt in. GitHub Enterprise Server keeps the names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GithubForm {
    /// `repo:OWNER/REPO:...`: whoever has the names now.
    Names,
    /// `repo:OWNER@OWNER_ID/REPO@REPO_ID:...`: this repository, whatever it is called.
    Numbers,
}

/// The issuer of GitHub Actions; enterprises may have their own path below it.
pub const GITHUB_ISSUER: &str = "https://token.actions.githubusercontent.com";

/// The form of a subject of GitHub Actions; [`None`] for subjects that do not begin with a
/// repository (customised ones) and for patterns that are open within it.
pub fn github_form(subject: &str) -> Option<GithubForm> {
    let (owner, rest) = subject.strip_prefix("repo:")?.split_once('/')?;
    let repository = rest.split(':').next()?;
    let form = |name: &str| match name.split_once('@') {
        Some((name, number)) if !name.is_empty() && is_number(number) => Some(GithubForm::Numbers),
        Some(_) => None,
        None => is_name(name).then_some(GithubForm::Names),
    };
    let (owner, repository) = (form(owner)?, form(repository)?);
    (owner == repository).then_some(owner)
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Letters, digits and the three marks that names of owners and repositories may have.
fn is_name(text: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    !text.is_empty() && text.chars().all(allowed)
}

/// Most characters of a subject (OpenID Connect Core 1.0 §2).
pub const CHARACTERS_MAX: usize = 255;

/// A subject with everything escaped that cannot be seen; [`None`] where all of it can.
pub fn with_hidden_escaped(subject: &str) -> Option<String> {
    let shown = visible(subject);
    (shown != subject).then_some(shown)
}

/// What stands before a tenant's name in subjects of well-known issuers, and what ends that name.
const TENANTS: &[(&str, char)] = &[
    ("repo:", '/'),
    ("project_path:", '/'),
    ("system:serviceaccount:", ':'),
    ("organization:", ':'),
    ("org/", '/'),
    ("spiffe://", '/'),
];

/// Whether a pattern with `*` and `?` reaches over tenants: its first wildcard stands at the
/// beginning, or before the end of the tenant's name.
pub fn reaches_over_tenants(pattern: &str) -> bool {
    let Some(first) = pattern.find(['*', '?']) else {
        return false;
    };
    let fixed = &pattern[..first];
    if fixed.is_empty() {
        return true;
    }
    TENANTS.iter().any(|(before, end)| {
        match fixed.strip_prefix(before) {
            Some(tenant) => !tenant.contains(*end),
            // `re*` is a beginning of `repo:` too.
            None => before.starts_with(fixed),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_seen_is_escaped() {
        for (subject, shown) in [
            ("repo:acme/shop:ref:refs/heads/main", None),
            ("system:serviceaccount:größe:x", None),
            ("repo:acme/shop\n", Some("repo:acme/shop\\u{a}")),
            ("repo:ac\u{200b}me/shop", Some("repo:ac\\u{200b}me/shop")),
        ] {
            assert_eq!(with_hidden_escaped(subject).as_deref(), shown);
        }
    }

    #[test]
    fn both_forms_of_github() {
        for (subject, form) in [
            (
                "repo:acme/shop:ref:refs/heads/main",
                Some(GithubForm::Names),
            ),
            ("repo:acme/shop:environment:prod", Some(GithubForm::Names)),
            (
                "repo:acme@123/shop@456:ref:refs/heads/main",
                Some(GithubForm::Numbers),
            ),
            ("repo:acme@123/shop@456", Some(GithubForm::Numbers)),
            ("repo:acme/*", None),
            ("repo:acme@123/shop:ref", None),
            ("repository_owner:acme", None),
            ("", None),
        ] {
            assert_eq!(github_form(subject), form, "{subject}");
        }
    }

    #[test]
    fn patterns_within_one_tenant_and_over_all() {
        for open in [
            "*",
            "?",
            "re*",
            "repo:*",
            "repo:ac*/shop:*",
            "project_path:*",
            "system:serviceaccount:*",
            "organization:ac*",
        ] {
            assert!(reaches_over_tenants(open), "{open}");
        }
        for closed in [
            "repo:acme/*",
            "repo:acme/shop:*",
            "repo:acme/shop:ref:refs/heads/main",
            "system:serviceaccount:prod:*",
            "user-*",
        ] {
            assert!(!reaches_over_tenants(closed), "{closed}");
        }
    }
}
