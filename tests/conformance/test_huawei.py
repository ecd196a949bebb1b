"""The vendor's SDK for Python, unchanged, against the emulated Huawei Cloud IAM.

Every test works in an account of its own: the sandbox knows any account by rule, its permanent key
is `HWSANDBOX<account id>` with the secret `sandbox-secret-<account id>`.
"""

import json
import re
import uuid

import pytest
import requests
from huaweicloudsdkcore.auth.credentials import GlobalCredentials
from huaweicloudsdkcore.exceptions.exceptions import ClientRequestException
from huaweicloudsdkiam.v3 import *  # noqa: F403 - the SDK names its two hundred models this way

KEYS = '{"keys": [{"kty":"RSA","kid":"one","use":"sig","alg":"RS256","n":"example","e":"AQAB"}]}'
METADATA = '<EntityDescriptor entityID="https://idp.example"></EntityDescriptor>'


class Account:
    """One emulated account and SDK clients for it."""

    def __init__(self, sandbox):
        self.sandbox = sandbox
        self.url = sandbox.clouds["huawei"]["url"]
        self.id = uuid.uuid4().hex

    def switch(self, **switches):
        self.sandbox.settings("huawei", self.id, **switches)

    def client(self, temporary=False, secret=None, token=None, domain_id=None):
        kind = "TMP" if temporary else ""
        word = "temporary" if temporary else "secret"
        credentials = GlobalCredentials(
            f"HWSANDBOX{kind}{self.id}", secret or f"sandbox-{word}-{self.id}", domain_id
        ).with_iam_endpoint(self.url)
        if temporary:
            credentials.with_security_token(token or f"sandbox-token-{self.id}-0001")
        return (
            IamClient.new_builder().with_credentials(credentials).with_endpoint(self.url).build()
        )


@pytest.fixture
def account(sandbox):
    return Account(sandbox)


@pytest.fixture(params=["permanent", "temporary"])
def client(account, request):
    return account.client(temporary=request.param == "temporary")


def create_provider(client, id, **members):
    body = KeystoneCreateIdentityProviderRequestBody(IdentityproviderOption(**members))
    return client.keystone_create_identity_provider(
        KeystoneCreateIdentityProviderRequest(id=id, body=body)
    ).identity_provider


def update_provider(client, id, **members):
    body = KeystoneUpdateIdentityProviderRequestBody(UpdateIdentityproviderOption(**members))
    return client.keystone_update_identity_provider(
        KeystoneUpdateIdentityProviderRequest(id=id, body=body)
    ).identity_provider


def rules(user="FederationUser", group=None, remote=None):
    local = [RulesLocal(user=RulesLocalUser(name=user))]
    if group:
        local.append(RulesLocal(group=RulesLocalGroup(name=group)))
    return [MappingRules(local=local, remote=remote or [RulesRemote(type="__NAMEID__")])]


def create_mapping(client, id, content=None):
    body = KeystoneCreateMappingRequestBody(MappingOption(content or rules()))
    return client.keystone_create_mapping(KeystoneCreateMappingRequest(id=id, body=body)).mapping


def create_protocol(client, idp, id, mapping):
    body = KeystoneCreateProtocolRequestBody(ProtocolOption(mapping_id=mapping))
    return client.keystone_create_protocol(
        KeystoneCreateProtocolRequest(idp_id=idp, protocol_id=id, body=body)
    ).protocol


def create_config(client, idp, **changes):
    members = {
        "access_mode": "program",
        "idp_url": "https://accounts.example.com",
        "client_id": "client_id_example",
        "signing_key": KEYS,
    } | changes
    body = CreateOpenIdConnectConfigRequestBody(CreateOpenIdConnectConfig(**members))
    return client.create_open_id_connect_config(
        CreateOpenIdConnectConfigRequest(idp_id=idp, body=body)
    ).openid_connect_config


def update_config(client, idp, **members):
    body = UpdateOpenIdConnectConfigRequestBody(UpdateOpenIdConnectConfig(**members))
    return client.update_open_id_connect_config(
        UpdateOpenIdConnectConfigRequest(idp_id=idp, body=body)
    ).openid_connect_config


def show_config(client, idp):
    return client.show_open_id_connect_config(
        ShowOpenIdConnectConfigRequest(idp_id=idp)
    ).openid_connect_config


def refused(status, code, call, *arguments, **members):
    """Runs a call that must fail, and returns the error as the SDK reads it."""
    with pytest.raises(ClientRequestException) as error:
        call(*arguments, **members)
    assert (error.value.status_code, str(error.value.error_code)) == (status, str(code))
    assert error.value.request_id
    return error.value


