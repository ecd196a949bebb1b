use super::*;
use crate::sandbox::TestCredentials;
use crate::sandbox::digest::sha256_hex;
use crate::sandbox::testing::{NOW, alibaba_v1, alibaba_v3, request, with_header};

const EMPTY: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
const SECRET: &str = "testAccessKeySecret";

/// Every stage of one V3 vector: string to sign, then signature.
fn check_v3(
    request: &Request,
    signed: &str,
    secret: &str,
    canonical_sha256: &str,
    signature: &str,
) {
    let canonical = signature_v3::canonical_request(request, signed);
    assert_eq!(sha256_hex(canonical.as_bytes()), canonical_sha256);
    let header = format!("ACS3-HMAC-SHA256 Credential=k,SignedHeaders={signed},Signature=s");
    let parts = signature_v3::parse(&header).unwrap();
    let expected = signature_v3::expected(request, &parts, secret);
    assert_eq!(expected.signature, signature);
    assert!(expected.mismatch.message.contains(&canonical));
}

fn ims(action: &str, date: &str, nonce: &str, query: &str) -> Request {
    let headers = [
        ("host", "ims.aliyuncs.com"),
        ("x-acs-action", action),
        ("x-acs-content-sha256", EMPTY),
        ("x-acs-date", date),
        ("x-acs-signature-nonce", nonce),
        ("x-acs-version", "2019-08-15"),
    ];
    request("POST", query, &headers, "")
}

const SIGNED: &str =
    "host;x-acs-action;x-acs-content-sha256;x-acs-date;x-acs-signature-nonce;x-acs-version";

#[test]
fn vector_doc() {
    let headers = [
        ("host", "ecs.cn-shanghai.aliyuncs.com"),
        ("x-acs-action", "RunInstances"),
        ("x-acs-content-sha256", EMPTY),
        ("x-acs-date", "2023-10-26T10:22:32Z"),
        ("x-acs-signature-nonce", "3156853299f313e23d1673dc12e1703d"),
        ("x-acs-version", "2014-05-26"),
    ];
    // Given out of order: the verifier sorts.
    let query = "RegionId=cn-shanghai&ImageId=win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd";
    check_v3(
        &request("POST", query, &headers, ""),
        SIGNED,
        "YourAccessKeySecret",
        "7ea06492da5221eba5297e897ce16e55f964061054b7695beedaac1145b1e259",
        "06563a9e1b43f5dfe96b81484da74bceab24a1d853912eee15083a6f0f3283c0",
    );
}

#[test]
fn vector_a_plain() {
    check_v3(
        &ims(
            "GetOIDCProvider",
            "2025-01-15T08:30:00Z",
            "0123456789abcdef0123456789abcdef",
            "OIDCProviderName=TestOIDCProvider",
        ),
        SIGNED,
        SECRET,
        "4282c8b092bafe202e491f908516ae9dfcf5d91284fb70824146a4970282c237",
        "d9f5c90d6dcc0f010f5f8d8fa4e7fb5e9c5b086ed77c5fd481c9ecfa20ad0e21",
    );
}

#[test]
fn vector_b_with_a_token() {
    let query = "OIDCProviderName=github-actions&IssuerUrl=https://token.actions.\
                 githubusercontent.com&Fingerprints=902ef2deeb3c5b13ea4c3d5193629309e231ae55&\
                 ClientIds=sts.aliyuncs.com&IssuanceLimitTime=12&Description=CI%20federation";
    let mut request = ims(
        "CreateOIDCProvider",
        "2025-01-15T08:30:01Z",
        "fedcba9876543210fedcba9876543210",
        query,
    );
    request = with_header(request, "x-acs-accesskey-id", "STS.testAccessKeyId");
    request = with_header(
        request,
        "x-acs-security-token",
        "testSecurityToken/abc+def==",
    );
    check_v3(
        &request,
        "host;x-acs-accesskey-id;x-acs-action;x-acs-content-sha256;x-acs-date;\
         x-acs-security-token;x-acs-signature-nonce;x-acs-version",
        SECRET,
        "0a93ccbefd898ff82aa02014d8e4d2cbb0e5e83445c19d903cd8c2a98031336f",
        "d688ae983d9d85fc059256db10bce31ca3638d4763cf8e5f7be337250bde0e56",
    );
}

