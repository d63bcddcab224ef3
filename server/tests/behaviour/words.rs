//! The program as a client of a running console: what it shows, when it acts, and its exit codes.

use std::process::{Output, Stdio};

use domain::Permission;
use serde_json::{Value, json};
use tokio::process::Command;

use crate::running::{Running, add, ask};

const STREAM: &str = "orders of ä/b";
const HOSTILE: &str = "pod\u{1b}[2J";

/// What the program said, and how it ended.
struct Said {
    code: i32,
    out: String,
    err: String,
}

async fn run(url: &str, words: &[&str]) -> Said {
    let mut program = Command::new(env!("CARGO_BIN_EXE_dsm-console"));
    program.args(words).args(["--url", url]).env_remove("DSM_URL").stdin(Stdio::null()).kill_on_drop(true);
    let Output { status, stdout, stderr } = program.output().await.expect("the program");
    let text = |bytes| String::from_utf8(bytes).expect("text");
    Said { code: status.code().expect("an exit code"), out: text(stdout), err: text(stderr) }
}

async fn said(server: &Running, words: &[&str]) -> Said {
    run(&format!("http://{}", server.address), words).await
}

/// What it said where it must end well.
async fn well(server: &Running, words: &[&str]) -> String {
    let said = said(server, words).await;
    assert_eq!((said.code, said.err.as_str()), (0, ""), "{words:?}: {}", said.out);
    said.out
}

async fn furnished(held: &[Permission]) -> (Running, Vec<String>) {
    let server = Running::holding(held).await;
    let ids = (0..6).map(|n| add(&server.redis, STREAM, "order", &n.to_string())).collect();
    ask(&server.redis, &["XGROUP", "CREATE", STREAM, "mailer", "0"]);
    ask(&server.redis, &["XREADGROUP", "GROUP", "mailer", HOSTILE, "COUNT", "2", "STREAMS", STREAM, ">"]);
    let group = format!("/api/console/streams/{}/groups/mailer", crate::repairs::segment(STREAM));
    server.until("the group was sampled", &group, |sample| (sample["pending"] == 2).then_some(())).await;
    (server, ids)
}

#[tokio::test]
async fn what_is_listed_is_a_table_for_people_or_the_json_of_the_api() {
    let (server, ids) = furnished(&Permission::ALL).await;
    let groups = well(&server, &["group", "list", STREAM]).await;
    assert!(groups.lines().any(|line| line.contains("mailer") && line.contains(&ids[1])), "{groups}");
    let consumers = well(&server, &["consumer", "list", STREAM, "mailer"]).await;
    assert!(consumers.contains("pod\\u{1b}[2J") && !consumers.contains('\u{1b}'), "{consumers:?}");
    let pending = well(&server, &["pending", "list", STREAM, "mailer", "--count", "1"]).await;
    assert!(pending.contains(&ids[0]) && pending.ends_with("1 of 2 pending entries.\n"), "{pending}");
    let json = well(&server, &["pending", "list", STREAM, "mailer", "--json"]).await;
    let json: Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!((&json["total"], &json["entries"][0]["id"]), (&json!(2), &json!(ids[0])));
    assert_eq!(well(&server, &["dead-letters", "list"]).await.lines().count(), 1, "the heads alone");
}

#[tokio::test]
async fn nothing_is_done_without_yes_and_with_it_what_was_shown() {
    let (server, ids) = furnished(&Permission::ALL).await;
    let length = || ask(&server.redis, &["XLEN", STREAM]);

    let trim = ["stream", "trim", STREAM, "--keep", "1", "--past-groups", "--reason", "too long"];
    let shown = well(&server, &trim).await;
    assert!(
        shown.contains("! 3 entries unread by mailer: it will never see them; 2 pending for mailer lose their body")
    );
    assert!(shown.contains("would lose 5 entries") && shown.contains("Do it with --yes"), "{shown}");
    assert_eq!(length(), "6");
    let safe = well(&server, &["stream", "trim", STREAM, "--keep", "1", "--yes", "--reason", "too long"]).await;
    assert!(safe.contains("loses nothing") && safe.contains("5 entries stay"), "{safe}");
    let done = well(&server, &[&trim[..], &["--yes"]].concat()).await;
    assert!(done.contains("lost 5 entries") && done.contains("Audit entry"), "{done}");
    assert_eq!(length(), "1");

    let handed = well(&server, &["consumer", "delete", STREAM, "mailer", HOSTILE, "--yes", "--json"]).await;
    let handed: Value = serde_json::from_str(&handed).expect("JSON");
    assert_eq!(handed["items"][0]["detail"], "deleted: it held nothing, 2 had lost their body and are dead letters");
    let dead = well(&server, &["dead-letters", "list", "--stream", STREAM]).await;
    assert_eq!(dead.matches("body lost").count(), 2, "{dead}");
    well(&server, &["dead-letters", "discard", "--stream", STREAM, "--yes", "--reason", "told"]).await;
    assert_eq!(well(&server, &["dead-letters", "list"]).await.lines().count(), 1);

    well(&server, &["group", "create", STREAM, "auditor", "--from", &ids[3], "--yes"]).await;
    well(&server, &["group", "move", STREAM, "auditor", "--to", "start", "--yes", "--reason", "again"]).await;
    well(&server, &["group", "delete", STREAM, "mailer", "--yes", "--reason", "replaced"]).await;
    let groups = ask(&server.redis, &["XINFO", "GROUPS", STREAM]);
    assert!(groups.contains("auditor") && !groups.contains("mailer"), "{groups}");
    well(&server, &["stream", "delete-entries", STREAM, &ids[5], "--yes", "--reason", "wrong"]).await;
    assert_eq!(length(), "0");
}

