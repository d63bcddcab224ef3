//! The document around every page, and the policy under which a browser runs it.

use http::{HeaderValue, header};
use leptos::{nonce::use_nonce, prelude::*};
use leptos_axum::ResponseOptions;
use leptos_meta::MetaTags;

use crate::{App, context::context, view::cookie};

/// The whole document.
pub fn shell(options: LeptosOptions) -> impl IntoView {
    forbid_foreign_content();
    let context = context();
    let is_redis_away = context.snapshot().error.is_some();
    let settings = context.settings;
    view! {
        <!DOCTYPE html>
        <html
            lang="en"
            data-env=settings.kind.as_str()
            data-scheme=cookie::scheme()
            data-rail=cookie::rail()
            data-prefix=context.connection.prefix().to_owned()
            data-redis=is_redis_away.then_some("away")
        >
            <head>
                <meta charset="utf-8" />
                <meta name="viewport" content="width=device-width, initial-scale=1" />
                <meta name="color-scheme" content="light dark" />
                <meta name="description" content="What happens on your Redis Streams, live and truthfully, and how to repair it." />
                <link rel="stylesheet" href="/pkg/dsm-console.css" />
                <link rel="icon" href="/favicon.svg" type="image/svg+xml" />
                {scripts(&options)}
                <MetaTags />
            </head>
            <body>
                <App />
            </body>
        </html>
    }
}

/// Loads the browser half and brings the islands to life. Leptos' own tags give their preloads the nonce as `crossorigin`,
/// which the browser then does not use for the same files (leptos#4844); and they wait until the browser is idle.
fn scripts(options: &LeptosOptions) -> impl IntoView + use<> {
    let folder = format!("/{}/{}", options.site_pkg_dir, options.output_name);
    let (script, program) = (format!("{folder}.js"), format!("{folder}_bg.wasm"));
    let start = format!(
        "import init, * as half from '{script}';\
         await init({{ module_or_path: '{program}' }});\
         half.hydrate();\
         for (const island of document.querySelectorAll('leptos-island')) half[island.dataset.component](island);"
    );
    view! {
        <link rel="modulepreload" href=script nonce=use_nonce() />
        <link rel="preload" href=program r#as="fetch" r#type="application/wasm" crossorigin="" />
        <script type="module" nonce=use_nonce()>
            {start}
        </script>
    }
}

/// Scripts run by the nonce of this very answer, nothing inline, nothing from elsewhere (promises §5, ASVS 3.4.3).
fn forbid_foreign_content() {
    let (Some(nonce), Some(response)) = (use_nonce(), use_context::<ResponseOptions>()) else { return };
    let policy = format!(
        "default-src 'none'; script-src 'nonce-{nonce}' 'strict-dynamic' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self'; \
         connect-src 'self'; form-action 'self'; base-uri 'none'; object-src 'none'; frame-ancestors 'none'"
    );
    let policy = HeaderValue::from_str(&policy).expect("a nonce is base64");
    response.insert_header(header::CONTENT_SECURITY_POLICY, policy);
}
