//! Issuers as they are, good and bad, and what fetching makes of each: every guard is met by a
//! server that tries to get round it.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde_json::json;

use idform::federation::certificate_chain::Role;
use idform::lock::Seen;
use idform::lock::fetch::{FetchError, FetchOptions, Fetcher};
use idform::model::Code;
use idform::net::guard::Addresses;

use crate::issuer::{Answer, Chain, TestIssuer};

fn options(ca: &str, allow: &[&str]) -> FetchOptions {
    let allow: Vec<String> = allow.iter().map(|text| (*text).to_owned()).collect();
    FetchOptions {
        roots: ca.as_bytes().to_vec(),
        addresses: Addresses::allowing(&allow).expect("addresses"),
        resolve: BTreeMap::new(),
        proxy: None,
        timeout: Duration::from_secs(10),
        parallelism: 4,
    }
}

fn fetch_with(options: FetchOptions, issuer: &str) -> Result<Seen, FetchError> {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let fetcher = Fetcher::new(options).expect("roots");
    runtime.block_on(fetcher.one(issuer))
}

/// As a whole program would, its CA trusted and loopback allowed.
fn fetch(issuer: &TestIssuer, url: &str) -> Result<Seen, FetchError> {
    fetch_with(options(&issuer.ca(), &["127.0.0.1"]), url)
}

/// The refusal, and that it holds these words.
fn refused(seen: Result<Seen, FetchError>, code: Code, words: &[&str]) -> FetchError {
    let error = seen.expect_err("it is refused");
    assert_eq!(error.code, code, "{error}");
    for word in words {
        assert!(error.text.contains(word), "{word}: {error}");
    }
    error
}

#[test]
fn a_good_issuer_is_seen_whole() {
    let issuer = TestIssuer::new();
    let seen = fetch(&issuer, &issuer.url()).expect("it is good");
    assert_eq!(seen.keys.len(), 1);
    assert_eq!(seen.keys[0]["kid"], "test-key-1");
    let [chain] = seen.chains.as_slice() else {
        panic!("one host, one chain: {seen:?}");
    };
    assert_eq!(chain.host, "localhost");
    let roles: Vec<Role> = chain.certificates.iter().map(|found| found.role).collect();
    assert_eq!(roles, [Role::Leaf, Role::Topmost]);
    assert_eq!(chain.certificates[1].subject, "CN=test intermediate 1");
}

#[test]
fn a_chain_of_one_certificate_is_seen_when_it_is_trusted() {
    let issuer = TestIssuer::new();
    let own = issuer.present(Chain::Alone);
    let seen = fetch_with(options(&own, &["127.0.0.1"]), &issuer.url());
    let seen = seen.expect("the operator trusts it");
    assert_eq!(seen.chains[0].certificates.len(), 1);
    assert_eq!(seen.chains[0].certificates[0].role, Role::Topmost);
    refused(
        fetch(&issuer, &issuer.url()),
        Code::IssuerUnreachable,
        &["certificate"],
    );
}

#[test]
fn chains_nobody_vouches_for_are_refused() {
    let issuer = TestIssuer::new();
    let stranger = TestIssuer::new();
    let unknown = refused(
        fetch_with(options(&stranger.ca(), &["127.0.0.1"]), &issuer.url()),
        Code::IssuerUnreachable,
        &["no authority", "certificate"],
    );
    let help = unknown.help.expect("it says where an authority is named");
    assert!(help.contains("[network] ca"), "{help}");
    issuer.present(Chain::Expired);
    refused(
        fetch(&issuer, &issuer.url()),
        Code::IssuerUnreachable,
        &["certificate expired"],
    );
}

#[test]
fn the_document_must_be_about_the_very_issuer() {
    let issuer = TestIssuer::new();
    let mut document = issuer.document();
    document["issuer"] = format!("{}/", issuer.url()).into();
    issuer.publish(&document);
    let error = refused(
        fetch(&issuer, &issuer.url()),
        Code::IssuerUnusable,
        &["with a slash at the end"],
    );
    let help = error.help.expect("it says what to write");
    assert!(
        help.contains(&format!("`issuer: {}/`", issuer.url())),
        "{help}"
    );
    fetch(&issuer, &format!("{}/", issuer.url())).expect("with the slash it is the one");
    document["issuer"] = "https://evil.example".into();
    issuer.publish(&document);
    refused(
        fetch(&issuer, &issuer.url()),
        Code::IssuerUnusable,
        &["about another issuer, `https://evil.example`"],
    );
}

#[test]
fn private_addresses_are_connected_to_only_when_they_are_allowed() {
    let issuer = TestIssuer::new();
    let port = issuer.url().rsplit(':').next().expect("a port").to_owned();
    for url in [
        issuer.url(),
        format!("https://127.0.0.1:{port}"),
        format!("https://[::ffff:127.0.0.1]:{port}"),
        format!("https://0x7f.1:{port}"),
        format!("https://2130706433:{port}"),
    ] {
        let seen = fetch_with(options(&issuer.ca(), &["10.0.0.0/8"]), &url);
        let error = refused(seen, Code::IssuerUnreachable, &["is not public"]);
        assert!(error.help.expect("a way out").contains("[issuers] allow"));
    }
    let none = |path| issuer.count(path) == 0;
    assert!(none("/.well-known/openid-configuration") && none("/jwks"));
}

