//! The signature `SDK-HMAC-SHA256 … Access=`, stage by stage. Pure: the time is an argument.
//! Facts: `apis/huawei.md §2.2`, vectors §2.3.

use super::super::signing::{hmac_sha256, rfc3986, sha256_hex};

/// Name of the algorithm, first word of the header and first line of what is signed.
const ALGORITHM: &str = "SDK-HMAC-SHA256";

/// What is signed of one request.
pub(super) struct ToSign<'a> {
    /// Upper case.
    pub(super) method: &'a str,
    /// Encoded as [`encode_path`] does, without the slash that only the signature adds.
    pub(super) path: &'a str,
    /// Encoded as [`encode_query`] does.
    pub(super) query: &'a str,
    /// Lower-case names; any order. `x-sdk-date` must be among them.
    pub(super) headers: &'a [(&'a str, &'a str)],
    /// The exact bytes that go out.
    pub(super) body: &'a [u8],
}

/// `YYYYMMDDTHHMMSSZ` for Unix seconds. A time outside the years 1 to 9999 is no clock's; it reads
/// as 1970 and the cloud refuses it.
pub(super) fn sdk_date(unix_seconds: i64) -> String {
    jiff::Timestamp::from_second(unix_seconds)
        .unwrap_or(jiff::Timestamp::UNIX_EPOCH)
        .strftime("%Y%m%dT%H%M%SZ")
        .to_string()
}

/// A path as it goes out: each segment percent-decoded once, then encoded with the unreserved set.
pub(super) fn encode_path(path: &str) -> String {
    path.split('/')
        .map(|segment| rfc3986(&decode(segment)))
        .collect::<Vec<_>>()
        .join("/")
}

/// A query as it is signed and goes out: sorted by name, then value; a space is `%20`.
pub(super) fn encode_query(pairs: &[(String, String)]) -> String {
    let mut encoded: Vec<(String, String)> = pairs
        .iter()
        .map(|(name, value)| (rfc3986(name), rfc3986(value)))
        .collect();
    encoded.sort();
    encoded
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect::<Vec<_>>()
        .join("&")
}

/// The canonical request.
pub(super) fn canonical_request(request: &ToSign<'_>) -> String {
    // The slash at the end is for the signature only; the request line goes without it.
    let slash = if request.path.ends_with('/') { "" } else { "/" };
    let headers: Vec<String> = sorted(request.headers)
        .iter()
        .map(|(name, value)| format!("{name}:{}", value.trim()))
        .collect();
    // A blank line ends the headers.
    format!(
        "{}\n{}{slash}\n{}\n{}\n\n{}\n{}",
        request.method,
        request.path,
        request.query,
        headers.join("\n"),
        signed_headers(request.headers),
        sha256_hex(request.body),
    )
}

/// The string to sign.
pub(super) fn string_to_sign(sdk_date: &str, canonical_request: &str) -> String {
    format!(
        "{ALGORITHM}\n{sdk_date}\n{}",
        sha256_hex(canonical_request.as_bytes())
    )
}

/// The `Authorization` header. Between the algorithm and `Access=` there is a space and no comma.
pub(super) fn authorization(
    access_key: &str,
    secret_key: &str,
    sdk_date: &str,
    request: &ToSign<'_>,
) -> String {
    let text = string_to_sign(sdk_date, &canonical_request(request));
    let signature = hex::encode(hmac_sha256(secret_key.as_bytes(), text.as_bytes()));
    format!(
        "{ALGORITHM} Access={access_key}, SignedHeaders={}, Signature={signature}",
        signed_headers(request.headers)
    )
}

fn signed_headers(headers: &[(&str, &str)]) -> String {
    sorted(headers)
        .iter()
        .map(|(name, _)| *name)
        .collect::<Vec<_>>()
        .join(";")
}

fn sorted<'a>(headers: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let mut headers = headers.to_vec();
    headers.sort_unstable();
    headers
}

