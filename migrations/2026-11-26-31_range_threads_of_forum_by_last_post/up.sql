-- A list of one forum's or one author's threads is asked for as a range of an index that these lead, all in one direction: so no plan
-- looks for the threads of a small forum among all that are in the order of the list. Each index is made by itself, as writes wait
-- meanwhile; those that they stand for go when all are there. (ASC is said as YugabyteDB would not keep the first column in order.)
CREATE INDEX new_threads_of_forum_by_last_post ON threads (forum_id ASC, last_post_at, id);
