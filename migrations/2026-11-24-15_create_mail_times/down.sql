DROP TABLE mail_times;
