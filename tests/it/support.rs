//! What the tests stand on: a sandbox of their own, the engine over it, and the binary.

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;
use tokio::runtime::Runtime;
use tokio_util::sync::CancellationToken;

use idform::apply::{self, Event, Report};
use idform::clouds::{self, CLOUDS};
use idform::compile::portable::CATALOGUE;
use idform::compile::{World, compile};
use idform::lock::Lock;
use idform::manifest::{self, AllowedEnv};
use idform::model::{AssumeRole, Diagnostic};
use idform::net::http::{Http, HttpOptions};
use idform::net::{Access, Gate, Patience};
use idform::observe::Snapshot;
use idform::observe::live;
use idform::plan::{self, Plan};
use idform::provider::{Answer, Connection, Form, Read, ResourceKind, Surroundings};
use idform::sandbox::{Fault, Options, Sandbox, Seen, credentials};

/// The accounts that most tests use: one on each cloud, with the sandbox's default numbers.
pub(crate) const ACCOUNTS: &str = "\
apiVersion: idform/v1
kind: Account
metadata: {name: tencent-prod}
spec: {cloud: tencent, accountId: \"100000000001\", requestsPerSecond: 20}
---
apiVersion: idform/v1
kind: Account
metadata: {name: alibaba-prod}
spec: {cloud: alibaba, accountId: \"1234567890123456\", requestsPerSecond: 20}
---
apiVersion: idform/v1
kind: Account
metadata: {name: huawei-prod}
spec: {cloud: huawei, accountId: 0123456789abcdef0123456789abcdef, requestsPerSecond: 10}
";

/// The sandbox's default account numbers, which [`ACCOUNTS`] names.
pub(crate) const TENCENT: &str = "100000000001";
pub(crate) const ALIBABA: &str = "1234567890123456";
pub(crate) const HUAWEI: &str = "0123456789abcdef0123456789abcdef";

/// A sandbox of its own for one test, with its state in a folder that people could edit.
pub(crate) struct Clouds {
    pub(crate) folder: TempDir,
    sandbox: Option<Sandbox>,
    runtime: Runtime,
    /// Made with the first request, after tests have said their timeout.
    http: OnceCell<Http>,
    /// For one request of the engine; short, because some tests wait for it to run out.
    pub(crate) timeout: Duration,
    /// Most changes under way at once.
    pub(crate) parallelism: usize,
    /// What the engine signs in with.
    pub(crate) identity: Identity,
}

/// What the engine signs in with.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Identity {
    /// The account's permanent keys.
    Permanent,
    /// Temporary keys that nothing here could renew.
    Temporary,
    /// A role that the permanent keys assume as often as is needed; see [`Clouds::add_role`].
    Role,
}

/// The role of [`Identity::Role`].
const ROLE: &str = "operator";

/// The engine's own limit of requests in one second, far above any cloud's: the sandbox takes as
/// many as come, and tests wait for nobody's budget.
const REQUESTS_PER_SECOND: u32 = 10_000;

impl Clouds {
    /// Without throttling, so that tests need not wait.
    pub(crate) fn new() -> Self {
        Self::with(Options {
            throttle_per_second: Some(0),
            ..Options::default()
        })
    }

    pub(crate) fn with(options: Options) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let runtime = Runtime::new().expect("a runtime");
        let options = Options {
            folder: Some(folder.path().to_owned()),
            ..options
        };
        let sandbox = runtime
            .block_on(Sandbox::start(options))
            .expect("a sandbox on loopback");
        Self {
            folder,
            sandbox: Some(sandbox),
            runtime,
            http: OnceCell::new(),
            timeout: Duration::from_millis(700),
            parallelism: 8,
            identity: Identity::Permanent,
        }
    }

    /// Puts a role into an account that its own keys may assume.
    pub(crate) fn add_role(&self, cloud: &str, account: &str) {
        self.edit(cloud, account, |state| match cloud {
            "tencent" => {
                let trust = serde_json::json!({"version": "2.0", "statement": [{
                    "effect": "allow", "action": ["name/sts:AssumeRole"],
                    "principal": {"qcs": [format!("qcs::cam::uin/{account}:root")]},
                }]});
                state["roles"][ROLE] = serde_json::json!({
                    "RoleId": 1, "PolicyDocument": trust.to_string(),
                });
            }
            "alibaba" => {
                let trust = serde_json::json!({"Version": "1", "Statement": [{
                    "Effect": "Allow", "Action": "sts:AssumeRole",
                    "Principal": {"RAM": [format!("acs:ram::{account}:root")]},
                }]});
                state["roles"][ROLE] = serde_json::json!({
                    "RoleId": "1", "AssumeRolePolicyDocument": trust.to_string(),
                });
            }
            _ => state["agencies"][ROLE] = serde_json::json!({"trust_domain_id": account}),
        });
    }

    pub(crate) fn sandbox(&self) -> &Sandbox {
        self.sandbox.as_ref().expect("it runs until it is dropped")
    }

    /// Makes something go wrong: `[CLOUD:]ACTION=KIND[,skip=N][,times=N]`.
    pub(crate) fn fault(&self, text: &str) {
        let fault: Fault = text.parse().expect("a fault");
        self.sandbox().inject(fault);
    }

    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.sandbox().seen()
    }

    /// How often actions were called, by name.
    pub(crate) fn count(&self, action: &str) -> usize {
        let named = |seen: &&Seen| seen.action == action;
        self.seen().iter().filter(named).count()
    }

    /// What an account holds, as its state file says.
    pub(crate) fn state(&self, cloud: &str, account: &str) -> Value {
        let text = std::fs::read_to_string(self.state_file(cloud, account));
        text.map_or(Value::Null, |text| {
            serde_json::from_str(&text).expect("the state file is JSON")
        })
    }

    /// Plays the colleague who changes something in the console.
    pub(crate) fn edit(&self, cloud: &str, account: &str, edit: impl FnOnce(&mut Value)) {
        let mut state = self.state(cloud, account);
        if state.is_null() {
            state = serde_json::json!({});
        }
        edit(&mut state);
        let file = self.state_file(cloud, account);
        std::fs::create_dir_all(file.parent().expect("a folder")).expect("make the folder");
        std::fs::write(file, state.to_string()).expect("write the state file");
    }

    fn state_file(&self, cloud: &str, account: &str) -> PathBuf {
        self.folder
            .path()
            .join(cloud)
            .join(format!("{account}.json"))
    }

    /// The environment in which the binary finds this sandbox and its test keys.
    pub(crate) fn env(&self) -> BTreeMap<String, String> {
        let mut env = BTreeMap::new();
        for cloud in CLOUDS {
            let url = self
                .sandbox()
                .base_url(cloud.id.0)
                .expect("every cloud is served");
            let account = credentials::default_account(cloud.id.0).expect("a default account");
            let keys = credentials::permanent(cloud.id.0, account).expect("keys by rule");
            env.insert(cloud.endpoint_variable.to_owned(), url);
            env.insert(cloud.key_variables.id.to_owned(), keys.key_id);
            env.insert(cloud.key_variables.secret.to_owned(), keys.secret);
        }
        env
    }

    fn accesses(&self, world: &World) -> BTreeMap<String, Access> {
        let gate = Arc::new(Gate::new(32));
        let http = self.http.get_or_init(|| {
            Http::new(HttpOptions {
                timeout: self.timeout,
                ..HttpOptions::default()
            })
        });
        let access = |account: &Arc<idform::model::Account>| {
            let cloud = clouds::cloud(account.cloud).expect("a registered cloud");
            let number = account
                .account_id
                .as_deref()
                .expect("tests name account ids");
            let keys = match self.identity {
                Identity::Permanent | Identity::Role => credentials::permanent(cloud.id.0, number),
                Identity::Temporary => credentials::temporary(cloud.id.0, number),
            };
            let keys = keys.expect("keys by rule");
            let mut account = idform::model::Account::clone(account);
            if self.identity == Identity::Role {
                account.credentials.assume_role = Some(role(cloud.id.0, number));
            }
            let mut env = BTreeMap::from([
                (cloud.key_variables.id.to_owned(), keys.key_id),
                (cloud.key_variables.secret.to_owned(), keys.secret),
            ]);
            env.extend(keys.token.map(|token| (token_variable(cloud.id.0), token)));
            let surroundings = Surroundings {
                env,
                home: None,
                read: std::sync::Arc::new(|_| None),
                tokens: idform::provider::surroundings::AllowedTokens::default(),
            };
            (cloud.connect)(&Connection {
                account: &account,
                surroundings: &surroundings,
                endpoint: self.sandbox().base_url(cloud.id.0).as_deref(),
                http: http.clone(),
            })
            .map(|client| {
                let patience = Patience {
                    first_wait: Duration::from_millis(5),
                    longest_wait: Duration::from_millis(50),
                };
                let budget = REQUESTS_PER_SECOND;
                Access::new(&account.name, client, budget, Arc::clone(&gate), patience)
            })
        };
        live::accounts(world)
            .iter()
            .map(|account| {
                (
                    account.name.clone(),
                    access(account).expect("tests have credentials"),
                )
            })
            .collect()
    }

    /// What an account's cloud answers to these reads.
    pub(crate) fn answers(&self, world: &World, account: &str, reads: &[Read]) -> Vec<Answer> {
        let reader = self.accesses(world)[account].reader();
        self.runtime.block_on(async {
            let mut answers = Vec::new();
            for read in reads {
                answers.push(reader.read(read).await);
            }
            answers
        })
    }

    /// Reads the clouds.
    pub(crate) fn read(&self, world: &World) -> Snapshot {
        let readers = self.accesses(world);
        let readers = readers
            .iter()
            .map(|(name, access)| (name.clone(), Ok(access.reader())))
            .collect();
        self.runtime.block_on(live::read(world, &readers, |_| {}))
    }

    /// Plans texts of manifests.
    pub(crate) fn plan(&self, texts: &[&str]) -> Plan {
        let world = world(texts);
        let snapshot = self.read(&world);
        make(&world, &snapshot)
    }

    /// Plans and applies; consent is the tests' own affair.
    pub(crate) fn apply(&self, texts: &[&str]) -> Report {
        let plan = self.plan(texts);
        self.apply_plan(texts, plan)
    }

    /// Applies a plan that was made before.
    pub(crate) fn apply_plan(&self, texts: &[&str], plan: Plan) -> Report {
        self.apply_with(texts, plan, CancellationToken::new(), |_| {})
    }

    pub(crate) fn apply_with(
        &self,
        texts: &[&str],
        plan: Plan,
        cancel: CancellationToken,
        told: impl FnMut(Event) + Send + 'static,
    ) -> Report {
        let told = std::sync::Mutex::new(told);
        let listener: apply::Listener = Arc::new(move |event| {
            (told.lock().expect("no test panics while listening"))(event.clone());
        });
        self.carry_out_live(&world(texts), plan, cancel, listener)
    }

    /// Applies a plan of a world that is compiled already; the events are told when it is over.
    pub(crate) fn carry_out(
        &self,
        world: &World,
        plan: Plan,
        cancel: CancellationToken,
        told: impl FnMut(Event),
    ) -> Report {
        let heard = Arc::new(std::sync::Mutex::new(Vec::new()));
        let ear = Arc::clone(&heard);
        let listener: apply::Listener = Arc::new(move |event| {
            ear.lock().expect("nobody panics here").push(event.clone());
        });
        let report = self.carry_out_live(world, plan, cancel, listener);
        let events = std::mem::take(&mut *heard.lock().expect("nobody panics here"));
        events.into_iter().for_each(told);
        report
    }

    fn carry_out_live(
        &self,
        world: &World,
        plan: Plan,
        cancel: CancellationToken,
        listener: apply::Listener,
    ) -> Report {
        let accesses = self.accesses(world);
        let writers = accesses
            .iter()
            .map(|(name, access)| (name.clone(), access.writer()))
            .collect();
        let options = apply::Options {
            parallelism: self.parallelism,
            read_back: apply::ReadBack {
                waits: [20, 40, 80, 160, 320].map(Duration::from_millis).to_vec(),
            },
        };
        self.runtime.block_on(apply::run(
            Arc::new(plan),
            &writers,
            &options,
            cancel,
            listener,
        ))
    }
}

