use std::cell::Cell;

use super::*;
use crate::sandbox::testing::{NOW, alibaba_v1, alibaba_v3, json_of, request, with_header};

const UID: &str = "1234567890123456";
const FINGERPRINT: &str = "902ef2deeb3c5b13ea4c3d5193629309e231ae55";

struct Cloud {
    emulator: AlibabaCloud,
    nonce: Cell<u32>,
    now: Cell<i64>,
}

impl Cloud {
    fn new() -> Self {
        Self {
            emulator: AlibabaCloud::new(None, Outside::empty()),
            nonce: Cell::new(0),
            now: Cell::new(NOW),
        }
    }

    fn nonce(&self) -> String {
        self.nonce.set(self.nonce.get() + 1);
        self.nonce.get().to_string()
    }

    fn send(&self, request: &Request) -> (u16, Value) {
        let response = self.emulator.answer(request, self.now.get());
        let content_type = "application/json;charset=utf-8".to_owned();
        assert!(
            response
                .headers
                .contains(&("content-type".to_owned(), content_type))
        );
        let body = json_of(&response);
        let id = body["RequestId"].as_str().unwrap().to_owned();
        assert_eq!(id, id.to_uppercase());
        assert!(
            response
                .headers
                .contains(&("x-acs-request-id".to_owned(), id))
        );
        (response.status, body)
    }

    fn call(&self, action: &str, parameters: &[(&str, &str)]) -> (u16, Value) {
        let key = credentials::permanent("alibaba", UID).unwrap();
        let nonce = self.nonce();
        self.send(&alibaba_v3(
            &key,
            action,
            parameters,
            &nonce,
            self.now.get(),
        ))
    }

    /// The provider after a call that succeeds.
    fn provider(&self, action: &str, parameters: &[(&str, &str)]) -> Value {
        let mut given = vec![("OIDCProviderName", "ci")];
        given.extend_from_slice(parameters);
        let (status, body) = self.call(action, &given);
        assert_eq!(status, 200, "{body}");
        body["OIDCProvider"].clone()
    }

    /// Status and code of a call that fails.
    fn code(&self, action: &str, parameters: &[(&str, &str)]) -> (u16, String) {
        let mut given = vec![("OIDCProviderName", "ci")];
        given.extend_from_slice(parameters);
        let (status, body) = self.call(action, &given);
        (status, body["Code"].as_str().unwrap_or_default().to_owned())
    }

    fn set(&self, setting: &str, value: Value) {
        self.emulator.set(UID, setting, value).unwrap();
    }

    fn with_ci() -> Self {
        let cloud = Self::new();
        cloud.provider(
            "CreateOIDCProvider",
            &[
                ("IssuerUrl", "https://issuer.example.test"),
                ("ClientIds", "aud-1,aud-2"),
                ("Fingerprints", FINGERPRINT),
                ("Description", "CI"),
            ],
        );
        cloud
    }
}

fn refused(status: u16, code: &str) -> (u16, String) {
    (status, code.to_owned())
}

#[test]
fn the_object_is_typed_as_documented() {
    let cloud = Cloud::with_ci();
    cloud.now.set(NOW + 60);
    let updated = cloud.provider("UpdateOIDCProvider", &[("IssuanceLimitTime", "24")]);
    let expected = json!({
        "OIDCProviderName": "ci",
        "Arn": "acs:ram::1234567890123456:oidc-provider/ci",
        "IssuerUrl": "https://issuer.example.test",
        "ClientIds": "aud-1,aud-2",
        "Fingerprints": FINGERPRINT,
        "Description": "CI",
        "IssuanceLimitTime": 24,
        "CreateDate": "2026-01-02T03:04:05Z",
        "UpdateDate": "2026-01-02T03:05:05Z",
        "GmtCreate": "1767323045000",
        "GmtModified": "1767323105000",
    });
    assert_eq!(updated, expected);
    assert_eq!(cloud.provider("GetOIDCProvider", &[]), expected);
    let (_, list) = cloud.call("ListOIDCProviders", &[]);
    assert_eq!(list["OIDCProviders"]["OIDCProvider"], json!([expected]));
    assert_eq!(list["IsTruncated"], false);
    assert_eq!(list.get("Marker"), None);
    let (status, gone) = cloud.call("DeleteOIDCProvider", &[("OIDCProviderName", "ci")]);
    assert_eq!((status, gone.as_object().unwrap().len()), (200, 1));
    let absent = refused(404, "EntityNotExist.OIDCProvider");
    for action in [
        "GetOIDCProvider",
        "DeleteOIDCProvider",
        "UpdateOIDCProvider",
    ] {
        assert_eq!(cloud.code(action, &[]), absent);
    }
}

