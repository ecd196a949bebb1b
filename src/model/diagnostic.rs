//! What an author did wrong, or must know: a stable code, the place, the way out.
//!
//! No rendering here; `view` turns these into text and JSON.

use std::cmp::Ordering;
use std::fmt;

use super::Span;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Nothing can go on.
    Error,
    /// It works, but somebody should look.
    Warning,
}

impl Severity {
    /// The word in every output.
    pub fn word(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
        }
    }
}

/// Declares the codes once: variant, slug, title, and what `idform explain` says of it.
macro_rules! codes {
    ($($variant:ident, $slug:literal, $explanation:literal;)+) => {
        /// A stable code in words. Codes are never renamed; retired ones are not used again.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code { $(#[doc = $explanation] $variant,)+ }
        impl Code {
            /// Every code, in the order of this table.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];
            /// The code as users see and match it.
            pub fn slug(self) -> &'static str { match self { $(Self::$variant => $slug,)+ } }
            /// What `idform explain CODE` prints.
            pub fn explanation(self) -> &'static str { match self { $(Self::$variant => $explanation,)+ } }
        }
    };
}

codes! {
    YamlSyntax, "yaml-syntax", "The file is not valid YAML. The message says where reading stopped; nothing after that place in the file was checked.";
    FileUnreadable, "file-unreadable", "The file or folder could not be read: it does not exist, is not readable for this user, or is not a regular file.";
    FileTooLarge, "file-too-large", "The file is larger than a manifest or a side file may be. Manifests may have 8 MiB, files that they refer to 1 MiB.";
    NotText, "not-text", "The file is not UTF-8 text.";
    TooComplex, "too-complex", "The document goes past the limits on nesting, nodes or aliases. These limits keep a hostile file from using up memory; no sensible manifest comes near them.";
    OutsideRoot, "outside-root", "A path leads out of the folder that was named on the command line, directly or through a symbolic link. Manifests may only read files below that folder.";
    NoManifests, "no-manifests", "No manifest was found under the given paths. Manifests are files named *.yaml or *.yml; hidden folders are skipped.";
    NoDocuments, "no-documents", "The files or standard input hold no document at all: they are empty, or all comments. That may be meant, but a generator that failed looks the same.";
    InvalidCharacter, "invalid-character", "A text holds a control character. Only line breaks and tabs are allowed.";
    UnknownField, "unknown-field", "The key is not part of this kind. Unknown keys are refused so that a misspelt one cannot silently mean nothing.";
    DuplicateKey, "duplicate-key", "The same key stands twice in one mapping. YAML readers disagree which of them counts, so neither is taken.";
    MissingField, "missing-field", "A key that is always needed is absent.";
    WrongType, "wrong-type", "The value is of another type than the field takes. Texts that look like numbers or switches (1e3, no, off) want quotes.";
    ValueOutOfRange, "value-out-of-range", "The value is outside what the cloud documents: a length, a count, a range or a set of words.";
    InvalidValue, "invalid-value", "The value has the right type but not the form that is needed.";
    InvalidName, "invalid-name", "`metadata.name` must match [a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?.";
    UnknownApiVersion, "unknown-api-version", "`apiVersion` must be idform/v1.";
    UnknownKind, "unknown-kind", "There is no such kind. `idform explain` lists the kinds.";
    CannotClear, "cannot-clear", "The field is null or empty, which means `clear it`, but the cloud has no way to clear it. Drop the key to leave the live value as it is.";
    ConflictingFields, "conflicting-fields", "Two fields of one document exclude each other.";
    ConflictingObjects, "conflicting-objects", "Two manifests want switched on what an account has only one of, such as both ways for sub-users to sign in. To switch on the one switches off the other, so every apply would undo the one before.";
    UnknownAccount, "unknown-account", "`account` names an Account that no manifest declares.";
    WrongCloud, "wrong-cloud", "The kind belongs to another cloud than the account.";
    DanglingReference, "dangling-reference", "A reference names a manifest that does not exist in this account. For an object that is not managed here write {external: name-in-the-cloud}.";
    ReferenceToAbsent, "reference-to-absent", "A reference names an object whose manifest says `ensure: absent`.";
    ReferenceCycle, "reference-cycle", "Objects wait for each other in a circle, so there is no order in which they could be applied.";
    DuplicateObject, "duplicate-object", "Two manifests declare the same object: the same address, or the same object in the cloud.";
    CannotBeAbsent, "cannot-be-absent", "The cloud has no call that removes this object by itself; it goes with its identity provider.";
    CannotExpress, "cannot-express", "A portable document asks an account for something that its cloud has no way to say. The message gives the reason and what comes nearest; `idform capabilities` prints the whole matrix.";
    UnsupportedBySite, "unsupported-by-site", "The account's site does not know this field.";
    InvalidKeys, "invalid-keys", "The key set is no JWKS with usable public keys.";
    PrivateKey, "private-key", "The key set or metadata holds private key material. Treat that key as leaked: whoever can read the repository can sign in. Publish the public half only.";
    InvalidMetadata, "invalid-metadata", "The text is no usable SAML 2.0 metadata of one identity provider: it is no such XML, holds a document type definition, describes no provider or several, or has no signing certificate that can be read. The message says what and on which line.";
    IssuerNotLocked, "issuer-not-locked", "`{issuer: true}` takes the issuer's keys or fingerprints from idform.lock, which does not hold this issuer. Run `idform lock` with the same paths (`lock --sandbox` for the sandbox's issuers), and review what it wrote.";
    IssuerUnreachable, "issuer-unreachable", "An issuer could not be fetched: its name, its address, the connection, TLS, or a limit on size and time. Only https is used, only public addresses are connected to unless the operator's configuration allows others ([issuers] allow), and no redirect leads to another host. What is locked of it stays as it is; other issuers are not affected.";
    IssuerUnusable, "issuer-unusable", "What an issuer published cannot be used: its discovery document is about another issuer (compared byte for byte, a slash at the end included), or its key set is none. What is locked of it stays as it is.";
    IssuerKeyReplaced, "issuer-key-replaced", "An issuer publishes a key under the id of another one that is locked. Rotations bring new ids; the same id with other material is a mistake or an attack. The locked key stays. When the issuer confirms it, `idform lock --retire ISSUER` takes the new key and drops the old one at once.";
    IssuerKeyLeftOut, "issuer-key-left-out", "A key that an issuer publishes is not pinned on a cloud, because the cloud takes no keys of its type or no more of them. Tokens signed with it are refused there.";
    LockInvalid, "lock-invalid", "idform.lock cannot be read. It is written by `idform lock`; after a merge conflict take either side and run `idform lock` again.";
    LockTooNew, "lock-too-new", "idform.lock was written by a newer version of idform, which may hold what this one does not know. Update this one.";
    EnvNotAllowed, "env-not-allowed", "`${env:NAME}` is replaced only for variables that the operator allows with `--env NAME`.";
    EnvUndefined, "env-undefined", "`${env:NAME}` names a variable that is allowed but not set.";
    CannotRun, "cannot-run", "The run could not begin, or could not put its result where it was wanted: an endpoint is no usable URL, the sandbox could not be started, standard input could not be read, a file could not be written. The message says what was attempted and the causes follow it. No cloud was changed.";
    Interrupted, "interrupted", "The run ended before its end. When Ctrl-C or SIGTERM came while the clouds were read, nothing was changed; run it again. An apply that is interrupted while it writes finishes the calls in flight and tells how each change ended; a second signal ends it at once, as a bug in idform would: then the journal has what was sent and answered, and the next apply reads each object first.";
    RecordIncomplete, "record-incomplete", "The journal or the event stream of an apply could not be written to its end, for example because the disk is full. The clouds were changed all the same, because half-done work would be worse; the result of the run says how.";
    SelectorFitsNothing, "selector-fits-nothing", "An --account, --target, --label or --exclude fits nothing that the manifests declare. Names are compared as they are written in manifests, as account/Kind/name; a spec's own `name` does not count. Labels are compared with `metadata.labels`, and several --label must be on one object. A name with `*` is a warning; everything else is a mistake, because an object that should have been left out would be changed.";
    CredentialsMissing, "credentials-missing", "No credentials were found for an account. The message lists where they were looked for.";
    AccountMismatch, "account-mismatch", "The credentials belong to another account than the manifest says. Nothing was read or written there.";
    AccountUnreadable, "account-unreadable", "An account could not be read. Its objects are shown as unreadable; other accounts are planned and applied.";
    ObjectUnreadable, "object-unreadable", "An object could not be read. It is never taken for absent, and nothing that waits for it is changed.";
    ObjectBlocked, "object-blocked", "The object needs a change that cannot be made as things are. The reason says what is missing.";
    Protected, "protected", "The object's manifest says `protect: true` and the plan holds a change to it that may break sign-in or destroys something.";
    ThresholdExceeded, "threshold-exceeded", "The plan would change more of what lives in one account than is allowed at once. A wrong folder or a wrong account often shows itself so. If it is right, raise `--max-changes`.";
    PolicyDenied, "policy-denied", "A policy of the operator's own denies the plan. Nothing is applied while it does, and no consent lifts it: change the manifest, or have the policy changed by those who answer for it.";
    PolicyWarned, "policy-warned", "A policy of the operator's own warns about the plan. It stops nothing.";
    PolicyInvalid, "policy-invalid", "A policy cannot be read, fails, takes too long, or gives something that is no message. Nothing is applied, because a rule that cannot be asked has not agreed. Policies are files *.rego in package `idform` with rules `deny contains msg` or `warn contains msg`; msg is a text or {\"msg\": text, \"address\": address}, and `input` is the plan as `plan --format json` prints it.";
    PlanStale, "plan-stale", "The plan made now is not the one that was approved: manifests or live objects changed since. Nothing was written. Review the plan of now and approve that.";
    ConsentMissing, "consent-missing", "The plan holds risks nobody consented to. Nothing was written. Read the plan and repeat with `--yes` and the `--allow` flags that it names.";
    AcceptanceExpired, "acceptance-expired", "A difference that was accepted is reported again, because the last day of its acceptance has passed. Mend it, or agree on another date.";
    AcceptanceUnused, "acceptance-unused", "An entry of an acceptance file fits nothing that differs. Take it out, so that it does not hide something later.";
    ListUnreadable, "list-unreadable", "The objects of a kind could not be listed, so nobody knows whether there are some that no manifest declares.";
    ChangeFailed, "change-failed", "A change was not carried out, or not wholly. The rest of the plan went on, except what waits for it.";
    ChangeStale, "change-stale", "The object was changed by somebody else after it was planned. It was left alone; plan again.";
    TargetNotFound, "target-not-found", "A `--target` of an import names nothing that is live in the account. Names are those in the cloud, upper and lower case told apart.";
    FileExists, "file-exists", "A file that an import would write is there already. Imports never overwrite: nothing was written.";
    WeakKey, "weak-key", "Lint. An RSA key under 2048 bits or with a public exponent under 65537: what is signed with it may be forged by those who spend enough on it.";
    UnexpectedKey, "unexpected-key", "Lint. A key that no sign-in will use: one for encryption, of another type than RSA, or for another algorithm than RS256, which is what the clouds document; or one of several keys without `kid`, among which none can be chosen.";
    CertificateExpired, "certificate-expired", "Lint. A certificate's last day has passed. Some clouds go on accepting it, others refuse every sign-in.";
    CertificateExpires, "certificate-expires", "Lint. A certificate ends within 30 days. Its successor belongs into the manifest, beside it, before the issuer begins to sign with it.";
    WeakCertificate, "weak-certificate", "Lint. A certificate with a short key, or signed with a hash that can be forged (MD5, SHA-1).";
    IssuerSlash, "issuer-slash", "Lint. Two documents, or a document and the lock file, name an issuer that differs by a slash at the end only. Tokens carry one of the two, and the comparison is byte for byte: the other accepts nobody.";
    TrustWithoutSubject, "trust-without-subject", "Lint. A role trusts a provider without a condition on the token's subject: everybody whom the issuer knows may assume it. At an issuer that serves many tenants (GitHub, GitLab.com) that is anybody in the world.";
    WildcardSubject, "wildcard-subject", "Lint. A role's condition on the subject has a pattern that reaches over tenants or repositories, such as `*` or `repo:*`.";
    InvisibleInSubject, "invisible-in-subject", "Lint. A role's condition on the subject holds a line break, another control character, or one that cannot be seen. Issuers send none, so nobody assumes the role; or they do, and nobody who reviews the policy can tell whom it trusts. A YAML block (`|`) keeps its last line break.";
    SubjectTooLong, "subject-too-long", "Lint. A role's condition on the subject asks for more than 255 characters, the most that OpenID Connect allows a subject: no token of an issuer that keeps to it satisfies this.";
    TooManySubjects, "too-many-subjects", "Lint. A condition in a role's trust policy lists more than ten subjects. The cloud's console takes ten; whether its API takes more is not documented. The short form (`federated`) refuses more.";
    TrustWithoutAudience, "trust-without-audience", "Lint. A role trusts a provider without a condition on the audience, so a token made for any of the provider's clients assumes it.";
    AudienceNotAccepted, "audience-not-accepted", "Lint. A role asks for an audience that its provider does not have among its client ids: no token can satisfy both.";
    GithubSubjectForm, "github-subject-form", "Lint. A subject of GitHub Actions in the form without numbers. Repositories made, renamed or moved after 15 July 2026 send repo:OWNER@OWNER_ID/REPO@REPO_ID:..., and a policy for one form never accepts the other. The form with numbers also survives that somebody else takes the name over.";
    ProviderUnused, "provider-unused", "Lint. No role of these manifests trusts the provider, so it serves nobody here; or a role that is made elsewhere does.";
    EverybodyOneUser, "everybody-one-user", "Lint. A mapping gives everybody whom the provider knows the same user name: who did what cannot be told afterwards, and all have the same rights. The cloud's default rule does so.";
    MatchesEverything, "matches-everything", "Lint. A regular expression of a mapping matches every value, so the condition keeps nobody out.";
    WaiverExpired, "waiver-expired", "The last day of a waiver has passed, and the lint it was for is told again. Mend it, or agree on another date.";
    WaiverUnused, "waiver-unused", "A waiver fits no lint that would be told. Take it out, so that it does not hide something later.";
    ImportDiffers, "import-differs", "The manifests that an import made were planned, and the plan was not empty: somebody changed the account meanwhile, or it reads differently each time. Nothing was written.";
}

