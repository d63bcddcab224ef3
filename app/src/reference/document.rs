//! The operations of the document.

use serde_json::Value;

use super::schema::{self, Field};

/// A method at a path.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Operation {
    pub(super) id: String,
    pub(super) tag: String,
    pub(super) method: String,
    pub(super) path: String,
    pub(super) summary: String,
    pub(super) description: String,
    pub(super) parameters: Vec<Parameter>,
    pub(super) body: Option<Body>,
    pub(super) answers: Vec<Answer>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Parameter {
    /// `path` or `query`.
    pub(super) place: String,
    pub(super) field: Field,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Body {
    pub(super) schema: Value,
    pub(super) example: Value,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Answer {
    pub(super) code: String,
    pub(super) description: String,
    pub(super) schema: Option<Value>,
}

/// A group of operations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Tag {
    pub(super) name: String,
    pub(super) description: String,
}

/// The groups, in the order of the document.
pub(super) fn tags(document: &Value) -> Vec<Tag> {
    let tags = document.get("tags").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    tags.iter().map(|tag| Tag { name: text(tag, "name"), description: text(tag, "description") }).collect()
}

/// Every operation, by path and method.
pub(super) fn operations(document: &Value) -> Vec<Operation> {
    let Some(paths) = document.get("paths").and_then(Value::as_object) else { return vec![] };
    let of_path = |(path, item): (&String, &Value)| {
        let methods = item.as_object().into_iter().flatten();
        let operation = |(method, operation): (&String, &Value)| read(document, path, method, operation);
        methods.filter(|(_, operation)| operation.get("responses").is_some()).map(operation).collect::<Vec<_>>()
    };
    paths.iter().flat_map(of_path).collect()
}

fn read(document: &Value, path: &str, method: &str, operation: &Value) -> Operation {
    let parameters = operation.get("parameters").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let answers = operation.get("responses").and_then(Value::as_object);
    Operation {
        id: text(operation, "operationId"),
        tag: operation.pointer("/tags/0").and_then(Value::as_str).unwrap_or("other").to_owned(),
        method: method.to_uppercase(),
        path: path.to_owned(),
        summary: text(operation, "summary"),
        description: text(operation, "description"),
        parameters: parameters.iter().map(parameter).collect(),
        body: operation.get("requestBody").and_then(|body| read_body(document, body)),
        answers: answers.into_iter().flatten().map(|(code, answer)| read_answer(code, answer)).collect(),
    }
}

fn parameter(parameter: &Value) -> Parameter {
    let schema = parameter.get("schema").unwrap_or(&Value::Null);
    Parameter {
        place: text(parameter, "in"),
        field: Field {
            name: text(parameter, "name"),
            kind: schema::kind(schema),
            required: parameter.get("required").and_then(Value::as_bool).unwrap_or(false),
            description: text(parameter, "description"),
        },
    }
}

fn read_body(document: &Value, body: &Value) -> Option<Body> {
    let content = body.pointer("/content/application~1json")?;
    let schema = content.get("schema")?.clone();
    let example = content.get("example").cloned().unwrap_or_else(|| schema::example(document, &schema));
    Some(Body { schema, example })
}

fn read_answer(code: &str, answer: &Value) -> Answer {
    let content = answer.get("content").and_then(Value::as_object).and_then(|content| content.values().next());
    Answer {
        code: code.to_owned(),
        description: text(answer, "description"),
        schema: content.and_then(|content| content.get("schema")).cloned(),
    }
}

fn text(value: &Value, name: &str) -> String {
    value.get(name).and_then(Value::as_str).unwrap_or_default().to_owned()
}

impl Operation {
    /// Whether every word of the search occurs in the operation, whatever its letter case.
    pub(super) fn matches(&self, search: &str) -> bool {
        let parameters: Vec<&str> = self.parameters.iter().map(|parameter| parameter.field.name.as_str()).collect();
        let parameters = parameters.join(" ");
        let body = self.body.as_ref().and_then(|body| schema::referred(&body.schema)).unwrap_or_default();
        let hay = format!(
            "{} {} {} {} {} {} {parameters} {body}",
            self.method, self.path, self.summary, self.description, self.tag, self.id
        )
        .to_lowercase();
        search.to_lowercase().split_whitespace().all(|word| hay.contains(word))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn document() -> Value {
        json!({
            "tags": [{"name": "notes", "description": "Notes"}],
            "paths": {"/notes/{id}": {
                "parameters": [],
                "put": {
                    "operationId": "change_note", "tags": ["notes"], "summary": "Change a note",
                    "parameters": [{"name": "id", "in": "path", "required": true, "schema": {"type": "integer"}}],
                    "requestBody": {"content": {"application/json": {"schema": {
                        "type": "object", "required": ["text"], "properties": {"text": {"type": "string"}}
                    }}}},
                    "responses": {"200": {"description": "Changed"}, "404": {"description": "No such note"}}
                }
            }}
        })
    }

    #[test]
    fn an_operation_is_read_whole() {
        let read = operations(&document());
        let [operation] = read.as_slice() else { panic!("one operation, not {}", read.len()) };
        assert_eq!((operation.method.as_str(), operation.path.as_str()), ("PUT", "/notes/{id}"));
        assert_eq!(operation.parameters[0].place, "path");
        assert_eq!(operation.body.as_ref().expect("a body").example, json!({"text": "text"}));
        assert_eq!(operation.answers.iter().map(|answer| answer.code.as_str()).collect::<Vec<_>>(), ["200", "404"]);
        assert_eq!(tags(&document())[0].name, "notes");
    }

    #[test]
    fn a_search_finds_all_its_words() {
        let operation = operations(&document()).remove(0);
        assert!(operation.matches("put NOTE"));
        assert!(operation.matches("  "));
        assert!(!operation.matches("put sprint"));
    }
}
