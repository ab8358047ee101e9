//! How many ids one list can be asked for: they travel in the URL, and URLs are bounded by whatever they pass through.

/// The longest URL that is sent, in bytes: the least that common proxies and servers take.
pub(super) const MAX_URL_BYTES: usize = 8 * 1024;

/// The most bytes that the ids of one list take in its URL, encoded and with the parameter's name before each. The rest
/// of `MAX_URL_BYTES` is for the address, the other filters and the page.
pub const MAX_ID_FILTER_BYTES: usize = 6 * 1024;

/// What a parameter's name, `=` and `&` take beside an id: more than the longest name that any list has.
const NAME_BYTES: usize = 32;

/// What an id takes of [`MAX_ID_FILTER_BYTES`]: each byte at most three, when it is percent-encoded.
fn cost(id: &str) -> usize {
    let encoded = id.bytes().map(|byte| if byte.is_ascii_alphanumeric() || b"*-._".contains(&byte) { 1 } else { 3 });
    NAME_BYTES + encoded.sum::<usize>()
}

/// Splits ids into runs that one list each can be asked for, in their order. An id that is too long by itself stands alone.
pub fn id_runs<T>(ids: impl IntoIterator<Item = T>, text: impl Fn(&T) -> &str) -> Vec<Vec<T>> {
    let mut runs: Vec<Vec<T>> = Vec::new();
    let mut taken = usize::MAX;
    for id in ids {
        let cost = cost(text(&id));
        taken = taken.saturating_add(cost);
        match runs.last_mut() {
            Some(run) if taken <= MAX_ID_FILTER_BYTES => run.push(id),
            _ => {
                taken = cost;
                runs.push(vec![id]);
            }
        }
    }
    runs
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lengths(ids: &[String]) -> Vec<usize> {
        id_runs(ids, |id| id.as_str()).iter().map(Vec::len).collect()
    }

    #[test]
    fn few_ids_are_one_run_and_none_are_none() {
        assert_eq!(lengths(&[]), [0; 0]);
        assert_eq!(lengths(&["a".to_owned(), "b".to_owned()]), [2]);
    }

    #[test]
    fn many_ids_are_split_in_their_order_by_what_they_take_encoded() {
        let plain: Vec<String> = (0..200).map(|n| format!("{n:064}")).collect();
        assert_eq!(lengths(&plain), [64, 64, 64, 8]);
        let runs = id_runs(&plain, |id| id.as_str());
        assert_eq!(runs.concat(), plain.iter().collect::<Vec<_>>());
        let encoded = vec!["/".repeat(64); 28];
        assert_eq!(lengths(&encoded), [27, 1]);
    }

    #[test]
    fn an_id_that_fills_a_run_by_itself_stands_alone() {
        assert_eq!(lengths(&["a".to_owned(), "x".repeat(7_000), "b".to_owned()]), [1, 1, 1]);
    }
}
