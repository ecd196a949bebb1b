"""Alibaba Cloud's own Python SDK, unchanged, against the sandbox: both signature schemes."""

import datetime
import hashlib
import json
import ssl
import subprocess
import uuid

import pytest
from alibabacloud_ims20190815 import models as ims
from alibabacloud_ims20190815.client import Client as Ims
from alibabacloud_sts20150401 import models as sts
from alibabacloud_sts20150401.client import Client as Sts
from alibabacloud_tea_openapi import utils as openapi_utils
from alibabacloud_tea_openapi.client import Client as Any
from alibabacloud_tea_openapi.models import Config, OpenApiRequest, Params
from darabonba.exceptions import DaraException
from darabonba.runtime import RuntimeOptions

OWNER = "1234567890123456"
FINGERPRINT = "902ef2deeb3c5b13ea4c3d5193629309e231ae55"
SCHEMES = [None, "v2"]  # ACS3-HMAC-SHA256; what the SDK calls v2 is the RPC signature V1


def permanent(account=OWNER):
    return {"access_key_id": f"LTAIsandbox{account}", "access_key_secret": f"sandbox-secret-{account}"}


def temporary(account=OWNER):
    return {
        "access_key_id": f"STS.sandbox{account}",
        "access_key_secret": f"sandbox-temporary-{account}",
        "security_token": f"sandbox-token-{account}-0001",
    }


def client(sandbox, key=None, scheme=None, kind=Ims):
    return kind(
        Config(
            **(key or permanent()),
            endpoint=sandbox.endpoint("alibaba"),
            protocol="http",
            signature_algorithm=scheme,
        )
    )


def refused(call, *arguments):
    """Status and code with which a call is refused."""
    with pytest.raises(DaraException) as caught:
        call(*arguments)
    return caught.value.status_code, caught.value.code


@pytest.fixture(params=SCHEMES, ids=["v3", "v1"])
def scheme(request):
    return request.param


@pytest.fixture(params=[permanent, temporary], ids=["permanent", "temporary"])
def service(sandbox, request, scheme):
    """A client of an account that no other test uses."""
    account = str(uuid.uuid4().int)[:16]
    return client(sandbox, request.param(account), scheme)


def create(service, name="ci", issuer="https://issuer.example.test", **fields):
    request = ims.CreateOIDCProviderRequest(oidcprovider_name=name, issuer_url=issuer, **fields)
    return service.create_oidcprovider(request).body.oidcprovider


def get(service, name="ci"):
    request = ims.GetOIDCProviderRequest(oidcprovider_name=name)
    return service.get_oidcprovider(request).body.oidcprovider


@pytest.mark.parametrize("key", [permanent(), temporary()], ids=["permanent", "temporary"])
def test_who_calls(sandbox, key, scheme):
    me = client(sandbox, key, scheme, Sts).get_caller_identity().body
    assert me.account_id == OWNER
    assert me.identity_type == ("AssumedRoleUser" if "security_token" in key else "RAMUser")


def test_from_create_to_delete(service):
    absent = (404, "EntityNotExist.OIDCProvider")
    assert refused(get, service) == absent
    made = create(
        service,
        client_ids="aud-1,aud-2",
        fingerprints=FINGERPRINT,
        description="身份提供商 é~*+(a,b)",
        issuance_limit_time=24,
    )
    assert made.client_ids == "aud-1,aud-2"
    assert made.issuance_limit_time == 24
    assert made.description == "身份提供商 é~*+(a,b)"
    assert made.create_date == made.update_date
    assert int(made.gmt_create) % 1000 == 0
    live = get(service)
    assert live.to_map() == made.to_map()
    listed = service.list_oidcproviders(ims.ListOIDCProvidersRequest()).body
    assert [item.to_map() for item in listed.oidcproviders.oidcprovider] == [made.to_map()]
    assert listed.is_truncated is False
    service.update_oidcprovider(
        ims.UpdateOIDCProviderRequest(
            oidcprovider_name="ci", client_ids="c", new_description="d", issuance_limit_time=1
        )
    )
    live = get(service)
    assert (live.client_ids, live.description, live.issuance_limit_time) == ("c", "d", 1)
    assert live.fingerprints == FINGERPRINT
    delete = ims.DeleteOIDCProviderRequest(oidcprovider_name="ci")
    assert service.delete_oidcprovider(delete).status_code == 200
    assert refused(service.delete_oidcprovider, delete) == absent


