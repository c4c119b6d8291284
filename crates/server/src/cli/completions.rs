//! `bessemer completions SHELL`: what a shell has to know to complete the command line.

use clap::CommandFactory as _;
use clap_complete::Shell;

use super::{Cli, output};
use crate::exit::Failure;

/// Write the completions of a shell to standard output.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "bash:  bessemer completions bash > /etc/bash_completion.d/bessemer\n\
    zsh:   bessemer completions zsh > \"${fpath[1]}/_bessemer\"\n\
    fish:  bessemer completions fish > ~/.config/fish/completions/bessemer.fish\n")]
pub struct Completions {
    /// Which shell
    shell: Shell,
}

impl Completions {
    pub(super) fn run(&self) -> Result<(), Failure> {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut Cli::command(), "bessemer", &mut script);
        output::line(String::from_utf8_lossy(&script).trim_end())
    }
}

#[cfg(test)]
mod tests {
    use clap::ValueEnum as _;

    use super::*;

    #[test]
    fn every_shell_learns_the_subcommands() {
        for shell in Shell::value_variants() {
            let mut script = Vec::new();
            clap_complete::generate(*shell, &mut Cli::command(), "bessemer", &mut script);
            let script = String::from_utf8(script).expect("UTF-8");
            assert!(script.contains("queues") && script.contains("reserve-for"), "{shell}");
        }
    }
}
