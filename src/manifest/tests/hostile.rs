//! Files and folders made to do harm, and folders as they are.

use std::fs::{self, File};
use std::path::PathBuf;

use super::*;
use crate::model::{Code, Diagnostic};

fn findings(paths: &[PathBuf]) -> Vec<Diagnostic> {
    load(paths, None, CLOUDS, &env()).1.into_sorted()
}

fn codes(text: &str) -> Vec<Code> {
    let (_, diagnostics) = parse_texts(&[("a.yaml", text)], &[], CLOUDS, &env());
    let mut codes: Vec<Code> = diagnostics
        .into_sorted()
        .iter()
        .map(|found| found.code)
        .collect();
    codes.dedup();
    codes
}

const SIGN_IN: &str = "apiVersion: idform/v1\nkind: NimbusSignIn\nmetadata: {name: s}\nspec: {account: prod, enabled: true}\n";

#[test]
fn a_folder_is_read_in_order_without_what_is_hidden() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    fs::create_dir_all(at("b/c")).unwrap();
    fs::create_dir_all(at(".git")).unwrap();
    for name in [
        "z.yaml",
        "b/c/d.yml",
        "b/a.yaml",
        ".git/x.yaml",
        ".ci.yml",
        "b/readme.md",
    ] {
        fs::write(at(name), SIGN_IN).unwrap();
    }
    let paths = [at("b"), folder.path().to_path_buf(), at(".ci.yml")];
    let (manifests, diagnostics) = load(&paths, None, CLOUDS, &env());
    assert!(diagnostics.is_empty(), "{diagnostics:?}");
    let root = folder.path().to_string_lossy().into_owned();
    let names: Vec<String> = manifests
        .documents
        .iter()
        .map(|document| {
            manifests
                .sources
                .name(document.origin.source)
                .replace(&root, "ROOT")
        })
        .collect();
    assert_eq!(
        names,
        [
            "ROOT/b/a.yaml",
            "ROOT/b/c/d.yml",
            "ROOT/z.yaml",
            "ROOT/.ci.yml"
        ]
    );
}

#[test]
fn standard_input_is_read_for_a_dash() {
    let (manifests, diagnostics) = load(
        &[PathBuf::from("-")],
        Some(SIGN_IN.to_owned()),
        CLOUDS,
        &env(),
    );
    assert!(diagnostics.is_empty());
    assert_eq!(manifests.documents.len(), 1);
    assert_eq!(
        manifests.sources.name(manifests.documents[0].origin.source),
        "-"
    );
}

#[test]
fn nothing_found_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let found = findings(&[folder.path().to_path_buf()]);
    assert_eq!(found[0].code, Code::NoManifests);
    let found = findings(&[folder.path().join("gone")]);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].code, Code::FileUnreadable);
}

#[test]
fn files_that_are_no_manifests_are_refused_without_being_read() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    File::create(at("huge.yaml"))
        .unwrap()
        .set_len(100 * 1024 * 1024)
        .unwrap();
    fs::write(at("binary.yaml"), b"a: \xff\xfe\x00").unwrap();
    fs::create_dir(at("folder.yaml")).unwrap();
    let found = findings(&[folder.path().to_path_buf()]);
    let mut codes: Vec<Code> = found.iter().map(|found| found.code).collect();
    codes.sort();
    assert_eq!(codes, [Code::FileTooLarge, Code::NotText]);
}

#[cfg(unix)]
#[test]
fn nothing_outside_of_the_root_is_read() {
    use std::os::unix::fs::symlink;
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    fs::create_dir_all(at("root/sub")).unwrap();
    fs::create_dir_all(at("outside")).unwrap();
    fs::write(at("outside/secret.yaml"), SIGN_IN).unwrap();
    fs::write(at("outside/keys.json"), "{}").unwrap();
    symlink(at("outside/secret.yaml"), at("root/file.yaml")).unwrap();
    symlink(at("outside"), at("root/folder")).unwrap();
    symlink(at("root"), at("root/sub/loop")).unwrap();
    symlink(at("outside/keys.json"), at("root/keys.json")).unwrap();
    fs::write(
        at("root/good.yaml"),
        "apiVersion: idform/v1\nkind: NimbusProvider\nmetadata: {name: s}\nspec: {account: prod, keys: {file: keys.json}}\n",
    )
    .unwrap();
    let (manifests, diagnostics) = load(&[at("root")], None, CLOUDS, &env());
    let found = diagnostics.into_sorted();
    assert!(
        found.iter().all(|found| found.code == Code::OutsideRoot),
        "{found:?}"
    );
    assert_eq!(found.len(), 3);
    assert_eq!(manifests.documents.len(), 1);
}

#[cfg(unix)]
#[test]
fn an_unreadable_file_is_an_error_of_its_own() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.yaml");
    fs::write(&path, SIGN_IN).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o000)).unwrap();
    if fs::read(&path).is_ok() {
        return; // root reads everything
    }
    assert_eq!(findings(&[path])[0].code, Code::FileUnreadable);
}

