"""An OpenID provider that nobody here wrote, npm's `oidc-provider`, from discovery to a token that a
cloud takes: locked, applied, rotated with an overlap, and retired.

The emulated Tencent Cloud and Huawei Cloud check a token with the keys that `idform` brought them,
so tokens of any issuer can be tried there. Alibaba Cloud fetches keys from the issuer itself, and its
emulator reaches none but the sandbox's own: here it is seen to hold the right fingerprints only.
"""

import base64
import hashlib
import http.cookiejar
import json
import pathlib
import re
import secrets
import signal
import subprocess
import urllib.parse

import pytest
import requests
from authority import Authority
from conftest import manifest
from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException
from tencentcloud.common.profile.client_profile import ClientProfile
from tencentcloud.common.profile.http_profile import HttpProfile
from tencentcloud.sts.v20180813 import sts_client



HERE = pathlib.Path(__file__).resolve().parent
AUDIENCE = "sts.acme.example"
PORTAL = "https://portal.acme.example/callback"
TENCENT = "100000000001"
HUAWEI = "0123456789abcdef0123456789abcdef"
CONSENT = ["--yes", "--allow", "switches-sign-in"]


class Provider:
    """A running `oidc-provider` with a certificate of an authority of its own."""

    def __init__(self, folder):
        self.authority = Authority(folder)
        chain, key, self.fingerprints = self.authority.server("first")
        self.process = subprocess.Popen(
            ["node", HERE / "server.mjs", chain, key], stdout=subprocess.PIPE, text=True
        )
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError("server.mjs printed nothing; has `npm ci` run beside it?")
        self.url, self.control = (json.loads(line)[name] for name in ("url", "control"))

    def turn(self, what, **how):
        answer = requests.post(f"{self.control}/{what}", data=json.dumps(how), timeout=10)
        assert answer.status_code == 204, answer.text

    def publish(self, *kids, sign):
        self.turn("keys", keys=kids, sign=sign)

    def renew(self, name):
        """Presents another leaf below another intermediate of the same root."""
        chain, key, self.fingerprints = self.authority.server(name)
        self.turn("chain", chain=str(chain), key=str(key))

    def session(self):
        session = requests.Session()
        # The environment's roots would win over these.
        session.trust_env = False
        session.verify = str(self.authority.roots)
        return session

    def program_token(self):
        """What a pipeline gets for its client id and secret: a JWT for the clouds (RFC 9068)."""
        answer = self.session().post(
            f"{self.url}/token",
            auth=("pipeline", "pipeline-secret"),
            data={
                "grant_type": "client_credentials",
                "scope": "deploy",
                "resource": f"https://{AUDIENCE}/",
            },
            timeout=10,
        )
        assert answer.status_code == 200, answer.text
        return answer.json()["access_token"]

    def person_token(self, person):
        """What a person gets who signs in with a browser: the code flow with PKCE, and the pages of
        the provider filled in."""
        session = self.session()
        # The provider's cookies are for https on localhost, which has no dot.
        session.cookies.set_policy(http.cookiejar.DefaultCookiePolicy(strict_domain=False))
        verifier = secrets.token_urlsafe(48)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest())
        at = f"{self.url}/auth?" + urllib.parse.urlencode(
            {
                "client_id": "staff-portal",
                "response_type": "code",
                "redirect_uri": PORTAL,
                "scope": "openid email groups",
                "code_challenge": challenge.decode().rstrip("="),
                "code_challenge_method": "S256",
            }
        )
        answer = session.get(at, allow_redirects=False, timeout=10)
        for _ in range(12):
            if answer.is_redirect:
                at = urllib.parse.urljoin(at, answer.headers["location"])
                if at.startswith(PORTAL):
                    break
                answer = session.get(at, allow_redirects=False, timeout=10)
                continue
            assert answer.status_code == 200, answer.text
            prompt = re.search(r'name="prompt" value="(\w+)"', answer.text)[1]
            action = re.search(r'<form[^>]* action="([^"]+)"', answer.text)[1]
            form = {"prompt": prompt, "login": person, "password": "anything"}
            at = urllib.parse.urljoin(at, action)
            answer = session.post(at, data=form, allow_redirects=False, timeout=10)
        query = urllib.parse.parse_qs(urllib.parse.urlsplit(at).query)
        assert "code" in query, at
        answer = session.post(
            f"{self.url}/token",
            auth=("staff-portal", "staff-secret"),
            data={
                "grant_type": "authorization_code",
                "code": query["code"][0],
                "redirect_uri": PORTAL,
                "code_verifier": verifier,
            },
            timeout=10,
        )
        assert answer.status_code == 200, answer.text
        return answer.json()["id_token"]


@pytest.fixture
def provider(tmp_path_factory):
    running = Provider(tmp_path_factory.mktemp("provider"))
    yield running
    running.process.send_signal(signal.SIGTERM)
    running.process.wait(timeout=10)


