//! Which connection a request is about: `/at/NAME/…` is what `/…` is at home. The prefix is taken off before anything else
//! looks at the request, so that guard, routes, pages and forms are written once and hold for every connection.

use std::{collections::HashMap, convert::Infallible, sync::Arc};

use axum::{
    Router,
    extract::{Request, State},
    http::{Uri, uri::PathAndQuery},
    middleware::{Next, from_fn_with_state},
    response::Response,
};
use tower::{ServiceExt, service_fn};

/// What stands before the name of a connection.
const AT: &str = "/at/";

/// The connection that a request is about, where it is not home; and what its address was.
#[derive(Debug, Clone)]
pub struct Of {
    name: Arc<str>,
    whole: Uri,
}

impl Of {
    pub fn name(&self) -> &str {
        &self.name
    }
}

/// The address of a request as it was sent.
pub fn whole(request: &Request) -> &Uri {
    request.extensions().get::<Of>().map_or(request.uri(), |of| &of.whole)
}

/// What is before every address of the connection that a request is about; nothing at home.
pub fn prefix(request: &Request) -> String {
    request.extensions().get::<Of>().map_or_else(String::new, |of| app::address::prefix_of(of.name()))
}

/// Answers each request by the router of its connection. To be put inside of the guard, and [`named`] around it.
pub fn each(home: Router, others: impl IntoIterator<Item = (String, Router)>) -> Router {
    let others: Arc<HashMap<String, Router>> = Arc::new(others.into_iter().collect());
    Router::new().fallback_service(service_fn(move |request: Request| {
        let named = request.extensions().get::<Of>().and_then(|of| others.get(of.name()));
        let router = named.unwrap_or(&home).clone();
        async move { router.oneshot(request).await.map_err(|never: Infallible| match never {}) }
    }))
}

/// Takes the prefix off every request to one of these connections; leaves others as they are, which leads them to what
/// home says of an address that nothing has.
pub fn named(router: Router, names: impl IntoIterator<Item = String>) -> Router {
    let names: Arc<[Arc<str>]> = names.into_iter().map(Arc::from).collect();
    router.layer(from_fn_with_state(names, take_off))
}

async fn take_off(State(names): State<Arc<[Arc<str>]>>, mut request: Request, next: Next) -> Response {
    if let Some((name, uri)) = without_prefix(request.uri(), &names) {
        let whole = std::mem::replace(request.uri_mut(), uri);
        request.extensions_mut().insert(Of { name, whole });
    }
    next.run(request).await
}

fn without_prefix(uri: &Uri, names: &[Arc<str>]) -> Option<(Arc<str>, Uri)> {
    let behind = uri.path().strip_prefix(AT)?;
    let (name, rest) = behind.split_once('/').unwrap_or((behind, ""));
    let name = names.iter().find(|known| &***known == name)?;
    let path = match uri.query() {
        Some(query) => format!("/{rest}?{query}"),
        None => format!("/{rest}"),
    };
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(PathAndQuery::try_from(path).ok()?);
    Some((Arc::clone(name), Uri::from_parts(parts).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(address: &str) -> Option<(String, String)> {
        let names = ["orders".into(), "eu-1".into()];
        let (name, uri) = without_prefix(&address.parse().expect(address), &names)?;
        Some((name.to_string(), uri.to_string()))
    }

    #[test]
    fn the_prefix_of_a_known_connection_is_taken_off_and_nothing_else() {
        for (address, name, rest) in [
            ("/at/orders/alerts?rule=a%2Fb", "orders", "/alerts?rule=a%2Fb"),
            ("/at/eu-1/streams/a%2Fb", "eu-1", "/streams/a%2Fb"),
            ("/at/orders", "orders", "/"),
            ("/at/orders/", "orders", "/"),
            ("/at/orders/at/eu-1/", "orders", "/at/eu-1/"),
            ("/at/orders//evil.example", "orders", "//evil.example"),
            ("http://h:1/at/orders/x", "orders", "http://h:1/x"),
        ] {
            assert_eq!(taken(address), Some((name.to_owned(), rest.to_owned())), "{address}");
        }
        for address in
            ["/", "/at", "/at/", "/at/other/", "/at/Orders/", "/at/order", "/streams/at/orders/", "/at/%6Frders/"]
        {
            assert_eq!(taken(address), None, "{address}");
        }
    }
}
