DROP TABLE archive_totals;
DROP TABLE archive_ids;
