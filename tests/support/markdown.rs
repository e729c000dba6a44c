//! Fenced blocks of Markdown pages.

use std::fs;
use std::path::{Path, PathBuf};

/// One fenced block.
#[derive(Clone, Debug)]
pub struct Block {
    /// What stands behind the opening fence: `aphex`, `console`, `aphex refused`.
    pub info: String,
    /// Its lines, each with its line break.
    pub text: String,
    /// The line of the opening fence, from 1.
    pub line: usize,
    /// The last second-level heading before it; empty where there is none.
    pub section: String,
    /// The bytes of `text` in the page.
    pub start: usize,
}

/// The fenced blocks of a page, in order.
pub fn blocks(page: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut section = String::new();
    let mut open: Option<(Block, String)> = None;
    let mut at = 0;
    for (index, line) in page.split_inclusive('\n').enumerate() {
        let trimmed = line.trim();
        at += line.len();
        if let Some((block, fence)) = &mut open {
            if trimmed == fence {
                blocks.push(open.take().unwrap().0);
            } else {
                block.text.push_str(line);
            }
            continue;
        }
        let ticks = trimmed.chars().take_while(|c| *c == '`').count();
        if ticks >= 3 {
            let block = Block {
                info: trimmed[ticks..].trim().to_owned(),
                text: String::new(),
                line: index + 1,
                section: section.clone(),
                start: at,
            };
            open = Some((block, "`".repeat(ticks)));
        } else if let Some(title) = trimmed.strip_prefix("## ") {
            section = title.to_owned();
        }
    }
    assert!(open.is_none(), "a block is not closed");
    blocks
}

/// The files of an example: its `// file: NAME` sections, or the whole as `pipeline.aphex`.
pub fn files(text: &str) -> Vec<(String, String)> {
    let mut files: Vec<(String, String)> = Vec::new();
    for line in text.split_inclusive('\n') {
        if let Some(name) = line.trim().strip_prefix("// file: ") {
            files.push((name.to_owned(), String::new()));
        } else {
            if files.is_empty() {
                files.push(("pipeline.aphex".to_owned(), String::new()));
            }
            files.last_mut().unwrap().1.push_str(line);
        }
    }
    files
}

/// Every Markdown page below a folder, sorted.
pub fn pages(folder: &Path) -> Vec<PathBuf> {
    let mut pages = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(directory) = open.pop() {
        for entry in fs::read_dir(&directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|extension| extension == "md") {
                pages.push(path);
            }
        }
    }
    pages.sort();
    pages
}
