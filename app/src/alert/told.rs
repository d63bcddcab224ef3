//! Who is told: the channels, and what became of the newest message to each.

use domain::{
    Permission, Status,
    alert::{Delivery, DeliveryState},
};
use leptos::prelude::*;

use super::load::Shown;
use crate::{
    context::context,
    part::{Ago, StatusWord, act_button, counted, sentence},
};

pub(super) fn told(shown: &Shown) -> AnyView {
    let is_somebody = if shown.channels.is_empty() {
        Err("No channel is set, so there is nobody to send it to.".to_owned())
    } else {
        Ok(())
    };
    let may = context().may(Permission::Operate).and(is_somebody);
    let body = if shown.channels.is_empty() { nobody() } else { table(shown) };
    view! {
        <section aria-labelledby="told">
            <div class="section-head">
                <h2 id="told">"Who is told"</h2>
                <span class="end">{act_button("off-test", "button", "Send a test", "/api/fn/alert/test", vec![], may)}</span>
            </div>
            {body}
        </section>
    }
    .into_any()
}

fn nobody() -> AnyView {
    view! {
        <p class="muted">
            "Nobody: what fires is shown here only. Start the console with " <code>"--alert-webhook"</code> ", "
            <code>"--alert-slack"</code> " or " <code>"--alert-mail-to"</code> ", and with "
            <code>"--public-url"</code> " so that messages carry a link. Addresses are secrets, so they are set where the "
            "program is started and never shown here."
        </p>
    }
    .into_any()
}

fn table(shown: &Shown) -> AnyView {
    let rows = shown.channels.iter().map(|channel| {
        let newest = shown.newest.iter().find(|delivery| delivery.channel == *channel);
        view! {
            <tr data-key=channel.clone()>
                <th scope="row" class="lead grow">
                    <span class="name">{channel.clone()}</span>
                </th>
                <td data-label="Newest message">
                    {newest.map_or_else(|| view! { <span class="muted">"none yet"</span> }.into_any(), message)}
                </td>
            </tr>
        }
    });
    view! {
        <div class="table-wrap">
            <table class="table small">
                <caption class="hidden-text">"Channels"</caption>
                <thead>
                    <tr>
                        <th scope="col">"Channel"</th>
                        <th scope="col">"Newest message"</th>
                    </tr>
                </thead>
                <tbody>{rows.collect_view()}</tbody>
            </table>
        </div>
    }
    .into_any()
}

fn message(delivery: &Delivery) -> AnyView {
    let (status, word) = match delivery.state {
        DeliveryState::Sent => (Status::Ok, "Sent"),
        DeliveryState::Waiting if delivery.error.is_some() => (Status::Warn, "Tried on"),
        DeliveryState::Waiting => (Status::Run, "On the way"),
        DeliveryState::Failed => (Status::Bad, "Given up"),
    };
    let why = delivery.error.as_ref().map(|error| {
        view! { <small class="muted">{format!("{} {}", counted(delivery.attempts, "attempt"), sentence(error))}</small> }
    });
    view! {
        <span class="newest">
            <StatusWord status=status word=word />
            <span>{delivery.kind.as_str()}</span>
            <Ago at=delivery.at />
            {why}
        </span>
    }
    .into_any()
}
