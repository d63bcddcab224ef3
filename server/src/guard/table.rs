//! The one permission of every route, server function and page (design §6). What is not in here cannot be reached, and a
//! test fails.

use axum::http::Method;
use domain::Permission::{self, Administer, Destroy, ManageSprints, Operate, Recover, SeeBody, SeeMetadata};
use serde::Serialize;
use utoipa::ToSchema;

/// What kind of address an entry speaks of. A page and a route of the API may have the same path (docs/adr/0004).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Surface {
    /// A route of the HTTP API, by its pattern.
    Api,
    /// A server function, by its path.
    Function,
    /// A page, by its pattern.
    Page,
}

impl Surface {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Api => "api",
            Self::Function => "function",
            Self::Page => "page",
        }
    }
}

/// Who may.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Anybody: it shows and changes nothing that is anybody's.
    Public,
    Needs(Permission),
}

/// One line of the table.
#[derive(Debug, Clone, Copy)]
pub struct Entry {
    pub surface: Surface,
    pub method: &'static str,
    pub path: &'static str,
    pub access: Access,
}

const fn public(path: &'static str) -> Entry {
    Entry { surface: Surface::Api, method: "GET", path, access: Access::Public }
}
const fn route(method: &'static str, path: &'static str, needs: Permission) -> Entry {
    Entry { surface: Surface::Api, method, path, access: Access::Needs(needs) }
}
const fn get(path: &'static str, needs: Permission) -> Entry {
    route("GET", path, needs)
}
const fn post(path: &'static str, needs: Permission) -> Entry {
    route("POST", path, needs)
}
const fn put(path: &'static str, needs: Permission) -> Entry {
    route("PUT", path, needs)
}
const fn page(path: &'static str, needs: Permission) -> Entry {
    Entry { surface: Surface::Page, method: "GET", path, access: Access::Needs(needs) }
}
const fn function(path: &'static str, needs: Permission) -> Entry {
    Entry { surface: Surface::Function, method: "POST", path, access: Access::Needs(needs) }
}

