//! Lints as data: each folder of `tests/cases/lint` holds manifests, and beside it lies what is said
//! of them. A file `day` names the day of the run; without one it is unknown, as in a plan.
//! `INSTA_UPDATE=always` writes the goldens anew.

use std::collections::BTreeSet;
use std::path::PathBuf;

use idform::clouds::CLOUDS;
use idform::compile::compile;
use idform::lint::{Levels, RULES, Scene, check};
use idform::manifest::{self, AllowedEnv};
use idform::model::{Code, Diagnostics};
use idform::view::{Theme, diagnostics};

use crate::binary::Binary;
use crate::support::{ACCOUNTS, Clouds, root};

/// Columns that the texts are laid out for.
const WIDTH: usize = 100;

fn cases() -> Vec<PathBuf> {
    let entries = std::fs::read_dir(root().join("tests/cases/lint")).expect("the cases");
    let mut cases: Vec<PathBuf> = entries
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.is_dir())
        .collect();
    cases.sort();
    cases
}

#[test]
fn every_lint_is_told_with_its_place_and_its_remedy() {
    let mut told = BTreeSet::new();
    for case in cases() {
        let paths = [case.clone(), PathBuf::from("-")];
        let (mut manifests, mut found) = manifest::load(
            &paths,
            Some(ACCOUNTS.to_owned()),
            CLOUDS,
            &AllowedEnv::default(),
        );
        let world = compile(&mut manifests, None, &mut found);
        assert!(!found.has_errors(), "{}: {found:#?}", case.display());
        let today = std::fs::read_to_string(case.join("day")).ok();
        let scene = Scene {
            world: &world,
            today: today.map(|day| day.trim().parse().expect("a day")),
        };
        let mut found = Diagnostics::default();
        for finding in check(&scene, &Levels::default()) {
            told.insert(finding.code);
            found.push(finding);
        }
        let text = diagnostics::render(
            &found.into_sorted(),
            &manifests.sources,
            &Theme::plain(),
            WIDTH,
        );
        let text = text.replace(&format!("{}/", case.display()), "");
        let name = case.file_name().expect("a name").to_string_lossy();
        insta::with_settings!({
            snapshot_path => "../cases/lint",
            prepend_module_to_snapshot => false,
            omit_expression => true,
        }, {
            insta::assert_snapshot!(name.as_ref(), text);
        });
    }
    let untold: Vec<&str> = Code::LINTS
        .iter()
        .chain(&[Code::WaiverExpired, Code::WaiverUnused])
        .filter(|code| !told.contains(code))
        .map(|code| code.slug())
        .collect();
    assert_eq!(untold, [""; 0], "every lint has a case");
}

#[test]
fn every_lint_belongs_to_one_rule() {
    let mut codes: Vec<Code> = RULES.iter().flat_map(|rule| rule.codes).copied().collect();
    let mut lints = Code::LINTS.to_vec();
    codes.sort();
    lints.sort();
    assert_eq!(codes, lints);
}

#[test]
fn the_operator_makes_errors_of_lints_and_manifests_cannot() {
    let clouds = Clouds::new();
    let case = root().join("tests/cases/lint/default-mapping");
    let mapping = std::fs::read_to_string(case.join("idp.yaml")).expect("the case");
    let binary = Binary::over(&clouds).manifests(&[ACCOUNTS, &mapping]);
    let warned = binary.run(&["validate"]).with_code(0);
    assert!(
        warned.stderr.contains("warning[everybody-one-user]"),
        "{warned:?}"
    );

    binary.write(
        "operator.toml",
        "[lint]\nerrors = [\"everybody-one-user\"]\n",
    );
    let flag = "--config=operator.toml";
    for command in ["validate", "plan", "apply"] {
        let refused = binary.run(&[command, flag]).with_code(1);
        assert!(
            refused.stderr.contains("error[everybody-one-user]"),
            "{refused:?}"
        );
    }
    assert_eq!(clouds.seen(), [], "no cloud was contacted");

    binary.write("operator.toml", "[lint]\nerrors = [\"no-such-lint\"]\n");
    let wrong = binary.run(&["validate", flag]).with_code(1);
    assert!(
        wrong.stderr.contains("`no-such-lint` is no lint"),
        "{wrong:?}"
    );
}
