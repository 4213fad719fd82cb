-- One database per service: run once when the server is new.
create database gongdan_intake;
create database gongdan_dispatch;
create database gongdan_sla;
create database gongdan_review;
create database gongdan_analytics;
