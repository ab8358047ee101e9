//! Which request something came from: the few words that join the log, the traces and the journal.

use std::fmt;

/// The bytes of a `traceparent` of version 00.
const TRACEPARENT_BYTES: usize = 55;
/// The longest id of a request that is kept.
const MAX_REQUEST_ID_BYTES: usize = 128;

/// A place in a trace, as W3C Trace Context writes it: `00-<trace>-<span>-<flags>`.
#[derive(Clone, PartialEq, Eq)]
pub struct Traceparent(Box<str>);

impl Traceparent {
    /// Reads a text of version 00, the only one there is: exactly so long, in small hexadecimal digits, neither id zero.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let is_hex = |part: &str| part.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        let is_id = |part: &str, length: usize| part.len() == length && is_hex(part) && part.bytes().any(|byte| byte != b'0');
        if text.len() != TRACEPARENT_BYTES {
            return None;
        }
        let mut parts = text.split('-');
        let well_formed = parts.next() == Some("00")
            && parts.next().is_some_and(|trace| is_id(trace, 32))
            && parts.next().is_some_and(|span| is_id(span, 16))
            && parts.next().is_some_and(|flags| flags.len() == 2 && is_hex(flags))
            && parts.next().is_none();
        well_formed.then(|| Self(text.into()))
    }

    /// The text, as it is sent and stored.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The trace: 32 hexadecimal digits.
    #[must_use]
    pub fn trace_id(&self) -> &str {
        self.0.get(3..35).unwrap_or_default()
    }

    /// The span within it: 16 hexadecimal digits.
    #[must_use]
    pub fn span_id(&self) -> &str {
        self.0.get(36..52).unwrap_or_default()
    }

    /// Whether the trace is being recorded.
    #[must_use]
    pub fn is_sampled(&self) -> bool {
        let last = self.0.as_bytes().last().copied().unwrap_or_default();
        matches!(last, b'1' | b'3' | b'5' | b'7' | b'9' | b'b' | b'd' | b'f')
    }
}

impl fmt::Debug for Traceparent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Which request something came from, as far as that is known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Origin {
    request_id: Option<Box<str>>,
    traceparent: Option<Traceparent>,
}

impl Origin {
    /// The longest text of an origin.
    pub const MAX_BYTES: usize = MAX_REQUEST_ID_BYTES + 1 + TRACEPARENT_BYTES;

    /// An origin; an id that is no single plain word is left out.
    #[must_use]
    pub fn new(request_id: &str, traceparent: Option<Traceparent>) -> Self {
        let fits =
            (1..=MAX_REQUEST_ID_BYTES).contains(&request_id.len()) && request_id.bytes().all(|byte| byte.is_ascii_graphic());
        Self { request_id: fits.then(|| request_id.into()), traceparent }
    }

    /// The request's id.
    #[must_use]
    pub fn request_id(&self) -> Option<&str> {
        self.request_id.as_deref()
    }

    /// The request's place in its trace.
    #[must_use]
    pub fn traceparent(&self) -> Option<&Traceparent> {
        self.traceparent.as_ref()
    }

    /// The text that is stored; `None` where nothing is known.
    #[must_use]
    pub fn to_text(&self) -> Option<String> {
        match (self.request_id(), self.traceparent()) {
            (None, None) => None,
            (Some(id), None) => Some(id.to_owned()),
            (id, Some(trace)) => Some(format!("{} {}", id.unwrap_or_default(), trace.as_str())),
        }
    }

    /// Reads what [`Origin::to_text`] writes. What cannot be read is not known: nothing depends on it.
    #[must_use]
    pub fn from_text(text: &str) -> Self {
        let (id, trace) = text.split_once(' ').unwrap_or((text, ""));
        Self::new(id, Traceparent::parse(trace))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAMPLED: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    #[test]
    fn a_place_in_a_trace_is_read_into_its_parts() {
        let place = Traceparent::parse(SAMPLED).unwrap();
        assert_eq!((place.trace_id(), place.span_id()), ("4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"));
        assert!(place.is_sampled());
        assert!(!Traceparent::parse(&SAMPLED.replace("-01", "-02")).unwrap().is_sampled());
    }

    #[test]
    fn what_is_no_place_in_a_trace_is_not_taken() {
        let zeros = |digits: usize| "0".repeat(digits);
        for text in [
            "".to_owned(),
            SAMPLED.to_uppercase(),
            SAMPLED.replace("00-4", "01-4"),
            SAMPLED.replace("-01", "-0g"),
            SAMPLED.replace("-01", ""),
            format!("{SAMPLED}-01"),
            format!("{SAMPLED} "),
            SAMPLED.replace("4bf92f3577b34da6a3ce929d0e0e4736", &zeros(32)),
            SAMPLED.replace("00f067aa0ba902b7", &zeros(16)),
            SAMPLED.replace("4bf92f", "4bf-2f"),
            "é".repeat(27) + "x",
        ] {
            assert!(Traceparent::parse(&text).is_none(), "{text:?}");
        }
    }

    #[test]
    fn an_origin_reads_back_from_its_text_and_never_grows_beyond_its_bound() {
        let trace = Traceparent::parse(SAMPLED);
        let longest = "r".repeat(128);
        for origin in [
            Origin::new("r-1", trace.clone()),
            Origin::new("", trace.clone()),
            Origin::new("r-1", None),
            Origin::new(&longest, trace.clone()),
        ] {
            let text = origin.to_text().unwrap();
            assert!(text.len() <= Origin::MAX_BYTES);
            assert_eq!(Origin::from_text(&text), origin);
        }
        assert_eq!(Origin::default().to_text(), None);
        assert_eq!(Origin::new(&"r".repeat(129), None), Origin::default());
        assert_eq!(Origin::new("two words", None), Origin::default());
        assert_eq!(Origin::from_text("r-1 nonsense"), Origin::new("r-1", None));
    }
}
