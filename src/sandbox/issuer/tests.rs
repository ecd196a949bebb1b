//! The issuers without sockets: keys, chain, documents, state.

use std::os::unix::fs::PermissionsExt as _;

use rcgen::{CertificateParams, KeyPair};
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier as _;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use serde_json::json;

use super::*;
use crate::sandbox::testing::{NOW, json_of, request};
use crate::sandbox::wire::Response;

const DAY: i64 = 24 * 60 * 60;

fn kids(issuers: &Issuers, path: &str) -> Vec<String> {
    let keys = issuers.key_set(path, NOW).unwrap();
    let keys = keys["keys"].as_array().unwrap();
    keys.iter()
        .map(|key| key["kid"].as_str().unwrap().to_owned())
        .collect()
}

fn ask(issuers: &Issuers, method: &str, host: &str, path: &str, query: &str) -> Response {
    let mut request = request(method, query, &[("host", host)], "");
    path.clone_into(&mut request.path);
    serve::answer(issuers, &request, NOW)
}

#[test]
fn keys_overlap_from_publication_to_withdrawal() {
    let issuers = Issuers::new(None);
    let [first] = kids(&issuers, "").try_into().unwrap();
    assert!(matches!(
        issuers.withdraw("", NOW),
        Err(IssuerError::LastKey)
    ));
    let second = issuers.publish("", NOW).unwrap();
    assert_eq!(kids(&issuers, ""), [first.clone(), second.clone()]);
    assert_eq!(issuers.show("", NOW).unwrap()["signing"], first.as_str());
    // The one that waits is taken before another is made.
    assert_eq!(issuers.rotate("", NOW).unwrap(), second);
    let third = issuers.rotate("", NOW).unwrap();
    assert_eq!(
        kids(&issuers, ""),
        [first.clone(), second.clone(), third.clone()]
    );
    assert_eq!(issuers.withdraw("", NOW).unwrap(), first);
    assert_eq!(issuers.withdraw("", NOW).unwrap(), second);
    assert_eq!(kids(&issuers, ""), [third]);
}

#[test]
fn each_path_is_an_issuer_with_keys_of_its_own() {
    let issuers = Issuers::new(None);
    assert_ne!(kids(&issuers, "github"), kids(&issuers, "okta"));
    assert_eq!(
        kids(&issuers, "realms/acme/v2.0"),
        kids(&issuers, "realms/acme/v2.0")
    );
    for bad in [
        "/",
        "a/",
        "a//b",
        "..",
        "a/.b",
        "a b",
        "a/b/c/d/e",
        "ä",
        "a?b",
    ] {
        let refused = issuers.key_set(bad, NOW);
        assert!(matches!(refused, Err(IssuerError::Path(_))), "{bad}");
    }
}

#[test]
fn a_folder_keeps_everything_and_is_private() {
    let folder = tempfile::tempdir().unwrap();
    let one = Issuers::new(Some(folder.path()));
    let before = (kids(&one, "github"), one.roots_pem(NOW).unwrap());
    one.keep_port(4711).unwrap();
    let other = Issuers::new(Some(folder.path()));
    let after = (kids(&other, "github"), other.roots_pem(NOW).unwrap());
    assert_eq!(before, after);
    assert_eq!(other.port().unwrap(), Some(4711));
    let kept = folder.path().join("issuer");
    let mode = fs_err::metadata(&kept).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
    // What the one changes, the other shows at once.
    one.swap_chain(true, NOW).unwrap();
    let roots = fs_err::read_to_string(other.roots_file().unwrap()).unwrap();
    assert_eq!(roots, other.roots_pem(NOW).unwrap());
    assert_eq!(roots.matches("BEGIN CERTIFICATE").count(), 2);
    fs_err::write(kept.join("state.json"), "{").unwrap();
    let broken = other.key_set("github", NOW).unwrap_err();
    let cause = std::error::Error::source(&broken).unwrap().to_string();
    assert!(
        cause.contains("state.json is not a valid sandbox state"),
        "{cause}"
    );
}

#[test]
fn a_leaf_that_has_run_out_is_renewed_under_the_same_intermediate() {
    let issuers = Issuers::new(None);
    let first = issuers.chain(NOW).unwrap();
    assert_eq!(issuers.chain(NOW + 300 * DAY).unwrap(), first);
    let later = issuers.chain(NOW + 400 * DAY).unwrap();
    assert_ne!(later.leaf, first.leaf);
    assert_eq!(
        (&later.intermediate, &later.roots),
        (&first.intermediate, &first.roots)
    );
}

