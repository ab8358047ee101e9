//! The target of a read: its path below an enterprise, its filters, its page.

use jiff::Timestamp;
use reqwest::Url;

use crate::domain::ids::EnterpriseId;
use crate::domain::network::Page;
use crate::upstream::bitgo::client::Client;
use crate::upstream::http::CallError;
use crate::upstream::id_filter::MAX_URL_BYTES;

/// A URL that grows by its filters. What was not asked for is not sent.
pub(super) struct Target(Url);

impl Target {
    /// The address of a read, by the segments after the enterprise.
    pub(super) fn new(client: &Client, enterprise_id: &EnterpriseId, below: &[&str]) -> Result<Self, CallError> {
        let above = ["api", "network", "v1", "enterprises", enterprise_id.as_str()];
        client.url(&[&above, below].concat()).map(Self)
    }

    /// One parameter for each of several values, under the same name.
    pub(super) fn each<'a>(mut self, name: &str, values: impl IntoIterator<Item = &'a str>) -> Self {
        for value in values {
            self.0.query_pairs_mut().append_pair(name, value);
        }
        self
    }

    /// A parameter that is true or false.
    pub(super) fn flag(self, name: &str, value: Option<bool>) -> Self {
        self.each(name, value.map(|value| if value { "true" } else { "false" }))
    }

    /// An instant, to the millisecond.
    pub(super) fn instant(self, name: &str, value: Option<Timestamp>) -> Self {
        let text = value.map(|at| format!("{at:.3}"));
        self.each(name, text.as_deref())
    }

    /// The whole URL, with the page. One that is longer than what is sent is not sent.
    pub(super) fn page(self, page: Page) -> Result<Url, CallError> {
        let Self(url) =
            self.each("pageNumber", [page.number.to_string().as_str()]).each("pageSize", [page.size.to_string().as_str()]);
        if url.as_str().len() > MAX_URL_BYTES {
            return Err(CallError::NotSent("more is asked for at once than a URL holds".to_owned()));
        }
        Ok(url)
    }
}
