//! Sends mails as they become due, beside the rounds: a server may be slow to take them.

use std::time::Duration;

use actix_web::web::Data;

use super::metrics::Jobs;
use crate::mails::{Mailer, Post};
use crate::state::State;

/// How often it is looked whether mails are due.
const ROUND: Duration = Duration::from_secs(2);

/// Until the service stops: then nothing new is taken, and what is in hand comes to its end. Where it is aborted before, what is cut
/// off is sent again later.
pub async fn run(mailer: Mailer, state: Data<State>, jobs: Jobs) {
    let mut ticks = tokio::time::interval(ROUND);
    let mut post = Post::new(&mailer, &state);
    while !state.stopping.is_so() {
        tokio::select! {
            () = state.stopping.begun() => break,
            _ = ticks.tick() => {}
            Some(ended) = post.ended() => {
                jobs.done("send_mails", ended);
            }
        }
        jobs.done("take_mails", post.take_due().await);
    }
    while let Some(ended) = post.ended().await {
        jobs.done("send_mails", ended);
    }
}
