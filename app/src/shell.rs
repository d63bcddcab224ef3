//! The document around every page, and the policy under which a browser runs it.

use http::{HeaderValue, header};
use leptos::{nonce::use_nonce, prelude::*};
use leptos_axum::ResponseOptions;
use leptos_meta::MetaTags;

use crate::{App, context::context, view::cookie};

/// The whole document.
pub fn shell(options: LeptosOptions) -> impl IntoView {
    forbid_foreign_content();
    let settings = context().settings;
    view! {
        <!DOCTYPE html>
        <html
            lang="en"
            data-env=settings.kind.as_str()
            data-scheme=cookie::scheme()
            data-rail=cookie::rail()
        >
            <head>
                <meta charset="utf-8" />
                <meta name="viewport" content="width=device-width, initial-scale=1" />
                <meta name="color-scheme" content="light dark" />
                <meta name="description" content="What happens on your Redis Streams, live and truthfully, and how to repair it." />
                <link rel="stylesheet" href="/pkg/dsm-console.css" />
                <link rel="icon" href="/favicon.svg" type="image/svg+xml" />
                <HydrationScripts options=options islands=true />
                <MetaTags />
            </head>
            <body>
                <App />
            </body>
        </html>
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
