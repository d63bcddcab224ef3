//! A database that is not there yet, goes away and comes back.

use sqlx::Executor;
use store::{Database, Error};
use testkit::{
    postgres::{Postgres, Sqlite},
    wait,
};
use tokio_util::sync::CancellationToken;

fn open(url: &str) -> Database {
    Database::new(url, "things", sqlx::migrate!("tests/migrations")).expect("a database URL")
}

async fn count(database: &Database) -> Result<i64, Error> {
    let mut connection = database.connection().await?;
    let (count,): (i64,) =
        sqlx::query_as("select cast(count(*) as bigint) from things").fetch_one(&mut *connection).await?;
    Ok(count)
}

async fn insert(database: &Database, name: &str) -> Result<(), Error> {
    let mut transaction = database.begin().await?;
    sqlx::query("insert into things (name) values ($1)").bind(name).execute(&mut *transaction).await?;
    transaction.commit().await
}

#[tokio::test]
async fn a_sqlite_file_is_made_and_migrated_once_its_folder_exists() {
    let sqlite = Sqlite::new().expect("a folder");
    let folder = sqlite.folder().join("later");
    let database = open(&format!("sqlite://{}/test.db?mode=rwc", folder.display()));
    assert!(matches!(count(&database).await, Err(Error::Unavailable(_))));
    std::fs::create_dir(&folder).expect("a folder");
    wait::until("the database comes", || async { count(&database).await.ok() }).await;
    assert_eq!(count(&database).await.expect("a count"), 0);
}

#[tokio::test]
async fn postgres_that_is_cut_is_unavailable_and_resumes_with_what_was_committed() {
    let postgres = Postgres::new().await.expect("a server");
    let database = open(&postgres.url());
    insert(&database, "before").await.expect("an insert");
    postgres.cut().await.expect("a cut");
    wait::until("calls are refused", || async { count(&database).await.err().filter(Error::is_unavailable) }).await;
    assert!(matches!(insert(&database, "meanwhile").await, Err(Error::Unavailable(_))));
    postgres.restore().await.expect("a restore");
    let found = wait::until("the database comes back", || async { count(&database).await.ok() }).await;
    assert_eq!(found, 1);
}

#[tokio::test]
async fn the_watcher_migrates_without_being_asked() {
    let postgres = Postgres::new().await.expect("a server");
    postgres.cut().await.expect("a cut");
    let stop = CancellationToken::new();
    let watcher = tokio::spawn(open(&postgres.url()).run(stop.clone()));
    postgres.restore().await.expect("a restore");
    let bystander = sqlx::AnyPool::connect_lazy(&postgres.url()).expect("a URL");
    wait::until("the table is there", || async { bystander.execute("select * from things.things").await.ok() }).await;
    stop.cancel();
    watcher.await.expect("the watcher ends");
}

#[tokio::test]
async fn two_processes_that_start_at_once_migrate_once() {
    let postgres = Postgres::new().await.expect("a server");
    let sqlite = Sqlite::new().expect("a folder");
    for url in [postgres.url(), sqlite.url()] {
        let (one, two) = (open(&url), open(&url));
        let (first, second) = tokio::join!(insert(&one, "a"), insert(&two, "b"));
        first.expect("the first");
        second.expect("the second");
        assert_eq!(count(&one).await.expect("a count"), 2, "{url}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 8)]
async fn many_processes_that_find_a_new_file_at_once_all_get_in() {
    for _ in 0..20 {
        let sqlite = Sqlite::new().expect("a folder");
        // a pool each, as if each were a process
        let all = (0..8).map(|_| open(&sqlite.url())).map(|one| tokio::spawn(async move { count(&one).await }));
        for one in all.collect::<Vec<_>>() {
            assert_eq!(one.await.expect("no panic").expect("a count"), 0);
        }
    }
}

#[tokio::test]
async fn parallel_writers_wait_for_each_other_instead_of_failing() {
    let postgres = Postgres::new().await.expect("a server");
    let sqlite = Sqlite::new().expect("a folder");
    for url in [postgres.url(), sqlite.url()] {
        let (here, there) = (open(&url), open(&url));
        let writers = (0..60).map(|n| {
            let database = if n % 2 == 0 { here.clone() } else { there.clone() };
            tokio::spawn(async move {
                // reads first: on SQLite such a transaction would fail if it were not begun as a writer's
                let mut transaction = database.begin().await?;
                let (before,): (i64,) =
                    sqlx::query_as("select cast(count(*) as bigint) from things").fetch_one(&mut *transaction).await?;
                sqlx::query("insert into things (name) values ($1)")
                    .bind(format!("{n} after {before}"))
                    .execute(&mut *transaction)
                    .await?;
                transaction.commit().await
            })
        });
        for writer in writers.collect::<Vec<_>>() {
            writer.await.expect("no panic").expect("a write");
        }
        assert_eq!(count(&here).await.expect("a count"), 60, "{url}");
    }
}

#[tokio::test]
async fn a_transaction_that_is_dropped_leaves_nothing_and_blocks_nobody() {
    let postgres = Postgres::new().await.expect("a server");
    let sqlite = Sqlite::new().expect("a folder");
    for url in [postgres.url(), sqlite.url()] {
        let database = open(&url);
        let mut transaction = database.begin().await.expect("a transaction");
        sqlx::query("insert into things (name) values ('lost')").execute(&mut *transaction).await.expect("an insert");
        drop(transaction);
        insert(&database, "kept").await.expect("an insert");
        assert_eq!(count(&database).await.expect("a count"), 1, "{url}");
    }
}

#[tokio::test]
async fn a_character_that_cannot_be_stored_is_the_callers_mistake() {
    let postgres = Postgres::new().await.expect("a server");
    assert!(matches!(insert(&open(&postgres.url()), "a\0b").await, Err(Error::Unstorable)));
}

#[test]
fn a_url_of_another_database_is_refused_at_once() {
    let refused = Database::new("mysql://localhost/x", "things", sqlx::migrate!("tests/migrations"));
    assert!(matches!(refused.err(), Some(Error::Configuration(_))));
}
