//! SAML providers and user SSO.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::*;

const OLD: &str = include_str!("../../../../tests/cases/keys/idp-old.metadata.xml");
const MANY: &str = include_str!("../../../../tests/fixtures/saml/fusionauth-8-keys.xml");

/// Creates `idp` with a document, and gives status and code.
fn create(cloud: &Cloud, document: &[u8]) -> (u16, String) {
    let encoded = STANDARD.encode(document);
    let given = [
        ("SAMLProviderName", "idp"),
        ("EncodedSAMLMetadataDocument", encoded.as_str()),
    ];
    let (status, body) = cloud.call("CreateSAMLProvider", &given);
    (status, body["Code"].as_str().unwrap_or_default().to_owned())
}

#[test]
fn documents_come_back_broken_into_lines() {
    let cloud = Cloud::new();
    assert_eq!(create(&cloud, OLD.as_bytes()).0, 200);
    let name = [("SAMLProviderName", "idp")];
    let (_, body) = cloud.call("GetSAMLProvider", &name);
    let document = body["SAMLProvider"]["EncodedSAMLMetadataDocument"]
        .as_str()
        .unwrap();
    assert!(document.lines().all(|line| line.len() <= 76));
    let joined: String = document.lines().collect();
    assert_eq!(STANDARD.decode(joined).unwrap(), OLD.as_bytes());
    let (_, body) = cloud.call("ListSAMLProviders", &[]);
    let listed = &body["SAMLProviders"]["SAMLProvider"][0];
    assert_eq!(listed["SAMLProviderName"], "idp");
    assert_eq!(listed.get("AuthnSignAlgo"), None);
    assert_eq!(listed.get("EncodedSAMLMetadataDocument"), None);
    // An account from before the algorithm came.
    cloud.set("knows_authn_sign_algo", json!(false));
    let (_, body) = cloud.call("GetSAMLProvider", &name);
    assert_eq!(body["SAMLProvider"].get("AuthnSignAlgo"), None);
}

#[test]
fn not_found_has_two_spellings() {
    let cloud = Cloud::new();
    for (ends_in_error, code) in [
        (false, "EntityNotExist.SAMLProvider"),
        (true, "EntityNotExist.SAMLProviderError"),
    ] {
        cloud.set("saml_not_found_ends_in_error", json!(ends_in_error));
        for (action, more) in [
            ("GetSAMLProvider", None),
            ("DeleteSAMLProvider", None),
            ("UpdateSAMLProvider", Some(("NewDescription", "x"))),
        ] {
            let given: Vec<(&str, &str)> = [("SAMLProviderName", "idp")]
                .into_iter()
                .chain(more)
                .collect();
            let (status, body) = cloud.call(action, &given);
            assert_eq!((status, body["Code"].as_str()), (404, Some(code)));
        }
    }
}

#[test]
fn documents_are_looked_at() {
    let cloud = Cloud::new();
    let invalid = refused(400, "InvalidParameter.EncodedSAMLMetadataDocument");
    let deep = "<a>".repeat(20_000);
    for document in [
        "",
        "no XML",
        "<a/>",
        &deep,
        &format!("<!DOCTYPE a>{OLD}"),
        &OLD.replace("SAML:2.0:metadata", "SAML:1.1:metadata"),
        &OLD.replace("IDPSSODescriptor", "SPSSODescriptor"),
        &OLD.replace("use=\"signing\"", "use=\"encryption\""),
        &OLD.replace("entityID", "entity"),
        &OLD.replace("MIIC", "?IIC"),
        &OLD.replace("MIIC", "AAAA"),
        &OLD.replace("  ", &" ".repeat(5_000)),
    ] {
        assert_eq!(
            create(&cloud, document.as_bytes()),
            invalid,
            "{document:.80}"
        );
    }
    assert_eq!(create(&cloud, b"\xff"), invalid);
    assert_eq!(
        create(&cloud, MANY.as_bytes()),
        refused(409, "LimitExceeded.SAMLProvider.Certificate")
    );
    cloud.set("signing_certificate_quota", json!(8));
    assert_eq!(create(&cloud, MANY.as_bytes()).0, 200);
    cloud.set("saml_provider_quota", json!(0));
    assert_eq!(
        create(&cloud, OLD.as_bytes()),
        refused(409, "EntityAlreadyExists.SAMLProvider")
    );
}

#[test]
fn user_sso_keeps_or_resets_what_is_left_out() {
    let cloud = Cloud::new();
    let set = |given: &[(&str, &str)]| {
        let (status, body) = cloud.call("SetUserSsoSettings", given);
        assert_eq!(status, 200, "{body}");
        body["UserSsoSettings"].clone()
    };
    let document = STANDARD.encode(OLD);
    // As the SDK for Python spells switches.
    let full = [
        ("MetadataDocument", document.as_str()),
        ("SsoEnabled", "True"),
        ("SsoLoginWithDomain", "False"),
        ("AuxiliaryDomain", "acme.example"),
        ("AuthnSignAlgo", "rsa-sha256"),
    ];
    for resets in [true, false] {
        cloud.set("user_sso_resets_omitted", json!(resets));
        set(&full);
        let left = set(&[("AuthnSignAlgo", "rsa-sha256")]);
        assert_eq!(left["SsoEnabled"], !resets);
        assert_eq!(left["SsoLoginWithDomain"], resets);
        assert_eq!(
            left["AuxiliaryDomain"],
            if resets { "" } else { "acme.example" }
        );
        assert_ne!(left["MetadataDocument"], "");
        let (_, body) = cloud.call("GetUserSsoSettings", &[]);
        assert_eq!(body["UserSsoSettings"], left);
    }
    for (given, code) in [
        (("SsoEnabled", "yes"), "InvalidParameter.SsoEnabled"),
        (
            ("AuxiliaryDomain", "a b"),
            "InvalidParameter.AuxiliaryDomain",
        ),
        (("AuthnSignAlgo", "md5"), "InvalidParameter.AuthnSignAlgo"),
        (
            ("MetadataDocument", "PGEvPg=="),
            "InvalidParameter.MetadataDocument",
        ),
    ] {
        let (status, body) = cloud.call("SetUserSsoSettings", &[given]);
        assert_eq!((status, body["Code"].as_str()), (400, Some(code)));
    }
}
