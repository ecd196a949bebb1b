"""Tencent Cloud's own Python SDK, unchanged, against the sandbox."""

import base64
import json
import time
import uuid

import pytest
from tencentcloud.cam.v20190116 import cam_client
from tencentcloud.cam.v20190116 import models as cam
from tencentcloud.common import credential
from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException
from tencentcloud.common.profile.client_profile import ClientProfile
from tencentcloud.common.profile.http_profile import HttpProfile
from tencentcloud.sts.v20180813 import models as sts
from tencentcloud.sts.v20180813 import sts_client

OWNER = "100000000001"
JWKS = base64.b64encode(
    json.dumps({"keys": [{"kty": "RSA", "kid": "a", "n": "zlmOuD7tZVKb", "e": "AQAB"}]}).encode()
).decode()
METADATA = base64.b64encode(
    b"<EntityDescriptor><IDPSSODescriptor/></EntityDescriptor>"
).decode()


def permanent(account=OWNER):
    return credential.Credential(f"AKIDsandbox{account}", f"sandbox-secret-{account}")


def temporary(account=OWNER):
    return credential.Credential(
        f"AKIDsandboxTMP{account}",
        f"sandbox-temporary-{account}",
        f"sandbox-token-{account}-0001",
    )


def client(kind, sandbox, key, method="POST", timeout=10):
    http = HttpProfile(
        protocol="http",
        endpoint=sandbox.endpoint("tencent"),
        reqMethod=method,
        reqTimeout=timeout,
    )
    return kind(key, "ap-guangzhou", ClientProfile(httpProfile=http))


def call(sandbox, action, key=None, method="POST", **fields):
    """Calls an action by the SDK's typed method and returns the reply as a dict."""
    module, kind = (sts, sts_client.StsClient) if action == "GetCallerIdentity" else (
        cam,
        cam_client.CamClient,
    )
    request = getattr(module, f"{action}Request")()
    for name, value in fields.items():
        # A plain attribute would not be sent: the model must know the field.
        assert hasattr(type(request), name), f"{action} has no {name}"
        setattr(request, name, value)
    reply = getattr(client(kind, sandbox, key or permanent(), method), action)(request)
    return json.loads(reply.to_json_string())


def refused(sandbox, action, **fields):
    """The code with which an action is refused."""
    with pytest.raises(TencentCloudSDKException) as caught:
        call(sandbox, action, **fields)
    assert caught.value.get_request_id()
    return caught.value.get_code()


def user_oidc(**changes):
    return {
        "IdentityUrl": "https://idp.example.com",
        "IdentityKey": JWKS,
        "ClientId": "client-1",
        "AuthorizationEndpoint": "https://idp.example.com/authorize",
        "ResponseType": "id_token",
        "ResponseMode": "form_post",
        "MappingFiled": "sub",
        "Scope": ["email"],
        "Description": "单点登录 – prod",
        "AutoRotateKey": 1,
    } | changes


def role_oidc(**changes):
    return {
        "Name": "github-actions",
        "IdentityUrl": "https://token.actions.githubusercontent.com",
        "IdentityKey": JWKS,
        "ClientId": ["sts.tencentcloudapi.com", "b"],
        "Description": "CI",
        "AutoRotateKey": 0,
    } | changes


@pytest.fixture
def account():
    """A key of an account that no other test uses."""
    return permanent(str(uuid.uuid4().int)[:12])


@pytest.mark.parametrize("method", ["POST", "GET"])
@pytest.mark.parametrize("key", [permanent(), temporary()], ids=["permanent", "temporary"])
def test_who_calls(sandbox, key, method):
    me = call(sandbox, "GetCallerIdentity", key=key, method=method)
    assert me["AccountId"] == OWNER
    assert me["Type"] == ("CAMRole" if key.token else "CAMUser")


