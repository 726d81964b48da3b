//! What a batch will write: its lines, one after the other, held against what is there and what came before.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::bodies::Reading;
use super::ground::{Forum, Ground, LastPost, Post, Thread};
use super::ids::{Ids, Kind};
use super::parse::Numbered;
use super::rows::{ForumRow, LikeRow, MemberRow, PostRow, RevisionRow, ThreadRow};
use super::totals::Totals;
use crate::access::{Role, username_key};
use crate::archive::error::{BadLine, Flaw};
use crate::archive::import::Added;
use crate::archive::line::{ForumLine, LikeLine, Line, MemberLine, PostLine, RankLine, RevisionLine, ThreadLine, Time};
use crate::forums::{ForumKind, MAX_DEPTH};
use crate::markup::rewrite_quote_ids;
use crate::members::MemberState;
use crate::web::identity::Email;

/// What a batch will write.
pub struct Plan {
    pub ids: Ids,
    pub ground: Ground,
    /// The ladder is to be emptied first.
    pub replaces_ladder: bool,
    pub ranks: Vec<RankLine>,
    pub forums: Vec<ForumRow>,
    pub members: Vec<MemberRow>,
    pub threads: Vec<ThreadRow>,
    pub posts: Vec<PostRow>,
    pub revisions: Vec<RevisionRow>,
    pub likes: Vec<LikeRow>,
    /// Posts written and likes received, by member.
    pub of_members: BTreeMap<i64, (i64, i64)>,
    /// Threads and posts that are shown, by forum.
    pub of_forums: BTreeMap<i64, (i64, i64)>,
    /// What the lines of known members give.
    pub totals: Totals,
    now: DateTime<Utc>,
}

impl Plan {
    /// A plan with nothing in it yet.
    pub fn new(ids: Ids, ground: Ground, now: DateTime<Utc>) -> Self {
        Self {
            ids,
            ground,
            replaces_ladder: false,
            ranks: Vec::new(),
            forums: Vec::new(),
            members: Vec::new(),
            threads: Vec::new(),
            posts: Vec::new(),
            revisions: Vec::new(),
            likes: Vec::new(),
            of_members: BTreeMap::new(),
            of_forums: BTreeMap::new(),
            totals: Totals::default(),
            now,
        }
    }

    /// Takes the lines of a batch in, in order.
    pub fn take(&mut self, lines: Vec<Numbered>) -> Result<(), BadLine> {
        let whole_ladder = |line: &Numbered| matches!(&line.line, Line::Rank(rank) if rank.from == 0);
        if self.ground.ladder_gives_way && lines.iter().any(whole_ladder) {
            self.replaces_ladder = true;
            self.ground.ranks.clear();
        }
        for line in lines {
            let number = line.number;
            self.line(line.line, line.reading).map_err(|flaw| flaw.at(number))?;
        }
        Ok(())
    }

    fn line(&mut self, line: Line, reading: Reading) -> Result<(), Flaw> {
        match line {
            Line::Archive(_) => Err(Flaw::new("type", "only the first line of a file is of this type")),
            Line::Rank(line) => {
                self.rank(line);
                Ok(())
            }
            Line::Forum(line) => self.forum(line),
            Line::Member(line) => self.member(line),
            Line::Thread(line) => self.thread(line),
            Line::Post(line) => self.post(line, reading),
            Line::Revision(line) => self.revision(line, &reading),
            Line::Like(line) => self.like(line),
        }
    }

    /// What is on the ladder already stays.
    fn rank(&mut self, line: RankLine) {
        let ranks = &mut self.ground.ranks;
        if !ranks.contains_key(&line.from) && !ranks.values().any(|name| *name == line.name) {
            ranks.insert(line.from, line.name.clone());
            self.ranks.push(line);
        }
    }

