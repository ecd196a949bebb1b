use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use super::*;
use crate::sandbox::testing::{NOW, json_of, request, tencent, with_header};

const UIN: &str = "100000000001";

struct Cloud(TencentCloud);

impl Cloud {
    fn new() -> Self {
        Self(TencentCloud::new(None))
    }

    /// The `Response` of a signed call.
    fn call(&self, action: &str, parameters: &Value) -> Value {
        let key = credentials::permanent("tencent", UIN).unwrap();
        self.send(&tencent(&key, action, parameters, NOW))
    }

    fn send(&self, request: &Request) -> Value {
        let response = self.0.answer(request, NOW);
        assert_eq!(response.status, 200);
        let content_type = ("content-type".to_owned(), "application/json".to_owned());
        assert_eq!(response.headers, [content_type]);
        let body = json_of(&response)["Response"].clone();
        assert_eq!(body["RequestId"].as_str().unwrap().len(), 36);
        body
    }

    /// The error code of a signed call; empty for a success.
    fn code(&self, action: &str, parameters: &Value) -> String {
        code_of(&self.call(action, parameters))
    }

    fn set(&self, setting: &str, value: Value) {
        self.0.set(UIN, setting, value).unwrap();
    }
}

fn code_of(body: &Value) -> String {
    body["Error"]["Code"]
        .as_str()
        .unwrap_or_default()
        .to_owned()
}