@pytest.mark.parametrize("key", [permanent("300000000001"), temporary("300000000002")])
def test_user_oidc(sandbox, key):
    assert refused(sandbox, "DescribeUserOIDCConfig", key=key) == (
        "ResourceNotFound.IdentityNotExist"
    )
    call(sandbox, "CreateUserOIDCConfig", key=key, **user_oidc())
    live = call(sandbox, "DescribeUserOIDCConfig", key=key)
    wanted = user_oidc(Scope=["openid", "email"], Status=11, ProviderType=12)
    assert {name: live[name] for name in wanted} == wanted
    assert refused(sandbox, "CreateUserOIDCConfig", key=key, **user_oidc()) == (
        "InvalidParameter.IdentityNameInUse"
    )
    sparse = user_oidc()
    for name in ("Scope", "Description", "AutoRotateKey"):
        del sparse[name]
    call(sandbox, "UpdateUserOIDCConfig", key=key, **sparse)
    live = call(sandbox, "DescribeUserOIDCConfig", key=key)
    assert (live["Scope"], live["Description"], live["AutoRotateKey"]) == (["openid"], "", 0)
    call(sandbox, "DisableUserSSO", key=key)
    assert call(sandbox, "DescribeUserOIDCConfig", key=key)["Status"] == 2
    call(sandbox, "CreateUserOIDCConfig", key=key, **user_oidc())
    assert call(sandbox, "DescribeUserOIDCConfig", key=key)["Status"] == 11


def test_user_saml_gives_way_to_user_oidc(sandbox, account):
    nothing = call(sandbox, "DescribeUserSAMLConfig", key=account)
    assert (nothing["Status"], nothing["SAMLMetadata"]) == (0, "")
    call(
        sandbox,
        "CreateUserSAMLConfig",
        key=account,
        SAMLMetadataDocument=METADATA,
        AuxiliaryDomain="a.example",
    )
    assert call(sandbox, "DescribeUserSAMLConfig", key=account)["Status"] == 11
    call(sandbox, "CreateUserOIDCConfig", key=account, **user_oidc())
    kept = call(sandbox, "DescribeUserSAMLConfig", key=account)
    assert (kept["Status"], kept["SAMLMetadata"]) == (2, METADATA)
    call(sandbox, "UpdateUserSAMLConfig", key=account, Operate="enable")
    assert call(sandbox, "DescribeUserOIDCConfig", key=account)["Status"] == 2
    call(sandbox, "UpdateUserSAMLConfig", key=account, Operate="disable")
    assert call(sandbox, "DescribeUserSAMLConfig", key=account)["Status"] == 2


def test_user_saml_without_a_document_is_switched(sandbox, account):
    other = base64.b64encode(b"<EntityDescriptor><IDPSSODescriptor /></EntityDescriptor>").decode()

    def live():
        reply = call(sandbox, "DescribeUserSAMLConfig", key=account)
        return reply["Status"], reply["SAMLMetadata"], reply["AuxiliaryDomain"]

    def update(operate, **fields):
        call(sandbox, "UpdateUserSAMLConfig", key=account, Operate=operate, **fields)

    assert refused(sandbox, "UpdateUserSAMLConfig", key=account, Operate="enable") == (
        "ResourceNotFound.IdentityNotExist"
    )
    call(sandbox, "CreateUserSAMLConfig", key=account, SAMLMetadataDocument=METADATA)
    update("disable")
    update("updateSAML", SAMLMetadataDocument=other, AuxiliaryDomain="a.example")
    assert live() == (2, other, "a.example")
    update("enable")
    assert live() == (11, other, "a.example")
    for fields in ({}, {"SAMLMetadataDocument": "bm8="}):
        code = refused(
            sandbox, "UpdateUserSAMLConfig", key=account, Operate="updateSAML", **fields
        )
        assert code == "InvalidParameterValue.MetadataError"
    assert live() == (11, other, "a.example")