/// Whether a certificate for `name`, signed by the intermediate's own key, is believed.
fn is_believed(chain: &Chain, name: &str) -> bool {
    let signer = rcgen::Issuer::new(
        {
            let mut params = CertificateParams::default();
            params.distinguished_name = rcgen::DistinguishedName::new();
            let subject = chain.intermediate.subject.as_str();
            params
                .distinguished_name
                .push(rcgen::DnType::CommonName, subject);
            params
        },
        KeyPair::from_pem(&chain.intermediate.key).unwrap(),
    );
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new([name.to_owned()]).unwrap();
    let leaf = params.signed_by(&key, &signer).unwrap();
    let mut roots = rustls::RootCertStore::empty();
    for root in CertificateDer::pem_slice_iter(chain.roots_pem().as_bytes()) {
        roots.add(root.unwrap()).unwrap();
    }
    let provider = std::sync::Arc::new(rustls::crypto::ring::default_provider());
    let verifier = WebPkiServerVerifier::builder_with_provider(roots.into(), provider)
        .build()
        .unwrap();
    let between = CertificateDer::from_pem_slice(chain.intermediate.certificate.as_bytes());
    let name = ServerName::try_from(name.to_owned()).unwrap();
    let now = UnixTime::since_unix_epoch(std::time::Duration::from_secs(NOW.unsigned_abs()));
    verifier
        .verify_server_cert(leaf.der(), &[between.unwrap()], &name, &[], now)
        .is_ok()
}

#[test]
fn the_authority_can_vouch_for_loopback_alone() {
    let chain = Issuers::new(None).chain(NOW).unwrap();
    for own in [
        "localhost",
        "issuer.sandbox.test",
        "127.0.0.1",
        "127.9.9.9",
        "::1",
    ] {
        assert!(is_believed(&chain, own), "{own}");
    }
    for foreign in [
        "cam.tencentcloudapi.com",
        "github.com",
        "test",
        "10.0.0.1",
        "::2",
    ] {
        assert!(!is_believed(&chain, foreign), "{foreign}");
    }
}

#[test]
fn documents_name_the_host_they_were_asked_by() {
    let issuers = Issuers::new(None);
    let discovery = "/github/.well-known/openid-configuration";
    for host in [
        "localhost:4711",
        "127.0.0.1:4711",
        "[::1]:4711",
        STABLE_HOST,
    ] {
        let document = json_of(&ask(&issuers, "GET", host, discovery, ""));
        let issuer = format!("https://{host}/github");
        assert_eq!(document["issuer"], issuer.as_str());
        assert_eq!(document["jwks_uri"], format!("{issuer}/.well-known/jwks"));
    }
    for host in ["", "evil.example", "localhost.evil.example", "127.0.0.2"] {
        assert_eq!(
            ask(&issuers, "GET", host, discovery, "").status,
            421,
            "{host}"
        );
    }
    for path in [
        "/a/b/c/d/e/.well-known/jwks",
        "/a b/.well-known/jwks",
        "/github/.x",
    ] {
        assert_eq!(
            ask(&issuers, "GET", "localhost", path, "").status,
            404,
            "{path}"
        );
    }
    assert_eq!(
        ask(&issuers, "POST", "localhost", discovery, "").status,
        404
    );
}

#[test]
fn a_running_sandbox_can_be_told_over_http() {
    let issuers = Issuers::new(None);
    let tell = |method: &str, what: &str, query: &str| {
        let path = format!("/github/.sandbox{what}");
        ask(&issuers, method, "localhost:1", &path, query)
    };
    let shown = json_of(&tell("GET", "", ""));
    assert_eq!(shown["url"], "https://localhost:1/github");
    let published = json_of(&tell("POST", "/publish", ""));
    assert_eq!(published["signing"], shown["signing"]);
    let rotated = json_of(&tell("POST", "/rotate", ""));
    assert_eq!(rotated["signing"], published["key"]);
    let withdrawn = json_of(&tell("POST", "/withdraw", ""));
    assert_eq!(withdrawn["key"], shown["signing"]);
    assert_eq!(tell("POST", "/withdraw", "").status, 409);
    assert_eq!(tell("GET", "/rotate", "").status, 404);

    let query =
        "api-version=2.0&subject=s&age=5&life=60&claims=%7B%22ref%22%3A%22main%22%7D&audience=a";
    let token = json_of(&tell("GET", "/token", query));
    let token = token["value"].as_str().unwrap();
    let token = crate::sandbox::federated::jwt::Token::read(token).unwrap();
    token
        .check_signature(&issuers.key_set("github", NOW).unwrap())
        .unwrap();
    let mut claims = token.claims().clone();
    claims.remove("jti").unwrap();
    assert_eq!(
        Value::Object(claims),
        json!({"iss": "https://localhost:1/github", "sub": "s", "aud": "a", "ref": "main",
               "iat": NOW - 5, "nbf": NOW - 5, "exp": NOW + 55})
    );
    for bad in ["subject=s", "audience=a&age=x", "audience=a&claims=%5B%5D"] {
        assert_eq!(tell("GET", "/token", bad).status, 400, "{bad}");
    }
    let before = issuers.roots_pem(NOW).unwrap();
    tell("POST", "/swap-chain", "");
    assert_eq!(issuers.roots_pem(NOW).unwrap(), before);
    tell("POST", "/swap-chain", "root=new");
    assert_ne!(issuers.roots_pem(NOW).unwrap(), before);
}
