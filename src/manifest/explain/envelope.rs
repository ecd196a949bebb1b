//! What `explain` says of the parts that do not come from a field table: `metadata`, `lifecycle`,
//! `Account`.

/// The explanation of one of these, or of one of their keys.
pub(super) fn explain(topic: &str) -> Option<String> {
    let (name, key) = topic
        .split_once('.')
        .map_or((topic, None), |(name, key)| (name, Some(key)));
    let text = TEXTS.iter().find(|text| title(text) == name)?;
    let Some(key) = key else {
        return Some((*text).to_owned());
    };
    let lines: Vec<&str> = keys(text).find(|lines| key_of(lines) == key)?;
    let meaning = lines.iter().map(|line| line.trim_start());
    let meaning = meaning.collect::<Vec<_>>().join(" ");
    let meaning = meaning.strip_prefix(key).unwrap_or(&meaning).trim_start();
    Some(format!("{name}.{key}\n\n  {meaning}\n"))
}

/// The topics; those of one part's keys once it is named.
pub(super) fn topics(prefix: &str) -> Vec<String> {
    let mut topics = Vec::new();
    for text in TEXTS {
        topics.push(title(text).to_owned());
        if prefix.split('.').next() == Some(title(text)) {
            topics.extend(keys(text).map(|lines| format!("{}.{}", title(text), key_of(&lines))));
        }
    }
    topics
}

fn title(text: &str) -> &str {
    text.lines().next().unwrap_or_default()
}

/// The lines of each key: one that begins under the title's text, and those that go further in.
fn keys(text: &str) -> impl Iterator<Item = Vec<&str>> {
    let mut keys: Vec<Vec<&str>> = Vec::new();
    for line in text.lines().skip_while(|line| !line.contains("   ")) {
        match keys.last_mut() {
            Some(key) if line.starts_with("   ") => key.push(line),
            _ => keys.push(vec![line]),
        }
    }
    keys.into_iter()
}

fn key_of<'a>(lines: &[&'a str]) -> &'a str {
    let first = lines.first().copied().unwrap_or_default();
    first.split_whitespace().next().unwrap_or_default()
}

const TEXTS: [&str; 3] = [METADATA, LIFECYCLE, ACCOUNT];

const METADATA: &str = "metadata

  What a document is called here.

  name      the last part of the address, unique for each kind and account: 1 to 63 lower-case
            letters, digits and dashes, no dash at either end
  labels    texts of your own by name, for example {team: platform}; --label team=platform selects
            the objects that carry it. Those made of a portable document carry its labels
  owner     who answers for it; shown in reviews
";

const LIFECYCLE: &str = "lifecycle

  How far the object is this document's business. May be left out.

  ensure      present (default) or absent: then the object is deleted, or disabled where the cloud
              cannot delete it
  mode        manage (default), or observe: compare and report, never write
  protect     true refuses any change that may break sign-in or destroys
  ignore      fields that are not yours: neither compared nor written
  dependsOn   further addresses to wait for; the rest follows from references
  waive       lints that were looked at and may stand: a list of {code: …, reason: …, until:
              2027-06-30}; after that day they are told again
";

const ACCOUNT: &str = "Account

  Where to reconcile, never a secret.

  cloud              which cloud; always needed
  accountId          the account's number there, in quotes; checked before anything else
  site               which site of the cloud, where it has several
  region             which IAM host, where the cloud has several
  credentials        profile, envPrefix, webIdentity, assumeRole; by default that cloud's own
                     chain. `idform explain Account.credentials` lists it
  requestsPerSecond  no window of one second holds more requests than this
  unmanaged          report: whether providers that nobody declared are reported;
                     ignore: names that are left out, with * globs
";
