//! Pages, static files, and which request is for whom.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
};

use anyhow::ensure;
use app::{App, Context, shell};
use axum::Router;
use http::{HeaderValue, header};
use leptos::prelude::{LeptosOptions, provide_context};
use leptos_axum::{LeptosRoutes, generate_route_list_with_exclusions_and_ssg_and_context};
use tower_http::{services::ServeDir, set_header::SetResponseHeaderLayer};

/// How the files of the browser half are named, see `cargo xtask build`.
const OUTPUT_NAME: &str = "dsm-console";

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

/// Everything that is served.
pub(crate) fn router(context: Context, site: &Path, address: SocketAddr) -> Router {
    let options = LeptosOptions::builder()
        .output_name(OUTPUT_NAME)
        .site_root(site.display().to_string())
        .site_addr(address)
        .build();
    let provide = {
        let context = context.clone();
        move || provide_context(context.clone())
    };
    let document = {
        let options = options.clone();
        move || shell(options.clone())
    };
    let (routes, _) = generate_route_list_with_exclusions_and_ssg_and_context(App, None, provide.clone());
    Router::new()
        .leptos_routes_with_context(&options, routes, provide.clone(), document)
        .fallback_service(files(site).fallback(Router::new().fallback(leptos_axum::render_app_async_with_context(
            provide,
            {
                let options = options.clone();
                move || shell(options.clone())
            },
        ))))
        .with_state(options)
}

/// Static files, compressed by the build; browsers ask each time whether they are still the same.
fn files(site: &Path) -> ServeDir {
    ServeDir::new(site).precompressed_br().precompressed_gzip().append_index_html_on_directories(false)
}
