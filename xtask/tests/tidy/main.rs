//! The invariants about structure (ARCHITECTURE.md), held by reading the project's own files.
//!
//! Each rule has two tests: the project keeps it, and a project that breaks it is caught.

mod rules;
mod tree;

use tree::{File, Package, files, packages, root};

fn kept(violations: &[String]) {
    assert!(violations.is_empty(), "\n{}\n", violations.join("\n"));
}

fn package(name: &str, dependencies: &[&str], features: &[&str]) -> Package {
    let owned = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
    Package { name: name.to_owned(), dependencies: owned(dependencies), features: owned(features) }
}

#[test]
fn redis_sql_and_leptos_stay_behind_their_doors() {
    kept(&rules::libraries_stay_in_their_crates(&packages()));
    let broken = [package("services", &["redis"], &[]), package("console", &["leptos_router"], &[])];
    assert_eq!(rules::libraries_stay_in_their_crates(&broken).len(), 2);
    let broken = [package("domain", &["serde", "tokio"], &[])];
    assert_eq!(rules::libraries_stay_in_their_crates(&broken).len(), 1);
}

#[test]
fn domain_has_no_io_and_no_clock() {
    kept(&rules::domain_is_pure(&files()));
    let broken = [File::new("domain/src/time.rs", "fn now() -> SystemTime {\n    SystemTime::now()\n}")];
    assert_eq!(rules::domain_is_pure(&broken).len(), 2);
    let in_tests = [File::new("domain/src/time.rs", "// no SystemTime here\n#[cfg(test)]\nmod tests { use std::fs; }")];
    assert!(rules::domain_is_pure(&in_tests).is_empty());
}

#[test]
fn nothing_outside_the_relay_publishes_domain_events() {
    kept(&rules::only_the_relay_publishes(&files()));
    let broken = [File::new("services/src/sprint/start.rs", "streams::publish(&redis, &batch).await?;")];
    assert_eq!(rules::only_the_relay_publishes(&broken).len(), 1);
}

#[test]
fn only_keys_spells_a_redis_name() {
    kept(&rules::only_keys_spells_redis_names(&files()));
    let broken = [File::new("console/src/recovery.rs", "let stream = format!(\"{{{source}}}:dlq\");")];
    assert_eq!(rules::only_keys_spells_redis_names(&broken).len(), 1);
}

#[test]
fn looking_changes_nothing() {
    kept(&rules::inspect_only_reads(&files()));
    let broken = [File::new("streams/src/inspect.rs", "redis::cmd(\"XDEL\").arg(stream)")];
    assert_eq!(rules::inspect_only_reads(&broken).len(), 1);
}

#[test]
fn only_app_has_features() {
    kept(&rules::only_app_has_features(&packages()));
    assert_eq!(rules::only_app_has_features(&[package("server", &[], &["tls"])]).len(), 1);
    assert!(packages().iter().any(|package| package.name == "app" && package.features.contains(&"hydrate".to_owned())));
}

#[test]
fn the_two_halves_part_at_modules_and_not_inside_pages() {
    kept(&rules::halves_part_at_modules(&files()));
    let page = "#[cfg(feature = \"ssr\")]\nlet data = load().await;";
    assert_eq!(rules::halves_part_at_modules(&[File::new("app/src/group/page.rs", page)]).len(), 1);
    let module = "#[cfg(feature = \"ssr\")]\nmod data;";
    assert!(rules::halves_part_at_modules(&[File::new("app/src/group/mod.rs", module)]).is_empty());
}

#[test]
fn every_link_of_a_page_is_spelled_by_address() {
    kept(&rules::pages_spell_no_address(&files()));
    let broken = [
        File::new("app/src/stream/list.rs", "<a href=\"/streams\">"),
        File::new("app/src/alert/form.rs", "<form action=\"/api/fn/alert/mute\">"),
        File::new("app/src/project/page.rs", "<a href=\"/projects\">"),
    ];
    assert_eq!(rules::pages_spell_no_address(&broken).len(), 2);
}

#[test]
fn no_rust_file_hides_a_second_noun() {
    kept(&rules::rust_files_are_short(&files()));
    assert_eq!(rules::rust_files_are_short(&[File::new("a/src/lib.rs", &"\n".repeat(501))]).len(), 1);
}

#[test]
fn the_map_can_be_read_at_one_sitting() {
    kept(&rules::the_map_is_short(&files()));
    assert_eq!(rules::the_map_is_short(&[File::new("ARCHITECTURE.md", &"line\n".repeat(151))]).len(), 1);
    assert_eq!(rules::the_map_is_short(&[]).len(), 1);
}

#[test]
fn every_crate_opens_with_its_map() {
    kept(&rules::crates_open_with_their_map(&files()));
    assert_eq!(rules::crates_open_with_their_map(&[File::new("store/src/lib.rs", "mod database;")]).len(), 1);
}

#[test]
fn every_migration_opens_with_why() {
    kept(&rules::migrations_say_why(&files()));
    let broken = [File::new("migrations/console/0001_audit.sql", "create table audit ();")];
    assert_eq!(rules::migrations_say_why(&broken).len(), 1);
}

#[test]
fn no_lint_is_silenced_without_a_reason() {
    kept(&rules::exceptions_have_reasons(&files()));
    let broken = [File::new("app/src/lib.rs", "#[allow(clippy::too_many_arguments)]")];
    assert_eq!(rules::exceptions_have_reasons(&broken).len(), 1);
}

#[test]
fn no_file_names_a_path_of_one_machine() {
    kept(&rules::no_paths_of_a_machine(&files()));
    let path = |folder: &str| format!("see /{folder}/project");
    let broken = [File::new("README.md", &path("root")), File::new("Makefile", &path("home"))];
    assert_eq!(rules::no_paths_of_a_machine(&broken).len(), 2);
    assert!(
        rules::no_paths_of_a_machine(&[File::new("a.md", "https://host.org/home/page and docs/work/x")]).is_empty()
    );
}

#[test]
fn links_between_our_texts_lead_somewhere() {
    kept(&rules::links_lead_somewhere(&files(), |path| root().join(path).exists()));
    let broken = [File::new("docs/adr/0001.md", "[a](../img/no.png) and [b](https://host.org)")];
    assert_eq!(rules::links_lead_somewhere(&broken, |_| false), ["docs/adr/0001.md: `../img/no.png` leads nowhere"]);
}

#[test]
fn every_promise_names_tests_that_exist() {
    kept(&rules::promised_tests_exist(&files()));
    let broken = [
        File::new("docs/promises.md", "| P1 | x | `this_one_is_there`, `that_one_is_not_there` |"),
        File::new("services/tests/a.rs", "fn this_one_is_there() {}"),
    ];
    assert_eq!(rules::promised_tests_exist(&broken), ["docs/promises.md: there is no test `that_one_is_not_there`"]);
}
