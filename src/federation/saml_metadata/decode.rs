//! Bytes to text. XML names its own encoding, and real providers send three of them.

use super::{MAX_BYTES, Problem, visible};

/// Reads the bytes of a document. The text has no byte order mark and, where it was not UTF-8,
/// names UTF-8 as its encoding, since that is what it is sent in from here on; nothing else of it
/// changes.
///
/// UTF-8, UTF-16 with a byte order mark, US-ASCII and ISO-8859-1 are read.
///
/// # Errors
/// Another encoding, bytes that are none of the one that is named, or more than [`MAX_BYTES`].
pub fn decode(bytes: &[u8]) -> Result<String, Problem> {
    if bytes.len() > MAX_BYTES {
        return Err(too_large());
    }
    let text = match bytes {
        [0xef, 0xbb, 0xbf, rest @ ..] => utf8(rest)?,
        [0xff, 0xfe, rest @ ..] => utf16(rest, u16::from_le_bytes)?,
        [0xfe, 0xff, rest @ ..] => utf16(rest, u16::from_be_bytes)?,
        [0, b'<', ..] | [b'<', 0, ..] => {
            let why = "it is UTF-16 without a byte order mark; save it as UTF-8";
            return Err(Problem::new(why));
        }
        _ => by_declaration(bytes)?,
    };
    Ok(declared_as_utf8(&text))
}

/// Takes a text that was decoded already: one that stands in a manifest. See [`decode`].
///
/// # Errors
/// It is larger than [`MAX_BYTES`].
pub fn from_text(text: &str) -> Result<String, Problem> {
    if text.len() > MAX_BYTES {
        return Err(too_large());
    }
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    Ok(declared_as_utf8(text))
}

/// Reads what a cloud holds. Bytes that cannot be read become a text that differs from every
/// document.
pub fn decode_live(bytes: &[u8]) -> String {
    decode(bytes).unwrap_or_else(|_| String::from_utf8_lossy(bytes).into_owned())
}

fn too_large() -> Problem {
    Problem::new(format!("it has more than {} KiB", MAX_BYTES / 1024))
}

fn utf8(bytes: &[u8]) -> Result<String, Problem> {
    std::str::from_utf8(bytes)
        .map(str::to_owned)
        .map_err(|error| Problem::new(format!("byte {} is not UTF-8", error.valid_up_to())))
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Result<String, Problem> {
    let broken = || Problem::new("it begins like UTF-16 and is none");
    let (pairs, []) = bytes.as_chunks::<2>() else {
        return Err(broken());
    };
    let units: Vec<u16> = pairs.iter().map(|pair| unit(*pair)).collect();
    let text = String::from_utf16(&units).map_err(|_| broken())?;
    let declared = declared(&text).map(|(_, name)| name.to_ascii_lowercase());
    match declared {
        Some(name) if !name.starts_with("utf-16") => Err(Problem::at(
            1,
            format!(
                "the document says that it is {} and is UTF-16",
                visible(&name)
            ),
        )),
        Some(_) | None => Ok(text),
    }
}

/// Without a mark the declaration decides; its own letters are the same in all of these.
fn by_declaration(bytes: &[u8]) -> Result<String, Problem> {
    let head: String = bytes
        .iter()
        .take(200)
        .map(|byte| char::from(*byte))
        .collect();
    let name = declared(&head).map(|(_, name)| name.to_ascii_lowercase());
    match name.as_deref() {
        None | Some("utf-8" | "utf8" | "us-ascii" | "ascii") => utf8(bytes),
        Some("iso-8859-1" | "latin1" | "iso_8859-1") => {
            Ok(bytes.iter().map(|byte| char::from(*byte)).collect())
        }
        Some(other) => Err(Problem::at(
            1,
            format!(
                "its encoding {} is none that is read here; save it as UTF-8",
                visible(other)
            ),
        )),
    }
}

/// Where the XML declaration names an encoding, and which.
fn declared(text: &str) -> Option<(std::ops::Range<usize>, &str)> {
    let end = text.strip_prefix("<?xml")?.find("?>")? + "<?xml".len();
    let declaration = &text[..end];
    let after = declaration.find("encoding")? + "encoding".len();
    let rest = declaration[after..].trim_start().strip_prefix('=')?;
    let rest = rest.trim_start();
    let quote = rest.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    let start = end - rest.len() + 1;
    let length = rest[1..].find(quote)?;
    Some((start..start + length, &text[start..start + length]))
}

fn declared_as_utf8(text: &str) -> String {
    match declared(text) {
        Some((place, name)) if !name.eq_ignore_ascii_case("utf-8") => {
            format!("{}UTF-8{}", &text[..place.start], &text[place.end..])
        }
        Some(_) | None => text.to_owned(),
    }
}
