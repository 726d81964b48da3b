DROP TABLE archive_ids;
