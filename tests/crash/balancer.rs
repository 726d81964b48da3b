//! HAProxy in front of two nodes, set up as `docs/durability.md` shows it.

use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use tokio::process::Child;
use tokio::time::sleep;

use crate::Tried;
use crate::node::{Node, ending_with_us, free_port};

const POLL: Duration = Duration::from_millis(20);
const PATIENCE: Duration = Duration::from_secs(30);

pub struct Balancer {
    pub url: String,
    state: String,
    http: reqwest::Client,
    child: Child,
}

impl Balancer {
    pub async fn start(folder: &Path, nodes: &[Node]) -> Tried<Self> {
        let (port, state) = (free_port(std::process::id() * 4 + 2)?, free_port(std::process::id() * 4 + 3)?);
        let file = folder.join("haproxy.cfg");
        std::fs::write(&file, configuration(port, state, nodes)).map_err(|e| e.to_string())?;
        let log = std::fs::File::create(folder.join("haproxy.log")).map_err(|e| e.to_string())?;
        let child = ending_with_us(Path::new("haproxy"))
            .args(["-db", "-f"])
            .arg(&file)
            .stdin(Stdio::null())
            .stdout(log.try_clone().map_err(|e| e.to_string())?)
            .stderr(log)
            .kill_on_drop(true)
            .spawn()
            .map_err(|e| format!("haproxy: {e}"))?;
        let http = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(2)).build();
        let http = http.map_err(|e| e.to_string())?;
        let url = format!("http://127.0.0.1:{port}");
        Ok(Self { url, state: format!("http://127.0.0.1:{state}/;csv"), http, child })
    }

    /// Waits until it sends requests to so many nodes.
    pub async fn until_up(&self, count: usize) -> Tried<()> {
        let deadline = Instant::now() + PATIENCE;
        while self.up().await.is_none_or(|up| up != count) {
            if Instant::now() > deadline {
                return Err(format!("HAProxy (installed by scripts/need-balancer.sh) does not see {count} nodes"));
            }
            sleep(POLL).await;
        }
        Ok(())
    }

    async fn up(&self) -> Option<usize> {
        let table = self.http.get(&self.state).send().await.ok()?.text().await.ok()?;
        Some(table.lines().filter(|line| line.starts_with("nodes,node") && line.contains(",UP,")).count())
    }

    pub async fn stop(mut self) -> Tried<()> {
        self.child.kill().await.map_err(|e| e.to_string())
    }
}

fn configuration(port: u16, state: u16, nodes: &[Node]) -> String {
    let servers = (1..).zip(nodes).map(|(number, node)| format!("    server node{number} 127.0.0.1:{}\n", node.port));
    format!(
        "defaults
    mode http
    timeout connect 2s
    timeout client 60s
    timeout server 30s
    timeout check 2s
    option redispatch

frontend forum
    bind 127.0.0.1:{port}
    default_backend nodes

backend nodes
    option httpchk GET /health/ready
    http-check expect status 200
    default-server check inter 250ms fall 2 rise 1
{}
listen state
    bind 127.0.0.1:{state}
    stats enable
    stats uri /
",
        servers.collect::<String>()
    )
}
