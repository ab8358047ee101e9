//! Holds one exchange against its operation: path, query, body, status and answer.

use serde_json::Value;

use super::recorder::Exchange;
use super::schema::faults;
use super::spec::{Operation, Spec};

/// Everything in which an exchange is not as the document has it.
pub(super) fn check(spec: &Spec, exchange: &Exchange) -> Vec<String> {
    let name = format!("{} {}", exchange.method, exchange.path());
    let Some(operation) = spec.operation(&exchange.method, exchange.path()) else {
        return vec![format!("{name}: the document has no such operation")];
    };
    let name = format!("{} {}", exchange.method, operation.template);
    let found = [query(spec, &operation, exchange), body(spec, &operation, exchange), answer(spec, &operation, exchange)];
    found.concat().into_iter().map(|fault| format!("{name}: {fault}")).collect()
}

fn query(spec: &Spec, operation: &Operation<'_>, exchange: &Exchange) -> Vec<String> {
    let declared: Vec<&Value> = operation.value["parameters"].as_array().into_iter().flatten().collect();
    let in_query = |name: &str| declared.iter().find(|one| one["in"] == "query" && one["name"] == name);
    let sent = exchange.query();
    let mut found = Vec::new();
    for (name, text) in &sent {
        let Some(parameter) = in_query(name) else {
            found.push(format!("the query has no {name}"));
            continue;
        };
        let schema = &parameter["schema"];
        let is_list = schema["type"] == "array";
        if !is_list && sent.iter().filter(|(other, _)| other == name).count() > 1 {
            found.push(format!("{name} is repeated"));
        }
        let schema = if is_list { &schema["items"] } else { schema };
        let value = if schema["type"] == "boolean" {
            text.parse().map_or(Value::from(text.as_str()), Value::Bool)
        } else {
            Value::from(text.as_str())
        };
        found.extend(faults(spec, schema, &value, &format!("query {name}")));
    }
    let is_missing = |one: &&&Value| {
        one["in"] == "query" && one["required"] == true && !sent.iter().any(|(name, _)| one["name"] == name.as_str())
    };
    found.extend(declared.iter().filter(is_missing).map(|one| format!("the query lacks {}", one["name"])));
    found
}

/// A request's members must all be declared: what the venue does not know it may refuse, or overlook.
fn body(spec: &Spec, operation: &Operation<'_>, exchange: &Exchange) -> Vec<String> {
    let schema = &operation.value["requestBody"]["content"]["application/json"]["schema"];
    if schema.is_null() != exchange.body.is_empty() {
        return vec!["a body where none belongs, or none where one does".to_owned()];
    }
    if schema.is_null() {
        return Vec::new();
    }
    let Ok(value) = serde_json::from_str::<Value>(&exchange.body) else {
        return vec!["the request is no JSON".to_owned()];
    };
    let mut found = faults(spec, schema, &value, "request");
    let members = value.as_object().into_iter().flatten();
    let undeclared = members.filter(|(name, _)| schema["properties"].get(name.as_str()).is_none());
    found.extend(undeclared.map(|(name, _)| format!("request: {name} is not declared")));
    found
}

fn answer(spec: &Spec, operation: &Operation<'_>, exchange: &Exchange) -> Vec<String> {
    let declared = &operation.value["responses"][exchange.status.to_string()];
    if declared.is_null() {
        return vec![format!("the status {} is not declared", exchange.status)];
    }
    let schema = &declared["content"]["application/json"]["schema"];
    let at = format!("answer {}", exchange.status);
    if !exchange.answer_type.starts_with("application/json") {
        return vec![format!("{at}: {:?} is not JSON's type", exchange.answer_type)];
    }
    match serde_json::from_str::<Value>(&exchange.answer) {
        Ok(value) => faults(spec, schema, &value, &at),
        Err(_) => vec![format!("{at}: it is no JSON")],
    }
}
