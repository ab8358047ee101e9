//! The document: its operations, and its schemas by name.

use std::path::Path;

use saphyr::{LoadableYamlNode, Scalar, Yaml};
use serde_json::{Map, Value};

/// The whole document, as JSON.
pub(super) struct Spec(Value);

/// One operation, with the path that it stands under.
pub(super) struct Operation<'a> {
    pub(super) template: &'a str,
    pub(super) value: &'a Value,
}

impl Spec {
    /// Reads the document; one that is named and cannot be read is a failure, not a reason to skip.
    pub(super) fn read(path: &Path) -> Self {
        let text = std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        Self::parse(&text)
    }

    /// Reads the document's text.
    pub(super) fn parse(yaml: &str) -> Self {
        let documents = Yaml::load_from_str(yaml).unwrap();
        Self(json(&documents[0]))
    }

    /// The operation that a request is one of. A path that is spelled out goes before one with a parameter.
    pub(super) fn operation(&self, method: &str, path: &str) -> Option<Operation<'_>> {
        let paths = self.0["paths"].as_object().unwrap();
        let mut fitting: Vec<_> = paths.iter().filter(|(template, _)| fits(template, path)).collect();
        fitting.sort_by_key(|(template, _)| template.matches('{').count());
        let (template, item) = fitting.first()?;
        let value = item.get(method.to_lowercase())?;
        Some(Operation { template, value })
    }

    /// What a reference such as `#/components/schemas/Name` names.
    pub(super) fn resolve(&self, reference: &str) -> &Value {
        let pointer = reference.strip_prefix('#').unwrap_or_else(|| panic!("{reference} is in another document"));
        self.0.pointer(pointer).unwrap_or_else(|| panic!("{reference} names nothing"))
    }
}

fn fits(template: &str, path: &str) -> bool {
    let (template, path) = (template.split('/'), path.split('/'));
    template.clone().count() == path.clone().count()
        && template.zip(path).all(|(expected, found)| expected == found || (expected.starts_with('{') && !found.is_empty()))
}

fn json(yaml: &Yaml<'_>) -> Value {
    match yaml {
        Yaml::Value(Scalar::Null) => Value::Null,
        Yaml::Value(Scalar::Boolean(flag)) => Value::from(*flag),
        Yaml::Value(Scalar::Integer(number)) => Value::from(*number),
        Yaml::Value(Scalar::FloatingPoint(number)) => Value::from(number.into_inner()),
        Yaml::Value(Scalar::String(text)) => Value::from(text.as_ref()),
        Yaml::Sequence(items) => items.iter().map(json).collect(),
        Yaml::Mapping(members) => {
            let member = |(name, value): (&Yaml<'_>, &Yaml<'_>)| {
                let name = match json(name) {
                    Value::String(name) => name,
                    other => other.to_string(),
                };
                (name, json(value))
            };
            Value::Object(members.iter().map(member).collect::<Map<_, _>>())
        }
        other => panic!("the document holds {other:?}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DOCUMENT: &str = "
paths:
  /a/{id}/x:
    get: {operationId: by-id}
  /a/b/x:
    get: {operationId: spelled-out}
components:
  schemas:
    One: {type: string}
";

    #[test]
    fn an_operation_is_found_by_its_path_and_method() {
        let spec = Spec::parse(DOCUMENT);
        let id = |method, path| spec.operation(method, path).map(|found| found.value["operationId"].as_str().unwrap().to_owned());
        assert_eq!(id("GET", "/a/7/x").as_deref(), Some("by-id"));
        assert_eq!(id("GET", "/a/b/x").as_deref(), Some("spelled-out"));
        assert_eq!(id("POST", "/a/b/x"), None);
        assert_eq!(id("GET", "/a//x"), None);
        assert_eq!(id("GET", "/a/7/x/y"), None);
        assert_eq!(spec.resolve("#/components/schemas/One")["type"], "string");
    }
}
