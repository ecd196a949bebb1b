//! What must hold for any bytes, one function for each door through which the bytes of others come.
//!
//! Each takes bytes and panics when something is wrong: by itself, or because a promise is broken.
//! The fuzzer calls them with what it makes up; `tests/it/fuzzed.rs` with the seeds, with every
//! input that ever broke one, and with small changes of these, on every `cargo test`.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use idform::clouds::{self, CLOUDS};
use idform::compile::portable::CATALOGUE;
use idform::compile::{World, compile};
use idform::federation::trust::{self, CAM, RAM};
use idform::federation::{certificate, certificate_chain, issuer, jwks, mapping, saml_metadata};
use idform::lock;
use idform::manifest::{self, AllowedEnv};
use idform::model::address::Selector;
use idform::model::{Account, CloudId, CredentialSource, Diagnostics, SourceMap, Span};
use idform::model::{UnmanagedRule, address};
use idform::net::http::{Answered, Http, HttpOptions};
use idform::observe::Snapshot;
use idform::plan::{self, Guards};
use idform::provider::{
    Answer, CloudClient, Connection, ErrorClass, Listing, Naming, Observation, ProviderError,
    Reply, ResourceKind, Scope, Surroundings,
};
use idform::view;
use idform::view::review::ReviewInput;
use idform::view::theme::Theme;

/// A door, by the name of its fuzz target and of its folder of seeds.
pub type Oracle = fn(&[u8]);

/// All of them.
pub const ORACLES: [(&str, Oracle); 14] = [
    ("manifests", manifests),
    ("lock_file", lock_file),
    ("saved_plan", saved_plan),
    ("observe", observe),
    ("answers", answers),
    ("pages", pages),
    ("saml", saml),
    ("key_sets", key_sets),
    ("certificates", certificates),
    ("discovery", discovery),
    ("trust_policies", trust_policies),
    ("mapping_rules", mapping_rules),
    ("yaml_tree", yaml_tree),
    ("selectors", selectors),
];

/// Manifests: read, compiled, planned against clouds that hold nothing, and shown.
pub fn manifests(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let side_files = [("keys.jwks.json", text), ("idp.xml", text)];
    let (mut read, mut found) = manifest::parse_texts(
        &[("fuzz.yaml", text)],
        &side_files,
        CATALOGUE,
        &AllowedEnv::default(),
    );
    let world = compile(&mut read, None, &mut found);
    let is_sound = !found.has_errors();
    let found = found.into_sorted();
    let shown = view::diagnostics::render(&found, &read.sources, &Theme::plain(), 80);
    assert_eq!(
        shown.trim().is_empty(),
        found.is_empty(),
        "findings are shown: {shown}"
    );
    assert!(!has_controls(&shown), "control characters: {shown:?}");
    if is_sound {
        planned(&world, &read.sources);
    }
}

fn planned(world: &World, sources: &SourceMap) {
    let plan = plan::make(world, &Snapshot::default(), &Guards::default());
    let again = plan::make(world, &Snapshot::default(), &Guards::default());
    assert_eq!(plan.digest, again.digest, "same input, same plan");
    let shown = view::plan_text::render(&plan, &Theme::plain(), 80);
    assert!(!has_controls(&shown), "control characters: {shown:?}");
    reviewed(&plan, sources);
}

fn reviewed(plan: &plan::Plan, sources: &SourceMap) {
    let input = ReviewInput {
        plan: Some(plan),
        diagnostics: &[],
        sources,
        command: "plan",
        errored: false,
        title: None,
    };
    for text in [
        view::markdown::render(&input),
        view::html::render(&input),
        view::sarif::render(&input),
        view::github::render(&input),
    ] {
        assert!(!has_controls(&text), "control characters: {text:?}");
    }
}

/// What a terminal or a log would take for more than text.
fn has_controls(text: &str) -> bool {
    text.chars()
        .any(|c| c.is_control() && !matches!(c, '\n' | '\t'))
}

/// The lock file: what is read is written and read again as the same.
pub fn lock_file(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let Some(read) = locked(text) else { return };
    let written = lock::file::text(&read);
    assert_eq!(locked(&written).as_ref(), Some(&read), "{written}");
}

fn locked(text: &str) -> Option<lock::Lock> {
    let mut sources = SourceMap::default();
    let source = sources.add("idform.lock", text);
    let mut found = Diagnostics::default();
    let read = lock::file::parse(&sources, source, &mut found);
    assert_eq!(
        read.is_none(),
        found.has_errors(),
        "none is said to be wrong"
    );
    let _ = view::diagnostics::render(&found.into_sorted(), &sources, &Theme::plain(), 80);
    read
}

