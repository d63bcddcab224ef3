-- Makes changes of the log show. What was asked and what became of it each leave a link: the hash of the words, and a hash
-- over that and the link before (docs/adr/0023). Links are only ever added, in the transaction of what they are about, while
-- the row of the position is locked, so that there is one chain whichever process writes.

create table audit_links (
    link bigint not null,
    -- the act
    entry bigint not null,
    said text not null,
    digest text not null,
    hash text not null,
    constraint audit_links_pk primary key (link),
    constraint audit_links_once unique (entry, said),
    constraint audit_links_said_known check (said in ('begun', 'ended'))
);

-- the newest link, and its hash: a chain that was cut at its end ends before it
alter table audit_position add column last_link bigint not null default 0;
alter table audit_position add column head text not null default '';
-- what was begun before there was a chain; the first link is tied to it
alter table audit_position add column unchained bigint not null default 0;
update audit_position set unchained = last_id;
