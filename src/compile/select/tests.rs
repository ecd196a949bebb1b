//! What labels and targets select, what fits nothing, and shards.

use super::*;
use crate::clouds::CLOUDS;
use crate::compile::compile;
use crate::manifest::{AllowedEnv, parse_texts};

/// A provider with a protocol that needs it and a mapping, and another provider.
const LABELLED: &str = "\
apiVersion: idform/v1
kind: Account
metadata: {name: prod}
spec: {cloud: huawei}
---
apiVersion: idform/v1
kind: HuaweiIdentityProvider
metadata: {name: ci, labels: {team: platform, stage: prod}}
spec: {account: prod, enabled: true}
---
apiVersion: idform/v1
kind: HuaweiIdentityProvider
metadata: {name: lab, labels: {team: data, stage: test}}
spec: {account: prod, enabled: true}
---
apiVersion: idform/v1
kind: HuaweiMapping
metadata: {name: ci}
spec:
  account: prod
  rules: [{local: [{user: {name: \"{0}\"}}], remote: [{type: sub}]}]
---
apiVersion: idform/v1
kind: HuaweiProtocol
metadata: {name: ci, labels: {team: data, stage: prod}}
spec: {account: prod, identityProvider: ci, mapping: ci, protocol: oidc}
";

fn labelled() -> World {
    let texts = [("idp.yaml", LABELLED)];
    let (mut manifests, mut found) = parse_texts(&texts, &[], CLOUDS, &AllowedEnv::default());
    let world = compile(&mut manifests, None, &mut found);
    assert!(!found.has_errors(), "{:?}", found.into_sorted());
    world
}

fn selection(labels: &[&str], target: Option<&str>, exclude: Option<&str>) -> Selection {
    let labels = labels.iter().map(|text| LabelSelector::parse(text));
    let selector = |text: &str| Selector::parse(text).expect("a selector");
    Selection {
        labels: labels.collect::<Result<_, _>>().expect("labels"),
        targets: target.map(selector).into_iter().collect(),
        excludes: exclude.map(selector).into_iter().collect(),
        ..Selection::default()
    }
}

#[test]
fn labels_select_with_targets_and_without_excludes() {
    let provider = "prod/HuaweiIdentityProvider/ci";
    let lab = "prod/HuaweiIdentityProvider/lab";
    let mapping = "prod/HuaweiMapping/ci";
    let protocol = "prod/HuaweiProtocol/ci";
    for (labels, target, exclude, expected) in [
        (&["stage=test"][..], None, None, &[lab][..]),
        (&["team=platform"], None, None, &[provider]),
        // What it needs comes along, labelled or not.
        (
            &["team=data"],
            None,
            None,
            &[provider, lab, mapping, protocol],
        ),
        (
            &["team=data", "stage=prod"],
            None,
            None,
            &[provider, mapping, protocol],
        ),
        (
            &["stage"],
            Some("*/HuaweiIdentityProvider"),
            None,
            &[provider, lab],
        ),
        (
            &["stage=prod"],
            Some(protocol),
            None,
            &[provider, mapping, protocol],
        ),
        (&["stage=test"], Some(protocol), None, &[]),
        // What is taken away takes along what needs it.
        (&["team=data"], None, Some(mapping), &[provider, lab]),
        (
            &["team=data"],
            None,
            Some(lab),
            &[provider, mapping, protocol],
        ),
    ] {
        let selection = selection(labels, target, exclude);
        let world = labelled().select(&selection);
        let kept: Vec<String> = world.objects.keys().map(ToString::to_string).collect();
        assert_eq!(kept, expected, "{}", selection.text());
        assert_eq!(world.declared.len(), 4, "all stays declared");
        assert_eq!(world.partial, Some(selection.text()));
    }
}

#[test]
fn labels_that_fit_nothing_are_told_with_what_there_is() {
    for (labels, title, help) in [
        (
            &["team=dta", "stage=prod"][..],
            "`--label team=dta`",
            "the manifests say of `team`: `data`, `platform`",
        ),
        (
            &["tier"],
            "`--label tier`",
            "the manifests have the labels `stage`, `team`",
        ),
        (
            &["team=platform", "stage=test"],
            "`--label team=platform --label stage=test`",
            "an object has to carry all of them",
        ),
    ] {
        let found = labelled().unfitting(&selection(labels, None, None));
        let [found] = &found[..] else {
            panic!("{labels:?}: {found:?}");
        };
        assert!(found.title.starts_with(title), "{found:?}");
        assert_eq!(found.help.as_deref(), Some(help));
    }
    for fits in [&[][..], &["team"], &["team=data", "stage=test"]] {
        let found = labelled().unfitting(&selection(fits, None, None));
        assert!(found.is_empty(), "{found:?}");
    }
}

#[test]
fn a_saved_selection_without_labels_is_read_and_written_as_ever() {
    let before = r#"{"accounts":[],"targets":["prod"],"excludes":[],"shard":null}"#;
    let read: Selection = serde_json::from_str(before).expect("a selection");
    assert_eq!(read, selection(&[], Some("prod"), None));
    assert_eq!(serde_json::to_string(&read).expect("JSON"), before);
    let labelled = selection(&["team=a=b", "stage", "note="], None, None);
    let text = serde_json::to_string(&labelled).expect("JSON");
    let again: Selection = serde_json::from_str(&text).expect("a selection");
    assert_eq!(again, labelled);
    let broken = text.replace("stage", "=stage");
    assert!(serde_json::from_str::<Selection>(&broken).is_err());
}

#[test]
fn every_account_is_in_exactly_one_shard() {
    for n in 0..200 {
        let name = format!("account-{n}");
        let takers = (1..=7)
            .filter(|index| {
                let shard = Some(Shard {
                    index: *index,
                    of: 7,
                });
                Selection {
                    shard,
                    ..Selection::default()
                }
                .takes_account(&name)
            })
            .count();
        assert_eq!(takers, 1, "{name}");
    }
}
