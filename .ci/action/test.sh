#!/usr/bin/env bash
# The action's scripts against a stand-in for idform and one for GitHub. Needs jq.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/bin"
export PATH=$work/bin:$PATH RUNNER_TEMP=$work GITHUB_OUTPUT=$work/output GITHUB_STEP_SUMMARY=$work/summary
export GITHUB_REPOSITORY=acme/clouds GH_TOKEN=x WORK=$work

cat >"$work/bin/idform" <<'EOF'
#!/usr/bin/env bash
printf '[%s]' "$@" >>"$WORK/ran"
for argument in "$@"; do
    case $argument in
    --output=markdown=*) printf '<!-- idform:plan -->\n### plan\n' >"${argument#--output=markdown=}" ;;
    --output=json=*) printf '{"digest": "7c0d-11e2"}' >"${argument#--output=json=}" ;;
    --format=markdown) echo "### drift" ;;
    esac
done
exit "${WANTED:-0}"
EOF
cat >"$work/bin/gh" <<'EOF'
#!/usr/bin/env bash
case " $* " in
*" --method "*) printf '%s\n' "$*" >>"$WORK/called" ;;
*) cat "$WORK/live" ;;
esac
EOF
chmod +x "$work/bin/idform" "$work/bin/gh"

# check NAME EXIT CALLS RAN: what the environment before it gives. CALLS and RAN are patterns.
check() {
    local code=0
    rm -f "$work/called" "$work/ran"
    bash "$here/run.sh" >/dev/null 2>&1 || code=$?
    touch "$work/called" "$work/ran"
    # shellcheck disable=SC2053 # patterns
    if [[ $code != "$2" || $(<"$work/called") != $3 || $(<"$work/ran") != $4 ]]; then
        printf 'FAILED %s: exit %s, called: %s, ran: %s\n' "$1" "$code" "$(<"$work/called")" "$(<"$work/ran")" >&2
        exit 1
    fi
}

# A toolchain file of the pull request must not choose what builds idform.
cat >"$work/bin/cargo" <<'EOF'
#!/usr/bin/env bash
pwd >"$WORK/built-in"
EOF
chmod +x "$work/bin/cargo"
mkdir "$work/action"
mv "$work/bin/idform" "$work/idform-aside"
PATH=$work/bin:/usr/bin:/bin GITHUB_ACTION_PATH=$work/action GITHUB_PATH=$work/path bash "$here/install.sh"
mv "$work/idform-aside" "$work/bin/idform"
if [[ $(<"$work/built-in") != "$work/action" ]]; then
    printf 'FAILED built in %s\n' "$(<"$work/built-in")" >&2
    exit 1
fi

repo=repos/acme/clouds
bot='"user": {"type": "Bot"}' human='"user": {"type": "User"}'
export IN_PATHS=$'idp\nmore idp; rm -rf x' IN_PULL_REQUEST=7

echo "[{\"id\": 1, $human, \"body\": \"<!-- idform:plan -->\"}]" >"$work/live"
IN_COMMAND=plan WANTED=2 check "a first comment; pending is no failure" 0 \
    "api --method POST $repo/issues/7/comments *" \
    '\[plan]\[--detailed-exitcode]*\[--]\[idp]\[more idp; rm -rf x]'
grep -q '^digest=7c0d-11e2$' "$work/output"
echo "[{\"id\": 1, $human, \"body\": \"<!-- idform:plan -->\"}][{\"id\": 5, $bot, \"body\": \"<!-- idform:plan -->\"}]" >"$work/live"
IN_COMMAND=plan check "our comment is updated" 0 "api --method PATCH $repo/issues/comments/5 *" '*'
IN_COMMAND=plan WANTED=3 check "a guard is a failure, and told" 3 "api --method PATCH *" '*'
IN_COMMAND=plan IN_PULL_REQUEST='' check "a branch has no comments" 0 "" '*'
IN_COMMAND=plan GH_TOKEN='' check "without a token nothing is written" 0 "" '*'

IN_COMMAND=apply check "apply wants a digest" 64 "" ""
IN_COMMAND=apply IN_EXPECT=7c0d-11e2 IN_ALLOW=$'destroys\nmay-break-sign-in' check "apply" 0 "" \
    '\[apply]\[--expect=7c0d-11e2]\[--allow=destroys]\[--allow=may-break-sign-in]\[--yes]\[--output=markdown=*]\[--]*'
IN_COMMAND=apply IN_EXPECT=x WANTED=4 check "stale" 4 "" '*'

echo '[]' >"$work/live"
IN_COMMAND=drift WANTED=2 check "drift opens an issue" 2 "api --method POST $repo/issues *" '*'
IN_COMMAND=drift check "no drift, no issue" 0 "" '*'
echo "[{\"number\": 9, $bot, \"body\": \"<!-- idform:drift -->\"}]" >"$work/live"
IN_COMMAND=drift WANTED=2 check "the issue is updated" 2 "api --method PATCH $repo/issues/9 --field *" '*'
IN_COMMAND=drift check "the issue is closed" 0 "api --method PATCH $repo/issues/9 *state=closed" '*'
IN_COMMAND=drift WANTED=1 check "unreadable is not gone" 1 "" '*'
IN_COMMAND=drift IN_SHARD=2/4 WANTED=2 check "shards have issues of their own" 2 \
    "api --method POST * title=Drift (shard 2/4)*" '\[drift]\[--shard=2/4]*'
# Between the two the runner takes nothing for a command.
said=$(IN_COMMAND=plan bash "$here/run.sh" 2>&1)
word=$(sed -n 's/^::stop-commands:://p' <<<"$said")
if [[ ${#word} != 32 || $(tail -n 1 <<<"$said") != "::$word::" ]]; then
    printf 'FAILED the runner is not kept from commands: %s\n' "$said" >&2
    exit 1
fi
IN_COMMAND='plan; rm' check "no other command" 64 "" ""
