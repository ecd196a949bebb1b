#!/usr/bin/env bash
# Builds idform from the commit that the action is pinned to, unless it is there already.
set -euo pipefail

if command -v idform >/dev/null; then
    exit 0
fi
cargo install --locked --path "$GITHUB_ACTION_PATH" --bin idform --root "$RUNNER_TEMP/idform"
printf '%s\n' "$RUNNER_TEMP/idform/bin" >>"$GITHUB_PATH"
