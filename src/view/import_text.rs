//! How an import ended, as text: files with their objects, what was left out and why.

use std::fmt::Write as _;

use super::import_json::ImportInput;
use super::text::{counted, neutral};
use crate::import::Unfolded;

/// The result as text.
pub fn render(input: &ImportInput<'_>) -> String {
    let mut text = String::new();
    let import = input.import;
    for file in import
        .objects
        .chunk_by(|left, right| left.file == right.file)
    {
        let _ = write!(text, "{}", file[0].file);
        if let Some((kind, name)) = &file[0].portable {
            let _ = write!(text, ": {kind} {name} stands for");
        }
        text.push('\n');
        for object in file {
            let _ = write!(text, "  {}", object.address);
            let cloud_name = &object.cloud_name;
            if !cloud_name.is_empty() && *cloud_name != object.address.name {
                let _ = write!(text, " (in the cloud: {})", neutral(cloud_name));
            }
            text.push('\n');
        }
    }
    if !import.left_out.is_empty() {
        if !text.is_empty() {
            text.push('\n');
        }
        text.push_str("Left out:\n");
        for left_out in &import.left_out {
            let _ = write!(text, "  {}/{}", neutral(&left_out.account), left_out.kind);
            if let Some(name) = left_out
                .cloud_name
                .as_deref()
                .filter(|name| !name.is_empty())
            {
                let _ = write!(text, "/{}", neutral(name));
            }
            if let Some(field) = left_out.field {
                let _ = write!(text, ".{field}");
            }
            let _ = writeln!(text, ": {}", neutral(&left_out.why));
        }
    }
    unfolded(&mut text, &import.unfolded);
    if !text.is_empty() {
        text.push('\n');
    }
    let objects = counted(import.objects.len(), "object");
    let files = counted(import.files.len(), "file");
    let accounts = input.accounts.join(", ");
    let (accounts, out) = (neutral(&accounts), neutral(input.out));
    let ending = if input.is_written {
        format!(
            "{objects} of {accounts} written to {files} in {out}; planned again, nothing would change."
        )
    } else if input.exit_code == 0 {
        format!("Nothing to import from {accounts}.")
    } else {
        "Nothing was written.".to_owned()
    };
    text.push_str(&ending);
    text.push('\n');
    text
}

fn unfolded(text: &mut String, unfolded: &[Unfolded]) {
    if unfolded.is_empty() {
        return;
    }
    text.push_str("\nIn common, but not in one portable document:\n");
    for it in unfolded {
        let accounts = it.accounts.join(", ");
        let (what, why) = (neutral(&it.what), neutral(&it.why));
        let _ = writeln!(
            text,
            "  {} of {what} in {}: {why}",
            it.kind,
            neutral(&accounts)
        );
    }
}
