"""Alibaba Cloud's own Python SDK, unchanged, against the sandbox: both signature schemes."""

import base64
import datetime
import pathlib
import json
import hashlib
import json
import ssl
import subprocess
import uuid

import pytest
from alibabacloud_ims20190815 import models as ims
from alibabacloud_ims20190815.client import Client as Ims
from alibabacloud_ram20150501 import models as ram
from alibabacloud_ram20150501.client import Client as Ram
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


IDP = pathlib.Path(__file__).parents[1] / "cases" / "keys"


def metadata(which="old"):
    return (IDP / f"idp-{which}.metadata.xml").read_bytes()


def encoded(document):
    return base64.b64encode(document).decode()


def create_saml(service, name="idp", document=None, **fields):
    document = encoded(metadata() if document is None else document)
    request = ims.CreateSAMLProviderRequest(
        samlprovider_name=name, encoded_samlmetadata_document=document, **fields
    )
    return service.create_samlprovider(request).body.samlprovider


def get_saml(service, name="idp"):
    request = ims.GetSAMLProviderRequest(samlprovider_name=name)
    return service.get_samlprovider(request).body.samlprovider


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


def test_saml_from_create_to_delete(service):
    absent = (404, "EntityNotExist.SAMLProvider")
    assert refused(get_saml, service) == absent
    made = create_saml(service, description="staff")
    assert made.arn.endswith(":saml-provider/idp")
    assert made.authn_sign_algo == "rsa-sha1"
    live = get_saml(service)
    # The document comes back broken into lines, and only from a Get.
    assert "\n" in live.encoded_samlmetadata_document
    assert base64.b64decode(live.encoded_samlmetadata_document) == metadata()
    assert (live.description, live.create_date) == ("staff", made.create_date)
    again = (409, "EntityAlreadyExists.SAMLProvider")
    assert refused(create_saml, service) == again

    def update(**fields):
        request = ims.UpdateSAMLProviderRequest(samlprovider_name="idp", **fields)
        return service.update_samlprovider(request).body.samlprovider

    # What is left out stays; description or document must be there.
    assert update(new_encoded_samlmetadata_document=encoded(metadata("both"))).description == "staff"
    assert update(new_description="people", authn_sign_algo="rsa-sha256").authn_sign_algo == "rsa-sha256"
    assert base64.b64decode(get_saml(service).encoded_samlmetadata_document) == metadata("both")
    assert refused(lambda: update(authn_sign_algo="rsa-sha1"))[0] == 400
    request = ims.DeleteSAMLProviderRequest(samlprovider_name="idp")
    service.delete_samlprovider(request)
    assert refused(service.delete_samlprovider, request) == absent


def test_saml_lists(service):
    for name in ("a", "b", "c"):
        create_saml(service, name)

    def page(**fields):
        return service.list_samlproviders(ims.ListSAMLProvidersRequest(**fields)).body

    first = page(max_items=2)
    assert first.is_truncated and first.marker
    second = page(max_items=2, marker=first.marker)
    assert not second.is_truncated
    listed = first.samlproviders.samlprovider + second.samlproviders.samlprovider
    assert [provider.samlprovider_name for provider in listed] == ["a", "b", "c"]
    # Neither document nor algorithm.
    assert set(listed[0].to_map()) == {"SAMLProviderName", "Arn", "Description", "CreateDate", "UpdateDate"}


def test_saml_conflicts_and_bad_values(service):
    invalid = (400, "InvalidParameter.EncodedSAMLMetadataDocument")
    text = metadata().decode()
    doctype = text.replace("<md:EntityDescriptor", "<!DOCTYPE x><md:EntityDescriptor", 1)
    for document in [
        b"",
        b"no XML",
        b"<a/>",
        text.replace("IDPSSODescriptor", "SPSSODescriptor").encode(),
        text.replace('use="signing"', 'use="encryption"').encode(),
        text.replace("entityID=", "other=").encode(),
        doctype.encode(),
    ]:
        assert refused(create_saml, service, "idp", document) == invalid
    assert refused(create_saml, service, "-idp") == (400, "InvalidParameter.SAMLProviderName")
    assert refused(create_saml, service, "") == (400, "MissingSAMLProviderName")


def test_user_sso(service):
    def settings():
        return service.get_user_sso_settings().body.user_sso_settings

    def change(**fields):
        request = ims.SetUserSsoSettingsRequest(**fields)
        return service.set_user_sso_settings(request).body.user_sso_settings

    first = settings()
    assert (first.sso_enabled, first.sso_login_with_domain) == (False, True)
    assert first.authn_sign_algo == "rsa-sha1"
    assert refused(lambda: change(sso_enabled=True))[0] == 400
    on = change(
        metadata_document=encoded(metadata()),
        sso_enabled=True,
        auxiliary_domain="acme.example",
        sso_login_with_domain=False,
        authn_sign_algo="rsa-sha256",
    )
    assert (on.sso_enabled, on.auxiliary_domain, on.sso_login_with_domain) == (True, "acme.example", False)
    assert base64.b64decode(settings().metadata_document) == metadata()
    # What is left out falls back to its default, the document alone stays.
    off = change(sso_enabled=False)
    assert (off.auxiliary_domain, off.sso_login_with_domain) == ("", True)
    assert off.authn_sign_algo == "rsa-sha1"
    assert base64.b64decode(off.metadata_document) == metadata()


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


