//! Which keys do what. The sheet that explains them is made from the same lists.

/// Pages by the letter after `g`.
pub(crate) const PAGES: [(&str, &str, &str); 9] = [
    ("o", "/", "Overview"),
    ("s", "/streams", "Streams"),
    ("d", "/dead-letters", "Dead letters"),
    ("p", "/projects", "Projects"),
    ("b", "/backlog", "Backlog"),
    ("r", "/sprints", "Sprints"),
    ("c", "/chronicle", "Chronicle"),
    ("a", "/audit", "Audit"),
    ("h", "/status", "Health"),
];

/// Everything else, as the sheet says it.
pub(crate) const OTHERS: [(&str, &str); 9] = [
    ("?", "This sheet"),
    ("Ctrl K", "Go to a stream, group, sprint or event"),
    ("/", "Filter this page"),
    ("j k", "Next or previous row"),
    ("x", "Select the row"),
    ("Enter", "Open the row"),
    ("Esc", "Close what is open"),
    ("[ ]", "Move a task on the board"),
    ("+ -", "Change a task's progress"),
];

/// Where `g` and then this letter lead.
#[cfg_attr(not(feature = "hydrate"), expect(dead_code, reason = "asked by the browser half"))]
pub(crate) fn page(letter: &str) -> Option<&'static str> {
    PAGES.iter().find(|(key, ..)| *key == letter).map(|(_, href, _)| *href)
}
