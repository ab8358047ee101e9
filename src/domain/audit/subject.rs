//! What a record is of: one text for each thing that is recorded once, by which the journal and the records find each other.

use uuid::Uuid;

use crate::domain::ids::{CallerId, EnterpriseId, ExternalId, MerchantId, TxId};

/// What a record is of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AuditSubject {
    /// A settlement, as it stood after one change.
    Settlement {
        /// The journal's id of it.
        id: Uuid,
        /// Its sequence after the change.
        sequence: u64,
    },
    /// A write on BitGo Trade, as it stood after one change.
    Trade {
        /// The journal's id of it.
        id: Uuid,
        /// Its sequence after the change.
        sequence: u64,
    },
    /// A quote's confirmation, as it stood after one change.
    Confirmation {
        /// Whose quote.
        merchant_id: MerchantId,
        /// Which.
        tx_id: TxId,
        /// The confirmation's revision after the change.
        revision: u64,
    },
    /// A signing reference, by its text in the journal.
    Reference(String),
    /// A caller.
    Caller(CallerId),
    /// A settlement that was adopted.
    Adopted {
        /// Whose.
        enterprise_id: EnterpriseId,
        /// Under which external id.
        external_id: ExternalId,
    },
    /// An epoch of the anchor.
    Epoch(u64),
}

impl AuditSubject {
    /// The text, unambiguous since what callers choose carries its length or comes last.
    #[must_use]
    pub fn to_text(&self) -> String {
        match self {
            Self::Settlement { id, sequence } => format!("settlement {id} {sequence}"),
            Self::Trade { id, sequence } => format!("trade {id} {sequence}"),
            Self::Confirmation { merchant_id, tx_id, revision } => {
                let (merchant, tx_id) = (merchant_id.as_str(), tx_id.as_str());
                format!("confirmation {revision} {}:{merchant}{tx_id}", merchant.len())
            }
            Self::Reference(reference) => format!("reference {reference}"),
            Self::Caller(caller) => format!("caller {}", caller.as_str()),
            Self::Adopted { enterprise_id, external_id } => {
                let (enterprise, external_id) = (enterprise_id.as_str(), external_id.as_str());
                format!("adopted {}:{enterprise}{external_id}", enterprise.len())
            }
            Self::Epoch(epoch) => format!("epoch {epoch}"),
        }
    }

    /// Reads what [`AuditSubject::to_text`] writes; `None` for the subject of another version.
    #[must_use]
    pub fn from_text(text: &str) -> Option<Self> {
        let (kind, rest) = text.split_once(' ')?;
        match kind {
            "settlement" => of_one(rest).map(|(id, sequence)| Self::Settlement { id, sequence }),
            "trade" => of_one(rest).map(|(id, sequence)| Self::Trade { id, sequence }),
            "confirmation" => {
                let (revision, rest) = rest.split_once(' ')?;
                let (merchant, tx_id) = two_names(rest)?;
                Some(Self::Confirmation {
                    merchant_id: merchant.parse().ok()?,
                    tx_id: tx_id.parse().ok()?,
                    revision: revision.parse().ok()?,
                })
            }
            "reference" => Some(Self::Reference(rest.to_owned())),
            "caller" => rest.parse().ok().map(Self::Caller),
            "adopted" => {
                let (enterprise, external_id) = two_names(rest)?;
                Some(Self::Adopted { enterprise_id: enterprise.parse().ok()?, external_id: external_id.parse().ok()? })
            }
            "epoch" => rest.parse().ok().map(Self::Epoch),
            _ => None,
        }
    }
}

/// Two names, of which the first has its length before it.
fn two_names(text: &str) -> Option<(&str, &str)> {
    let (length, names) = text.split_once(':')?;
    names.split_at_checked(length.parse().ok()?)
}

fn of_one(text: &str) -> Option<(Uuid, u64)> {
    let (id, sequence) = text.split_once(' ')?;
    Some((id.parse().ok()?, sequence.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn confirmation(merchant: &str, tx_id: &str) -> AuditSubject {
        let (merchant_id, tx_id) = (MerchantId::new(merchant).unwrap(), TxId::new(tx_id).unwrap());
        AuditSubject::Confirmation { merchant_id, tx_id, revision: 7 }
    }

    #[test]
    fn every_subject_reads_back() {
        let id = Uuid::from_u128(7);
        for subject in [
            AuditSubject::Settlement { id, sequence: 3 },
            AuditSubject::Trade { id, sequence: 4 },
            confirmation("mé:r 1", "tx 9:1"),
            AuditSubject::Reference("trade 1:k 1:a 1:b".to_owned()),
            AuditSubject::Caller(CallerId::new("caller 1").unwrap()),
            AuditSubject::Adopted {
                enterprise_id: EnterpriseId::new("é 1:").unwrap(),
                external_id: ExternalId::new("9:x").unwrap(),
            },
            AuditSubject::Epoch(2),
        ] {
            assert_eq!(AuditSubject::from_text(&subject.to_text()), Some(subject));
        }
        for other in ["", "settlement", "settlement x 1", "confirmation 1 9:short", "repair 1"] {
            assert_eq!(AuditSubject::from_text(other), None, "{other}");
        }
    }

    #[test]
    fn names_with_shifted_parts_never_meet() {
        assert_ne!(confirmation("ab", "c").to_text(), confirmation("a", "bc").to_text());
    }
}