    fn forum(&mut self, line: ForumLine) -> Result<(), Flaw> {
        let Some(id) = self.ids.define(Kind::Forum, &line.id)? else { return Ok(()) };
        let parent_id = self.ids.any_reference("parent", Kind::Forum, line.parent.as_ref())?;
        if !self.ground.slugs.insert(line.slug.clone()) {
            return Err(Flaw::new("slug", format!("`{}` is taken by another forum", line.slug)));
        }
        let mut ancestors = Vec::new();
        if let Some(parent_id) = parent_id {
            if parent_id == id {
                return Err(Flaw::new("parent", "a forum can not stand below itself"));
            }
            ancestors.extend(self.ground.forums.get(&parent_id).into_iter().flat_map(|forum| forum.ancestors.clone()));
            ancestors.push(parent_id);
        }
        if ancestors.len() >= MAX_DEPTH {
            return Err(Flaw::new("parent", format!("forums stand at most {MAX_DEPTH} deep")));
        }
        let kind = line.kind.unwrap_or(ForumKind::Forum);
        let forum = Forum { ancestors: ancestors.clone(), is_category: kind == ForumKind::Category };
        self.ground.forums.insert(id, forum);
        let position = line.position.unwrap_or_default();
        self.forums.push(ForumRow { id, parent_id, ancestors, kind: kind.name(), position, line });
        Ok(())
    }

    fn member(&mut self, line: Box<MemberLine>) -> Result<(), Flaw> {
        let Some(id) = self.ids.define(Kind::Member, &line.id)? else {
            self.totals.note(self.ids.reference("id", Kind::Member, &line.id)?, &line);
            return Ok(());
        };
        let key = line.username.as_deref().map(username_key);
        if let (Some(name), Some(key)) = (&line.username, &key)
            && !self.ground.usernames.insert(key.clone())
        {
            return Err(Flaw::new("username", format!("`{name}` is taken by another member")));
        }
        let email_verified = line.email_verified.unwrap_or_default();
        let email_key = line.email.as_deref().and_then(Email::stored).map(|email| email.key());
        if let Some(key) = email_key.as_ref().filter(|_| email_verified)
            && !self.ground.emails.insert(key.clone())
        {
            return Err(Flaw::new("email", "this address is another member's"));
        }
        let when = |state| (line.state == Some(state)).then_some(self.now);
        self.members.push(MemberRow {
            id,
            username_key: key,
            email_key,
            email_verified,
            role: line.role.unwrap_or(Role::Member).name(),
            joined_at: line.joined_at.0,
            posts_elsewhere: line.post_count.unwrap_or_default(),
            likes_elsewhere: line.likes_received.unwrap_or_default(),
            suspended_at: when(MemberState::Suspended),
            suspended_until: time(line.suspended_until),
            deleted_at: when(MemberState::Deleted),
            line,
        });
        Ok(())
    }

    fn thread(&mut self, line: Box<ThreadLine>) -> Result<(), Flaw> {
        let Some(id) = self.ids.define(Kind::Thread, &line.id)? else { return Ok(()) };
        let forum_id = self.ids.reference("forum", Kind::Forum, &line.forum)?;
        let author_id = self.ids.reference("author", Kind::Member, &line.author)?;
        let deleted_by = self.ids.any_reference("deleted_by", Kind::Member, line.deleted_by.as_ref())?;
        if self.ground.forums.get(&forum_id).is_some_and(|forum| forum.is_category) {
            return Err(Flaw::new("forum", format!("forum `{}` is a category: it holds no threads", line.forum)));
        }
        let deleted = line.deleted_at.is_some();
        let thread = Thread {
            forum_id,
            deleted,
            post_count: 0,
            like_count: 0,
            highest_position: 0,
            last_post: None,
            last_post_at: line.created_at.0,
            is_old: false,
            is_touched: true,
        };
        self.ground.threads.insert(id, thread);
        let of_forum = self.of_forums.entry(forum_id).or_default();
        of_forum.0 += i64::from(!deleted);
        self.threads.push(ThreadRow::new(id, forum_id, author_id, deleted_by, line));
        Ok(())
    }

    fn post(&mut self, mut line: Box<PostLine>, reading: Reading) -> Result<(), Flaw> {
        let Some(id) = self.ids.define(Kind::Post, &line.id)? else { return Ok(()) };
        let thread_id = self.ids.reference("thread", Kind::Thread, &line.thread)?;
        let author_id = self.ids.reference("author", Kind::Member, &line.author)?;
        let edited_by = self.ids.any_reference("edited_by", Kind::Member, line.edited_by.as_ref())?;
        let deleted_by = self.ids.any_reference("deleted_by", Kind::Member, line.deleted_by.as_ref())?;
        let deleted = line.deleted_at.is_some();
        let position = self.count_post(thread_id, id, author_id, &line)?;
        let draft = match reading {
            Reading::Draft(draft) => Some(draft),
            Reading::Quoting(_) => {
                line.body = rewrite_quote_ids(&line.body, |id| self.ids.quoted(id));
                None
            }
            Reading::Nothing => None,
        };
        let edit_count = line.edit_count.unwrap_or(i64::from(line.edited_at.is_some()));
        let post = Post { thread_id, author_id, deleted, version: 1, edit_count, new_likes: 0, is_touched: false };
        self.ground.posts.insert(id, post);
        self.posts.push(PostRow {
            id,
            thread_id,
            position,
            author_id,
            like_count: 0,
            edited_at: time(line.edited_at),
            edited_by,
            edit_count,
            deleted_at: time(line.deleted_at),
            deleted_by,
            version: 1,
            line,
            draft,
            html: String::new(),
            text: String::new(),
            mentions: Vec::new(),
            emoji: Vec::new(),
            quotes: Vec::new(),
        });
        Ok(())
    }

