//! A page of the documentation, drawn for a terminal.

use crate::diagnostics::{Paint, Role};

/// Draws Markdown: headings and code stand out, code blocks are indented, and the marks of the
/// notation go. Without colours the text is given as it is written, which reads well by itself.
pub fn draw(markdown: &str, paint: Paint) -> String {
    if paint == Paint::Plain {
        return markdown.trim_end().to_owned() + "\n";
    }
    let mut drawn = String::new();
    let mut in_code = false;
    for line in markdown.trim_end().lines() {
        if line.trim_start().starts_with("```") {
            in_code = !in_code;
            continue;
        }
        let line = match in_code {
            true => format!("    {}", code_line(line, paint)),
            false => text_line(line, paint),
        };
        drawn.push_str(line.trim_end());
        drawn.push('\n');
    }
    drawn
}

fn code_line(line: &str, paint: Paint) -> String {
    if line.trim_start().starts_with("//") {
        return paint.paint(Role::Faint, line);
    }
    match line.strip_prefix("$ ") {
        Some(command) => format!("$ {}", paint.paint(Role::Strong, command)),
        None => paint.paint(Role::Aside, line),
    }
}

fn text_line(line: &str, paint: Paint) -> String {
    if let Some(title) = line.strip_prefix("# ") {
        return paint.paint(Role::Strong, title);
    }
    let heading = line.trim_start_matches('#');
    if heading.len() < line.len() && heading.starts_with(' ') {
        return paint.paint(Role::Advice, heading.trim_start());
    }
    let mut drawn = String::new();
    for (index, piece) in line.split('`').enumerate() {
        match index % 2 == 1 {
            true => drawn.push_str(&paint.paint(Role::Advice, piece)),
            false => drawn.push_str(piece),
        }
    }
    drawn
}
