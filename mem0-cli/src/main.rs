//! The `mem0` command.
#![forbid(unsafe_code)]

mod cli;
mod commands;
mod exit;
mod input;
mod output;
mod progress;
mod quickstart;
mod session;

use std::process::ExitCode;

fn main() -> ExitCode {
    commands::run(std::env::args_os().collect())
}
