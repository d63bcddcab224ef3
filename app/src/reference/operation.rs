//! One operation, whole; and tables of fields.

use domain::Permission;
use leptos::prelude::*;
use serde_json::Value;

use super::{
    curl::curl,
    document::{Answer, Body, Operation},
    page::Place,
    prose::{inline, prose},
    schema::{self, Field, Kind},
};
use crate::{address, part::Icon};

pub(super) fn operation(operation: &Operation, needs: Option<Permission>, document: &Value, place: &Place) -> AnyView {
    let id = operation.id.clone();
    let parameters: Vec<(String, Field)> =
        operation.parameters.iter().map(|parameter| (parameter.place.clone(), parameter.field.clone())).collect();
    let parameters = (!parameters.is_empty()).then(|| {
        view! {
            <h4>"Parameters"</h4>
            {fields(&parameters, true, place)}
        }
    });
    let body = operation.body.as_ref().map(|body| body_of(body, document, place));
    let command = curl(&place.origin, operation);
    let answers = operation.answers.iter().map(|answer| answer_row(answer, place)).collect_view();
    view! {
        <article class="operation" id=id.clone() aria-labelledby=format!("{id}-h")>
            <h3 id=format!("{id}-h")>
                <a href=format!("#{id}")>
                    <span class="method mono">{operation.method.clone()}</span>
                    <code>{operation.path.clone()}</code>
                </a>
            </h3>
            <p class="operation-summary">
                <b>{operation.summary.clone()}</b>
                " "
                {needs_what(needs)}
            </p>
            {prose(&operation.description)}
            {parameters}
            {body}
            <h4>"Answers"</h4>
            <ul class="answers">{answers}</ul>
            <h4>
                "Try it"
                <button class="copy" type="button" data-copy=command.clone() aria-label="Copy the command" title="Copy">
                    <Icon name="copy" />
                </button>
            </h4>
            <pre class="error-text">{command.clone()}</pre>
        </article>
    }
    .into_any()
}

fn needs_what(needs: Option<Permission>) -> AnyView {
    match needs {
        None => view! { <small class="muted">"anybody may"</small> }.into_any(),
        Some(permission) => {
            let word = permission.as_str();
            view! {
                <small class="muted">"needs " <a class="mono" href=format!("{}#{word}", address::at("/access"))>{word}</a></small>
            }
            .into_any()
        }
    }
}

fn body_of(body: &Body, document: &Value, place: &Place) -> AnyView {
    let of = schema::fields(document, &body.schema).into_iter().map(|field| (String::new(), field)).collect::<Vec<_>>();
    view! {
        <h4>"Body: " {kind(&schema::kind(&body.schema), place)}</h4>
        {fields(&of, false, place)}
    }
    .into_any()
}

fn answer_row(answer: &Answer, place: &Place) -> AnyView {
    let of =
        answer.schema.as_ref().map(|of| view! { <span class="answer-kind">{kind(&schema::kind(of), place)}</span> });
    view! {
        <li>
            <code>{answer.code.clone()}</code>
            <span>{inline(&answer.description)}</span>
            {of}
        </li>
    }
    .into_any()
}

/// A kind of value, with a link to its schema.
pub(super) fn kind(kind: &Kind, place: &Place) -> AnyView {
    let link = kind.schema.clone().map(|name| view! { <a href=place.schema(&name)>{name.clone()}</a> });
    view! {
        <span class="mono">{kind.before.clone()} {link} {kind.after.clone()}</span>
    }
    .into_any()
}

/// A table of fields; `placed`: with where they are given.
pub(super) fn fields(fields: &[(String, Field)], placed: bool, place: &Place) -> AnyView {
    if fields.is_empty() {
        return ().into_any();
    }
    let rows = fields.iter().map(|(where_given, field)| {
        let needed = if field.required { "required" } else { "optional" };
        let where_given = if placed { format!("{where_given}, {needed}") } else { needed.to_owned() };
        view! {
            <tr>
                <th scope="row" class="lead mono">
                    {field.name.clone()}
                </th>
                <td class="sub kind">{kind(&field.kind, place)}</td>
                <td data-label="Given" class:muted=!field.required>
                    {where_given}
                </td>
                <td class="sub says">{inline(&field.description)}</td>
            </tr>
        }
    });
    view! {
        <div class="table-wrap">
            <table class="table small fields">
                <thead>
                    <tr>
                        <th scope="col">"Name"</th>
                        <th scope="col">"Kind"</th>
                        <th scope="col">"Given"</th>
                        <th scope="col">"Meaning"</th>
                    </tr>
                </thead>
                <tbody>{rows.collect_view()}</tbody>
            </table>
        </div>
    }
    .into_any()
}
