"""Starts one sandbox for each test module, for the vendors' own SDKs and for `idform` itself."""

import json
import os
import pathlib
import signal
import ssl
import subprocess
import urllib.parse
import urllib.request

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARY = os.environ.get("IDFORM_BIN", str(ROOT / "target" / "debug" / "idform"))


class Sandbox:
    """A running `idform sandbox serve`."""

    def __init__(self, state, *flags):
        self.state = state
        self.process = subprocess.Popen(
            [BINARY, "sandbox", "serve", "--print-env", "--state", str(state), *flags],
            stdout=subprocess.PIPE,
            text=True,
        )
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"{BINARY} sandbox serve printed nothing")
        self.clouds = json.loads(line)

    def endpoint(self, cloud):
        """host:port"""
        return self.clouds[cloud]["url"].removeprefix("http://")

    def issuer(self, name):
        """The URL of one of the sandbox's OpenID issuers."""
        return f"{self.clouds['issuer']['url']}/{name}"

    def ask_issuer(self, name, document, method="GET", **query):
        """A document of an issuer, over TLS with the sandbox's roots and no others."""
        trust = ssl.create_default_context(cafile=self.clouds["issuer"]["ca"])
        url = f"{self.issuer(name)}/{document}?{urllib.parse.urlencode(query)}"
        request = urllib.request.Request(url, method=method)
        with urllib.request.urlopen(request, context=trust, timeout=10) as answer:
            return json.load(answer)

    def keys(self, name):
        return json.dumps(self.ask_issuer(name, ".well-known/jwks"))

    def token(self, name, audience, subject):
        answer = self.ask_issuer(name, ".sandbox/token", audience=audience, subject=subject)
        return answer["value"]

    def settings(self, cloud, account, **switches):
        """Writes switches into an account's state file, as a person would."""
        path = self.state / cloud / f"{account}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        account_state = json.loads(path.read_text()) if path.exists() else {}
        account_state.setdefault("settings", {}).update(switches)
        path.write_text(json.dumps(account_state))

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(timeout=10)


# The accounts that the sandbox knows by itself, and how the program is given their keys.
ACCOUNTS = """\
apiVersion: idform/v1
kind: Account
metadata: {name: tencent-prod}
spec: {cloud: tencent, accountId: "100000000001", requestsPerSecond: 20}
---
apiVersion: idform/v1
kind: Account
metadata: {name: alibaba-prod}
spec: {cloud: alibaba, accountId: "1234567890123456", requestsPerSecond: 20}
---
apiVersion: idform/v1
kind: Account
metadata: {name: huawei-prod}
spec: {cloud: huawei, accountId: 0123456789abcdef0123456789abcdef, requestsPerSecond: 10}
"""
VARIABLES = {
    "tencent": ("TENCENTCLOUD_SECRET_ID", "TENCENTCLOUD_SECRET_KEY"),
    "alibaba": ("ALIBABA_CLOUD_ACCESS_KEY_ID", "ALIBABA_CLOUD_ACCESS_KEY_SECRET"),
    "huawei": ("HUAWEICLOUD_SDK_AK", "HUAWEICLOUD_SDK_SK"),
}


class Idform:
    """The program, in a folder of its own, with the clouds of a sandbox of its own."""

    def __init__(self, folder, sandbox):
        self.folder = folder
        self.sandbox = sandbox
        self.env = {"PATH": os.environ["PATH"], "HOME": str(folder), "NO_PROXY": "*"}
        for cloud, (key_id, secret) in VARIABLES.items():
            known = sandbox.clouds[cloud]
            self.env[f"IDFORM_{cloud.upper()}_ENDPOINT"] = known["url"]
            self.env[key_id], self.env[secret] = known["key_id"], known["secret"]
        self.write("idp/accounts.yaml", ACCOUNTS)

    def write(self, name, content):
        """Writes a file, as text, as bytes, or as a stream of YAML documents."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, list):
            # JSON is YAML.
            content = "\n---\n".join(json.dumps(document) for document in content)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())

    def __call__(self, code, *arguments):
        """Runs `idform … idp`, expects an exit code, gives all that was said."""
        done = subprocess.run(
            [BINARY, *arguments, "idp"],
            env=self.env,
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert done.returncode == code, f"exit {done.returncode}\n{done.stdout}{done.stderr}"
        return done.stdout + done.stderr


def manifest(kind, name, **spec):
    return {"apiVersion": "idform/v1", "kind": kind, "metadata": {"name": name}, "spec": spec}


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory):
    running = Sandbox(tmp_path_factory.mktemp("state"))
    yield running
    running.stop()
    assert running.process.returncode == 0


@pytest.fixture
def serve(tmp_path):
    """Starts further sandboxes with flags, for faults."""
    started = []

    def start(*flags):
        started.append(Sandbox(tmp_path / f"state-{len(started)}", *flags))
        return started[-1]

    yield start
    for running in started:
        running.stop()


@pytest.fixture
def idform(tmp_path, serve):
    return Idform(tmp_path, serve())


def pytest_configure():
    # The SDKs must not pick up what the machine has configured.
    for name in list(os.environ):
        if name.startswith(("TENCENTCLOUD_", "ALIBABA_CLOUD_", "ALICLOUD_", "HUAWEICLOUD_")):
            del os.environ[name]
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        os.environ.pop(name, None)
