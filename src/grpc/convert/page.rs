//! How much of a list a caller asks for.

use super::limits::{DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE};
use super::violations::Violations;

impl Violations {
    /// Reads a page size; zero stands for [`DEFAULT_PAGE_SIZE`].
    ///
    /// More than [`MAX_PAGE_SIZE`] is refused rather than cut, so that a caller
    /// never takes a short page for the last one.
    pub fn page_size(&mut self, field: &str, entries: i32) -> Option<u32> {
        let entries = self.within(field, i64::from(entries), 0, i64::from(MAX_PAGE_SIZE))?;
        u32::try_from(entries).ok().map(|entries| if entries == 0 { DEFAULT_PAGE_SIZE } else { entries })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn page_sizes_are_taken_as_they_are_or_refused() {
        for (asked, given) in
            [(0, Some(50)), (1, Some(1)), (200, Some(200)), (201, None), (-1, None), (i32::MIN, None), (i32::MAX, None)]
        {
            let mut violations = Violations::new();
            assert_eq!(violations.page_size("page_size", asked), given, "{asked}");
            assert_eq!(violations.finish(|| Some(())).is_ok(), given.is_some());
        }
    }
}
