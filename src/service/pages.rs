//! Reading everything that a venue tells in pages.

use std::collections::HashSet;

use crate::upstream::VenueFailure;

/// Reads pages until one brings nothing new: a short page is not believed to be the last, since a venue may give fewer than
/// are asked for. What is told twice, since something came before it meanwhile, is one.
pub(super) async fn all_pages<T, F>(
    what: &str,
    max_pages: u32,
    id: impl Fn(&T) -> &str,
    read: impl Fn(u32) -> F,
) -> Result<Vec<T>, VenueFailure>
where
    F: Future<Output = Result<Vec<T>, VenueFailure>>,
{
    let (mut seen, mut all) = (HashSet::new(), Vec::new());
    for number in 0..max_pages {
        let known = all.len();
        all.extend(read(number).await?.into_iter().filter(|one| seen.insert(id(one).to_owned())));
        if all.len() == known {
            return Ok(all);
        }
    }
    Err(VenueFailure::Unreadable { detail: format!("{what} have too many pages") })
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn read(pages: &[&[&str]], max_pages: u32) -> Result<Vec<String>, VenueFailure> {
        let page = async |number: u32| {
            let page = pages.get(number as usize).copied().unwrap_or_default();
            Ok(page.iter().map(|one| (*one).to_owned()).collect())
        };
        all_pages("things", max_pages, String::as_str, page).await
    }

    #[tokio::test]
    async fn pages_are_read_until_one_brings_nothing_new_and_a_short_one_is_not_the_last() {
        assert_eq!(read(&[&["a", "b"], &["c"], &["d", "e"]], 9).await.unwrap(), ["a", "b", "c", "d", "e"]);
        assert_eq!(read(&[&["a", "b"], &["b", "c"], &["b", "c"], &["d"]], 9).await.unwrap(), ["a", "b", "c"]);
        assert_eq!(read(&[], 1).await.unwrap(), [""; 0]);
    }

    #[tokio::test]
    async fn pages_without_end_are_no_answer() {
        let pages: &[&[&str]] = &[&["a"], &["b"], &["c"]];
        assert!(matches!(read(pages, 3).await, Err(VenueFailure::Unreadable { .. })));
        assert!(read(pages, 4).await.is_ok());
    }
}
