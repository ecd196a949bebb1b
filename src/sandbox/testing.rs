//! Clients for tests: they sign as the fact sheets say, with code of their own.

use serde_json::Value;

use super::TestCredentials;
use super::digest::{hmac_sha1, hmac_sha256, sha256_hex};
use super::wire::{Request, Response, encode};

/// 2026-01-02T03:04:05Z, the time of the Tencent Cloud vectors.
pub(crate) const NOW: i64 = 1_767_323_045;

/// A request of these parts, nothing signed.
pub(crate) fn request(method: &str, query: &str, headers: &[(&str, &str)], body: &str) -> Request {
    Request {
        method: method.to_owned(),
        path: "/".to_owned(),
        query: query.to_owned(),
        headers: headers
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect(),
        body: body.as_bytes().to_vec(),
    }
}

/// Replaces or adds a header, leaving the signature as it is.
pub(crate) fn with_header(mut request: Request, name: &str, value: &str) -> Request {
    request.headers.retain(|(header, _)| header != name);
    request.headers.push((name.to_owned(), value.to_owned()));
    request
}

/// The body of an answer as JSON.
pub(crate) fn json_of(response: &Response) -> Value {
    serde_json::from_slice(&response.body).unwrap()
}

/// A TC3-signed POST.
pub(crate) fn tencent(
    key: &TestCredentials,
    action: &str,
    parameters: &Value,
    now: i64,
) -> Request {
    let (service, version) = if ["GetCallerIdentity", "AssumeRole"].contains(&action) {
        ("sts", "2018-08-13")
    } else {
        ("cam", "2019-01-16")
    };
    let body = parameters.to_string();
    let date = jiff::Timestamp::from_second(now).unwrap();
    let date = date.strftime("%Y-%m-%d").to_string();
    let canonical = format!(
        "POST\n/\n\ncontent-type:application/json\nhost:127.0.0.1:9001\n\ncontent-type;host\n{}",
        sha256_hex(body.as_bytes())
    );
    let scope = format!("{date}/{service}/tc3_request");
    let text = format!(
        "TC3-HMAC-SHA256\n{now}\n{scope}\n{}",
        sha256_hex(canonical.as_bytes())
    );
    let mut signing_key = format!("TC3{}", key.secret).into_bytes();
    for part in [date.as_str(), service, "tc3_request"] {
        signing_key = hmac_sha256(&signing_key, part.as_bytes());
    }
    let authorization = format!(
        "TC3-HMAC-SHA256 Credential={}/{scope}, SignedHeaders=content-type;host, Signature={}",
        key.key_id,
        hex::encode(hmac_sha256(&signing_key, text.as_bytes()))
    );
    let stamp = now.to_string();
    let mut headers = vec![
        ("host", "127.0.0.1:9001"),
        ("content-type", "application/json"),
        ("authorization", &authorization),
        ("x-tc-action", action),
        ("x-tc-version", version),
        ("x-tc-timestamp", &stamp),
        ("x-tc-region", "ap-guangzhou"),
    ];
    if let Some(token) = &key.token {
        headers.push(("x-tc-token", token));
    }
    request("POST", "", &headers, &body)
}

/// An ACS3-signed POST with the parameters in the query.
pub(crate) fn alibaba_v3(
    key: &TestCredentials,
    action: &str,
    parameters: &[(&str, &str)],
    nonce: &str,
    now: i64,
) -> Request {
    let version = match action {
        "GetCallerIdentity" | "AssumeRole" => "2015-04-01",
        _ if action.contains("Role") || action.contains("agResources") => "2015-05-01",
        _ => "2019-08-15",
    };
    let query = joined(parameters);
    let date = acs_date(now);
    let empty = sha256_hex(b"");
    let mut headers = vec![
        ("host", "ims.aliyuncs.com"),
        ("x-acs-action", action),
        ("x-acs-content-sha256", empty.as_str()),
        ("x-acs-date", date.as_str()),
        ("x-acs-signature-nonce", nonce),
        ("x-acs-version", version),
    ];
    if let Some(token) = &key.token {
        headers.insert(4, ("x-acs-security-token", token));
    }
    let lines: Vec<String> = headers.iter().map(|(n, v)| format!("{n}:{v}\n")).collect();
    let names: Vec<&str> = headers.iter().map(|(name, _)| *name).collect();
    let names = names.join(";");
    let canonical = format!("POST\n/\n{query}\n{}\n{names}\n{empty}", lines.concat());
    let text = format!("ACS3-HMAC-SHA256\n{}", sha256_hex(canonical.as_bytes()));
    let signature = hex::encode(hmac_sha256(key.secret.as_bytes(), text.as_bytes()));
    let authorization = format!(
        "ACS3-HMAC-SHA256 Credential={},SignedHeaders={names},Signature={signature}",
        key.key_id
    );
    headers.push(("authorization", &authorization));
    request("POST", &query, &headers, "")
}

/// A V1-signed POST with everything in a form.
pub(crate) fn alibaba_v1(
    key: &TestCredentials,
    action: &str,
    parameters: &[(&str, &str)],
    nonce: &str,
    now: i64,
) -> Request {
    use base64::Engine as _;

    let date = acs_date(now);
    let mut all = vec![
        ("AccessKeyId", key.key_id.as_str()),
        ("Action", action),
        ("Format", "JSON"),
        ("SignatureMethod", "HMAC-SHA1"),
        ("SignatureNonce", nonce),
        ("SignatureVersion", "1.0"),
        ("Timestamp", &date),
        ("Version", "2019-08-15"),
    ];
    if let Some(token) = &key.token {
        all.push(("SecurityToken", token));
    }
    all.extend_from_slice(parameters);
    let text = format!("POST&%2F&{}", encode(&joined(&all)));
    let signature = hmac_sha1(format!("{}&", key.secret).as_bytes(), text.as_bytes());
    let signature = base64::engine::general_purpose::STANDARD.encode(signature);
    all.push(("Signature", &signature));
    let form = "application/x-www-form-urlencoded";
    let headers = [("host", "ims.aliyuncs.com"), ("content-type", form)];
    request("POST", "", &headers, &joined(&all))
}

fn joined(parameters: &[(&str, &str)]) -> String {
    let mut pairs: Vec<String> = parameters
        .iter()
        .map(|(name, value)| format!("{}={}", encode(name), encode(value)))
        .collect();
    pairs.sort();
    pairs.join("&")
}

fn acs_date(now: i64) -> String {
    let time = jiff::Timestamp::from_second(now).unwrap();
    time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}
