//! Graphs in the languages of Graphviz and Mermaid.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::order::{Order, OrderNode};
use super::review;
use super::text::{neutral, shorten};
use crate::compile::World;
use crate::model::Address;
use crate::plan::Risk;

/// Columns of a label; a longer one is cut in the middle.
const LABEL: usize = 64;

/// Objects and what they wait for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GraphInput {
    /// Each object with the group it is drawn in.
    pub nodes: Vec<(Address, String)>,
    /// From what waits to what it waits for. An end that is no node is left out.
    pub edges: Vec<(Address, Address)>,
}

impl GraphInput {
    /// Everything that is declared, by account.
    pub fn of(world: &World) -> Self {
        let objects = || world.objects.iter();
        Self {
            nodes: objects()
                .map(|(address, _)| (address.clone(), address.account.clone()))
                .collect(),
            edges: objects()
                .flat_map(|(address, desired)| {
                    let needs = desired.needs.iter();
                    needs.map(|need| (address.clone(), need.clone()))
                })
                .collect(),
        }
    }

    fn groups(&self) -> BTreeMap<&str, Vec<(usize, &Address)>> {
        let mut groups: BTreeMap<&str, Vec<(usize, &Address)>> = BTreeMap::new();
        for (index, (address, group)) in self.nodes.iter().enumerate() {
            groups.entry(group).or_default().push((index, address));
        }
        groups
    }

    fn arrows(&self) -> Vec<(usize, usize)> {
        let at: BTreeMap<&Address, usize> = self
            .nodes
            .iter()
            .enumerate()
            .map(|(index, (address, _))| (address, index))
            .collect();
        let mut arrows: Vec<(usize, usize)> = self
            .edges
            .iter()
            .filter_map(|(from, to)| Some((*at.get(from)?, *at.get(to)?)))
            .collect();
        arrows.sort_unstable();
        arrows.dedup();
        arrows
    }
}

/// In the language of Graphviz. An arrow reads `waits for`.
pub fn dot(input: &GraphInput) -> String {
    let mut out = "digraph idform {\n  rankdir=LR;\n  node [shape=box, fontname=\"sans-serif\"];\n"
        .to_owned();
    for (number, (group, nodes)) in input.groups().into_iter().enumerate() {
        let _ = writeln!(out, "  subgraph cluster_{number} {{");
        let _ = writeln!(out, "    label={};", dot_text(group));
        for (index, address) in nodes {
            let label = dot_label(address.kind.0, &address.name);
            let _ = writeln!(out, "    n{index} [label={label}];");
        }
        out.push_str("  }\n");
    }
    for (from, to) in input.arrows() {
        let _ = writeln!(out, "  n{from} -> n{to};");
    }
    out.push_str("}\n");
    out
}

/// In the language of Mermaid. An arrow reads `waits for`.
pub fn mermaid(input: &GraphInput) -> String {
    let mut out = "flowchart LR\n".to_owned();
    for (number, (group, nodes)) in input.groups().into_iter().enumerate() {
        let _ = writeln!(out, "  subgraph g{number}[\"{}\"]", mermaid_text(group));
        for (index, address) in nodes {
            let _ = writeln!(out, "    n{index}[\"{}\"]", mermaid_object(address));
        }
        out.push_str("  end\n");
    }
    for (from, to) in input.arrows() {
        let _ = writeln!(out, "  n{from} --> n{to}");
    }
    out
}

/// The order of a plan's changes, one line each. An arrow leads from what is done first to what
/// waits for it; colours tell the gravest risk, words the action.
pub(super) fn order_lines(order: &Order<'_>) -> Vec<String> {
    let mut groups: BTreeMap<&str, Vec<(usize, &OrderNode<'_>)>> = BTreeMap::new();
    for (index, node) in order.nodes.iter().enumerate() {
        let group = groups.entry(&node.step.address.account).or_default();
        group.push((index, node));
    }
    let mut out = vec!["flowchart LR".to_owned()];
    for (number, (group, nodes)) in groups.into_iter().enumerate() {
        out.push(format!("  subgraph g{number}[\"{}\"]", mermaid_text(group)));
        for (index, node) in nodes {
            let label = mermaid_object(&node.step.address);
            let class = class(review::gravest(node.step));
            let word = node_words(node);
            out.push(format!("    n{index}[\"{label}<br/>{word}\"]:::{class}"));
        }
        out.push("  end".to_owned());
    }
    let arrows = order.arrows.iter();
    out.extend(arrows.map(|(from, to)| format!("  n{from} --> n{to}")));
    // Dark text on light fills reads well on white and on black.
    for (class, fill, line) in [
        ("plain", "#eaeef2", "#6e7781"),
        ("widens", "#ddf4ff", "#0969da"),
        ("breaks", "#fff1c2", "#9a6700"),
        ("switches", "#ffdfc8", "#bc4c00"),
        ("destroys", "#ffd8d3", "#cf222e"),
    ] {
        out.push(format!(
            "  classDef {class} fill:{fill},stroke:{line},color:#1f2328"
        ));
    }
    out
}

/// What a node of the order does: `update`, or `replace: remove` where there are several phases.
pub(super) fn node_words(node: &OrderNode<'_>) -> String {
    let action = node.step.action.word();
    match node.phase {
        Some(phase) => format!("{action}: {}", phase.word()),
        None => action.to_owned(),
    }
}

fn class(risk: Option<Risk>) -> &'static str {
    match risk {
        None | Some(Risk::Cosmetic) => "plain",
        Some(Risk::WidensTrust) => "widens",
        Some(Risk::MayBreakSignIn) => "breaks",
        Some(Risk::SwitchesSignIn) => "switches",
        Some(Risk::Destroys) => "destroys",
    }
}

/// A quoted text of Graphviz, which knows `\"`, in labels `\\`, and HTML's entities.
fn dot_text(text: &str) -> String {
    let text = shorten(&neutral(text), LABEL);
    let text = text.replace('\\', "\\\\").replace('"', "\\\"");
    format!("\"{}\"", text.replace('&', "&amp;"))
}

fn dot_label(kind: &str, name: &str) -> String {
    let (kind, name) = (dot_text(kind), dot_text(name));
    format!("{}\\n{}", &kind[..kind.len() - 1], &name[1..])
}

fn mermaid_object(address: &Address) -> String {
    let (kind, name) = (mermaid_text(address.kind.0), mermaid_text(&address.name));
    format!("{kind}<br/>{name}")
}

/// Text inside a quoted label of Mermaid: whatever could be more than text becomes its character
/// code, `#35;`.
fn mermaid_text(text: &str) -> String {
    let text = shorten(&neutral(text), LABEL);
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_alphanumeric() || matches!(c, ' ' | '-' | '.' | '/' | ',' | '…') {
            out.push(c);
        } else {
            let _ = write!(out, "#{};", u32::from(c));
        }
    }
    out
}

#[cfg(test)]
mod tests;
