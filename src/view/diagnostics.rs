//! Diagnostics as text, in the form of rustc's.
//!
//! The excerpt of the source is cut and made safe here, before annotate-snippets sees it: it shows
//! hidden characters as pictures and prints a whole span however long the line is.

use std::ops::Range;

use annotate_snippets::{AnnotationKind, Element, Group, Level, Origin, Renderer, Snippet};

use super::text::{columns, neutral, push_neutral, wrap};
use super::theme::Theme;
use crate::model::{Diagnostic, Label, Severity, SourceId, SourceMap};

/// Labels at most this many lines apart share an excerpt.
const NEAR_LINES: u32 = 5;

/// Fewest columns anything is laid out for.
const NARROWEST: usize = 40;

/// Stands for an excerpt's place until the text is laid out; no neutral text holds it.
const PLACE: char = '\0';

/// All findings as text, a blank line between them; the empty text when there are none.
pub fn render(
    diagnostics: &[Diagnostic],
    sources: &SourceMap,
    theme: &Theme,
    width: usize,
) -> String {
    let width = width.max(NARROWEST);
    let shown: Vec<String> = diagnostics
        .iter()
        .map(|diagnostic| one(diagnostic, sources, theme, width))
        .collect();
    shown.join("\n")
}

fn one(diagnostic: &Diagnostic, sources: &SourceMap, theme: &Theme, width: usize) -> String {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let title = level
        .primary_title(neutral(&diagnostic.title))
        .id(diagnostic.code.slug());
    let mut elements: Vec<Element<'_>> = Vec::new();
    let mut origins = Vec::new();
    for (index, excerpt) in excerpts(diagnostic, sources, width).into_iter().enumerate() {
        origins.push(excerpt.origin);
        let annotations = excerpt.labels.into_iter().map(|(span, text, is_main)| {
            let kind = if is_main && index == 0 {
                AnnotationKind::Primary
            } else {
                AnnotationKind::Context
            };
            kind.span(span)
                .label(Some(text).filter(|text| !text.is_empty()))
        });
        elements.push(
            Snippet::source(excerpt.text)
                .path(format!("{PLACE}{index}"))
                .line_start(excerpt.first_line)
                .annotations(annotations)
                .into(),
        );
    }
    let place = diagnostic.file.as_ref().map(ToString::to_string);
    if let (true, Some(place)) = (diagnostic.labels.is_empty(), &place) {
        elements.push(Origin::path(neutral(place)).into());
    }
    for note in &diagnostic.notes {
        elements.push(Level::NOTE.message(paragraph(note, width)).into());
    }
    if let Some(help) = &diagnostic.help {
        elements.push(Level::HELP.message(paragraph(help, width)).into());
    }
    let renderer = Renderer::plain()
        // The excerpts fit already; trimmed once more, they would lose their labels.
        .term_width(usize::from(u16::MAX))
        .error(theme.error())
        .warning(theme.warning())
        .note(theme.strong())
        .help(theme.help())
        .emphasis(theme.strong())
        .line_num(theme.dim())
        .context(theme.dim());
    let mut text = renderer.render(&[Group::with_title(title).elements(elements)]);
    text.push('\n');
    if origins.is_empty() {
        // Without line numbers the margin would be narrower than in all other findings.
        return text.trim_end().replace('\n', "\n ") + "\n";
    }
    true_places(&text, &origins)
}

/// Puts the true places in: annotate-snippets counts columns in the excerpt, which is cut.
fn true_places(text: &str, origins: &[String]) -> String {
    let mut parts = text.split(PLACE);
    let mut shown = parts.next().unwrap_or_default().to_owned();
    for (part, origin) in parts.zip(origins) {
        shown.push_str(origin);
        shown.push_str(part.trim_start_matches(|c: char| c == ':' || c.is_ascii_digit()));
    }
    shown
}

/// Notes may hold line breaks: they are set in below the first line and so cannot pass for output
/// of our own.
fn paragraph(text: &str, width: usize) -> String {
    /// Columns of `  = help: `, with a line number of two digits.
    const MARGIN: usize = 12;
    let lines: Vec<String> = text
        .split('\n')
        .flat_map(|line| wrap(&neutral(line), width - MARGIN))
        .collect();
    lines.join("\n")
}

