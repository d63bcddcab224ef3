//! The sheet that `?` opens: what every key does.

use leptos::prelude::*;

use crate::browser::keymap::SHEET;

#[component]
pub(crate) fn KeySheet() -> impl IntoView {
    let groups = SHEET.map(|(title, lines)| {
        let lines = lines.iter().map(|(what, keys)| {
            let keys = keys.iter().map(|key| view! { <kbd>{*key}</kbd> }).collect_view();
            view! {
                <dt>{*what}</dt>
                <dd>{keys}</dd>
            }
        });
        view! {
            <div>
                <h3>{title}</h3>
                <dl>{lines.collect_view()}</dl>
            </div>
        }
    });
    view! {
        <dialog class="dialog key-sheet" id="keys" aria-labelledby="keys-title">
            <header>
                <h2 id="keys-title">"Keys"</h2>
            </header>
            <div class="body keys">{groups.collect_view()}</div>
            <footer>
                <form method="dialog">
                    <button class="button">"Close"</button>
                </form>
            </footer>
        </dialog>
    }
    .into_any()
}
