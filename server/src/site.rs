//! Pages, static files, and which request is for whom.

use std::{
    convert::Infallible,
    path::{Path, PathBuf},
};

use anyhow::ensure;
use app::{App, Context, shell};
use axum::{
    Router,
    extract::Request,
    middleware,
    response::IntoResponse,
    routing::{any, get, post},
};
use http::{HeaderValue, Method, Uri, header};
use leptos::prelude::{LeptosOptions, provide_context};
use leptos_axum::generate_route_list_with_exclusions_and_ssg_and_context;
use server::{
    api, connection, delta, form,
    guard::{
        self, Hosts, Surface, permitted,
        table::{self, Place},
    },
};
use tokio_util::task::TaskTracker;
use tower::{ServiceExt, service_fn};
use tower_http::services::ServeDir;

/// How the files of the browser half are named, see `cargo xtask build`.
const OUTPUT_NAME: &str = "dsm-console";
/// An address that no page has.
const NOWHERE: &str = "/nowhere";

/// The folder with the browser half: as asked for, else beside the program (as in `dist/`), else where a build leaves it.
pub(crate) fn folder(asked: Option<&Path>) -> anyhow::Result<PathBuf> {
    let beside = std::env::current_exe().ok().and_then(|program| Some(program.parent()?.join("site")));
    let candidates: Vec<PathBuf> = match asked {
        Some(asked) => vec![asked.to_owned()],
        None => beside.into_iter().chain([PathBuf::from("target/site")]).collect(),
    };
    let found = candidates.iter().find(|folder| folder.join("pkg").is_dir());
    ensure!(
        found.is_some(),
        "no browser half in {}: build it with `cargo xtask build`, or name its folder with --site",
        candidates.iter().map(|folder| folder.display().to_string()).collect::<Vec<_>>().join(" or ")
    );
    Ok(found.expect("just ensured").clone())
}

/// The parts of what is served, before they are put together.
pub(crate) struct Parts {
    pub(crate) api: Router<Context>,
    pub(crate) hosts: Hosts,
    /// Acts that a shutdown waits for.
    pub(crate) acts: TaskTracker,
    /// A context for each connection beside home.
    pub(crate) others: Vec<Context>,
}

/// Everything that is served, at home and under the prefix of each other connection (docs/adr/0021).
pub(crate) fn router(context: &Context, site: &Path, parts: Parts) -> Router {
    let Parts { api, hosts, acts, others } = parts;
    let names: Vec<String> = others.iter().map(|other| other.connection.name().to_owned()).collect();
    let routers = others.iter().map(|other| (other.connection.name().to_owned(), of_one(other, site, api.clone())));
    let home = of_one(context, site, api.clone());
    let routers: Vec<(String, Router)> = routers.collect();
    connection::named(guard::around(connection::each(home, routers), hosts, acts), names)
}

/// One connection: a browser that asks for a page gets the page, everybody else the API; both then get what the other one
/// has, then static files (docs/adr/0004).
fn of_one(context: &Context, site: &Path, api: Router<Context>) -> Router {
    let options = LeptosOptions::builder().output_name(OUTPUT_NAME).site_root(site.display().to_string()).build();
    let provide = {
        let context = context.clone();
        move || provide_context(context.clone())
    };
    let document = move || shell(options.clone());
    let page = leptos_axum::render_app_async_with_context(provide.clone(), document);

    let (listed, _) = generate_route_list_with_exclusions_and_ssg_and_context(App, None, provide.clone());
    // what is at home alone is no page here, although the app knows one
    let nowhere = {
        let page = page.clone();
        get(move |mut request: Request| {
            *request.uri_mut() = Uri::from_static(NOWHERE);
            page(request)
        })
    };
    let is_here = |path: &str| context.is_home() || table::place(Surface::Page, path) == Place::Everywhere;
    let (here, elsewhere): (Vec<_>, Vec<_>) = listed.iter().partition(|listing| is_here(listing.path()));
    let pages = here.iter().fold(Router::new(), |router, listing| router.route(listing.path(), get(page.clone())));
    let pages = permitted(pages, context.clone(), Surface::Page);
    let pages = elsewhere.iter().fold(pages, |pages, listing| pages.route(listing.path(), nowhere.clone()));
    let pages = pages.layer(middleware::from_fn(delta::since));
    let function = post(move |request: Request| {
        let provide = provide.clone();
        async move { leptos_axum::handle_server_fns_with_context(provide, request).await }
    });
    let functions = permitted(Router::new().route("/api/fn/{*function}", function), context.clone(), Surface::Function)
        .layer(middleware::from_fn(form::without_script));
    let api = permitted(api, context.clone(), Surface::Api).with_state(context.clone()).merge(functions);

    let nothing = any(move |request: Request| async move {
        if wants_page(&request) {
            page(request).await.into_response()
        } else {
            api::not_found(connection::whole(&request).clone()).await
        }
    });
    let last = files(site).fallback(nothing);
    let page_first = pages.clone().fallback_service(api.clone().fallback_service(last.clone()));
    let api_first = api.fallback_service(pages.fallback_service(last));
    let chosen = service_fn(move |request: Request| {
        let router = if wants_page(&request) { page_first.clone() } else { api_first.clone() };
        async move {
            let mut response = router.oneshot(request).await?;
            response.headers_mut().append(header::VARY, HeaderValue::from_static("accept"));
            Ok::<_, Infallible>(response)
        }
    });
    Router::new().fallback_service(chosen)
}

/// Whether this is a browser that goes somewhere, as opposed to a script, an island or a program.
fn wants_page(request: &Request) -> bool {
    let reads = matches!(*request.method(), Method::GET | Method::HEAD);
    let accepted = request.headers().get_all(header::ACCEPT);
    reads && accepted.iter().any(|accept| accept.to_str().is_ok_and(|accept| accept.contains("text/html")))
}

/// Static files, compressed by the build. Their names stay the same from build to build, so browsers ask each time
/// whether they have changed.
fn files(site: &Path) -> ServeDir {
    ServeDir::new(site).precompressed_br().precompressed_gzip().append_index_html_on_directories(false)
}
