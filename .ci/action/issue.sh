#!/usr/bin/env bash
# issue.sh FILE CODE: one issue for drift: opened or updated on 2, closed on 0, left alone otherwise,
# because "could not read" is not "gone". IN_SHARD keeps shards apart.
set -euo pipefail

file=$1 code=$2
marker="<!-- idform:drift${IN_SHARD:+:$IN_SHARD} -->"
found=$(gh api --paginate "repos/$GITHUB_REPOSITORY/issues?state=open&per_page=100" |
    jq -rs --arg marker "$marker" \
        '[.[][] | select((has("pull_request") | not) and .user.type == "Bot" and ((.body // "") | startswith($marker))) | .number][0] // ""')
body=$RUNNER_TEMP/idform-issue.md
{
    printf '%s\n\n' "$marker"
    cat "$file"
} >"$body"
case $code in
0)
    if [[ -n $found ]]; then
        gh api --method PATCH "repos/$GITHUB_REPOSITORY/issues/$found" \
            --field "body=@$body" --raw-field state=closed >/dev/null
    fi
    ;;
2)
    if [[ -n $found ]]; then
        gh api --method PATCH "repos/$GITHUB_REPOSITORY/issues/$found" --field "body=@$body" >/dev/null
    else
        gh api --method POST "repos/$GITHUB_REPOSITORY/issues" \
            --raw-field "title=Drift${IN_SHARD:+ (shard $IN_SHARD)}: the clouds are not as declared" \
            --field "body=@$body" >/dev/null
    fi
    ;;
esac
