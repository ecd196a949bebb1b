//! `idform explain`: what a kind, a field or a code means, from the same tables as the checks.

mod envelope;

use std::fmt::Write as _;

use super::check::{length_words, suggestion};
use crate::model::Code;
use crate::provider::portable::Holding;
use crate::provider::{
    Catalogue, Change, Clear, Cloud, Effect, Field, Form, KindInfo, Link, Naming, Need,
    PortableKind, Removal, TextRule, TrustForm,
};

/// Explains a topic: `KIND`, `KIND.field`, a diagnostic code, or nothing for the list of kinds.
/// [`None`] when there is no such topic.
pub fn explain(catalogue: impl Into<Catalogue>, topic: &str) -> Option<String> {
    let catalogue = catalogue.into();
    let clouds = catalogue.clouds;
    let topic = topic.trim();
    if topic.is_empty() {
        return Some(kinds(catalogue));
    }
    if topic == "Account.credentials" {
        return Some(credentials(clouds));
    }
    if let Some(text) = envelope::explain(topic) {
        return Some(text);
    }
    if let Some(code) = Code::ALL.iter().find(|code| code.slug() == topic) {
        return Some(format!("{}\n\n  {}\n", code.slug(), code.explanation()));
    }
    let (kind, rest) = topic
        .split_once('.')
        .map_or((topic, None), |(kind, rest)| (kind, Some(rest)));
    if let Some(portable) = catalogue.portable.iter().find(|it| it.name.0 == kind) {
        return match rest {
            None => Some(portable_text(portable, clouds)),
            Some("accounts") => Some(format!("{kind}.accounts\n\n{ACCOUNTS}")),
            Some(name) => {
                let field = portable.fields.iter().find(|field| field.name == name)?;
                Some(portable_field_text(portable, field, clouds))
            }
        };
    }
    let (info, cloud) = clouds
        .iter()
        .flat_map(|cloud| cloud.kinds.iter().map(|kind| (kind.info(), *cloud)))
        .find(|(info, _)| info.name.0 == kind)?;
    match rest {
        None => Some(kind_text(info, cloud)),
        Some("account") => Some(format!(
            "{kind}.account\n\n  The metadata.name of an Account of {}.\n",
            cloud.title
        )),
        Some("name") => name_text(info),
        Some(name) => {
            let field = info.fields.iter().find(|field| field.name == name)?;
            Some(field_text(info, field))
        }
    }
}

/// The topic that was most likely meant by one that is none, as help.
pub fn nearest_topic(catalogue: impl Into<Catalogue>, topic: &str) -> Option<String> {
    // The fields of a kind are topics once it is named, whatever its spelling.
    let catalogue = catalogue.into();
    let kind = topic.split('.').next().unwrap_or_default();
    let all = topics(catalogue, "");
    let named = all.iter().find(|known| known.eq_ignore_ascii_case(kind));
    let known = named.map_or_else(Vec::new, |kind| topics(catalogue, kind));
    let known: Vec<&str> = known.iter().chain(&all).map(String::as_str).collect();
    let help = suggestion(topic, &known, "");
    help.starts_with("did you mean").then_some(help)
}

/// What [`explain`] knows of what begins with `prefix`: kinds and codes, and of one kind the fields
/// too, once it is named in full.
pub fn topics(catalogue: impl Into<Catalogue>, prefix: &str) -> Vec<String> {
    let catalogue = catalogue.into();
    let portable = catalogue.portable.iter().map(|kind| {
        let fields = kind.fields.iter().map(|field| field.name);
        (kind.name.0, fields.chain(["accounts"]).collect::<Vec<_>>())
    });
    let native = catalogue.clouds.iter().flat_map(|cloud| cloud.kinds);
    let native = native.map(|kind| {
        let info = kind.info();
        let name = matches!(info.naming, Naming::Named(_)).then_some("name");
        let fields = info.fields.iter().map(|field| field.name);
        let fields = fields.chain(["account"]).chain(name);
        (info.name.0, fields.collect::<Vec<_>>())
    });
    let mut topics = envelope::topics(prefix);
    topics.extend(Code::ALL.iter().map(|code| code.slug().to_owned()));
    for (kind, fields) in portable.chain(native) {
        topics.push(kind.to_owned());
        if prefix.split('.').next() == Some(kind) {
            topics.extend(fields.iter().map(|field| format!("{kind}.{field}")));
        }
    }
    topics.retain(|topic| topic.starts_with(prefix));
    topics
}

