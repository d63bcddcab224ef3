//! x

use leptos::prelude::*;

#[island]
pub fn Comforts() -> impl IntoView {
    view! { <div></div> }
}
