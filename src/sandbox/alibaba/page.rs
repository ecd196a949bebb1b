//! Pages of a list, with an opaque marker: apis/alibaba.md §1.6.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::answer::Result;
use super::asked::Asked;
use super::check::invalid;
use super::state::Settings;
use crate::sandbox::digest::sha256_hex;

/// Items on a page when not said: apis/alibaba.md §1.6.
const ITEMS: usize = 100;

/// Which of the names go on this page.
pub(super) struct Page {
    pub(super) names: Vec<String>,
    pub(super) is_truncated: bool,
    pub(super) marker: Option<String>,
}

/// Cuts the page that `Marker` and `MaxItems`, which may be up to `most`, ask for out of the sorted
/// names.
pub(super) fn cut(
    asked: &Asked,
    settings: &Settings,
    sorted: Vec<String>,
    most: usize,
) -> Result<Page> {
    let items = match asked.whole("MaxItems")? {
        None => ITEMS,
        Some(items) => usize::try_from(items)
            .ok()
            .filter(|items| (1..=most).contains(items))
            .ok_or_else(|| invalid("MaxItems", &format!("1 to {most}")))?,
    };
    let items = items.min(settings.list_page_items.max(1));
    let after = match asked.text("Marker") {
        "" => String::new(),
        marker => last_name(marker).ok_or_else(|| invalid("Marker", "not one of ours"))?,
    };
    // With an overlap of one, a page of one item would never get anywhere.
    let overlaps = settings.list_pages_overlap && items > 1;
    let mut names: Vec<String> = sorted
        .into_iter()
        .filter(|name| *name > after || (overlaps && *name == after))
        .collect();
    let is_truncated = names.len() > items;
    names.truncate(items);
    let marker = names
        .last()
        .filter(|_| is_truncated || settings.marker_on_last_page)
        .map(|name| marker(name));
    Ok(Page {
        names,
        is_truncated,
        marker,
    })
}

/// Opaque and checked, so that nobody computes one: a digest of the last name, then the name.
fn marker(name: &str) -> String {
    URL_SAFE_NO_PAD.encode(format!("{}{name}", seal(name)))
}

fn last_name(marker: &str) -> Option<String> {
    let text = String::from_utf8(URL_SAFE_NO_PAD.decode(marker).ok()?).ok()?;
    let name = text.get(16..)?;
    (text.get(..16)? == seal(name)).then(|| name.to_owned())
}

fn seal(name: &str) -> String {
    sha256_hex(format!("marker {name}").as_bytes())
        .chars()
        .take(16)
        .collect()
}