#[test]
fn vector_c_reserved_characters() {
    // As a form encoder would write it: the verifier decodes and encodes anew.
    let query = "OIDCProviderName=TestOIDCProvider&NewDescription=%E8%BA%AB%E4%BB%BD%E6%8F%90\
                 %E4%BE%9B%E5%95%86+%C3%A9~*%2B(a%2Cb)&ClientIds=app-1%2Capp_2%3Ax%2Fy%2C\
                 sts.aliyuncs.com";
    check_v3(
        &ims(
            "UpdateOIDCProvider",
            "2025-01-15T08:30:02Z",
            "00112233445566778899aabbccddeeff",
            query,
        ),
        SIGNED,
        SECRET,
        "37f11ae66217ac9dd21d2f96373c43a8a84db77695b656c6a23878c74bc9f1b8",
        "d5f878f9e56af64ac9ff51f64c5b29cfcf9323c78ef298be268d14f36bbc5bae",
    );
}

#[test]
fn vector_d_form_body() {
    let headers = [
        ("content-type", "application/x-www-form-urlencoded"),
        ("host", "ims.aliyuncs.com"),
        ("x-acs-action", "CreateSAMLProvider"),
        (
            "x-acs-content-sha256",
            "e89f909ed737959f00b014bf07aab6debd93016ba35954b87a7908faf951be9c",
        ),
        ("x-acs-date", "2025-01-15T08:30:03Z"),
        ("x-acs-signature-nonce", "ffeeddccbbaa99887766554433221100"),
        ("x-acs-version", "2019-08-15"),
    ];
    let body = "EncodedSAMLMetadataDocument=PHNhbWw%2BPC9zYW1sPg%3D%3D&SAMLProviderName=corp-idp";
    check_v3(
        &request("POST", "", &headers, body),
        &format!("content-type;{SIGNED}"),
        SECRET,
        "016f9890c2212db254a2705b341bc2e3ac04a33a6be13e460aa8545507638137",
        "d0d159f7eb6cbb2fff8b57dd2a2602d95f0bb646f45edc9318a5ecdaacb42607",
    );
}

#[test]
fn vector_e_get_with_an_empty_value() {
    let headers = [
        ("host", "ram.aliyuncs.com"),
        ("x-acs-action", "ListRoles"),
        ("x-acs-content-sha256", EMPTY),
        ("x-acs-date", "2025-01-15T08:30:04Z"),
        ("x-acs-signature-nonce", "abcdef0123456789abcdef0123456789"),
        ("x-acs-version", "2015-05-01"),
    ];
    check_v3(
        &request("GET", "Marker=&MaxItems=100", &headers, ""),
        SIGNED,
        SECRET,
        "f0d1d264a4e6f7628a122052f6caf2a6f190fe579d499fd232afd88937268087",
        "112c9e0e76c0e0171dd6d9acc05516160bb82b73ee09a0d8922bde17c63046af",
    );
}

#[test]
fn vector_f_what_the_python_sdk_sends() {
    let mut request = ims(
        "GetOIDCProvider",
        "2025-01-15T08:30:00Z",
        "0123456789abcdef0123456789abcdef",
        "OIDCProviderName=TestOIDCProvider",
    );
    for (name, value) in [
        ("accept", "application/json"),
        ("user-agent", "fixed-agent/1.0"),
        ("x-acs-credentials-provider", "static_ak"),
    ] {
        request = with_header(request, name, value);
    }
    check_v3(
        &request,
        "accept;host;user-agent;x-acs-action;x-acs-content-sha256;x-acs-credentials-provider;\
         x-acs-date;x-acs-signature-nonce;x-acs-version",
        SECRET,
        "e0229f5010b82f11b6a489908ec8414eb17398cbd8bc931a20f9a6c247be8e94",
        "f11f3d4a6583b2c58af4e9413134208292e193c841bd667f6910fe810f387ed5",
    );
}