impl Code {
    /// The lints: what works and yet should be looked at. They can be waived.
    pub const LINTS: &'static [Self] = &[
        Self::WeakKey,
        Self::UnexpectedKey,
        Self::CertificateExpired,
        Self::CertificateExpires,
        Self::WeakCertificate,
        Self::IssuerSlash,
        Self::TrustWithoutSubject,
        Self::WildcardSubject,
        Self::InvisibleInSubject,
        Self::SubjectTooLong,
        Self::TooManySubjects,
        Self::TrustWithoutAudience,
        Self::AudienceNotAccepted,
        Self::GithubSubjectForm,
        Self::ProviderUnused,
        Self::EverybodyOneUser,
        Self::MatchesEverything,
    ];
}

/// A place in a text and what to say there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// The place.
    pub span: Span,
    /// What is wrong there; may be empty.
    pub text: String,
}

/// A file, and as far as it is known the place in it, where no text is at hand to point into.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct FilePlace {
    /// The file as it was named.
    pub name: String,
    /// From 1; [`None`] when it is about the file as a whole.
    pub line: Option<u32>,
    /// In characters, from 1; the line's first where it is [`None`].
    pub column: Option<u32>,
}

impl fmt::Display for FilePlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        for number in [self.line, self.column].into_iter().flatten() {
            write!(f, ":{number}")?;
        }
        Ok(())
    }
}

