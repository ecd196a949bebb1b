//! The vectors of `apis/huawei.md §2.3`, stage by stage.

use super::*;

const KEY: &str = "AKEXAMPLE00000000001";
const SECRET: &str = "SKexampleSKexampleSKexampleSKexample0001";
const ACCOUNT: &str = "0123456789abcdef0123456789abcdef";
const DATE: &str = "20240102T030405Z";
/// 2024-01-02T03:04:05Z
const NOW: i64 = 1_704_164_645;
const HOST: (&str, &str) = ("host", "iam.myhuaweicloud.com");
const DOMAIN: (&str, &str) = ("x-domain-id", ACCOUNT);
const SIGNED_AT: (&str, &str) = ("x-sdk-date", DATE);

fn request(method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Request {
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    Request {
        method: method.to_owned(),
        path: path.to_owned(),
        query: query.to_owned(),
        headers: headers
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect(),
        body: body.as_bytes().to_vec(),
    }
}

fn secret_of(id: &str) -> Option<Secret> {
    (id == KEY).then(|| Secret {
        key: SECRET.to_owned(),
        token: None,
    })
}

/// Checks the canonical request, then the signature, then that a changed request is refused.
fn check(request: &Request, canonical: &str, authorization: &str, token: Option<&str>) {
    let parts = Authorization::read(authorization).unwrap();
    let old_form = matches!(parts.key, Key::Scoped { .. });
    assert_eq!(
        canonical_request(request, &parts.signed, old_form).unwrap(),
        canonical
    );
    let with_token = |id: &str| {
        secret_of(id).map(|secret| Secret {
            token: token.map(str::to_owned),
            ..secret
        })
    };
    assert_eq!(verify(request, authorization, NOW, with_token), Ok(()));
    let mut changed = request.clone();
    changed.path.push('x');
    assert_eq!(
        verify(&changed, authorization, NOW, with_token),
        Err(Refusal::Mismatch)
    );
    let mut changed = request.clone();
    changed.body.push(b' ');
    assert_eq!(
        verify(&changed, authorization, NOW, with_token),
        Err(Refusal::Mismatch)
    );
    let wrong = |_: &str| {
        Some(Secret {
            key: "wrong".to_owned(),
            token: token.map(str::to_owned),
        })
    };
    assert_eq!(
        verify(request, authorization, NOW, wrong),
        Err(Refusal::Mismatch)
    );
}

#[test]
fn vector_1_a_get_without_body() {
    check(
        &request(
            "GET",
            "/v3/OS-FEDERATION/identity_providers",
            &[HOST, DOMAIN, SIGNED_AT],
            "",
        ),
        concat!(
            "GET\n",
            "/v3/OS-FEDERATION/identity_providers/\n",
            "\n",
            "host:iam.myhuaweicloud.com\n",
            "x-domain-id:0123456789abcdef0123456789abcdef\n",
            "x-sdk-date:20240102T030405Z\n",
            "\n",
            "host;x-domain-id;x-sdk-date\n",
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        ),
        "SDK-HMAC-SHA256 Access=AKEXAMPLE00000000001, SignedHeaders=host;x-domain-id;x-sdk-date, Signature=13afe65db3bd5def21fc29b3c69088c6cac8a855e7e206ffa4f0a49f80f4de78",
        None,
    );
}

#[test]
fn vector_2_a_put_with_json_body() {
    check(
        &request(
            "PUT",
            "/v3.0/OS-FEDERATION/identity-providers/ACME/openid-connect-config",
            &[
                ("content-type", "application/json;charset=utf8"),
                HOST,
                DOMAIN,
                SIGNED_AT,
            ],
            r#"{"openid_connect_config":{"access_mode":"program","idp_url":"https://accounts.example.com","client_id":"client_id_example","signing_key":"{\"keys\":[{\"kty\":\"RSA\",\"e\":\"AQAB\",\"use\":\"sig\",\"n\":\"example\",\"kid\":\"kid_example\",\"alg\":\"RS256\"}]}"}}"#,
        ),
        concat!(
            "PUT\n",
            "/v3.0/OS-FEDERATION/identity-providers/ACME/openid-connect-config/\n",
            "\n",
            "content-type:application/json;charset=utf8\n",
            "host:iam.myhuaweicloud.com\n",
            "x-domain-id:0123456789abcdef0123456789abcdef\n",
            "x-sdk-date:20240102T030405Z\n",
            "\n",
            "content-type;host;x-domain-id;x-sdk-date\n",
            "a59b620419b0629c88ad86ec524dbc2a9406473e43b71a8c29d783165efc3842",
        ),
        "SDK-HMAC-SHA256 Access=AKEXAMPLE00000000001, SignedHeaders=content-type;host;x-domain-id;x-sdk-date, Signature=636d7665d3b161823099a089e297d301f9c092375546108f1a2ba4b4ba65937a",
        None,
    );
}

#[test]
fn vector_3_a_security_token_and_a_query() {
    check(
        &request(
            "GET",
            "/v3/projects?name=cn-north-4&enabled=true&domain_id=0123456789abcdef0123456789abcdef",
            &[
                ("content-type", "application/json"),
                HOST,
                DOMAIN,
                SIGNED_AT,
                ("x-security-token", "SECURITYTOKENEXAMPLE=="),
            ],
            "",
        ),
        concat!(
            "GET\n",
            "/v3/projects/\n",
            "domain_id=0123456789abcdef0123456789abcdef&enabled=true&name=cn-north-4\n",
            "content-type:application/json\n",
            "host:iam.myhuaweicloud.com\n",
            "x-domain-id:0123456789abcdef0123456789abcdef\n",
            "x-sdk-date:20240102T030405Z\n",
            "x-security-token:SECURITYTOKENEXAMPLE==\n",
            "\n",
            "content-type;host;x-domain-id;x-sdk-date;x-security-token\n",
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        ),
        "SDK-HMAC-SHA256 Access=AKEXAMPLE00000000001, SignedHeaders=content-type;host;x-domain-id;x-sdk-date;x-security-token, Signature=f8595cadb73882fe1e7893d09538282139a94985693d962c05d494b265b3998d",
        Some("SECURITYTOKENEXAMPLE=="),
    );
}

#[test]
fn vector_4_the_encoding_rules() {
    check(
        &request(
            "GET",
            "/v3/OS-FEDERATION/mappings/a%20b~c+d?q=x%20y/z%3D1%262&empty=&Q=~-_.",
            &[HOST, SIGNED_AT],
            "",
        ),
        concat!(
            "GET\n",
            "/v3/OS-FEDERATION/mappings/a%20b~c%2Bd/\n",
            "Q=~-_.&empty=&q=x%20y%2Fz%3D1%262\n",
            "host:iam.myhuaweicloud.com\n",
            "x-sdk-date:20240102T030405Z\n",
            "\n",
            "host;x-sdk-date\n",
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        ),
        "SDK-HMAC-SHA256 Access=AKEXAMPLE00000000001, SignedHeaders=host;x-sdk-date, Signature=f7821df772cc30e1aab9a8387acecc401365a3ad1d12ca3abb38670d4534aef1",
        None,
    );
}

#[test]
fn vector_5_no_host_and_an_unsigned_account() {
    check(
        &request(
            "PUT",
            "/v3/OS-FEDERATION/identity_providers/ACME",
            &[
                ("host", "iam.cn-north-4.myhuaweicloud.com"),
                ("accept", "application/json"),
                ("content-type", "application/json"),
                ("x-language", "en-us"),
                SIGNED_AT,
                DOMAIN,
            ],
            r#"{"identity_provider":{"enabled":true}}"#,
        ),
        concat!(
            "PUT\n",
            "/v3/OS-FEDERATION/identity_providers/ACME/\n",
            "\n",
            "accept:application/json\n",
            "content-type:application/json\n",
            "x-language:en-us\n",
            "x-sdk-date:20240102T030405Z\n",
            "\n",
            "accept;content-type;x-language;x-sdk-date\n",
            "88cdd80cad3f4662c1ef4e5c6ba4717c725e23e63d78d276ef34a2ecdd4bb353",
        ),
        "SDK-HMAC-SHA256 Access=AKEXAMPLE00000000001, SignedHeaders=accept;content-type;x-language;x-sdk-date, Signature=12703b6ed31111434cf875ee09f70a737552b9a3cdee1a5e8a7e26748759f07c",
        None,
    );
}

#[test]
fn vector_6_the_old_form() {
    check(
        &request(
            "GET",
            "/v3/OS-FEDERATION/identity_providers",
            &[("host", "iam.eu-de.otc.t-systems.com"), SIGNED_AT],
            "",
        ),
        concat!(
            "GET\n",
            "/v3/OS-FEDERATION/identity_providers/\n",
            "\n",
            "host:iam.eu-de.otc.t-systems.com\n",
            "x-sdk-date:20240102T030405Z\n",
            "\n",
            "host;x-sdk-date\n",
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        ),
        "SDK-HMAC-SHA256 Credential=AKEXAMPLE00000000001/20240102///sdk_request, SignedHeaders=host;x-sdk-date, Signature=06344b44781d3fd579aa4cbab2f7b815650fa4916fda83e38bfa8e61cbc03a07",
        None,
    );
}

const VECTOR_1: &str = "SDK-HMAC-SHA256 Access=AKEXAMPLE00000000001, SignedHeaders=host;x-domain-id;x-sdk-date, Signature=13afe65db3bd5def21fc29b3c69088c6cac8a855e7e206ffa4f0a49f80f4de78";

fn first() -> Request {
    request(
        "GET",
        "/v3/OS-FEDERATION/identity_providers",
        &[HOST, DOMAIN, SIGNED_AT],
        "",
    )
}

#[test]
fn the_old_form_derives_the_documented_key() {
    assert_eq!(
        hex::encode(scoped_key(SECRET, "20240102///sdk_request").unwrap()),
        "6bcdbaafd5b8ee5ce0903f66f2f921a1f0713ee32ad8ee7a863fd2755bd6a363"
    );
}

#[test]
fn a_slash_at_the_end_does_not_change_the_signature() {
    let mut request = first();
    request.path.push('/');
    assert_eq!(verify(&request, VECTOR_1, NOW, secret_of), Ok(()));
}

#[test]
fn fifteen_minutes_of_skew_and_no_more() {
    for (seconds, answer) in [
        (900, Ok(())),
        (-900, Ok(())),
        (901, Err(Refusal::Stale)),
        (-901, Err(Refusal::Stale)),
    ] {
        assert_eq!(
            verify(&first(), VECTOR_1, NOW + seconds, secret_of),
            answer,
            "{seconds} seconds"
        );
    }
}

#[test]
fn each_refusal_has_its_cause() {
    let cases = [
        ("", Refusal::Malformed),
        (
            "SDK-HMAC-SM3 Access=A, SignedHeaders=x-sdk-date, Signature=00",
            Refusal::Malformed,
        ),
        (
            "SDK-HMAC-SHA256, Access=A, SignedHeaders=x-sdk-date, Signature=00",
            Refusal::Malformed,
        ),
        (
            "SDK-HMAC-SHA256 Access=A, SignedHeaders=x-sdk-date",
            Refusal::Malformed,
        ),
        (
            "SDK-HMAC-SHA256 Access=A, SignedHeaders=host, Signature=00",
            Refusal::Mismatch,
        ),
        (
            "SDK-HMAC-SHA256 Access=A, SignedHeaders=x-sdk-date, Signature=00",
            Refusal::UnknownKey,
        ),
    ];
    for (authorization, refusal) in cases {
        assert_eq!(
            verify(&first(), authorization, NOW, secret_of),
            Err(refusal),
            "{authorization}"
        );
    }
    for authorization in [
        VECTOR_1.replace("host;", "host;host;"),
        VECTOR_1.replace("host;", "host;x-missing;"),
        VECTOR_1.replace("Signature=13", "Signature=14"),
        VECTOR_1.replace("Signature=13", "Signature=zz"),
        VECTOR_1.replace("host;", ""),
    ] {
        assert_eq!(
            verify(&first(), &authorization, NOW, secret_of),
            Err(Refusal::Mismatch),
            "{authorization}"
        );
    }
}

#[test]
fn a_security_token_must_fit_its_key() {
    let temporary = |id: &str| {
        secret_of(id).map(|secret| Secret {
            token: Some("right".to_owned()),
            ..secret
        })
    };
    let mut request = first();
    assert_eq!(
        verify(&request, VECTOR_1, NOW, temporary),
        Err(Refusal::SecurityToken)
    );
    // Unsigned, as the clients that add it last send it.
    request
        .headers
        .push(("x-security-token".to_owned(), "right".to_owned()));
    assert_eq!(verify(&request, VECTOR_1, NOW, temporary), Ok(()));
    assert_eq!(
        verify(&request, VECTOR_1, NOW, secret_of),
        Err(Refusal::SecurityToken)
    );
}
