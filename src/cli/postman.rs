//! Sends mails as they become due, beside the rounds: a server may be slow to take them.

use std::time::Duration;

use actix_web::web::Data;

use super::metrics::Jobs;
use crate::mails::{self, Mailer};
use crate::state::State;

/// How often it is looked whether mails are due.
const ROUND: Duration = Duration::from_secs(2);

/// Until it is aborted: what is cut off is sent again later.
pub async fn run(mailer: Mailer, state: Data<State>, jobs: Jobs) {
    let mut ticks = tokio::time::interval(ROUND);
    loop {
        ticks.tick().await;
        while jobs.done("send_mails", mails::send_due(&mailer, &state).await).is_some_and(|looked_at| looked_at > 0) {}
    }
}
