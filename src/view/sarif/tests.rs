use super::*;
use crate::view::fixture;
use crate::view::fixture::review::findings;

fn log() -> Value {
    let plan = fixture::everything();
    let (sources, diagnostics) = findings("a b#c");
    document(&ReviewInput {
        plan: Some(&plan),
        diagnostics: &diagnostics,
        sources: &sources,
        command: "plan",
        errored: true,
        title: Some("Production EU"),
    })
}

/// What SARIF 2.1.0 requires, and what GitHub requires on top.
#[test]
fn required_members_are_there() {
    let log = log();
    assert_eq!(log["version"], "2.1.0");
    let run = &log["runs"][0];
    let driver = &run["tool"]["driver"];
    assert_eq!(driver["name"], "idform");
    let rules = driver["rules"].as_array().unwrap();
    for rule in rules {
        for text in ["shortDescription", "fullDescription", "help"] {
            let text = rule[text]["text"].as_str().unwrap();
            assert!(!text.is_empty() && text.len() < 1024, "{rule}");
        }
    }
    let results = run["results"].as_array().unwrap();
    assert!(results.len() > 8);
    for result in results {
        let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(rules[index]["id"], result["ruleId"]);
        assert!(["error", "warning", "note"].contains(&result["level"].as_str().unwrap()));
        assert!(!result["message"]["text"].as_str().unwrap().is_empty());
        assert!(result["partialFingerprints"]["idform/v1"].is_string());
        for location in result["locations"].as_array().into_iter().flatten() {
            let place = &location["physicalLocation"];
            assert!(place["artifactLocation"]["uri"].is_string());
            assert!(place["region"]["startLine"].as_u64().unwrap() >= 1);
        }
    }
    assert_eq!(run["invocations"][0]["executionSuccessful"], false);
    let id = run["automationDetails"]["id"].as_str().unwrap();
    assert!(id.starts_with("idform/plan/production-eu-"), "{id}");
    assert!(id.ends_with('/'), "{id}");
}

#[test]
fn findings_keep_their_place() {
    let log = log();
    let results = log["runs"][0]["results"].as_array().unwrap();
    let range = results
        .iter()
        .find(|result| result["ruleId"] == "value-out-of-range")
        .unwrap();
    let place = &range["locations"][0]["physicalLocation"];
    assert_eq!(
        place["artifactLocation"],
        json!({"uri": "idp/a%20b%23c.yaml", "uriBaseId": "%SRCROOT%"})
    );
    assert_eq!(
        place["region"],
        json!({"startLine": 2, "startColumn": 21, "endLine": 2, "endColumn": 24})
    );
}

#[test]
fn a_moved_line_is_the_same_alert() {
    let prints = |line| {
        let mut plan = fixture::everything();
        for step in &mut plan.steps {
            step.origin.line = line;
        }
        let results: Vec<Value> = plan
            .steps
            .iter()
            .map(|step| risk_result(step, Risk::Destroys))
            .collect();
        let prints = results
            .iter()
            .map(|result| result["partialFingerprints"].to_string());
        prints.collect::<Vec<_>>()
    };
    assert_eq!(prints(1), prints(99));
}

#[test]
fn files_become_uris() {
    assert_eq!(artifact("./idp/x.yaml")["uri"], "idp/x.yaml");
    assert_eq!(
        artifact("/srv/x.yaml"),
        json!({"uri": "file:///srv/x.yaml"})
    );
    assert_eq!(artifact("é:?.yaml")["uri"], "%C3%A9%3A%3F.yaml");
}