#[test]
fn updates_are_partial_and_client_ids_replace() {
    let cloud = Cloud::with_ci();
    let other = [
        ("ClientIds", "b,a:x/y"),
        ("Fingerprints", "00"),
        ("IssuerUrl", "https://evil.example"),
    ];
    let live = cloud.provider("UpdateOIDCProvider", &other);
    assert_eq!(live["ClientIds"], "b,a:x/y");
    assert_eq!(live["Fingerprints"], FINGERPRINT);
    assert_eq!(live["IssuerUrl"], "https://issuer.example.test");
    assert_eq!(live["Description"], "CI");
    let live = cloud.provider(
        "UpdateOIDCProvider",
        &[("ClientIds", ""), ("NewDescription", "")],
    );
    assert_eq!(
        (&live["ClientIds"], &live["Description"]),
        (&json!("b,a:x/y"), &json!(""))
    );
    cloud.set("empty_client_ids", json!("refused"));
    let empty = [("ClientIds", "")];
    let code = cloud.code("UpdateOIDCProvider", &empty);
    assert_eq!(code, refused(400, "InvalidParameter.ClientIds"));
    cloud.set("empty_client_ids", json!("clears"));
    assert_eq!(
        cloud.provider("UpdateOIDCProvider", &empty)["ClientIds"],
        ""
    );
    cloud.set("omit_empty_fields", json!(true));
    assert_eq!(
        cloud.provider("GetOIDCProvider", &[]).get("ClientIds"),
        None
    );
}

#[test]
fn one_client_id_and_one_fingerprint_at_a_time() {
    let cloud = Cloud::with_ci();
    let add = |value| cloud.provider("AddFingerprintToOIDCProvider", &[("Fingerprint", value)]);
    let live = add("ABCDEFG");
    assert_eq!(live["Fingerprints"], format!("{FINGERPRINT},ABCDEFG"));
    for value in ["1", "2", "3"] {
        add(value);
    }
    let add = |value| cloud.code("AddFingerprintToOIDCProvider", &[("Fingerprint", value)]);
    let full = refused(409, "LimitExceeded.OIDCProvider.Fingerprint");
    assert_eq!(add("4"), full);
    let present = refused(409, "EntityAlreadyExists.OIDCProvider.Fingerprint");
    assert_eq!(add("3"), present);
    assert_eq!(add("a:b"), refused(400, "InvalidParameter.Fingerprint"));
    let remove = |value| {
        cloud.code(
            "RemoveFingerprintFromOIDCProvider",
            &[("Fingerprint", value)],
        )
    };
    assert_eq!(
        remove("9"),
        refused(404, "EntityNotExist.OIDCProvider.Fingerprint")
    );
    for value in ["1", "2", "3", "ABCDEFG"] {
        assert_eq!(remove(value), (200, String::new()));
    }
    assert_eq!(
        remove(FINGERPRINT),
        refused(400, "InvalidParameter.Fingerprint")
    );

    let live = cloud.provider("AddClientIdToOIDCProvider", &[("ClientId", "aud-3")]);
    assert_eq!(live["ClientIds"], "aud-1,aud-2,aud-3");
    let twice = cloud.code("AddClientIdToOIDCProvider", &[("ClientId", "aud-3")]);
    assert_eq!(
        twice,
        refused(409, "EntityAlreadyExists.OIDCProvider.ClientId")
    );
    for value in ["aud-1", "aud-2", "aud-3"] {
        cloud.provider("RemoveClientIdFromOIDCProvider", &[("ClientId", value)]);
    }
    assert_eq!(cloud.provider("GetOIDCProvider", &[])["ClientIds"], "");
    let absent = cloud.code("RemoveClientIdFromOIDCProvider", &[("ClientId", "aud-1")]);
    assert_eq!(absent, refused(404, "EntityNotExist.OIDCProvider.ClientId"));
}

