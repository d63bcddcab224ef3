-- Redis may lose what it took (a flush, a crash, a failover). So a row remembers which entry it became, and is kept until
-- every group has acknowledged that entry: until then it can be sent again.
alter table outbox add column entry_ms bigint;
alter table outbox add column entry_seq bigint;
-- when it was known that nobody needs the entry any more
alter table outbox add column done_at_us bigint;
update outbox set done_at_us = sent_at_us where sent_at_us is not null;
drop index outbox_sent;
create index outbox_done on outbox (done_at_us) where done_at_us is not null;
create index outbox_open on outbox (stream, entry_ms, entry_seq) where sent_at_us is not null and done_at_us is null;

-- What each stream must have had at least. A stream that says less was lost, or restored to an earlier state.
create table outbox_streams (
    stream text not null,
    entries_added bigint not null,
    last_ms bigint not null,
    last_seq bigint not null,
    constraint outbox_streams_pk primary key (stream)
);

-- The groups that read a stream. After a loss of the stream they come back one by one, and nothing is done with before
-- all are there; one that stays away is forgotten.
create table outbox_groups (
    stream text not null,
    name text not null,
    seen_at_us bigint not null,
    constraint outbox_groups_pk primary key (stream, name)
);

-- What became of events that Redis lost: the report of losses.
create table outbox_losses (
    noticed_at_us bigint not null,
    stream text not null,
    -- 'sent_again': the stream was lost. 'removed': somebody removed the entry before every group had read it.
    how text not null,
    outbox_id bigint not null,
    data text not null,
    constraint outbox_losses_pk primary key (outbox_id, noticed_at_us),
    constraint outbox_losses_how_known check (how in ('sent_again', 'removed'))
);
create index outbox_losses_by_time on outbox_losses (noticed_at_us);
