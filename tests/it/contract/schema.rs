//! Holds a value against a schema of OpenAPI 3.0, as far as BitGo's document uses them.

use jiff::Timestamp;
use serde_json::Value;

use super::spec::Spec;

/// What says nothing of a value.
const ANNOTATIONS: [&str; 6] = ["description", "title", "example", "examples", "default", "deprecated"];

/// Everything in which a value is not as its schema has it. A keyword that is not understood here is one such thing.
pub(super) fn faults(spec: &Spec, schema: &Value, value: &Value, at: &str) -> Vec<String> {
    let Some(keywords) = schema.as_object() else {
        return vec![format!("{at}: its schema is none")];
    };
    if value.is_null() && schema["nullable"] == true {
        return Vec::new();
    }
    let mut found = Vec::new();
    for (keyword, rule) in keywords {
        match keyword.as_str() {
            "$ref" => found.extend(faults(spec, spec.resolve(rule.as_str().unwrap()), value, at)),
            "allOf" => found.extend(rule.as_array().unwrap().iter().flat_map(|one| faults(spec, one, value, at))),
            "oneOf" => found.extend(exactly_one(spec, rule, value, at)),
            "type" => found.extend(of_type(rule, value, at)),
            "enum" if !rule.as_array().unwrap().contains(value) => found.push(format!("{at}: {value} is none of {rule}")),
            "format" => found.extend(of_format(rule, value, at)),
            "minLength" => found.extend(long_enough(rule, value, at)),
            "required" => found.extend(missing(rule, value, at)),
            "properties" => found.extend(members(spec, rule, value, at)),
            "additionalProperties" => found.extend(others(spec, schema, rule, value, at)),
            "items" => found.extend(items(spec, rule, value, at)),
            "enum" | "nullable" => {}
            other if ANNOTATIONS.contains(&other) || other.starts_with("x-") => {}
            other => found.push(format!("{at}: the keyword {other} is not understood")),
        }
    }
    found
}

fn exactly_one(spec: &Spec, rule: &Value, value: &Value, at: &str) -> Option<String> {
    let variants = rule.as_array().unwrap();
    let tried: Vec<Vec<String>> = variants.iter().map(|one| faults(spec, one, value, at)).collect();
    match tried.iter().filter(|faults| faults.is_empty()).count() {
        1 => None,
        0 => {
            let nearest = tried.iter().min_by_key(|faults| faults.len()).unwrap();
            Some(format!("{at}: none of {} variants; the nearest: {}", variants.len(), nearest.join(", ")))
        }
        several => Some(format!("{at}: {several} variants of one")),
    }
}

fn of_type(rule: &Value, value: &Value, at: &str) -> Option<String> {
    let is_right = match rule.as_str().unwrap() {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "number" => value.is_number(),
        _ => false,
    };
    (!is_right).then(|| format!("{at}: {value} is no {}", rule.as_str().unwrap()))
}

fn of_format(rule: &Value, value: &Value, at: &str) -> Option<String> {
    let text = value.as_str()?;
    let is_right = match rule.as_str().unwrap() {
        "date-time" => text.parse::<Timestamp>().is_ok(),
        "number" => is_decimal(text),
        "integer" => !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()),
        _ => false,
    };
    (!is_right).then(|| format!("{at}: {text:?} is no {}", rule.as_str().unwrap()))
}

fn is_decimal(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    [whole, fraction].iter().all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()))
}

fn long_enough(rule: &Value, value: &Value, at: &str) -> Option<String> {
    let length = u64::try_from(value.as_str()?.chars().count()).unwrap();
    (length < rule.as_u64().unwrap()).then(|| format!("{at}: {value} is shorter than {rule}"))
}

fn missing(rule: &Value, value: &Value, at: &str) -> Vec<String> {
    let Some(members) = value.as_object() else { return Vec::new() };
    let required = rule.as_array().unwrap().iter().map(|name| name.as_str().unwrap());
    required.filter(|name| !members.contains_key(*name)).map(|name| format!("{at}: {name} is missing")).collect()
}

