//! What each key means. One table for the keys, one for the sheet that shows them; a test holds them together.

/// What a person wants by a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    Palette,
    Sheet,
    /// The first of two keys was pressed; the next one names a page.
    AwaitPage,
    Go(&'static str),
    /// To the first search field of the page.
    Filter,
    /// Out of the field.
    Leave,
    Pause,
    /// The cursor moves by so many rows of the tables.
    Row(i32),
    SelectRow,
    OpenRow,
    CopyRow,
    /// Closes the open panel.
    Close,
    /// The focused task moves by so many columns of the board.
    Column(i32),
    /// The progress of the focused task changes by so many per cent.
    Progress(i32),
}

/// A key with what is held down with it. Shift is part of the key already: `?` and `+` need it on many keyboards.
#[derive(Debug, Clone, Copy, Default)]
pub struct Press<'a> {
    /// As the browser names it: `k`, `?`, `Enter`.
    pub key: &'a str,
    /// Ctrl, or ⌘ on a Mac.
    pub is_command: bool,
    pub is_alt: bool,
}

/// Where the keys go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Focus {
    /// On nothing in particular.
    Page,
    /// On a link or button, which `Enter` belongs to.
    Control,
    /// On a task of a board, or something in it.
    Task,
    /// In a field: letters are text.
    Field,
    /// In a dialog over the page.
    Dialog,
}

/// Per cent of a task's progress by one key.
pub const STEP: i32 = 10;

const PAGES: [(&str, &str); 10] = [
    ("o", "/"),
    ("s", "/streams"),
    ("d", "/dead-letters"),
    ("p", "/projects"),
    ("b", "/backlog"),
    ("r", "/sprints"),
    ("c", "/chronicle"),
    ("a", "/audit"),
    ("h", "/status"),
    ("n", "/connections"),
];

/// What a key means there; nothing for most of them. `awaits_page`: the key before was [`Act::AwaitPage`].
pub fn meaning(press: Press<'_>, focus: Focus, awaits_page: bool) -> Option<Act> {
    if press.is_command {
        return (!press.is_alt && press.key.eq_ignore_ascii_case("k")).then_some(Act::Palette);
    }
    match focus {
        _ if press.is_alt => return None,
        Focus::Dialog => return None,
        Focus::Field => return (press.key == "Escape").then_some(Act::Leave),
        Focus::Page | Focus::Control | Focus::Task => {}
    }
    if awaits_page {
        return PAGES.iter().find(|(key, _)| *key == press.key).map(|(_, path)| Act::Go(path));
    }
    let is_on_task = focus == Focus::Task;
    let act = match press.key {
        "?" => Act::Sheet,
        "g" => Act::AwaitPage,
        "/" => Act::Filter,
        "p" => Act::Pause,
        "j" => Act::Row(1),
        "k" => Act::Row(-1),
        "x" => Act::SelectRow,
        "c" => Act::CopyRow,
        "Enter" if focus == Focus::Page => Act::OpenRow,
        "Escape" => Act::Close,
        "[" if is_on_task => Act::Column(-1),
        "]" if is_on_task => Act::Column(1),
        "+" | "=" if is_on_task => Act::Progress(STEP),
        "-" if is_on_task => Act::Progress(-STEP),
        _ => return None,
    };
    Some(act)
}

