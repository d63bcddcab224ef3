//! Consoles of several connections in one PostgreSQL: a schema for each.

use console::{Actor, Console, audit, group};
use domain::operation::{GroupMove, Position};
use testkit::postgres::Postgres;

use crate::world::{OTHERS, STREAM, World, on_both};

async fn acts(console: &Console) -> usize {
    audit::list(console, None, None, 0).await.expect("the log").entries.len()
}

async fn move_group(console: &Console) {
    let to = GroupMove { to: Position::End, dry_run: false, state_token: None, reason: Some("a test".to_owned()) };
    group::move_to(console, &Actor::local(), STREAM, OTHERS, &to).await.expect("a move");
}

#[tokio::test]
async fn what_is_done_at_a_connection_is_in_a_schema_of_its_own() {
    let database = Postgres::new().await.expect("a PostgreSQL server");
    on_both(async |world: World| {
        let console_of = |name: &str| {
            let database = console::database_of(&database.url(), name).expect("a URL");
            Console::new(database, world.redis.clone(), world.metrics.clone(), world.console.snapshots())
        };
        let (dashed, plain) = (console_of("eu-1"), console_of("eu1"));
        let before = (acts(&dashed).await, acts(&plain).await);
        world.failures().await;
        move_group(&dashed).await;
        assert_eq!((acts(&dashed).await, acts(&plain).await), (before.0 + 1, before.1));
        assert_eq!(acts(&console_of("eu-1")).await, before.0 + 1, "another process finds it");
    })
    .await;
}

#[test]
fn what_is_no_name_becomes_no_schema() {
    for name in ["", "a b", "a;drop schema public", "A", "a_b"] {
        assert!(console::database_of("postgres://h/d", name).is_err(), "{name}");
    }
}