fn check_v1(method: &str, query: &str, secret: &str, string_to_sign: &str, signature: &str) {
    let asked = Asked::read(&request(method, query, &[], ""));
    assert_eq!(signature_v1::string_to_sign(method, &asked), string_to_sign);
    let expected = signature_v1::expected(method, &asked, secret);
    assert_eq!(expected.signature, signature);
    let message = format!("server string to sign is:{string_to_sign}");
    assert!(expected.mismatch.message.ends_with(&message));
}

#[test]
fn vector_v1_a_published() {
    check_v1(
        "GET",
        "Version=2014-05-26&AccessKeyId=testid&Action=DescribeRegions&Format=XML&\
         SignatureMethod=HMAC-SHA1&SignatureNonce=3ee8c1b8-83d3-44af-a94f-4e0ad82fd6cf&\
         SignatureVersion=1.0&Timestamp=2016-02-23T12%3A46%3A24Z&Signature=ignored",
        "testsecret",
        "GET&%2F&AccessKeyId%3Dtestid%26Action%3DDescribeRegions%26Format%3DXML%26\
         SignatureMethod%3DHMAC-SHA1%26SignatureNonce%3D3ee8c1b8-83d3-44af-a94f-4e0ad82fd6cf%26\
         SignatureVersion%3D1.0%26Timestamp%3D2016-02-23T12%253A46%253A24Z%26Version%3D2014-05-26",
        "OLeaidS1JvxuMvnyHOwuJ+uX5qY=",
    );
}

#[test]
fn vector_v1_b_ims() {
    check_v1(
        "POST",
        "AccessKeyId=testAccessKeyId&Action=GetOIDCProvider&Format=json&\
         OIDCProviderName=TestOIDCProvider&SignatureMethod=HMAC-SHA1&\
         SignatureNonce=0123456789abcdef0123456789abcdef&SignatureVersion=1.0&\
         Timestamp=2025-01-15T08%3A30%3A00Z&Version=2019-08-15",
        SECRET,
        "POST&%2F&AccessKeyId%3DtestAccessKeyId%26Action%3DGetOIDCProvider%26Format%3Djson%26\
         OIDCProviderName%3DTestOIDCProvider%26SignatureMethod%3DHMAC-SHA1%26\
         SignatureNonce%3D0123456789abcdef0123456789abcdef%26SignatureVersion%3D1.0%26\
         Timestamp%3D2025-01-15T08%253A30%253A00Z%26Version%3D2019-08-15",
        "IPvULiHQ0RMiAtNhXj018dm2geE=",
    );
}

#[test]
fn vector_v1_c_reserved_characters() {
    check_v1(
        "POST",
        "AccessKeyId=testAccessKeyId&Action=UpdateOIDCProvider&ClientIds=app-1%2Capp_2%3Ax%2Fy&\
         Format=JSON&NewDescription=%E8%BA%AB%E4%BB%BD%20%C3%A9~%2A%2B%28a%2Cb%29&\
         OIDCProviderName=TestOIDCProvider&SignatureMethod=HMAC-SHA1&\
         SignatureNonce=0123456789abcdef0123456789abcdef&SignatureVersion=1.0&\
         Timestamp=2025-01-15T08%3A30%3A00Z&Version=2019-08-15",
        SECRET,
        "POST&%2F&AccessKeyId%3DtestAccessKeyId%26Action%3DUpdateOIDCProvider%26ClientIds%3Dapp-1\
         %252Capp_2%253Ax%252Fy%26Format%3DJSON%26NewDescription%3D%25E8%25BA%25AB%25E4%25BB%25BD\
         %2520%25C3%25A9~%252A%252B%2528a%252Cb%2529%26OIDCProviderName%3DTestOIDCProvider%26\
         SignatureMethod%3DHMAC-SHA1%26SignatureNonce%3D0123456789abcdef0123456789abcdef%26\
         SignatureVersion%3D1.0%26Timestamp%3D2025-01-15T08%253A30%253A00Z%26Version%3D2019-08-15",
        "F/h7R7iJihASpXqTfBeJYmC83OM=",
    );
}

fn permanent() -> TestCredentials {
    credentials::permanent("alibaba", "1234567890123456").unwrap()
}

fn temporary() -> TestCredentials {
    credentials::temporary("alibaba", "1234567890123456").unwrap()
}

