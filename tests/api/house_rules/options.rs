//! Options of the program: each can be set where it is deployed, and is in the front page's table.

use super::source::root;

/// The variables of `folkmoot serve`.
fn variables() -> Vec<String> {
    let text = std::fs::read_to_string(root().join("src/config.rs")).unwrap();
    let names = text.split("env = \"").skip(1).filter_map(|rest| rest.split('"').next());
    names.map(str::to_owned).collect()
}

/// Options that the container fixes.
const FIXED: [&str; 3] = ["FOLKMOOT_LISTEN", "FOLKMOOT_DATABASE_URL", "FOLKMOOT_MAIL_DIR"];

#[test]
fn every_option_is_passed_through_where_it_is_deployed() {
    let compose = std::fs::read_to_string(root().join("docker-compose.yml")).unwrap();
    let lines: Vec<_> = compose.lines().map(str::trim).collect();
    let variables = variables();
    assert!(variables.len() > 20, "{variables:?}");
    for name in variables {
        let begin = if FIXED.contains(&&*name) { format!("{name}: ") } else { format!("{name}: ${{{name}:") };
        assert!(lines.iter().any(|line| line.starts_with(&begin)), "docker-compose.yml has no line `{begin}`");
    }
}

#[test]
fn every_option_is_in_the_table_of_the_front_page() {
    let readme = std::fs::read_to_string(root().join("README.md")).unwrap();
    for name in variables() {
        let flag = name.trim_start_matches("FOLKMOOT_").to_lowercase().replace('_', "-");
        assert!(readme.contains(&format!("\n| `--{flag}")), "README.md does not tell of --{flag}");
    }
}
