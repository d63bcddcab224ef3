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
    pub place: Place,
}

/// At which connections there is something at an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    Everywhere,
    /// Where the services' events are.
    Home,
}

const fn public(path: &'static str) -> Entry {
    Entry { surface: Surface::Api, method: "GET", path, access: Access::Public, place: Place::Home }
}
const fn route(method: &'static str, path: &'static str, needs: Permission) -> Entry {
    Entry { surface: Surface::Api, method, path, access: Access::Needs(needs), place: Place::Everywhere }
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
    Entry { surface: Surface::Page, method: "GET", path, access: Access::Needs(needs), place: Place::Everywhere }
}
const fn function(path: &'static str, needs: Permission) -> Entry {
    Entry { surface: Surface::Function, method: "POST", path, access: Access::Needs(needs), place: Place::Everywhere }
}
/// Nowhere but at home.
const fn home(entry: Entry) -> Entry {
    Entry { place: Place::Home, ..entry }
}

/// Every way in. Where a route only previews (`dry_run`) it needs what the act needs. Acts that need more than their
/// route (to acknowledge is to destroy) ask for it in `console`, which asks again in any case.
pub const TABLE: &[Entry] = &[
    public("/health"),
    public("/v1/health"),
    public("/health/ready"),
    public("/health/ready/{service}"),
    // project
    home(get("/projects", SeeMetadata)),
    home(post("/projects", ManageSprints)),
    home(get("/projects/{id}", SeeMetadata)),
    home(put("/projects/{id}/status", ManageSprints)),
    home(get("/projects/{id}/team-members", SeeMetadata)),
    home(post("/projects/{id}/team-members-assign", ManageSprints)),
    home(post("/employees", ManageSprints)),
    // backlog
    home(get("/backlogs/summary", SeeMetadata)),
    home(get("/backlogs/{project}", SeeMetadata)),
    home(post("/backlogs/{project}", ManageSprints)),
    home(get("/backlogs/{project}/summary", SeeMetadata)),
    home(put("/tasks/{task}", ManageSprints)),
    // sprint
    home(get("/sprints/active", SeeMetadata)),
    home(get("/sprints/active/{project}", SeeMetadata)),
    home(get("/sprints/by-project/{project}", SeeMetadata)),
    home(get("/sprints/list_projects", SeeMetadata)),
    home(get("/sprints/{id}", SeeMetadata)),
    home(post("/sprints/{id}", ManageSprints)),
    home(get("/sprints/{id}/tasks", SeeMetadata)),
    home(get("/sprints/{id}/task-summary", SeeMetadata)),
    home(post("/sprints/{id}/run-daily-scrum", ManageSprints)),
    home(post("/sprints/{id}/close", ManageSprints)),
    home(post("/tasks/{task}/progress", ManageSprints)),
    // chronicle
    home(get("/v1/notes/daily_scrum_report", SeeBody)),
    home(post("/v1/notes/daily_scrum_report", ManageSprints)),
    home(get("/v1/notes/sprint_planning", SeeBody)),
    home(post("/v1/notes/sprint_planning", ManageSprints)),
    home(get("/v1/notes/sprint_retrospective", SeeBody)),
    home(post("/v1/notes/sprint_retrospective", ManageSprints)),
    home(get("/v1/notes/events", SeeBody)),
    home(get("/v1/analytics/project/{project}/velocity", SeeMetadata)),
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
    home(get("/api/console/outbox", SeeMetadata)),
    home(get("/api/console/demo", SeeMetadata)),
    home(post("/api/console/demo/load", ManageSprints)),
    home(post("/api/console/demo/start", Operate)),
    home(post("/api/console/demo/stop", Operate)),
    home(post("/api/console/demo/mend", Operate)),
    home(post("/api/console/demo/fail", Operate)),
    home(post("/api/console/demo/remove", Destroy)),
    // what Prometheus asks
    get("/metrics", SeeMetadata),
    // all connections
    home(get("/api/console/connections", SeeMetadata)),
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
    home(page("/connections", SeeMetadata)),
    home(page("/projects", SeeMetadata)),
    home(page("/projects/{project}", SeeMetadata)),
    home(page("/backlog", SeeMetadata)),
    home(page("/sprints", SeeMetadata)),
    home(page("/sprints/{sprint}", SeeBody)),
    home(page("/chronicle", SeeBody)),
    page("/audit", SeeMetadata),
    page("/access", SeeMetadata),
    page("/status", SeeMetadata),
    page("/runbooks/{name}", SeeMetadata),
    page("/api", SeeMetadata),
    // server functions
    function("/api/fn/view/prefer", SeeMetadata),
    home(function("/api/fn/demo/load", ManageSprints)),
    home(function("/api/fn/demo/start", Operate)),
    home(function("/api/fn/demo/stop", Operate)),
    home(function("/api/fn/demo/mend", Operate)),
    home(function("/api/fn/demo/fail", Operate)),
    home(function("/api/fn/demo/remove", Destroy)),
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
    home(function("/api/fn/project/create", ManageSprints)),
    home(function("/api/fn/project/set_status", ManageSprints)),
    home(function("/api/fn/project/add_member", ManageSprints)),
    home(function("/api/fn/project/assign", ManageSprints)),
    home(function("/api/fn/backlog/generate", ManageSprints)),
    home(function("/api/fn/backlog/change", ManageSprints)),
    home(function("/api/fn/sprint/start", ManageSprints)),
    home(function("/api/fn/sprint/run_daily_scrum", ManageSprints)),
    home(function("/api/fn/sprint/close", ManageSprints)),
    home(function("/api/fn/sprint/set_progress", ManageSprints)),
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

/// Whether there is something at this address at every connection, or at home alone.
pub fn place(surface: Surface, path: &str) -> Place {
    at(surface, path).next().map_or(Place::Everywhere, |entry| entry.place)
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