def test_client_ids_and_fingerprints_one_by_one(service):
    create(service, client_ids="a", fingerprints="F1")

    def add(value):
        return service.add_fingerprint_to_oidcprovider(
            ims.AddFingerprintToOIDCProviderRequest(oidcprovider_name="ci", fingerprint=value)
        ).body.oidcprovider.fingerprints

    def remove(value):
        return service.remove_fingerprint_from_oidcprovider(
            ims.RemoveFingerprintFromOIDCProviderRequest(oidcprovider_name="ci", fingerprint=value)
        ).body.oidcprovider.fingerprints

    assert add("f2") == "F1,f2"
    assert refused(add, "f2") == (409, "EntityAlreadyExists.OIDCProvider.Fingerprint")
    for value in ("f3", "f4", "f5"):
        add(value)
    assert refused(add, "f6") == (409, "LimitExceeded.OIDCProvider.Fingerprint")
    assert refused(remove, "f1") == (404, "EntityNotExist.OIDCProvider.Fingerprint")
    for value in ("F1", "f2", "f3"):
        remove(value)
    assert remove("f4") == "f5"
    assert refused(remove, "f5")[0] == 400

    change = {"oidcprovider_name": "ci", "client_id": "b:c/d"}
    added = service.add_client_id_to_oidcprovider(ims.AddClientIdToOIDCProviderRequest(**change))
    assert added.body.oidcprovider.client_ids == "a,b:c/d"
    removed = service.remove_client_id_from_oidcprovider(
        ims.RemoveClientIdFromOIDCProviderRequest(**change)
    )
    assert removed.body.oidcprovider.client_ids == "a"


def test_conflicts_and_bad_values(service):
    create(service)
    code = "EntityAlreadyExists.OIDCProvider"
    assert refused(create, service, "ci", "https://other.example") == (409, code)
    assert refused(create, service, "other") == (409, f"{code}.Url")
    assert refused(create, service, "-x", "https://x.example")[0] == 400
    assert refused(create, service, "x", "http://x.example")[0] == 400


def test_pages(service):
    for number in range(5):
        create(service, f"p{number}", f"https://{number}.example")
    names, marker = [], None
    while True:
        page = service.list_oidcproviders(
            ims.ListOIDCProvidersRequest(max_items=2, marker=marker)
        ).body
        names += [item.oidcprovider_name for item in page.oidcproviders.oidcprovider]
        marker = page.marker
        assert bool(marker) == page.is_truncated
        if not page.is_truncated:
            break
    assert sorted(names) == [f"p{number}" for number in range(5)]


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"access_key_secret": "wrong"}, 400, "SignatureDoesNotMatch"),
        ({"access_key_id": "LTAIsomebody"}, 404, "InvalidAccessKeyId.NotFound"),
        ({"access_key_id": f"STS.sandbox{OWNER}"}, 400, "MissingSecurityToken"),
    ],
)
def test_wrong_credentials(sandbox, scheme, change, status, code):
    service = client(sandbox, permanent() | change, scheme)
    assert refused(get, service) == (status, code)


def test_a_wrong_token(sandbox, scheme):
    service = client(sandbox, temporary() | {"security_token": "wrong"}, scheme)
    status, code = refused(get, service)
    assert (status, code) == (400, "InvalidSecurityToken.MismatchWithAccessKey")


@pytest.mark.parametrize("minutes", [-16, 16])
def test_a_clock_that_is_off(sandbox, scheme, monkeypatch, minutes):
    shifted = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(minutes=minutes)
    monkeypatch.setattr(
        openapi_utils.Utils, "get_timestamp", lambda: shifted.strftime("%Y-%m-%dT%H:%M:%SZ")
    )
    assert refused(get, client(sandbox, scheme=scheme)) == (400, "InvalidTimeStamp.Expired")


def test_a_nonce_counts_once(sandbox, scheme, monkeypatch):
    monkeypatch.setattr(openapi_utils.Utils, "get_nonce", lambda: f"pinned-{scheme}")
    service = client(sandbox, scheme=scheme)
    assert refused(get, service) == (404, "EntityNotExist.OIDCProvider")
    assert refused(get, service) == (400, "SignatureNonceUsed")


def test_denied_by_settings(sandbox, scheme):
    account = "9999999999999999"
    sandbox.settings("alibaba", account, deny_actions=["GetOIDCProvider"])
    service = client(sandbox, permanent(account), scheme)
    with pytest.raises(DaraException) as caught:
        get(service)
    assert (caught.value.status_code, caught.value.code) == (403, "NoPermission")
    if scheme is None:
        assert caught.value.access_denied_detail["AuthAction"] == "ram:GetOIDCProvider"


@pytest.mark.parametrize(
    ("kind", "status", "code"),
    [
        ("throttle", 400, "Throttling.User"),
        ("throttle-wait:2", 400, "Throttling.User"),
        ("status:503", 503, "ServiceUnavailable"),
        ("status:500", 500, "InternalError"),
        ("deny", 403, "NoPermission"),
    ],
)
def test_faults_as_the_sdk_sees_them(serve, kind, status, code):
    sandbox = serve("--fault", f"alibaba:*={kind},times=1")
    service = client(sandbox)
    with pytest.raises(DaraException) as caught:
        get(service)
    assert (caught.value.status_code, caught.value.code) == (status, code)
    if kind == "throttle-wait:2":
        assert caught.value.retry_after == 2000
    assert refused(get, service)[0] == 404


