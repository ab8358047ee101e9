//! Query parameters: pages, instants and lists.

use std::collections::{HashMap, HashSet};

use axum::extract::Query;
use axum::http::Uri;

use crate::sandbox::time::parse_ms;

use super::refusal::Refusal;

/// How many records a page has where nothing is asked for.
const DEFAULT_PAGE_SIZE: usize = 25;
/// The most records that a page has.
const MAX_PAGE_SIZE: usize = 500;

/// The query of a request.
pub(crate) struct Filters {
    pairs: Vec<(String, String)>,
    lists: HashMap<String, HashSet<String>>,
}

impl Filters {
    /// Reads a request's query.
    ///
    /// # Errors
    /// 400 where it is not form-encoded.
    pub(crate) fn of(uri: &Uri) -> Result<Self, Refusal> {
        let Query(pairs) = Query::<Vec<(String, String)>>::try_from_uri(uri).map_err(|_| Refusal::invalid("invalid query"))?;
        let mut lists: HashMap<String, HashSet<String>> = HashMap::new();
        for (key, value) in &pairs {
            let list = lists.entry(key.strip_suffix("[]").unwrap_or(key).to_owned()).or_default();
            list.extend(value.split(',').map(str::to_owned));
            list.insert(value.clone());
        }
        Ok(Self { pairs, lists })
    }

    fn one(&self, name: &str) -> Option<&str> {
        self.pairs.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The values of an array parameter, repeated (`a=1&a=2`) or joined by commas (`a=1,2`).
    ///
    /// A value that holds a comma stands for itself as well as for its parts. `None` where the parameter is absent: no filter.
    pub(crate) fn list(&self, name: &str) -> Option<&HashSet<String>> {
        self.lists.get(name)
    }

    /// A boolean parameter; `None` where it is absent.
    ///
    /// # Errors
    /// 400 where it is neither `true` nor `false`.
    pub(crate) fn boolean(&self, name: &str) -> Result<Option<bool>, Refusal> {
        let read = |text: &str| text.parse().map_err(|_| Refusal::invalid(format!("{name} must be true or false")));
        self.one(name).map(read).transpose()
    }

    /// A parameter that takes one of a few words; `None` where it is absent.
    ///
    /// # Errors
    /// 400 where it is none of them.
    pub(crate) fn choice(&self, name: &str, words: &[&'static str]) -> Result<Option<&'static str>, Refusal> {
        let Some(text) = self.one(name) else { return Ok(None) };
        let word = words.iter().find(|word| **word == text).copied();
        word.map(Some).ok_or_else(|| Refusal::invalid(format!("{name} must be one of {}", words.join(", "))))
    }

    /// Whether a list is absent or holds a value.
    pub(crate) fn allows(&self, name: &str, value: &str) -> bool {
        self.list(name).is_none_or(|list| list.contains(value))
    }

    /// Whether an instant lies in the range that `{prefix}OnOrAfter` and `{prefix}Before` leave.
    ///
    /// # Errors
    /// 400 where either is no ISO 8601 instant.
    pub(crate) fn allows_instant(&self, prefix: &str, at_ms: i64) -> Result<bool, Refusal> {
        let from = self.instant(&format!("{prefix}OnOrAfter"))?;
        let until = self.instant(&format!("{prefix}Before"))?;
        Ok(from.is_none_or(|from| from <= at_ms) && until.is_none_or(|until| at_ms < until))
    }

    fn instant(&self, name: &str) -> Result<Option<i64>, Refusal> {
        let read = |text| parse_ms(text).ok_or_else(|| Refusal::invalid(format!("{name} must be an ISO 8601 instant")));
        self.one(name).map(read).transpose()
    }

    /// The page of a list that `pageNumber` (zero-based) and `pageSize` ask for.
    ///
    /// # Errors
    /// 400 where either is no integer, or the size is 0 or above the most.
    pub(crate) fn page<T>(&self, all: impl Iterator<Item = T>) -> Result<Vec<T>, Refusal> {
        let number = self.integer("pageNumber")?.unwrap_or(0);
        let size = self.integer("pageSize")?.unwrap_or(DEFAULT_PAGE_SIZE);
        if size == 0 || size > MAX_PAGE_SIZE {
            return Err(Refusal::invalid(format!("pageSize must be between 1 and {MAX_PAGE_SIZE}")));
        }
        Ok(all.skip(number.saturating_mul(size)).take(size).collect())
    }

    fn integer(&self, name: &str) -> Result<Option<usize>, Refusal> {
        let read = |text: &str| text.parse().map_err(|_| Refusal::invalid(format!("{name} must be an integer")));
        self.one(name).map(read).transpose()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filters(query: &str) -> Filters {
        Filters::of(&format!("/list?{query}").parse().unwrap()).unwrap()
    }

    #[test]
    fn lists_are_read_repeated_and_joined() {
        for query in ["externalIds=a&externalIds=b", "externalIds=a,b", "externalIds[]=a&externalIds[]=b", "externalIds=a%2Cb"] {
            let filters = filters(query);
            assert!(filters.allows("externalIds", "a") && filters.allows("externalIds", "b"), "{query}");
            assert!(!filters.allows("externalIds", "c"), "{query}");
        }
        assert!(filters("externalIds=day%2C1").allows("externalIds", "day,1"));
        assert!(filters("").allows("externalIds", "anything"));
    }

    #[test]
    fn booleans_are_true_or_false_and_nothing_else() {
        assert_eq!(filters("closed=true").boolean("closed").unwrap(), Some(true));
        assert_eq!(filters("closed=false").boolean("closed").unwrap(), Some(false));
        assert_eq!(filters("").boolean("closed").unwrap(), None);
        assert!(filters("closed=1").boolean("closed").is_err());
    }

    #[test]
    fn pages_are_zero_based_and_bounded() {
        let page = |query: &str| filters(query).page(0..60);
        assert_eq!(page("").unwrap().len(), 25);
        assert_eq!(page("pageNumber=2").unwrap(), (50..60).collect::<Vec<_>>());
        assert_eq!(page("pageNumber=1&pageSize=2").unwrap(), [2, 3]);
        for query in ["pageSize=0", "pageSize=501", "pageSize=x", "pageNumber=-1"] {
            assert!(page(query).is_err(), "{query}");
        }
    }

    #[test]
    fn ranges_hold_their_start_and_not_their_end() {
        let range = filters("createdOnOrAfter=2026-03-18T12:00:00.000Z&createdBefore=2026-03-18T12:00:00.001Z");
        assert!(range.allows_instant("created", 1_773_835_200_000).unwrap());
        assert!(!range.allows_instant("created", 1_773_835_200_001).unwrap());
        assert!(filters("createdBefore=soon").allows_instant("created", 0).is_err());
    }
}
