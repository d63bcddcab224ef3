//! A command that can be pasted.

use super::document::Operation;

/// `curl` for an operation of the program at `origin`. Parameters in the path stand for themselves, in braces that the
/// shell leaves alone; required ones of the query get an example.
pub(super) fn curl(origin: &str, operation: &Operation) -> String {
    let required: Vec<String> = operation
        .parameters
        .iter()
        .filter(|parameter| parameter.place == "query" && parameter.field.required)
        .map(|parameter| format!("{}={{{}}}", parameter.field.name, parameter.field.name))
        .collect();
    let query = if required.is_empty() { String::new() } else { format!("?{}", required.join("&")) };
    let method = if operation.method == "GET" { String::new() } else { format!(" -X {}", operation.method) };
    let address = quoted(&format!("{origin}{}{query}", operation.path));
    let Some(body) = &operation.body else { return format!("curl --globoff{method} {address}") };
    let body = serde_json::to_string_pretty(&body.example).unwrap_or_default();
    format!("curl --globoff{method} {address} \\\n  -H 'content-type: application/json' \\\n  -d {}", quoted(&body))
}

/// In single quotes, for a POSIX shell.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::reference::document::Body;

    fn operation(method: &str, body: Option<serde_json::Value>) -> Operation {
        Operation {
            id: "x".into(),
            tag: "t".into(),
            method: method.into(),
            path: "/notes/{id}".into(),
            summary: String::new(),
            description: String::new(),
            parameters: vec![],
            body: body.map(|example| Body { schema: json!({}), example }),
            answers: vec![],
        }
    }

    #[test]
    fn a_get_needs_no_method() {
        assert_eq!(curl("http://h", &operation("GET", None)), "curl --globoff 'http://h/notes/{id}'");
    }

    #[test]
    fn a_quote_in_a_body_does_not_end_it() {
        let text = curl("http://h", &operation("PUT", Some(json!("it's"))));
        assert!(text.contains("-X PUT"), "{text}");
        assert!(text.ends_with(r#"-d '"it'\''s"'"#), "{text}");
    }
}
