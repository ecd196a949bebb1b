"""A real Keystone along the paths that Huawei documents, by raw HTTP and then by `idform`.

Run it with the interpreter that has Keystone: `python -m pytest tests/conformance/keystone`.
The raw part writes down what Keystone answers; DIFFERENCES.md says where that is not what Huawei
documents. The `idform` part is skipped until the binary (`IDFORM_BIN`, by default
`target/debug/idform`) knows `apply`.
"""

import json
import os
import pathlib
import signal
import subprocess
import sys
import uuid

import pytest
import requests

HERE = pathlib.Path(__file__).resolve().parent
IDFORM = os.environ.get("IDFORM_BIN", str(HERE.parents[2] / "target/debug/idform"))
DEFAULT_RULES = [
    {"local": [{"user": {"name": "FederationUser"}}], "remote": [{"type": "__NAMEID__"}]}
]


class Keystone:
    """A running Keystone and a session with an account-wide token."""

    def __init__(self, description):
        self.__dict__.update(description)
        self.session = requests.Session()
        answer = self.sign_in(scope={"domain": {"name": self.domain}})
        self.session.headers["X-Auth-Token"] = answer.headers["X-Subject-Token"]

    def sign_in(self, scope=None, **changes):
        user = {"domain": {"name": self.domain}, "name": self.user, "password": self.password}
        auth = {"identity": {"methods": ["password"], "password": {"user": user | changes}}}
        if scope:
            auth["scope"] = scope
        return requests.post(f"{self.url}/v3/auth/tokens?nocatalog=true", json={"auth": auth})

    def ask(self, status, method, path, body=None):
        """Asks below /v3/OS-FEDERATION, expects a status, returns the parsed answer."""
        answer = self.session.request(method, f"{self.url}/v3/OS-FEDERATION/{path}", json=body)
        assert answer.status_code == status, answer.text
        return answer.json() if answer.content else None

    def provider(self, **members):
        id = f"idp-{uuid.uuid4().hex[:8]}"
        self.ask(201, "PUT", f"identity_providers/{id}", {"identity_provider": members})
        return id

    def mapping(self, rules=None):
        id = f"mapping-{uuid.uuid4().hex[:8]}"
        self.ask(201, "PUT", f"mappings/{id}", {"mapping": {"rules": rules or DEFAULT_RULES}})
        return id


def running(*arguments):
    process = subprocess.Popen(
        [sys.executable, HERE / "keystone_server.py", *arguments], stdout=subprocess.PIPE, text=True
    )
    try:
        yield Keystone(json.loads(process.stdout.readline()))
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=20)


@pytest.fixture(scope="session")
def keystone():
    yield from running()


# What both have in common: the paths, verbs and statuses of Huawei's documents.


def test_sign_in(keystone):
    answer = keystone.sign_in(scope={"domain": {"name": keystone.domain}})
    assert answer.status_code == 201
    token = answer.json()["token"]
    assert token["domain"] == {"id": keystone.domain_id, "name": keystone.domain}
    assert token["expires_at"].endswith(".000000Z")
    assert "catalog" not in token
    assert keystone.sign_in(password="wrong").status_code == 401


def test_the_account_is_listed(keystone):
    answer = keystone.session.get(f"{keystone.url}/v3/auth/domains").json()
    assert [domain["id"] for domain in answer["domains"]] == [keystone.domain_id]


def test_identity_providers(keystone):
    path = f"identity_providers/idp-{uuid.uuid4().hex[:8]}"
    keystone.ask(404, "GET", path)
    body = {"identity_provider": {"description": "Staff", "enabled": True}}
    created = keystone.ask(201, "PUT", path, body)["identity_provider"]
    assert (created["description"], created["enabled"]) == ("Staff", True)
    assert created["remote_ids"] == []
    keystone.ask(409, "PUT", path, body)
    change = {"identity_provider": {"enabled": False}}
    for _ in range(2):
        changed = keystone.ask(200, "PATCH", path, change)["identity_provider"]
        assert (changed["description"], changed["enabled"]) == ("Staff", False)
    assert keystone.ask(200, "GET", path)["identity_provider"] == changed
    listed = keystone.ask(200, "GET", "identity_providers")
    assert changed["id"] in [provider["id"] for provider in listed["identity_providers"]]
    assert listed["links"]["next"] is None
    keystone.ask(400, "PATCH", path, {"identity_provider": {}})
    keystone.ask(204, "DELETE", path)
    keystone.ask(404, "DELETE", path)
    keystone.ask(404, "PATCH", path, change)