fn members(spec: &Spec, rule: &Value, value: &Value, at: &str) -> Vec<String> {
    let Some(members) = value.as_object() else { return Vec::new() };
    let known = members.iter().filter_map(|(name, value)| Some((name, rule.get(name)?, value)));
    known.flat_map(|(name, schema, value)| faults(spec, schema, value, &format!("{at}.{name}"))).collect()
}

fn others(spec: &Spec, schema: &Value, rule: &Value, value: &Value, at: &str) -> Vec<String> {
    let Some(members) = value.as_object() else { return Vec::new() };
    let unknown = members.iter().filter(|(name, _)| schema["properties"].get(name.as_str()).is_none());
    let found = unknown.map(|(name, value)| match rule {
        Value::Bool(true) => Vec::new(),
        Value::Bool(false) => vec![format!("{at}: {name} is not declared")],
        schema => faults(spec, schema, value, &format!("{at}[{name}]")),
    });
    found.flatten().collect()
}

fn items(spec: &Spec, rule: &Value, value: &Value, at: &str) -> Vec<String> {
    let items = value.as_array().map_or(&[][..], Vec::as_slice);
    items.iter().flat_map(|item| faults(spec, rule, item, &format!("{at}[]"))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn check(schema: Value, value: Value) -> Vec<String> {
        let spec = Spec::parse("components: {schemas: {Short: {type: string, minLength: 2}}}");
        faults(&spec, &schema, &value, "it")
    }

    #[test]
    fn what_fits_has_no_faults() {
        for (schema, value) in [
            (json!({"type": "object", "required": ["a"], "properties": {"a": {"type": "string"}}}), json!({"a": "", "b": 1})),
            (json!({"$ref": "#/components/schemas/Short"}), json!("ab")),
            (json!({"type": "array", "items": {"enum": ["x", "y"]}}), json!(["x", "y", "x"])),
            (json!({"type": "object", "additionalProperties": {"type": "boolean"}}), json!({"a": true})),
            (json!({"oneOf": [{"type": "string", "format": "number"}, {"type": "number"}], "nullable": true}), json!(null)),
            (json!({"oneOf": [{"type": "string", "format": "number"}, {"type": "number"}]}), json!("-1.50")),
            (json!({"allOf": [{"type": "string"}, {"minLength": 1}], "x-more": 1}), json!("a")),
            (json!({"type": "string", "format": "date-time"}), json!("2026-03-18T12:00:00.000Z")),
        ] {
            assert_eq!(check(schema.clone(), value.clone()), [""; 0], "{schema} {value}");
        }
    }

    #[test]
    fn what_does_not_fit_has_some() {
        for (schema, value) in [
            (json!({"type": "object", "required": ["a"]}), json!({})),
            (json!({"properties": {"a": {"type": "string"}}}), json!({"a": 1})),
            (json!({"$ref": "#/components/schemas/Short"}), json!("a")),
            (json!({"items": {"enum": ["x"]}}), json!(["y"])),
            (json!({"additionalProperties": {"type": "boolean"}}), json!({"a": 1})),
            (json!({"additionalProperties": false, "properties": {"a": {}}}), json!({"a": 1, "b": 1})),
            (json!({"oneOf": [{"type": "string"}, {"type": "number"}]}), json!(true)),
            (json!({"oneOf": [{"type": "string"}, {"minLength": 1}]}), json!("a")),
            (json!({"type": "string"}), json!(null)),
            (json!({"type": "string", "format": "date-time"}), json!("18 March")),
            (json!({"type": "string", "format": "number"}), json!("1e3")),
            (json!({"format": "integer"}), json!("-1")),
            (json!({"pattern": "^a$"}), json!("a")),
        ] {
            assert_ne!(check(schema.clone(), value.clone()), [""; 0], "{schema} {value}");
        }
    }
}
