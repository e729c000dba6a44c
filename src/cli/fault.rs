//! A fault of Aphex itself: a message that can be acted on, never a bare panic.

use std::io::Write;
use std::panic;

use crate::cli::Exit;

/// Makes every panic end the process with a message that says what to report.
pub fn install() {
    panic::set_hook(Box::new(|info| {
        let reason = info
            .payload()
            .downcast_ref::<&str>()
            .map(|text| (*text).to_owned())
            .or_else(|| info.payload().downcast_ref::<String>().cloned())
            .unwrap_or_else(|| "no reason given".to_owned());
        let place = info
            .location()
            .map_or_else(|| "unknown".to_owned(), ToString::to_string);
        let words: Vec<String> = std::env::args_os()
            .skip(1)
            .map(|word| word.to_string_lossy().into_owned())
            .collect();
        let text = format!(
            "error: this is a fault of Aphex, not of your pipeline\n\
             \n\
             Nothing was written. Please report it with the file that brought it about and these lines:\n\
             \n\
             \x20   version:  aphex {} ({} {})\n\
             \x20   command:  aphex {}\n\
             \x20   place:    {place}\n\
             \x20   reason:   {}\n",
            env!("CARGO_PKG_VERSION"),
            std::env::consts::OS,
            std::env::consts::ARCH,
            words.join(" "),
            reason.replace('\n', "\n              "),
        );
        let _ = std::io::stderr().lock().write_all(text.as_bytes());
        std::process::exit(i32::from(Exit::Fault.code()));
    }));
}
