//! Schemas of the document in words: what kind of value, which fields, an example.

use serde_json::{Map, Value, json};

const REFERENCE: &str = "#/components/schemas/";
/// Examples go no deeper; what a document refers to in a circle would never end.
const DEEPEST: usize = 4;

/// The kind of a value in words; `schema` names the schema to read on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Kind {
    /// What stands before the name of the schema: `list of `.
    pub(super) before: String,
    pub(super) schema: Option<String>,
    /// What stands after it, or all of it where there is no schema.
    pub(super) after: String,
}

impl Kind {
    fn plain(text: impl Into<String>) -> Self {
        Self { before: String::new(), schema: None, after: text.into() }
    }

    pub(super) fn text(&self) -> String {
        format!("{}{}{}", self.before, self.schema.as_deref().unwrap_or_default(), self.after)
    }
}

/// A field of an object, or a parameter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Field {
    pub(super) name: String,
    pub(super) kind: Kind,
    pub(super) required: bool,
    pub(super) description: String,
}

/// The name that a schema refers to.
pub(super) fn referred(schema: &Value) -> Option<&str> {
    schema.get("$ref")?.as_str()?.strip_prefix(REFERENCE)
}

pub(super) fn kind(schema: &Value) -> Kind {
    if let Some(name) = referred(schema) {
        return Kind { before: String::new(), schema: Some(name.to_owned()), after: String::new() };
    }
    if let Some(words) = schema.get("enum").and_then(Value::as_array) {
        return Kind::plain(words.iter().map(literal).collect::<Vec<_>>().join(" | "));
    }
    if let Some(variants) = schema.get("oneOf").or_else(|| schema.get("anyOf")).and_then(Value::as_array) {
        return one_of(variants);
    }
    if let Some([only]) = schema.get("allOf").and_then(Value::as_array).map(Vec::as_slice) {
        return kind(only);
    }
    let types = types(schema);
    let format = schema.get("format").and_then(Value::as_str);
    if types.contains(&"array") {
        let of = schema.get("items").map_or_else(|| Kind::plain("anything"), kind);
        let null = if types.contains(&"null") { " or null" } else { "" };
        return Kind { before: format!("list of {}", of.before), schema: of.schema, after: of.after + null };
    }
    if let Some(of) = schema.get("additionalProperties").filter(|of| of.is_object()) {
        let of = kind(of);
        return Kind { before: format!("map to {}", of.before), schema: of.schema, after: of.after };
    }
    let text = if types.is_empty() { "anything".to_owned() } else { types.join(" or ") };
    Kind::plain(format.map_or(text.clone(), |format| format!("{text}, {format}")))
}

/// `A or null`; a schema that is named once stays a link.
fn one_of(variants: &[Value]) -> Kind {
    let kinds: Vec<Kind> = variants.iter().map(kind).collect();
    let named: Vec<&Kind> = kinds.iter().filter(|kind| kind.schema.is_some()).collect();
    match named.as_slice() {
        [one] => {
            let others = kinds.iter().filter(|kind| kind.schema.is_none()).map(Kind::text);
            let words: Vec<String> = [one.after.clone()].into_iter().chain(others).collect();
            Kind { after: words.join(" or "), ..(*one).clone() }
        }
        _ => Kind::plain(kinds.iter().map(Kind::text).collect::<Vec<_>>().join(" or ")),
    }
}

fn types(schema: &Value) -> Vec<&str> {
    match schema.get("type") {
        Some(Value::String(one)) => vec![one],
        Some(Value::Array(many)) => many.iter().filter_map(Value::as_str).collect(),
        _ => vec![],
    }
}

