//! The OpenAPI document as a judge: is this an answer that it promises?

use std::collections::BTreeSet;

use bessemer_web::openapi;
use jsonschema::Validator;
use serde_json::{Value, json};

use crate::house::{Answered, House};

/// The document.
pub(crate) struct Contract(pub(crate) Value);

impl Contract {
    pub(crate) fn new() -> Self {
        Self(serde_json::from_str(&openapi::<House>()).expect("the document is JSON"))
    }

    /// Method and path of every operation, with its id.
    pub(crate) fn operations(&self) -> Vec<(String, String, &Value)> {
        let paths = self.0["paths"].as_object().expect("paths");
        let methods = |(path, item): (&String, &'_ Value)| {
            let _ = item;
            path.clone()
        };
        let mut all = Vec::new();
        for entry in paths {
            let path = methods(entry);
            for (method, operation) in entry.1.as_object().expect("a path") {
                all.push((method.to_uppercase(), path.clone(), operation));
            }
        }
        all
    }

    /// Whether this text is what the operation answers with this status.
    #[track_caller]
    pub(crate) fn judge(&self, operation: &Value, answered: &Answered) {
        let id = &operation["operationId"];
        let responses = &operation["responses"];
        let status = answered.status.to_string();
        let promised =
            if answered.status < 400 { &responses[&status] } else { self.failure(responses, &status) };
        assert!(promised.is_object(), "{id} does not promise {status}: {}", answered.body);
        let Some((kind, content)) = promised["content"].as_object().and_then(|content| content.iter().next())
        else {
            assert_eq!(answered.body, "", "{id} promises nothing with {status}");
            return;
        };
        assert_eq!(answered.header("content-type"), kind, "{id} {status}");
        let value = match kind.as_str() {
            "application/json" => serde_json::from_str(&answered.body).expect("JSON"),
            _ => Value::String(answered.body.clone()),
        };
        self.conforms(&content["schema"], &value, &format!("{id} {status}"));
    }

    fn failure<'a>(&'a self, responses: &'a Value, status: &str) -> &'a Value {
        match responses.get(status) {
            Some(response) if response.get("$ref").is_none() => response,
            _ => &self.0["components"]["responses"]["Failed"],
        }
    }

    #[track_caller]
    pub(crate) fn conforms(&self, schema: &Value, value: &Value, what: &str) {
        let errors: Vec<String> = self
            .validator(schema)
            .iter_errors(value)
            .map(|error| format!("{error} at {}", error.instance_path()))
            .collect();
        assert!(errors.is_empty(), "{what}: {errors:#?}\n{value:#}");
    }

    /// Everything that the schema names is there or null; nothing is there that it does not name.
    fn validator(&self, schema: &Value) -> Validator {
        let mut root =
            json!({ "$schema": "https://json-schema.org/draft/2020-12/schema", "allOf": [schema] });
        root["components"] = closed(self.0["components"].clone());
        jsonschema::options().should_validate_formats(true).build(&root).expect("the document holds schemas")
    }

    /// The ids of all operations.
    pub(crate) fn ids(&self) -> BTreeSet<String> {
        let id =
            |operation: &Value| operation["operationId"].as_str().expect("an operation has an id").to_owned();
        self.operations().iter().map(|(.., operation)| id(operation)).collect()
    }
}

/// The same schemas, in which an object has no member that is not written down.
fn closed(mut components: Value) -> Value {
    fn close(schema: &mut Value) {
        if let Some(object) = schema.as_object_mut() {
            if object.contains_key("properties") && !object.contains_key("additionalProperties") {
                object.insert("additionalProperties".into(), Value::Bool(false));
            }
            object.values_mut().for_each(close);
        } else if let Some(list) = schema.as_array_mut() {
            list.iter_mut().for_each(close);
        }
    }
    close(&mut components["schemas"]);
    components
}
