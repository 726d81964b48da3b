DROP TABLE quotes;
DROP TABLE posts;
