-- Rules, what they have found, and what people were told of it. Kept, so that a restart tells nobody again what was told
-- already, and so that of several processes one watches. Messages wait here in the transaction of what they speak of:
-- what fires is told even if the process ends in between.

create table alert_rules (
    id text not null,
    name text not null,
    watched text not null,
    -- patterns in which * stands for anything
    stream text not null,
    group_name text not null,
    comparison text not null,
    threshold bigint not null,
    for_seconds bigint not null,
    resolve_threshold bigint not null,
    resolve_for_seconds bigint not null,
    severity text not null,
    note text not null,
    enabled bigint not null,
    muted_until_us bigint,
    constraint alert_rules_pk primary key (id),
    constraint alert_rules_name_unique unique (name),
    constraint alert_rules_comparison_known check (comparison in ('above', 'below')),
    constraint alert_rules_severity_known check (severity in ('critical', 'warning', 'info')),
    constraint alert_rules_enabled_is_yes_or_no check (enabled in (0, 1))
);

-- What is not fine. What is fine has no row.
create table alert_states (
    rule_id text not null,
    -- a hash of the subject: names can be longer than an index takes
    subject_key text not null,
    -- json
    subject text not null,
    watched text not null,
    phase text not null,
    since_us bigint not null,
    began_us bigint not null,
    unknown_since_us bigint,
    gone_since_us bigint,
    -- null while it only pends
    firing_id text,
    constraint alert_states_pk primary key (rule_id, subject_key),
    constraint alert_states_phase_known check (phase in ('pending', 'firing', 'resolving')),
    constraint alert_states_firing_unless_pending check ((phase = 'pending') = (firing_id is null))
);

-- What has fired, in the words that the rule had then.
create table alert_firings (
    -- a uuid that counts up in time
    id text not null,
    rule_id text not null,
    rule text not null,
    severity text not null,
    watched text not null,
    comparison text not null,
    threshold bigint not null,
    note text not null,
    subject text not null,
    began_us bigint not null,
    fired_at_us bigint not null,
    figure text not null,
    resolved_at_us bigint,
    reason text,
    -- whether anybody was told of it; until then somebody has to be, unless the rule is muted
    told bigint not null,
    constraint alert_firings_pk primary key (id),
    constraint alert_firings_reason_if_resolved check ((resolved_at_us is null) = (reason is null))
);
create index alert_firings_open on alert_firings (rule_id) where resolved_at_us is null;
create index alert_firings_resolved on alert_firings (resolved_at_us) where resolved_at_us is not null;

-- One message to one channel.
create table alert_messages (
    id text not null,
    -- null for a test
    firing_id text,
    kind text not null,
    channel text not null,
    -- json, as a webhook sends it
    notice text not null,
    state text not null,
    attempts bigint not null,
    created_at_us bigint not null,
    next_at_us bigint not null,
    -- a process is trying it until then, at most
    claimed_until_us bigint not null,
    ended_at_us bigint,
    error text,
    constraint alert_messages_pk primary key (id),
    -- nobody is told the same twice, whoever watches
    constraint alert_messages_once unique (firing_id, kind, channel),
    constraint alert_messages_state_known check (state in ('waiting', 'sent', 'failed')),
    constraint alert_messages_ended_unless_waiting check ((state = 'waiting') = (ended_at_us is null))
);
create index alert_messages_waiting on alert_messages (next_at_us) where state = 'waiting';

-- Of several processes one watches. `seen_us`: when it last looked, so that its successor knows what nobody saw.
create table alert_watch (
    only_row bigint not null,
    holder text not null,
    until_us bigint not null,
    seen_us bigint not null,
    constraint alert_watch_pk primary key (only_row),
    constraint alert_watch_one_row check (only_row = 1)
);

-- A few to begin with, which are quiet where all is well. They can be changed and deleted like any other.
insert into alert_rules
    (id, name, watched, stream, group_name, comparison, threshold, for_seconds, resolve_threshold, resolve_for_seconds,
     severity, note, enabled, muted_until_us)
values
    ('redis-away', 'Redis does not answer', 'redis_away', '*', '*', 'above', 0, 30, 0, 30, 'critical',
     'Nothing is delivered until it is back. The page Health says what was tried.', 1, null),
    ('no-consumer', 'Entries wait and nobody reads', 'unread_without_consumer', '*', '*', 'above', 0, 60, 0, 60, 'critical',
     'Is the service that reads this group running? It goes on where it stopped.', 1, null),
    ('behind', 'A group falls behind', 'behind_seconds', '*', '*', 'above', 60, 120, 10, 120, 'warning',
     'More comes in than is read, or a slow handler holds it up. The group''s page shows which.', 1, null),
    ('oldest-pending', 'An entry is stuck', 'oldest_pending_seconds', '*', '*', 'above', 300, 60, 60, 60, 'warning',
     'Its consumer is gone or hangs. The group''s page can claim it.', 1, null),
    ('dead-letters-grow', 'Entries become dead letters', 'new_dead_letters', '*', '*', 'above', 0, 0, 0, 60, 'warning',
     'The page Dead letters shows the cause. Mend it, then replay.', 1, null);
