//! The description is of this surface: no route more, none less, nothing that leads nowhere.

use super::*;
use serde_json::Value;
use std::collections::BTreeSet;

fn description() -> Value {
    serde_json::from_str(DESCRIPTION).unwrap()
}

/// Every route: the calls of apps are below each of their servers.
fn all() -> impl Iterator<Item = &'static Route> {
    ROUTES.iter().chain(APP_ROUTES.iter().flatten())
}

/// Every operation of the description: method, path, and what is said of it.
fn operations<'a>(description: &'a Value) -> Vec<(String, String, &'a Value)> {
    let paths = description["paths"].as_object().unwrap();
    let of_path = |(path, item): (&String, &'a Value)| {
        let item = match item["$ref"].as_str() {
            Some(to) => description.pointer(to.strip_prefix('#').unwrap()).unwrap(),
            None => item,
        };
        let path = path.clone();
        let methods = item
            .as_object()
            .unwrap()
            .iter()
            .filter(|(key, _)| !["parameters", "servers"].contains(&key.as_str()));
        methods.map(move |(method, said)| (method.to_uppercase(), path.clone(), said)).collect::<Vec<_>>()
    };
    paths.iter().flat_map(of_path).collect()
}

#[test]
fn every_route_is_described_and_nothing_else() {
    let description = description();
    assert_eq!(description["openapi"], "3.1.0");
    let described: BTreeSet<_> =
        operations(&description).into_iter().map(|(method, path, _)| (method, path)).collect();
    let served: BTreeSet<_> = all().map(|route| (route.method.to_owned(), route.path.to_owned())).collect();
    assert_eq!(described, served);
    assert_eq!(all().count(), served.len(), "a route is listed twice");
}

#[test]
fn every_operation_says_what_is_filled_in_and_answered() {
    let description = description();
    let mut ids = BTreeSet::new();
    for (_, path, said) in operations(&description) {
        let is_another = description["paths"][&path]["$ref"].is_string();
        assert!(is_another != ids.insert(said["operationId"].as_str().unwrap()), "{path}");
        let answers = &said["responses"];
        assert!(answers["200"].is_object() && answers["405"].is_object(), "{path}");
        let named = description["paths"][&path]["parameters"][0]["$ref"] == "#/components/parameters/name";
        assert_eq!(named, path.contains("{name}"), "{path}");
    }
}

#[test]
fn every_reference_leads_somewhere() {
    fn look(value: &Value, all: &Value, found: &mut usize) {
        match value {
            Value::Object(members) => {
                if let Some(to) = members.get("$ref") {
                    let to = to.as_str().unwrap();
                    assert!(all.pointer(to.strip_prefix('#').unwrap()).is_some(), "{to} leads nowhere");
                    *found += 1;
                }
                members.values().for_each(|member| look(member, all, found));
            }
            Value::Array(elements) => elements.iter().for_each(|element| look(element, all, found)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
    let (description, mut found) = (description(), 0);
    look(&description, &description, &mut found);
    assert!(found > 50, "{found} references");
}