def test_identity_providers(client):
    created = create_provider(client, "ACME", description="Staff", enabled=True)
    assert (created.id, created.sso_type, created.description) == ("ACME", "virtual_user_sso", "Staff")
    assert created.enabled is True
    assert created.remote_ids == []
    assert created.links._self.endswith("/v3/OS-FEDERATION/identity_providers/ACME")
    assert create_provider(client, "plain").enabled is False

    assert update_provider(client, "ACME", enabled=False).description == "Staff"
    shown = client.keystone_show_identity_provider(KeystoneShowIdentityProviderRequest(id="ACME"))
    assert shown.identity_provider.enabled is False
    listed = client.keystone_list_identity_providers(KeystoneListIdentityProvidersRequest())
    assert [provider.id for provider in listed.identity_providers] == ["ACME", "plain"]

    deleted = client.keystone_delete_identity_provider(KeystoneDeleteIdentityProviderRequest(id="ACME"))
    assert deleted.status_code == 204
    refused(404, 404, client.keystone_show_identity_provider, KeystoneShowIdentityProviderRequest(id="ACME"))


def test_identity_provider_errors(client):
    create_provider(client, "ACME")
    error = refused(409, 409, create_provider, client, "ACME")
    assert error.error_msg == (
        "Conflict occurred attempting to store identity_provider - Duplicate entry: ACME"
    )
    error = refused(400, 400, create_provider, client, "not.plain")
    assert error.error_msg == "Request parameter 'idp id' is invalid."
    refused(400, 400, create_provider, client, "other", sso_type="other")
    refused(409, 409, create_provider, client, "other", sso_type="iam_user_sso")
    refused(404, 404, update_provider, client, "absent", enabled=True)


def test_mappings(client):
    remote = [
        RulesRemote(type="sub"),
        RulesRemote(type="mail", any_one_of=[".*@example\\.com$"], regex=True),
        RulesRemote(type="kind", not_any_of=["Guest"]),
    ]
    created = create_mapping(client, "mapping_ACME", rules("{0}", "admin", remote))
    assert created.id == "mapping_ACME"
    assert created.rules[0].remote[1].regex is True
    refused(409, 409, create_mapping, client, "mapping_ACME")
    refused(400, 400, create_mapping, client, "empty", [MappingRules(local=[], remote=[])])
    both = [RulesRemote(type="a", any_one_of=["b"], not_any_of=["c"])]
    refused(400, 400, create_mapping, client, "both", rules(remote=both))

    body = KeystoneUpdateMappingRequestBody(MappingOption(rules("someone")))
    updated = client.keystone_update_mapping(KeystoneUpdateMappingRequest(id="mapping_ACME", body=body))
    assert updated.mapping.rules[0].local[0].user.name == "someone"
    assert len(updated.mapping.rules[0].remote) == 1
    shown = client.keystone_show_mapping(KeystoneShowMappingRequest(id="mapping_ACME"))
    assert shown.mapping.rules == updated.mapping.rules
    listed = client.keystone_list_mappings(KeystoneListMappingsRequest())
    assert [mapping.id for mapping in listed.mappings] == ["mapping_ACME"]
    client.keystone_delete_mapping(KeystoneDeleteMappingRequest(id="mapping_ACME"))
    refused(404, 404, client.keystone_delete_mapping, KeystoneDeleteMappingRequest(id="mapping_ACME"))


def test_protocols(client):
    create_provider(client, "ACME")
    refused(404, 404, create_protocol, client, "ACME", "oidc", "absent")
    create_mapping(client, "one")
    create_mapping(client, "two")
    created = create_protocol(client, "ACME", "oidc", "one")
    assert (created.id, created.mapping_id) == ("oidc", "one")
    error = refused(409, 409, create_protocol, client, "ACME", "oidc", "one")
    assert "Conflict occurred attempting to store federation_protocol" in error.error_msg
    refused(400, 400, create_protocol, client, "ACME", "mapped", "one")

    body = KeystoneUpdateProtocolRequestBody(ProtocolOption(mapping_id="two"))
    path = {"idp_id": "ACME", "protocol_id": "oidc"}
    updated = client.keystone_update_protocol(KeystoneUpdateProtocolRequest(body=body, **path))
    assert updated.protocol.mapping_id == "two"
    shown = client.keystone_show_protocol(KeystoneShowProtocolRequest(**path))
    assert shown.protocol.mapping_id == "two"
    listed = client.keystone_list_protocols(KeystoneListProtocolsRequest(idp_id="ACME"))
    assert [protocol.id for protocol in listed.protocols] == ["oidc"]
    refused(409, 409, client.keystone_delete_mapping, KeystoneDeleteMappingRequest(id="two"))
    client.keystone_delete_protocol(KeystoneDeleteProtocolRequest(**path))
    refused(404, 404, client.keystone_show_protocol, KeystoneShowProtocolRequest(**path))
    client.keystone_delete_mapping(KeystoneDeleteMappingRequest(id="two"))