@pytest.mark.parametrize("kind", ["drop-after", "cut", "stall-after", "html-200"])
def test_answers_that_are_lost(serve, kind):
    sandbox = serve("--fault", f"alibaba:Create*={kind},times=1")
    service = client(sandbox)
    request = ims.CreateOIDCProviderRequest(
        oidcprovider_name="ci", issuer_url="https://issuer.example.test"
    )
    with pytest.raises(Exception):
        service.create_oidcprovider_with_options(
            request, RuntimeOptions(read_timeout=500, connect_timeout=500)
        )
    if kind == "html-200":
        assert refused(get, service) == (404, "EntityNotExist.OIDCProvider")
    else:
        assert get(service).oidcprovider_name == "ci"


def test_more_than_twenty_in_a_second(sandbox):
    service = client(sandbox, permanent("5555555555555555"))
    codes = {refused(get, service) for _ in range(80)}
    assert (400, "Throttling.User") in codes


def presented(sandbox):
    """The certificates that the sandbox's issuer presents, as the documentation's recipe has it."""
    address = sandbox.clouds["issuer"]["url"].removeprefix("https://")
    shown = subprocess.run(
        ["openssl", "s_client", "-servername", "localhost", "-showcerts", "-connect", address],
        input="",
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    ends = [part.split("-----END")[0] for part in shown.split("-----BEGIN CERTIFICATE-----")[1:]]
    frame = "-----BEGIN CERTIFICATE-----{}-----END CERTIFICATE-----"
    der = [ssl.PEM_cert_to_DER_cert(frame.format(end)) for end in ends]
    return [hashlib.sha1(one).hexdigest() for one in der]


def test_a_token_becomes_a_role_and_the_role_another(sandbox):
    account = str(uuid.uuid4().int)[:16]
    key = permanent(account)
    role = f"acs:ram::{account}:role/sts-deploy"
    provider = f"acs:ram::{account}:oidc-provider/sts-ci"
    trust = {
        "Version": "1",
        "Statement": [
            {
                "Effect": "Allow",
                "Action": "sts:AssumeRole",
                "Principal": {"Federated": [provider]},
                "Condition": {
                    "StringEquals": {
                        "oidc:iss": sandbox.issuer("ci"),
                        "oidc:aud": "sts.aliyuncs.com",
                    },
                    "StringLike": {"oidc:sub": "repo:acme/*"},
                },
            },
            {
                "Effect": "Allow",
                "Action": "sts:AssumeRole",
                "Principal": {"RAM": [f"acs:ram::{account}:root"]},
            },
        ],
    }
    create_role = Params(
        action="CreateRole",
        version="2015-05-01",
        protocol="HTTPS",
        method="POST",
        auth_type="AK",
        style="RPC",
        pathname="/",
        req_body_type="formData",
        body_type="json",
    )
    query = {"RoleName": "sts-deploy", "AssumeRolePolicyDocument": json.dumps(trust)}
    client(sandbox, key, kind=Any).call_api(
        create_role, OpenApiRequest(query=query), RuntimeOptions()
    )
    service = client(sandbox, key)
    topmost = presented(sandbox)[-1]
    create(service, "sts-ci", sandbox.issuer("ci"), client_ids="sts.aliyuncs.com", fingerprints=topmost)

    # Anonymous: the SDK's client has no key at all.
    nobody = Sts(Config(endpoint=sandbox.endpoint("alibaba"), protocol="http"))

    def exchange(subject="repo:acme/app:ref:refs/heads/main"):
        token = sandbox.token("ci", "sts.aliyuncs.com", subject)
        request = sts.AssumeRoleWithOIDCRequest(
            oidcprovider_arn=provider,
            role_arn=role,
            oidctoken=token,
            role_session_name="ci",
            duration_seconds=900,
        )
        return nobody.assume_role_with_oidc(request).body

    def keys(answer):
        given = answer.credentials
        return {
            "access_key_id": given.access_key_id,
            "access_key_secret": given.access_key_secret,
            "security_token": given.security_token,
        }

    answer = exchange()
    assert answer.oidctoken_info.issuer == sandbox.issuer("ci")
    first = keys(answer)
    for scheme in SCHEMES:
        me = client(sandbox, first, scheme, Sts).get_caller_identity().body
        assert me.arn == f"acs:ram::{account}:assumed-role/sts-deploy/ci"
        assert get(client(sandbox, first, scheme), "sts-ci").fingerprints == topmost
    assert refused(exchange, "stranger") == (401, "AuthenticationFail.NoPermission")

    request = sts.AssumeRoleRequest(role_arn=role, role_session_name="second")
    second = keys(client(sandbox, first, kind=Sts).assume_role(request).body)
    me = client(sandbox, second, kind=Sts).get_caller_identity().body
    assert me.arn.endswith("/second")

    sandbox.ask_issuer("ci", ".sandbox/swap-chain", method="POST")
    code = "AuthenticationFail.OIDCToken.PublicKeyFingerprintMismatch"
    assert refused(exchange) == (401, code)
    service.add_fingerprint_to_oidcprovider(
        ims.AddFingerprintToOIDCProviderRequest(
            oidcprovider_name="sts-ci", fingerprint=presented(sandbox)[-1]
        )
    )
    keys(exchange())
