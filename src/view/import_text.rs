//! How an import ended, as text: files with their objects, what was left out and why.

use std::fmt::Write as _;

use super::import_json::ImportInput;
use super::text::{counted, neutral};

/// The result as text.
pub fn render(input: &ImportInput<'_>) -> String {
    let mut text = String::new();
    let import = input.import;
    for file in import
        .objects
        .chunk_by(|left, right| left.file == right.file)
    {
        let _ = writeln!(text, "{}", file[0].file);
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
            let _ = write!(text, "  {}", left_out.kind);
            if let Some(name) = left_out
                .cloud_name
                .as_deref()
                .filter(|name| !name.is_empty())
            {
                let _ = write!(text, " {}", neutral(name));
            }
            if let Some(field) = left_out.field {
                let _ = write!(text, ".{field}");
            }
            let _ = writeln!(text, ": {}", neutral(&left_out.why));
        }
    }
    if !text.is_empty() {
        text.push('\n');
    }
    let objects = counted(import.objects.len(), "object");
    let files = counted(import.files.len(), "file");
    let (account, out) = (neutral(input.account), neutral(input.out));
    let ending = if input.is_written {
        format!(
            "{objects} of {account} written to {files} in {out}; planned again, nothing would change."
        )
    } else if input.exit_code == 0 {
        format!("Nothing to import from {account}.")
    } else {
        "Nothing was written.".to_owned()
    };
    text.push_str(&ending);
    text.push('\n');
    text
}
