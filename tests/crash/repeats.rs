//! At the end every key is sent once more, to another node than the one that answered first: it still has one effect and one
//! answer.

use futures_util::{StreamExt, stream};

use crate::Tried;
use crate::ask::{Told, client};
use crate::ledger::{Acknowledged, Shared};

/// Requests at a time.
const AT_ONCE: usize = 8;

/// What is not answered as it was is complained of.
pub async fn everywhere(nodes: &[String], shared: &Shared) -> Tried<()> {
    let http = client()?;
    let acknowledged = shared.lock().acknowledged.clone();
    let repeat = async |first: &Acknowledged| {
        let node = &nodes[(first.node + 1) % nodes.len()];
        let told = first.ask.send(&http, node, Some(&first.token)).await;
        if let Some(text) = differs(first, &told) {
            shared.complain(text);
        }
        shared.lock().tally.repeated_elsewhere += 1;
    };
    stream::iter(&acknowledged).for_each_concurrent(AT_ONCE, repeat).await;
    Ok(())
}

/// How an answer is not the first one, in a sentence.
pub fn differs(first: &Acknowledged, told: &Tried<Told>) -> Option<String> {
    let name =
        format!("{} {} with the key {}", first.ask.method, first.ask.path, first.ask.key.as_deref().unwrap_or(""));
    match told {
        Err(error) => Some(format!("{name}, repeated on another node: {error}")),
        Ok(told) if told.status != first.status => {
            Some(format!("{name} was {}, and on another node {}", first.status, told.kind()))
        }
        Ok(told) if told.body != first.body => {
            Some(format!("{name} was answered {}, and on another node {}", first.body, told.body))
        }
        Ok(told) if !told.replayed => Some(format!("{name} was not told to be a repeat on another node")),
        Ok(_) => None,
    }
}
