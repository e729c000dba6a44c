//! `aphex completions`

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use crate::cli::console::Console;
use crate::cli::{Cli, Exit};

/// Print completions for a shell
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  aphex completions bash > ~/.local/share/bash-completion/completions/aphex
  aphex completions zsh > ~/.zfunc/_aphex
  aphex completions fish > ~/.config/fish/completions/aphex.fish")]
pub struct Completions {
    /// Which shell
    #[arg(value_enum)]
    shell: Shell,
}

impl Completions {
    /// Prints them.
    pub fn run(self, console: &mut Console) -> Exit {
        let mut bytes = Vec::new();
        clap_complete::generate(self.shell, &mut Cli::command(), "aphex", &mut bytes);
        console.print(&String::from_utf8_lossy(&bytes));
        Exit::Fine
    }
}