#[test]
fn names_and_issuers_are_unique_and_counted() {
    let cloud = Cloud::with_ci();
    let create = |name, issuer| {
        let (status, body) = cloud.call(
            "CreateOIDCProvider",
            &[("OIDCProviderName", name), ("IssuerUrl", issuer)],
        );
        (status, body["Code"].as_str().unwrap_or_default().to_owned())
    };
    let same_name = create("ci", "https://b.example");
    assert_eq!(same_name, refused(409, "EntityAlreadyExists.OIDCProvider"));
    let same_issuer = create("other", "https://issuer.example.test");
    assert_eq!(
        same_issuer,
        refused(409, "EntityAlreadyExists.OIDCProvider.Url")
    );
    // Byte for byte: a slash makes another issuer.
    assert_eq!(
        create("slash", "https://issuer.example.test/"),
        (200, String::new())
    );
    cloud.set("oidc_provider_quota", json!(2));
    let full = create("third", "https://c.example");
    assert_eq!(full, refused(409, "LimitExceeded.OIDCProvider"));
}

#[test]
fn values_out_of_bounds() {
    let cloud = Cloud::new();
    let many: Vec<String> = (0..51).map(|number| format!("c{number}")).collect();
    let many = many.join(",");
    let long = "x".repeat(257);
    for (name, value, status, code) in [
        (
            "OIDCProviderName",
            "-ci",
            400,
            "InvalidParameter.OIDCProviderName",
        ),
        (
            "OIDCProviderName",
            "ci.",
            400,
            "InvalidParameter.OIDCProviderName",
        ),
        (
            "OIDCProviderName",
            "",
            400,
            "InvalidParameter.OIDCProviderName",
        ),
        (
            "IssuerUrl",
            "http://a.example",
            400,
            "InvalidParameter.IssuerUrl",
        ),
        (
            "IssuerUrl",
            "https://a.example?x",
            400,
            "InvalidParameter.IssuerUrl",
        ),
        ("IssuerUrl", "", 400, "InvalidParameter.IssuerUrl"),
        ("ClientIds", "a, b", 400, "InvalidParameter.ClientIds"),
        ("ClientIds", "a,,b", 400, "InvalidParameter.ClientIds"),
        (
            "ClientIds",
            &many,
            409,
            "LimitExceeded.OIDCProvider.ClientId",
        ),
        (
            "Fingerprints",
            "90:2e",
            400,
            "InvalidParameter.Fingerprints",
        ),
        (
            "Fingerprints",
            "1,2,3,4,5,6",
            409,
            "LimitExceeded.OIDCProvider.Fingerprint",
        ),
        ("Description", &long, 400, "InvalidParameter.Description"),
        (
            "IssuanceLimitTime",
            "0",
            400,
            "InvalidParameter.IssuanceLimitTime",
        ),
        (
            "IssuanceLimitTime",
            "169",
            400,
            "InvalidParameter.IssuanceLimitTime",
        ),
        (
            "IssuanceLimitTime",
            "1.5",
            400,
            "InvalidParameter.IssuanceLimitTime",
        ),
    ] {
        let mut given = vec![
            ("OIDCProviderName", "ci"),
            ("IssuerUrl", "https://a.example"),
        ];
        given.retain(|(given, _)| *given != name);
        given.push((name, value));
        let (got, body) = cloud.call("CreateOIDCProvider", &given);
        assert_eq!(
            (got, body["Code"].as_str().unwrap()),
            (status, code),
            "{name}={value}"
        );
    }
    let (_, body) = cloud.call("ListOIDCProviders", &[]);
    assert_eq!(body["OIDCProviders"]["OIDCProvider"], json!([]));
}

