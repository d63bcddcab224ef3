//! The acts on the sample project. Each ends on the overview, which says what was done.

use domain::{Permission, project::Done};
use leptos_axum::redirect;
use services::demo;

use crate::{
    address,
    context::{Context, context},
    refused::Refused,
};

/// The context, if who asks may do what needs `permission`.
fn permitted(permission: Permission) -> Result<Context, Refused> {
    let context = context();
    context.actor().require(permission)?;
    Ok(context)
}

fn done(done: Done) {
    redirect(&address::with_query("/", [("done", Some(done.message))]));
}

pub(super) async fn load() -> Result<(), Refused> {
    let context = permitted(Permission::ManageSprints)?;
    done(demo::load_sample(&context.services).await?);
    Ok(())
}

pub(super) async fn start() -> Result<(), Refused> {
    let context = permitted(Permission::Operate)?;
    done(demo::start_traffic(&context.services).await?);
    Ok(())
}

pub(super) async fn stop() -> Result<(), Refused> {
    let context = permitted(Permission::Operate)?;
    done(demo::stop_traffic(&context.services).await?);
    Ok(())
}

pub(super) async fn set_failing(failing: bool) -> Result<(), Refused> {
    let context = permitted(Permission::Operate)?;
    done(demo::set_failing(&context.services, failing).await?);
    Ok(())
}

pub(super) async fn remove() -> Result<(), Refused> {
    let context = permitted(Permission::Destroy)?;
    done(demo::remove(&context.services, &context.redis).await?);
    Ok(())
}
