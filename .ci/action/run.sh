#!/usr/bin/env bash
# Runs idform as the action's inputs say, and tells: a comment on the pull request (plan), one issue
# (drift), the summary of the run (these and apply). Exits as idform did, but for pending changes.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
report=$RUNNER_TEMP/idform.md
json=$RUNNER_TEMP/idform.json

# lines TEXT: one item a line into `items`, empty lines left out.
lines() {
    items=()
    local line
    while IFS= read -r line; do
        if [[ -n $line ]]; then items+=("$line"); fi
    done <<<"$1"
}

arguments=()
# flag NAME VALUE: with `=`, so that no value is taken for a flag.
flag() { if [[ -n $2 ]]; then arguments+=("$1=$2"); fi; }

flag --config "${IN_CONFIG:-}"
case $IN_COMMAND in
# What is found is shown at its line of the pull request.
validate) arguments+=(--format=github) ;;
plan)
    flag --policies "${IN_POLICIES:-}"
    flag --shard "${IN_SHARD:-}"
    arguments+=(--detailed-exitcode "--output=markdown=$report" "--output=json=$json")
    ;;
apply)
    # Without a digest anything might have changed since somebody looked.
    if [[ -z ${IN_EXPECT:-} ]]; then
        echo "::error::apply needs expect: the digest of the plan that was approved" >&2
        exit 64
    fi
    flag --policies "${IN_POLICIES:-}"
    flag --shard "${IN_SHARD:-}"
    flag --expect "$IN_EXPECT"
    lines "${IN_ALLOW:-}"
    for risk in "${items[@]}"; do flag --allow "$risk"; done
    arguments+=(--yes "--output=markdown=$report")
    ;;
drift)
    flag --shard "${IN_SHARD:-}"
    flag --accept "${IN_ACCEPT:-}"
    flag --metrics "${IN_METRICS:-}"
    arguments+=(--format=markdown)
    ;;
*)
    echo "::error::command is validate, plan, apply or drift" >&2
    exit 64
    ;;
esac
lines "${IN_PATHS:-.}"

# The report of an earlier run on this machine must not be taken for this one's.
rm -f "$report" "$json"
code=0
case $IN_COMMAND in
# Its annotations are commands to the runner, and idform escapes what manifests say in them.
validate) idform validate "${arguments[@]}" -- "${items[@]}" || code=$? ;;
*)
    # A description in a plan may read like a command to the runner (`##[set-output …]`): until the word,
    # which nobody can know before, it obeys none.
    word=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
    echo "::stop-commands::$word"
    if [[ $IN_COMMAND == drift ]]; then
        idform drift "${arguments[@]}" -- "${items[@]}" >"$report" || code=$?
    else
        idform "$IN_COMMAND" "${arguments[@]}" -- "${items[@]}" || code=$?
    fi
    echo "::$word::"
    ;;
esac
printf 'exit-code=%s\n' "$code" >>"$GITHUB_OUTPUT"
if [[ -s $json ]]; then
    printf 'digest=%s\n' "$(jq -r '.digest // ""' "$json")" >>"$GITHUB_OUTPUT"
fi
if [[ -s $report ]]; then
    cat "$report" >>"$GITHUB_STEP_SUMMARY"
    if [[ -n ${GH_TOKEN:-} ]]; then
        case $IN_COMMAND in
        plan) if [[ -n ${IN_PULL_REQUEST:-} ]]; then bash "$here/comment.sh" "$report" "$IN_PULL_REQUEST"; fi ;;
        drift) bash "$here/issue.sh" "$report" "$code" ;;
        esac
    fi
fi
# Pending changes are what a plan is for; drift is a finding.
if [[ $IN_COMMAND == plan && $code == 2 ]]; then code=0; fi
exit "$code"