fn literal(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// What a schema says of itself.
pub(super) fn description(schema: &Value) -> &str {
    schema.get("description").and_then(Value::as_str).unwrap_or_default()
}

/// The schema itself, or the one that it refers to: one level.
pub(super) fn resolved<'a>(document: &'a Value, schema: &'a Value) -> &'a Value {
    referred(schema).and_then(|name| document.get("components")?.get("schemas")?.get(name)).unwrap_or(schema)
}

/// The fields of an object; of a list of objects, those of its items.
pub(super) fn fields(document: &Value, schema: &Value) -> Vec<Field> {
    let mut schema = resolved(document, schema);
    if let Some(items) = schema.get("items") {
        schema = resolved(document, items);
    }
    let required = |name: &str| {
        let names = schema.get("required").and_then(Value::as_array);
        names.is_some_and(|names| names.iter().any(|required| required == name))
    };
    let Some(properties) = schema.get("properties").and_then(Value::as_object) else { return vec![] };
    let field = |(name, schema): (&String, &Value)| Field {
        name: name.clone(),
        kind: kind(schema),
        required: required(name),
        description: description(schema).to_owned(),
    };
    properties.iter().map(field).collect()
}

/// The variants of a schema that is one of several: each with its fields.
pub(super) fn variants<'a>(document: &'a Value, schema: &'a Value) -> &'a [Value] {
    let schema = resolved(document, schema);
    let variants = schema.get("oneOf").or_else(|| schema.get("anyOf")).and_then(Value::as_array);
    variants.map_or(&[], Vec::as_slice)
}

/// A value that fits, with the fields that must be there.
pub(super) fn example(document: &Value, schema: &Value) -> Value {
    example_at(document, schema, 0)
}

fn example_at(document: &Value, schema: &Value, depth: usize) -> Value {
    let schema = resolved(document, schema);
    if let Some(given) = schema.get("example").or_else(|| schema.get("default")) {
        return given.clone();
    }
    if let Some(first) = schema.get("enum").and_then(|words| words.get(0)) {
        return first.clone();
    }
    if let Some(first) = ["oneOf", "anyOf", "allOf"].iter().find_map(|name| schema.get(*name)?.get(0)) {
        return if depth < DEEPEST { example_at(document, first, depth + 1) } else { Value::Null };
    }
    match types(schema).first().copied() {
        Some("integer" | "number") => json!(1),
        Some("boolean") => json!(true),
        Some("array") if depth < DEEPEST => {
            schema.get("items").map_or_else(|| json!([]), |items| json!([example_at(document, items, depth + 1)]))
        }
        Some("array") => json!([]),
        Some("object") => {
            let properties = schema.get("properties").and_then(Value::as_object);
            let required = schema.get("required").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
            let names = required.iter().filter_map(Value::as_str).filter(|_| depth < DEEPEST);
            let field = |name: &str| Some((name.to_owned(), example_at(document, properties?.get(name)?, depth + 1)));
            Value::Object(names.filter_map(field).collect::<Map<_, _>>())
        }
        Some("string") => json!(string_example(schema)),
        _ => Value::Null,
    }
}

fn string_example(schema: &Value) -> &'static str {
    match schema.get("format").and_then(Value::as_str) {
        Some("date") => "2026-03-10",
        Some("date-time") => "2026-03-10T14:22:03.001877",
        _ => "text",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document() -> Value {
        json!({"components": {"schemas": {
            "Note": {"type": "object", "required": ["text"], "properties": {
                "text": {"type": "string", "description": "What it says."},
                "on": {"type": ["string", "null"], "format": "date"},
                "next": {"$ref": "#/components/schemas/Note"},
            }},
            "Loop": {"type": "object", "required": ["again"], "properties": {"again": {"$ref": "#/components/schemas/Loop"}}},
        }}})
    }

    #[test]
    fn kinds_are_told_in_words() {
        let text = |schema: Value| kind(&schema).text();
        assert_eq!(text(json!({"type": "string", "format": "date"})), "string, date");
        assert_eq!(text(json!({"type": ["integer", "null"]})), "integer or null");
        assert_eq!(text(json!({"type": "array", "items": {"$ref": "#/components/schemas/Note"}})), "list of Note");
        assert_eq!(text(json!({"enum": ["a", "b"]})), "a | b");
        assert_eq!(text(json!({"oneOf": [{"type": "null"}, {"$ref": "#/components/schemas/Note"}]})), "Note or null");
        assert_eq!(text(json!({})), "anything");
    }

    #[test]
    fn a_list_of_a_schema_links_to_it() {
        let list = kind(&json!({"type": "array", "items": {"$ref": "#/components/schemas/Note"}}));
        assert_eq!(list.schema.as_deref(), Some("Note"));
    }

    #[test]
    fn fields_of_a_reference_are_those_of_its_schema() {
        let document = document();
        let fields = fields(&document, &json!({"$ref": "#/components/schemas/Note"}));
        let text = fields.iter().find(|field| field.name == "text").expect("a field");
        assert!(text.required);
        assert_eq!(text.description, "What it says.");
        assert_eq!(fields.len(), 3);
    }

    #[test]
    fn an_example_has_what_is_required_and_ends_in_circles() {
        let document = document();
        assert_eq!(example(&document, &json!({"$ref": "#/components/schemas/Note"})), json!({"text": "text"}));
        let depth =
            example(&document, &json!({"$ref": "#/components/schemas/Loop"})).to_string().matches("again").count();
        assert_eq!(depth, DEEPEST);
    }
}