/// A few lines of one source with the labels in them.
struct Excerpt {
    /// `file:line:column` of the first label.
    origin: String,
    first_line: usize,
    text: String,
    labels: Vec<(Range<usize>, String, bool)>,
}

fn excerpts(diagnostic: &Diagnostic, sources: &SourceMap, width: usize) -> Vec<Excerpt> {
    let mut groups: Vec<(SourceId, Range<u32>, Vec<&Label>)> = Vec::new();
    for label in &diagnostic.labels {
        let source = label.span.source;
        let line = sources.start(label.span).line;
        let near = groups.iter_mut().find(|(at, lines, _)| {
            *at == source && line + NEAR_LINES >= lines.start && line < lines.end + NEAR_LINES
        });
        match near {
            Some((_, lines, labels)) => {
                *lines = lines.start.min(line)..lines.end.max(line + 1);
                labels.push(label);
            }
            None => groups.push((source, line..line + 1, vec![label])),
        }
    }
    groups
        .into_iter()
        .map(|(source, lines, labels)| excerpt(sources, source, lines, &labels, width))
        .collect()
}

fn excerpt(
    sources: &SourceMap,
    source: SourceId,
    lines: Range<u32>,
    labels: &[&Label],
    width: usize,
) -> Excerpt {
    let main = sources.start(labels[0].span);
    let name = neutral(sources.name(source));
    let mut shown = Excerpt {
        origin: format!("{name}:{}:{}", main.line, main.column),
        first_line: lines.start as usize,
        text: String::new(),
        labels: Vec::new(),
    };
    let room = width.saturating_sub(4 + lines.end.to_string().len());
    let text = sources.text(source);
    let first = labels.iter().map(|label| label.span.start as usize).min();
    let before = text.get(..first.unwrap_or_default()).unwrap_or(text);
    let mut start = before.rfind('\n').map_or(0, |at| at + 1);
    for line in lines {
        let raw = text
            .get(start..)
            .unwrap_or_default()
            .split('\n')
            .next()
            .unwrap_or_default();
        let here: Vec<(bool, &Label)> = labels
            .iter()
            .enumerate()
            .filter(|(_, label)| sources.start(label.span).line == line)
            .map(|(index, label)| (index == 0, *label))
            .collect();
        let raw_line = raw.strip_suffix('\r').unwrap_or(raw);
        add_line(&mut shown, (start, raw_line), &here, room);
        start += raw.len() + 1;
    }
    shown
}

/// Adds one line, cut to `room` columns around its first label.
fn add_line(
    shown: &mut Excerpt,
    (start, raw): (usize, &str),
    labels: &[(bool, &Label)],
    room: usize,
) {
    let within = |byte: u32| (byte as usize).saturating_sub(start).min(raw.len());
    let focus = labels
        .iter()
        .map(|(_, label)| within(label.span.start))
        .min();
    let from = if columns(&neutral(raw)) <= room {
        0
    } else {
        // A quarter of the room for what stands before the label.
        let before = focus.map_or(0, |focus| {
            raw.get(..focus).map_or(0, |text| text.chars().count())
        });
        let skipped = before.saturating_sub(room / 4);
        raw.char_indices().nth(skipped).map_or(0, |(at, _)| at)
    };
    let base = shown.text.len();
    if from > 0 {
        shown.text.push('…');
    }
    let mut places: Vec<(usize, usize)> = Vec::new();
    for (at, c) in raw[from..].char_indices() {
        places.push((from + at, shown.text.len()));
        if columns(&shown.text[base..]) + 1 >= room {
            break;
        }
        push_neutral(&mut shown.text, c);
    }
    let end = places.last().map_or(from, |(at, _)| *at);
    let is_cut = columns(&shown.text[base..]) + 1 >= room && end < raw.len();
    if !is_cut {
        places.push((raw.len(), shown.text.len()));
    }
    let place = |byte: usize| {
        let at = places.partition_point(|(raw, _)| *raw < byte);
        places.get(at).or(places.last()).map_or(base, |(_, at)| *at)
    };
    for (is_main, label) in labels {
        // A span over several lines is shown by its first.
        let span = place(within(label.span.start))..place(within(label.span.end));
        let text = neutral(&label.text).into_owned();
        shown.labels.push((span, text, *is_main));
    }
    if is_cut {
        shown.text.push('…');
    }
    shown.text.push('\n');
}

#[cfg(test)]
mod tests;
