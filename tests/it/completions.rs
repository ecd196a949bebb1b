//! Completions as a shell asks for them: the generated script is sourced and its function called.

use std::process::{Command, Stdio};

use crate::binary::{Binary, Ended};

const MANIFESTS: &str = "\
apiVersion: idform/v1
kind: Account
metadata: {name: alibaba-prod}
spec: {cloud: alibaba}
---
apiVersion: idform/v1
kind: Account
metadata: {name: tencent-prod}
spec: {cloud: tencent}
---
apiVersion: idform/v1
kind: AlibabaOidcProvider
metadata: {name: github, labels: {team: platform, note: $(id)}}
spec:
  account: alibaba-prod
  issuer: https://token.actions.githubusercontent.com
  clientIds: [sts.acme.example]
  fingerprints: {issuer: true}
---
# Half written, as everything is while somebody types.
apiVersion: idform/v1
kind: TencentOidcProvider
metadata: {name: half}
spec:
  account: tencent-prod
  isuer: 7
---
apiVersion: idform/v1
kind: OidcProvider
metadata: {name: many, labels: {team: data}}
spec:
  issuer: https://issuer.example/many
  use: workload
  clientIds: [a]
  keys: {issuer: true}
  fingerprints: {issuer: true}
  accounts: [{account: alibaba-prod}, {account: tencent-prod}]
";

fn ask(binary: &Binary, words: &[&str]) -> Ended {
    binary.run(&[&["__complete", "--"], words].concat())
}

fn lines(ended: &Ended) -> Vec<&str> {
    ended.stdout.lines().collect()
}

#[test]
fn values_that_stand_in_manifests_are_offered_however_broken_these_are() {
    let binary = Binary::alone().manifests(&[MANIFESTS, "kind: [never closed"]);
    for (words, expected) in [
        (
            &["plan", "--target", "alibaba-prod/"][..],
            &[
                "alibaba-prod/AlibabaOidcProvider/github",
                "alibaba-prod/AlibabaOidcProvider/many",
            ][..],
        ),
        (
            &["apply", ".", "--exclude=tencent"],
            &[
                "--exclude=tencent-prod/TencentOidcProvider/half",
                "--exclude=tencent-prod/TencentOidcProvider/many",
            ],
        ),
        (
            &["drift", "--account", ""],
            &["alibaba-prod", "tencent-prod"],
        ),
        (&["plan", "--label", "te"], &["team=data", "team=platform"]),
        (&["apply", "--label=team=p"], &["--label=team=platform"]),
        // What a shell would run is not offered.
        (&["plan", "--label", "note"], &[]),
        (&["import", "--account", "t"], &["tencent-prod"]),
        (
            &["import", "--target", "alibaba-prod/AlibabaO"],
            &["alibaba-prod/AlibabaOidcProvider/"],
        ),
        (
            &["lock", "--retire="],
            &[
                "--retire=https://issuer.example/many",
                "--retire=https://token.actions.githubusercontent.com",
            ],
        ),
        (
            &["explain", "HuaweiProtocol"],
            &[
                "HuaweiProtocol",
                "HuaweiProtocol.account",
                "HuaweiProtocol.identityProvider",
                "HuaweiProtocol.mapping",
                "HuaweiProtocol.protocol",
            ],
        ),
        (&["explain", "unknown-ac"], &["unknown-account"]),
        (&["plan", "elsewhere", "--target", ""], &[]),
    ] {
        let told = ask(&binary, words);
        assert_eq!((told.code, &*told.stderr), (Some(0), ""), "{words:?}");
        assert_eq!(lines(&told), expected, "{words:?}");
    }
    let other = ask(&binary, &["plan", "--out", ""]);
    assert_eq!((other.code, &*other.stdout), (Some(1), ""));
}

#[test]
fn topics_that_are_offered_are_explained() {
    let binary = Binary::alone();
    let told = ask(&binary, &["explain", ""]);
    assert!(lines(&told).len() > 60, "{}", told.stdout);
    for topic in ["OidcProvider.accounts", "AlibabaRole.name", "Account"] {
        assert!(lines(&ask(&binary, &["explain", topic])).contains(&topic));
        assert_eq!(binary.run(&["explain", topic]).code, Some(0));
    }
}

/// Runs a script in a shell, the program first in its path; [`None`] where there is no such shell.
fn shell(binary: &Binary, name: &str, arguments: &[&str], script: &str) -> Option<String> {
    let program = std::path::PathBuf::from(assert_cmd::cargo::cargo_bin!("idform"));
    let folder = program.parent().expect("it lies in a folder");
    let output = Command::new(name)
        .args(arguments)
        .arg(script)
        .current_dir(binary.path())
        .env_clear()
        .env("HOME", binary.path())
        .env("PATH", format!("{}:/usr/bin:/bin", folder.display()))
        .stdin(Stdio::null())
        .output();
    let output = match output {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return None,
        other => other.expect("the shell runs"),
    };
    let told = String::from_utf8(output.stdout).expect("text");
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(errors.is_empty(), "{name}: {errors}");
    Some(told)
}

