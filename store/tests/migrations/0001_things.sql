-- A table for tests of the store.
create table things (
    name text not null,
    constraint things_pk primary key (name)
);