@pytest.mark.parametrize("method", ["POST", "GET"])
def test_saml_providers(sandbox, account, method):
    def run(action, **fields):
        return call(sandbox, action, key=account, method=method, **fields)

    def code(action, **fields):
        return refused(sandbox, action, key=account, method=method, **fields)

    name = {"Name": "okta"}
    absent = "ResourceNotFound.IdentityNotExist"
    wanted = name | {"Description": "Okta – prod", "SAMLMetadataDocument": METADATA}
    assert run("ListSAMLProviders")["SAMLProviderSet"] == []
    assert code("GetSAMLProvider", **name) == absent
    assert code("UpdateSAMLProvider", **wanted) == absent
    made = run("CreateSAMLProvider", **wanted)
    assert made["ProviderArn"].startswith("qcs::cam::uin/")
    assert made["ProviderArn"].endswith(":saml-provider/okta")
    in_use = "InvalidParameter.IdentityNameInUse"
    assert code("CreateSAMLProvider", **wanted) == in_use
    assert code("CreateOIDCConfig", **role_oidc(Name="okta")) == in_use
    live = run("GetSAMLProvider", **name)
    assert (live["Description"], live["SAMLMetadata"]) == ("Okta – prod", METADATA)
    time.strptime(live["CreateTime"], "%Y-%m-%d %H:%M:%S")
    run("UpdateSAMLProvider", **name, Description="Okta")
    live = run("GetSAMLProvider", **name)
    assert (live["Description"], live["SAMLMetadata"]) == ("Okta", METADATA)
    listed = run("ListSAMLProviders")
    assert listed["TotalCount"] == 1
    assert [(one["Name"], one["Description"]) for one in listed["SAMLProviderSet"]] == [
        ("okta", "Okta")
    ]
    assert run("GetAccountSummary")["IdentityProviders"] == 1
    run("DeleteSAMLProvider", **name)
    assert code("DeleteSAMLProvider", **name) == absent


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"SAMLMetadataDocument": "bm8="}, "InvalidParameterValue.MetadataError"),
        ({"SAMLMetadataDocument": None}, "MissingParameter"),
        ({"Description": None}, "MissingParameter"),
        ({"Name": "TencentReservedSSO-x"}, "InvalidParameterValue.NameError"),
    ],
)
def test_saml_providers_that_are_refused(sandbox, account, change, code):
    given = {"Name": "okta", "Description": "Okta", "SAMLMetadataDocument": METADATA} | change
    assert refused(sandbox, "CreateSAMLProvider", key=account, **given) == code


@pytest.mark.parametrize("method", ["POST", "GET"])
def test_role_oidc(sandbox, account, method):
    def run(action, **fields):
        return call(sandbox, action, key=account, method=method, **fields)

    def code(action, **fields):
        return refused(sandbox, action, key=account, method=method, **fields)

    name = {"Name": "github-actions"}
    absent = "ResourceNotFound.IdentityNotExist"
    assert code("DescribeOIDCConfig", **name) == absent
    assert code("UpdateOIDCConfig", **role_oidc()) == absent
    run("CreateOIDCConfig", **role_oidc())
    assert code("CreateOIDCConfig", **role_oidc()) == "InvalidParameter.IdentityNameInUse"
    live = run("DescribeOIDCConfig", **name)
    wanted = role_oidc(Status=11, ProviderType=11)
    assert {field: live[field] for field in wanted} == wanted
    run("UpdateOIDCConfig", **role_oidc(ClientId=["c"], AutoRotateKey=1))
    live = run("DescribeOIDCConfig", **name)
    assert (live["ClientId"], live["AutoRotateKey"]) == (["c"], 1)
    assert run("GetAccountSummary")["IdentityProviders"] == 1
    run("DeleteOIDCConfig", **name)
    assert code("DeleteOIDCConfig", **name) == absent


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"IdentityUrl": "http://idp.example"}, "InvalidParameterValue.IdentityUrlError"),
        ({"IdentityKey": "bm8="}, "InvalidParameterValue.IdentityKeyError"),
        ({"ResponseType": "code"}, "InvalidParameter"),
        ({"Scope": ["groups"]}, "InvalidParameter"),
        ({"ClientId": ".x"}, "InvalidParameter"),
        ({"ClientId": None}, "MissingParameter"),
    ],
)
def test_bad_values(sandbox, account, change, code):
    assert refused(sandbox, "CreateUserOIDCConfig", key=account, **user_oidc(**change)) == code