/// Every way in. Where a route only previews (`dry_run`) it needs what the act needs. Acts that need more than their
/// route (to acknowledge is to destroy) ask for it in `console`, which asks again in any case.
pub const TABLE: &[Entry] = &[
    public("/health"),
    public("/v1/health"),
    public("/health/ready"),
    public("/health/ready/{service}"),
    // project
    get("/projects", SeeMetadata),
    post("/projects", ManageSprints),
    get("/projects/{id}", SeeMetadata),
    put("/projects/{id}/status", ManageSprints),
    get("/projects/{id}/team-members", SeeMetadata),
    post("/projects/{id}/team-members-assign", ManageSprints),
    post("/employees", ManageSprints),
    // backlog
    get("/backlogs/summary", SeeMetadata),
    get("/backlogs/{project}", SeeMetadata),
    post("/backlogs/{project}", ManageSprints),
    get("/backlogs/{project}/summary", SeeMetadata),
    put("/tasks/{task}", ManageSprints),
    // sprint
    get("/sprints/active", SeeMetadata),
    get("/sprints/active/{project}", SeeMetadata),
    get("/sprints/by-project/{project}", SeeMetadata),
    get("/sprints/list_projects", SeeMetadata),
    get("/sprints/{id}", SeeMetadata),
    post("/sprints/{id}", ManageSprints),
    get("/sprints/{id}/tasks", SeeMetadata),
    get("/sprints/{id}/task-summary", SeeMetadata),
    post("/sprints/{id}/run-daily-scrum", ManageSprints),
    post("/sprints/{id}/close", ManageSprints),
    post("/tasks/{task}/progress", ManageSprints),
    // chronicle
    get("/v1/notes/daily_scrum_report", SeeBody),
    post("/v1/notes/daily_scrum_report", ManageSprints),
    get("/v1/notes/sprint_planning", SeeBody),
    post("/v1/notes/sprint_planning", ManageSprints),
    get("/v1/notes/sprint_retrospective", SeeBody),
    post("/v1/notes/sprint_retrospective", ManageSprints),
    get("/v1/notes/events", SeeBody),
    get("/v1/analytics/project/{project}/velocity", SeeMetadata),
    // streams
    get("/api/console/snapshot", SeeMetadata),
    get("/api/console/streams", SeeMetadata),
    get("/api/console/streams/{stream}", SeeMetadata),
    get("/api/console/streams/{stream}/entries", SeeBody),
    get("/api/console/streams/{stream}/entries/{id}", SeeBody),
    get("/api/console/streams/{stream}/export", SeeBody),
    post("/api/console/streams/{stream}/entries/delete", Destroy),
    post("/api/console/streams/{stream}/trim", Destroy),
    // groups
    get("/api/console/streams/{stream}/groups", SeeMetadata),
    post("/api/console/streams/{stream}/groups", Operate),
    get("/api/console/streams/{stream}/groups/{group}", SeeMetadata),
    get("/api/console/streams/{stream}/groups/{group}/pending", SeeMetadata),
    post("/api/console/streams/{stream}/groups/{group}/pending", Recover),
    post("/api/console/streams/{stream}/groups/{group}/move", Operate),
    post("/api/console/streams/{stream}/groups/{group}/delete", Destroy),
    post("/api/console/streams/{stream}/groups/{group}/consumers/delete", Operate),
    get("/api/console/streams/{stream}/groups/{group}/lanes", SeeBody),
    post("/api/console/streams/{stream}/groups/{group}/lanes/clear", Recover),
    post("/api/console/streams/{stream}/groups/{group}/pause", Operate),
    post("/api/console/streams/{stream}/groups/{group}/resume", Operate),
    // dead letters
    get("/api/console/dead-letters", SeeBody),
    get("/api/console/dead-letters/causes", SeeMetadata),
    get("/api/console/dead-letters/record", SeeBody),
    post("/api/console/dead-letters/replay", Recover),
    post("/api/console/dead-letters/discard", Destroy),
    get("/api/console/recovery", SeeMetadata),
    post("/api/console/recovery", Recover),
    get("/api/console/recovery/{id}", SeeMetadata),
    post("/api/console/recovery/{id}/say", Recover),
    get("/api/console/recovery/{id}/items", SeeMetadata),
    get("/api/console/recovery/{id}/export", SeeMetadata),
    // findings and alerts
    get("/api/console/findings", SeeMetadata),
    get("/api/console/alerts", SeeMetadata),
    get("/api/console/alerts/rules", SeeMetadata),
    get("/api/console/alerts/history", SeeMetadata),
    // audit, outbox, demo
    get("/api/console/audit", SeeMetadata),
    get("/api/console/audit/verify", SeeMetadata),
    get("/api/console/audit/export", SeeMetadata),
    get("/api/console/audit/{id}", SeeMetadata),
    get("/api/console/outbox", SeeMetadata),
    get("/api/console/demo", SeeMetadata),
    post("/api/console/demo/load", ManageSprints),
    post("/api/console/demo/start", Operate),
    post("/api/console/demo/stop", Operate),
    post("/api/console/demo/mend", Operate),
    post("/api/console/demo/fail", Operate),
    post("/api/console/demo/remove", Destroy),
    // what Prometheus asks
    get("/metrics", SeeMetadata),
    // what pages use
    get("/api/console/permissions", SeeMetadata),
    get("/api/console/places", SeeMetadata),
    get("/api/console/live", SeeMetadata),
    get("/api/openapi.json", SeeMetadata),
    // pages
    page("/", SeeMetadata),
    page("/streams", SeeMetadata),
    page("/streams/{stream}", SeeBody),
    page("/streams/{stream}/groups/{group}", SeeMetadata),
    page("/dead-letters", SeeBody),
    page("/recovery", SeeMetadata),
    page("/recovery/{job}", SeeMetadata),
    page("/findings", SeeMetadata),
    page("/trace", SeeBody),
    page("/trace/{id}", SeeBody),
    page("/alerts", SeeMetadata),
    page("/projects", SeeMetadata),
    page("/projects/{project}", SeeMetadata),
    page("/backlog", SeeMetadata),
    page("/sprints", SeeMetadata),
    page("/sprints/{sprint}", SeeBody),
    page("/chronicle", SeeBody),
    page("/audit", SeeMetadata),
    page("/access", SeeMetadata),
    page("/status", SeeMetadata),
    page("/runbooks/{name}", SeeMetadata),
    page("/api", SeeMetadata),
    // server functions
    function("/api/fn/view/prefer", SeeMetadata),
    function("/api/fn/demo/load", ManageSprints),
    function("/api/fn/demo/start", Operate),
    function("/api/fn/demo/stop", Operate),
    function("/api/fn/demo/mend", Operate),
    function("/api/fn/demo/fail", Operate),
    function("/api/fn/demo/remove", Destroy),
    function("/api/fn/stream/create_group", Operate),
    function("/api/fn/stream/trim", Destroy),
    function("/api/fn/stream/delete_entries", Destroy),
    function("/api/fn/group/delete", Destroy),
    function("/api/fn/group/delete_consumers", Operate),
    function("/api/fn/group/clear_lane", Recover),
    function("/api/fn/group/repair", Recover),
    function("/api/fn/group/move", Operate),
    function("/api/fn/group/pause", Operate),
    function("/api/fn/recovery/create", Recover),
    function("/api/fn/recovery/say", Recover),
    function("/api/fn/alert/create", Administer),
    function("/api/fn/alert/change", Administer),
    function("/api/fn/alert/enable", Administer),
    function("/api/fn/alert/delete", Administer),
    function("/api/fn/alert/mute", Operate),
    function("/api/fn/alert/test", Operate),
    function("/api/fn/project/create", ManageSprints),
    function("/api/fn/project/set_status", ManageSprints),
    function("/api/fn/project/add_member", ManageSprints),
    function("/api/fn/project/assign", ManageSprints),
    function("/api/fn/backlog/generate", ManageSprints),
    function("/api/fn/backlog/change", ManageSprints),
    function("/api/fn/sprint/start", ManageSprints),
    function("/api/fn/sprint/run_daily_scrum", ManageSprints),
    function("/api/fn/sprint/close", ManageSprints),
    function("/api/fn/sprint/set_progress", ManageSprints),
    function("/api/fn/dead_letter/replay", Recover),
    function("/api/fn/dead_letter/discard", Destroy),
];

/// The table as the page about permissions shows it.
pub fn rows() -> Vec<app::GuardRow> {
    let row = |entry: &Entry| app::GuardRow {
        surface: entry.surface.as_str(),
        method: entry.method,
        path: entry.path,
        permission: match entry.access {
            Access::Public => None,
            Access::Needs(permission) => Some(permission),
        },
    };
    TABLE.iter().map(row).collect()
}

/// Who may do this; `None` where the table has no entry for it. A HEAD is a GET without its body.
pub fn find(surface: Surface, method: &Method, path: &str) -> Option<Access> {
    let method = if method == Method::HEAD { "GET" } else { method.as_str() };
    at(surface, path).find(|entry| entry.method == method).map(|entry| entry.access)
}

/// The methods that the table has for this address.
pub fn methods(surface: Surface, path: &str) -> Vec<&'static str> {
    let mut methods: Vec<_> = at(surface, path).map(|entry| entry.method).collect();
    if methods.contains(&"GET") {
        methods.push("HEAD");
    }
    methods
}

fn at(surface: Surface, path: &str) -> impl Iterator<Item = &'static Entry> {
    TABLE.iter().filter(move |entry| entry.surface == surface && entry.path == path)
}
