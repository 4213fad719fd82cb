"""The schema of the bus in its own database: log, counters, groups, and the functions that change them.

`bus.version` holds its version. An advisory lock lets one process at a time bring it up to date, so that any number of
processes may start at once on an empty database.
"""

from collections.abc import Sequence
from typing import Final

import asyncpg

#: Readers listen here: a topic's number after a publish, `group:<name>` when the members of a group must look again.
CHANNEL: Final = "gongdan_bus"

#: Any fixed number: the lock under which one process at a time brings the schema up to date.
_SCHEMA_LOCK: Final = 7_312_345_001

_V1: Final = """
CREATE TABLE bus.topic (
    topic_id   int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name       text NOT NULL UNIQUE,
    partitions int  NOT NULL CHECK (partitions > 0)
);

-- One counter row per partition, updated by every publish: free room on the page keeps those updates cheap.
CREATE TABLE bus.partition (
    topic_id    int NOT NULL REFERENCES bus.topic,
    partition   int NOT NULL,
    next_offset bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (topic_id, partition)
) WITH (fillfactor = 20);

CREATE TABLE bus.log (
    topic_id    int NOT NULL,
    partition   int NOT NULL,
    log_offset  bigint NOT NULL,
    key         bytea,
    value       bytea,
    headers     bytea NOT NULL,
    appended_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (topic_id, partition, log_offset)
);

-- A member is alive until expires_at, by the clock of this server; its leases end with it.
CREATE TABLE bus.member (
    group_name text NOT NULL,
    member_id  uuid NOT NULL,
    name       text NOT NULL,
    topics     int[] NOT NULL,
    expires_at timestamptz NOT NULL,
    PRIMARY KEY (group_name, member_id)
) WITH (fillfactor = 20);

-- epoch grows with each new owner, so that a commit of the owner before is refused.
CREATE TABLE bus.lease (
    group_name text NOT NULL,
    topic_id   int NOT NULL,
    partition  int NOT NULL,
    owner      uuid,
    epoch      bigint NOT NULL DEFAULT 0,
    committed  bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (group_name, topic_id, partition)
) WITH (fillfactor = 20);

CREATE FUNCTION bus.append(topics int[], parts int[], keys bytea[], vals bytea[], heads bytea[])
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    -- R54: the counters are locked in ascending order (no deadlock between publishers) and until the commit, so the
    -- order of commits is the order of offsets and no reader ever sees an offset before the one below it.
    PERFORM 1 FROM bus.partition p
      WHERE (p.topic_id, p.partition) IN (SELECT m.t, m.n FROM unnest(topics, parts) AS m(t, n))
      ORDER BY p.topic_id, p.partition FOR UPDATE OF p;

    WITH drawn AS (
        SELECT m.t, m.n, count(*) AS many FROM unnest(topics, parts) AS m(t, n) GROUP BY m.t, m.n
    ), moved AS (
        UPDATE bus.partition p SET next_offset = p.next_offset + d.many
          FROM drawn d WHERE p.topic_id = d.t AND p.partition = d.n
          RETURNING p.topic_id, p.partition, p.next_offset - d.many AS first_offset
    )
    INSERT INTO bus.log (topic_id, partition, log_offset, key, value, headers)
    SELECT m.t, m.n, moved.first_offset + row_number() OVER (PARTITION BY m.t, m.n ORDER BY m.place) - 1, m.k, m.v, m.h
      FROM unnest(topics, parts, keys, vals, heads) WITH ORDINALITY AS m(t, n, k, v, h, place)
      JOIN moved ON moved.topic_id = m.t AND moved.partition = m.n;

    PERFORM pg_notify('gongdan_bus', woken.t::text) FROM (SELECT DISTINCT m.t FROM unnest(topics) AS m(t)) AS woken;
END $$;

-- One heartbeat: renew this member, delete members that have expired, and take or release partitions until this member
-- has its fair share. One member of a group at a time runs this, so that the counts stay true.
CREATE FUNCTION bus.renew(the_group text, me uuid, my_name text, my_topics int[], life interval, may_release boolean)
RETURNS TABLE (topic_id int, partition int, epoch bigint, committed bigint, surplus boolean)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    moment    timestamptz;
    changed   boolean := false;
    removed   bigint;
    one       int;
    members   bigint;
    my_rank   bigint;
    held      bigint;
    fair      bigint;
    too_many    int[] := '{}';
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('gongdan_bus group ' || the_group, 0));
    moment := clock_timestamp();

    UPDATE bus.member m SET expires_at = moment + life, topics = my_topics
      WHERE m.group_name = the_group AND m.member_id = me;
    IF NOT FOUND THEN
        INSERT INTO bus.member VALUES (the_group, me, my_name, my_topics, moment + life);
        INSERT INTO bus.lease (group_name, topic_id, partition)
          SELECT the_group, p.topic_id, p.partition FROM bus.partition p WHERE p.topic_id = ANY (my_topics)
          ON CONFLICT DO NOTHING;
        changed := true;
    END IF;

    DELETE FROM bus.member m WHERE m.group_name = the_group AND m.expires_at <= moment;
    GET DIAGNOSTICS removed = ROW_COUNT;
    changed := changed OR removed > 0;

    PERFORM 1 FROM bus.lease l
      WHERE l.group_name = the_group AND l.owner IS NOT NULL
        AND NOT EXISTS (SELECT 1 FROM bus.member m WHERE m.group_name = the_group AND m.member_id = l.owner)
      ORDER BY l.topic_id, l.partition FOR UPDATE OF l;
    UPDATE bus.lease l SET owner = NULL
      WHERE l.group_name = the_group AND l.owner IS NOT NULL
        AND NOT EXISTS (SELECT 1 FROM bus.member m WHERE m.group_name = the_group AND m.member_id = l.owner);

    FOREACH one IN ARRAY my_topics LOOP
        SELECT count(*), count(*) FILTER (WHERE m.member_id < me) INTO members, my_rank
          FROM bus.member m WHERE m.group_name = the_group AND one = ANY (m.topics);
        -- The topic's number shifts the ranks, so that the remaining partitions of several topics go to several members.
        SELECT count(*) / members + CASE WHEN (my_rank + one) % members < count(*) % members THEN 1 ELSE 0 END,
               count(*) FILTER (WHERE l.owner = me)
          INTO fair, held FROM bus.lease l WHERE l.group_name = the_group AND l.topic_id = one;

        IF held > fair AND may_release THEN
            UPDATE bus.lease l SET owner = NULL
              WHERE l.group_name = the_group AND l.topic_id = one AND l.partition IN (
                SELECT x.partition FROM bus.lease x
                  WHERE x.group_name = the_group AND x.topic_id = one AND x.owner = me
                  ORDER BY x.partition DESC LIMIT held - fair);
            changed := true;
        ELSIF held > fair THEN
            too_many := too_many || one;
        ELSIF held < fair THEN
            UPDATE bus.lease l SET owner = me, epoch = l.epoch + 1
              WHERE l.group_name = the_group AND l.topic_id = one AND l.partition IN (
                SELECT x.partition FROM bus.lease x
                  WHERE x.group_name = the_group AND x.topic_id = one AND x.owner IS NULL
                  ORDER BY x.partition LIMIT fair - held);
        END IF;
    END LOOP;

    IF changed THEN
        PERFORM pg_notify('gongdan_bus', 'group:' || the_group);
    END IF;
    RETURN QUERY SELECT l.topic_id, l.partition, l.epoch, l.committed, l.topic_id = ANY (too_many)
      FROM bus.lease l WHERE l.group_name = the_group AND l.owner = me;
END $$;

CREATE FUNCTION bus.leave(the_group text, me uuid) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('gongdan_bus group ' || the_group, 0));
    DELETE FROM bus.member m WHERE m.group_name = the_group AND m.member_id = me;
    UPDATE bus.lease l SET owner = NULL WHERE l.group_name = the_group AND l.owner = me;
    PERFORM pg_notify('gongdan_bus', 'group:' || the_group);
END $$;

-- How many of the offsets were stored: those whose lease is still mine, in the epoch in which the batch was read.
CREATE FUNCTION bus.commit(the_group text, me uuid, topics int[], parts int[], epochs bigint[], uptos bigint[])
RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    stored bigint;
BEGIN
    PERFORM 1 FROM bus.lease l JOIN unnest(topics, parts) AS w(t, n) ON l.topic_id = w.t AND l.partition = w.n
      WHERE l.group_name = the_group ORDER BY l.topic_id, l.partition FOR UPDATE OF l;
    UPDATE bus.lease l SET committed = w.upto
      FROM unnest(topics, parts, epochs, uptos) AS w(t, n, e, upto)
      WHERE l.group_name = the_group AND l.topic_id = w.t AND l.partition = w.n AND l.owner = me AND l.epoch = w.e;
    GET DIAGNOSTICS stored = ROW_COUNT;
    RETURN stored;
END $$;
"""

#: The steps from each version to the next; a released step is never edited, a new one is appended.
_STEPS: Final[Sequence[str]] = (_V1,)


async def bring_up_to_date(connection: "asyncpg.Connection[asyncpg.Record]") -> None:
    """Create the schema or bring it to the newest version, in one transaction."""
    async with connection.transaction():
        await connection.execute("SELECT pg_advisory_xact_lock($1)", _SCHEMA_LOCK)
        await connection.execute("SET LOCAL client_min_messages = warning")
        await connection.execute("CREATE SCHEMA IF NOT EXISTS bus")
        await connection.execute("CREATE TABLE IF NOT EXISTS bus.version (step int PRIMARY KEY)")
        done = await connection.fetchval("SELECT count(*) FROM bus.version")
        for number, step in enumerate(_STEPS[done:], start=done + 1):
            await connection.execute(step)
            await connection.execute("INSERT INTO bus.version VALUES ($1)", number)
