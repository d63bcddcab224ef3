//! Fields of forms: a label with exactly the field's name, the input, what to know about it.

use leptos::{either::Either, prelude::*};

/// One line of text.
#[component]
pub(crate) fn TextField(
    #[prop(into)] label: String,
    /// Name in the form; the id is made of it, so it is unique on the page.
    name: &'static str,
    #[prop(into)] value: String,
    #[prop(optional, into)] hint: Option<String>,
    #[prop(optional)] required: bool,
    /// Id of a `<datalist>` with suggestions.
    #[prop(optional)]
    list: Option<&'static str>,
) -> impl IntoView {
    view! {
        <div class="field">
            <label for=field_id(name)>{label}</label>
            <input
                class="input"
                id=field_id(name)
                name=name
                value=value
                required=required
                maxlength="255"
                autocomplete="off"
                list=list
                aria-describedby=hint.is_some().then(|| hint_id(name))
            />
            {hinted(name, hint)}
        </div>
    }
}

/// Several lines of text.
#[component]
pub(crate) fn TextArea(
    #[prop(into)] label: String,
    name: &'static str,
    #[prop(into)] value: String,
    #[prop(optional, into)] hint: Option<String>,
) -> impl IntoView {
    view! {
        <div class="field">
            <label for=field_id(name)>{label}</label>
            <textarea
                class="input"
                id=field_id(name)
                name=name
                rows="4"
                maxlength="4000"
                aria-describedby=hint.is_some().then(|| hint_id(name))
            >
                {value}
            </textarea>
            {hinted(name, hint)}
        </div>
    }
}

/// A whole number.
#[component]
pub(crate) fn NumberField(
    #[prop(into)] label: String,
    name: &'static str,
    #[prop(into)] value: String,
    min: i64,
    max: i64,
    #[prop(optional, into)] hint: Option<String>,
) -> impl IntoView {
    view! {
        <div class="field">
            <label for=field_id(name)>{label}</label>
            <input
                class="input"
                type="number"
                id=field_id(name)
                name=name
                value=value
                min=min
                max=max
                step="1"
                required
                aria-describedby=hint.is_some().then(|| hint_id(name))
            />
            {hinted(name, hint)}
        </div>
    }
}

/// One of a few; `options` are values with the words shown for them.
#[component]
pub(crate) fn Choice(
    #[prop(into)] label: String,
    name: &'static str,
    #[prop(into)] chosen: String,
    options: Vec<(String, String)>,
    #[prop(optional, into)] hint: Option<String>,
) -> impl IntoView {
    view! {
        <div class="field">
            <label for=field_id(name)>{label}</label>
            <select
                class="input"
                id=field_id(name)
                name=name
                aria-describedby=hint.is_some().then(|| hint_id(name))
            >
                {choices(&chosen, options)}
            </select>
            {hinted(name, hint)}
        </div>
    }
}

/// The options of a `<select>`. A value that is none of them is added, so that showing a form changes nothing.
pub(crate) fn choices(chosen: &str, mut options: Vec<(String, String)>) -> impl IntoView + use<> {
    if !options.iter().any(|(value, _)| value == chosen) {
        options.insert(0, (chosen.to_owned(), chosen.to_owned()));
    }
    let option = |(value, words): (String, String)| {
        let selected = value == chosen;
        view! {
            <option value=value selected=selected>
                {words}
            </option>
        }
    };
    options.into_iter().map(option).collect_view()
}

/// Words that may be typed, as suggestions.
pub(crate) fn suggestions(id: &'static str, words: Vec<String>) -> impl IntoView {
    let options = words.into_iter().map(|word| view! { <option value=word></option> }).collect_view();
    view! { <datalist id=id>{options}</datalist> }
}

fn field_id(name: &str) -> String {
    format!("field-{name}")
}

fn hint_id(name: &str) -> String {
    format!("hint-{name}")
}

fn hinted(name: &str, hint: Option<String>) -> impl IntoView + use<> {
    match hint {
        Some(hint) => Either::Left(view! {
            <small class="hint" id=hint_id(name)>
                {hint}
            </small>
        }),
        None => Either::Right(()),
    }
}