def test_a_deleted_provider_takes_its_bound_mapping(client):
    create_provider(client, "ACME")
    create_mapping(client, "mapping_ACME")
    create_protocol(client, "ACME", "oidc", "mapping_ACME")
    create_config(client, "ACME")
    client.keystone_delete_identity_provider(KeystoneDeleteIdentityProviderRequest(id="ACME"))
    refused(404, 404, client.keystone_show_mapping, KeystoneShowMappingRequest(id="mapping_ACME"))
    create_provider(client, "ACME")
    refused(404, "IAM.0004", show_config, client, "ACME")


def test_openid_connect_configs(client):
    refused(404, "IAM.0004", create_config, client, "ACME")
    create_provider(client, "ACME")
    refused(404, "IAM.0004", update_config, client, "ACME", client_id="other_client")
    created = create_config(client, "ACME")
    assert created.signing_key == KEYS
    assert (created.scope, created.response_mode) == (None, None)
    refused(409, "IAM.0005", create_config, client, "ACME")
    error = refused(400, "IAM.0011", update_config, client, "ACME", scope="openid")
    assert error.error_msg == "Request body is invalid."
    updated = update_config(client, "ACME", client_id="other_client")
    assert (updated.client_id, updated.idp_url) == ("other_client", "https://accounts.example.com")
    console = {
        "access_mode": "program_console",
        "authorization_endpoint": "https://accounts.example.com/authorize",
        "scope": "openid email",
        "response_type": "id_token",
        "response_mode": "form_post",
    }
    refused(400, "IAM.0011", update_config, client, "ACME", access_mode="program_console")
    update_config(client, "ACME", **console)
    shown = show_config(client, "ACME")
    assert (shown.scope, shown.response_mode) == ("openid email", "form_post")
    assert update_config(client, "ACME", access_mode="program").scope is None


def test_saml_metadata(client, account):
    path = {"idp_id": "ACME", "protocol_id": "saml"}
    body = CreateMetadataRequestBody(domain_id=account.id, xaccount_type="", metadata=METADATA)
    create_provider(client, "ACME")
    create_mapping(client, "mapping_ACME")
    create_protocol(client, "ACME", "saml", "mapping_ACME")
    refused(404, 404, client.show_metadata, ShowMetadataRequest(**path))
    # There is no call that changes it: a second import lies over the first.
    for document in (METADATA, METADATA.replace("idp.example", "sso.example"), METADATA):
        body.metadata = document
        answer = client.create_metadata(CreateMetadataRequest(body=body, **path))
        assert answer.message == "Import metadata successful"
        shown = client.show_metadata(ShowMetadataRequest(**path))
        assert shown.data == document
        assert shown.entity_id in document
    assert (shown.domain_id, shown.xaccount_type) == (account.id, "")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}", shown.update_time)
    body.xaccount_type = None
    refused(400, 400, client.create_metadata, CreateMetadataRequest(body=body, **path))


def test_the_account_and_its_quotas(client, account):
    domains = client.keystone_list_auth_domains(KeystoneListAuthDomainsRequest()).domains
    assert [domain.id for domain in domains] == [account.id]
    for number in range(10):
        create_provider(client, f"p{number}")
    refused(403, 403, create_provider, client, "p10")
    quota = client.show_domain_quota(ShowDomainQuotaRequest(domain_id=account.id, type="idp"))
    assert [(q.type, q.quota, q.used) for q in quota.quotas.resources] == [("idp", 10, 10)]
    create_mapping(client, "full", rules() * 10)
    refused(403, 403, create_mapping, client, "more")


def sign_in(client, account, password="sandbox-password", scope=None):
    name = f"sandbox-{account.id}"
    user = PwdPasswordUser(
        domain=PwdPasswordUserDomain(name=name), name="sandbox", password=password
    )
    auth = PwdAuth(
        identity=PwdIdentity(methods=["password"], password=PwdPassword(user=user)),
        scope=scope or AuthScope(domain=AuthScopeDomain(name=name)),
    )
    return client.keystone_create_user_token_by_password(
        KeystoneCreateUserTokenByPasswordRequest(
            nocatalog="true", body=KeystoneCreateUserTokenByPasswordRequestBody(auth)
        )
    )


