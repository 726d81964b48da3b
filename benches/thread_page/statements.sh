#!/bin/sh
# Prints the statements that a guest's thread page runs, as a script of pgbench: the same text, with the same parameters for a
# random thread. Arguments: threads, posts of a thread, members, the first thread's, post's, member's and forum's id.
set -eu
threads=$1 posts=$2 members=$3 thread=$4 post=$5 member=$6 forum=$7

list() { # name, number: ":name0, :name1, ..."
    i=0
    while [ "$i" -lt "$2" ]; do
        [ "$i" -eq 0 ] || printf ', '
        printf ':%s%s' "$1" "$i"
        i=$((i + 1))
    done
}

echo "\\set n random(0, $((threads - 1)))"
echo "\\set thread $thread + :n"
i=0
while [ "$i" -lt "$posts" ]; do
    echo "\\set p$i $post + :n * $posts + $i"
    echo "\\set m$i $member + (:n * 7 + $i) % $members"
    i=$((i + 1))
done
cat <<END
SELECT "threads"."id", "threads"."forum_id", "threads"."kind", "threads"."title", "threads"."slug", "threads"."author_id", "threads"."tags", "threads"."pinned", "threads"."locked", "threads"."deleted_at", "threads"."post_count", "threads"."like_count", "threads"."view_count", "threads"."highest_position", "threads"."created_at", "threads"."last_post_id", "threads"."last_post_position", "threads"."last_post_author_id", "threads"."last_post_at", "threads"."version", "threads"."page_version" FROM "threads" WHERE (("threads"."id" = :thread) AND (("threads"."deleted_at" IS NULL) OR false)) LIMIT 1;
SELECT "forums"."id", "forums"."slug", "forums"."title", "forums"."description", "forums"."parent_id", "forums"."ancestors", "forums"."kind", "forums"."position", "forums"."thread_count", "forums"."post_count", "forums"."version", "threads"."id", "threads"."title", "threads"."last_post_id", "threads"."last_post_position", "threads"."last_post_author_id", "threads"."last_post_at" FROM ("forums" LEFT OUTER JOIN "threads" ON ("threads"."id" = "forums"."last_thread_id")) WHERE ("forums"."id" = $forum) LIMIT 1;
SELECT "forums"."id", "forums"."slug", "forums"."title" FROM "forums" WHERE ("forums"."id" = ANY(ARRAY[$forum]));
SELECT "posts"."thread_id", "posts"."id", "posts"."position", "posts"."author_id", "posts"."body", "posts"."html", "posts"."text", "posts"."mentions", "posts"."emoji", "posts"."like_count", "posts"."created_at", "posts"."last_edit_at", "posts"."last_edit_by", "posts"."last_edit_reason", "posts"."edit_count", "posts"."deleted_at", "posts"."version" FROM "posts" WHERE ((("posts"."thread_id" = :thread) AND ("posts"."position" >= 1)) AND ("posts"."position" <= $posts)) ORDER BY "posts"."position";
SELECT "quotes"."post_id", "quotes"."quoted_post_id", "quotes"."excerpt", "posts"."thread_id", "posts"."position", "posts"."author_id", "posts"."last_edit_at", "posts"."deleted_at", "threads"."deleted_at" FROM (("quotes" LEFT OUTER JOIN "posts" ON ("posts"."id" = "quotes"."quoted_post_id")) LEFT OUTER JOIN "threads" ON ("threads"."id" = "posts"."thread_id")) WHERE (("quotes"."thread_id" = ANY(ARRAY[:thread]::bigint[])) AND ("quotes"."post_id" = ANY(ARRAY[$(list p "$posts")]::bigint[]))) ORDER BY "quotes"."post_id", "quotes"."ordinal";
SELECT "members"."id", "members"."username", "members"."custom_title", "members"."country", "members"."avatar_url", "members"."role", "members"."joined_at", "members"."posts_shown", "members"."likes_shown", "members"."suspended_at", "members"."suspended_until", "members"."deleted_at", (SELECT "ranks"."name" FROM "ranks" WHERE ("ranks"."from_posts" <= "members"."posts_shown") ORDER BY "ranks"."from_posts" DESC LIMIT 1) FROM "members" WHERE ("members"."id" = ANY(ARRAY[$(list m "$posts")]::bigint[]));
END
