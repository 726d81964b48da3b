//! Revisions as they are shown.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use super::diff::Change;
use super::model::Revision;
use crate::ids::MemberId;
use crate::members::MemberView;

/// One of a post's bodies, without its text.
#[derive(Serialize, ToSchema)]
#[schema(as = RevisionSummary, example = json!({
    "number": 2, "edited_by": 12, "edited_at": "2014-02-12T10:30:00Z", "reason": "typo"
}))]
pub struct RevisionSummaryView {
    /// Its number: the version of the post that it is the body of.
    #[schema(minimum = 1)]
    pub number: i64,
    /// Who made it: of number 1 the author; null where an archive did not tell.
    pub edited_by: Option<MemberId>,
    /// When.
    pub edited_at: DateTime<Utc>,
    /// Why, if that was said.
    #[schema(max_length = 200)]
    pub reason: Option<String>,
}

/// One of a post's bodies.
#[derive(Serialize, ToSchema)]
#[schema(as = Revision, example = json!({
    "number": 2, "body": "So be it, then.", "html": "<p>So be it, then.</p>\n",
    "diff": [{"op": "delete", "text": "So be it."}, {"op": "insert", "text": "So be it, then."}],
    "edited_by": 12, "edited_at": "2014-02-12T10:30:00Z", "reason": "typo", "members": {}
}))]
pub struct RevisionView {
    /// Its number: the version of the post that it is the body of.
    #[schema(minimum = 1)]
    pub number: i64,
    /// Markdown, as it was written.
    #[schema(max_length = 1_048_576)]
    pub body: String,
    /// The body as HTML that is safe to put into a page as it is, with the bound that a post's has.
    #[schema(max_length = 16_777_216)]
    pub html: String,
    /// Pieces of the change from the body before it, in order; all of it is new in number 1. A change of more than 2,000 pieces is
    /// told as one replacement.
    pub diff: Vec<Change>,
    /// Who made it: of number 1 the author; null where an archive did not tell.
    pub edited_by: Option<MemberId>,
    /// When.
    pub edited_at: DateTime<Utc>,
    /// Why, if that was said.
    #[schema(max_length = 200)]
    pub reason: Option<String>,
    /// Every member that the answer names, by id.
    pub members: BTreeMap<String, MemberView>,
}

impl RevisionView {
    /// A revision with its body, what it changed and the cards of whom it names.
    pub fn new(
        revision: Revision,
        body: String,
        html: String,
        diff: Vec<Change>,
        members: BTreeMap<String, MemberView>,
    ) -> Self {
        let Revision { number, edited_by, edited_at, reason } = revision;
        Self { number, body, html, diff, edited_by, edited_at, reason, members }
    }
}

impl From<Revision> for RevisionSummaryView {
    fn from(revision: Revision) -> Self {
        Self {
            number: revision.number,
            edited_by: revision.edited_by,
            edited_at: revision.edited_at,
            reason: revision.reason,
        }
    }
}
