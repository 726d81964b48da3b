//! Options as they come together: an empty environment variable is not given, and `--config FILE` adds options from a TOML file, put
//! among the arguments where neither a flag nor a variable gives them.

use std::collections::HashMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use clap::builder::Resettable;
use clap::{Arg, Command, CommandFactory};

/// Returns the program with its commands. An empty environment variable gives no option: `docker-compose.yml` passes every option
/// through, also those that nobody has set.
pub fn program<C: CommandFactory>() -> Command {
    without_empty_variables(C::command())
}

fn without_empty_variables(command: Command) -> Command {
    let is_empty = |arg: &Arg| arg.get_env().and_then(std::env::var_os).is_some_and(|value| value.is_empty());
    let command = command.mut_args(|arg| if is_empty(&arg) { arg.env(Resettable::Reset) } else { arg });
    command.mut_subcommands(without_empty_variables)
}

/// The arguments with what the file adds. Each key is a flag's name; one that no command knows is an error.
pub fn arguments(mut program: Command, given: impl IntoIterator<Item = OsString>) -> Result<Vec<OsString>, String> {
    let mut arguments: Vec<OsString> = given.into_iter().collect();
    program.build();
    let Some(path) = path(&program, &arguments) else { return Ok(arguments) };
    let text = std::fs::read_to_string(&path).map_err(|e| format!("--config {}: {e}", path.display()))?;
    let options: toml::Table = text.parse().map_err(|e| unreadable(&path, &text, &e))?;
    let Some((at, command)) = command(&program, &arguments) else { return Ok(arguments) };
    let flags = flags(command);
    let mut added = Vec::new();
    for (name, value) in &options {
        let known = |c: &Command| c.get_arguments().any(|arg| arg.get_long() == Some(name));
        match flags.get(name.as_str()) {
            Some(flag) if is_given(flag, &arguments) => {}
            Some(flag) => added.extend(argument(flag, name, value)?),
            None if program.get_subcommands().any(known) => {}
            None => return Err(format!("--config {}: there is no option `{name}`", path.display())),
        }
    }
    arguments.splice(at + 1..=at, added);
    Ok(arguments)
}

/// The file's name, from the flag or its variable.
fn path(program: &Command, arguments: &[OsString]) -> Option<PathBuf> {
    let mut words = arguments.iter();
    while let Some(word) = words.next() {
        match word.to_str() {
            Some("--config") => return words.next().map(PathBuf::from),
            Some(word) if word.starts_with("--config=") => return word.strip_prefix("--config=").map(PathBuf::from),
            _ => {}
        }
    }
    let variable = program.get_arguments().find(|arg| arg.get_long() == Some("config"))?.get_env()?;
    std::env::var_os(variable).map(PathBuf::from)
}

/// The command that is called, and where its name stands: at the first word up to which the program sees a command. (A folder or
/// a file may have a command's name too.)
fn command<'a>(program: &'a Command, arguments: &[OsString]) -> Option<(usize, &'a Command)> {
    let lenient = program.clone().ignore_errors(true);
    let is_called = |at: &usize| {
        let matches = lenient.clone().try_get_matches_from(&arguments[..=*at]);
        matches.is_ok_and(|matches| matches.subcommand_name().is_some())
    };
    let at = (1..arguments.len()).find(is_called)?;
    Some((at, program.find_subcommand(&arguments[at])?))
}

fn flags(command: &Command) -> HashMap<&str, &Arg> {
    command.get_arguments().filter_map(|arg| Some((arg.get_long()?, arg))).collect()
}

/// Whether a flag or its variable gives the option already.
fn is_given(flag: &Arg, arguments: &[OsString]) -> bool {
    let long = format!("--{}", flag.get_long().unwrap_or_default());
    let assigned = format!("{long}=");
    let by_flag = arguments.iter().filter_map(|a| a.to_str()).any(|a| a == long || a.starts_with(&assigned));
    by_flag || flag.get_env().is_some_and(|variable| std::env::var_os(variable).is_some())
}

/// What is wrong with a file, and where; never what stands there: it may be a secret.
fn unreadable(path: &Path, text: &str, error: &toml::de::Error) -> String {
    let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
    let line = before.matches('\n').count() + 1;
    format!("--config {}, line {line}: {}", path.display(), error.message())
}

fn argument(flag: &Arg, name: &str, value: &toml::Value) -> Result<Option<OsString>, String> {
    let is_switch = !flag.get_action().takes_values();
    match value {
        toml::Value::Boolean(on) if is_switch => Ok(on.then(|| format!("--{name}").into())),
        _ if is_switch => Err(format!("the option `{name}` takes true or false")),
        toml::Value::String(text) => Ok(Some(format!("--{name}={text}").into())),
        toml::Value::Integer(number) => Ok(Some(format!("--{name}={number}").into())),
        _ => Err(format!("the option `{name}` takes a text or a whole number")),
    }
}
