//! How far the journal has come, the anchor outside the database that
//! remembers it, and what it means when the two do not agree.
//!
//! Every signature and every dispatch is a link of one chain, in the order of
//! commits. The anchor holds the newest link that was written there before
//! anything left the house. A database that was restored, or failed over to
//! older rows, lacks links that the anchor knows of: it has forgotten what was
//! signed or sent, and must not sign or send.

use jiff::Timestamp;
use sha2::{Digest, Sha256};
use thiserror::Error;
use uuid::Uuid;

use super::signing::{PayloadDigest, Signature};

/// Keeps these hashes apart from all others, and from those of changes.
const SIGNATURE_TAG: &[u8] = b"settlement-gateway signing chain 1\0";
/// Keeps these hashes apart from all others, and from those of signatures.
const CHANGE_TAG: &[u8] = b"settlement-gateway change chain 1\0";

/// Which journal it is: drawn when its database was made, and the same in every copy of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JournalId(Uuid);

impl JournalId {
    /// Reads 32 hexadecimal digits.
    #[must_use]
    pub fn from_text(text: &str) -> Option<Self> {
        Uuid::try_parse(text).ok().map(Self)
    }

    /// 32 lower-case hexadecimal digits.
    #[must_use]
    pub fn to_text(self) -> String {
        self.0.simple().to_string()
    }
}

/// A link of the chain: it stands for every signature and every anchored change up to its own, and for their order.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Link([u8; 32]);

impl Link {
    /// What stands before the first one.
    pub const START: Self = Self([0; 32]);

    /// Takes a link that was stored.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Reads 64 hexadecimal digits.
    #[must_use]
    pub fn from_hex(text: &str) -> Option<Self> {
        let mut bytes = [0; 32];
        let decoded = base16ct::mixed::decode(text, &mut bytes).ok()?.len();
        (decoded == 32).then_some(Self(bytes))
    }

    /// The 32 bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// 64 lower-case hexadecimal digits.
    #[must_use]
    pub fn to_hex(&self) -> String {
        base16ct::lower::encode_string(&self.0)
    }
}

impl std::fmt::Debug for Link {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.to_hex())
    }
}

/// How far a journal has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// Which journal.
    pub journal: JournalId,
    /// Counts how often the anchor was begun for it: 0 before the first time, one more after each repair.
    pub epoch: u64,
    /// The place of its newest link; 0 where there is none.
    pub sequence: u64,
    /// The newest link.
    pub link: Link,
}

impl Head {
    /// The head after one more signature.
    #[must_use]
    pub fn after(&self, reference: &str, digest: &PayloadDigest, signature: &Signature) -> Self {
        self.next(SIGNATURE_TAG, reference, &[digest.as_bytes(), signature.as_bytes()])
    }

    /// The head after one more change that must never be forgotten; `subject` says what changed, as its audit record does, and
    /// `drawn` is this time's alone: a change that was lost and is made once more, or another one in its place, is another link.
    #[must_use]
    pub fn after_change(&self, subject: &str, drawn: Uuid) -> Self {
        self.next(CHANGE_TAG, subject, &[drawn.as_bytes()])
    }

    /// The head after one more link. What follows the name is of fixed length.
    fn next(&self, tag: &[u8], name: &str, rest: &[&[u8]]) -> Self {
        let sequence = self.sequence + 1;
        let mut hash = Sha256::new();
        hash.update(tag);
        hash.update(self.link.0);
        hash.update(sequence.to_be_bytes());
        hash.update((name.len() as u64).to_be_bytes());
        hash.update(name.as_bytes());
        for part in rest {
            hash.update(part);
        }
        Self { sequence, link: Link(hash.finalize().into()), ..*self }
    }

    /// Refuses a head that lacks what another one of the same journal has. Links are not compared: those of a head that is
    /// further on say nothing of an earlier one.
    ///
    /// # Errors
    /// [`Adrift`].
    pub fn reaches(&self, floor: &Self) -> Result<(), Adrift> {
        if self.journal != floor.journal {
            Err(Adrift::OtherJournal)
        } else if self.epoch != floor.epoch {
            Err(Adrift::OtherEpoch { journal: self.epoch, anchor: floor.epoch })
        } else if self.sequence < floor.sequence {
            Err(Adrift::Behind { journal: self.sequence, anchor: floor.sequence })
        } else {
            Ok(())
        }
    }
}

/// What the anchor holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark {
    /// How far the journal had come.
    pub head: Head,
    /// When that was written.
    pub at: Timestamp,
}

/// How a journal stands to its anchor, where it may be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Nothing was ever signed or sent and no anchor was begun: one is to be begun.
    New,
    /// It has everything that the anchor knows of.
    Anchored,
}