/// One finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// How bad.
    pub severity: Severity,
    /// The stable code.
    pub code: Code,
    /// One line; names the field or object, no user data beyond that.
    pub title: String,
    /// The main place first, then related ones.
    pub labels: Vec<Label>,
    /// The file it is about, when there is no place in a text to point at.
    pub file: Option<FilePlace>,
    /// Further lines: causes, consequences.
    pub notes: Vec<String>,
    /// What to do.
    pub help: Option<String>,
}

impl Diagnostic {
    /// An error with a code and a title.
    pub fn error(code: Code, title: impl Into<String>) -> Self {
        Self {
            severity: Severity::Error,
            code,
            title: title.into(),
            labels: Vec::new(),
            file: None,
            notes: Vec::new(),
            help: None,
        }
    }

    /// A warning with a code and a title.
    pub fn warning(code: Code, title: impl Into<String>) -> Self {
        Self {
            severity: Severity::Warning,
            ..Self::error(code, title)
        }
    }

    /// Points at a place.
    #[must_use]
    pub fn at(mut self, span: Span, text: impl Into<String>) -> Self {
        self.labels.push(Label {
            span,
            text: text.into(),
        });
        self
    }

    /// Names the file when there is no text to point into.
    #[must_use]
    pub fn in_file(self, name: impl Into<String>) -> Self {
        self.in_place(FilePlace {
            name: name.into(),
            line: None,
            column: None,
        })
    }

