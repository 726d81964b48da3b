DROP TABLE username_skeletons;
DROP TABLE members;
