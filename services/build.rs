//! The migrations are compiled in; this makes a new one count as a change.

fn main() {
    println!("cargo:rerun-if-changed=../migrations");
}
