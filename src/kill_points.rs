//! Where a process that was built for tests can be told to die, so that a test
//! can look at what it leaves behind.
//!
//! `GATEWAY_KILL_AT=NAME[@PLACE][:N]` lets the N-th arrival at a point end the
//! process at once, as SIGKILL does: nothing is dropped, flushed or answered.
//! Without N it is the first arrival; with a place only arrivals count whose
//! place contains that text. Several, separated by commas, count side by side.
//!
//! Release builds hold none of it: there the functions are empty, and no
//! environment is read.

/// The points, each with the name that `GATEWAY_KILL_AT` knows it by.
macro_rules! kill_points {
    ($($(#[doc = $doc:literal])+ $point:ident = $name:literal,)+) => {
        /// A moment that a process can be told to die in. A point that says so has a place, which tells its arrivals apart.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum KillPoint {
            $($(#[doc = $doc])+ $point,)+
        }

        impl KillPoint {
            /// Every point.
            pub const ALL: &[Self] = &[$(Self::$point),+];

            /// The point's name.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$point => $name,)+
                }
            }
        }
    };
}

kill_points! {
    /// A settlement is converted, allowed and held against the clock; nothing of it is recorded.
    K0Converted = "K0_CONVERTED",
    /// It is recorded, and nobody was told.
    K1Recorded = "K1_RECORDED",
    /// The venue's payload came and says what was asked; it is stored nowhere.
    K2PayloadHeld = "K2_PAYLOAD_HELD",
    /// A reference is reserved for a payload, whatever it is that is signed; the key was not touched.
    K3Reserved = "K3_RESERVED",
    /// The key's holder has signed; nobody has looked at the signature.
    InsideSign = "INSIDE_SIGN",
    /// The signature is verified; it is stored nowhere.
    K4Verified = "K4_VERIFIED",
    /// The signature is in its reservation, and not yet with what it is for.
    InsideSignStored = "INSIDE_SIGN_STORED",
    /// A settlement's signature and body are stored; no attempt is.
    K5Signed = "K5_SIGNED",
    /// The attempt is stored; the anchor does not know of it, and no byte has left.
    K6Dispatched = "K6_DISPATCHED",
    /// The journal was read for the anchor, which does not stand there yet.
    K6Anchoring = "K6_ANCHORING",
    /// The anchor stands at the journal's head; nobody was told, and no byte has left.
    K6Anchored = "K6_ANCHORED",
    /// Half of a request's body is on its way to a venue. Its place is the request's path.
    InsideWrite = "INSIDE_WRITE",
    /// The whole body is, and no answer was read. Its place is the request's path.
    K7Written = "K7_WRITTEN",
    /// The venue's answer to a settlement was read; it is stored nowhere.
    K8Answered = "K8_ANSWERED",
    /// A settlement's change is stored, and nobody was told. Its place is the change's name.
    K9Saved = "K9_SAVED",
    /// The answer to InitiateSettlement is made; it has not left.
    K10Answering = "K10_ANSWERING",
    /// A venue's call is in the inbox; it is not answered.
    K11Received = "K11_RECEIVED",
    /// What a delivery names is due; the delivery still waits.
    K11ActedOn = "K11_ACTED_ON",
    /// A delivery is closed; its lane's errand still stands.
    K11Closed = "K11_CLOSED",
    /// A transaction has done its work; its COMMIT has not gone out. Its place is the type of what it works on.
    InsideCommit = "INSIDE_COMMIT",
    /// COMMIT has returned; nobody knows. Its place is the same.
    InsideCommitReturned = "INSIDE_COMMIT_RETURNED",
    /// A trade write is converted and allowed; nothing of it is recorded.
    T0Converted = "T0_CONVERTED",
    /// It is recorded, and nobody was told.
    T1Recorded = "T1_RECORDED",
    /// Its payload says what was asked; it is stored nowhere.
    T2PayloadHeld = "T2_PAYLOAD_HELD",
    /// The venue's answer to it was read; it is stored nowhere.
    T8Answered = "T8_ANSWERED",
    /// A trade write's change is stored, and nobody was told. Its place is the change's name.
    T9Saved = "T9_SAVED",
    /// The answer to its caller is made; it has not left.
    T10Answering = "T10_ANSWERING",
    /// A confirmation is converted, allowed and held against the quote; nothing of it is recorded.
    Q0Converted = "Q0_CONVERTED",
    /// It is recorded, and nobody was told.
    Q1Recorded = "Q1_RECORDED",
    /// The quote was read again and is what was agreed to; no attempt is stored.
    Q2QuoteHeld = "Q2_QUOTE_HELD",
    /// The venue's answer to it was read; it is stored nowhere.
    Q8Answered = "Q8_ANSWERED",
    /// A confirmation's change is stored, and nobody was told. Its place is the state that it comes to.
    Q9Saved = "Q9_SAVED",
    /// The answer to its caller is made; it has not left.
    Q10Answering = "Q10_ANSWERING",
    /// A repair has taken in what the venues have; nothing is exposed.
    R1Adopted = "R1_ADOPTED",
    /// It has exposed what is unfinished; no epoch has begun.
    R2Exposed = "R2_EXPOSED",
    /// The anchor is of the next epoch; the journal is not.
    R3Anchored = "R3_ANCHORED",
}

#[cfg(debug_assertions)]
pub use told::{die, is_due, reached, reached_in};

#[cfg(not(debug_assertions))]
pub use untold::{die, is_due, reached, reached_in};

/// What a build for tests does.
#[cfg(debug_assertions)]
mod told {
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::KillPoint;

    /// Where the process is to die.
    struct Order {
        point: KillPoint,
        place: String,
        arrivals_left: AtomicU32,
    }

    /// Dies here, where the process was told to.
    pub fn reached(point: KillPoint) {
        reached_in(point, "");
    }

    /// Dies here, where the process was told to in such a place.
    pub fn reached_in(point: KillPoint, place: &str) {
        if is_due(point, place) {
            die();
        }
    }

    /// Counts an arrival, and says whether it is the one to die in: for a point that the caller has to lead up to.
    pub fn is_due(point: KillPoint, place: &str) -> bool {
        let met = orders().iter().filter(|order| order.point == point && place.contains(&order.place));
        met.filter(|order| order.arrivals_left.fetch_sub(1, Ordering::SeqCst) == 1).count() > 0
    }

    /// Ends the process here and now.
    pub fn die() -> ! {
        std::process::abort()
    }

    fn orders() -> &'static [Order] {
        static ORDERS: OnceLock<Vec<Order>> = OnceLock::new();
        ORDERS.get_or_init(|| {
            let told = std::env::var("GATEWAY_KILL_AT").unwrap_or_default();
            told.split(',').filter(|one| !one.is_empty()).map(|one| order(one).unwrap_or_else(|| misspelt(one))).collect()
        })
    }

    fn order(text: &str) -> Option<Order> {
        // A place may be a Rust path.
        let counted = text.rsplit_once(':').and_then(|(rest, count)| Some((rest, count.parse::<u32>().ok()?)));
        let (rest, count) = counted.unwrap_or((text, 1));
        let (name, place) = rest.split_once('@').unwrap_or((rest, ""));
        let point = KillPoint::ALL.iter().copied().find(|point| point.name() == name)?;
        Some(Order { point, place: place.to_owned(), arrivals_left: AtomicU32::new(count) })
    }

    /// A test that kills nothing would prove nothing.
    fn misspelt(text: &str) -> ! {
        tracing::error!(text, "GATEWAY_KILL_AT names no kill point");
        die()
    }
}

/// What a release build does.
#[cfg(not(debug_assertions))]
mod untold {
    use super::KillPoint;

    /// Nothing.
    #[inline(always)]
    pub fn reached(_: KillPoint) {}

    /// Nothing.
    #[inline(always)]
    pub fn reached_in(_: KillPoint, _: &str) {}

    /// Never.
    #[inline(always)]
    #[must_use]
    pub fn is_due(_: KillPoint, _: &str) -> bool {
        false
    }

    /// Nobody comes here.
    #[inline(always)]
    pub fn die() {}
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::KillPoint;

    #[test]
    fn every_point_has_a_name_of_its_own() {
        let names: BTreeSet<_> = KillPoint::ALL.iter().map(|point| point.name()).collect();
        assert_eq!(names.len(), KillPoint::ALL.len());
        assert!(names.iter().all(|name| name.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')));
    }
}
