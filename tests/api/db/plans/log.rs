//! The statements that a service ran, each with the plan that it ran by and the rows that this looked at, as `auto_explain` writes
//! them into PostgreSQL's log.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use folkmoot::db::local::LocalPostgres;
use serde_json::Value;

/// Every statement with its plan, and the rows that came by each of its steps.
const SETTINGS: [(&str, &str); 10] = [
    ("fsync", "off"),
    ("autovacuum", "off"),
    ("session_preload_libraries", "auto_explain"),
    ("auto_explain.log_min_duration", "0"),
    ("auto_explain.log_analyze", "on"),
    ("auto_explain.log_verbose", "on"),
    ("auto_explain.log_timing", "off"),
    ("auto_explain.log_format", "json"),
    ("log_statement", "none"),
    ("log_line_prefix", ""),
];

/// A PostgreSQL that explains itself.
pub struct Explaining {
    pub postgres: LocalPostgres,
    folder: PathBuf,
    /// How much of the log was read.
    read: u64,
}

/// A statement that was run.
pub struct Statement {
    pub text: String,
    plan: Value,
}

impl Explaining {
    /// In a folder of this name.
    pub async fn start(name: &str) -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{}", std::process::id()));
        let postgres = LocalPostgres::start(&folder, "cargo test", &SETTINGS).await.unwrap();
        Self { postgres, folder, read: 0 }
    }

    pub async fn stop(self) {
        self.postgres.stop().await.unwrap();
        std::fs::remove_dir_all(self.folder).unwrap();
    }

    /// What was run since the last time.
    pub fn statements(&mut self) -> Vec<Statement> {
        let mut log = File::open(self.folder.join("postgres.log")).unwrap();
        let end = log.metadata().unwrap().len();
        // It is cut from time to time, just after it was copied: what was not read yet is at the end of the copy.
        if end < self.read {
            self.read = 0;
        }
        log.seek(SeekFrom::Start(self.read)).unwrap();
        let mut text = String::new();
        log.take(end - self.read).read_to_string(&mut text).unwrap();
        self.read = end;
        text.split("LOG:  ").filter_map(Statement::read).collect()
    }
}

/// A step of a plan with all steps below it.
fn steps(step: &Value) -> Vec<&Value> {
    let below = step["Plans"].as_array().into_iter().flatten().flat_map(steps);
    std::iter::once(step).chain(below).collect()
}

/// How many rows came out of a step, in all of its turns; `extra` are those that it looked at and left out.
fn rows(step: &Value, extra: &[&str]) -> f64 {
    let number = |name: &str| step[name].as_f64().unwrap_or_default();
    (number("Actual Rows") + extra.iter().map(|name| number(name)).sum::<f64>()) * number("Actual Loops")
}

impl Statement {
    fn read(entry: &str) -> Option<Self> {
        let (head, json) = entry.split_once("plan:\n")?;
        assert!(head.starts_with("duration:"), "{head}");
        let told: Value = serde_json::Deserializer::from_str(json).into_iter().next()?.unwrap();
        Some(Self { text: told["Query Text"].as_str().unwrap().to_owned(), plan: told["Plan"].clone() })
    }

    /// The tables that it went through from end to end.
    pub fn scanned(&self) -> Vec<&str> {
        let scans = steps(&self.plan).into_iter().filter(|step| step["Node Type"] == "Seq Scan");
        scans.map(|step| step["Relation Name"].as_str().unwrap()).collect()
    }

    /// The most rows that it put in order.
    pub fn sorted(&self) -> f64 {
        let sorts = steps(&self.plan).into_iter().filter(|step| step["Node Type"].as_str().unwrap().ends_with("Sort"));
        sorts.map(|sort| rows(&sort["Plans"][0], &[])).fold(0.0, f64::max)
    }

    /// How many rows and entries of indexes it looked at.
    pub fn looked_at(&self) -> f64 {
        let reads = |step: &&Value| step["Relation Name"].is_string() || step["Index Name"].is_string();
        let left_out = ["Rows Removed by Filter", "Rows Removed by Index Recheck"];
        steps(&self.plan).into_iter().filter(reads).map(|step| rows(step, &left_out)).sum()
    }

    /// Whether it is a page of a list, and its plan for the values at hand.
    pub fn is_page_planned_anew(&self) -> bool {
        let limit = self.text.rsplit_once(" LIMIT ").map(|(_, limit)| limit.trim_start_matches('$'));
        let is_page = limit.is_some_and(|limit| limit.parse::<u8>().is_ok());
        let conditions = steps(&self.plan).into_iter().flat_map(|step| [&step["Index Cond"], &step["Filter"]]);
        let mut conditions = conditions.filter_map(Value::as_str);
        // A value of the columns stands in no condition.
        let has_value = |condition: &str| (1..=9).any(|n| condition.contains(&format!("${n}")));
        is_page && self.text.contains("$1") && !conditions.any(has_value)
    }

    /// Whether it looks up the numbers of a list, and its plan is for these alone: they stand in it.
    pub fn is_look_up_planned_anew(&self) -> bool {
        self.plan.to_string().contains("}'::bigint[]")
    }

    /// The most rows that came by one of its steps.
    pub fn most_rows(&self) -> f64 {
        steps(&self.plan).into_iter().map(|step| rows(step, &["Rows Removed by Join Filter"])).fold(0.0, f64::max)
    }

    /// Its plan, for people.
    pub fn plan(&self) -> String {
        let mut told = String::new();
        self.tell(&self.plan, 1, &mut told);
        told
    }

    fn tell(&self, step: &Value, depth: usize, told: &mut String) {
        let word = |name: &str| step[name].as_str().unwrap_or_default().to_owned();
        let place = [word("Index Name"), word("Relation Name"), word("Filter"), word("Index Cond")].join(" ");
        let looked_at = rows(step, &["Rows Removed by Filter", "Rows Removed by Index Recheck"]);
        *told += &format!("{:>width$}{} {place}: {looked_at}\n", "", word("Node Type"), width = 2 * depth);
        for below in step["Plans"].as_array().into_iter().flatten() {
            self.tell(below, depth + 1, told);
        }
    }
}
