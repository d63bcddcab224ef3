//! The groups that read a stream.

use domain::{
    figure::grouped,
    stream::{GroupSample, StreamSample},
};
use leptos::prelude::*;

use super::preview::CREATE_GROUP;
use crate::{
    address,
    overview::{behind, trend},
    part::{Empty, FigureText, StatusWord, age_min_sec},
};

pub(super) fn groups(stream: &str, sample: Option<&StreamSample>) -> AnyView {
    let mut groups: Vec<&GroupSample> = sample.map(|sample| sample.groups.iter().collect()).unwrap_or_default();
    if groups.is_empty() {
        let create = address::with_query(&address::groups(stream), [("act", Some(CREATE_GROUP.to_owned()))]);
        return view! {
            <Empty title="No group reads this stream">
                <p>
                    "Entries are kept, and nobody is given them. A program makes a group with "
                    <code>"XGROUP CREATE <stream> <group> 0"</code> " and reads it with " <code>"XREADGROUP"</code> "; or "
                    <a href=create>"create one here"</a> "."
                </p>
            </Empty>
        }
        .into_any();
    }
    groups.sort_by(|a, b| (a.verdict.status, &a.name).cmp(&(b.verdict.status, &b.name)));
    view! {
        <section aria-label="Groups">
            <div class="table-wrap">
                <table class="table">
                    <caption class="hidden-text">"Groups of this stream, worst first"</caption>
                    <thead>
                        <tr>
                            <th scope="col">"Status"</th>
                            <th scope="col">"Group"</th>
                            <th scope="col" class="num">
                                "Lag"
                            </th>
                            <th scope="col" class="num">
                                "Behind"
                            </th>
                            <th scope="col" class="fourth">
                                "Last hour"
                            </th>
                            <th scope="col" class="num">
                                "Pending"
                            </th>
                            <th scope="col" class="num">
                                "Oldest pending"
                            </th>
                            <th scope="col" class="num">
                                "Dead"
                            </th>
                            <th scope="col" class="num second">
                                "Consumers"
                            </th>
                            <th scope="col" class="third">
                                "Last delivered"
                            </th>
                        </tr>
                    </thead>
                    <tbody>{groups.into_iter().map(row).collect_view()}</tbody>
                </table>
            </div>
        </section>
    }
    .into_any()
}

fn row(group: &GroupSample) -> AnyView {
    let verdict = &group.verdict;
    view! {
        <tr data-key=group.name.clone() data-status=verdict.status.as_str()>
            <td class="lead">
                <StatusWord status=verdict.status word=verdict.word.clone() reason=verdict.reason.clone() />
            </td>
            <th scope="row" class="lead">
                <a class="name clipped long" href=address::group(&group.stream, &group.name) title=group.name.clone()>
                    {group.name.clone()}
                </a>
            </th>
            <td class="num" data-label="Lag">
                <FigureText figure=group.lag.clone() />
            </td>
            <td class="num" data-label="Behind">
                {behind(group)}
            </td>
            <td class="fourth" data-label="Last hour">
                {trend(group)}
            </td>
            <td class="num" data-label="Pending">
                {grouped(group.pending)}
            </td>
            <td class="num" data-label="Oldest pending">
                {age_min_sec(group.oldest_pending_ms)}
            </td>
            <td class="num" data-label="Dead">
                <FigureText figure=group.dead_letters.clone() />
            </td>
            <td class="num second" data-label="Consumers">
                {group.consumers.len()}
            </td>
            <td class="third mono" data-label="Last delivered">
                {group.last_delivered_id.to_string()}
            </td>
        </tr>
    }
    .into_any()
}
