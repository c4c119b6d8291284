//! The binary `bessemer`.

#![warn(clippy::print_stdout, clippy::print_stderr)] // They panic where a pipe is closed.

use std::io::{self, Write as _};
use std::process::ExitCode;

use bessemer_server::cli::{self, Cli};
use bessemer_server::config::{self, Config};
use bessemer_server::exit::Failure;
use bessemer_server::telemetry;

fn main() -> ExitCode {
    let cli = Cli::read(std::env::args_os()).unwrap_or_else(|end| end.exit());
    let ended = match &cli.tool {
        Some(tool) => {
            telemetry::start_on_stderr(tool.log_level());
            tool.run(&cli)
        }
        None => {
            telemetry::start(&cli.log_level);
            serve(cli)
        }
    };
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}

fn serve(cli: Cli) -> Result<(), Failure> {
    let config = Config::load(cli.clone(), config::variable)?;
    // A server has more to do than to greet.
    _ = write!(io::stderr(), "{}", cli::banner(&config));
    Ok(bessemer_server::run(config, cli)?)
}