fn jwks() -> String {
    STANDARD.encode(r#"{"keys":[{"kty":"RSA","kid":"a","n":"zlmOuD7t","e":"AQAB"}]}"#)
}

fn user_oidc() -> Value {
    json!({
        "IdentityUrl": "https://idp.example.com",
        "IdentityKey": jwks(),
        "ClientId": "client-1",
        "AuthorizationEndpoint": "https://idp.example.com/authorize",
        "ResponseType": "id_token",
        "ResponseMode": "form_post",
        "MappingFiled": "sub",
        "Scope": ["email"],
        "Description": "prod sso",
        "AutoRotateKey": 1,
    })
}

fn role_oidc() -> Value {
    json!({
        "Name": "github-actions",
        "IdentityUrl": "https://token.actions.githubusercontent.com",
        "IdentityKey": jwks(),
        "ClientId": ["sts.tencentcloudapi.com", "b"],
        "Description": "CI",
    })
}

fn metadata() -> String {
    STANDARD.encode("<?xml version='1.0'?><EntityDescriptor><IDPSSODescriptor/></EntityDescriptor>")
}

fn with(mut object: Value, name: &str, value: Value) -> Value {
    object[name] = value;
    object
}

fn without(mut object: Value, name: &str) -> Value {
    object.as_object_mut().unwrap().remove(name);
    object
}

#[test]
fn user_oidc_from_nothing_to_disabled_and_back() {
    let cloud = Cloud::new();
    let absent = "ResourceNotFound.IdentityNotExist";
    assert_eq!(cloud.code("DescribeUserOIDCConfig", &json!({})), absent);
    assert_eq!(cloud.code("UpdateUserOIDCConfig", &user_oidc()), absent);
    cloud.set("never_set_reads_as", json!("status-0"));
    let nothing = cloud.call("DescribeUserOIDCConfig", &json!({}));
    assert_eq!(
        (&nothing["Status"], &nothing["IdentityUrl"]),
        (&json!(0), &json!(""))
    );

    assert_eq!(cloud.code("CreateUserOIDCConfig", &user_oidc()), "");
    let live = cloud.call("DescribeUserOIDCConfig", &json!({}));
    for (field, value) in [
        ("ProviderType", json!(12)),
        ("Status", json!(11)),
        ("IdentityKey", json!(jwks())),
        ("Scope", json!(["openid", "email"])),
        ("MappingFiled", json!("sub")),
        ("AutoRotateKey", json!(1)),
        ("Description", json!("prod sso")),
    ] {
        assert_eq!(live[field], value, "{field}");
    }
    let in_use = "InvalidParameter.IdentityNameInUse";
    assert_eq!(cloud.code("CreateUserOIDCConfig", &user_oidc()), in_use);

    // A full replacement: what is left out goes back to its default.
    let mut sparse = user_oidc();
    for name in ["Scope", "Description", "AutoRotateKey"] {
        sparse = without(sparse, name);
    }
    assert_eq!(cloud.code("UpdateUserOIDCConfig", &sparse), "");
    let live = cloud.call("DescribeUserOIDCConfig", &json!({}));
    assert_eq!(live["Scope"], json!(["openid"]));
    assert_eq!(live["Description"], "");
    assert_eq!(live["AutoRotateKey"], 0);

    for _ in 0..2 {
        assert_eq!(cloud.code("DisableUserSSO", &json!({})), "");
    }
    let off = cloud.call("DescribeUserOIDCConfig", &json!({}));
    assert_eq!(
        (&off["Status"], &off["ClientId"]),
        (&json!(2), &json!("client-1"))
    );
    assert_eq!(cloud.code("UpdateUserOIDCConfig", &user_oidc()), "");
    let still_off = cloud.call("DescribeUserOIDCConfig", &json!({}));
    assert_eq!(still_off["Status"], 2);
    assert_eq!(cloud.code("CreateUserOIDCConfig", &user_oidc()), "");
    let on = cloud.call("DescribeUserOIDCConfig", &json!({}));
    assert_eq!(on["Status"], 11);
}

#[test]
fn user_saml_is_changed_apart_from_being_switched() {
    let cloud = Cloud::new();
    let live = || {
        let live = cloud.call("DescribeUserSAMLConfig", &json!({}));
        let text = |name: &str| live[name].as_str().unwrap().to_owned();
        (
            live["Status"].as_i64().unwrap(),
            text("SAMLMetadata"),
            text("AuxiliaryDomain"),
        )
    };
    let update = |parameters: Value| {
        assert_eq!(cloud.code("UpdateUserSAMLConfig", &parameters), "");
        live()
    };
    let other = STANDARD.encode("<EntityDescriptor><IDPSSODescriptor /></EntityDescriptor>");
    let saml = json!({"SAMLMetadataDocument": metadata(), "AuxiliaryDomain": "a.example"});
    assert_eq!(cloud.code("CreateUserSAMLConfig", &saml), "");
    let in_use = "InvalidParameter.IdentityNameInUse";
    assert_eq!(cloud.code("CreateUserSAMLConfig", &saml), in_use);
    let domain = "a.example".to_owned();
    let off = update(json!({"Operate": "disable", "SAMLMetadataDocument": other}));
    assert_eq!(off, (2, metadata(), domain.clone()));
    let still_off = update(json!({"Operate": "updateSAML", "SAMLMetadataDocument": other}));
    assert_eq!(still_off, (2, other.clone(), domain.clone()));
    let on = update(json!({"Operate": "enable", "SAMLMetadataDocument": metadata()}));
    assert_eq!(on, (11, other.clone(), domain));
    let cleared =
        json!({"Operate": "updateSAML", "SAMLMetadataDocument": metadata(), "AuxiliaryDomain": ""});
    assert_eq!(update(cleared), (11, metadata(), String::new()));
    update(json!({"Operate": "disable"}));
    let given = json!({"SAMLMetadataDocument": other});
    assert_eq!(cloud.code("CreateUserSAMLConfig", &given), "");
    assert_eq!(live(), (11, other, String::new()));
}

#[test]
fn user_oidc_and_user_saml_exclude_each_other() {
    let cloud = Cloud::new();
    let status = |action: &str| cloud.call(action, &json!({}))["Status"].clone();
    let nothing = cloud.call("DescribeUserSAMLConfig", &json!({}));
    assert_eq!(nothing["Status"], 0);
    assert_eq!(nothing["SAMLMetadata"], "");
    let disable = json!({"Operate": "disable"});
    let absent = "ResourceNotFound.IdentityNotExist";
    assert_eq!(cloud.code("UpdateUserSAMLConfig", &disable), absent);

    let saml = json!({"SAMLMetadataDocument": metadata(), "AuxiliaryDomain": "a.example"});
    assert_eq!(cloud.code("CreateUserSAMLConfig", &saml), "");
    assert_eq!(status("DescribeUserSAMLConfig"), 11);
    assert_eq!(cloud.code("CreateUserOIDCConfig", &user_oidc()), "");
    assert_eq!(status("DescribeUserSAMLConfig"), 2);
    let kept = cloud.call("DescribeUserSAMLConfig", &json!({}));
    assert_eq!(kept["SAMLMetadata"], json!(metadata()));
    assert_eq!(kept["AuxiliaryDomain"], "a.example");
    assert_eq!(
        cloud.code("UpdateUserSAMLConfig", &json!({"Operate": "enable"})),
        ""
    );
    assert_eq!(status("DescribeUserSAMLConfig"), 11);
    assert_eq!(status("DescribeUserOIDCConfig"), 2);
    assert_eq!(cloud.code("DisableUserSSO", &json!({})), "");
    assert_eq!(status("DescribeUserSAMLConfig"), 2);
    for bad in [
        json!({"Operate": "updateSAML"}),
        json!({"Operate": "updateSAML", "SAMLMetadataDocument": "bm8="}),
    ] {
        let code = cloud.code("UpdateUserSAMLConfig", &bad);
        assert_eq!(code, "InvalidParameterValue.MetadataError");
    }
    let other = json!({"Operate": "remove"});
    assert_eq!(
        cloud.code("UpdateUserSAMLConfig", &other),
        "InvalidParameter"
    );
}

#[test]
fn role_oidc_providers_by_name() {
    let cloud = Cloud::new();
    let name = json!({"Name": "github-actions"});
    let absent = "ResourceNotFound.IdentityNotExist";
    for action in ["DescribeOIDCConfig", "DeleteOIDCConfig"] {
        assert_eq!(cloud.code(action, &name), absent);
    }
    assert_eq!(cloud.code("UpdateOIDCConfig", &role_oidc()), absent);
    assert_eq!(cloud.code("CreateOIDCConfig", &role_oidc()), "");
    let in_use = "InvalidParameter.IdentityNameInUse";
    assert_eq!(cloud.code("CreateOIDCConfig", &role_oidc()), in_use);
    let live = cloud.call("DescribeOIDCConfig", &name);
    let expected = json!({
        "ProviderType": 11,
        "Name": "github-actions",
        "IdentityUrl": "https://token.actions.githubusercontent.com",
        "IdentityKey": jwks(),
        "ClientId": ["sts.tencentcloudapi.com", "b"],
        "Description": "CI",
        "Status": 11,
        "AutoRotateKey": 0,
    });
    assert_eq!(without(live, "RequestId"), expected);
    let summary = cloud.call("GetAccountSummary", &json!({}));
    assert_eq!(
        (&summary["IdentityProviders"], &summary["Idps"]),
        (&json!(1), &json!(1))
    );

    let changed = without(
        with(role_oidc(), "AutoRotateKey", json!("1")),
        "Description",
    );
    assert_eq!(cloud.code("UpdateOIDCConfig", &changed), "");
    let live = cloud.call("DescribeOIDCConfig", &name);
    assert_eq!(
        (&live["AutoRotateKey"], &live["Description"]),
        (&json!(1), &json!(""))
    );
    assert_eq!(cloud.code("ListOIDCConfigs", &json!({})), "InvalidAction");

    cloud.set("identity_provider_quota", json!(1));
    let second = with(role_oidc(), "Name", json!("second"));
    assert_eq!(
        cloud.code("CreateOIDCConfig", &second),
        "LimitExceeded.IdentityFull"
    );
    assert_eq!(cloud.code("DeleteOIDCConfig", &name), "");
    assert_eq!(cloud.code("DeleteOIDCConfig", &name), absent);
}

fn saml_provider() -> Value {
    json!({
        "Name": "okta",
        "Description": "Okta",
        "SAMLMetadataDocument": metadata(),
    })
}

#[test]
fn saml_providers_by_name() {
    let cloud = Cloud::new();
    let name = json!({"Name": "okta"});
    let absent = "ResourceNotFound.IdentityNotExist";
    for action in [
        "GetSAMLProvider",
        "UpdateSAMLProvider",
        "DeleteSAMLProvider",
    ] {
        assert_eq!(cloud.code(action, &name), absent, "{action}");
    }
    let none = cloud.call("ListSAMLProviders", &json!({}));
    assert_eq!(none["SAMLProviderSet"], json!([]));
    let made = cloud.call("CreateSAMLProvider", &saml_provider());
    assert_eq!(
        made["ProviderArn"],
        "qcs::cam::uin/100000000001:saml-provider/okta"
    );
    let times = |live: &Value| (live["CreateTime"].clone(), live["ModifyTime"].clone());
    let live = cloud.call("GetSAMLProvider", &name);
    assert_eq!(live["SAMLMetadata"], json!(metadata()));
    // `NOW` in UTC+8.
    let now = json!("2026-01-02 11:04:05");
    assert_eq!(times(&live), (now.clone(), now));
    let listed = cloud.call("ListSAMLProviders", &json!({}));
    assert_eq!(listed["TotalCount"], 1);
    assert_eq!(
        without(without(live, "RequestId"), "SAMLMetadata"),
        listed["SAMLProviderSet"][0]
    );

    // A partial update: what is left out stays.
    let only = with(name.clone(), "Description", json!("Okta, prod"));
    assert_eq!(cloud.code("UpdateSAMLProvider", &only), "");
    let live = cloud.call("GetSAMLProvider", &name);
    assert_eq!(live["Description"], "Okta, prod");
    assert_eq!(live["SAMLMetadata"], json!(metadata()));
    let other = STANDARD.encode("<EntityDescriptor><IDPSSODescriptor /></EntityDescriptor>");
    let only = with(name.clone(), "SAMLMetadataDocument", json!(other));
    assert_eq!(cloud.code("UpdateSAMLProvider", &only), "");
    let live = cloud.call("GetSAMLProvider", &name);
    assert_eq!(live["Description"], "Okta, prod");
    assert_eq!(live["SAMLMetadata"], json!(other));

    assert_eq!(cloud.code("DeleteSAMLProvider", &name), "");
    assert_eq!(cloud.code("DeleteSAMLProvider", &name), absent);
}

#[test]
fn saml_providers_that_are_refused() {
    let cloud = Cloud::new();
    let bad = "InvalidParameterValue.MetadataError";
    for (field, value, expected) in [
        ("SAMLMetadataDocument", json!("not base64!"), bad),
        ("SAMLMetadataDocument", json!("bm8="), bad),
        ("SAMLMetadataDocument", json!(""), bad),
        ("SAMLMetadataDocument", json!(null), "MissingParameter"),
        ("Description", json!(null), "MissingParameter"),
        ("Description", json!(""), "InvalidParameter"),
        ("Description", json!("x".repeat(256)), "InvalidParameter"),
        ("Name", json!("a b"), "InvalidParameterValue.NameError"),
        (
            "Name",
            json!("TencentReservedSSO-1"),
            "InvalidParameterValue.NameError",
        ),
        ("Protocol", json!("saml"), "UnknownParameter"),
    ] {
        let given = with(saml_provider(), field, value.clone());
        let code = cloud.code("CreateSAMLProvider", &given);
        assert_eq!(code, expected, "{field} {value}");
    }
    assert_eq!(cloud.code("CreateSAMLProvider", &saml_provider()), "");
    for (field, value) in [
        ("SAMLMetadataDocument", "bm8="),
        ("SAMLMetadataDocument", ""),
    ] {
        let given = json!({"Name": "okta", field: value});
        assert_eq!(cloud.code("UpdateSAMLProvider", &given), bad);
    }
    let live = cloud.call("GetSAMLProvider", &json!({"Name": "okta"}));
    assert_eq!(live["SAMLMetadata"], json!(metadata()));
}

#[test]
fn providers_of_both_protocols_share_names_and_room() {
    let cloud = Cloud::new();
    let in_use = "InvalidParameter.IdentityNameInUse";
    assert_eq!(cloud.code("CreateSAMLProvider", &saml_provider()), "");
    assert_eq!(cloud.code("CreateSAMLProvider", &saml_provider()), in_use);
    let same_name = with(role_oidc(), "Name", json!("okta"));
    assert_eq!(cloud.code("CreateOIDCConfig", &same_name), in_use);
    assert_eq!(cloud.code("CreateOIDCConfig", &role_oidc()), "");
    let same_name = with(saml_provider(), "Name", json!("github-actions"));
    assert_eq!(cloud.code("CreateSAMLProvider", &same_name), in_use);
    let absent = "ResourceNotFound.IdentityNotExist";
    let okta = json!({"Name": "okta"});
    assert_eq!(cloud.code("DescribeOIDCConfig", &okta), absent);
    let summary = cloud.call("GetAccountSummary", &json!({}));
    assert_eq!(summary["IdentityProviders"], 2);
    cloud.set("identity_provider_quota", json!(2));
    let third = with(saml_provider(), "Name", json!("third"));
    assert_eq!(
        cloud.code("CreateSAMLProvider", &third),
        "LimitExceeded.IdentityFull"
    );
}

#[test]
fn a_fresh_saml_provider_can_be_missed_by_reads() {
    let cloud = Cloud::new();
    let name = json!({"Name": "okta"});
    cloud.set("read_lag_reads", json!(2));
    assert_eq!(cloud.code("CreateSAMLProvider", &saml_provider()), "");
    let absent = "ResourceNotFound.IdentityNotExist";
    assert_eq!(cloud.code("GetSAMLProvider", &name), absent);
    let listed = cloud.call("ListSAMLProviders", &json!({}));
    assert_eq!(listed["TotalCount"], 0);
    assert_eq!(cloud.code("GetSAMLProvider", &name), "");
}

#[test]
fn values_out_of_bounds() {
    let cloud = Cloud::new();
    let url = "InvalidParameterValue.IdentityUrlError";
    let ec = STANDARD.encode(r#"{"keys":[{"kty":"EC","crv":"P-256","x":"AA","y":"AA"}]}"#);
    let empty = STANDARD.encode(r#"{"keys":[]}"#);
    for (field, value, user, role) in [
        ("IdentityUrl", json!("http://idp.example"), url, url),
        ("IdentityUrl", json!("https://idp.example?x"), url, url),
        ("IdentityUrl", json!("https://u@idp.example"), url, url),
        ("IdentityUrl", json!("https://"), url, url),
        (
            "IdentityKey",
            json!("not base64!"),
            "InvalidParameterValue.IdentityKeyError",
            "InvalidParameterValue.MetadataError",
        ),
        (
            "IdentityKey",
            json!(empty),
            "InvalidParameterValue.IdentityKeyError",
            "InvalidParameterValue.MetadataError",
        ),
        (
            "IdentityKey",
            json!(ec),
            "InvalidParameterValue.IdentityKeyError",
            "InvalidParameterValue.MetadataError",
        ),
        (
            "AutoRotateKey",
            json!(2),
            "InvalidParameter",
            "InvalidParameter",
        ),
        (
            "AutoRotateKey",
            json!("x"),
            "InvalidParameter",
            "InvalidParameter",
        ),
        (
            "Description",
            json!("x".repeat(256)),
            "InvalidParameter",
            "InvalidParameter",
        ),
        ("Description", json!(""), "InvalidParameter", ""),
    ] {
        let given = with(user_oidc(), field, value.clone());
        assert_eq!(
            cloud.code("CreateUserOIDCConfig", &given),
            user,
            "{field} {value}"
        );
        let given = with(role_oidc(), field, value.clone());
        assert_eq!(
            cloud.code("CreateOIDCConfig", &given),
            role,
            "{field} {value}"
        );
    }
    for (field, value) in [
        ("ClientId", json!("-a")),
        ("ClientId", json!("x".repeat(65))),
        ("ClientId", json!(["a"])),
        ("ResponseType", json!("code")),
        ("ResponseMode", json!("query")),
        ("Scope", json!(["groups"])),
        ("Scope", json!("openid")),
        ("MappingFiled", json!("a.b")),
        ("MappingFiled", json!("")),
    ] {
        let given = with(user_oidc(), field, value.clone());
        let code = cloud.code("CreateUserOIDCConfig", &given);
        assert_eq!(code, "InvalidParameter", "{field} {value}");
    }
    for value in [json!("a"), json!([]), json!(["a b"]), json!([1])] {
        let given = with(role_oidc(), "ClientId", value.clone());
        let code = cloud.code("CreateOIDCConfig", &given);
        assert_eq!(code, "InvalidParameter", "{value}");
    }
    for name in ["", "a.b", "a b", &"x".repeat(129), "TencentReservedSSO-1"] {
        let given = with(role_oidc(), "Name", json!(name));
        let code = cloud.code("CreateOIDCConfig", &given);
        assert_eq!(code, "InvalidParameterValue.NameError", "{name}");
    }
}

#[test]
fn parameters_unknown_and_missing() {
    let cloud = Cloud::new();
    let misspelled = with(
        without(user_oidc(), "MappingFiled"),
        "MappingField",
        json!("sub"),
    );
    for (given, expected) in [
        (misspelled, "UnknownParameter"),
        (without(user_oidc(), "MappingFiled"), "MissingParameter"),
        (
            with(user_oidc(), "ClientId", Value::Null),
            "MissingParameter",
        ),
        (json!([]), "InvalidParameter"),
    ] {
        assert_eq!(cloud.code("CreateUserOIDCConfig", &given), expected);
    }
    assert_eq!(
        cloud.code("DisableUserSSO", &json!({"X": 1})),
        "UnknownParameter"
    );
}

#[test]
fn the_international_site_does_not_know_new_fields() {
    let cloud = Cloud::new();
    cloud.set("site", json!("international"));
    assert_eq!(
        cloud.code("CreateUserOIDCConfig", &user_oidc()),
        "UnknownParameter"
    );
    let known = without(user_oidc(), "AutoRotateKey");
    assert_eq!(cloud.code("CreateUserOIDCConfig", &known), "");
    let live = cloud.call("DescribeUserOIDCConfig", &json!({}));
    assert_eq!(live.get("AutoRotateKey"), None);
    let saml = cloud.call("DescribeUserSAMLConfig", &json!({}));
    assert_eq!(saml.get("AuxiliaryDomain"), None);
    let saml = json!({"SAMLMetadataDocument": metadata(), "AuxiliaryDomain": "a.example"});
    assert_eq!(
        cloud.code("CreateUserSAMLConfig", &saml),
        "UnknownParameter"
    );
    let saml = without(saml, "AuxiliaryDomain");
    assert_eq!(cloud.code("CreateUserSAMLConfig", &saml), "");
    // The documentation of that site calls enabled 1.
    cloud.set("user_saml_enabled_reads_as", json!(1));
    let saml = cloud.call("DescribeUserSAMLConfig", &json!({}));
    assert_eq!(saml["Status"], 1);
    let update = json!({"Operate": "enable", "AuxiliaryDomain": "a.example"});
    assert_eq!(
        cloud.code("UpdateUserSAMLConfig", &update),
        "UnknownParameter"
    );
    assert!(cloud.0.set(UIN, "site", json!("mars")).is_err());
    assert!(cloud.0.set(UIN, "sight", json!("china")).is_err());
}

#[test]
fn transport() {
    let cloud = Cloud::new();
    let key = credentials::permanent("tencent", UIN).unwrap();
    let good = tencent(&key, "DescribeUserSAMLConfig", &json!({}), NOW);
    let changed = |change: &dyn Fn(&mut Request)| {
        let mut request = good.clone();
        change(&mut request);
        code_of(&cloud.send(&request))
    };
    assert_eq!(changed(&|_| {}), "");
    assert_eq!(
        changed(&|r| r.method = "PUT".to_owned()),
        "UnsupportedProtocol"
    );
    assert_eq!(changed(&|r| r.path = "/x".to_owned()), "InvalidRequest");
    assert_eq!(
        changed(&|r| r.body = vec![b' '; POST_BYTES_MAX + 1]),
        "RequestSizeLimitExceeded"
    );
    let header = |name, value| code_of(&cloud.send(&with_header(good.clone(), name, value)));
    assert_eq!(header("x-tc-version", "2018-08-13"), "NoSuchVersion");
    assert_eq!(header("x-tc-version", ""), "MissingParameter");
    assert_eq!(
        header("x-tc-action", "describeUserSAMLConfig"),
        "InvalidAction"
    );
    assert_eq!(header("x-tc-action", "GetCallerIdentity"), "InvalidAction");
    assert_eq!(
        header("authorization", "SKIP"),
        "AuthFailure.InvalidAuthorization"
    );
    assert_eq!(
        code_of(&cloud.send(&request("GET", "", &[], ""))),
        "MissingParameter"
    );
}

#[test]
fn a_get_has_flattened_parameters() {
    let pairs = "Name=a&ClientId.1=y&ClientId.0=x&AutoRotateKey=1";
    let form = [("content-type", "application/x-www-form-urlencoded")];
    let given = parameters::read(&request("GET", pairs, &form, "")).unwrap();
    assert_eq!(
        Value::Object(given),
        json!({"Name": "a", "ClientId": ["x", "y"], "AutoRotateKey": "1"})
    );
}

#[test]
fn who_calls() {
    let cloud = Cloud::new();
    let me = cloud.call("GetCallerIdentity", &json!({}));
    assert_eq!(me["Type"], "CAMUser");
    assert_eq!(me["AccountId"], UIN);
    assert_eq!(me["Arn"], "qcs::cam:100000000001:uin/100000000001");
    let key = credentials::temporary("tencent", UIN).unwrap();
    let request = tencent(&key, "GetCallerIdentity", &json!({}), NOW);
    let role = cloud.send(&request);
    assert_eq!(role["Type"], "CAMRole");
    let mut nowhere = request;
    nowhere.headers.retain(|(name, _)| name != "x-tc-region");
    assert_eq!(code_of(&cloud.send(&nowhere)), "MissingParameter");
    cloud.set("sts_needs_region", json!(false));
    assert_eq!(code_of(&cloud.send(&nowhere)), "");
    cloud.set("temporary_credentials_expired", json!(true));
    assert_eq!(code_of(&cloud.send(&nowhere)), "AuthFailure.TokenFailure");
    assert_eq!(cloud.code("GetCallerIdentity", &json!({})), "");
}

#[test]
fn settings_that_make_life_hard() {
    let cloud = Cloud::new();
    let name = json!({"Name": "github-actions"});
    cloud.set("read_lag_reads", json!(2));
    assert_eq!(cloud.code("CreateOIDCConfig", &role_oidc()), "");
    let codes: Vec<String> = (0..3)
        .map(|_| cloud.code("DescribeOIDCConfig", &name))
        .collect();
    let absent = "ResourceNotFound.IdentityNotExist";
    assert_eq!(codes, [absent, absent, ""]);
    cloud.set("deny_actions", json!(["Delete*"]));
    assert_eq!(
        cloud.code("DeleteOIDCConfig", &name),
        "UnauthorizedOperation"
    );
    assert_eq!(cloud.code("DescribeOIDCConfig", &name), "");
    cloud.set("identity_key_padded_on_read", json!(true));
    let unpadded = jwks().trim_end_matches('=').to_owned();
    let given = with(role_oidc(), "IdentityKey", json!(unpadded));
    assert_eq!(cloud.code("UpdateOIDCConfig", &given), "");
    let live = cloud.call("DescribeOIDCConfig", &name);
    assert_eq!(live["IdentityKey"], json!(jwks()));
}

#[test]
fn keys_that_the_cloud_rotates_by_itself() {
    let cloud = Cloud::new();
    let fetched = STANDARD.encode(r#"{"keys":[{"kty":"RSA","kid":"b","n":"AAAA","e":"AQAB"}]}"#);
    cloud.set("auto_rotated_identity_key", json!(fetched));
    assert_eq!(cloud.code("CreateUserOIDCConfig", &user_oidc()), "");
    assert_eq!(cloud.code("CreateOIDCConfig", &role_oidc()), "");
    let user = cloud.call("DescribeUserOIDCConfig", &json!({}));
    assert_eq!(user["IdentityKey"], json!(fetched));
    let role = cloud.call("DescribeOIDCConfig", &json!({"Name": "github-actions"}));
    assert_eq!(role["IdentityKey"], json!(jwks()));
}

#[test]
fn faults_have_the_clouds_shape() {
    let cloud = TencentCloud::new(None);
    let key = credentials::permanent("tencent", UIN).unwrap();
    let request = tencent(&key, "CreateOIDCConfig", &json!({}), NOW);
    assert_eq!(cloud.action(&request), "CreateOIDCConfig");
    assert_eq!(cloud.account(&request).as_deref(), Some(UIN));
    for (status, expected) in [
        (500, "InternalError"),
        (403, "UnauthorizedOperation"),
        (429, "RequestLimitExceeded"),
    ] {
        let response = cloud.failed(&request, status);
        assert_eq!(response.status, 200);
        assert_eq!(code_of(&json_of(&response)["Response"]), expected);
    }
    assert_eq!(cloud.failed(&request, 503).status, 503);
}

#[test]
fn vendor_managed_providers_and_files_edited_by_hand() {
    let folder = tempfile::tempdir().unwrap();
    let cloud = Cloud(TencentCloud::new(Some(folder.path().to_owned())));
    let file = folder.path().join(format!("{UIN}.json"));
    let name = json!({"Name": "TencentReservedSSO-z1"});
    let by_hand = json!({"oidc_providers": {"TencentReservedSSO-z1": {
        "IdentityUrl": "https://idp.example", "IdentityKey": jwks(), "ClientId": ["a"],
    }}, "saml_providers": {"TencentReservedSSO-z2": {
        "Description": "Identity Center", "SAMLMetadataDocument": metadata(),
    }}});
    fs_err::write(&file, by_hand.to_string()).unwrap();
    assert_eq!(cloud.code("DescribeOIDCConfig", &name), "");
    let forbidden = "FailedOperation.CICIdentityForbidden";
    assert_eq!(cloud.code("DeleteOIDCConfig", &name), forbidden);
    let given = with(role_oidc(), "Name", name["Name"].clone());
    assert_eq!(cloud.code("UpdateOIDCConfig", &given), forbidden);
    let name = json!({"Name": "TencentReservedSSO-z2"});
    assert_eq!(cloud.code("GetSAMLProvider", &name), "");
    assert_eq!(cloud.code("UpdateSAMLProvider", &name), forbidden);
    assert_eq!(cloud.code("DeleteSAMLProvider", &name), forbidden);

    assert_eq!(cloud.code("CreateUserOIDCConfig", &user_oidc()), "");
    let text = fs_err::read_to_string(&file).unwrap();
    assert!(text.contains("\"MappingFiled\": \"sub\""), "{text}");
    fs_err::write(&file, "{").unwrap();
    let broken = cloud.call("DescribeUserOIDCConfig", &json!({}));
    assert_eq!(code_of(&broken), "InternalError");
}

fn trust() -> Value {
    json!({"version": "2.0", "statement": [{
        "effect": "allow",
        "action": ["name/sts:AssumeRoleWithWebIdentity"],
        "principal": {"federated": ["qcs::cam::uin/100000000001:oidc-provider/github-actions"]},
        "condition": {"string_equal": {
            "oidc:iss": ["https://token.actions.githubusercontent.com"],
            "oidc:aud": "sts.tencentcloudapi.com",
        }},
    }]})
}

fn role() -> Value {
    // As a person writes it: what is kept is this text, not this document.
    let document = format!(" {}\n", trust());
    json!({"RoleName": "ci", "PolicyDocument": document, "Description": "CI", "ConsoleLogin": 1,
        "SessionDuration": 7200, "Tags": [{"Key": "team", "Value": "platform"}]})
}

#[test]
fn roles_are_made_changed_listed_and_deleted() {
    let cloud = Cloud::new();
    let missing = "InvalidParameter.PrincipalQcsNotExist";
    assert_eq!(cloud.code("CreateRole", &role()), missing);
    assert_eq!(cloud.code("CreateOIDCConfig", &role_oidc()), "");
    let made = cloud.call("CreateRole", &role());
    let id = made["RoleId"].as_str().unwrap().to_owned();
    let in_use = "InvalidParameter.RoleNameInUse";
    assert_eq!(cloud.code("CreateRole", &role()), in_use);

    let by_name = json!({"RoleName": "ci"});
    let live = cloud.call("GetRole", &by_name)["RoleInfo"].clone();
    for (field, value) in [
        ("RoleId", json!(id)),
        ("PolicyDocument", role()["PolicyDocument"].clone()),
        ("ConsoleLogin", json!(1)),
        ("SessionDuration", json!(7200)),
        ("RoleType", json!("user")),
        ("RoleArn", json!("qcs::cam::uin/100000000001:roleName/ci")),
        ("Tags", json!([{"Key": "team", "Value": "platform"}])),
    ] {
        assert_eq!(live[field], value, "{field}");
    }
    assert_eq!(
        cloud.call("GetRole", &json!({"RoleId": id}))["RoleInfo"],
        live
    );
    for addressed in [json!({}), json!({"RoleName": "ci", "RoleId": id})] {
        assert_eq!(
            cloud.code("GetRole", &addressed),
            "InvalidParameter.ParamError"
        );
    }
    let absent = "InvalidParameter.RoleNotExist";
    assert_eq!(cloud.code("GetRole", &json!({"RoleName": "x"})), absent);

    // The two actions that take the id as a number; a text of digits is one on this wire.
    let number: i64 = id.parse().unwrap();
    for (action, given) in [
        (
            "UpdateRoleConsoleLogin",
            json!({"RoleId": number, "ConsoleLogin": 0}),
        ),
        (
            "UpdateRoleSessionDuration",
            json!({"RoleId": number, "SessionDuration": 3600}),
        ),
        (
            "UpdateRoleDescription",
            json!({"RoleName": "ci", "Description": ""}),
        ),
        (
            "TagRole",
            json!({"RoleName": "ci", "Tags": [{"Key": "env", "Value": ""}]}),
        ),
        (
            "UntagRole",
            json!({"RoleName": "ci", "TagKeys": ["team", "none"]}),
        ),
    ] {
        assert_eq!(cloud.code(action, &given), "", "{action}");
    }
    let live = cloud.call("GetRole", &by_name)["RoleInfo"].clone();
    assert_eq!(
        (
            &live["ConsoleLogin"],
            &live["SessionDuration"],
            &live["Description"]
        ),
        (&json!(0), &json!(3600), &json!(""))
    );
    assert_eq!(live["Tags"], json!([{"Key": "env", "Value": ""}]));
    let long = json!({"RoleName": "ci", "Description": "é".repeat(151)});
    let too_long = "InvalidParameter.DescriptionLengthOverlimit";
    assert_eq!(cloud.code("UpdateRoleDescription", &long), too_long);

    let page = |rp: i64, page: i64| json!({"Rp": rp, "Page": page});
    for name in ["ci-2", "ci-3"] {
        assert_eq!(
            cloud.code("CreateRole", &with(role(), "RoleName", json!(name))),
            ""
        );
    }
    let list = cloud.call("DescribeRoleList", &page(2, 2));
    assert_eq!(list["TotalNum"], 3);
    assert_eq!(list["List"].as_array().unwrap().len(), 1);
    assert_eq!(list["List"][0]["RoleName"], "ci-3");
    let bad = "InvalidParameter.ParamError";
    assert_eq!(cloud.code("DescribeRoleList", &page(201, 1)), bad);
    assert_eq!(cloud.code("DescribeRoleList", &page(1, 0)), bad);

    cloud.set("trusted_provider_deletable", json!(false));
    let provider = json!({"Name": "github-actions"});
    assert_eq!(cloud.code("DeleteOIDCConfig", &provider), "FailedOperation");
    for name in ["ci", "ci-2", "ci-3"] {
        assert_eq!(cloud.code("DeleteRole", &json!({"RoleName": name})), "");
    }
    assert_eq!(cloud.code("DeleteRole", &by_name), absent);
    assert_eq!(cloud.code("DeleteOIDCConfig", &provider), "");
}

#[test]
fn policies_are_attached_by_name_and_id() {
    let cloud = Cloud::new();
    cloud.call("CreateOIDCConfig", &role_oidc());
    cloud.call("CreateRole", &role());
    let attach = |policy: &str| json!({"AttachRoleName": "ci", "PolicyName": policy});
    let detach = |policy: &str| json!({"DetachRoleName": "ci", "PolicyName": policy});
    for _ in 0..2 {
        assert_eq!(
            cloud.code("AttachRolePolicy", &attach("ReadOnlyAccess")),
            ""
        );
    }
    let by_id = json!({"AttachRoleName": "ci", "PolicyId": 6});
    assert_eq!(cloud.code("AttachRolePolicy", &by_id), "");
    let unknown = "InvalidParameter.PolicyIdNotExist";
    assert_eq!(cloud.code("AttachRolePolicy", &attach("nothing")), unknown);
    let listed = |rp: i64, page: i64| {
        let body = cloud.call(
            "ListAttachedRolePolicies",
            &json!({"RoleName": "ci", "Rp": rp, "Page": page}),
        );
        let names: Vec<String> = body["List"]
            .as_array()
            .unwrap()
            .iter()
            .map(|policy| policy["PolicyName"].as_str().unwrap().to_owned())
            .collect();
        (body["TotalNum"].as_i64().unwrap(), names.join(" "))
    };
    let all = "ReadOnlyAccess QcloudCOSReadOnlyAccess";
    assert_eq!(listed(200, 1), (2, all.to_owned()));
    assert_eq!(listed(1, 2), (2, "QcloudCOSReadOnlyAccess".to_owned()));
    cloud.set("role_attachment_quota", json!(2));
    assert_eq!(
        cloud.code("AttachRolePolicy", &attach("AdministratorAccess")),
        "InvalidParameter.AttachmentFull"
    );
    cloud.set("role_with_policies_deletable", json!(false));
    let by_name = json!({"RoleName": "ci"});
    assert_eq!(
        cloud.code("DeleteRole", &by_name),
        "InvalidParameter.ParamError"
    );
    for policy in ["ReadOnlyAccess", "QcloudCOSReadOnlyAccess"] {
        assert_eq!(cloud.code("DetachRolePolicy", &detach(policy)), "");
    }
    assert_eq!(cloud.code("DeleteRole", &by_name), "");
}

#[test]
fn trust_policies_are_checked() {
    let cloud = Cloud::new();
    cloud.call("CreateOIDCConfig", &role_oidc());
    let with_statement = |path: &str, value: Value| {
        let mut document = trust();
        *document.pointer_mut(path).unwrap() = value;
        document
    };
    let condition = "/statement/0/condition";
    let principal = "/statement/0/principal";
    for (document, code) in [
        (trust(), ""),
        (json!([]), "ParamError"),
        (json!({"Version": "1", "Statement": []}), "VersionError"),
        (json!({"version": "2.0", "statement": []}), "StatementError"),
        (
            with_statement("/statement/0", json!({"resource": "*"})),
            "StatementError",
        ),
        (
            with_statement("/statement/0/effect", json!("Allow")),
            "EffectError",
        ),
        (
            with_statement("/statement/0/action", json!(["cos:*"])),
            "ActionError",
        ),
        (with_statement(principal, json!({})), "PrincipalError"),
        (
            with_statement(principal, json!({"Federated": "x"})),
            "PrincipalError",
        ),
        (
            with_statement(
                principal,
                json!({"federated": "acs:ram::1:oidc-provider/x"}),
            ),
            "PrincipalQcsError",
        ),
        (
            with_statement(
                principal,
                json!({"federated": "qcs::cam::uin/1:oidc-provider/github-actions"}),
            ),
            "PrincipalQcsNotExist",
        ),
        (
            with_statement(
                principal,
                json!({"federated": "qcs::cam::uin/100000000001:saml-provider/none"}),
            ),
            "PrincipalQcsNotExist",
        ),
        (
            with_statement(
                principal,
                json!({"qcs": ["qcs::cam::uin/100000000001:root"]}),
            ),
            "",
        ),
        (
            with_statement(principal, json!({"service": ["cvm.qcloud.com"]})),
            "",
        ),
        (with_statement(condition, json!([])), "ConditionError"),
        (
            with_statement(condition, json!({"StringEquals": {}})),
            "ConditionTypeError",
        ),
        (
            with_statement(condition, json!({"string_equal": {"oidc:sub": []}})),
            "ConditionContentError",
        ),
        (
            with_statement(
                condition,
                json!({"string_like": {"oidc:sub": "repo:acme/*"}}),
            ),
            "ConditionContentError",
        ),
        (
            with_statement(
                condition,
                json!({"for_any_value:string_like_if_exist": {"oidc:sub": "plain-1"}}),
            ),
            "",
        ),
    ] {
        let given = json!({"RoleName": "ci", "PolicyDocument": document.to_string()});
        let expected = if code.is_empty() {
            String::new()
        } else {
            format!("InvalidParameter.{code}")
        };
        assert_eq!(cloud.code("CreateRole", &given), expected, "{document}");
        cloud.code("DeleteRole", &json!({"RoleName": "ci"}));
    }
    let long = with_statement("/statement/0/action", json!(["sts:x".repeat(2000)]));
    let given = json!({"RoleName": "ci", "PolicyDocument": long.to_string()});
    assert_eq!(
        cloud.code("UpdateAssumeRolePolicy", &given),
        "InvalidParameter.PolicyDocumentLengthOverLimit"
    );

    cloud.set("root_principal_reads_as_uin", json!(true));
    let root = with_statement(
        principal,
        json!({"qcs": ["qcs::cam::uin/100000000001:root"]}),
    );
    let given = json!({"RoleName": "ci", "PolicyDocument": root.to_string()});
    cloud.call("CreateRole", &given);
    let live = cloud.call("GetRole", &json!({"RoleName": "ci"}));
    let text = live["RoleInfo"]["PolicyDocument"].as_str().unwrap();
    assert!(
        text.contains("qcs::cam::uin/100000000001:uin/100000000001"),
        "{text}"
    );
}