#[test]
fn lists_come_in_pages() {
    let cloud = Cloud::new();
    for number in 0..5 {
        let name = format!("p{number}");
        let issuer = format!("https://{number}.example");
        let given = [("OIDCProviderName", &*name), ("IssuerUrl", &*issuer)];
        assert_eq!(cloud.call("CreateOIDCProvider", &given).0, 200);
    }
    let mut names = Vec::new();
    let mut marker = String::new();
    loop {
        let (_, page) = cloud.call(
            "ListOIDCProviders",
            &[("MaxItems", "2"), ("Marker", &marker)],
        );
        let items = page["OIDCProviders"]["OIDCProvider"]
            .as_array()
            .unwrap()
            .clone();
        names.extend(
            items
                .iter()
                .map(|item| item["OIDCProviderName"].to_string()),
        );
        assert_eq!(
            page["IsTruncated"].as_bool().unwrap(),
            page.get("Marker").is_some()
        );
        match page.get("Marker") {
            Some(next) => next.as_str().unwrap().clone_into(&mut marker),
            None => break,
        }
    }
    assert_eq!(names.len(), 5);
    for (name, value) in [("MaxItems", "0"), ("MaxItems", "101"), ("Marker", "cDE")] {
        let (status, _) = cloud.call("ListOIDCProviders", &[(name, value)]);
        assert_eq!(status, 400, "{name}={value}");
    }
    cloud.set("list_pages_overlap", json!(true));
    let (_, page) = cloud.call("ListOIDCProviders", &[("MaxItems", "4")]);
    let next = page["Marker"].as_str().unwrap();
    let (_, page) = cloud.call("ListOIDCProviders", &[("MaxItems", "4"), ("Marker", next)]);
    let items = &page["OIDCProviders"]["OIDCProvider"];
    assert_eq!(items[0]["OIDCProviderName"], "p3");
    cloud.set("list_page_items", json!(3));
    let (_, page) = cloud.call("ListOIDCProviders", &[("MaxItems", "100")]);
    assert_eq!(
        page["OIDCProviders"]["OIDCProvider"]
            .as_array()
            .unwrap()
            .len(),
        3
    );
}

#[test]
fn errors_have_the_documented_envelope() {
    let cloud = Cloud::new();
    let (_, body) = cloud.call("GetOIDCProvider", &[("OIDCProviderName", "ci")]);
    assert_eq!(body["HostId"], "ims.aliyuncs.com");
    let recommend = body["Recommend"].as_str().unwrap();
    assert!(recommend.contains("q=EntityNotExist.OIDCProvider&product=Ims&requestId="));
    cloud.set("deny_actions", json!(["*"]));
    let (status, body) = cloud.call("GetOIDCProvider", &[("OIDCProviderName", "ci")]);
    assert_eq!((status, &body["Code"]), (403, &json!("NoPermission")));
    assert_eq!(
        body["AccessDeniedDetail"]["AuthAction"],
        "ram:GetOIDCProvider"
    );
    let (status, _) = cloud.call("GetCallerIdentity", &[]);
    assert_eq!(status, 200);
}

#[test]
fn routing() {
    let cloud = Cloud::new();
    let key = credentials::permanent("alibaba", UID).unwrap();
    let good = alibaba_v3(&key, "ListOIDCProviders", &[], "n", NOW);
    let code = |request: &Request| {
        let (status, body) = cloud.send(request);
        (status, body["Code"].as_str().unwrap_or_default().to_owned())
    };
    let header = |name, value| code(&with_header(good.clone(), name, value));
    let unknown = refused(404, "InvalidAction.NotFound");
    assert_eq!(header("x-acs-action", "listOIDCProviders"), unknown);
    assert_eq!(header("x-acs-version", "2015-04-01"), unknown);
    assert_eq!(
        header("x-acs-version", "1999-01-01"),
        refused(400, "InvalidVersion")
    );
    assert_eq!(
        header("content-type", "text/plain"),
        refused(400, "InvalidParameter.ContentType")
    );
    let put = Request {
        method: "PUT".to_owned(),
        ..good
    };
    assert_eq!(code(&put), refused(405, "UnsupportedHTTPMethod"));
    let bare = request("GET", "", &[], "");
    assert_eq!(code(&bare), refused(400, "InvalidVersion"));
}

#[test]
fn legacy_signatures_and_xml() {
    let cloud = Cloud::new();
    let key = credentials::temporary("alibaba", UID).unwrap();
    let given = [
        ("OIDCProviderName", "ci"),
        ("IssuerUrl", "https://a.example"),
        ("Description", "身份 é~*+(a,b)"),
    ];
    let created = alibaba_v1(&key, "CreateOIDCProvider", &given, "n1", NOW);
    assert_eq!(cloud.emulator.action(&created), "CreateOIDCProvider");
    assert_eq!(cloud.emulator.account(&created).as_deref(), Some(UID));
    let (status, body) = cloud.send(&created);
    assert_eq!(status, 200, "{body}");
    assert_eq!(body["OIDCProvider"]["Description"], "身份 é~*+(a,b)");
    assert_eq!(cloud.send(&created).1["Code"], "SignatureNonceUsed");

    let mut xml = alibaba_v3(&key, "ListOIDCProviders", &[], "n2", NOW);
    xml = with_header(xml, "accept", "application/xml");
    let response = cloud.emulator.answer(&xml, NOW);
    let text = String::from_utf8(response.body).unwrap();
    assert!(text.contains("<ListOIDCProvidersResponse>"), "{text}");
}

