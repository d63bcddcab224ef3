-- The trace in which an event was written travels with it (docs/adr/0018), so the outbox keeps it until the relay publishes.
-- Rows of older versions have none, and are published without.
alter table outbox add column traceparent text;
