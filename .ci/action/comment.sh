#!/usr/bin/env bash
# comment.sh FILE NUMBER: one comment for each plan on the pull request, updated in place. The hidden
# marker in the first line says which.
set -euo pipefail

file=$1 number=$2
marker=$(grep -o -m 1 '<!-- idform:plan[^>]*-->' "$file")
# Only a comment of our own kind of author: anybody may write the marker.
found=$(gh api --paginate "repos/$GITHUB_REPOSITORY/issues/$number/comments" |
    jq -rs --arg marker "$marker" \
        '[.[][] | select(.user.type == "Bot" and (.body | startswith($marker))) | .id][0] // ""')
if [[ -n $found ]]; then
    gh api --method PATCH "repos/$GITHUB_REPOSITORY/issues/comments/$found" --field "body=@$file" >/dev/null
else
    gh api --method POST "repos/$GITHUB_REPOSITORY/issues/$number/comments" --field "body=@$file" >/dev/null
fi