#[test]
fn who_calls() {
    let cloud = Cloud::new();
    let (_, me) = cloud.call("GetCallerIdentity", &[]);
    assert_eq!(
        (&me["IdentityType"], &me["AccountId"]),
        (&json!("RAMUser"), &json!(UID))
    );
    cloud.set("identity", json!("account"));
    let (_, me) = cloud.call("GetCallerIdentity", &[]);
    assert_eq!(me["Arn"], "acs:ram::1234567890123456:root");
    let key = credentials::temporary("alibaba", UID).unwrap();
    let (_, me) = cloud.send(&alibaba_v3(&key, "GetCallerIdentity", &[], "t", NOW));
    assert_eq!(me["IdentityType"], "AssumedRoleUser");
    cloud.set("temporary_credentials_expired", json!(true));
    let (_, expired) = cloud.send(&alibaba_v3(&key, "GetCallerIdentity", &[], "u", NOW));
    assert_eq!(expired["Code"], "InvalidSecurityToken.Expired");
}

#[test]
fn fresh_objects_can_stay_invisible() {
    let cloud = Cloud::new();
    cloud.set("read_lag_reads", json!(1));
    cloud.provider("CreateOIDCProvider", &[("IssuerUrl", "https://a.example")]);
    let first = cloud.code("GetOIDCProvider", &[]);
    assert_eq!(first, refused(404, "EntityNotExist.OIDCProvider"));
    cloud.provider("GetOIDCProvider", &[]);
}

#[test]
fn faults_have_the_clouds_shape() {
    let cloud = Cloud::new();
    let request = request("POST", "", &[("x-acs-action", "GetOIDCProvider")], "");
    let throttled = cloud.emulator.throttled(&request, Some(2));
    assert_eq!(throttled.status, 400);
    assert_eq!(json_of(&throttled)["Code"], "Throttling.User");
    let hint = ("x-acs-retry-after".to_owned(), "2000".to_owned());
    assert!(throttled.headers.contains(&hint));
    for (status, code) in [
        (403, "NoPermission"),
        (500, "InternalError"),
        (503, "ServiceUnavailable"),
    ] {
        let failed = cloud.emulator.failed(&request, status);
        assert_eq!(
            (failed.status, &json_of(&failed)["Code"]),
            (status, &json!(code))
        );
    }
}

const PROVIDER: &str = "acs:ram::1234567890123456:oidc-provider/ci";

fn trust() -> Value {
    json!({"Version": "1", "Statement": [{
        "Effect": "Allow",
        "Action": "sts:AssumeRole",
        "Principal": {"Federated": [PROVIDER]},
        "Condition": {
            "StringEquals": {"oidc:iss": "https://issuer.example.test", "oidc:aud": "aud-1"},
            "StringLike": {"oidc:sub": "repo:acme/app:*"},
        },
    }]})
}

