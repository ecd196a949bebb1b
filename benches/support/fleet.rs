//! Manifests of many accounts, of every kind, as people write them.

use std::fmt::Write;

/// The clouds in turn.
const CLOUDS: [&str; 3] = ["tencent", "alibaba", "huawei"];

/// Issuers that the accounts of a company trust, each with a file of keys.
pub(crate) const ISSUERS: usize = 20;

/// One account's documents.
pub(crate) struct AccountText {
    /// Its name in the manifests.
    pub(crate) name: String,
    /// Its documents, the `Account` first.
    pub(crate) text: String,
    /// Objects in it.
    pub(crate) objects: usize,
}

/// Accounts of the three clouds in turn with this many objects each. `keys` is where the folder
/// of key files lies, seen from the manifest; [`None`] writes the keys into the documents.
/// `budget` is `requestsPerSecond`; [`None`] leaves each cloud's default.
pub(crate) fn accounts(
    count: usize,
    objects: usize,
    keys: Option<&str>,
    budget: Option<u32>,
) -> Vec<AccountText> {
    (0..count)
        .map(|number| account(number, objects, keys, budget))
        .collect()
}

fn account(number: usize, objects: usize, keys: Option<&str>, budget: Option<u32>) -> AccountText {
    let cloud = CLOUDS[number % CLOUDS.len()];
    let name = format!("{cloud}-{number:03}");
    let id = match cloud {
        "tencent" => format!("\"1000{number:08}\""),
        "alibaba" => format!("\"12345678{number:08}\""),
        _ => format!("0123456789abcdef0123456{number:09}"),
    };
    let budget = budget.map_or_else(String::new, |budget| {
        format!("  requestsPerSecond: {budget}\n")
    });
    let mut text = format!(
        "apiVersion: idform/v1\nkind: Account\nmetadata: {{name: {name}}}\nspec:\n  \
         cloud: {cloud}\n  accountId: {id}\n{budget}"
    );
    let mut written = 0;
    for issuer in 0.. {
        if written >= objects {
            break;
        }
        let keys = keys_of(issuer, keys);
        let (document, of_issuer) = match (cloud, issuer) {
            ("tencent", 0) => (tencent_user(&name, &keys), 1),
            ("tencent", _) => (tencent(&name, issuer, &keys), 1),
            ("alibaba", _) => (alibaba(&name, issuer), 1),
            (_, _) => (huawei(&name, issuer, &keys), 4),
        };
        text.push_str(&document);
        written += of_issuer;
    }
    AccountText {
        name,
        text,
        objects: written,
    }
}

fn keys_of(issuer: usize, folder: Option<&str>) -> String {
    match folder {
        Some(folder) => format!(
            "{{file: {folder}/issuer-{:02}.jwks.json}}",
            issuer % ISSUERS
        ),
        None => format!("{{inline: {}}}", key_set(issuer % ISSUERS)),
    }
}

/// Two RSA keys of 2048 bits, of numbers that nobody has the other half of.
pub(crate) fn key_set(issuer: usize) -> String {
    let key = |which: usize| {
        let mut modulus = String::from("z");
        let mut state = issuer * 2 + which + 1;
        while modulus.len() < 341 {
            state = (state * 48_271) % 2_147_483_647;
            let letter = u8::try_from(state % 26).expect("below 26");
            modulus.push(char::from(b'a' + letter));
        }
        // The last of 342 letters carries two bits only.
        modulus.push('Q');
        format!(
            "{{\"kty\": \"RSA\", \"use\": \"sig\", \"alg\": \"RS256\", \
             \"kid\": \"key-{issuer}-{which}\", \"n\": \"{modulus}\", \"e\": \"AQAB\"}}"
        )
    };
    format!("{{\"keys\": [{}, {}]}}", key(0), key(1))
}

fn head(kind: &str, issuer: usize) -> String {
    format!(
        "---\napiVersion: idform/v1\nkind: {kind}\nmetadata:\n  name: issuer-{issuer:03}\n  \
         owner: \"@acme/platform\"\n"
    )
}

fn tencent_user(account: &str, keys: &str) -> String {
    head("TencentUserOidc", 0)
        + &format!(
            "spec:\n  account: {account}\n  issuer: https://login.acme.example\n  \
             clientId: tencent-console\n  \
             authorizationEndpoint: https://login.acme.example/authorize\n  keys: {keys}\n  \
             responseMode: form_post\n  mappingField: preferred_username\n  \
             scopes: [openid, profile, email]\n  description: Staff of {account}\n"
        )
}

fn tencent(account: &str, issuer: usize, keys: &str) -> String {
    head("TencentOidcProvider", issuer)
        + &format!(
            "spec:\n  account: {account}\n  issuer: https://ci-{issuer}.acme.example\n  \
             clientIds: [sts.tencentcloudapi.com, sts.acme.example]\n  keys: {keys}\n  \
             description: Pipelines of team {issuer}\n"
        )
}

fn alibaba(account: &str, issuer: usize) -> String {
    head("AlibabaOidcProvider", issuer)
        + &format!(
            "spec:\n  account: {account}\n  issuer: https://ci-{issuer}.acme.example\n  \
             clientIds: [sts.aliyuncs.com, sts.acme.example]\n  fingerprints:\n    \
             - 69:38:FD:4D:98:BA:B0:3F:AA:DB:97:B3:43:96:83:1E:37:80:{:02X}:{:02X}\n    \
             - 902ef2deeb3c5b13ea4c3d5193629309e231ae55\n  \
             description: Pipelines of team {issuer}\n  issuanceLimitHours: 12\n",
            issuer / 256,
            issuer % 256
        )
}

/// One federation: four objects that refer to each other.
fn huawei(account: &str, issuer: usize, keys: &str) -> String {
    let mut text = head("HuaweiIdentityProvider", issuer);
    let own = format!("spec:\n  account: {account}\n");
    let reference = format!("{own}  identityProvider: issuer-{issuer:03}\n");
    // Writing to a text never fails.
    let _ = write!(
        text,
        "{own}  enabled: true\n  description: Pipelines of team {issuer}\n"
    );
    text += &head("HuaweiMapping", issuer);
    let _ = write!(
        text,
        "{own}  name: mapping_issuer-{issuer:03}\n  rules:\n    - remote:\n        - type: sub\n        \
         - type: repository\n          any_one_of: [acme/app-{issuer}, acme/infra]\n      local:\n        \
         - user: {{name: \"ci {{0}}\"}}\n        - group: {{name: deployers}}\n"
    );
    text += &head("HuaweiProtocol", issuer);
    let _ = write!(
        text,
        "{reference}  protocol: oidc\n  mapping: issuer-{issuer:03}\n"
    );
    text += &head("HuaweiOidcConfig", issuer);
    let _ = write!(
        text,
        "{reference}  accessMode: program\n  issuer: https://ci-{issuer}.acme.example\n  \
         clientId: sts.myhuaweicloud.com\n  keys: {keys}\n"
    );
    text
}
