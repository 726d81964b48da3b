DROP TABLE mail_counts;
DROP TABLE mail_tokens;
DROP TABLE mails;