impl Drop for Clouds {
    fn drop(&mut self) {
        if let Some(sandbox) = self.sandbox.take() {
            self.runtime.block_on(sandbox.stop());
        }
    }
}

/// The variable in which a cloud's own tools look for the token of temporary keys.
pub(crate) fn token_variable(cloud: &str) -> String {
    let name = match cloud {
        "tencent" => "TENCENTCLOUD_TOKEN",
        "alibaba" => "ALIBABA_CLOUD_SECURITY_TOKEN",
        _ => "HUAWEICLOUD_SDK_SECURITY_TOKEN",
    };
    name.to_owned()
}

/// The role of [`Clouds::add_role`], as a manifest names it.
pub(crate) fn role(cloud: &str, account: &str) -> AssumeRole {
    let (role, domain) = match cloud {
        "tencent" => (format!("qcs::cam::uin/{account}:roleName/{ROLE}"), None),
        "alibaba" => (format!("acs:ram::{account}:role/{ROLE}"), None),
        _ => (ROLE.to_owned(), Some(account.to_owned())),
    };
    AssumeRole {
        role,
        domain,
        session_name: None,
        duration_seconds: None,
        external_id: None,
    }
}

/// Plans without a threshold: tests change whole small worlds at once.
pub(crate) fn make(world: &World, snapshot: &Snapshot) -> Plan {
    let guards = plan::Guards {
        max_changes: plan::guard::MaxChanges::Percent(100),
        ..plan::Guards::default()
    };
    plan::make(world, snapshot, &guards)
}

