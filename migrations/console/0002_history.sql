-- What the figures of streams and groups were, in three resolutions, so that a chart reaches further back than this process
-- (docs/adr/0015). A row is one stream or group in one stretch of time, with as many samples as it has: a column is the mean
-- of the samples in which the figure was known, its `_max` the highest of them, and null where nobody knew. Time without
-- samples has no row.
--
-- The key begins with the time: rows arrive and leave in its order, so that neither touches more pages than it must, and a
-- chart asks for moments that it can name. A table for each resolution, because rows that stay for different times would
-- leave holes in each other's pages.

-- Names. The id is made of them, so every process knows it without asking.
create table history_series (
    id bigint not null,
    stream text not null,
    -- null: the stream itself
    group_name text,
    first_at_s bigint not null,
    -- to the day
    last_at_s bigint not null,
    constraint history_series_pk primary key (id)
);

-- kept for 6 hours
create table history_ten_seconds (
    at_s bigint not null,
    series bigint not null,
    samples bigint not null,
    length bigint,
    length_max bigint,
    added_per_1000_s bigint,
    added_per_1000_s_max bigint,
    memory_bytes bigint,
    memory_bytes_max bigint,
    lag bigint,
    lag_max bigint,
    behind_ms bigint,
    behind_ms_max bigint,
    pending bigint,
    pending_max bigint,
    oldest_pending_ms bigint,
    oldest_pending_ms_max bigint,
    read_per_1000_s bigint,
    read_per_1000_s_max bigint,
    handled bigint,
    handled_max bigint,
    failed bigint,
    failed_max bigint,
    dead_lettered bigint,
    dead_lettered_max bigint,
    p95_us bigint,
    p95_us_max bigint,
    dead_letters bigint,
    dead_letters_max bigint,
    constraint history_ten_seconds_pk primary key (at_s, series),
    constraint history_ten_seconds_sampled check (samples > 0)
);

-- kept for 7 days
create table history_minutes (
    at_s bigint not null,
    series bigint not null,
    samples bigint not null,
    length bigint,
    length_max bigint,
    added_per_1000_s bigint,
    added_per_1000_s_max bigint,
    memory_bytes bigint,
    memory_bytes_max bigint,
    lag bigint,
    lag_max bigint,
    behind_ms bigint,
    behind_ms_max bigint,
    pending bigint,
    pending_max bigint,
    oldest_pending_ms bigint,
    oldest_pending_ms_max bigint,
    read_per_1000_s bigint,
    read_per_1000_s_max bigint,
    handled bigint,
    handled_max bigint,
    failed bigint,
    failed_max bigint,
    dead_lettered bigint,
    dead_lettered_max bigint,
    p95_us bigint,
    p95_us_max bigint,
    dead_letters bigint,
    dead_letters_max bigint,
    constraint history_minutes_pk primary key (at_s, series),
    constraint history_minutes_sampled check (samples > 0)
);

-- kept for 90 days
create table history_hours (
    at_s bigint not null,
    series bigint not null,
    samples bigint not null,
    length bigint,
    length_max bigint,
    added_per_1000_s bigint,
    added_per_1000_s_max bigint,
    memory_bytes bigint,
    memory_bytes_max bigint,
    lag bigint,
    lag_max bigint,
    behind_ms bigint,
    behind_ms_max bigint,
    pending bigint,
    pending_max bigint,
    oldest_pending_ms bigint,
    oldest_pending_ms_max bigint,
    read_per_1000_s bigint,
    read_per_1000_s_max bigint,
    handled bigint,
    handled_max bigint,
    failed bigint,
    failed_max bigint,
    dead_lettered bigint,
    dead_lettered_max bigint,
    p95_us bigint,
    p95_us_max bigint,
    dead_letters bigint,
    dead_letters_max bigint,
    constraint history_hours_pk primary key (at_s, series),
    constraint history_hours_sampled check (samples > 0)
);

-- the marks on charts are acts of a stretch of time
create index audit_at on audit (at_us);
