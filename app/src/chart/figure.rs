//! A chart on its page: caption with the value now, two drawings of which the style sheet shows one, or the table.

use leptos::{either::Either, prelude::*};

use super::{Chart, Rows, Size};
use crate::address::{self, Parameters};

/// The line above a chart.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Caption {
    /// What it is, in a few words: `Lag, entries`.
    pub(crate) heading: String,
    /// The value now.
    pub(crate) now: String,
    /// What to think of it: `+167 / min`.
    pub(crate) note: String,
    /// The names of the series, where there is more than one.
    pub(crate) legend: Vec<String>,
}

/// The chart, or the same figures as a table where the address says `?table=<id>`. `id` is unique on the page.
pub(crate) fn chart_figure(id: &'static str, caption: Caption, chart: &dyn Chart) -> AnyView {
    let is_table = Parameters::here().get("table").is_some_and(|table| table == id);
    let (href, words) = if is_table {
        (address::here_with(&[("table", None)]), "As chart")
    } else {
        (address::here_with(&[("table", Some(id))]), "As table")
    };
    let legend = (caption.legend.len() > 1).then(|| {
        let names = caption.legend.into_iter().zip(["swatch", "swatch grey", "swatch dotted"]);
        let names = names.map(|(name, class)| {
            view! {
                <li>
                    <svg class=class viewBox="0 0 16 8" aria-hidden="true">
                        <path d="M0 4H16"></path>
                    </svg>
                    {name}
                </li>
            }
        });
        view! { <ul class="legend">{names.collect_view()}</ul> }
    });
    let body = if is_table {
        Either::Left(table(chart.title(), chart.rows()))
    } else {
        Either::Right([Size::Wide, Size::Narrow].map(|size| plot(id, chart, size)).collect_view())
    };
    view! {
        <figure class="chart" id=id>
            <figcaption>
                <h3>{caption.heading}</h3>
                <span class="now">{caption.now}</span>
                <span class="muted">{caption.note}</span>
                {legend}
                <a class="end" href=href>
                    {words}
                </a>
            </figcaption>
            {body}
        </figure>
    }
    .into_any()
}

fn plot(id: &str, chart: &dyn Chart, size: Size) -> impl IntoView + use<> {
    let (width, height) = size.pixels();
    let suffix = if size == Size::Wide { "wide" } else { "narrow" };
    let (title_id, description_id) = (format!("{id}-{suffix}-title"), format!("{id}-{suffix}-words"));
    let (title, description) = (chart.title(), chart.description());
    let inside = format!(
        "<title id=\"{title_id}\">{}</title><desc id=\"{description_id}\">{}</desc>{}",
        html_escape::encode_safe(&title),
        html_escape::encode_safe(&description),
        chart.draw(size)
    );
    view! {
        <svg
            class=size.class()
            viewBox=format!("0 0 {width} {height}")
            role="img"
            aria-labelledby=format!("{title_id} {description_id}")
            inner_html=inside
        ></svg>
    }
}

fn table(title: String, rows: Rows) -> impl IntoView + use<> {
    let mut head = rows.head.into_iter();
    let first = head.next().unwrap_or_default();
    let others: Vec<String> = head.collect();
    let body = rows.rows.into_iter().map(|row| {
        let mut cells = row.into_iter();
        let name = cells.next().unwrap_or_default();
        let cells = cells.zip(others.clone()).map(|(cell, head)| view! { <td class="num" data-label=head>{cell}</td> });
        view! { <tr data-key=name.clone()><th scope="row">{name.clone()}</th>{cells.collect_view()}</tr> }
    });
    let body = body.collect_view();
    let others = others.iter().map(|name| view! { <th scope="col" class="num">{name.clone()}</th> }).collect_view();
    view! {
        <div class="table-wrap chart-table" tabindex="0">
            <table class="table small">
                <caption class="hidden-text">{title}</caption>
                <thead><tr><th scope="col">{first}</th>{others}</tr></thead>
                <tbody>{body}</tbody>
            </table>
        </div>
    }
}