def test_international_accounts_do_not_know_auto_rotation(sandbox):
    account = "400000000001"
    sandbox.settings("tencent", account, site="international")
    key = permanent(account)
    assert refused(sandbox, "CreateOIDCConfig", key=key, **role_oidc()) == "UnknownParameter"
    call(sandbox, "CreateOIDCConfig", key=key, **role_oidc(AutoRotateKey=None))
    live = call(sandbox, "DescribeOIDCConfig", key=key, Name="github-actions")
    assert live.get("AutoRotateKey") is None


def test_international_accounts_do_not_know_auxiliary_domains(sandbox):
    account = "400000000003"
    sandbox.settings("tencent", account, site="international")
    key = permanent(account)
    saml = {"SAMLMetadataDocument": METADATA}
    code = refused(sandbox, "CreateUserSAMLConfig", key=key, AuxiliaryDomain="a.example", **saml)
    assert code == "UnknownParameter"
    call(sandbox, "CreateUserSAMLConfig", key=key, **saml)
    live = call(sandbox, "DescribeUserSAMLConfig", key=key)
    assert (live["Status"], live.get("AuxiliaryDomain")) == (11, None)


@pytest.mark.parametrize(
    ("key", "code"),
    [
        (credential.Credential(f"AKIDsandbox{OWNER}", "wrong"), "AuthFailure.SignatureFailure"),
        (credential.Credential("AKIDsomebody", "x"), "AuthFailure.SecretIdNotFound"),
        (
            credential.Credential(
                f"AKIDsandboxTMP{OWNER}", f"sandbox-temporary-{OWNER}", "wrong-token"
            ),
            "AuthFailure.TokenFailure",
        ),
        (
            credential.Credential(f"AKIDsandboxTMP{OWNER}", f"sandbox-temporary-{OWNER}"),
            "AuthFailure.TokenFailure",
        ),
    ],
)
def test_wrong_credentials(sandbox, key, code):
    assert refused(sandbox, "GetAccountSummary", key=key) == code


@pytest.mark.parametrize("offset", [-400, 400])
def test_a_clock_that_is_off(sandbox, monkeypatch, offset):
    real = time.time
    monkeypatch.setattr(time, "time", lambda: real() + offset)
    assert refused(sandbox, "GetAccountSummary") == "AuthFailure.SignatureExpire"


def test_denied_by_settings(sandbox):
    account = "400000000002"
    sandbox.settings("tencent", account, deny_actions=["Create*"])
    key = permanent(account)
    assert refused(sandbox, "CreateOIDCConfig", key=key, **role_oidc()) == "UnauthorizedOperation"
    call(sandbox, "GetAccountSummary", key=key)


def test_actions_that_do_not_exist(sandbox):
    common = client(cam_client.CamClient, sandbox, permanent())
    with pytest.raises(TencentCloudSDKException) as caught:
        common.call_json("ListOIDCConfigs", {})
    assert caught.value.get_code() == "InvalidAction"
    with pytest.raises(TencentCloudSDKException) as caught:
        common.call_json("CreateUserOIDCConfig", user_oidc(MappingField="sub"))
    assert caught.value.get_code() == "UnknownParameter"


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        ("throttle", "RequestLimitExceeded"),
        ("status:500", "InternalError"),
        ("deny", "UnauthorizedOperation"),
        ("status:503", "ServerNetworkError"),
        ("html", "ServerNetworkError"),
        ("drop", "ClientNetworkError"),
        ("cut", "ChunkedEncodingError"),
    ],
)
def test_faults_as_the_sdk_sees_them(serve, kind, code):
    sandbox = serve("--fault", f"tencent:GetAccountSummary={kind},times=1")
    with pytest.raises(TencentCloudSDKException) as caught:
        call(sandbox, "GetAccountSummary")
    assert caught.value.get_code() == code
    call(sandbox, "GetAccountSummary")