def test_a_password_gives_a_token_that_works(account):
    client = account.client()
    answer = sign_in(client, account)
    assert answer.token.domain.id == account.id
    assert len(answer.x_subject_token) > 3000
    providers = f"{account.url}/v3/OS-FEDERATION/identity_providers"
    headers = {"X-Auth-Token": answer.x_subject_token}
    created = requests.put(f"{providers}/ACME", headers=headers, json={"identity_provider": {}})
    assert created.status_code == 201
    assert requests.get(providers, headers=headers).json()["identity_providers"][0]["id"] == "ACME"

    project = AuthScope(project=AuthScopeProject(name="cn-north-4"))
    answer = sign_in(client, account, scope=project)
    assert answer.token.project.name == "cn-north-4"
    headers = {"X-Auth-Token": answer.x_subject_token}
    assert requests.delete(f"{providers}/ACME", headers=headers).status_code == 403
    assert requests.get(providers).status_code == 401
    error = refused(401, 401, sign_in, client, account, password="wrong")
    assert error.error_msg == "The username or password is wrong."


def test_wrong_credentials_are_refused_by_the_gateway(account):
    known = {"domain_id": account.id}
    for client in [
        account.client(secret="wrong", **known),
        account.client(temporary=True, secret="wrong", **known),
        account.client(temporary=True, token="wrong", **known),
    ]:
        error = refused(
            401,
            "APIGW.0301",
            client.keystone_list_identity_providers,
            KeystoneListIdentityProvidersRequest(),
        )
        assert error.error_msg.startswith("Incorrect IAM authentication information: ")
    error = refused(401, "APIGW.0301", create_config, account.client(secret="wrong", **known), "ACME")
    assert error.error_msg.endswith("verify aksk signature fail")


def test_another_accounts_header_is_refused(account):
    client = account.client(domain_id=uuid.uuid4().hex)
    refused(
        403,
        403,
        client.keystone_list_identity_providers,
        KeystoneListIdentityProvidersRequest(),
    )


def test_accounts_do_not_see_each_other(account):
    create_provider(account.client(), "ACME")
    other = Account(account.sandbox)
    listed = other.client().keystone_list_identity_providers(KeystoneListIdentityProvidersRequest())
    assert listed.identity_providers == []


def test_the_wrong_spelling_is_no_route(account):
    for path in [
        "/v3/OS-FEDERATION/identity-providers",
        "/v3.0/OS-FEDERATION/identity_providers/ACME/openid-connect-config",
    ]:
        answer = requests.get(account.url + path)
        assert answer.status_code == 404
        assert answer.json()["error_code"] == "APIGW.0101"
        assert answer.json()["request_id"] == answer.headers["X-Request-Id"]
    answer = requests.post(account.url + "/v3/OS-FEDERATION/identity_providers", json={})
    assert answer.status_code == 405
    assert json.loads(answer.text)["error"]["code"] == 405


def test_the_two_nulls_hide_an_error_from_the_sdk(account):
    account.switch(error_nulls=True)
    client = account.client()
    create_provider(client, "ACME")
    error = refused(409, 409, create_provider, client, "ACME")
    # The SDK finds the nulls first and falls back to the status and the raw text.
    assert json.loads(error.error_msg)["error"]["title"] == "Conflict"


def test_denied_actions_are_named(account):
    account.switch(deny_actions=["iam:identityProviders:createIdentityProvider"])
    error = refused(403, 403, create_provider, account.client(), "ACME")
    assert error.error_msg == (
        "Policy doesn't allow iam:identityProviders:createIdentityProvider to be performed."
    )


def test_reads_can_lag(account):
    account.switch(read_lag_reads=1)
    client = account.client()
    create_provider(client, "ACME")
    show = KeystoneShowIdentityProviderRequest(id="ACME")
    refused(404, 404, client.keystone_show_identity_provider, show)
    assert client.keystone_show_identity_provider(show).identity_provider.id == "ACME"


def test_keys_can_come_back_in_another_dress(account):
    account.switch(signing_key_reserialised=True)
    client = account.client()
    create_provider(client, "ACME")
    read = create_config(client, "ACME").signing_key
    assert read != KEYS
    assert json.loads(read) == json.loads(KEYS)


