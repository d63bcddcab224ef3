-- Who did what to which stream or group, why, and what became of it. Redis cannot take part in a transaction of this
-- database, so the intent of an act is committed before Redis is touched and its result after: where a process dies in
-- between the entry stays 'intended', which is all that anybody knows. An entry is added, finished once and then left
-- alone.

create table audit (
    -- newest first is this key walked backwards; see audit_position for its order
    id bigint not null,
    at_us bigint not null,
    who text not null,
    permission text not null,
    act text not null,
    subject text not null,
    request text not null,
    reason text,
    -- act, subject, who, reason and request in lower case: the databases disagree on which letters have a capital
    search_text text not null,
    state text not null,
    finished_at_us bigint,
    -- json: ids, outcomes and details, never a payload
    report text,
    result text,
    constraint audit_pk primary key (id),
    constraint audit_state_known check (state in ('intended', 'done', 'failed')),
    constraint audit_finished_unless_intended check ((state = 'intended') = (finished_at_us is null))
);

-- The last id given out. Its row stays locked until the writer commits, so that ids appear in the order of commits,
-- whichever process writes: a reader that pages towards older entries misses none and sees none twice.
create table audit_position (
    only_row bigint not null,
    last_id bigint not null,
    constraint audit_position_pk primary key (only_row),
    constraint audit_position_one_row check (only_row = 1)
);
insert into audit_position (only_row, last_id) values (1, 0);