    /// A post takes the next position of its thread; where it is not deleted, thread, forum and author count it.
    fn count_post(&mut self, thread_id: i64, id: i64, author_id: i64, line: &PostLine) -> Result<i64, Flaw> {
        let Some(thread) = self.ground.threads.get_mut(&thread_id) else {
            return Err(Flaw::new("thread", format!("thread `{}` is not known", line.thread)));
        };
        thread.is_touched = true;
        thread.highest_position += 1;
        let position = thread.highest_position;
        if line.deleted_at.is_some() {
            return Ok(position);
        }
        thread.post_count += 1;
        thread.last_post = Some(LastPost { id, position, author_id });
        thread.last_post_at = line.created_at.0;
        self.of_forums.entry(thread.forum_id).or_default().1 += i64::from(!thread.deleted);
        self.of_members.entry(author_id).or_default().0 += 1;
        Ok(position)
    }

    fn revision(&mut self, mut line: RevisionLine, reading: &Reading) -> Result<(), Flaw> {
        let post_id = self.ids.reference("post", Kind::Post, &line.post)?;
        let edited_by = self.ids.any_reference("edited_by", Kind::Member, line.edited_by.as_ref())?;
        let Some(post) = self.ground.posts.get_mut(&post_id) else {
            return Err(Flaw::new("post", format!("post `{}` is not known", line.post)));
        };
        if line.number > post.version {
            return Err(Flaw::new("number", format!("revision {} of this post is to come first", post.version)));
        }
        if line.number < post.version {
            return Ok(());
        }
        post.version += 1;
        post.edit_count = post.edit_count.max(line.number);
        post.is_touched = true;
        if let Some(thread) = self.ground.threads.get_mut(&post.thread_id) {
            thread.is_touched = true;
        }
        if !reading.quoted().is_empty() {
            line.body = rewrite_quote_ids(&line.body, |id| self.ids.quoted(id));
        }
        let (thread_id, edited_at) = (post.thread_id, line.edited_at.0);
        self.revisions.push(RevisionRow { thread_id, post_id, edited_by, edited_at, line });
        Ok(())
    }

    fn like(&mut self, line: LikeLine) -> Result<(), Flaw> {
        let post_id = self.ids.reference("post", Kind::Post, &line.post)?;
        let member_id = self.ids.reference("member", Kind::Member, &line.member)?;
        let Some(post) = self.ground.posts.get_mut(&post_id) else {
            return Err(Flaw::new("post", format!("post `{}` is not known", line.post)));
        };
        if !self.ground.likes.insert((post_id, member_id)) {
            return Ok(());
        }
        post.new_likes += 1;
        post.is_touched = true;
        if let Some(thread) = self.ground.threads.get_mut(&post.thread_id) {
            thread.is_touched = true;
            thread.like_count += i64::from(!post.deleted);
        }
        if !post.deleted {
            self.of_members.entry(post.author_id).or_default().1 += 1;
        }
        self.likes.push(LikeRow { thread_id: post.thread_id, post_id, member_id, line });
        Ok(())
    }

    /// What the batch adds.
    pub fn added(&self) -> Added {
        Added {
            ranks: self.ranks.len() as u64,
            forums: self.forums.len() as u64,
            members: self.members.len() as u64,
            threads: self.threads.len() as u64,
            posts: self.posts.len() as u64,
            revisions: self.revisions.len() as u64,
            likes: self.likes.len() as u64,
        }
    }
}

pub(super) fn time(time: Option<Time>) -> Option<DateTime<Utc>> {
    time.map(|time| time.0)
}
