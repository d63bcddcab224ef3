//! What fires, what has fired, and the rules, to be read.

use axum::extract::State;
use console::alert::{firing, rule};
use domain::{
    Refusal,
    alert::{Firing, FiringNow, Rule},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    Context,
    answer::{Answer, Unprocessable, answer},
    extract::Parameters,
};

/// Firings on a page where no number is asked for, and at most.
const PAGE: usize = 50;
const LONGEST_PAGE: usize = 500;

pub(super) fn routes() -> OpenApiRouter<Context> {
    OpenApiRouter::new().routes(routes!(list_firing)).routes(routes!(list_rules)).routes(routes!(list_history))
}

/// List what fires now
#[utoipa::path(
    get,
    path = "/api/console/alerts",
    tag = "alerts",
    responses((status = 200, description = "Worst first, 500 at most", body = Vec<FiringNow>))
)]
async fn list_firing(State(context): State<Context>) -> Answer<Vec<FiringNow>> {
    answer(firing::now(&context.console).await)
}

/// List the rules
#[utoipa::path(
    get,
    path = "/api/console/alerts/rules",
    tag = "alerts",
    responses((status = 200, description = "By name", body = Vec<Rule>))
)]
async fn list_rules(State(context): State<Context>) -> Answer<Vec<Rule>> {
    answer(rule::list(&context.console).await)
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct FiringFilter {
    /// Only firings of this rule.
    rule: Option<String>,
    /// Only firings older than this one.
    before: Option<String>,
    /// At most this many: 50 if absent, 500 at most.
    count: Option<usize>,
}

/// A page of the history.
#[derive(Serialize, ToSchema)]
struct FiringPage {
    firings: Vec<Firing>,
    /// Cursor (exclusive) for the page of older firings; null at the end.
    older: Option<String>,
}

/// List what has fired
#[utoipa::path(
    get,
    path = "/api/console/alerts/history",
    tag = "alerts",
    params(FiringFilter),
    responses((status = 200, description = "A page, newest first", body = FiringPage), Unprocessable)
)]
async fn list_history(
    State(context): State<Context>,
    Parameters(filter): Parameters<FiringFilter>,
) -> Answer<FiringPage> {
    let count = filter.count.filter(|count| *count > 0).map_or(PAGE, |count| count.min(LONGEST_PAGE));
    let page = firing::history(&context.console, filter.rule.as_deref(), filter.before.as_deref(), count).await;
    let page = page.map(|page| FiringPage { firings: page.firings, older: page.older });
    answer(page.map_err(Refusal::from))
}
