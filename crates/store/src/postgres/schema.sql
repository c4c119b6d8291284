-- What the engine keeps. Times are microseconds since 1970, UTC. A row's `job` is the job itself, as the facts that tell
-- it again in the encoding of the log; what stands beside it is for keys and for the eyes of operators.
--
-- The hot tables (ready, reserved, later, dead) see INSERT and DELETE only, and each has one index.
create schema if not exists bessemer;

create table if not exists store (format int not null, id bytea not null);

create table if not exists queue (name text collate "C" primary key);

create table if not exists ready (
    queue text collate "C" not null, ord bigint not null, id bigint not null, jid text not null, job bytea not null,
    primary key (queue, ord));

-- jid_key: a keyed hash of the jid.
create table if not exists reserved (
    jid_key bigint not null, id bigint not null, queue text not null, jid text not null, wid text not null,
    until bigint not null, job bytea not null,
    primary key (jid_key, id));

-- kind 0: scheduled, 1: retries.
create table if not exists later (
    kind smallint not null, at bigint not null, ord bigint not null, id bigint not null, queue text not null,
    jid text not null, job bytea not null,
    primary key (kind, at, ord));

create table if not exists dead (
    at bigint not null, ord bigint not null, id bigint not null, queue text not null, jid text not null,
    job bytea not null,
    primary key (at, ord));

-- A start of a node; its ticks are numbered below it.
create table if not exists node (id bigint generated always as identity primary key);

-- One per tick that wrote: whoever finds it there knows that the tick was committed. It also has the counters after
-- the tick, and by day the attempts that ended in it; old ones are added up in `tally` and deleted.
create table if not exists receipt (
    node bigint not null, tick bigint not null, counters bytea not null,
    day int[] not null, processed bigint[] not null, failed bigint[] not null,
    primary key (node, tick));

create table if not exists tally (day int primary key, processed bigint not null, failed bigint not null);

do $$
declare hot text;
begin
    foreach hot in array array['ready', 'reserved', 'later', 'dead', 'receipt'] loop
        execute format('alter table %I set (autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 5000,
            autovacuum_vacuum_cost_delay = 0)', hot);
    end loop;
end $$;
