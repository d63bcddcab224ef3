//! The table of permissions, and what of it the caller holds.

use axum::{Json, extract::State};
use domain::Permission;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::Context;
use crate::guard::table::{Access, Surface, TABLE};

pub(super) fn routes() -> OpenApiRouter<Context> {
    OpenApiRouter::new().routes(routes!(list_permissions))
}

#[derive(Serialize, ToSchema)]
struct Permissions {
    /// Who asks.
    who: String,
    held: Vec<Permission>,
    rules: Vec<Rule>,
}

/// What one route, server function or page needs.
#[derive(Serialize, ToSchema)]
struct Rule {
    surface: Surface,
    method: &'static str,
    path: &'static str,
    /// Null: anybody may.
    permission: Option<Permission>,
    /// Whether who asks may.
    allowed: bool,
}

/// Read what every route needs, and what the caller holds
#[utoipa::path(
    get,
    path = "/api/console/permissions",
    tag = "permissions",
    responses((status = 200, description = "The guard's table", body = Permissions))
)]
async fn list_permissions(State(context): State<Context>) -> Json<Permissions> {
    let actor = context.actor();
    let rules = TABLE.iter().map(|entry| {
        let permission = match entry.access {
            Access::Public => None,
            Access::Needs(permission) => Some(permission),
        };
        let allowed = permission.is_none_or(|permission| actor.may(permission));
        Rule { surface: entry.surface, method: entry.method, path: entry.path, permission, allowed }
    });
    let held = Permission::ALL.into_iter().filter(|permission| actor.may(*permission)).collect();
    Json(Permissions { who: actor.name().to_owned(), held, rules: rules.collect() })
}