/// A line of the key sheet: what it does, and the keys that are pressed for it one after the other or together.
pub type Line = (&'static str, &'static [&'static str]);

/// The key sheet: groups of lines.
pub const SHEET: [(&str, &[Line]); 3] = [
    (
        "Everywhere",
        &[
            ("Go to anything", &["Ctrl", "K"]),
            ("This sheet", &["?"]),
            ("Filter", &["/"]),
            ("Pause live updates", &["p"]),
            ("Close panel or dialog", &["Escape"]),
        ],
    ),
    (
        "Go to",
        &[
            ("Overview", &["g", "o"]),
            ("Streams", &["g", "s"]),
            ("Dead letters", &["g", "d"]),
            ("Projects", &["g", "p"]),
            ("Backlog", &["g", "b"]),
            ("Sprints", &["g", "r"]),
            ("Chronicle", &["g", "c"]),
            ("Audit", &["g", "a"]),
            ("Health", &["g", "h"]),
            ("Connections", &["g", "n"]),
        ],
    ),
    (
        "In tables and on the board",
        &[
            ("Next row", &["j"]),
            ("Row before", &["k"]),
            ("Select row", &["x"]),
            ("Open row", &["Enter"]),
            ("Copy the row's id", &["c"]),
            ("Task to the column before", &["["]),
            ("Task to the next column", &["]"]),
            ("Task 10 % further", &["+"]),
            ("Task 10 % back", &["-"]),
        ],
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn key(key: &str) -> Press<'_> {
        Press { key, ..Press::default() }
    }

    #[test]
    fn every_line_of_the_sheet_is_true() {
        for (what, keys) in SHEET.iter().flat_map(|(_, lines)| *lines) {
            // rows are opened from the page, tasks are moved from themselves
            let means_something = [Focus::Page, Focus::Task].into_iter().any(|focus| {
                let act = match keys {
                    ["Ctrl", letter] => meaning(Press { is_command: true, ..key(letter) }, focus, false),
                    [first, second] => meaning(key(first), focus, false)
                        .filter(|act| *act == Act::AwaitPage)
                        .and_then(|_| meaning(key(second), focus, true)),
                    [only] => meaning(key(only), focus, false),
                    _ => None,
                };
                act.is_some()
            });
            assert!(means_something, "{what}: {keys:?} mean nothing");
        }
    }

    #[test]
    fn every_page_with_a_key_is_on_the_sheet() {
        let (_, lines) = SHEET[1];
        let on_sheet: Vec<&str> = lines.iter().map(|(_, keys)| keys[1]).collect();
        assert_eq!(on_sheet, PAGES.map(|(key, _)| key));
    }

    #[test]
    fn letters_in_a_field_are_text() {
        for letter in ["g", "j", "x", "/", "?", "Enter", "+", "o"] {
            assert_eq!(meaning(key(letter), Focus::Field, true), None, "{letter}");
        }
        assert_eq!(meaning(key("Escape"), Focus::Field, false), Some(Act::Leave));
        assert_eq!(meaning(Press { is_command: true, ..key("K") }, Focus::Field, false), Some(Act::Palette));
    }

    #[test]
    fn a_dialog_has_its_own_keys() {
        assert_eq!(meaning(key("Escape"), Focus::Dialog, false), None, "the browser closes it");
        assert_eq!(meaning(key("j"), Focus::Dialog, false), None);
    }

    #[test]
    fn what_the_browser_does_with_modifiers_stays_its_own() {
        for letter in ["c", "p", "Enter", "+", "-", "["] {
            assert_eq!(meaning(Press { is_command: true, ..key(letter) }, Focus::Task, false), None, "{letter}");
        }
        assert_eq!(meaning(Press { is_alt: true, ..key("d") }, Focus::Page, true), None);
    }

    #[test]
    fn the_second_key_names_a_page_and_nothing_else() {
        assert_eq!(meaning(key("d"), Focus::Page, true), Some(Act::Go("/dead-letters")));
        assert_eq!(meaning(key("x"), Focus::Page, true), None);
        assert_eq!(meaning(key("d"), Focus::Page, false), None);
    }

    #[test]
    fn enter_on_a_link_follows_the_link() {
        assert_eq!(meaning(key("Enter"), Focus::Control, false), None);
        assert_eq!(meaning(key("Enter"), Focus::Page, false), Some(Act::OpenRow));
    }

    #[test]
    fn keys_of_the_board_need_a_task() {
        assert_eq!(meaning(key("["), Focus::Page, false), None);
        assert_eq!(meaning(key("+"), Focus::Control, false), None);
        assert_eq!(meaning(key("+"), Focus::Task, false), Some(Act::Progress(STEP)));
    }
}