def test_a_dropped_answer_leaves_the_write(serve):
    sandbox = serve("--fault", "CreateOIDCConfig=drop-after,times=1")
    with pytest.raises(TencentCloudSDKException):
        call(sandbox, "CreateOIDCConfig", **role_oidc())
    assert call(sandbox, "DescribeOIDCConfig", Name="github-actions")["Status"] == 11


def test_more_than_twenty_in_a_second(sandbox, account):
    codes = set()
    cam_service = client(cam_client.CamClient, sandbox, account)
    for _ in range(80):
        try:
            cam_service.GetAccountSummary(cam.GetAccountSummaryRequest())
        except TencentCloudSDKException as error:
            codes.add(error.get_code())
    assert codes == {"RequestLimitExceeded"}


def test_a_token_becomes_a_role_and_the_role_another(sandbox):
    trust = {
        "version": "2.0",
        "statement": [
            {
                "effect": "allow",
                "action": ["name/sts:AssumeRoleWithWebIdentity"],
                "principal": {"federated": [f"qcs::cam::uin/{OWNER}:oidc-provider/sts-ci"]},
                "condition": {
                    "string_equal": {
                        "oidc:iss": [sandbox.issuer("ci")],
                        "oidc:aud": ["sts.tencentcloudapi.com"],
                        "oidc:sub": ["repo:acme/app:ref:refs/heads/main"],
                    }
                },
            },
            {
                "effect": "allow",
                "action": "name/sts:AssumeRole",
                "principal": {"qcs": f"qcs::cam::uin/{OWNER}:root"},
            },
        ],
    }

    def provider(action):
        key = base64.b64encode(sandbox.keys("ci").encode()).decode()
        call(
            sandbox,
            action,
            Name="sts-ci",
            IdentityUrl=sandbox.issuer("ci"),
            IdentityKey=key,
            ClientId=["sts.tencentcloudapi.com"],
        )

    arn = f"qcs::cam::uin/{OWNER}:roleName/sts-deploy"

    def exchange(subject="repo:acme/app:ref:refs/heads/main"):
        """As the vendor's own helpers do it: the typed method would sign."""
        answer = client(sts_client.StsClient, sandbox, None).call(
            "AssumeRoleWithWebIdentity",
            {
                "ProviderId": "sts-ci",
                "WebIdentityToken": sandbox.token("ci", "sts.tencentcloudapi.com", subject),
                "RoleArn": arn,
                "RoleSessionName": "ci",
            },
            options={"SkipSign": True},
        )
        return json.loads(answer)["Response"]

    def keys(answer):
        given = answer["Credentials"]
        return credential.Credential(given["TmpSecretId"], given["TmpSecretKey"], given["Token"])

    provider("CreateOIDCConfig")
    call(sandbox, "CreateRole", RoleName="sts-deploy", PolicyDocument=json.dumps(trust))
    first = keys(exchange())
    me = call(sandbox, "GetCallerIdentity", first)
    assert (me["Type"], me["AccountId"]) == ("CAMRole", OWNER)
    assert call(sandbox, "DescribeOIDCConfig", first, Name="sts-ci")["Name"] == "sts-ci"

    def refused_exchange(**how):
        with pytest.raises(TencentCloudSDKException) as caught:
            exchange(**how)
        return caught.value.get_code()

    assert refused_exchange(subject="stranger") == "UnauthorizedOperation"
    sandbox.ask_issuer("ci", ".sandbox/rotate", method="POST")
    assert refused_exchange() == "InvalidParameter.WebIdentityTokenError"
    provider("UpdateOIDCConfig")
    keys(exchange())

    request = sts.AssumeRoleRequest()
    request.RoleArn, request.RoleSessionName = arn, "second"
    chained = client(sts_client.StsClient, sandbox, first).AssumeRole(request)
    second = keys(json.loads(chained.to_json_string()))
    assert call(sandbox, "GetCallerIdentity", second)["UserId"].endswith(":second")