#[tokio::test]
async fn pending_entries_and_dead_letters_are_repaired_by_words() {
    let (server, ids) = furnished(&Permission::ALL).await;
    let pending = |act: &'static str, id: &str| -> Vec<String> {
        ["pending", act, STREAM, "mailer", id, "--yes", "--reason", "a test"].map(str::to_owned).to_vec()
    };
    for words in [pending("claim", &ids[0]), pending("acknowledge", &ids[0]), pending("dead-letter", &ids[1])] {
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        well(&server, &words).await;
    }
    let listed = well(&server, &["dead-letters", "list", "--stream", STREAM, "--json"]).await;
    let listed: Value = serde_json::from_str(&listed).expect("JSON");
    let letter = format!("{STREAM}/{}", listed["records"][0]["id"].as_str().expect("an id"));
    let replayed = well(&server, &["dead-letters", "replay", &letter, "--yes"]).await;
    assert!(replayed.contains("given back to mailer"), "{replayed}");
    let owner = ask(&server.redis, &["XPENDING", STREAM, "mailer", "-", "+", "9"]);
    assert!(owner.contains("handed-over") && owner.contains(&ids[1]) && !owner.contains(&ids[0]), "{owner}");
}

#[tokio::test]
async fn the_exit_code_says_why_nothing_was_done() {
    let (server, ids) = furnished(&[Permission::SeeMetadata, Permission::Operate, Permission::Destroy]).await;
    let code = async |words: &[&str]| said(&server, words).await.code;
    assert_eq!(code(&["group", "delete", STREAM, "mailer", "--yes"]).await, 2, "no reason");
    assert_eq!(code(&["group", "move", STREAM, "mailer", "--to", "nowhere"]).await, 2, "no place");
    assert_eq!(code(&["stream", "trim", STREAM]).await, 2, "how far");
    assert_eq!(code(&["dead-letters", "discard", "--yes", "--reason", "r"]).await, 2, "which");
    assert_eq!(code(&["stream", "trim", STREAM, "--keep", "1", "--yes", "--dry-run"]).await, 2, "one or the other");
    assert_eq!(code(&["group", "delete", STREAM, ".."]).await, 2, "another address");
    assert_eq!(code(&["group", "list", "none"]).await, 3);
    assert_eq!(code(&["group", "delete", STREAM, "none", "--yes", "--reason", "r"]).await, 3);
    assert_eq!(code(&["group", "create", STREAM, "mailer", "--yes"]).await, 4);
    let stale = ["stream", "delete-entries", STREAM, &ids[0], "--state-token", "0123456789abcdef"];
    assert_eq!(code(&stale).await, 4);
    assert_eq!(code(&["pending", "claim", STREAM, "mailer", &ids[0], "--yes"]).await, 5, "recover is not held");
    let nobody = run("http://127.0.0.1:9", &["group", "list", STREAM]).await;
    assert_eq!((nobody.code, nobody.err.contains("--url")), (6, true), "{}", nobody.err);
    assert_eq!(run("redis://127.0.0.1", &["group", "list", STREAM]).await.code, 2);
    let help = said(&server, &["stream", "trim", "--help"]).await;
    assert_eq!(help.code, 0);
    let help = said(&server, &["group", "--help"]).await.out;
    assert!(help.contains("Exit codes:") && help.contains("4  the state has changed"), "{help}");
}
