-- Recovery jobs: what was chosen, frozen, and what became of each entry (promise P11). A job goes on where it was, whichever
-- process takes it up: what Redis was told to send is remembered there in the step that sends it, so that an entry that
-- was sent just before a process died is not sent again.

-- the last number given out
create table recovery_position (
    only_row bigint not null,
    last_id bigint not null,
    constraint recovery_position_pk primary key (only_row),
    constraint recovery_position_one_row check (only_row = 1)
);
insert into recovery_position (only_row, last_id) values (1, 0);

create table recovery_jobs (
    -- counts up
    id bigint not null,
    created_at_us bigint not null,
    who text not null,
    -- json
    terms text not null,
    state text not null,
    -- what a pause has interrupted
    held text,
    started_at_us bigint,
    ended_at_us bigint,
    note text,
    -- json, a list of sentences
    warnings text not null,
    -- one process at a time works on it, for as long as it says so
    holder text,
    until_us bigint not null,
    constraint recovery_jobs_pk primary key (id),
    constraint recovery_jobs_state_known check (state in
        ('freezing', 'ready', 'canary', 'canaried', 'running', 'confirming', 'paused', 'cancelled', 'done')),
    constraint recovery_jobs_held_if_paused check ((state = 'paused') = (held is not null)),
    constraint recovery_jobs_ended_if_over check ((state in ('cancelled', 'done')) = (ended_at_us is not null))
);
create index recovery_jobs_at_work on recovery_jobs (id) where ended_at_us is null;

-- The streams that a job takes from: up to which record, how far it has been frozen, and from where on new dead letters are
-- looked at to see what has failed again.
create table recovery_sources (
    job bigint not null,
    stream text not null,
    up_to text not null,
    frozen_to text,
    watched_to text not null,
    constraint recovery_sources_pk primary key (job, stream)
);

create table recovery_items (
    job bigint not null,
    place bigint not null,
    stream text not null,
    group_name text not null,
    record text,
    source_id text not null,
    -- the same as numbers, at most the highest: in this order they are sent
    source_ms bigint not null,
    source_seq bigint not null,
    -- aggregate_id
    key_text text,
    event_type text,
    -- what would be done: 'to_group', 'add_again'; null where it is left alone
    way text,
    newer bigint,
    state text not null,
    detail text not null,
    added_as text,
    sent_at_us bigint,
    constraint recovery_items_pk primary key (job, place),
    constraint recovery_items_state_known check (state in ('queued', 'sent', 'confirmed', 'failed_again', 'skipped'))
);
-- what is to be done next, and how many are in which state
create index recovery_items_in_state on recovery_items (job, state, source_ms, source_seq, place);
-- those of one key, in their order
create index recovery_items_of_key on recovery_items (job, stream, group_name, key_text, source_ms, source_seq);