/// A saved plan: as it is, and with a checksum that fits, since anybody can make one.
pub fn saved_plan(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let _ = plan::file::from_text(text);
    let Ok(mut document) = serde_json::from_str::<Value>(text) else {
        return;
    };
    let Some(content) = document.get("content") else {
        return;
    };
    let checksum = hex::encode(Sha256::digest(content.to_string()));
    if let Some(members) = document.as_object_mut() {
        members.insert("checksum".to_owned(), checksum.into());
    }
    let Ok(saved) = plan::file::from_text(&document.to_string()) else {
        return;
    };
    let shown = view::plan_text::render(&saved.plan, &Theme::plain(), 80);
    assert!(!has_controls(&shown), "control characters: {shown:?}");
    reviewed(&saved.plan, &SourceMap::default());
    let written = plan::file::to_text(&saved).expect("a plan is JSON");
    let again = plan::file::from_text(&written).expect("what was written can be read");
    assert!(again == saved, "a plan survives its file");
}

/// Every kind, in the order of the clouds.
pub fn kinds() -> Vec<&'static dyn ResourceKind> {
    CLOUDS
        .iter()
        .flat_map(|cloud| cloud.kinds.iter().copied())
        .collect()
}

/// An identity that an object of the kind may have.
pub fn identity(kind: &dyn ResourceKind) -> String {
    match kind.info().naming {
        Naming::Named(_) => "ci".to_owned(),
        Naming::Singleton => String::new(),
        Naming::ByFields(fields) => {
            let parts = ["ci", "oidc"];
            parts[..fields.len().min(parts.len())].join("/")
        }
    }
}

/// The answers to a kind's reads: the first byte picks the kind, the second the scope and what is
/// done to the answers, the rest is JSON: one body for all reads, or `{"answers": […]}`.
pub fn observe(data: &[u8]) {
    let [kind, way, rest @ ..] = data else { return };
    let Ok(body) = serde_json::from_slice::<Value>(rest) else {
        return;
    };
    let kinds = kinds();
    let kind = kinds[usize::from(*kind) % kinds.len()];
    let is_one = way & 1 == 1;
    let bodies = body.get("answers").and_then(Value::as_array).cloned();
    let answer = |at: usize| -> Answer {
        let body = bodies
            .as_ref()
            .map_or(&body, |bodies| bodies.get(at).unwrap_or(&Value::Null));
        // `{"error": "class"}` instead of a body is a refusal.
        if way & 2 == 2 && at + 1 == usize::from(way >> 2 & 3) {
            return Err(ProviderError::new(ErrorClass::Denied, "Fuzz", "no"));
        }
        Ok(Reply {
            body: body.clone(),
            ..Reply::default()
        })
    };
    observed(kind, is_one, &answer);
}

/// Reads answers as the engine does, and checks what may be concluded from them.
pub fn observed(
    kind: &dyn ResourceKind,
    is_one: bool,
    answer: &dyn Fn(usize) -> Answer,
) -> Observation {
    let identity = identity(kind);
    let wanted = [identity.clone()];
    let scope = if is_one {
        Scope::One(&identity)
    } else {
        Scope::Account(&wanted)
    };
    let answers: Vec<Answer> = (0..kind.reads(scope).len()).map(answer).collect();
    let observed = kind.observe(scope, &answers);
    let name = kind.info().name;
    assert!(
        observed.wanted.len() == 1,
        "{name}: nobody but the wanted one is told of: {observed:?}"
    );
    let is_nonsense = |answer: &Answer| match answer {
        Ok(reply) => !reply.body.is_object(),
        Err(error) => error.class != ErrorClass::NotFound,
    };
    let found = &observed.wanted[&identity];
    if answers.iter().all(is_nonsense) {
        assert!(
            matches!(found, Observation::Unreadable(_)),
            "{name}: {found:?} out of {answers:?}"
        );
        assert!(
            matches!(observed.others, Listing::NotRead),
            "{name}: a list out of {answers:?}"
        );
    }
    found.clone()
}