TRUST = {
    "Version": "1",
    "Statement": [
        {
            "Effect": "Allow",
            "Action": "sts:AssumeRole",
            "Principal": {"Federated": [f"acs:ram::{OWNER}:oidc-provider/ci"]},
            "Condition": {"StringLike": {"oidc:sub": "repo:acme/app:*"}},
        }
    ],
}


@pytest.fixture(params=[permanent, temporary], ids=["permanent", "temporary"])
def roles(sandbox, request, scheme):
    """A RAM client of an account that no other test uses."""
    account = str(uuid.uuid4().int)[:16]
    return client(sandbox, request.param(account), scheme, Ram)


def make_role(roles, name="ci", **fields):
    request = ram.CreateRoleRequest(
        role_name=name, assume_role_policy_document=json.dumps(TRUST), **fields
    )
    return roles.create_role(request).body.role


def test_roles(roles):
    made = make_role(
        roles,
        description="部署 é",
        max_session_duration=7200,
        tag=[ram.CreateRoleRequestTag(key="team", value="platform")],
    )
    assert made.arn.endswith(":role/ci")
    live = roles.get_role(ram.GetRoleRequest(role_name="ci")).body.role
    # The service prints the document anew: another text, the same meaning.
    assert live.assume_role_policy_document != json.dumps(TRUST)
    assert json.loads(live.assume_role_policy_document) == TRUST
    assert (live.description, live.max_session_duration) == ("部署 é", 7200)
    update = ram.UpdateRoleRequest(role_name="ci", new_description="d", new_max_session_duration=3600)
    assert roles.update_role(update).body.role.description == "d"

    listed = roles.list_roles(ram.ListRolesRequest()).body
    [role] = listed.roles.role
    assert [(tag.tag_key, tag.tag_value) for tag in role.tags.tag] == [("team", "platform")]
    absent = (404, "EntityNotExist.Role")
    assert refused(roles.get_role, ram.GetRoleRequest(role_name="none")) == absent


def test_roles_are_paged(roles):
    for number in range(3):
        make_role(roles, f"role-{number}")
    first = roles.list_roles(ram.ListRolesRequest(max_items=2)).body
    assert first.is_truncated
    rest = roles.list_roles(ram.ListRolesRequest(max_items=2, marker=first.marker)).body
    names = [role.role_name for role in first.roles.role + rest.roles.role]
    assert names == ["role-0", "role-1", "role-2"]


def test_policies_of_roles(roles):
    make_role(roles)
    policy = {"role_name": "ci", "policy_type": "System", "policy_name": "ReadOnlyAccess"}
    attach = ram.AttachPolicyToRoleRequest(**policy)
    detach = ram.DetachPolicyFromRoleRequest(**policy)
    delete = ram.DeleteRoleRequest(role_name="ci")
    assert refused(roles.detach_policy_from_role, detach) == (404, "EntityNotExist.Role.Policy")
    roles.attach_policy_to_role(attach)
    twice = (409, "EntityAlreadyExists.Role.Policy")
    assert refused(roles.attach_policy_to_role, attach) == twice
    held = roles.list_policies_for_role(ram.ListPoliciesForRoleRequest(role_name="ci")).body
    assert [item.policy_name for item in held.policies.policy] == ["ReadOnlyAccess"]
    assert refused(roles.delete_role, delete) == (409, "DeleteConflict.Role.Policy")
    roles.detach_policy_from_role(detach)
    roles.delete_role(delete)


def test_tags_of_roles(roles):
    make_role(roles)
    of_ci = {"resource_type": "role", "resource_names": ["ci"]}
    tags = [ram.TagResourcesRequestTag(key=key, value="1") for key in ("a", "b")]
    roles.tag_resources(ram.TagResourcesRequest(tag=tags, **of_ci))
    roles.untag_resources(ram.UntagResourcesRequest(tag_keys=["a"], **of_ci))
    found = roles.list_tag_resources(ram.ListTagResourcesRequest(**of_ci)).body.tag_resources
    assert [(tag.resource_name, tag.tag_key, tag.tag_value) for tag in found] == [("ci", "b", "1")]


def test_trust_policies_are_checked(roles):
    bad = ram.CreateRoleRequest(role_name="ci", assume_role_policy_document='{"Version": "2"}')
    assert refused(roles.create_role, bad) == (400, "MalformedPolicyDocument")
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
