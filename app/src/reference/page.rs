//! The reader: an index, the operations of a group or of a search, and a schema beside them.

use domain::{Permission, Refusal};
use http::{header::HOST, request::Parts};
use leptos::prelude::*;
use serde_json::Value;

use super::{
    document::{Operation, Tag, operations, tags},
    operation::{fields, kind, operation},
    prose::prose,
    schema,
};
use crate::{
    address::{self, Parameters, with_query},
    context::{GuardRow, context},
    part::{Icon, Page, Split, counted, refusal_page},
};

const PATH: &str = "/api";

/// Where in the reference this is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Place {
    tag: Option<String>,
    search: Option<String>,
    /// The schema in the panel.
    schema: Option<String>,
    /// Scheme and host of this program, as the browser sees it.
    pub(super) origin: String,
}

impl Place {
    /// Opens a schema beside what is shown now.
    pub(super) fn schema(&self, name: &str) -> String {
        self.address(Some(name))
    }

    fn address(&self, schema: Option<&str>) -> String {
        let schema = schema.map(str::to_owned);
        with_query(&address::at(PATH), [("tag", self.tag.clone()), ("q", self.search.clone()), ("schema", schema)])
    }
}

/// The address of an operation.
fn address_of(operation: &Operation) -> String {
    format!("{}#{}", with_query(&address::at(PATH), [("tag", Some(operation.tag.clone()))]), operation.id)
}

#[component]
pub(crate) fn ReferencePage() -> impl IntoView {
    let parameters = Parameters::here();
    let given = |name: &str| parameters.get(name).map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
    let host = use_context::<Parts>()
        .and_then(|parts| parts.headers.get(HOST).and_then(|host| host.to_str().ok()).map(str::to_owned))
        .unwrap_or_else(|| "127.0.0.1:3000".to_owned());
    let place =
        Place { tag: given("tag"), search: given("q"), schema: given("schema"), origin: format!("http://{host}") };
    let settings = context().settings;
    match show(&settings.openapi, &settings.guard, &place) {
        Ok(shown) => shown,
        Err(refusal) => refusal_page(&refusal),
    }
}

fn show(document: &Value, guard: &[GuardRow], place: &Place) -> Result<AnyView, Refusal> {
    let (all, tags) = (operations(document), tags(document));
    if let Some(name) = place.tag.as_ref().filter(|name| !tags.iter().any(|tag| tag.name == **name)) {
        return Err(Refusal::not_found(format!("the API has no group {name}")));
    }
    let panel = place.schema.as_ref().map(|name| schema_panel(document, name, place)).transpose()?;
    let chosen: Vec<&Operation> = all
        .iter()
        .filter(|operation| place.tag.as_ref().is_none_or(|tag| *tag == operation.tag))
        .filter(|operation| place.search.as_ref().is_none_or(|search| operation.matches(search)))
        .collect();
    let body = if place.tag.is_none() && place.search.is_none() {
        index(&tags, &all)
    } else {
        whole(&chosen, guard, document, place)
    };
    let lede = format!(
        "{} over HTTP, JSON in and out. The machine-readable document is at /api/openapi.json.",
        counted(all.len() as u64, "operation")
    );
    let download = view! {
        <a class="button" href=address::at("/api/openapi.json") download="openapi.json">
            <Icon name="download" />
            "OpenAPI"
        </a>
    };
    let about =
        document.pointer("/info/description").and_then(Value::as_str).filter(|_| place.tag.is_none()).map(prose);
    let filters = filters(&tags, place);
    let shown = view! {
        <Split panel=panel>
            <Page title="API" lede=lede.into_any() actions=download.into_any()>
                {about}
                {filters}
                {body}
            </Page>
        </Split>
    };
    Ok(shown.into_any())
}

fn filters(tags: &[Tag], place: &Place) -> AnyView {
    let chips = tags.iter().map(|tag| {
        let current = place.tag.as_deref() == Some(&tag.name);
        let href =
            if current { address::at(PATH) } else { with_query(&address::at(PATH), [("tag", Some(tag.name.clone()))]) };
        view! {
            <a class="chip" href=href aria-current=current.then_some("true")>
                {tag.name.clone()}
            </a>
        }
    });
    view! {
        <form class="filters" method="get" action=address::at(PATH) role="search">
            <input
                class="input"
                type="search"
                name="q"
                aria-label="Search the API"
                placeholder="Path, words, method, parameter"
                value=place.search.clone().unwrap_or_default()
            />
            <button class="button" type="submit">
                "Search"
            </button>
            {chips.collect_view()}
        </form>
    }
    .into_any()
}

