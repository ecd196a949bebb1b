//! The order of the changes as a drawing: columns from left to right, an arrow where one waits.

use std::fmt::Write as _;

use super::text;
use crate::plan::Risk;
use crate::view::graph::node_words;
use crate::view::order::Order;
use crate::view::review;
use crate::view::text::{counted, neutral, shorten};

/// All in pixels.
const WIDTH: usize = 208;
const HEIGHT: usize = 58;
const COLUMN_GAP: usize = 48;
const ROW_GAP: usize = 14;
const MARGIN: usize = 8;
/// Columns of text in a box of [`WIDTH`].
const LETTERS: usize = 26;
/// A drawing up to this width is shrunk to a page and can still be read; a wider one is scrolled.
const SHRINKS: usize = 1_600;
/// Rounds of moving each box towards what it is linked with.
const ROUNDS: usize = 4;

/// The drawing with its heading; nothing when nothing waits.
pub(super) fn section(out: &mut String, order: &Order<'_>) {
    if order.arrows.is_empty() {
        return;
    }
    out.push_str(
        "<section aria-labelledby=\"order\">\n<h2 id=\"order\">Order</h2>\n<p>What comes first \
         points at what waits for it.",
    );
    for (count, words) in [
        (order.left_out, "not drawn for want of room"),
        (order.alone, "neither waiting nor waited for"),
    ] {
        if count > 0 {
            let _ = write!(out, " {} {words}.", counted(count, "change"));
        }
    }
    out.push_str(
        "</p>\n<div class=\"wide drawing\" tabindex=\"0\" role=\"region\" \
                  aria-labelledby=\"order\">\n",
    );
    draw(out, order);
    out.push_str("</div>\n</section>\n");
}

fn draw(out: &mut String, order: &Order<'_>) {
    let columns = columns(order);
    let rows = columns.iter().map(Vec::len).max().unwrap_or_default();
    let width = columns.len() * (WIDTH + COLUMN_GAP) - COLUMN_GAP + 2 * MARGIN;
    let height = rows * (HEIGHT + ROW_GAP) - ROW_GAP + 2 * MARGIN;
    let mut at = vec![(0, 0); order.nodes.len()];
    for (column, nodes) in columns.iter().enumerate() {
        // Short columns stand in the middle.
        let free = (rows - nodes.len()) * (HEIGHT + ROW_GAP) / 2;
        for (row, node) in nodes.iter().enumerate() {
            at[*node] = (
                MARGIN + column * (WIDTH + COLUMN_GAP),
                MARGIN + free + row * (HEIGHT + ROW_GAP),
            );
        }
    }
    let _ = writeln!(
        out,
        "<svg class=\"{class}\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" \
         role=\"group\" aria-label=\"Order of the changes\">\n<defs><marker id=\"tip\" \
         viewBox=\"0 0 8 8\" refX=\"7\" refY=\"4\" markerWidth=\"7\" markerHeight=\"7\" \
         orient=\"auto\"><path d=\"M0 0 8 4 0 8z\"/></marker></defs>",
        class = if width <= SHRINKS { "shrinks" } else { "" },
    );
    for (from, to) in &order.arrows {
        let (x1, y1) = (at[*from].0 + WIDTH, at[*from].1 + HEIGHT / 2);
        let (x2, y2) = (at[*to].0, at[*to].1 + HEIGHT / 2);
        let (bend1, bend2) = (x1 + COLUMN_GAP / 2, x2 - COLUMN_GAP / 2);
        let _ = writeln!(
            out,
            "<path class=\"arrow\" d=\"M{x1} {y1}C{bend1} {y1} {bend2} {y2} {x2} {y2}\" \
             marker-end=\"url(#tip)\"/>"
        );
    }
    for (node, (x, y)) in order.nodes.iter().zip(&at) {
        let address = &node.step.address;
        let fit = |foreign: &str| text(&shorten(&neutral(foreign), LETTERS));
        let risk = review::gravest(node.step).map_or("none", Risk::word);
        let (left, first) = (x + 14, y + 17);
        let (second, third) = (y + 33, y + 49);
        let _ = writeln!(
            out,
            "<a href=\"#c{index}\" data-change=\"{index}\"><title>{title}</title><rect x=\"{x}\" \
             y=\"{y}\" width=\"{WIDTH}\" height=\"{HEIGHT}\" rx=\"6\" class=\"box\"/><rect \
             x=\"{x}\" y=\"{y}\" width=\"6\" height=\"{HEIGHT}\" rx=\"3\" class=\"bar {risk}\"/>\
             <text x=\"{left}\" y=\"{first}\" class=\"kind\">{kind}</text><text x=\"{left}\" \
             y=\"{second}\" class=\"name\">{name}</text><text x=\"{left}\" y=\"{third}\" \
             class=\"does\">{does}</text></a>",
            index = node.index,
            title = text(&format!("{address}: {}, risk {risk}", node_words(node))),
            kind = fit(&format!(
                "{}/{}",
                address.account,
                short_kind(address.kind.0)
            )),
            name = fit(&address.name),
            does = node_words(node),
        );
    }
    out.push_str("</svg>\n");
}

/// The kind without its cloud, which the account tells.
fn short_kind(kind: &str) -> &str {
    let clouds = ["Tencent", "Alibaba", "Huawei"];
    let short = clouds.iter().find_map(|cloud| kind.strip_prefix(cloud));
    short.unwrap_or(kind)
}

/// The nodes of each column from top to bottom. Boxes are moved towards the middle of what they are
/// linked with, back and forth, which takes most crossings out.
fn columns(order: &Order<'_>) -> Vec<Vec<usize>> {
    let layers = order.nodes.iter().map(|node| node.layer + 1).max();
    let mut columns: Vec<Vec<usize>> = vec![Vec::new(); layers.unwrap_or_default()];
    for (index, node) in order.nodes.iter().enumerate() {
        columns[node.layer].push(index);
    }
    let mut linked: Vec<Vec<usize>> = vec![Vec::new(); order.nodes.len()];
    for (from, to) in &order.arrows {
        linked[*from].push(*to);
        linked[*to].push(*from);
    }
    // In thousandths of a row, counted from the middle of each column.
    let middle = |row: usize, of: usize| {
        let twice = i64::try_from(2 * row + 1).unwrap_or(0) - i64::try_from(of).unwrap_or(0);
        twice * 500
    };
    let mut height = vec![0_i64; order.nodes.len()];
    for round in 0..=ROUNDS {
        let count = columns.len();
        for step in 0..count {
            let column = if round % 2 == 0 {
                step
            } else {
                count - 1 - step
            };
            let nodes = &mut columns[column];
            if round > 0 {
                nodes.sort_by_key(|node| {
                    let around = &linked[*node];
                    let sum: i64 = around.iter().map(|other| height[*other]).sum();
                    let number = i64::try_from(around.len()).unwrap_or(1).max(1);
                    (sum / number, *node)
                });
            }
            let of = nodes.len();
            for (row, node) in nodes.iter().enumerate() {
                height[*node] = middle(row, of);
            }
        }
    }
    columns
}
