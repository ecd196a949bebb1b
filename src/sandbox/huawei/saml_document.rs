//! As much of XML as it takes to say whether a text is well-formed SAML metadata, and whose.
//!
//! A scanner, not a parser: it balances tags, reads attributes and refuses a DOCTYPE. Entities
//! and namespaces are not resolved, because only the root's name and one attribute are wanted.

/// The `entityID` of the root `EntityDescriptor`; `None` when the text is not well-formed or the
/// root is something else.
pub(super) fn entity_id(document: &str) -> Option<String> {
    let mut rest = document.trim_start_matches('\u{feff}');
    let mut open: Vec<&str> = Vec::new();
    let mut entity = None;
    let mut has_root = false;
    while let Some(start) = rest.find('<') {
        let outside = open.is_empty();
        if outside && !rest.get(..start)?.trim().is_empty() {
            return None;
        }
        let tag = rest.get(start..)?;
        if tag.starts_with("<?") {
            rest = after(tag, "?>")?;
        } else if tag.starts_with("<!--") {
            rest = after(tag, "-->")?;
        } else if tag.starts_with("<![CDATA[") && !outside {
            rest = after(tag, "]]>")?;
        } else if let Some(closing) = tag.strip_prefix("</") {
            let (name, after) = closing.split_once('>')?;
            if open.pop()? != name.trim_end() {
                return None;
            }
            rest = after;
        } else {
            let element = Element::read(tag.strip_prefix('<')?)?;
            if outside {
                if has_root || local_name(element.name) != "EntityDescriptor" {
                    return None;
                }
                has_root = true;
                entity = element.attribute("entityID").map(unescaped);
            }
            if !element.is_empty {
                open.push(element.name);
            }
            rest = element.after;
        }
    }
    let ends_well = open.is_empty() && rest.trim().is_empty();
    entity.filter(|id| ends_well && !id.is_empty())
}

/// A start tag.
struct Element<'a> {
    name: &'a str,
    attributes: Vec<(&'a str, &'a str)>,
    is_empty: bool,
    after: &'a str,
}

impl<'a> Element<'a> {
    /// Reads from behind `<`.
    fn read(text: &'a str) -> Option<Self> {
        let end = text.find(|c: char| c.is_whitespace() || c == '>' || c == '/')?;
        let name = text.get(..end).filter(|name| is_name(name))?;
        let mut rest = text.get(end..)?;
        let mut attributes: Vec<(&str, &str)> = Vec::new();
        loop {
            let spaced = rest.trim_start();
            let is_empty = spaced.starts_with("/>");
            if let Some(after) = spaced
                .strip_prefix("/>")
                .or_else(|| spaced.strip_prefix('>'))
            {
                return Some(Self {
                    name,
                    attributes,
                    is_empty,
                    after,
                });
            }
            let (key, value) = spaced.split_once('=')?;
            let key = key.trim_end();
            let value = value.trim_start();
            let quote = value.chars().next().filter(|c| *c == '"' || *c == '\'')?;
            let (value, after) = value.get(1..)?.split_once(quote)?;
            let is_new = attributes.iter().all(|(other, _)| *other != key);
            if spaced.len() == rest.len() || !is_name(key) || !is_new || value.contains('<') {
                return None;
            }
            attributes.push((key, value));
            rest = after;
        }
    }

    fn attribute(&self, name: &str) -> Option<&'a str> {
        self.attributes
            .iter()
            .find(|(key, _)| *key == name)
            .map(|(_, value)| *value)
    }
}

fn after<'a>(text: &'a str, end: &str) -> Option<&'a str> {
    text.split_once(end).map(|(_, after)| after)
}

fn local_name(name: &str) -> &str {
    name.rsplit_once(':').map_or(name, |(_, local)| local)
}

fn is_name(name: &str) -> bool {
    let mut characters = name.chars();
    characters
        .next()
        .is_some_and(|c| c.is_alphabetic() || c == '_')
        && characters.all(|c| c.is_alphanumeric() || "_-.:".contains(c))
}

fn unescaped(text: &str) -> String {
    text.replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&apos;", "'")
        .replace("&amp;", "&")
}

#[cfg(test)]
mod tests {
    use super::entity_id;

    #[test]
    fn reads_the_root() {
        for document in [
            "<EntityDescriptor entityID='https://a.example'/>",
            "<?xml version=\"1.0\"?>\n<!-- c --><md:EntityDescriptor xmlns:md=\"urn:x\"\n entityID = \"https://a.example\"><md:A b='>'><![CDATA[<]]></md:A>text</md:EntityDescriptor>\n",
        ] {
            assert_eq!(
                entity_id(document).as_deref(),
                Some("https://a.example"),
                "{document}"
            );
        }
    }

    #[test]
    fn refuses_what_is_not_metadata() {
        for document in [
            "",
            "text",
            "<EntityDescriptor/>",
            "<EntityDescriptor entityID=''/>",
            "<EntitiesDescriptor entityID='a'/>",
            "<EntityDescriptor entityID='a'>",
            "<EntityDescriptor entityID='a'></Other>",
            "<EntityDescriptor entityID='a'/><Second/>",
            "<EntityDescriptor entityID='a'/>tail",
            "<EntityDescriptor entityID='a' entityID='b'/>",
            "<EntityDescriptor entityID=a/>",
            "<EntityDescriptor entityID='a'",
            "<!DOCTYPE x><EntityDescriptor entityID='a'/>",
            "<EntityDescriptor entityID='ä\u{1F600}",
        ] {
            assert_eq!(entity_id(document), None, "{document}");
        }
    }
}