/// Percent-decodes once. What is no `%XX`, or no UTF-8 afterwards, stays as it is.
pub(super) fn decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let pair = bytes.get(at + 1..at + 3).filter(|_| bytes[at] == b'%');
        let mut byte = [0_u8; 1];
        match pair {
            Some(pair) if hex::decode_to_slice(pair, &mut byte).is_ok() => {
                decoded.push(byte[0]);
                at += 3;
            }
            Some(_) | None => {
                decoded.push(bytes[at]);
                at += 1;
            }
        }
    }
    String::from_utf8(decoded).unwrap_or_else(|_| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The stages of one vector of `apis/huawei.md §2.3`.
    macro_rules! stage {
        ($number:literal, $name:literal) => {
            include_str!(concat!(
                env!("CARGO_MANIFEST_DIR"),
                "/tests/vectors/huawei/",
                $number,
                "/",
                $name,
                ".txt"
            ))
        };
    }

    const ACCESS_KEY: &str = "AKEXAMPLE00000000001";
    const SECRET_KEY: &str = "SKexampleSKexampleSKexampleSKexample0001";
    const DATE: (&str, &str) = ("x-sdk-date", "20240102T030405Z");
    const HOST: (&str, &str) = ("host", "iam.myhuaweicloud.com");
    const DOMAIN: (&str, &str) = ("x-domain-id", "0123456789abcdef0123456789abcdef");

    struct Vector {
        method: &'static str,
        path: &'static str,
        query: Vec<(&'static str, &'static str)>,
        headers: Vec<(&'static str, &'static str)>,
        body: &'static str,
        stages: [&'static str; 3],
    }

    fn vectors() -> Vec<Vector> {
        vec![
            Vector {
                method: "GET",
                path: "/v3/OS-FEDERATION/identity_providers",
                query: vec![],
                headers: vec![DATE, HOST, DOMAIN],
                body: stage!("1", "body"),
                stages: [
                    stage!("1", "canonical"),
                    stage!("1", "string_to_sign"),
                    stage!("1", "authorization"),
                ],
            },
            Vector {
                method: "PUT",
                path: "/v3.0/OS-FEDERATION/identity-providers/ACME/openid-connect-config",
                query: vec![],
                headers: vec![
                    HOST,
                    DOMAIN,
                    ("content-type", "application/json;charset=utf8"),
                    DATE,
                ],
                body: stage!("2", "body"),
                stages: [
                    stage!("2", "canonical"),
                    stage!("2", "string_to_sign"),
                    stage!("2", "authorization"),
                ],
            },
            Vector {
                method: "GET",
                path: "/v3/projects",
                query: vec![
                    ("name", "cn-north-4"),
                    ("enabled", "true"),
                    ("domain_id", "0123456789abcdef0123456789abcdef"),
                ],
                headers: vec![
                    ("x-security-token", " SECURITYTOKENEXAMPLE== "),
                    HOST,
                    DOMAIN,
                    ("content-type", "application/json"),
                    DATE,
                ],
                body: stage!("3", "body"),
                stages: [
                    stage!("3", "canonical"),
                    stage!("3", "string_to_sign"),
                    stage!("3", "authorization"),
                ],
            },
            Vector {
                method: "GET",
                path: "/v3/OS-FEDERATION/mappings/a b~c+d",
                query: vec![("q", "x y/z=1&2"), ("Q", "~-_."), ("empty", "")],
                headers: vec![HOST, DATE],
                body: stage!("4", "body"),
                stages: [
                    stage!("4", "canonical"),
                    stage!("4", "string_to_sign"),
                    stage!("4", "authorization"),
                ],
            },
            Vector {
                method: "PUT",
                path: "/v3/OS-FEDERATION/identity_providers/ACME",
                query: vec![],
                headers: vec![
                    ("accept", "application/json"),
                    ("content-type", "application/json"),
                    ("x-language", "en-us"),
                    DATE,
                ],
                body: stage!("5", "body"),
                stages: [
                    stage!("5", "canonical"),
                    stage!("5", "string_to_sign"),
                    stage!("5", "authorization"),
                ],
            },
        ]
    }

    #[test]
    fn each_stage_is_that_of_the_vectors() {
        for (index, vector) in vectors().iter().enumerate() {
            let query: Vec<(String, String)> = vector
                .query
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect();
            let (path, query) = (encode_path(vector.path), encode_query(&query));
            let request = ToSign {
                method: vector.method,
                path: &path,
                query: &query,
                headers: &vector.headers,
                body: vector.body.as_bytes(),
            };
            let canonical = canonical_request(&request);
            let found = [
                canonical.as_str(),
                &string_to_sign(DATE.1, &canonical),
                &authorization(ACCESS_KEY, SECRET_KEY, DATE.1, &request),
            ];
            assert_eq!(found, vector.stages, "vector {}", index + 1);
        }
    }

    #[test]
    fn the_date_has_the_documented_form() {
        assert_eq!(sdk_date(1_704_164_645), DATE.1);
        assert_eq!(sdk_date(i64::MAX), "19700101T000000Z");
    }

    #[test]
    fn a_path_is_encoded_once_whether_it_came_encoded_or_not() {
        for (path, expected) in [
            ("/a/b c", "/a/b%20c"),
            ("/a/b%20c", "/a/b%20c"),
            ("/a/b%2Fc", "/a/b%2Fc"),
            ("/a/50%", "/a/50%25"),
            ("/a/%zz", "/a/%25zz"),
            ("/a/é", "/a/%C3%A9"),
            ("/a/%FF", "/a/%25FF"),
        ] {
            assert_eq!(encode_path(path), expected, "{path}");
        }
    }
}