impl Cloud {
    fn with_role() -> Self {
        let cloud = Self::new();
        let (status, body) = cloud.call(
            "CreateRole",
            &[
                ("RoleName", "ci"),
                ("AssumeRolePolicyDocument", &trust().to_string()),
                ("Description", "CI"),
                ("MaxSessionDuration", "7200"),
                ("Tag", r#"[{"Key": "team", "Value": "platform"}]"#),
            ],
        );
        assert_eq!(status, 200, "{body}");
        cloud
    }

    /// Status and code of a call about the role `ci`.
    fn role_code(&self, action: &str, parameters: &[(&str, &str)]) -> (u16, String) {
        let mut given = vec![("RoleName", "ci")];
        given.extend_from_slice(parameters);
        let (status, body) = self.call(action, &given);
        (status, body["Code"].as_str().unwrap_or_default().to_owned())
    }

    fn role(&self) -> Value {
        self.call("GetRole", &[("RoleName", "ci")]).1["Role"].clone()
    }
}

fn fine() -> (u16, String) {
    (200, String::new())
}

#[test]
fn roles_show_their_parts_in_different_calls() {
    let cloud = Cloud::with_role();
    let live = cloud.role();
    let text = live["AssumeRolePolicyDocument"].as_str().unwrap();
    // Printed anew: other text, same meaning.
    assert_ne!(text, trust().to_string());
    assert_eq!(serde_json::from_str::<Value>(text).unwrap(), trust());
    assert!(live.get("Tags").is_none());
    assert_eq!(live["Arn"], "acs:ram::1234567890123456:role/ci");
    assert_eq!(live["MaxSessionDuration"], 7200);

    let (_, list) = cloud.call("ListRoles", &[]);
    let listed = &list["Roles"]["Role"][0];
    assert!(listed.get("AssumeRolePolicyDocument").is_none());
    assert_eq!(
        listed["Tags"]["Tag"],
        json!([{"TagKey": "team", "TagValue": "platform"}])
    );
    assert_eq!(list["IsTruncated"], false);

    cloud.now.set(NOW + 60);
    let changed = [
        ("NewMaxSessionDuration", "3600"),
        ("NewDescription", "other"),
    ];
    assert_eq!(cloud.role_code("UpdateRole", &changed), fine());
    let live = cloud.role();
    assert_eq!(
        (
            &live["MaxSessionDuration"],
            &live["Description"],
            &live["UpdateDate"]
        ),
        (
            &json!(3600),
            &json!("other"),
            &json!("2026-01-02T03:05:05Z")
        )
    );
    assert_eq!(
        cloud.role_code("UpdateRole", &[("NewDescription", "")]),
        fine()
    );
    assert_eq!(cloud.role()["Description"], "");
}

#[test]
fn roles_are_paged() {
    let cloud = Cloud::with_role();
    let document = trust().to_string();
    for number in 0..3 {
        let name = format!("role-{number}");
        let given = [
            ("RoleName", name.as_str()),
            ("AssumeRolePolicyDocument", &document),
        ];
        assert_eq!(cloud.call("CreateRole", &given).0, 200);
    }
    let (_, first) = cloud.call("ListRoles", &[("MaxItems", "3")]);
    assert_eq!(first["IsTruncated"], true);
    let marker = first["Marker"].as_str().unwrap();
    let (_, second) = cloud.call("ListRoles", &[("MaxItems", "3"), ("Marker", marker)]);
    assert_eq!(second["Roles"]["Role"][0]["RoleName"], "role-2");
    assert_eq!(second["IsTruncated"], false);
    let (status, _) = cloud.call("ListRoles", &[("MaxItems", "1000")]);
    assert_eq!(status, 200);
    let (status, _) = cloud.call("ListRoles", &[("MaxItems", "1001")]);
    assert_eq!(status, 400);
    cloud.set("role_quota", json!(4));
    let full = [
        ("RoleName", "another"),
        ("AssumeRolePolicyDocument", &document),
    ];
    let (status, body) = cloud.call("CreateRole", &full);
    assert_eq!(
        (status, body["Code"].as_str()),
        (409, Some("LimitExceeded.Role"))
    );
}

#[test]
fn policies_of_roles() {
    let cloud = Cloud::with_role();
    let system = [
        ("PolicyType", "System"),
        ("PolicyName", "AliyunOSSReadOnlyAccess"),
    ];
    assert_eq!(
        cloud.role_code("DetachPolicyFromRole", &system),
        refused(404, "EntityNotExist.Role.Policy")
    );
    assert_eq!(cloud.role_code("AttachPolicyToRole", &system), fine());
    assert_eq!(
        cloud.role_code("AttachPolicyToRole", &system),
        refused(409, "EntityAlreadyExists.Role.Policy")
    );
    let custom = [("PolicyType", "Custom"), ("PolicyName", "deploy")];
    assert_eq!(
        cloud.role_code("AttachPolicyToRole", &custom),
        refused(404, "EntityNotExist.Policy")
    );
    assert_eq!(
        cloud.role_code(
            "AttachPolicyToRole",
            &[("PolicyType", "x"), ("PolicyName", "deploy")]
        ),
        refused(400, "InvalidParameter.PolicyType")
    );
    let (_, list) = cloud.call("ListPoliciesForRole", &[("RoleName", "ci")]);
    assert_eq!(
        list["Policies"]["Policy"][0]["PolicyName"],
        "AliyunOSSReadOnlyAccess"
    );
    assert_eq!(
        cloud.role_code("DeleteRole", &[]),
        refused(409, "DeleteConflict.Role.Policy")
    );
    cloud.set("role_system_policy_quota", json!(1));
    assert_eq!(
        cloud.role_code(
            "AttachPolicyToRole",
            &[("PolicyType", "System"), ("PolicyName", "ReadOnlyAccess")]
        ),
        refused(409, "LimitExceeded.Role.Policy")
    );
    assert_eq!(cloud.role_code("DetachPolicyFromRole", &system), fine());
    assert_eq!(cloud.role_code("DeleteRole", &[]), fine());
    let absent = refused(404, "EntityNotExist.Role");
    for action in ["DeleteRole", "GetRole", "ListPoliciesForRole", "UpdateRole"] {
        assert_eq!(cloud.role_code(action, &[]), absent, "{action}");
    }
}

#[test]
fn tags_of_roles() {
    let cloud = Cloud::with_role();
    let of_ci = [("ResourceType", "role"), ("ResourceNames", r#"["ci"]"#)];
    let with = |more: (&'static str, &'static str)| [of_ci[0], of_ci[1], more];
    let tags = || {
        let (status, body) = cloud.call("ListTagResources", &of_ci);
        assert_eq!(status, 200, "{body}");
        let tags = body["TagResources"].as_array().unwrap().iter();
        tags.map(|tag| {
            format!(
                "{}={}",
                tag["TagKey"].as_str().unwrap(),
                tag["TagValue"].as_str().unwrap()
            )
        })
        .collect::<Vec<_>>()
        .join(" ")
    };
    assert_eq!(tags(), "team=platform");
    let more = r#"[{"Key": "team", "Value": "core"}, {"Key": "env", "Value": ""}]"#;
    assert_eq!(cloud.call("TagResources", &with(("Tag", more))).0, 200);
    assert_eq!(tags(), "env= team=core");
    let key = r#"["team"]"#;
    assert_eq!(cloud.call("UntagResources", &with(("TagKeys", key))).0, 200);
    assert_eq!(tags(), "env=");
    for bad in [r#"[{"Key": "acs:x"}]"#, r#"{"Key": "x"}"#, "x", ""] {
        assert_eq!(
            cloud.call("TagResources", &with(("Tag", bad))).0,
            400,
            "{bad}"
        );
    }
}

#[test]
fn trust_policies_are_checked() {
    let cloud = Cloud::with_role();
    let with_statement = |path: &str, value: Value| {
        let mut document = trust();
        *document.pointer_mut(path).unwrap() = value;
        document.to_string()
    };
    let principal = "/Statement/0/Principal";
    let malformed = refused(400, "MalformedPolicyDocument");
    let update = |document: &str| {
        cloud.role_code("UpdateRole", &[("NewAssumeRolePolicyDocument", document)])
    };
    for good in [
        json!({"RAM": "acs:ram::1:root"}),
        json!({"Service": ["ecs.aliyuncs.com"]}),
        json!({"Federated": "acs:ram::9:oidc-provider/elsewhere"}),
        json!({"Federated": "acs:ram::9:saml-provider/elsewhere"}),
    ] {
        assert_eq!(
            update(&with_statement(principal, good.clone())),
            fine(),
            "{good}"
        );
    }
    for bad in [
        "[]".to_owned(),
        "{}".to_owned(),
        with_statement("/Version", json!(1)),
        with_statement("/Statement", json!([])),
        with_statement("/Statement/0", json!({"Resource": "*"})),
        with_statement("/Statement/0/Effect", json!("allow")),
        with_statement("/Statement/0/Action", json!(["oss:*"])),
        with_statement(principal, json!({})),
        with_statement(principal, json!({"federated": PROVIDER})),
        with_statement(principal, json!({"Federated": "ci"})),
        with_statement(principal, json!({"Federated": "acs:ram::18***:root"})),
        with_statement("/Statement/0/Condition", json!({"StringEquals": "x"})),
    ] {
        assert_eq!(update(&bad), malformed, "{bad}");
    }
    assert_eq!(
        update(&"x".repeat(2049)),
        refused(400, "InvalidParameter.NewAssumeRolePolicyDocument.Length")
    );
    cloud.set("missing_principal_refused", json!(true));
    assert_eq!(update(&trust().to_string()), malformed);
    for (name, code) in [
        ("", "InvalidParameter.RoleName.Length"),
        ("a/b", "InvalidParameter.RoleName.InvalidChars"),
    ] {
        let (_, body) = cloud.call("GetRole", &[("RoleName", name)]);
        assert_eq!(body["Code"], code);
    }
}