#[test]
fn bombs_end_in_an_error_at_once() {
    let mut laughs = "a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol]\n".to_owned();
    for level in 1..30 {
        let before = format!("*a{}", level - 1);
        writeln!(
            laughs,
            "a{level}: &a{level} [{}]",
            vec![before; 9].join(", ")
        )
        .unwrap();
    }
    let long = "x".repeat(1024 * 1024);
    let copies = format!("a: &a \"{long}\"\nb: [{}]\n", vec!["*a"; 90].join(", "));
    let mut climbing = "a0: &a0 x\n".to_owned();
    for level in 1..90 {
        writeln!(climbing, "a{level}: &a{level} [[[*a{}]]]", level - 1).unwrap();
    }
    for (name, text) in [
        ("laughs", laughs),
        ("copies", copies),
        ("climbing", climbing),
        (
            "aliases",
            format!("a: &a x\nb: [{}]\n", vec!["*a"; 5000].join(", ")),
        ),
        ("flow", "[".repeat(100_000)),
        ("maps", "{a: ".repeat(100_000)),
        (
            "block",
            (0..2000).fold(String::new(), |text, deep| {
                text + &" ".repeat(deep) + "a:\n"
            }),
        ),
        ("dashes", "- ".repeat(100_000)),
        (
            "nodes",
            format!(
                "a: &a [{}]\nb: [{}]\n",
                "x,".repeat(30_000),
                vec!["*a"; 60].join(", ")
            ),
        ),
    ] {
        let found = codes(&text);
        assert_eq!(found[..1], [Code::TooComplex], "{name}: {found:?}");
    }
}

#[test]
fn a_flood_of_mistakes_ends() {
    let broken = "---\n[\n".repeat(100_000);
    let unknown: String = (0..50_000).fold(SIGN_IN.to_owned(), |text, key| {
        text + &format!("k{key}: 1\n")
    });
    let doubled = SIGN_IN.to_owned() + &"a: 1\n".repeat(50_000);
    for text in [broken, unknown, doubled] {
        let (_, diagnostics) = parse_texts(&[("a.yaml", &text)], &[], CLOUDS, &env());
        assert!(diagnostics.len() <= 110, "{}", diagnostics.len());
    }
}

#[test]
fn a_text_that_is_cut_reads_as_if_it_were_not() {
    let text = many_documents(2_000);
    let parts = read::parts(&text);
    assert!(parts.len() > 2);
    assert!(
        parts
            .iter()
            .all(|part| text[part.clone()].starts_with("---\n"))
    );
    let mut sources = SourceMap::default();
    let source = sources.add("many.yaml", text.as_str());
    let whole: Vec<_> = yaml::Documents::new(&sources, source, 0..text.len()).collect();
    let cut: Vec<_> = parts
        .into_iter()
        .flat_map(|part| yaml::Documents::new(&sources, source, part).collect::<Vec<_>>())
        .collect();
    assert_eq!(whole.len(), 2_000);
    assert!(whole == cut);
    assert_eq!(read::parts(&format!("%YAML 1.2\n{text}")).len(), 1);
}

#[test]
fn a_byte_order_mark_does_not_move_places() {
    let text = format!("\u{feff}{SIGN_IN}");
    let (manifests, diagnostics) = parse_texts(&[("a.yaml", &text)], &[], CLOUDS, &env());
    assert!(diagnostics.is_empty());
    let account = &manifests.documents[0].account;
    assert_eq!(manifests.sources.slice(account.span), "prod");
}

#[test]
fn unusable_documents_are_remembered_by_name() {
    let text = "apiVersion: idform/v1\nkind: Account\nmetadata: {name: prod}\nspec: {cloud: none}\n---\napiVersion: idform/v1\nkind: Nimbus\nmetadata: {name: idp}\nspec: {account: prod}\n";
    let (manifests, _) = parse_texts(&[("a.yaml", text)], &[], CLOUDS, &env());
    assert!(manifests.unusable_accounts.contains("prod"));
    assert!(manifests.unusable_objects.contains("idp"));
}

proptest::proptest! {
    #[test]
    fn no_bytes_make_the_reader_panic(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..400)) {
        let text = String::from_utf8_lossy(&bytes);
        let _ = codes(&text);
    }

    #[test]
    fn no_text_of_yaml_characters_makes_the_reader_panic(
        text in "([-:?,\\[\\]{}#&*!|>'\"%@ \n\t~<é$]|---|kind: NimbusProvider\n|spec:\n  |keys: |&a |\\*a|<<: ){0,40}",
        field in "(issuer|clientIds|fingerprints|keys|description|issuanceLimitHours|enabled|parent|rules)",
    ) {
        let _ = codes(&text);
        let _ = codes(&format!("{SIGN_IN}---\napiVersion: idform/v1\nkind: NimbusProvider\nmetadata: {{name: a}}\nspec:\n  account: p\n  {field}: {text}\n"));
    }
}