    /// Names the file and the line (from 1) when there is no text to point into.
    #[must_use]
    pub fn on_line(self, name: impl Into<String>, line: u32) -> Self {
        self.in_place(FilePlace {
            name: name.into(),
            line: Some(line),
            column: None,
        })
    }

    /// Names the place when there is no text to point into.
    #[must_use]
    pub fn in_place(mut self, place: FilePlace) -> Self {
        self.file = Some(place);
        self
    }

    /// Adds a note.
    #[must_use]
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }

    /// Says what to do.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    fn order(&self, other: &Self) -> Ordering {
        let place = |diagnostic: &Self| diagnostic.labels.first().map(|label| label.span);
        (place(self).is_none(), place(self), &self.file)
            .cmp(&(place(other).is_none(), place(other), &other.file))
            .then_with(|| (self.severity, self.code).cmp(&(other.severity, other.code)))
            .then_with(|| self.title.cmp(&other.title))
    }
}

/// A collector: checks add to it and go on.
#[derive(Debug, Clone, Default)]
pub struct Diagnostics {
    found: Vec<Diagnostic>,
}

impl Diagnostics {
    /// Adds a finding.
    pub fn push(&mut self, diagnostic: Diagnostic) {
        self.found.push(diagnostic);
    }

    /// Adds all of another collector.
    pub fn extend(&mut self, other: Self) {
        self.found.extend(other.found);
    }

    /// Whether any finding is an error.
    pub fn has_errors(&self) -> bool {
        self.found
            .iter()
            .any(|diagnostic| diagnostic.severity == Severity::Error)
    }

    /// How many findings there are.
    pub fn len(&self) -> usize {
        self.found.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// All findings in the order of files and lines, doubles removed.
    pub fn into_sorted(mut self) -> Vec<Diagnostic> {
        self.found.sort_by(Diagnostic::order);
        self.found.dedup();
        self.found
    }
}