/// HTTP answers: a byte for the cloud, two for the status, one for headers, then the body.
pub fn answers(data: &[u8]) {
    let [cloud, high, low, headers, body @ ..] = data else {
        return;
    };
    let cloud = CLOUDS[usize::from(*cloud) % CLOUDS.len()];
    let status = 100 + u16::from_be_bytes([*high, *low]) % 500;
    let all = [
        ("x-request-id", "R-1"),
        ("x-acs-request-id", "R-2"),
        ("retry-after", "99999999999999999999"),
        ("date", "Sun, 06 Nov 1994 08:49:37 GMT"),
    ];
    let sent: Vec<(&'static str, &str)> = all
        .into_iter()
        .enumerate()
        .filter(|(at, _)| headers >> at & 1 == 1)
        .map(|(_, header)| header)
        .collect();
    let answered = Answered::new(status, &sent, body);
    let read = (cloud.identity)();
    match (cloud.sort_answer)(&read.0, &answered) {
        Ok(reply) => {
            assert!(
                (200..300).contains(&status),
                "{}: HTTP {status} is no success",
                cloud.id
            );
            let _ = (cloud.account_of)(&reply.body);
        }
        Err(error) => {
            let said = error.to_string();
            assert!(!has_controls(&said), "control characters: {said:?}");
            assert!(said.len() < 10_000, "{} bytes of error", said.len());
            let told = error.class == ErrorClass::NotFound;
            assert!(
                !told || serde_json::from_slice::<Value>(body).is_ok_and(|body| body.is_object()),
                "{}: not found, says a body without an envelope",
                cloud.id
            );
        }
    }
}

/// Pages of lists: no answer sends the next call elsewhere, and none makes the walk crash.
pub fn pages(data: &[u8]) {
    let [kind, rest @ ..] = data else { return };
    let Ok(body) = serde_json::from_slice::<Value>(rest) else {
        return;
    };
    let kinds = kinds();
    let kind = kinds[usize::from(*kind) % kinds.len()];
    let cloud = clouds::cloud_of(kind.info().name).expect("a cloud");
    let client = client(cloud.id.0);
    let reply = Reply {
        body: body.clone(),
        more: vec![body],
        ..Reply::default()
    };
    for read in kind.reads(Scope::Account(&[identity(kind)])) {
        let mut call = read.0.clone();
        for _ in 0..3 {
            let Some(next) = client.next_page(&call, &reply) else {
                break;
            };
            assert_eq!(next.name, read.0.name, "the same call");
            if let idform::provider::Route::Rest { path, .. } = &next.route {
                let idform::provider::Route::Rest { path: first, .. } = &read.0.route else {
                    panic!("another way to call");
                };
                let bare = |path: &str| path.split('?').next().unwrap_or_default().to_owned();
                assert_eq!(bare(path), bare(first), "the same list");
                assert!(!path.contains(char::is_whitespace), "{path:?}");
            }
            call = next;
        }
    }
}

fn client(cloud: &'static str) -> std::sync::Arc<dyn CloudClient> {
    let cloud = clouds::cloud(CloudId(cloud)).expect("a cloud");
    let mut sources = SourceMap::default();
    let account = Account {
        name: "fuzz".to_owned(),
        cloud: cloud.id,
        account_id: None,
        site: None,
        region: None,
        credentials: CredentialSource::default(),
        requests_per_second: 1,
        unmanaged: UnmanagedRule::default(),
        origin: Span {
            source: sources.add("fuzz.yaml", ""),
            start: 0,
            end: 0,
        },
    };
    let env = BTreeMap::from([
        (cloud.key_variables.id.to_owned(), "AKfuzz".to_owned()),
        (cloud.key_variables.secret.to_owned(), "fuzz".to_owned()),
    ]);
    (cloud.connect)(&Connection {
        account: &account,
        surroundings: &Surroundings {
            env,
            home: None,
            read: std::sync::Arc::new(|_| None),
            tokens: idform::provider::surroundings::AllowedTokens::default(),
        },
        endpoint: Some("http://127.0.0.1:1"),
        http: Http::new(HttpOptions::default()),
    })
    .unwrap_or_else(|error| panic!("{error}"))
}

/// SAML metadata.
pub fn saml(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    match saml_metadata::check(text) {
        Ok(summary) => {
            assert!(
                saml_metadata::summary(text).is_some(),
                "what is good can be shown"
            );
            let _ = summary.lines();
        }
        Err(problems) => assert!(!problems.is_empty(), "what is refused is told why"),
    }
}

/// Key sets: in manifests, at issuers, in clouds.
pub fn key_sets(data: &[u8]) {
    if let Ok(published) = jwks::published(data) {
        assert!(!published.keys.is_empty(), "never empties what is pinned");
        for key in &published.keys {
            assert!(jwks::can_verify(key), "{key}");
            for secret in ["d", "p", "q", "dp", "dq", "qi", "k"] {
                assert!(key.get(secret).is_none(), "a private member stays: {key}");
            }
        }
    }
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let _ = jwks::canonical_live(text);
    match jwks::parse(text) {
        Ok(set) => {
            let again = jwks::parse(&set.to_string());
            assert!(again.is_ok_and(|again| again == set), "canonical stays so");
        }
        Err(problems) => assert!(!problems.is_empty(), "what is refused is told why"),
    }
}

/// Certificates, in every form in which they come.
pub fn certificates(data: &[u8]) {
    let _ = certificate::from_der(data);
    for half in [&data[..data.len() / 2], data] {
        let _ = certificate_chain::presented(&[half.to_vec(), data.to_vec()]);
    }
    if let Ok(text) = std::str::from_utf8(data) {
        let _ = certificate::from_base64(text);
    }
}

/// Discovery documents; what is before the first line break is the issuer that was asked.
pub fn discovery(data: &[u8]) {
    let mut parts = data.splitn(2, |byte| *byte == b'\n');
    let (Some(asked), Some(body)) = (parts.next(), parts.next()) else {
        return;
    };
    let Ok(asked) = std::str::from_utf8(asked) else {
        return;
    };
    let _ = issuer::discovery_url(asked);
    if let Ok(found) = issuer::discovery(asked, body) {
        assert_eq!(found.issuer, asked, "byte for byte");
        assert!(
            issuer::check_jwks_uri(&found.jwks_uri).is_ok_and(|url| url.scheme() == "https"),
            "keys come over https: {}",
            found.jwks_uri
        );
    }
}

/// Trust policies, in both grammars; a list of two is compared.
pub fn trust_policies(data: &[u8]) {
    let Ok(document) = serde_json::from_slice::<Value>(data) else {
        return;
    };
    let pair = document.as_array().filter(|pair| pair.len() == 2);
    let (one, other) = pair.map_or((&document, &document), |pair| (&pair[0], &pair[1]));
    for grammar in [&RAM, &CAM] {
        let _ = trust::problems(grammar, one);
        let _ = trust::facts(grammar, one);
        let canonical = trust::canonical(grammar, one);
        assert_eq!(
            trust::canonical(grammar, &canonical),
            canonical,
            "canonical stays so"
        );
        let _ = trust::differences(grammar, Some(one), Some(other));
        if trust::problems(grammar, one).is_empty() {
            let same = trust::differences(grammar, Some(one), Some(&canonical));
            assert!(
                !same.is_wider && !same.is_narrower,
                "the canonical form means the same: {one} {canonical}"
            );
        }
    }
}

/// Conversion rules.
pub fn mapping_rules(data: &[u8]) {
    let Ok(document) = serde_json::from_slice::<Value>(data) else {
        return;
    };
    for rule in mapping::rules(&document) {
        for (_, pattern) in &rule.patterns {
            let _ = mapping::matches_everything(pattern);
        }
    }
    let rules = json!({
        "apiVersion": "idform/v1", "kind": "HuaweiMapping", "metadata": {"name": "m"},
        "spec": {"account": "a", "rules": document},
    });
    manifests(rules.to_string().as_bytes());
}

/// A YAML tree of the program's own files.
pub fn yaml_tree(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let mut sources = SourceMap::default();
    let source = sources.add("fuzz.yaml", text);
    let mut found = Diagnostics::default();
    if let Some(tree) = manifest::tree(&sources, source, &mut found) {
        assert!(
            tree.span.end as usize <= text.len() && tree.span.start <= tree.span.end,
            "places lie in the text"
        );
        let _ = sources.slice(tree.span);
    }
    let _ = view::diagnostics::render(&found.into_sorted(), &sources, &Theme::plain(), 80);
}

/// Selectors: printed and read again they are the same; the second line is matched.
pub fn selectors(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let (pattern, text) = text.split_once('\n').unwrap_or((text, ""));
    if let Ok(selector) = Selector::parse(pattern) {
        let printed = selector.to_string();
        let again = Selector::parse(&printed).expect("what is printed can be read");
        assert_eq!(again, selector, "{printed}");
    }
    let _ = address::glob(pattern, text);
}
