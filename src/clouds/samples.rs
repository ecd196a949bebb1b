//! Examples that the kinds of several clouds share: metadata of identity providers.

use serde_json::{Value, json};

/// The certificate of a test key, CN=idp.example.com, until 2126; nobody has the private half.
const FIRST: &str = concat!(
    "MIIBizCCATGgAwIBAgIUUF4nDQ4bQYJnUt1CEAXvedsZtjswCgYIKoZIzj0EAwIwGjEYMBYGA1UE",
    "AwwPaWRwLmV4YW1wbGUuY29tMCAXDTI2MTEyMjA0Mjc0OFoYDzIxMjYxMDI5MDQyNzQ4WjAaMRgw",
    "FgYDVQQDDA9pZHAuZXhhbXBsZS5jb20wWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAASs5rc6Hf1O",
    "JbkpX5mcppSIST++JGwqDu5o41OTjZjCAYW6BMqyDknC58U9mQ76WvV3/+ZQ5Rk7JRqYPI0HfBAm",
    "o1MwUTAdBgNVHQ4EFgQUiZekKVahtYM4Qb+/J3L4u6fxy3cwHwYDVR0jBBgwFoAUiZekKVahtYM4",
    "Qb+/J3L4u6fxy3cwDwYDVR0TAQH/BAUwAwEB/zAKBggqhkjOPQQDAgNIADBFAiA2SH1Hd+4htwV6",
    "oLc4VQmwjs/zjY3AVItyPAX1U+cY1QIhALdF3cXpBdYwUunbJvu1jyXP9j3ZHgSiwyXp5g2fhglp",
);

/// That of another one, CN=sso.example.com.
const SECOND: &str = concat!(
    "MIIBjDCCATGgAwIBAgIUeRxjpi4GQi1BEisfDCcv5PGrUOswCgYIKoZIzj0EAwIwGjEYMBYGA1UE",
    "AwwPc3NvLmV4YW1wbGUuY29tMCAXDTI2MTEyMjA0Mjc0OVoYDzIxMjYxMDI5MDQyNzQ5WjAaMRgw",
    "FgYDVQQDDA9zc28uZXhhbXBsZS5jb20wWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAARuG8lL8D2C",
    "sz3srk1cz3dWtwaWdVun/lOf4e8uLHed5OOGnBwoN8l7DX0ZHqNg7+o3x6M5tCWC2M7hCIbHkCYA",
    "o1MwUTAdBgNVHQ4EFgQUH+0lh0lluX3uV7yljhquP3stVmwwHwYDVR0jBBgwFoAUH+0lh0lluX3u",
    "V7yljhquP3stVmwwDwYDVR0TAQH/BAUwAwEB/zAKBggqhkjOPQQDAgNJADBGAiEAtm9S0lbXDl1E",
    "cBEVhw6NLVIUZI5m0dRcjN4i5gA6qXYCIQDe/lr+nKjYG4i4EKc33zSJbLzARgUr9h41gPdbPHNq",
    "rQ==",
);

/// Metadata of an identity provider, in manifest form.
pub(super) fn first_metadata() -> Value {
    metadata("idp.example.com", FIRST)
}

/// That of another one, with another certificate.
pub(super) fn second_metadata() -> Value {
    metadata("sso.example.com", SECOND)
}

fn metadata(host: &str, certificate: &str) -> Value {
    let document = format!(
        r#"<?xml version="1.0" encoding="UTF-8"?>
<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" entityID="https://{host}/saml">
  <md:IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">
    <md:KeyDescriptor use="signing">
      <ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#">
        <ds:X509Data><ds:X509Certificate>{certificate}</ds:X509Certificate></ds:X509Data>
      </ds:KeyInfo>
    </md:KeyDescriptor>
    <md:SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" Location="https://{host}/saml/sso"/>
  </md:IDPSSODescriptor>
</md:EntityDescriptor>
"#
    );
    json!({ "inline": document })
}
