"""Starts `idform sandbox serve` once for all conformance tests."""

import json
import os
import pathlib
import signal
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory):
    """The JSON that the sandbox prints: `{"huawei": {"url", "account_id", "key_id", "secret"}}`."""
    binary = os.environ.get("IDFORM_BIN", str(ROOT / "target/debug/idform"))
    state = tmp_path_factory.mktemp("sandbox")
    process = subprocess.Popen(
        [binary, "sandbox", "serve", "--listen", "127.0.0.1:0", "--state", str(state), "--print-env"],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield json.loads(process.stdout.readline())
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(timeout=10)
