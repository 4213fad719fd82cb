-- One database per service, and the logins of the services: run once by a superuser when the server is new (psql 15 or later).
-- An owner migrates; each service works through two logins that own nothing (see shared/db/logins.py).
\getenv owner_password GONGDAN_OWNER_PASSWORD
\getenv centre_password GONGDAN_CENTRE_PASSWORD
\getenv unit_password GONGDAN_UNIT_PASSWORD
create role gongdan_owner login password :'owner_password';
create role gongdan_centre nologin;
create role gongdan_unit nologin;

create database gongdan_intake owner gongdan_owner;
create role gongdan_intake_centre login password :'centre_password' in role gongdan_centre;
create role gongdan_intake_unit login password :'unit_password' in role gongdan_unit;
revoke all on database gongdan_intake from public;
grant connect on database gongdan_intake to gongdan_intake_centre, gongdan_intake_unit;

create database gongdan_dispatch owner gongdan_owner;
create role gongdan_dispatch_centre login password :'centre_password' in role gongdan_centre;
create role gongdan_dispatch_unit login password :'unit_password' in role gongdan_unit;
revoke all on database gongdan_dispatch from public;
grant connect on database gongdan_dispatch to gongdan_dispatch_centre, gongdan_dispatch_unit;

create database gongdan_sla owner gongdan_owner;
create role gongdan_sla_centre login password :'centre_password' in role gongdan_centre;
create role gongdan_sla_unit login password :'unit_password' in role gongdan_unit;
revoke all on database gongdan_sla from public;
grant connect on database gongdan_sla to gongdan_sla_centre, gongdan_sla_unit;

create database gongdan_review owner gongdan_owner;
create role gongdan_review_centre login password :'centre_password' in role gongdan_centre;
create role gongdan_review_unit login password :'unit_password' in role gongdan_unit;
revoke all on database gongdan_review from public;
grant connect on database gongdan_review to gongdan_review_centre, gongdan_review_unit;

create database gongdan_analytics owner gongdan_owner;
create role gongdan_analytics_centre login password :'centre_password' in role gongdan_centre;
create role gongdan_analytics_unit login password :'unit_password' in role gongdan_unit;
revoke all on database gongdan_analytics from public;
grant connect on database gongdan_analytics to gongdan_analytics_centre, gongdan_analytics_unit;
