#!/usr/bin/env bash
# Builds idform from the commit that the action is pinned to, unless it is there already.
set -euo pipefail

if command -v idform >/dev/null; then
    exit 0
fi
# From the action's own folder: rustup takes the toolchain from the `rust-toolchain.toml` of the working
# folder, and that one holds what a pull request brought along.
cd "$GITHUB_ACTION_PATH"
cargo install --locked --path . --bin idform --root "$RUNNER_TEMP/idform"
printf '%s\n' "$RUNNER_TEMP/idform/bin" >>"$GITHUB_PATH"
