//! The binary `bessemer`.

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
    eprint!("{}", cli::banner(&config));
    Ok(bessemer_server::run(config, cli)?)
}
