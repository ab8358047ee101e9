//! Answers that are alike but for the ids and times of a run.

use std::collections::BTreeMap;

/// Stands for lines that a page leaves out.
const LEFT_OUT: &str = "…";
/// Runs of letters and digits that are shorter are words.
const SHORTEST_ID: usize = 16;
/// No name of a field has more words than this and one.
const MOST_HUMPS: usize = 4;

/// Which id of this run stands for which of the page.
#[derive(Clone, Debug, Default)]
pub(in crate::process) struct Known {
    ids: BTreeMap<String, String>,
}

impl Known {
    /// Holds an answer against the one that is shown, and learns the ids of this run by it.
    pub(in crate::process) fn learn(&mut self, shown: &[String], said: &[&str]) -> Result<(), String> {
        let (mut furthest, known) = (0, self.clone());
        *self = fits(known, shown, said, &mut furthest).ok_or_else(|| {
            let line = shown.get(furthest).map_or("nothing more", |line| line.trim());
            format!("shown is {line:?} (its line {})", furthest + 1)
        })?;
        Ok(())
    }

    /// A command of the page with the ids of this run.
    pub(super) fn of_this_run(&self, text: &str) -> String {
        let put = |text: String, (shown, said): (&String, &String)| text.replace(shown, said);
        self.ids.iter().fold(text.to_owned(), put)
    }

    /// What was said in this run with the ids of the page.
    pub(super) fn of_the_page(&self, text: &str) -> String {
        let put = |text: String, (shown, said): (&String, &String)| text.replace(said, shown);
        self.ids.iter().fold(text.to_owned(), put)
    }

    /// Whether a line is the one that is shown; the same id of the page is the same id of the run.
    fn line_fits(&mut self, shown: &str, said: &str) -> bool {
        let (shown, said) = (parts(shown), parts(said));
        shown.len() == said.len() && shown.iter().zip(&said).all(|(shown, said)| self.part_fits(shown, said))
    }

    fn part_fits(&mut self, shown: &str, said: &str) -> bool {
        match (kind(shown), kind(said)) {
            (Some(Kind::Time), Some(Kind::Time)) => true,
            (Some(Kind::Id), Some(Kind::Id)) => {
                let known = self.ids.entry(shown.to_owned()).or_insert_with(|| said.to_owned());
                known == said
            }
            _ => shown == said,
        }
    }
}

/// What is known after all lines, if they fit. `furthest` is how many lines of the page did at best.
fn fits(known: Known, shown: &[String], said: &[&str], furthest: &mut usize) -> Option<Known> {
    let all = shown.len();
    let mut open = vec![(known, 0, 0)];
    while let Some((mut known, at, heard)) = open.pop() {
        *furthest = at.max(*furthest);
        let Some(line) = shown.get(at) else {
            if heard == said.len() {
                return Some(known);
            }
            continue;
        };
        if line.trim() == LEFT_OUT {
            if at + 1 == all {
                return Some(known);
            }
            open.extend((heard..said.len()).rev().map(|from| (known.clone(), at + 1, from)));
        } else if said.get(heard).is_some_and(|said| known.line_fits(line, said)) {
            open.push((known, at + 1, heard + 1));
        }
    }
    None
}

#[derive(Debug, PartialEq)]
enum Kind {
    Id,
    Time,
}

/// What differs in each run: a time, or a long run of letters and digits that is no word.
fn kind(part: &str) -> Option<Kind> {
    let time = part.len() >= 20 && part.as_bytes().get(10) == Some(&b'T') && part.ends_with('Z');
    if time && part.starts_with(|first: char| first.is_ascii_digit()) {
        return Some(Kind::Time);
    }
    let name = part.chars().all(|letter| letter.is_ascii_uppercase() || letter.is_ascii_digit() || letter == '_');
    let digits = part.chars().any(|letter| letter.is_ascii_digit() || letter == '=');
    let random = digits || humps(part) > MOST_HUMPS;
    (part.len() >= SHORTEST_ID && random && !name && !part.contains('.')).then_some(Kind::Id)
}

/// How often a capital follows a small letter.
fn humps(part: &str) -> usize {
    part.as_bytes().windows(2).filter(|pair| pair[0].is_ascii_lowercase() && pair[1].is_ascii_uppercase()).count()
}

/// A line cut into what may be an id or a time, and what lies between.
fn parts(line: &str) -> Vec<&str> {
    let of_a_part = |letter: char| letter.is_ascii_alphanumeric() || "-_+/=:.".contains(letter);
    let mut parts = Vec::new();
    let mut rest = line;
    while let Some(first) = rest.chars().next() {
        let inside = of_a_part(first);
        let end = rest.find(|letter| of_a_part(letter) != inside).unwrap_or(rest.len());
        let (part, after) = rest.split_at(end);
        parts.push(part);
        rest = after;
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: &str = "c4b98fae-0714-429d-8981-15b926fcd106";
    const OTHER: &str = "00000fae-0714-429d-8981-15b926fcd106";

    fn learned(shown: &str, said: &str) -> Result<Known, String> {
        let mut known = Known::default();
        let shown: Vec<_> = shown.lines().map(str::to_owned).collect();
        known.learn(&shown, &said.lines().collect::<Vec<_>>())?;
        Ok(known)
    }

    #[test]
    fn ids_and_times_may_differ_and_nothing_else() {
        let shown = format!("\"id\": \"{ONE}\",\n\"at\": \"2026-11-20T15:33:46.808507497Z\"");
        let said = format!("\"id\": \"{OTHER}\",\n\"at\": \"2027-01-02T03:04:05Z\"");
        let known = learned(&shown, &said).unwrap();
        assert_eq!(known.of_this_run(&format!("get {ONE}")), format!("get {OTHER}"));
        assert_eq!(known.of_the_page(&format!("got {OTHER}")), format!("got {ONE}"));
        for other in ["\"amount\": \"100\"", "\"amount\": \"101\"", "state: SETTLEMENT_STATE_PENDING_2"] {
            assert!(learned("\"amount\": \"100.0\"", other).is_err(), "{other}");
        }
    }

    #[test]
    fn the_same_id_is_the_same_one_throughout() {
        assert!(learned(&format!("{ONE}\n{ONE}"), &format!("{OTHER}\n{OTHER}")).is_ok());
        assert!(learned(&format!("{ONE}\n{ONE}"), &format!("{OTHER}\n{ONE}")).is_err());
    }

    #[test]
    fn lines_may_be_left_out_where_the_page_says_so() {
        assert!(learned("a\n…\nd", "a\nb\nc\nd").is_ok());
        assert!(learned("a\n…", "a\nb\nc").is_ok());
        assert!(learned("a\n…\nd", "a\nb\nc").is_err());
        assert!(learned("a", "a\nb").is_err());
        let fault = learned("a\nb\nx", "a\nb\nc").unwrap_err();
        assert!(fault.contains("its line 3"), "{fault}");
    }
}
