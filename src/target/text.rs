//! Manifests as text: the same bytes for the same objects, on every machine.

use serde::Serialize;

/// The languages that manifests are written in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// YAML, read alike by parsers of 1.1 and 1.2; with a comment at the head.
    #[default]
    Yaml,
    /// JSON, two spaces deep.
    Json,
}

/// An object as text, with a line break at the end. `header` stands above it as comments, where the language has such.
///
/// YAML: every string that a parser of 1.1 or 1.2 could take for something else is quoted, no line is wrapped, no text
/// is folded.
pub fn write(object: &impl Serialize, format: Format, header: &[String]) -> Result<String, String> {
    match format {
        Format::Yaml => {
            let mut text = String::new();
            for line in header {
                text.push_str("# ");
                text.push_str(line);
                text.push('\n');
            }
            let options = serde_saphyr::ser_options! {
                yaml_12: false,
                prefer_block_scalars: false,
                compact_list_indent: true,
            };
            serde_saphyr::to_fmt_writer_with_options(&mut text, object, options)
                .map_err(|error| error.to_string())?;
            Ok(text)
        }
        Format::Json => {
            let mut text =
                serde_json::to_string_pretty(object).map_err(|error| error.to_string())?;
            text.push('\n');
            Ok(text)
        }
    }
}
