//! A page of a list that the venue keeps: by number, since the venue gives no token, and bound to its request.

use super::limits::MAX_PAGE_TOKEN_BYTES;
use super::violations::Violations;
use crate::domain::network::Page;
use crate::grpc::page_token::Filter;

/// What is asked for, and where its next page begins.
#[derive(Debug, Clone)]
pub struct Asked<Q> {
    /// What to read.
    pub query: Q,
    /// Which page of it.
    pub page: VenuePage,
}

/// A page, and the filter that its token is bound to.
#[derive(Debug, Clone)]
pub struct VenuePage {
    /// Which.
    pub page: Page,
    filter: Filter,
}

impl VenuePage {
    /// Reads a page's size and token; `filter` holds everything else of the request.
    pub(super) fn read(violations: &mut Violations, filter: Filter, size: i32, token: Option<&str>) -> Option<Self> {
        let size = violations.page_size("page_size", size)?;
        let filter = filter.text(&size.to_string());
        let Some(token) = token else { return Some(Self { page: Page { number: 0, size }, filter }) };
        if !violations.length("page_token", token, MAX_PAGE_TOKEN_BYTES) {
            return None;
        }
        let number = u32::from_be_bytes(violations.required("page_token", token, |token| filter.position(token))?);
        Some(Self { page: Page { number, size }, filter })
    }

    /// The token of the next page. The venue tells no total and no next page: a page shorter than asked is the last.
    #[must_use]
    pub fn next_page_token(&self, entries: usize) -> String {
        let full = u32::try_from(entries).is_ok_and(|entries| entries >= self.page.size);
        let next = self.page.number.checked_add(1).filter(|_| full);
        next.map(|next| self.filter.token(next.to_be_bytes())).unwrap_or_default()
    }
}