/// Why a journal must not be used: it may have forgotten what was signed or sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Adrift {
    /// There is no anchor, and the journal is not new.
    #[error("there is no anchor, and the journal is not new")]
    Missing,
    /// The anchor is another journal's.
    #[error("the anchor is another journal's")]
    OtherJournal,
    /// The anchor was begun more or less often than the journal knows: one of the two is an older copy, or a repair was
    /// not carried to its end.
    #[error("the journal is of epoch {journal}, and the anchor of epoch {anchor}")]
    OtherEpoch {
        /// The journal's.
        journal: u64,
        /// The anchor's.
        anchor: u64,
    },
    /// The anchor is there and cannot be understood.
    #[error("the anchor cannot be understood")]
    Unreadable,
    /// The journal lacks signatures or dispatches that were made.
    #[error("the journal ends with link {journal}, and the anchor knows of link {anchor}")]
    Behind {
        /// The journal's newest link.
        journal: u64,
        /// The anchor's.
        anchor: u64,
    },
    /// The journal has another link in the anchor's place, or others before it.
    #[error("the journal's links up to {sequence} are not those that the anchor knows of")]
    Forked {
        /// The anchor's place.
        sequence: u64,
    },
}

impl Adrift {
    /// The name that logs and metrics use.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Missing => "MISSING",
            Self::OtherJournal => "OTHER_JOURNAL",
            Self::OtherEpoch { .. } => "OTHER_EPOCH",
            Self::Unreadable => "UNREADABLE",
            Self::Behind { .. } => "BEHIND",
            Self::Forked { .. } => "FORKED",
        }
    }
}

/// Whether a journal may be used. `link` is the journal's own in the anchor's place, if it has one there; the anchor was read
/// before the journal.
///
/// # Errors
/// [`Adrift`] where it may not.
pub fn judge(head: &Head, anchor: Option<&Mark>, link: Option<Link>) -> Result<Standing, Adrift> {
    let is_untouched = head.epoch == 0 && head.sequence == 0;
    let Some(Mark { head: anchored, .. }) = anchor else {
        return if is_untouched { Ok(Standing::New) } else { Err(Adrift::Missing) };
    };
    // Its first anchor was written, and nothing after that.
    if is_untouched && anchored.journal == head.journal && anchored.epoch == 1 && anchored.sequence == 0 {
        return Ok(Standing::New);
    }
    head.reaches(anchored)?;
    if link == Some(anchored.link) { Ok(Standing::Anchored) } else { Err(Adrift::Forked { sequence: anchored.sequence }) }
}