def test_mappings(keystone):
    path = f"mappings/{keystone.mapping()}"
    assert keystone.ask(200, "GET", path)["mapping"]["rules"] == DEFAULT_RULES
    keystone.ask(409, "PUT", path, {"mapping": {"rules": DEFAULT_RULES}})
    rules = [
        {
            "local": [{"user": {"name": "{0}"}}, {"groups": "{1}"}],
            "remote": [
                {"type": "sub"},
                {"type": "groups"},
                {"type": "mail", "any_one_of": [".*@example\\.com$"], "regex": True},
                {"type": "kind", "not_any_of": ["Guest"]},
            ],
        }
    ]
    changed = keystone.ask(200, "PATCH", path, {"mapping": {"rules": rules}})["mapping"]
    assert changed["rules"] == rules
    assert keystone.ask(200, "GET", path)["mapping"] == changed
    for wrong in (
        [],
        [{"local": [{"user": {"name": "a"}}], "remote": []}],
        [{"local": [{"user": {"name": "a"}}], "remote": [{"any_one_of": ["b"]}]}],
        [{"local": [{"user": {"name": "a"}}], "remote": [{"type": "a", "any_one_of": ["b"], "not_any_of": ["c"]}]}],
    ):
        keystone.ask(400, "PATCH", path, {"mapping": {"rules": wrong}})
    keystone.ask(204, "DELETE", path)
    keystone.ask(404, "DELETE", path)


def test_protocols(keystone):
    provider, one, two = keystone.provider(), keystone.mapping(), keystone.mapping()
    path = f"identity_providers/{provider}/protocols/oidc"
    body = {"protocol": {"mapping_id": one}}
    keystone.ask(404, "GET", path)
    assert keystone.ask(201, "PUT", path, body)["protocol"]["mapping_id"] == one
    keystone.ask(409, "PUT", path, body)
    changed = keystone.ask(200, "PATCH", path, {"protocol": {"mapping_id": two}})
    assert changed["protocol"]["mapping_id"] == two
    assert keystone.ask(200, "GET", path) == changed
    listed = keystone.ask(200, "GET", f"identity_providers/{provider}/protocols")
    assert [protocol["id"] for protocol in listed["protocols"]] == ["oidc"]
    keystone.ask(400, "PUT", f"identity_providers/{provider}/protocols/saml", {"protocol": {}})
    keystone.ask(404, "PUT", "identity_providers/absent/protocols/oidc", body)
    keystone.ask(204, "DELETE", path)
    keystone.ask(404, "DELETE", path)


# Where Keystone differs; each has its line in DIFFERENCES.md.


def test_sso_type_is_refused(keystone):
    body = {"identity_provider": {"sso_type": "virtual_user_sso", "enabled": True}}
    refused = keystone.ask(400, "PUT", "identity_providers/typed", body)
    assert "'sso_type' was unexpected" in refused["error"]["message"]


def test_more_and_fewer_members_than_documented(keystone):
    created = keystone.ask(200, "GET", f"identity_providers/{keystone.provider()}")
    members = created["identity_provider"]
    assert members["description"] is None
    assert members["enabled"] is False
    assert {"domain_id", "authorization_ttl"} <= members.keys()
    assert members["links"].keys() == {"self"}
    mapping = keystone.ask(200, "GET", f"mappings/{keystone.mapping()}")["mapping"]
    assert mapping["schema_version"] == "1.0"


def test_a_group_needs_its_domain(keystone):
    def rules(group):
        return [{"local": [{"group": group}], "remote": [{"type": "sub"}]}]

    keystone.mapping(rules({"name": "readers", "domain": {"name": "Default"}}))
    body = {"mapping": {"rules": rules({"name": "readers"})}}
    keystone.ask(400, "PUT", "mappings/without-domain", body)


def test_an_unknown_mapping_is_400(keystone):
    path = f"identity_providers/{keystone.provider()}/protocols/oidc"
    refused = keystone.ask(400, "PUT", path, {"protocol": {"mapping_id": "absent"}})
    assert refused["error"]["message"] == "Invalid mapping id: absent"


def test_protocols_of_an_unknown_provider_are_an_empty_list(keystone):
    listed = keystone.ask(200, "GET", "identity_providers/absent/protocols")
    assert listed["protocols"] == []


def test_any_protocol_name_and_several_of_them(keystone):
    provider, mapping = keystone.provider(), keystone.mapping()
    for id in ("saml", "oidc", "mapped"):
        body = {"protocol": {"mapping_id": mapping}}
        keystone.ask(201, "PUT", f"identity_providers/{provider}/protocols/{id}", body)


def test_mappings_are_not_held_and_not_taken_along(keystone):
    provider, held, kept = keystone.provider(), keystone.mapping(), keystone.mapping()
    path = f"identity_providers/{provider}/protocols"
    keystone.ask(201, "PUT", f"{path}/oidc", {"protocol": {"mapping_id": held}})
    keystone.ask(201, "PUT", f"{path}/saml", {"protocol": {"mapping_id": kept}})
    keystone.ask(204, "DELETE", f"mappings/{held}")
    assert keystone.ask(200, "GET", f"{path}/oidc")["protocol"]["mapping_id"] == held
    keystone.ask(204, "DELETE", f"identity_providers/{provider}")
    keystone.ask(404, "GET", f"{path}/saml")
    keystone.ask(200, "GET", f"mappings/{kept}")


def test_no_quota(keystone):
    keystone.mapping(DEFAULT_RULES * 11)
    for _ in range(11):
        keystone.provider()


