//! Sections that carry an `id`, which other sections refer to.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::section::Section;
use crate::domain::ids::TextError;

/// The sections of one kind by their id.
///
/// A section with a mistake stays here under its id without a value, so that
/// who refers to it is not told that it does not exist.
pub(super) struct Named<I, T>(BTreeMap<I, Option<T>>);

impl<I: Ord + Clone + fmt::Display, T> Named<I, T> {
    /// Reads all sections `[[key]]` below `parent`; two of one id are a mistake.
    pub(super) fn read(
        parent: &mut Section<'_>,
        key: &'static str,
        id: impl Fn(&str) -> Result<I, TextError>,
        mut read: impl FnMut(&mut Section<'_>, Option<I>) -> Option<T>,
    ) -> Self {
        let mut all = BTreeMap::new();
        parent.sections(key, |section| {
            let id = section.required("id", &id);
            let value = read(section, id.clone());
            let Some(id) = id else { return };
            if all.insert(id.clone(), value).is_some() {
                section.mistake("id", format_args!("{id} is the id of an earlier entry too"));
            }
        });
        Self(all)
    }

    /// All ids, of sections with a mistake too.
    pub(super) fn ids(&self) -> BTreeSet<I> {
        self.0.keys().cloned().collect()
    }

    /// Whether there is a section of this id.
    pub(super) fn contains(&self, id: &I) -> bool {
        self.0.contains_key(id)
    }

    /// The value of this id, where its section has no mistake.
    pub(super) fn get(&self, id: &I) -> Option<&T> {
        self.0.get(id).and_then(Option::as_ref)
    }

    /// The values without a mistake, in the order of their ids.
    pub(super) fn into_values(self) -> Vec<T> {
        self.0.into_values().flatten().collect()
    }
}