#[test]
fn a_name_with_a_known_address_is_checked_like_any_other() {
    let issuer = TestIssuer::new();
    let port: u16 = issuer
        .url()
        .rsplit(':')
        .next()
        .expect("a port")
        .parse()
        .expect("a number");
    let to = |address: &str| {
        let mut options = options(&issuer.ca(), &[]);
        let address = format!("{address}:{port}").parse().expect("an address");
        options.resolve.insert("localhost".to_owned(), address);
        options
    };
    let seen = fetch_with(to("127.0.0.1"), &issuer.url());
    refused(
        seen,
        Code::IssuerUnreachable,
        &["127.0.0.1 of localhost is not public"],
    );
    let seen = fetch_with(to("169.254.169.254"), &issuer.url());
    refused(seen, Code::IssuerUnreachable, &["169.254.169.254"]);
    let mut allowed = to("127.0.0.1");
    allowed.addresses = Addresses::default().and([127, 0, 0, 1].into());
    fetch_with(allowed, &issuer.url()).expect("it is allowed now");
}

#[test]
fn keys_are_not_fetched_from_where_nobody_may_look() {
    let issuer = TestIssuer::new();
    for (uri, code, word) in [
        (
            "https://169.254.169.254/latest",
            Code::IssuerUnreachable,
            "is not public",
        ),
        (
            "https://[fd00:ec2::254]/",
            Code::IssuerUnreachable,
            "is not public",
        ),
        (
            "https://10.0.0.1/jwks",
            Code::IssuerUnreachable,
            "is not public",
        ),
        ("http://localhost/jwks", Code::IssuerUnusable, "https"),
        ("file:///etc/passwd", Code::IssuerUnusable, "https"),
        (
            "https://a@localhost/jwks",
            Code::IssuerUnusable,
            "names a user",
        ),
        ("jwks.json", Code::IssuerUnusable, "relative"),
    ] {
        issuer.publish(&json!({"issuer": issuer.url(), "jwks_uri": uri}));
        refused(fetch(&issuer, &issuer.url()), code, &[word]);
    }
}

#[test]
fn redirects_stay_on_the_host() {
    let issuer = TestIssuer::new();
    let other = TestIssuer::new();
    let document = "/.well-known/openid-configuration";
    for to in [
        "https://169.254.169.254/latest/meta-data/".to_owned(),
        "http://localhost/".to_owned(),
        "https://example.com/".to_owned(),
        // The same name, another port, somebody else's server.
        format!("{}{document}", other.url()),
        format!(
            "https://127.0.0.1:{}{document}",
            other.url().rsplit(':').next().expect("a port")
        ),
    ] {
        issuer.answer(document, Answer::redirect(&to));
        refused(
            fetch(&issuer, &issuer.url()),
            Code::IssuerUnreachable,
            &["redirects to another place"],
        );
    }
    assert_eq!(other.count(document), 0);
    issuer.answer(document, Answer::redirect("/elsewhere"));
    issuer.answer("/elsewhere", Answer::ok(issuer.document().to_string()));
    fetch(&issuer, &issuer.url()).expect("within the host it is followed");
    issuer.answer("/elsewhere", Answer::redirect("/elsewhere"));
    refused(
        fetch(&issuer, &issuer.url()),
        Code::IssuerUnreachable,
        &["redirects more than"],
    );
}

#[test]
fn answers_have_an_end_in_size_and_time() {
    let issuer = TestIssuer::new();
    let padding = " ".repeat(5 * 1024 * 1024);
    let keys = format!(r#"{{"keys": [{padding}]}}"#);
    issuer.answer("/jwks", Answer::ok(keys));
    refused(
        fetch(&issuer, &issuer.url()),
        Code::IssuerUnreachable,
        &["longer than 1024 KiB"],
    );
    // Each byte comes in good time, but the whole never does.
    issuer.answer(
        "/jwks",
        Answer {
            drips: true,
            ..Answer::ok("")
        },
    );
    let mut hurried = options(&issuer.ca(), &["127.0.0.1"]);
    hurried.timeout = Duration::from_millis(700);
    refused(
        fetch_with(hurried, &issuer.url()),
        Code::IssuerUnreachable,
        &["no whole answer within 700ms"],
    );
}

#[test]
fn what_is_no_key_set_is_refused() {
    let issuer = TestIssuer::new();
    for (body, word) in [
        (
            "<!DOCTYPE html><html>down for maintenance</html>",
            "a page of HTML",
        ),
        ("", "it is empty"),
        (r#"{"keys": []}"#, "holds no key"),
        (
            r#"{"keys": [{"kty": "oct", "k": "c2VjcmV0"}]}"#,
            "private members: k",
        ),
        (r#"{"keys": [{"kty": "RSA"}"#, "not JSON"),
    ] {
        issuer.answer("/jwks", Answer::ok(body));
        let error = refused(fetch(&issuer, &issuer.url()), Code::IssuerUnusable, &[word]);
        assert!(!error.text.contains("c2VjcmV0"), "{error}");
    }
    issuer.answer(
        "/jwks",
        Answer {
            status: 503,
            ..Answer::ok("{}")
        },
    );
    refused(
        fetch(&issuer, &issuer.url()),
        Code::IssuerUnreachable,
        &["HTTP 503"],
    );
}

#[test]
fn one_bad_issuer_does_not_stop_the_others_and_each_is_asked_once() {
    let (good, bad) = (TestIssuer::new(), TestIssuer::new());
    let mut both = options(&format!("{}{}", good.ca(), bad.ca()), &["127.0.0.1"]);
    both.parallelism = 1;
    bad.answer("/jwks", Answer::ok("rubbish"));
    let issuers = BTreeSet::from([good.url(), bad.url()]);
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let fetched = runtime.block_on(Fetcher::new(both).expect("roots").all(&issuers));
    assert!(fetched[&good.url()].is_ok());
    assert!(fetched[&bad.url()].is_err());
    assert_eq!(good.count("/jwks"), 1);
    assert_eq!(good.count("/.well-known/openid-configuration"), 1);
}