fn code(request: &Request, nonces: &Nonces) -> String {
    verify(request, &Asked::read(request), nonces, NOW)
        .map_or_else(|refusal| refusal.code, |known| known.account)
}

const OK: &str = "1234567890123456";

#[test]
fn the_clock_may_be_off_by_fifteen_minutes() {
    for sign in [alibaba_v3, alibaba_v1] {
        for (offset, expected) in [
            (900, OK),
            (-900, OK),
            (901, "InvalidTimeStamp.Expired"),
            (-901, "InvalidTimeStamp.Expired"),
        ] {
            let request = sign(&permanent(), "ListOIDCProviders", &[], "n", NOW + offset);
            assert_eq!(code(&request, &Nonces::default()), expected);
        }
    }
}

#[test]
fn a_nonce_counts_once_for_each_key() {
    let nonces = Nonces::default();
    for sign in [alibaba_v3, alibaba_v1] {
        let nonce = format!("{}", nonces.0.lock().unwrap().len());
        let request = sign(&permanent(), "ListOIDCProviders", &[], &nonce, NOW);
        assert_eq!(code(&request, &nonces), OK);
        assert_eq!(code(&request, &nonces), "SignatureNonceUsed");
        let other = sign(&temporary(), "ListOIDCProviders", &[], &nonce, NOW);
        assert_eq!(code(&other, &nonces), OK);
    }
    let mut wrong = permanent();
    wrong.secret.clear();
    let refused = alibaba_v3(&wrong, "ListOIDCProviders", &[], "fresh", NOW);
    assert_eq!(code(&refused, &nonces), "SignatureDoesNotMatch");
    let fine = alibaba_v3(&permanent(), "ListOIDCProviders", &[], "fresh", NOW);
    assert_eq!(code(&fine, &nonces), OK);
}

#[test]
fn keys_and_tokens() {
    for sign in [alibaba_v3, alibaba_v1] {
        let with = |change: &dyn Fn(&mut TestCredentials)| {
            let mut key = temporary();
            change(&mut key);
            code(
                &sign(&key, "ListOIDCProviders", &[], "n", NOW),
                &Nonces::default(),
            )
        };
        assert_eq!(with(&|_| {}), OK);
        assert_eq!(with(&|key| key.token = None), "MissingSecurityToken");
        assert_eq!(
            with(&|key| key.token = Some("x".to_owned())),
            "InvalidSecurityToken.MismatchWithAccessKey"
        );
        assert_eq!(
            with(&|key| key.key_id = "LTAIreal".to_owned()),
            "InvalidAccessKeyId.NotFound"
        );
        assert_eq!(
            with(&|key| key.secret = "x".to_owned()),
            "SignatureDoesNotMatch"
        );
    }
}

#[test]
fn what_was_signed_must_have_come() {
    let good = alibaba_v3(&permanent(), "ListOIDCProviders", &[], "n", NOW);
    let check = |request: &Request, expected: &str| {
        assert_eq!(code(request, &Nonces::default()), expected);
    };
    check(
        &with_header(good.clone(), "host", "other"),
        "SignatureDoesNotMatch",
    );
    check(
        &with_header(good.clone(), "x-acs-content-sha256", "0"),
        "SignatureDoesNotMatch",
    );
    let mut changed = good.clone();
    changed.query = "MaxItems=3".to_owned();
    check(&changed, "SignatureDoesNotMatch");
    let mut changed = good.clone();
    changed.body = b"x".to_vec();
    check(&changed, "SignatureDoesNotMatch");
    check(
        &with_header(good.clone(), "x-acs-security-token", "unsigned"),
        "IncompleteSignature",
    );
    check(
        &with_header(good.clone(), "content-type", "application/json"),
        "IncompleteSignature",
    );
    check(
        &with_header(good.clone(), "x-acs-date", "2026-01-02T03:04:05.000Z"),
        "InvalidTimeStamp.Format",
    );
    check(
        &with_header(good.clone(), "authorization", "ACS3-HMAC-SM3 Credential=a"),
        "IncompleteSignature",
    );
    let mut both = good;
    both.query = "Signature=x".to_owned();
    check(&both, "IncompleteSignature");
    check(
        &request("POST", "Action=ListOIDCProviders", &[], ""),
        "MissingAccessKeyId",
    );
}