/// The mark that an anchor is to hold once a journal has come to `to`. `from` is the head that the journal was last seen to
/// have in common with the anchor: where another one stands there by now, it stays, and the journal must show that it has it.
///
/// # Errors
/// [`Adrift`] where it holds none, or one that cannot be this journal's.
pub fn moved(held: Option<&Mark>, from: &Head, to: &Mark) -> Result<Mark, Adrift> {
    let held = held.ok_or(Adrift::Missing)?;
    if held.head == *from {
        return Ok(*to);
    }
    match to.head.reaches(&held.head) {
        Ok(()) | Err(Adrift::Behind { .. }) => Ok(*held),
        Err(adrift) => Err(adrift),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn journal(n: u128) -> JournalId {
        JournalId(Uuid::from_u128(n))
    }

    fn untouched() -> Head {
        Head { journal: journal(1), epoch: 0, sequence: 0, link: Link::START }
    }

    /// The heads of a journal after 0, 1, 2 and 3 links.
    fn heads() -> [Head; 4] {
        let begun = Head { epoch: 1, ..untouched() };
        let sign = |head: Head, name: &str| head.after(name, &PayloadDigest::of(name), &Signature::from_bytes([7; 65]));
        let one = sign(begun, "a");
        let two = sign(one, "b");
        [begun, one, two, sign(two, "c")]
    }

    fn mark(head: Head) -> Mark {
        Mark { head, at: Timestamp::UNIX_EPOCH }
    }

    /// The verdict over a journal that has these heads in its past.
    fn verdict(past: &[Head], anchor: Option<Head>) -> Result<Standing, Adrift> {
        let at = anchor.and_then(|anchor| past.iter().find(|head| head.sequence == anchor.sequence));
        judge(past.last().unwrap(), anchor.map(mark).as_ref(), at.map(|head| head.link))
    }

    #[test]
    fn a_journal_that_has_what_the_anchor_knows_may_be_used() {
        let heads = heads();
        for anchored in heads {
            assert_eq!(verdict(&heads, Some(anchored)), Ok(Standing::Anchored), "{anchored:?}");
        }
    }

    #[test]
    fn an_older_copy_of_the_journal_is_refused() {
        let heads = heads();
        assert_eq!(verdict(&heads[..2], Some(heads[3])), Err(Adrift::Behind { journal: 1, anchor: 3 }));
        let untouched = [untouched()];
        assert_eq!(verdict(&untouched, Some(heads[1])), Err(Adrift::OtherEpoch { journal: 0, anchor: 1 }));
    }

    #[test]
    fn an_older_copy_that_went_on_is_refused_however_far_it_went() {
        let heads = heads();
        let mut other = heads[..2].to_vec();
        for name in ["x", "y", "z"] {
            other.push(other[other.len() - 1].after(name, &PayloadDigest::of(name), &Signature::from_bytes([7; 65])));
        }
        assert_eq!(verdict(&other, Some(heads[3])), Err(Adrift::Forked { sequence: 3 }));
    }

    #[test]
    fn a_journal_without_an_anchor_is_used_only_while_it_is_untouched() {
        assert_eq!(verdict(&[untouched()], None), Ok(Standing::New));
        for n in 1..=4 {
            assert_eq!(verdict(&heads()[..n], None), Err(Adrift::Missing));
        }
    }

    #[test]
    fn a_start_that_was_cut_after_the_first_anchor_goes_on() {
        assert_eq!(verdict(&[untouched()], Some(heads()[0])), Ok(Standing::New));
    }

    #[test]
    fn a_fresh_journal_beside_an_old_anchor_is_refused() {
        let fresh = Head { journal: journal(2), ..untouched() };
        for anchored in heads() {
            assert_eq!(verdict(&[fresh], Some(anchored)), Err(Adrift::OtherJournal));
        }
    }

    #[test]
    fn an_epoch_that_one_of_the_two_does_not_know_is_refused() {
        let heads = heads();
        let later = Head { epoch: 2, ..heads[2] };
        assert_eq!(verdict(&heads, Some(later)), Err(Adrift::OtherEpoch { journal: 1, anchor: 2 }));
        let repaired = heads.map(|head| Head { epoch: 2, ..head });
        assert_eq!(verdict(&repaired, Some(heads[2])), Err(Adrift::OtherEpoch { journal: 2, anchor: 1 }));
    }

    #[test]
    fn a_link_stands_for_everything_that_was_signed_and_its_order() {
        let start = heads()[0];
        let (digest, other) = (PayloadDigest::of("a"), PayloadDigest::of("b"));
        let signature = Signature::from_bytes([7; 65]);
        let link = |reference: &str, digest, signature| start.after(reference, digest, signature).link;
        let first = link("r", &digest, &signature);
        assert_eq!(link("r", &digest, &signature), first);
        assert_ne!(link("s", &digest, &signature), first);
        assert_ne!(link("r", &other, &signature), first);
        assert_ne!(link("r", &digest, &Signature::from_bytes([8; 65])), first);
        let in_order = |names: [&str; 2]| names.iter().fold(start, |head, name| head.after(name, &digest, &signature)).link;
        assert_ne!(in_order(["r", "s"]), in_order(["s", "r"]));
    }

    #[test]
    fn a_link_stands_for_every_anchored_change_among_the_signatures() {
        let start = heads()[0];
        let (digest, signature) = (PayloadDigest::of("a"), Signature::from_bytes([7; 65]));
        let signed = |head: Head| head.after("r", &digest, &signature);
        let changed = |head: Head| head.after_change("r", Uuid::nil());
        assert_eq!(changed(start).sequence, 1);
        assert_ne!(changed(start).link, start.after_change("s", Uuid::nil()).link);
        assert_ne!(changed(start).link, start.after_change("r", Uuid::max()).link, "the same once more is another");
        assert_ne!(changed(start).link, signed(start).link, "a change is no signature of the same name");
        assert_ne!(changed(signed(start)).link, signed(changed(start)).link);
        assert_ne!(changed(changed(start)).link, changed(start).link);
        // A journal that has the signature and lost the dispatch after it.
        let (kept, lost) = (signed(start), changed(signed(start)));
        assert_eq!(verdict(&[start, kept], Some(lost)), Err(Adrift::Behind { journal: 1, anchor: 2 }));
        let went_on = [start, kept, kept.after_change("r", Uuid::max())];
        assert_eq!(verdict(&went_on, Some(lost)), Err(Adrift::Forked { sequence: 2 }));
    }

    #[test]
    fn an_anchor_moves_on_only_from_where_the_journal_knows_it_to_be() {
        let heads = heads();
        let marks = heads.map(mark);
        assert_eq!(moved(Some(&marks[1]), &heads[1], &marks[2]), Ok(marks[2]));
        assert_eq!(moved(Some(&marks[2]), &heads[1], &marks[3]), Ok(marks[2]), "another replica has moved it");
        assert_eq!(moved(Some(&marks[3]), &heads[1], &marks[2]), Ok(marks[3]));
        assert_eq!(moved(None, &heads[1], &marks[2]), Err(Adrift::Missing));
        let forked = heads[1].after("x", &PayloadDigest::of("x"), &Signature::from_bytes([7; 65]));
        assert_eq!(moved(Some(&marks[2]), &forked, &marks[3]), Ok(marks[2]), "another link in that place is another place");
        let to = |head: Head| moved(Some(&marks[2]), &heads[1], &mark(head));
        assert!(matches!(to(Head { epoch: 2, ..heads[3] }), Err(Adrift::OtherEpoch { .. })));
        assert_eq!(to(Head { journal: journal(2), ..heads[3] }), Err(Adrift::OtherJournal));
    }

    #[test]
    fn ids_and_links_read_back_their_texts() {
        assert_eq!(JournalId::from_text(&journal(7).to_text()), Some(journal(7)));
        assert_eq!(JournalId::from_text("nonsense"), None);
        let link = heads()[3].link;
        assert_eq!(Link::from_hex(&link.to_hex()), Some(link));
        assert_eq!(Link::from_hex("00"), None);
    }
}
