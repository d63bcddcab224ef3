//! What deleting the group loses, and the form that does it.

use domain::{Refusal, operation::Report};
use leptos::prelude::*;

use super::load::GroupView;
use crate::{
    address::Parameters,
    part::Panel,
    repair::{Confirm, confirm, message},
};

pub(super) fn panel(view: &GroupView, made: &Result<Report, Refusal>, query: &Parameters, close: String) -> AnyView {
    let body = match made {
        Err(refusal) => message(&refusal.message),
        Ok(report) => {
            let form = Confirm {
                action: "/api/fn/group/delete",
                fields: vec![("stream", view.stream.clone()), ("group", view.name.clone())],
                title: "Would be deleted",
                needs_reason: true,
                typed: Some(view.name.clone()),
                button: "Delete the group".to_owned(),
                is_danger: true,
            };
            confirm(&form, report, query)
        }
    };
    view! {
        <Panel kicker="Preview, nothing has happened yet" title="Delete the group".into_any() close=close>
            {body}
        </Panel>
    }
    .into_any()
}
