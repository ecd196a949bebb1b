//! What is published with the program is what the program does: schemas, examples, README, help.

use std::fs;
use std::path::PathBuf;

use serde_json::Value;

use crate::binary::{Binary, filters};
use crate::json_schema::Schema;
use crate::support::{Clouds, root};

const SCHEMAS: [&str; 8] = [
    "manifest",
    "plan",
    "report",
    "events",
    "journal",
    "acceptances",
    "lock",
    "config",
];

fn schema(name: &str) -> Schema {
    let path = root().join(format!("schemas/{name}.schema.json"));
    let text = fs::read_to_string(path).expect("a schema");
    Schema::new(&serde_json::from_str(&text).expect("JSON"))
}

#[test]
fn schemas_are_read_strictly() {
    let schema = Schema::new(&serde_json::json!({
        "$defs": {"dated": {"properties": {"on": {"type": "string", "format": "date"}}}},
        "$ref": "#/$defs/dated",
        "properties": {"count": {"type": "integer", "maximum": 3}},
    }));
    for (document, is_valid) in [
        (r#"{"on": "2026-11-22", "count": 3}"#, true),
        (r#"{"on": "soon"}"#, false),
        (r#"{"count": 4}"#, false),
        (r#"{"another": 1}"#, false),
    ] {
        let document = serde_json::from_str(document).expect("JSON");
        assert_eq!(schema.valid(&document).is_ok(), is_valid, "{document}");
    }
}

fn check(name: &str, value: &Value, what: &str) {
    if let Err(error) = schema(name).valid(value) {
        panic!("{what} is not as schemas/{name}.schema.json says: {error}");
    }
}

/// The folders of examples that hold manifests; the others hold workflows and policies.
const MANIFESTS: [&str; 4] = ["cookbook", "kinds", "portable", "quickstart"];

/// Every manifest under `examples/`.
fn examples() -> Vec<PathBuf> {
    fn collect(folder: PathBuf, files: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                collect(path, files);
            } else if path
                .extension()
                .is_some_and(|extension| extension == "yaml")
            {
                files.push(path);
            }
        }
    }
    let mut files = Vec::new();
    for folder in MANIFESTS {
        collect(root().join("examples").join(folder), &mut files);
    }
    files.sort();
    files
}

#[test]
fn the_schemas_are_fresh() {
    let binary = Binary::alone();
    for name in SCHEMAS {
        let printed = binary.run(&["schema", name]).with_code(0).stdout;
        let path = root().join(format!("schemas/{name}.schema.json"));
        let kept = fs::read_to_string(path).expect("a published schema");
        assert!(
            kept == printed,
            "run `idform schema {name} > schemas/{name}.schema.json`"
        );
    }
    let published = fs::read_dir(root().join("schemas"))
        .expect("the schemas")
        .count();
    assert_eq!(published, SCHEMAS.len());
}

#[test]
fn every_example_validates_plans_applies_and_then_there_is_nothing_to_do() {
    // Each recipe of the cookbook is a world of its own.
    let recipes = fs::read_dir(root().join("examples/cookbook")).expect("the cookbook");
    let recipes = recipes
        .map(|entry| entry.expect("an entry"))
        .filter(|entry| entry.path().is_dir())
        .map(|entry| format!("cookbook/{}", entry.file_name().to_string_lossy()));
    let folders = MANIFESTS.into_iter().filter(|folder| *folder != "cookbook");
    for folder in folders.map(str::to_owned).chain(recipes) {
        let binary = Binary::alone();
        binary.copy_example(&format!("examples/{folder}"), "idp");
        let run = |arguments: &[&str]| binary.run(&[arguments, &["idp"]].concat());
        if folder.starts_with("cookbook/") {
            let _ = run(&["lock", "--sandbox=clouds"]).with_code(0);
            let _ = run(&["lock", "--check", "--sandbox=clouds"]).with_code(0);
        }
        let validated = run(&["validate"]).with_code(0);
        assert_eq!(validated.stderr, "", "{folder}");
        let plan = ["plan", "--sandbox=clouds", "--detailed-exitcode"];
        let _ = run(&plan).with_code(2);
        let consent = ["--yes", "--allow=switches-sign-in"];
        let apply = [&["apply", "--sandbox=clouds"], &consent[..]].concat();
        let _ = run(&apply).with_code(0);
        let _ = run(&plan).with_code(0);
    }
}

#[test]
fn editors_find_no_mistake_in_the_examples() {
    for file in examples() {
        let text = fs::read_to_string(&file).expect("an example");
        let first = text.lines().next().expect("a line");
        let named = first
            .strip_prefix("# yaml-language-server: $schema=")
            .expect("the first line names the schema");
        let schema = file.parent().expect("a folder").join(named);
        let ours = root().join("schemas/manifest.schema.json");
        assert_eq!(
            schema.canonicalize().expect("the schema is there"),
            ours.canonicalize().expect("ours")
        );
        let documents: Vec<Value> = serde_yaml::from_multiple(&text).expect("YAML");
        for document in documents {
            check("manifest", &document, &file.display().to_string());
        }
    }
}

#[test]
fn the_manifest_schema_refuses_what_the_program_refuses() {
    let schema = schema("manifest");
    for case in ["unknown-key", "wrong-types", "unknown-kind"] {
        let file = root().join(format!("tests/cases/binary/{case}/idp.yaml"));
        let text = fs::read_to_string(file).expect("a case");
        let documents: Vec<Value> = serde_yaml::from_multiple(&text).expect("YAML");
        assert!(
            documents
                .iter()
                .any(|document| schema.valid(document).is_err()),
            "{case}"
        );
    }
}

#[test]
fn every_json_document_is_as_its_schema_says() {
    let binary = Binary::alone();
    binary.copy_example("examples/quickstart", "idp");
    binary.write("bad/idp.yaml", "kind: Account\nspec: {cloud: nimbus}\n");
    let json = |code: i32, arguments: &[&str]| {
        binary
            .run(&[arguments, &["--format=json"]].concat())
            .with_code(code)
            .json()
    };
    let sandbox = "--sandbox=clouds";
    check("report", &json(0, &["validate", "idp"]), "validate");
    check(
        "report",
        &json(1, &["validate", "bad"]),
        "validate of nonsense",
    );
    check("plan", &json(0, &["plan", sandbox, "idp"]), "plan");
    check(
        "plan",
        &json(1, &["plan", sandbox, "bad"]),
        "plan of nonsense",
    );
    let refused = json(3, &["apply", sandbox, "idp"]);
    check("report", &refused, "apply without consent");
    check("plan", &refused["plan"], "the plan in it");
    let invalid = json(1, &["apply", sandbox, "bad"]);
    check("report", &invalid, "apply of nonsense");
    assert_eq!(invalid["plan"], Value::Null);
    assert_eq!(invalid["outcomes"], serde_json::json!([]));
    let allow = "--allow=switches-sign-in";
    for changes in [14, 0] {
        let applied = json(0, &["apply", sandbox, "--yes", allow, "idp"]);
        check("report", &applied, "apply");
        check("plan", &applied["plan"], "the plan in it");
        let outcomes = applied["outcomes"].as_array().expect("a list");
        assert_eq!(outcomes.len(), changes);
        assert!(outcomes.iter().all(|outcome| outcome["outcome"] == "done"));
    }
}

/// Every line of a record is as its schema says, and the schema wants each of its members.
fn check_lines(name: &str, text: &str, kind: &str) -> std::collections::BTreeSet<String> {
    let schema = schema(name);
    let mut kinds = std::collections::BTreeSet::new();
    for line in text.lines() {
        let line: Value = serde_json::from_str(line).expect("each line is a document");
        check(name, &line, name);
        kinds.insert(line[kind].as_str().expect("a word").to_owned());
        for member in line.as_object().expect("an object").keys() {
            let mut lacking = line.clone();
            lacking.as_object_mut().expect("an object").remove(member);
            assert!(
                schema.valid(&lacking).is_err(),
                "{name}: {member} of {line} is not required"
            );
        }
    }
    kinds
}

#[test]
fn events_and_journals_are_as_their_schemas_say() {
    let clouds = Clouds::new();
    let binary = Binary::over(&clouds);
    binary.copy_example("examples/quickstart", "idp");
    // One change fails, and what waits for it is skipped; then the rest is done.
    clouds.fault("huawei:KeystoneCreateMapping=deny,times=1");
    let apply = [
        "apply",
        "--yes",
        "--allow=switches-sign-in",
        "--events=events.jsonl",
        "--journal=journal.jsonl",
        "idp",
    ];
    let mut events = std::collections::BTreeSet::new();
    for code in [1, 0] {
        let _ = binary.run(&apply).with_code(code);
        let text = fs::read_to_string(binary.path().join("events.jsonl")).expect("events");
        events.append(&mut check_lines("events", &text, "type"));
    }
    assert_eq!(
        events.into_iter().collect::<Vec<_>>(),
        [
            "apply_complete",
            "apply_errored",
            "apply_progress",
            "apply_skipped",
            "apply_start",
            "change_summary",
            "diagnostic",
            "planned_change",
            "version"
        ]
    );
    let text = fs::read_to_string(binary.path().join("journal.jsonl")).expect("a journal");
    let entries = check_lines("journal", &text, "entry");
    assert_eq!(entries.len(), 3, "{entries:?}");
}

/// What is written in TOML, as JSON; a date is a text there.
fn json_of(toml: toml::Value) -> Value {
    match toml {
        toml::Value::Datetime(date) => date.to_string().into(),
        toml::Value::Array(items) => items.into_iter().map(json_of).collect(),
        toml::Value::Table(table) => table
            .into_iter()
            .map(|(key, value)| (key, json_of(value)))
            .collect::<serde_json::Map<_, _>>()
            .into(),
        other @ (toml::Value::String(_)
        | toml::Value::Integer(_)
        | toml::Value::Float(_)
        | toml::Value::Boolean(_)) => serde_json::to_value(other).expect("a value"),
    }
}

#[test]
fn acceptances_are_as_their_schema_says() {
    let schema = schema("acceptances");
    let binary = Binary::alone();
    binary.copy_example("examples/quickstart", "idp");
    let good =
        "object = \"a/AlibabaOidcProvider/x\"\nreason = \"r\"\nowner = \"o\"\nuntil = 2999-12-31\n";
    for (change, to, is_valid) in [
        ("", "", true),
        ("object", "unmanaged", true),
        ("a/AlibabaOidcProvider/x", "*/*/*", true),
        ("until = 2999-12-31", "until = \"2999-12-31\"", true),
        ("reason", "fields = [\"description\"]\nreason", true),
        ("reason = \"r\"\n", "", false),
        ("owner = \"o\"", "owner = \"\"", false),
        ("until = 2999-12-31", "until = \"soon\"", false),
        ("object", "what = \"x\"\nobject", false),
        ("object", "unmanaged = \"a/b/c\"\nobject", false),
        ("object = \"a/AlibabaOidcProvider/x\"\n", "", false),
        ("a/AlibabaOidcProvider/x", "x", false),
    ] {
        let text = format!("[[accept]]\n{}", good.replacen(change, to, 1));
        let document = json_of(toml::from_str(&text).expect("TOML"));
        let found = schema.valid(&document);
        assert_eq!(found.is_ok(), is_valid, "{text}: {found:?}");
        binary.write("known.toml", &text);
        let arguments = ["drift", "--sandbox=clouds", "--accept=known.toml", "idp"];
        let ended = binary.run(&arguments);
        assert_eq!(ended.code != Some(1), is_valid, "{text}: {ended:?}");
    }
    let readme = fs::read_to_string(root().join("README.md")).expect("the README");
    let (_, rest) = readme.split_once("```toml\n").expect("an example");
    let (example, _) = rest.split_once("```").expect("its end");
    let document = json_of(toml::from_str(example).expect("TOML"));
    check("acceptances", &document, "the README's example");
}

#[test]
fn drift_and_import_reports_are_as_the_schema_says() {
    let binary = Binary::alone();
    binary.copy_example("examples/quickstart", "idp");
    let sandbox = "--sandbox=clouds";
    let json = |code: i32, arguments: &[&str]| {
        binary
            .run(&[arguments, &["--format=json"]].concat())
            .with_code(code)
            .json()
    };
    let drift = json(2, &["drift", sandbox, "idp"]);
    check("report", &drift, "drift");
    let _ = binary
        .run(&["apply", sandbox, "--yes", "--allow=switches-sign-in", "idp"])
        .with_code(0);
    let account = "--account=alibaba-prod";
    binary.copy_example("examples/quickstart", "only");
    for entry in fs::read_dir(binary.path().join("only")).expect("the example") {
        let path = entry.expect("an entry").path();
        if !path
            .file_name()
            .is_some_and(|name| name == "accounts.yaml" || name == "account.yaml")
        {
            if path.is_dir() {
                fs::remove_dir_all(path).expect("remove");
            } else {
                fs::remove_file(path).expect("remove");
            }
        }
    }
    let import = json(0, &["import", sandbox, account, "--out=adopted", "only"]);
    check("report", &import, "import");
    let schema = schema("report");
    for document in [drift, import] {
        for member in document.as_object().expect("an object").keys() {
            let mut lacking = document.clone();
            lacking.as_object_mut().expect("an object").remove(member);
            assert!(
                schema.valid(&lacking).is_err(),
                "{member} of {} is not required",
                document["command"]
            );
        }
    }
}

/// The commands of the README that can be run from the sources, without their prefix.
fn readme_commands() -> Vec<Vec<String>> {
    let text = fs::read_to_string(root().join("README.md")).expect("the README");
    let mut inside = false;
    let mut commands = Vec::new();
    for line in text.lines() {
        if line.starts_with("```") {
            inside = line == "```console";
        } else if inside {
            let command = line
                .strip_prefix("$ ")
                .expect("a console block holds commands");
            let command = command.split(" # ").next().unwrap_or_default();
            let words = command
                .strip_prefix("cargo run --release --")
                .or_else(|| command.strip_prefix("idform"));
            if let Some(words) = words {
                commands.push(words.split_whitespace().map(str::to_owned).collect());
            }
        }
    }
    commands
}

#[test]
fn the_readme_says_commands_that_exist() {
    let commands = readme_commands();
    assert!(commands.len() > 5, "{commands:?}");
    let binary = Binary::alone();
    for command in commands {
        let mut words: Vec<&str> = command.iter().map(String::as_str).collect();
        words.push("--help");
        let _ = binary.run(&words).with_code(0);
    }
}

#[test]
fn the_story_of_the_readme_runs() {
    let binary = Binary::alone();
    binary.copy("examples", "examples");
    let story: Vec<Vec<String>> = readme_commands()
        .into_iter()
        .filter(|command| command.iter().any(|word| word == "--sandbox"))
        .collect();
    let run = |command: &[String]| {
        let words: Vec<&str> = command.iter().map(String::as_str).collect();
        binary.run(&words)
    };
    let [apply, plan] = &story[..] else {
        panic!("the story has two commands: {story:?}");
    };
    let allow = apply.iter().position(|word| word == "--allow");
    let mut without = apply.clone();
    without.drain(allow.expect("it allows a risk")..).nth(1);
    without.push("examples/quickstart".to_owned());
    let refused = run(&without).with_code(3);
    assert!(refused.stderr.contains("switches-sign-in"), "{refused:?}");
    let _ = run(apply).with_code(0);
    let again = run(apply).with_code(0);
    assert!(again.stdout.contains("No changes"), "{again:?}");
    let state = ".idform/sandbox/alibaba/1234567890123456.json";
    let text = fs::read_to_string(binary.path().join(state)).expect("where the README says");
    binary.write(state, text.replace("GitLab pipelines", "by hand"));
    let edited = run(plan).with_code(2);
    assert!(edited.stdout.contains("\"by hand\""), "{edited:?}");
    assert!(edited.stdout.contains("1 to update"), "{edited:?}");
}

#[test]
fn the_readme_names_every_kind() {
    let text = fs::read_to_string(root().join("README.md")).expect("the README");
    let examples: String = examples()
        .iter()
        .map(|file| fs::read_to_string(file).expect("an example"))
        .collect();
    for cloud in idform::clouds::CLOUDS {
        for kind in cloud.kinds {
            let name = kind.info().name.0;
            assert!(text.contains(&format!("`{name}`")), "{name} in the README");
            assert!(
                examples.contains(&format!("kind: {name}\n")),
                "an example of {name}"
            );
        }
    }
}

#[test]
fn help_is_as_it_was_read() {
    let binary = Binary::alone();
    let _filters = filters(&binary);
    for command in [
        &[][..],
        &["validate"],
        &["plan"],
        &["apply"],
        &["schema"],
        &["explain"],
        &["sandbox"],
        &["sandbox", "serve"],
    ] {
        let help = binary.run(&[command, &["--help"]].concat()).with_code(0);
        assert_eq!(help.stderr, "");
        let name = format!("help-{}", command.join("-"));
        insta::assert_snapshot!(name.trim_end_matches('-'), help.stdout);
    }
}

#[test]
fn the_readme_shows_the_capability_matrix_of_today() {
    let binary = Binary::alone();
    let run = |format: &str| {
        binary
            .run(&["capabilities", "--format", format])
            .with_code(0)
    };
    let readme = fs::read_to_string(root().join("README.md")).expect("the README");
    let command = "<!-- capabilities: `idform capabilities --format markdown` -->\n";
    let (_, rest) = readme.split_once(command).expect("where it begins");
    let (kept, _) = rest
        .split_once("<!-- /capabilities -->")
        .expect("where it ends");
    let printed = run("markdown").stdout;
    assert!(
        kept == printed,
        "put what `idform capabilities --format markdown` prints between the marks:\n{printed}"
    );
    insta::assert_snapshot!("capabilities", run("text").stdout);
    let document = run("json").json();
    assert_eq!(document["command"], "capabilities");
    // Every kind and field there is, with its limits.
    let mut known = 0;
    for kind in document["kinds"].as_array().expect("a list") {
        let native = idform::clouds::kind(kind["kind"].as_str().expect("a name"));
        let fields = native.expect("a kind").info().fields;
        assert_eq!(
            kind["fields"].as_array().expect("a list").len(),
            fields.len()
        );
        known += 1;
    }
    let all = idform::clouds::CLOUDS.iter().map(|cloud| cloud.kinds.len());
    assert_eq!(known, all.sum::<usize>());
}

#[test]
fn every_code_and_kind_is_explained() {
    let binary = Binary::alone();
    let kinds = idform::clouds::CLOUDS
        .iter()
        .flat_map(|cloud| cloud.kinds)
        .map(|kind| kind.info().name.0);
    let codes = idform::model::Code::ALL.iter().map(|code| code.slug());
    let portable = idform::compile::portable::PORTABLE.iter();
    let fields = portable.clone().flat_map(|kind| {
        let fields = kind.fields.iter().map(|field| field.name);
        let fields = fields.chain(["accounts"]);
        fields.map(|field| format!("{}.{field}", kind.name))
    });
    let topics = kinds.chain(codes).chain(["", "Account"]);
    let topics = topics.chain(portable.map(|kind| kind.name.0));
    for topic in topics.map(str::to_owned).chain(fields) {
        let topic = topic.as_str();
        let ended = binary.run(&["explain", topic]).with_code(0);
        assert!(ended.stdout.ends_with('\n') && ended.stderr.is_empty());
    }
}

#[test]
fn what_every_document_has_is_explained_and_near_misses_are_pointed_at() {
    let binary = Binary::alone();
    for (topic, said) in [
        ("metadata", "owner"),
        ("metadata.name", "the last part of the address"),
        ("lifecycle", "dependsOn"),
        ("lifecycle.waive", "until: 2027-06-30"),
        ("Account", "requestsPerSecond"),
        ("Account.unmanaged", "names that are left out"),
    ] {
        let ended = binary.run(&["explain", topic]).with_code(0);
        assert!(
            ended.stdout.starts_with(&format!("{topic}\n\n  ")),
            "{ended:?}"
        );
        assert!(ended.stdout.contains(said), "{ended:?}");
    }
    for (topic, meant) in [
        ("oidcprovider", "OidcProvider"),
        ("AlibabaOidcProvider.isuer", "AlibabaOidcProvider.issuer"),
        ("lifecycle.protected", "lifecycle.protect"),
        ("unknwon-field", "unknown-field"),
    ] {
        let ended = binary.run(&["explain", topic]).with_code(64);
        let hint = format!("hint: did you mean `{meant}`?");
        assert!(ended.stderr.contains(&hint), "{ended:?}");
    }
    let ended = binary.run(&["man", "nope"]).with_code(64);
    assert!(ended.stderr.contains("there is no command `nope`"));
    let ended = binary.run(&["plan", "--timeout", "0s"]).with_code(64);
    assert!(ended.stderr.contains("nothing can answer in no time"));
}