def test_what_huawei_added_is_no_route(keystone):
    for path in (
        "/v3.0/OS-FEDERATION/identity-providers/a/openid-connect-config",
        "/v3-ext/OS-FEDERATION/identity_providers/a/protocols/saml/metadata",
        "/v3.0/OS-QUOTA/domains/default",
    ):
        answer = keystone.session.get(keystone.url + path)
        assert answer.status_code == 404
        assert answer.headers["Content-Type"].startswith("text/html")
    answer = keystone.session.post(f"{keystone.url}/v3/OS-FEDERATION/mappings", json={})
    assert answer.status_code == 405
    assert answer.json() == {"message": "The method is not allowed for the requested URL."}


def test_sign_in_is_stricter(keystone):
    project = {"name": keystone.project}
    assert keystone.sign_in(scope={"project": project}).status_code == 400
    whole = project | {"domain": {"name": keystone.domain}}
    assert keystone.sign_in(scope={"project": whole}).status_code == 201
    both = {"project": whole, "domain": {"name": keystone.domain}}
    assert keystone.sign_in(scope=both).status_code == 400
    unscoped = keystone.sign_in()
    assert unscoped.status_code == 201
    assert "domain" not in unscoped.json()["token"]
    headers = {"X-Auth-Token": unscoped.headers["X-Subject-Token"]}
    path = f"{keystone.url}/v3/OS-FEDERATION/mappings"
    assert requests.get(path, headers=headers).status_code == 403


def test_stock_scope_refuses_account_wide_tokens():
    for keystone in running("--stock-scope"):
        refused = keystone.ask(403, "GET", "identity_providers")
        assert refused["error"]["message"] == (
            "You are not authorized to perform the requested action: "
            "identity:list_identity_providers."
        )
        scope = {"project": {"name": keystone.project, "domain": {"name": keystone.domain}}}
        token = keystone.sign_in(scope=scope).headers["X-Subject-Token"]
        keystone.session.headers["X-Auth-Token"] = token
        keystone.ask(200, "GET", "identity_providers")


# `idform` itself.

MANIFESTS = """\
apiVersion: idform/v1
kind: Account
metadata: {name: keystone}
spec: {cloud: huawei}
---
apiVersion: idform/v1
kind: HuaweiIdentityProvider
metadata: {name: acme}
spec: {account: keystone, enabled: ENABLED, description: DESCRIPTION}
---
apiVersion: idform/v1
kind: HuaweiMapping
metadata: {name: acme}
spec:
  account: keystone
  name: mapping_acme
  rules:
    - local: [{user: {name: "{0}"}}]
      remote: [{type: CLAIM}]
---
apiVersion: idform/v1
kind: HuaweiProtocol
metadata: {name: acme}
spec: {account: keystone, identityProvider: acme, protocol: oidc, mapping: acme}
"""


def test_idform_converges(keystone, tmp_path):
    """Written from the published contract of the command line: create, converge, change by hand, seen and mended."""
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "NO_PROXY": "*",
        "IDFORM_HUAWEI_ENDPOINT": keystone.url,
        "HW_USER_NAME": keystone.user,
        "HW_USER_PASSWORD": keystone.password,
        "HW_DOMAIN_NAME": keystone.domain,
    }
    folder = tmp_path / "manifests"
    folder.mkdir()

    def declare(enabled="true", description="Staff", claim="sub"):
        text = MANIFESTS.replace("ENABLED", enabled)
        text = text.replace("DESCRIPTION", description).replace("CLAIM", claim)
        (folder / "acme.yaml").write_text(text)

    def idform(code, *arguments):
        done = subprocess.run(
            [IDFORM, *arguments, str(folder)],
            env=environment,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout

    consent = ["--yes", "--allow", "may-break-sign-in", "--allow", "switches-sign-in"]

    def converge():
        idform(2, "plan", "--detailed-exitcode")
        idform(0, "apply", *consent)
        idform(0, "plan", "--detailed-exitcode")

    declare()
    converge()
    provider = keystone.ask(200, "GET", "identity_providers/acme")["identity_provider"]
    assert (provider["enabled"], provider["description"]) == (True, "Staff")
    protocol = keystone.ask(200, "GET", "identity_providers/acme/protocols/oidc")["protocol"]
    assert protocol["mapping_id"] == "mapping_acme"

    declare(enabled="false", description="People", claim="email")
    converge()
    mapping = keystone.ask(200, "GET", "mappings/mapping_acme")["mapping"]
    assert mapping["rules"][0]["remote"] == [{"type": "email"}]

    change = {"identity_provider": {"description": "somebody was here"}}
    keystone.ask(200, "PATCH", "identity_providers/acme", change)
    told = idform(2, "plan", "--detailed-exitcode")
    assert '"somebody was here" → "People"' in told, told
    assert "1 to update, 2 unchanged" in told, told
    converge()
    provider = keystone.ask(200, "GET", "identity_providers/acme")["identity_provider"]
    assert provider["description"] == "People"
