//! Real certificate chains as data: what each shows, and what would be pinned of it. Adding a file to
//! `tests/fixtures/tls` adds a case.

use std::fmt::Write as _;

use base64::Engine as _;

use idform::federation::certificate_chain::presented;

use crate::support::root;

fn chain(text: &str) -> Vec<Vec<u8>> {
    text.split("-----BEGIN CERTIFICATE-----")
        .skip(1)
        .map(|part| {
            let (body, _) = part.split_once("-----END").expect("its end");
            let body: String = body.split_whitespace().collect();
            let engine = base64::engine::general_purpose::STANDARD;
            engine.decode(body).expect("base64")
        })
        .collect()
}

/// In the wrong order the leaf stands last: the place decides, as it does for the clouds, and the
/// reviewer of a lock is shown whom each certificate is for.
#[test]
fn every_chain_is_shown_with_what_would_be_pinned() {
    let folder = root().join("tests/fixtures/tls");
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .expect("the chains")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "pem"))
        .collect();
    files.sort();
    let mut told = String::new();
    for file in files {
        let name = file.file_name().expect("a name").to_string_lossy();
        let text = std::fs::read_to_string(&file).expect("PEM");
        let _ = writeln!(told, "{name}");
        for found in presented(&chain(&text)) {
            let (role, sha1) = (found.role.word(), &found.sha1);
            let pinned = if found.role.is_pinned() {
                ", pinned"
            } else {
                ""
            };
            let until = found
                .not_after
                .map_or("never read".to_owned(), |at| at.to_string());
            let _ = writeln!(told, "  {role}{pinned}: sha1 {sha1}, until {until}");
            let _ = writeln!(told, "    {}", found.subject);
        }
    }
    insta::with_settings!({
        snapshot_path => "../fixtures/tls",
        prepend_module_to_snapshot => false,
        omit_expression => true,
    }, {
        insta::assert_snapshot!("shown", told);
    });
}