const ACCOUNTS: &str = "  Who trusts it: a list of {account: NAME, set: {...}}.

  account  the metadata.name of an Account
  set      fields of the kinds that the document stands for in that account's cloud, in place of
           the common ones; and `name`, the name in the cloud, metadata.name by default
";

const CREDENTIALS: &str = "Account.credentials

  Where an account's credentials come from: names of places, never a secret. Absent, that cloud's own
  chain; the first source that is there counts, and one that is half there is an error.

  profile      a profile of the vendor's CLI or SDK files; nothing else is looked at
  envPrefix    put before every variable of the chain: PROD_TENCENTCLOUD_SECRET_ID. The machine's
               own identity is then not fallen back on
  webIdentity  keyless: a token of a CI system or a cluster is exchanged at the cloud
    provider         the identity provider as the cloud knows it
    role             the role to become
    tokenFile        a file, read again at each exchange
    tokenEnv         a variable
    github           {audience: …}: asks GitHub Actions for the job's token
    sessionName      in the cloud's logs; idform by default
    durationSeconds  3600 by default; keys are renewed five minutes before their end
  assumeRole   another identity to become, from any of these or from the chain: role (agency and
               domain on Huawei Cloud), sessionName, durationSeconds, externalId

  Whoever can change a manifest cannot have secrets sent away: `tokenEnv` takes variables whose names
  end in ID_TOKEN, OIDC_TOKEN or WEB_IDENTITY_TOKEN; `tokenFile` files below /var/run/secrets/ (not
  the cluster's own token) and those that the clouds' variables name, such as
  ALIBABA_CLOUD_OIDC_TOKEN_FILE. The operator allows others under `[env] allow` and `[credentials]
  token_files` of the configuration. Nothing but a JSON web token is ever sent, and only to the
  cloud's own STS.
";

fn credentials(clouds: &[&Cloud]) -> String {
    let mut text = CREDENTIALS.to_owned();
    for cloud in clouds {
        line(&mut text, &format!("\n  {}, in this order:", cloud.title));
        for (number, place) in cloud.credentials.chain.iter().enumerate() {
            line(&mut text, &format!("  {}. {place}", number + 1));
        }
        let rules = &cloud.credentials;
        line(
            &mut text,
            &format!("  provider  {}", rule_words(&rules.provider)),
        );
        let is_needed = if rules.web_role_needed {
            ""
        } else {
            "; may be left out"
        };
        line(
            &mut text,
            &format!("  role      {}{is_needed}", rule_words(&rules.web_role)),
        );
        let (least, most) = rules.duration_seconds;
        line(&mut text, &format!("  durationSeconds  {least} to {most}"));
    }
    line(
        &mut text,
        "\n  IDFORM_METADATA=off keeps the machine's metadata service from being asked.",
    );
    text
}

fn kinds(catalogue: Catalogue) -> String {
    let mut text = "Kinds\n\n  Account\n      Where to reconcile, never a secret.\n".to_owned();
    for kind in catalogue.portable {
        line(&mut text, &format!("  {}", kind.name));
        line(&mut text, &format!("      {}", kind.doc));
    }
    for cloud in catalogue.clouds {
        for kind in cloud.kinds {
            let info = kind.info();
            line(&mut text, &format!("  {}", info.name));
            line(&mut text, &format!("      {}", info.doc));
        }
    }
    line(
        &mut text,
        "\n`idform explain KIND` lists its fields, `idform explain KIND.field` explains one,",
    );
    line(
        &mut text,
        "`idform explain CODE` explains the code of a message.",
    );
    text
}

fn kind_text(info: &KindInfo, cloud: &Cloud) -> String {
    let mut text = format!("{} ({})\n\n  {}\n\n", info.name, cloud.title, info.doc);
    let naming = match info.naming {
        Naming::Named(_) => "`name` in the cloud, metadata.name by default".to_owned(),
        Naming::Singleton => "one for each account, without a name".to_owned(),
        Naming::ByFields(fields) => format!("by {}", fields.join(", ")),
    };
    line(&mut text, &format!("  named     {naming}"));
    let removal = match info.removal {
        Removal::Delete => "deletes it".to_owned(),
        Removal::Disable => "disables it; the record stays".to_owned(),
        Removal::WithParent(field) => format!("not by itself: it goes with its `{field}`"),
    };
    line(&mut text, &format!("  absent    {removal}"));
    let listed = match info.cannot_list {
        None => "all of an account can be listed".to_owned(),
        Some(why) => format!("cannot be listed: {why}"),
    };
    line(&mut text, &format!("  listed    {listed}"));
    line(&mut text, &format!("  source    {}", info.source));
    line(&mut text, "\n  Fields of spec, besides `account`:");
    table(&mut text, info.fields);
    text
}

fn table(text: &mut String, fields: &[Field]) {
    let width = fields.iter().map(|field| field.name.len()).max();
    let width = width.unwrap_or(0);
    for field in fields {
        line(text, &format!("  {:width$}  {}", field.name, field.doc));
    }
}

fn portable_text(kind: &PortableKind, clouds: &[&Cloud]) -> String {
    let mut text = format!("{} (portable)\n\n  {}\n", kind.name, kind.doc);
    for (word, meaning) in kind.uses {
        line(&mut text, &format!("\n  use: {word} ({meaning})"));
        for cloud in clouds {
            let stands_for = match kind.in_general(cloud.id, word) {
                Ok(holding) => names(&holding),
                Err(gap) => format!("cannot: {}; {}", gap.why, gap.instead),
            };
            line(&mut text, &format!("    {:8}  {stands_for}", cloud.id.0));
        }
    }
    line(&mut text, "\n  Fields of spec, besides `accounts`:");
    table(&mut text, kind.fields);
    text
}

fn names(holding: &Holding) -> String {
    let names: Vec<&str> = holding.parts.iter().map(|part| part.kind.0).collect();
    names.join(", ")
}

fn portable_field_text(kind: &PortableKind, field: &Field, clouds: &[&Cloud]) -> String {
    let mut text = format!("{}.{}\n\n  {}\n", kind.name, field.name, field.doc);
    line(
        &mut text,
        &format!("\n  {:8}  {}", "takes", form_words(&field.form)),
    );
    for (word, _) in kind.uses {
        let mut said = String::new();
        for cloud in clouds {
            let Ok(holding) = kind.in_general(cloud.id, word) else {
                continue;
            };
            let taken: Vec<String> = holding
                .takers(field.name)
                .map(|(kind, name)| format!("{kind}.{name}"))
                .collect();
            let mut not_used = holding.not_used.iter();
            let how = match not_used.find(|(name, _)| *name == field.name) {
                _ if !taken.is_empty() => taken.join(", "),
                Some((_, why)) => format!("not used: {why}"),
                None => continue,
            };
            line(&mut said, &format!("    {:8}  {how}", cloud.id.0));
        }
        if !said.is_empty() {
            line(&mut text, &format!("\n  use: {word}"));
            text.push_str(&said);
        }
    }
    text
}

fn name_text(info: &KindInfo) -> Option<String> {
    let Naming::Named(rule) = info.naming else {
        return None;
    };
    Some(format!(
        "{}.name\n\n  The name in the cloud; metadata.name by default.\n\n  takes     {}\n",
        info.name,
        rule_words(&rule)
    ))
}

fn field_text(info: &KindInfo, field: &Field) -> String {
    let mut text = format!("{}.{}\n\n  {}\n\n", info.name, field.name, field.doc);
    let need = match field.need {
        Need::Optional => "no; absent, the live value stays as it is",
        Need::ForCreate => {
            "to create the object; afterwards, absent, the live value stays as it is"
        }
        Need::Always => "always: it is part of what the object is",
    };
    let null = match field.clear {
        Clear::Text => "clears the value".to_owned(),
        Clear::Set => "empties the set".to_owned(),
        Clear::Mapping => "empties the mapping".to_owned(),
        Clear::Refused(why) => format!("refused: {why}"),
    };
    let change = match field.change {
        Change::InPlace => "in place",
        Change::Immutable => "never: another value replaces the object",
    };
    let effect = match field.effect {
        Effect::Cosmetic => "nothing",
        Effect::Accepts => {
            "decides who is accepted: additions widen trust, removals may break sign-in"
        }
        Effect::MayBreak => "sign-in may stop working; nobody new gets in",
        Effect::Longer => "a greater value accepts more, a smaller one less",
        Effect::Switches => "switches a way to sign in",
        Effect::Structure => "nothing by itself; other objects hang on it",
    };
    for (word, meaning) in [
        ("takes", form_words(&field.form)),
        ("needed", need.to_owned()),
        ("null", null),
        ("changes", change.to_owned()),
        ("sign-in", effect.to_owned()),
        ("in cloud", field.cloud_name.to_owned()),
        ("source", field.source.to_owned()),
    ] {
        line(&mut text, &format!("  {word:8}  {meaning}"));
    }
    text
}

/// What a field takes, in words.
pub fn form_words(form: &Form) -> String {
    match form {
        Form::Text(rule) => format!("text: {}", rule_words(rule)),
        Form::Flag => "true or false".to_owned(),
        Form::Integer { min, max, unit } => format!("a whole number from {min} to {max}, {unit}"),
        Form::Choice(words) => format!("one of {}", words.join(", ")),
        Form::TextSet { item, max_items } => {
            format!(
                "a set of at most {max_items} texts, each: {}",
                rule_words(item)
            )
        }
        Form::Keys { max_characters, .. } => format!(
            "{{issuer: true}}, {{file: PATH}} or {{inline: {{keys: [...]}}}}; at most {max_characters} characters as JSON"
        ),
        Form::Metadata { max_bytes } => format!(
            "{{file: PATH}} or {{inline: \"<EntityDescriptor …>\"}}; at most {max_bytes} bytes of XML"
        ),
        Form::Fingerprints { max_items } => {
            format!("at most {max_items} SHA-1 fingerprints, or {{issuer: true}}")
        }
        Form::Reference { kind, link } => {
            let link = match link {
                Link::Refers => "",
                Link::PartOf => "; this object goes with it",
                Link::TakesAlong => "; it goes when this object's parent goes",
            };
            format!("the metadata.name of a {kind}, or {{external: name-in-the-cloud}}{link}")
        }
        Form::Json { shape, .. } => (*shape).to_owned(),
        Form::Trust(trust) => format!(
            "{{policy: DOCUMENT}} in the grammar of {}, or {{federated: [{{provider, audiences, subjects}}, ...]}}; a provider is the metadata.name of a {}, or {{external: name-in-the-cloud, kind: KIND}}",
            trust.grammar.cloud,
            kind_names(trust)
        ),
        Form::Tags { max_items, .. } => format!("a mapping of at most {max_items} keys to texts"),
    }
}

fn kind_names(trust: &TrustForm) -> String {
    let names: Vec<&str> = trust.providers.iter().map(|(kind, _)| *kind).collect();
    names.join(" or ")
}

fn rule_words(rule: &TextRule) -> String {
    if rule.allowed.is_empty() {
        length_words(rule)
    } else {
        format!("{}, {}", length_words(rule), rule.allowed)
    }
}

fn line(text: &mut String, line: &str) {
    // Writing to a String cannot fail.
    let _ = writeln!(text, "{line}");
}
