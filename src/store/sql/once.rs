//! What stands against a settlement that may have been recorded before under another id: looked for in the transaction that
//! records, while no other of the enterprise is recorded, so that two cannot pass together.

use jiff::{SignedDuration, Timestamp};

use super::row::parse;
use super::session::Session;
use super::statement::Statement;
use super::text::read_instant;
use crate::domain::ids::EnterpriseId;
use crate::domain::settlement::{OnceRules, Twice};
use crate::domain::time::Cutoff;
use crate::store::StoreError;

/// A settlement that is to be recorded, as far as these rules look at it.
pub(super) struct Candidate<'a> {
    pub(super) enterprise: &'a EnterpriseId,
    pub(super) cutoff: Option<Cutoff>,
    pub(super) amounts_digest: &'a [u8; 32],
    pub(super) rules: OnceRules,
    pub(super) now: Timestamp,
}

/// Makes recordings of one enterprise wait for each other.
pub(super) async fn hold(on: &mut Session, enterprise: &EnterpriseId) -> Result<(), StoreError> {
    if let Some(lock) = on.dialect().lock_enterprise {
        on.execute(Statement::new(lock).bind(enterprise.as_str())).await?;
    }
    Ok(())
}

/// The first rule that stands against a settlement. What says most of the day comes first: amounts, cutoff, and then how many
/// are open.
pub(super) async fn stands_against(on: &mut Session, new: &Candidate<'_>) -> Result<Option<Twice>, StoreError> {
    if let Some(same) = same_amounts(on, new).await? {
        return Ok(Some(same));
    }
    if let Some(later) = later_cutoff(on, new).await? {
        return Ok(Some(later));
    }
    too_many_open(on, new).await
}

/// What was recorded exactly one window ago no longer counts. What seems to lie ahead counts as well, so that a clock that
/// steps back hides nothing.
async fn same_amounts(on: &mut Session, new: &Candidate<'_>) -> Result<Option<Twice>, StoreError> {
    const SAME: &str = "SELECT external_id FROM settlement WHERE enterprise_id = $1 AND amounts_digest = $2 \
                        AND created_at > $3 AND money <> 'NEVER' ORDER BY created_at DESC LIMIT 1";
    let Some(window) = new.rules.duplicate_window else { return Ok(None) };
    let window = SignedDuration::try_from(window).unwrap_or(SignedDuration::MAX);
    let from = new.now.checked_sub(window).unwrap_or(Timestamp::MIN);
    let same = Statement::new(SAME).bind(new.enterprise.as_str()).bind(new.amounts_digest.as_slice()).bind(from);
    match on.row(same).await? {
        Some(row) => Ok(Some(Twice::SameAmounts { holder: row.read("external_id", parse)? })),
        None => Ok(None),
    }
}

async fn later_cutoff(on: &mut Session, new: &Candidate<'_>) -> Result<Option<Twice>, StoreError> {
    const NEWEST: &str = "SELECT external_id, cutoff FROM (\
                          SELECT * FROM (SELECT external_id, cutoff FROM settlement WHERE enterprise_id = $1 AND cutoff >= $2 \
                          AND cutoff IS NOT NULL AND money <> 'NEVER' ORDER BY cutoff DESC LIMIT 1) AS recorded UNION ALL \
                          SELECT * FROM (SELECT external_id, cutoff FROM adopted_settlement WHERE enterprise_id = $1 \
                          AND cutoff >= $2 AND cutoff IS NOT NULL ORDER BY cutoff DESC LIMIT 1) AS adopted) AS newest \
                          ORDER BY cutoff DESC LIMIT 1";
    let Some(cutoff) = new.cutoff.filter(|_| new.rules.cutoff_must_increase) else { return Ok(None) };
    match on.row(Statement::new(NEWEST).bind(new.enterprise.as_str()).bind(cutoff.to_text())).await? {
        Some(row) => Ok(Some(Twice::CutoffNotIncreasing {
            newest: row.read("cutoff", |text| Cutoff::new(read_instant(text)?).ok())?,
            holder: row.read("external_id", parse)?,
        })),
        None => Ok(None),
    }
}

async fn too_many_open(on: &mut Session, new: &Candidate<'_>) -> Result<Option<Twice>, StoreError> {
    const OPEN: &str = "SELECT COUNT(*) AS open FROM (SELECT id FROM settlement WHERE enterprise_id = $1 \
                        AND money = 'MAY_MOVE' ORDER BY id LIMIT $2) AS oldest";
    const OLDEST: &str = "SELECT external_id FROM settlement WHERE enterprise_id = $1 AND money = 'MAY_MOVE' ORDER BY id LIMIT 1";
    let most = new.rules.max_open_settlements;
    let open = on.row(Statement::new(OPEN).bind(new.enterprise.as_str()).bind(most)).await?;
    let open: u32 = open.map(|row| row.count("open")).transpose()?.unwrap_or_default();
    if open < most {
        return Ok(None);
    }
    let oldest = on.row(Statement::new(OLDEST).bind(new.enterprise.as_str())).await?;
    oldest.map(|row| Ok(Twice::TooManyOpen { most, oldest: row.read("external_id", parse)? })).transpose()
}
