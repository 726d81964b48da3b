//! Everything that a run starts: the cluster, the nodes, their folder. It ends with the run, however that ends.

use std::path::{Path, PathBuf};

use crate::Tried;
use crate::cluster::Cluster;
use crate::node::{Config, Life, Node, free_port};

pub struct World {
    pub folder: PathBuf,
    pub program: PathBuf,
    pub cluster: Option<Cluster>,
    pub nodes: Vec<Node>,
    drain: u8,
}

impl World {
    /// `drain` is the nodes', in seconds.
    pub fn new(program: &Path, drain: u8) -> Tried<Self> {
        let folder = std::env::temp_dir().join(format!("folkmoot-crash-{}", std::process::id()));
        std::fs::create_dir(&folder).map_err(|e| format!("{}: {e}", folder.display()))?;
        Ok(Self { folder, program: program.to_owned(), cluster: None, nodes: Vec::new(), drain })
    }

    /// PostgreSQL and two nodes, both at once.
    pub async fn start(&mut self) -> Tried<()> {
        let cluster = Cluster::start(&self.folder.join("data")).await?;
        let config = Config { program: self.program.clone(), database_url: cluster.url.clone(), drain: self.drain };
        self.cluster = Some(cluster);
        for (number, name) in ["a", "b"].into_iter().enumerate() {
            let port = free_port(std::process::id() * 4 + u32::try_from(number).unwrap_or(0))?;
            self.nodes.push(Node::new(name, port, config.clone(), &self.folder)?);
        }
        let [a, b] = self.nodes.as_mut_slice() else { return Err("there are two nodes".to_owned()) };
        let (a, b) = tokio::join!(a.start(), b.start());
        a.and(b).map(drop)
    }

    pub fn cluster(&self) -> Tried<&Cluster> {
        self.cluster.as_ref().ok_or_else(|| "PostgreSQL was not started".to_owned())
    }

    pub fn urls(&self) -> Vec<String> {
        self.nodes.iter().map(|node| node.url.clone()).collect()
    }

    /// Where each node is, and whether it is up.
    pub fn lives(&self) -> Vec<(String, Life)> {
        self.nodes.iter().map(|node| (node.url.clone(), node.life.clone())).collect()
    }

    /// Stops what runs, nodes first. The logs of a run that failed stay.
    pub async fn end(&mut self, passed: bool) -> Tried<()> {
        let mut ended = Ok(());
        for node in &mut self.nodes {
            ended = ended.and(node.kill().await);
        }
        if let Some(cluster) = &mut self.cluster {
            ended = ended.and(cluster.stop().await);
        }
        if passed {
            std::fs::remove_dir_all(&self.folder).map_err(|e| format!("{}: {e}", self.folder.display()))?;
        } else {
            eprintln!("Logs and database stay in {}", self.folder.display());
        }
        ended
    }
}
