//! What became of each entry of a job, as pages and as a file.

use domain::{
    Refusal,
    recovery::{Item, ItemPage, ItemState},
};
use serde_json::json;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::item;
use crate::{
    Console, Error,
    export::{Format, READ_WITHIN, WAITING, csv},
};

const PAGE: usize = 50;
const LONGEST_PAGE: usize = 500;

/// Entries of a job by number, all or those in one state, after this one. At most `count`; 0 stands for 50, more than 500
/// for 500.
pub async fn items(
    console: &Console,
    job: i64,
    state: Option<ItemState>,
    after: i64,
    count: usize,
) -> Result<ItemPage, Error> {
    super::get(console, job).await?;
    let count = if count == 0 { PAGE } else { count.min(LONGEST_PAGE) };
    let mut rows = item::page(console, job, state, after, count + 1).await?;
    let more = rows.len() > count;
    rows.truncate(count);
    let after = rows.last().filter(|_| more).map(|row| row.place);
    Ok(ItemPage { items: rows.into_iter().map(Item::from).collect(), after })
}

/// The parts of a file with all entries of a job. Whoever drops the receiver ends it, and so does `stop`. Its last line
/// has the sums; a file without that line is not whole.
pub async fn export(
    console: &Console,
    job: i64,
    format: Format,
    stop: CancellationToken,
) -> Result<mpsc::Receiver<String>, Error> {
    super::get(console, job).await?;
    let permit = console.searches().running().permit()?;
    let (parts, file) = mpsc::channel(WAITING);
    let within = console.clone();
    console.searches().running().spawn(|end| async move {
        tokio::select! {
            () = write(&within, job, format, &parts) => {}
            () = end.cancelled() => {}
            () = stop.cancelled() => {}
        }
        drop(permit);
    });
    Ok(file)
}

async fn write(console: &Console, job: i64, format: Format, parts: &mpsc::Sender<String>) {
    let (mut after, mut count, mut part) = (0, 0_u64, head(format));
    let cut = loop {
        let page = match items(console, job, None, after, LONGEST_PAGE).await {
            Ok(page) => page,
            Err(error) => break Some(Refusal::from(error).message),
        };
        for item in &page.items {
            part.push_str(&line(format, item));
        }
        count += page.items.len() as u64;
        let Some(next) = page.after else { break None };
        after = next;
        if parts.send_timeout(std::mem::take(&mut part), READ_WITHIN).await.is_err() {
            return;
        }
    };
    part.push_str(&end(format, count, cut.as_deref()));
    // nobody is left to be told
    let _ = parts.send_timeout(part, READ_WITHIN).await;
}

fn head(format: Format) -> String {
    let names =
        ["place", "stream", "group", "record", "source_id", "key", "type", "newer", "state", "detail", "added_as"];
    match format {
        Format::Lines => String::new(),
        Format::Csv => csv::row(names.map(str::to_owned)),
    }
}

fn line(format: Format, item: &Item) -> String {
    match format {
        Format::Lines => format!("{}\n", serde_json::to_string(item).expect("an item is texts and numbers")),
        Format::Csv => csv::row([
            item.place.to_string(),
            item.stream.clone(),
            item.group.clone(),
            item.record.map(|id| id.to_string()).unwrap_or_default(),
            item.source_id.to_string(),
            item.key.clone().unwrap_or_default(),
            item.event_type.clone().unwrap_or_default(),
            item.newer.map(|count| count.to_string()).unwrap_or_default(),
            item.state.as_str().to_owned(),
            item.detail.clone(),
            item.added_as.map(|id| id.to_string()).unwrap_or_default(),
        ]),
    }
}

fn end(format: Format, count: u64, cut: Option<&str>) -> String {
    match format {
        Format::Lines => {
            let end = json!({ "entries": count, "complete": cut.is_none(), "cut": cut });
            format!("{}\n", json!({ "export": end }))
        }
        Format::Csv => {
            let none = String::new;
            let state = if cut.is_none() { "complete" } else { "cut" };
            let words = cut.map_or_else(|| format!("{count} entries"), |cut| format!("{count} entries; {cut}"));
            csv::row([
                "#end".to_owned(),
                none(),
                none(),
                none(),
                none(),
                none(),
                none(),
                none(),
                state.to_owned(),
                words,
                none(),
            ])
        }
    }
}