def trust(idform, provider):
    """The operator's configuration: the authority, and that issuers may be on this machine."""
    idform.write("operator.toml", '[network]\nca = "ca.pem"\n[issuers]\nallow = ["127.0.0.1", "::1"]\n')
    idform.write("ca.pem", provider.authority.roots.read_bytes())
    idform.env["IDFORM_CONFIG"] = "operator.toml"


def declare(idform, issuer, name):
    """The issuer on three clouds: a pipeline may take a role on Tencent Cloud, staff may sign in on
    Huawei Cloud, Alibaba Cloud has the certificates pinned."""
    pinned = {"issuer": True, "overlap": "48h"}
    rules = [
        {
            "remote": [{"type": "sub"}, {"type": "groups", "any_one_of": ["readers"]}],
            "local": [{"user": {"name": "{0}"}}, {"group": {"name": "readers"}}],
        }
    ]
    trusted = {"provider": name, "audiences": [AUDIENCE], "subjects": ["pipeline"]}
    idform.write(
        "idp/issuer.yaml",
        [
            manifest(
                "TencentOidcProvider",
                name,
                account="tencent-prod",
                issuer=issuer,
                clientIds=[AUDIENCE],
                keys=pinned,
            ),
            manifest("TencentRole", name, account="tencent-prod", trust={"federated": [trusted]}),
            manifest(
                "AlibabaOidcProvider",
                name,
                account="alibaba-prod",
                issuer=issuer,
                clientIds=[AUDIENCE],
                fingerprints=pinned,
            ),
            manifest("HuaweiIdentityProvider", name, account="huawei-prod", enabled=True),
            manifest("HuaweiMapping", name, account="huawei-prod", rules=rules),
            manifest(
                "HuaweiProtocol",
                name,
                account="huawei-prod",
                identityProvider=name,
                protocol="oidc",
                mapping=name,
            ),
            manifest(
                "HuaweiOidcConfig",
                name,
                account="huawei-prod",
                identityProvider=name,
                accessMode="program",
                issuer=issuer,
                clientId="staff-portal",
                keys=pinned,
            ),
        ],
    )


def take_role(idform, name, token):
    """The vendor's own SDK exchanges a token for a role; gives the code of a refusal."""
    profile = ClientProfile(
        httpProfile=HttpProfile(protocol="http", endpoint=idform.sandbox.endpoint("tencent"))
    )
    asked = {
        "ProviderId": name,
        "WebIdentityToken": token,
        "RoleArn": f"qcs::cam::uin/{TENCENT}:roleName/{name}",
        "RoleSessionName": "conformance",
    }
    client = sts_client.StsClient(None, "ap-guangzhou", profile)
    try:
        answer = client.call("AssumeRoleWithWebIdentity", asked, options={"SkipSign": True})
    except TencentCloudSDKException as refused:
        return refused.get_code()
    return "Credentials" in json.loads(answer)["Response"]


def sign_in(idform, name, token):
    """Exchanges an ID token on Huawei Cloud; gives the user's name, or the reason of a refusal."""
    answer = requests.post(
        f"{idform.sandbox.clouds['huawei']['url']}/v3.0/OS-AUTH/id-token/tokens",
        headers={"X-Idp-Id": name},
        json={"auth": {"id_token": {"id": token}, "scope": {"domain": {"id": HUAWEI}}}},
        timeout=10,
    )
    if answer.status_code == 201:
        return answer.json()["token"]["user"]["name"]
    return f"{answer.status_code} {answer.json()['error_msg']}"


def fingerprints(idform, name):
    state = json.loads((idform.sandbox.state / "alibaba" / "1234567890123456.json").read_text())
    return set(state["oidc_providers"][name]["Fingerprints"])