/// Every operation in a line, by group.
fn index(tags: &[Tag], all: &[Operation]) -> AnyView {
    let groups = tags.iter().map(|tag| {
        let lines = all.iter().filter(|operation| operation.tag == tag.name).map(|operation| {
            view! {
                <li data-key=operation.id.clone()>
                    <a href=address_of(operation)>
                        <span class="method mono">{operation.method.clone()}</span>
                        <code>{operation.path.clone()}</code>
                    </a>
                    <span class="muted">{operation.summary.clone()}</span>
                </li>
            }
        });
        let id = format!("tag-{}", tag.name.replace(' ', "-"));
        view! {
            <section aria-labelledby=id.clone()>
                <div class="section-head">
                    <h2 id=id.clone()>{tag.name.clone()}</h2>
                    <span class="note">{tag.description.clone()}</span>
                </div>
                <ul class="index">{lines.collect_view()}</ul>
            </section>
        }
    });
    groups.collect_view().into_any()
}

fn whole(chosen: &[&Operation], guard: &[GuardRow], document: &Value, place: &Place) -> AnyView {
    if chosen.is_empty() {
        return view! { <p class="muted">"No operation has all these words." " " <a href=address::at(PATH)>"All operations"</a></p> }.into_any();
    }
    chosen.iter().map(|one| operation(one, needs(one, guard), document, place)).collect_view().into_any()
}

fn needs(operation: &Operation, guard: &[GuardRow]) -> Option<Permission> {
    let same = |row: &&GuardRow| row.surface == "api" && row.method == operation.method && row.path == operation.path;
    guard.iter().find(same).and_then(|row| row.permission)
}

fn schema_panel(document: &Value, name: &str, place: &Place) -> Result<AnyView, Refusal> {
    let schemas = document.pointer("/components/schemas");
    let found = schemas
        .and_then(|schemas| schemas.get(name))
        .ok_or_else(|| Refusal::not_found(format!("the API has no schema {name}")))?;
    let table = |of: &Value| {
        let of: Vec<_> = schema::fields(document, of).into_iter().map(|field| (String::new(), field)).collect();
        fields(&of, false, place)
    };
    let variants = schema::variants(document, found);
    let body = if variants.is_empty() {
        view! {
            <section class="panel-section" aria-label="Fields">
                <p>{kind(&schema::kind(found), place)}</p>
                {table(found)}
            </section>
        }
        .into_any()
    } else {
        let one = variants.iter().map(|variant| {
            view! {
                <section class="panel-section">
                    <h3>"Either"</h3>
                    {prose(schema::description(variant))}
                    <p>{kind(&schema::kind(variant), place)}</p>
                    {table(variant)}
                </section>
            }
        });
        one.collect_view().into_any()
    };
    let example = serde_json::to_string_pretty(&schema::example(document, found)).unwrap_or_default();
    let panel = view! {
        <aside class="panel" id="schema-panel" aria-labelledby="panel-h">
            <header class="panel-head">
                <div>
                    <p class="muted">
                        <small>"Schema"</small>
                    </p>
                    <h2 id="panel-h">{name.to_owned()}</h2>
                </div>
                <a class="button quiet square" href=place.address(None) aria-label="Close panel" title="Close" data-close="">
                    <Icon name="close" />
                </a>
            </header>
            <div class="panel-body">
                <section class="panel-section" aria-label="What it is">
                    {prose(schema::description(found))}
                    <pre class="error-text top-gap">{example}</pre>
                </section>
                {body}
            </div>
        </aside>
    };
    Ok(panel.into_any())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_schema_opens_beside_what_is_shown() {
        let place = Place { tag: Some("dead letters".into()), ..Place::default() };
        assert_eq!(place.schema("Report"), "/api?tag=dead%20letters&schema=Report");
        assert_eq!(place.address(None), "/api?tag=dead%20letters");
    }
}
