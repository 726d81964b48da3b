//! `--config FILE`, read by the program itself.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};

use crate::support::{SECRET, database};

/// A TOML file that goes with the value.
struct Config(PathBuf);

impl Config {
    fn new(text: &str) -> Self {
        let path = std::env::temp_dir().join(format!("fm-{}.toml", uuid::Uuid::new_v4().simple()));
        fs::write(&path, text).unwrap();
        Self(path)
    }

    fn run(&self, arguments: &[&str]) -> Output {
        let mut program = Command::new(env!("CARGO_BIN_EXE_folkmoot"));
        program.arg("--config").arg(&self.0).args(arguments).env_remove("DATABASE_URL").output().unwrap()
    }
}

impl Drop for Config {
    fn drop(&mut self) {
        fs::remove_file(&self.0).unwrap();
    }
}

#[actix_web::test]
async fn a_value_that_is_called_as_a_command_is_none() {
    let url = database::bare().await;
    let config = Config::new(&format!("database-url = \"{url}\"\nlisten = \"127.0.0.1:1\"\n"));
    let orders: [&[&str]; 4] = [
        &["migrate"],
        &["--data-dir", "serve", "migrate"],
        &["--data-dir=serve", "--log", "export", "migrate"],
        &["migrate", "--data-dir", "serve"],
    ];
    for order in orders {
        let done = config.run(order);
        assert!(done.status.success(), "{order:?}: {}", String::from_utf8_lossy(&done.stderr));
    }
}

#[test]
fn an_option_of_the_file_that_no_command_has_is_told() {
    let done = Config::new("listem = \"127.0.0.1:1\"\n").run(&["--data-dir", "serve", "migrate"]);
    assert!(!done.status.success());
    assert!(String::from_utf8(done.stderr).unwrap().contains("there is no option `listem`"));
}

#[test]
fn help_is_given_with_a_file_too() {
    let done = Config::new("listen = \"127.0.0.1:1\"\n").run(&["serve", "--help"]);
    assert!(done.status.success());
    assert!(String::from_utf8(done.stdout).unwrap().contains("--listen"));
}

#[test]
fn what_can_not_be_read_of_a_file_is_told_without_its_values() {
    for text in ["secret = \"canary", "listen = \"a\"\nsecret = \"canary\"\nsecret = \"canary\"\n"] {
        let done = Config::new(text).run(&["migrate"]);
        let said = String::from_utf8(done.stderr).unwrap();
        assert!(!done.status.success() && !said.contains("canary"), "{said}");
        assert!(said.contains(&format!("line {}", text.lines().count())), "{said}");
    }
}

#[test]
fn a_switch_of_a_file_is_on_or_off() {
    for (value, words) in [("true", "--listen"), ("false", "--listen"), ("\"yes\"", "takes true or false")] {
        let done = Config::new(&format!("allow-data-loss = {value}\n")).run(&["serve", "--help"]);
        let said = [done.stdout, done.stderr].concat();
        assert!(String::from_utf8_lossy(&said).contains(words), "{value}: {}", String::from_utf8_lossy(&said));
    }
}

#[actix_web::test]
async fn a_variable_that_is_empty_is_not_given() {
    let url = database::bare().await;
    let help = Command::new(env!("CARGO_BIN_EXE_folkmoot")).args(["serve", "--help"]).output().unwrap();
    let help = String::from_utf8(help.stdout).unwrap();
    let variables = help.split("[env: ").skip(1).filter_map(|rest| rest.split(['=', ']']).next());
    let mut empty: Vec<_> = variables.map(|name| (name.to_owned(), "")).collect();
    assert!(empty.len() > 20, "{empty:?}");
    empty.push(("DATABASE_URL".into(), ""));
    // Refused for this alone, whatever gives it: a flag, or the file that an empty variable does not win over.
    let config = Config::new("trusted-proxies = \"0.0.0.0/0\"\n");
    let file = ["--config", config.0.to_str().unwrap()];
    for options in [["--trusted-proxies", "0.0.0.0/0"], file] {
        let mut program = Command::new(env!("CARGO_BIN_EXE_folkmoot"));
        program.args(["serve", "--listen", "127.0.0.1:0", "--secret", SECRET, "--database-url", &url]).args(options);
        let done = program.envs(empty.clone()).output().unwrap();
        let said = String::from_utf8(done.stderr).unwrap();
        assert!(!done.status.success() && said.contains("--trusted-proxies 0.0.0.0/0"), "{said}");
    }
}
