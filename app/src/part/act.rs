//! What can be done, as a button that is on, or off with the reason (interface, law 5).

use leptos::prelude::*;

use super::Off;

use crate::address;

/// A link to where something is done, or the button that is off.
pub(crate) fn act_link(id: &str, label: &str, href: String, allowed: Result<(), String>) -> AnyView {
    match allowed {
        Ok(()) => view! {
            <a class="button" href=href>
                {label.to_owned()}
            </a>
        }
        .into_any(),
        Err(why) => view! { <Off label=label why=why id=id /> }.into_any(),
    }
}

/// A form with one button that does it at once, or the button that is off. `fields` are sent along; `class` is `button`
/// with what it is.
pub(crate) fn act_button(
    id: &str,
    class: &'static str,
    label: &str,
    action: &'static str,
    fields: Vec<(&'static str, String)>,
    allowed: Result<(), String>,
) -> AnyView {
    let why = match allowed {
        Ok(()) => {
            let fields =
                fields.into_iter().map(|(name, value)| view! { <input type="hidden" name=name value=value /> });
            return view! {
                <form method="post" action=address::at(action) data-key=label.to_owned()>
                    {fields.collect_view()}
                    <button class=class>{label.to_owned()}</button>
                </form>
            }
            .into_any();
        }
        Err(why) => why,
    };
    view! { <Off label=label why=why id=id /> }.into_any()
}
