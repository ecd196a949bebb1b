//! The whole process: `--version`, and a plan of three objects on three clouds with no changes.
//!
//! `cargo bench --bench process`
//!
//! The emulator runs in this process; the program reaches it by its own variables for endpoints and
//! keys. Times are from before the start to after the end. Peak memory is the kernel's own mark,
//! looked at until the process ends, in runs of their own so that looking costs no time that counts.

#![expect(clippy::print_stdout, reason = "a bench shows its figures")]

#[path = "support/figures.rs"]
mod figures;
#[path = "support/verdict.rs"]
mod verdict;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use idform::clouds::CLOUDS;
use idform::sandbox::{Options, Sandbox, credentials};
use tokio::runtime::Builder;
use verdict::verdict;

const RUNS: usize = 30;
/// How often the kernel's mark is looked at.
const LOOK_EVERY: Duration = Duration::from_micros(300);
/// Milliseconds.
const VERSION_GOAL: f64 = 10.0;
const PLAN_GOAL: f64 = 90.0;
/// MB.
const MEMORY_GOAL: f64 = 26.0;

const MANIFESTS: &str = "\
apiVersion: idform/v1
kind: Account
metadata: {name: tencent-prod}
spec: {cloud: tencent, accountId: \"100000000001\"}
---
apiVersion: idform/v1
kind: Account
metadata: {name: alibaba-prod}
spec: {cloud: alibaba, accountId: \"1234567890123456\"}
---
apiVersion: idform/v1
kind: Account
metadata: {name: huawei-prod}
spec: {cloud: huawei, accountId: 0123456789abcdef0123456789abcdef}
---
apiVersion: idform/v1
kind: TencentOidcProvider
metadata: {name: ci}
spec:
  account: tencent-prod
  issuer: https://ci.acme.example
  clientIds: [sts.tencentcloudapi.com]
  keys: {file: keys.jwks.json}
  description: Pipelines
---
apiVersion: idform/v1
kind: AlibabaOidcProvider
metadata: {name: ci}
spec:
  account: alibaba-prod
  issuer: https://ci.acme.example
  clientIds: [sts.aliyuncs.com]
  fingerprints: [902ef2deeb3c5b13ea4c3d5193629309e231ae55]
  description: Pipelines
---
apiVersion: idform/v1
kind: HuaweiIdentityProvider
metadata: {name: ci}
spec:
  account: huawei-prod
  enabled: true
  description: Pipelines
";

fn main() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    fs::write(folder.path().join("idform.yaml"), MANIFESTS).expect("write a manifest");
    let example = Path::new(env!("CARGO_MANIFEST_DIR"));
    fs::copy(
        example.join("examples/quickstart/keys/okta.jwks.json"),
        folder.path().join("keys.jwks.json"),
    )
    .expect("copy the keys");
    let runtime = Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .expect("a runtime");
    let sandbox = runtime
        .block_on(Sandbox::start(Options {
            throttle_per_second: Some(0),
            ..Options::default()
        }))
        .expect("a sandbox on loopback");
    let program = Program {
        env: env(&sandbox),
        folder: folder.path(),
    };
    program.run(&["apply", "--yes", "."]);

    println!("whole process, {RUNS} runs\n");
    println!("command             least ms  median ms  goal ms         peak MB  goal MB");
    let (least, middle) = program.times(&["--version"]);
    println!(
        "idform --version    {least:>8.1}  {middle:>9.1}  < {VERSION_GOAL:<3.0} {:<7}  {:>7.1}",
        verdict(middle, VERSION_GOAL),
        program.peak(&["--version"])
    );
    let plan = ["plan", "--detailed-exitcode", "."];
    let (least, middle) = program.times(&plan);
    let peak = program.peak(&plan);
    println!(
        "idform plan, no-op  {least:>8.1}  {middle:>9.1}  < {PLAN_GOAL:<3.0} {:<7}  {peak:>7.1}  < {MEMORY_GOAL:.0} {}",
        verdict(middle, PLAN_GOAL),
        verdict(peak, MEMORY_GOAL)
    );
    runtime.block_on(sandbox.stop());
}

/// Where the program finds the emulator, and its test keys.
fn env(sandbox: &Sandbox) -> BTreeMap<String, String> {
    let mut env = BTreeMap::new();
    for cloud in CLOUDS {
        let url = sandbox.base_url(cloud.id.0).expect("all are served");
        let account = credentials::default_account(cloud.id.0).expect("a default account");
        let keys = credentials::permanent(cloud.id.0, account).expect("keys by rule");
        env.insert(cloud.endpoint_variable.to_owned(), url);
        env.insert(cloud.key_variables.id.to_owned(), keys.key_id);
        env.insert(cloud.key_variables.secret.to_owned(), keys.secret);
    }
    env
}

struct Program<'a> {
    env: BTreeMap<String, String>,
    folder: &'a Path,
}

impl Program<'_> {
    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_idform"));
        command
            .args(arguments)
            .current_dir(self.folder)
            .env_clear()
            .envs(&self.env)
            .stdin(Stdio::null());
        command
    }

    /// Runs it; anything but success is a bench that measures something else.
    fn run(&self, arguments: &[&str]) {
        let output = self.command(arguments).output().expect("run the program");
        assert!(
            output.status.success(),
            "{arguments:?}: {}{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
    }

    fn times(&self, arguments: &[&str]) -> (f64, f64) {
        self.run(arguments);
        let time = || {
            let begun = Instant::now();
            self.run(arguments);
            figures::milliseconds(begun.elapsed())
        };
        figures::least_and_middle((0..RUNS).map(|_| time()).collect())
    }

    /// The most memory that any run held, in MB.
    fn peak(&self, arguments: &[&str]) -> f64 {
        let mut most: f64 = 0.0;
        for _ in 0..5 {
            let mut child = self
                .command(arguments)
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .expect("start the program");
            let status = format!("/proc/{}/status", child.id());
            while child.try_wait().expect("wait for the program").is_none() {
                let text = fs::read_to_string(&status).unwrap_or_default();
                most = most.max(figures::peak_megabytes(&text).unwrap_or_default());
                std::thread::sleep(LOOK_EVERY);
            }
        }
        most
    }
}