def test_a_state_file_can_say_what_no_client_could_write(account):
    path = account.sandbox.state / "huawei" / f"{account.id}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    state = {
        "identity_providers": {"old": {"sso_type": "", "description": None, "surprise": 1}},
        "protocols": {"old": {"oidc": {"mapping_id": "gone"}, "saml": {}}},
    }
    path.write_text(json.dumps(state))
    client = account.client()
    shown = client.keystone_show_identity_provider(KeystoneShowIdentityProviderRequest(id="old"))
    assert (shown.identity_provider.sso_type, shown.identity_provider.description) == ("", None)
    listed = client.keystone_list_protocols(KeystoneListProtocolsRequest(idp_id="old"))
    assert [protocol.mapping_id for protocol in listed.protocols] == ["gone", None]
    update_provider(client, "old", enabled=True)
    assert json.loads(path.read_text())["identity_providers"]["old"]["surprise"] == 1


def test_a_token_of_an_issuer_becomes_one_of_the_cloud_and_keys(account):
    sandbox, admin = account.sandbox, account.client()
    create_provider(admin, "sts_ci", enabled=True)
    create_mapping(
        admin,
        "mapping_sts_ci",
        rules("{0}", "admin", [RulesRemote(type="sub")]),
    )
    create_protocol(admin, "sts_ci", "oidc", "mapping_sts_ci")
    create_config(
        admin,
        "sts_ci",
        idp_url=sandbox.issuer("ci"),
        client_id="acme-ci",
        signing_key=sandbox.keys("ci"),
    )

    def exchange(audience="acme-ci", scope=None):
        token = GetIdTokenIdTokenBody(id=sandbox.token("ci", audience, "person"))
        auth = GetIdTokenAuthParams(id_token=token, scope=scope)
        return admin.create_token_with_id_token(
            CreateTokenWithIdTokenRequest(
                x_idp_id="sts_ci", body=GetIdTokenRequestBody(auth=auth)
            )
        )

    scope = GetIdTokenIdScopeBody(domain=GetIdTokenScopeDomainOrProjectBody(id=account.id))
    answer = exchange(scope=scope)
    assert answer.token.user.name == "person"
    headers = {"X-Auth-Token": answer.x_subject_token}
    providers = f"{account.url}/v3/OS-FEDERATION/identity_providers"
    assert requests.get(providers, headers=headers).status_code == 200
    error = refused(401, "IAM.0001", exchange, "someone-else")
    assert "audience" in error.error_msg

    identity = TokenAuthIdentity(
        methods=["token"],
        token=IdentityToken(id=answer.x_subject_token, duration_seconds=900),
    )
    body = CreateTemporaryAccessKeyByTokenRequestBody(auth=TokenAuth(identity=identity))
    given = admin.create_temporary_access_key_by_token(
        CreateTemporaryAccessKeyByTokenRequest(body=body)
    ).credential
    credentials = (
        GlobalCredentials(given.access, given.secret, account.id)
        .with_iam_endpoint(account.url)
        .with_security_token(given.securitytoken)
    )
    client = IamClient.new_builder().with_credentials(credentials).with_endpoint(account.url).build()
    listed = client.keystone_list_identity_providers(KeystoneListIdentityProvidersRequest())
    assert [one.id for one in listed.identity_providers] == ["sts_ci"]

    sandbox.ask_issuer("ci", ".sandbox/rotate", method="POST")
    refused(401, "IAM.0001", exchange)


def test_an_agency_is_taken_by_the_account_it_trusts(account):
    """The delegating account's file names the agency: no call of the emulator makes one."""
    other = uuid.uuid4().hex
    path = account.sandbox.state / "huawei" / f"{other}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"agencies": {"audit": {"trust_domain_id": account.id}}}))

    def keys(agency):
        taken = IdentityAssumerole(agency_name=agency, domain_id=other, duration_seconds=900)
        identity = AgencyAuthIdentity(methods=["assume_role"], assume_role=taken)
        body = CreateTemporaryAccessKeyByAgencyRequestBody(auth=AgencyAuth(identity=identity))
        return account.client().create_temporary_access_key_by_agency(
            CreateTemporaryAccessKeyByAgencyRequest(body=body)
        ).credential

    given = keys("audit")
    credentials = (
        GlobalCredentials(given.access, given.secret)
        .with_iam_endpoint(account.url)
        .with_security_token(given.securitytoken)
    )
    client = IamClient.new_builder().with_credentials(credentials).with_endpoint(account.url).build()
    listed = client.keystone_list_auth_domains(KeystoneListAuthDomainsRequest())
    assert listed.domains[0].id == other
    refused(404, "IAM.0004", keys, "gone")
