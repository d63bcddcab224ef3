//! What the page shows.

use std::collections::BTreeMap;

use console::alert::{
    firing::{self, Page, Tally},
    message, rule,
};
use domain::{
    Refusal,
    alert::{Delivery, FiringNow, Rule},
};

use crate::{address::Parameters, context::Context};

/// Firings of the history on a page.
const HISTORY: usize = 20;

pub(super) struct Shown {
    pub(super) now: Vec<FiringNow>,
    pub(super) rules: Vec<RuleShown>,
    pub(super) history: Page,
    /// Channels that are set.
    pub(super) channels: Vec<String>,
    /// The newest message to each channel.
    pub(super) newest: Vec<Delivery>,
    pub(super) open: Open,
}

pub(super) struct RuleShown {
    pub(super) rule: Rule,
    pub(super) tally: Tally,
    /// How many subjects it watches; `None` while Redis does not answer.
    pub(super) watched: Option<usize>,
}

/// The panel beside the lists.
pub(super) enum Open {
    Nothing,
    New,
    Rule(Box<Rule>),
    Delete(Box<Rule>),
}

pub(super) async fn load(context: Context, query: Parameters) -> Result<Shown, Refusal> {
    let console = &context.console;
    let mut tallies: BTreeMap<String, Tally> = firing::tallies(console).await?;
    let rules: Vec<RuleShown> = rule::list(console)
        .await?
        .into_iter()
        .map(|rule| RuleShown {
            tally: tallies.remove(&rule.id).unwrap_or_default(),
            watched: firing::watched(console, &rule),
            rule,
        })
        .collect();
    let open = match query.get("rule") {
        _ if query.get("new").is_some() => Open::New,
        None => Open::Nothing,
        Some(id) => {
            let listed = rules.iter().map(|shown| &shown.rule).find(|rule| rule.id == id).cloned();
            let rule = Box::new(listed.ok_or_else(rule::unknown)?);
            if query.get("act").is_some_and(|act| act == "delete") { Open::Delete(rule) } else { Open::Rule(rule) }
        }
    };
    Ok(Shown {
        now: firing::now(console).await?,
        rules,
        history: firing::history(console, None, query.get("before").as_deref(), HISTORY).await?,
        channels: console.channels(),
        newest: message::newest(console).await?,
        open,
    })
}