def test_a_rotation_from_end_to_end(idform, provider):
    trust(idform, provider)
    declare(idform, provider.url, "acme")
    assert "idform lock" in idform(1, "plan"), "an issuer that is not locked is an error"
    idform(2, "lock", "--check")
    idform(0, "lock")
    locked = (idform.folder / "idp/idform.lock").read_text()
    assert re.findall(r'kid: "?([\w-]+)"?\s+kty: (\w+)', locked) == [("2026-a", "RSA"), ("elliptic", "EC")]
    assert provider.fingerprints == set(re.findall(r'sha1: "?([0-9a-f]{40})', locked))
    idform(0, "lock", "--check")
    told = idform(0, "apply", *CONSENT)
    # Neither cloud's key sets hold elliptic keys, and idform says so.
    assert "issuer-key-left-out" in told, told
    idform(0, "plan", "--detailed-exitcode")
    idform(0, "drift")
    # What the server presents, told by its maker and not by idform.
    assert fingerprints(idform, "acme") <= provider.fingerprints
    assert fingerprints(idform, "acme")

    assert take_role(idform, "acme", provider.program_token()) is True
    assert sign_in(idform, "acme", provider.person_token("ada")) == "ada"
    # Its own tokens for the other audience are not for that cloud.
    refused = take_role(idform, "acme", provider.person_token("ada"))
    assert refused == "InvalidParameter.WebIdentityTokenError"
    assert sign_in(idform, "acme", provider.program_token()).startswith("401")

    # The provider announces a key, and signs with the old one still.
    provider.publish("2026-a", "2026-b", sign="2026-a")
    told = idform(2, "lock", "--check")
    assert "key 2026-b (RSA 2048, RS256, sig) is published and not locked" in told, told
    told = idform(2, "drift")
    assert re.search(r"soon +key 2026-b .* is published and not on the cloud", told), told
    assert take_role(idform, "acme", provider.program_token()) is True

    # It signs with the new one before anybody looked: what the warnings were about.
    old = provider.program_token()
    provider.publish("2026-b", sign="2026-b")
    refused = take_role(idform, "acme", provider.program_token())
    assert refused == "InvalidParameter.WebIdentityTokenError"
    assert sign_in(idform, "acme", provider.person_token("ada")).startswith("401")
    idform(0, "lock")
    told = idform(2, "plan", "--detailed-exitcode")
    assert "+ 2026-b (RSA 2048, RS256, sig)" in told, told
    assert "- 2026-a" not in told, told
    # More keys widen trust and break nothing: `--yes` is consent enough.
    idform(0, "apply", "--yes")
    assert take_role(idform, "acme", provider.program_token()) is True
    assert sign_in(idform, "acme", provider.person_token("ada")) == "ada"
    assert take_role(idform, "acme", old) is True, "the overlap is for tokens that live"
    idform(0, "plan", "--detailed-exitcode")

    # The end of the overlap, by a person's word.
    told = idform(0, "drift")
    idform(0, "lock", "--retire")
    told = idform(2, "plan", "--detailed-exitcode")
    assert "- 2026-a" in told, told
    idform(3, "apply", "--yes")
    idform(0, "apply", "--yes", "--allow", "may-break-sign-in")
    assert take_role(idform, "acme", old) == "InvalidParameter.WebIdentityTokenError"
    assert take_role(idform, "acme", provider.program_token()) is True
    idform(0, "plan", "--detailed-exitcode")
    idform(0, "drift")


def test_a_certificate_is_renewed(idform, provider):
    trust(idform, provider)
    declare(idform, provider.url, "renewed")
    idform(0, "lock")
    idform(0, "apply", *CONSENT)
    before = fingerprints(idform, "renewed")
    provider.renew("second")
    told = idform(2, "drift")
    assert re.search(r"now +localhost presents none of the locked certificates", told), told
    assert "CN=Acme second CA" in told, told
    idform(0, "lock")
    told = idform(2, "plan", "--detailed-exitcode")
    idform(0, "apply", "--yes")
    both = fingerprints(idform, "renewed")
    assert before < both
    assert both - before <= provider.fingerprints
    idform(0, "lock", "--retire")
    idform(0, "apply", "--yes", "--allow", "may-break-sign-in")
    assert fingerprints(idform, "renewed") == both - before


def test_a_slash_makes_another_issuer(idform, provider):
    trust(idform, provider)
    # The provider's own issuer at this address ends in a slash, as some vendors' do.
    for written, told in (
        (f"{provider.url}/", f"write `issuer: {provider.url}`, exactly"),
        (f"{provider.url}/tenant", f"write `issuer: {provider.url}/tenant/`, exactly"),
    ):
        declare(idform, written, "slash")
        said = " ".join(idform(1, "lock").replace("|", "").split())
        assert "issuer-unusable" in said and told in said, said
        assert not (idform.folder / "idp/idform.lock").exists() or provider.url not in (
            idform.folder / "idp/idform.lock"
        ).read_text()
    declare(idform, f"{provider.url}/tenant/", "slash")
    idform(0, "lock")
    assert f"  {provider.url}/tenant/:" in (idform.folder / "idp/idform.lock").read_text()


def test_an_authority_that_nobody_trusts(tmp_path, idform, provider):
    trust(idform, provider)
    idform.write("ca.pem", Authority(tmp_path, "Other root").roots.read_bytes())
    declare(idform, provider.url, "untrusted")
    said = " ".join(idform(1, "lock").replace("|", "").split())
    assert "issuer-unreachable" in said, said
    assert "no authority that is trusted here vouches for" in said, said
    assert "[network] ca" in said, said


def test_an_address_that_nobody_allowed(idform, provider):
    trust(idform, provider)
    idform.write("operator.toml", '[network]\nca = "ca.pem"\n')
    declare(idform, provider.url, "private")
    said = " ".join(idform(1, "lock").replace("|", "").split())
    assert "the address 127.0.0.1 of localhost is not public" in said, said
    assert "[issuers] allow" in said, said


def test_a_provider_that_is_away(idform, provider):
    """What is locked stays locked, and plans go on."""
    trust(idform, provider)
    declare(idform, provider.url, "away")
    idform(0, "lock")
    lock = (idform.folder / "idp/idform.lock").read_text()
    provider.process.send_signal(signal.SIGTERM)
    provider.process.wait(timeout=10)
    idform(1, "lock")
    idform(1, "drift")
    assert (idform.folder / "idp/idform.lock").read_text() == lock
    idform(2, "plan", "--detailed-exitcode")