/// The lines as typed, the word that readline would replace, and what replaces it.
const IN_BASH: &[(&str, &str, &str)] = &[
    (
        "plan --target alib",
        "alib",
        "alibaba-prod/AlibabaOidcProvider/github alibaba-prod/AlibabaOidcProvider/many",
    ),
    (
        "plan --target=tencent-prod/TencentOidcProvider/h",
        "tencent-prod/TencentOidcProvider/h",
        "tencent-prod/TencentOidcProvider/half",
    ),
    (
        "plan --target=",
        "",
        "alibaba-prod/AlibabaOidcProvider/github alibaba-prod/AlibabaOidcProvider/many tencent-prod/TencentOidcProvider/half tencent-prod/TencentOidcProvider/many",
    ),
    ("drift --account ", "", "alibaba-prod tencent-prod"),
    ("drift --label t", "t", "team=data team=platform"),
    ("drift --label team=p", "p", "platform"),
    ("drift --label=team=", "", "data platform"),
    // Readline has cut `https` and `:` off.
    (
        "lock --retire=https://iss",
        "//iss",
        "//issuer.example/many",
    ),
    (
        "explain Alibaba",
        "Alibaba",
        "AlibabaOidcProvider AlibabaRole AlibabaSamlProvider AlibabaUserSso",
    ),
    // What is none of ours comes from the static part.
    ("plan --detai", "--detai", "--detailed-exitcode"),
    ("va", "va", "validate"),
    ("plan --target nothing", "nothing", ""),
];

#[test]
fn the_function_for_bash_completes_a_line() {
    let binary = Binary::alone().manifests(&[MANIFESTS]);
    for (line, current, expected) in IN_BASH {
        let line = format!("idform {line}");
        // COMP_WORDS as readline makes them: `=` and `:` are words of their own.
        let script = format!(
            "source <(idform completions bash)
            COMP_LINE='{line}'; COMP_POINT=${{#COMP_LINE}}
            read -r -a COMP_WORDS <<<\"$(sed 's/[=:]/ & /g' <<<\"$COMP_LINE\")\"
            [[ $COMP_LINE == *[\\ =:] ]] && COMP_WORDS+=('')
            COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1))
            previous=${{COMP_WORDS[COMP_CWORD-1]}}
            registered=$(complete -p idform)
            [[ $registered == *'-F _idform_asking '* ]] || echo \"$registered\"
            _idform_asking idform '{current}' \"$previous\"
            echo \"${{COMPREPLY[*]}}\""
        );
        let told = shell(&binary, "bash", &["--norc", "-c"], &script).expect("there is bash");
        assert_eq!(told.trim_end(), *expected, "{line}");
    }
}

#[test]
fn fish_completes_a_line() {
    let binary = Binary::alone().manifests(&[MANIFESTS]);
    for (line, expected) in [
        (
            "plan --target tencent-prod/TencentOidcProvider/h",
            "tencent-prod/TencentOidcProvider/half",
        ),
        (
            "plan --target=tencent-prod/TencentOidcProvider/h",
            "--target=tencent-prod/TencentOidcProvider/half",
        ),
        ("drift --account t", "tencent-prod"),
        (
            "lock --retire=https://iss",
            "--retire=https://issuer.example/many",
        ),
        ("explain AlibabaS", "AlibabaSamlProvider"),
    ] {
        let script = format!("idform completions fish | source; complete -C 'idform {line}'");
        let Some(told) = shell(&binary, "fish", &["--no-config", "-c"], &script) else {
            return;
        };
        assert_eq!(told.trim_end(), expected, "{line}");
    }
}

#[test]
fn zsh_takes_the_script_and_asks_the_program() {
    let binary = Binary::alone().manifests(&[MANIFESTS]);
    // Completion proper needs a terminal; the function's own surroundings stand in for it.
    for (line, expected) in [
        (
            "plan --target tencent-prod/TencentOidcProvider/h",
            "tencent-prod/TencentOidcProvider/half",
        ),
        (
            "plan --target=tencent-prod/TencentOidcProvider/h",
            "--target=tencent-prod/TencentOidcProvider/half",
        ),
        (
            "import --target alibaba-prod/AlibabaR",
            "alibaba-prod/AlibabaRole/",
        ),
        ("plan --out x", "static"),
    ] {
        let script = format!(
            "compdef() {{}}
            source <(idform completions zsh)
            _idform_static() {{ print -r static }}
            compadd() {{ print -rl -- ${{(P)@[-1]}} }}
            words=(idform {line}); CURRENT=$#words; PREFIX=$words[-1]
            _idform | grep ."
        );
        let Some(told) = shell(&binary, "zsh", &["-f", "-c"], &script) else {
            return;
        };
        assert_eq!(told.trim_end(), expected, "{line}");
    }
}