/// Compiles texts of manifests that must be valid.
pub(crate) fn world(texts: &[&str]) -> World {
    let (world, found) = compiled(texts);
    assert!(found.is_empty(), "the manifests are valid: {found:#?}");
    world
}

/// Compiles texts of manifests, with what is wrong with them.
pub(crate) fn compiled(texts: &[&str]) -> (World, Vec<Diagnostic>) {
    let files: Vec<String> = (0..texts.len()).map(|n| format!("{n}.yaml")).collect();
    let named: Vec<(&str, &str)> = files
        .iter()
        .map(String::as_str)
        .zip(texts.iter().copied())
        .collect();
    let (mut manifests, mut found) =
        manifest::parse_texts(&named, &[], CATALOGUE, &AllowedEnv::default());
    let world = compile(&mut manifests, Some(&Lock::default()), &mut found);
    (world, found.into_sorted())
}

/// A document in JSON form, which is YAML too.
pub(crate) fn document(kind: &str, name: &str, account: &str, spec: &Value) -> String {
    let mut spec = spec.clone();
    spec["account"] = account.into();
    serde_json::json!({
        "apiVersion": "idform/v1",
        "kind": kind,
        "metadata": {"name": name},
        "spec": spec,
    })
    .to_string()
}

/// Documents for what must be in the account for a kind's samples: what it says itself, and what
/// the samples refer to by `{external: …}`.
pub(crate) fn scenery(kind: &dyn ResourceKind, account: &str) -> Vec<String> {
    let mut texts = Vec::new();
    let mut made = BTreeSet::new();
    let samples = |kind: &dyn ResourceKind| {
        let samples = kind.samples();
        vec![samples.minimal, samples.full, samples.changed]
    };
    let known = |name: &str| idform::clouds::kind(name).expect("references name kinds");
    let mut open = vec![(kind.info(), samples(kind))];
    for (number, (kind, spec)) in kind.scenery().into_iter().enumerate() {
        texts.push(document(kind.0, &format!("scene-{number}"), account, &spec));
        open.push((known(kind.0).info(), vec![spec]));
    }
    while let Some((info, specs)) = open.pop() {
        for (field, spec) in info
            .fields
            .iter()
            .flat_map(|field| specs.iter().map(move |spec| (field, spec)))
        {
            let Form::Reference { kind: other, .. } = &field.form else {
                continue;
            };
            let Some(name) = spec[field.name]["external"].as_str() else {
                continue;
            };
            let other = known(other);
            if made.insert((other.info().name, name.to_owned())) {
                let mut scene = other.samples().minimal;
                scene["name"] = name.into();
                let manifest_name = name.to_lowercase().replace('_', "-");
                let kind = other.info().name.0;
                texts.push(document(kind, &manifest_name, account, &scene));
                open.push((other.info(), samples(other)));
            }
        }
    }
    texts
}

/// The project's root folder.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}
