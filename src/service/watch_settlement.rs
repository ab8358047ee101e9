//! WatchSettlement: the settlement now, then as it changes, until nothing more is found out of it: a completed one is reconciled first.

use tokio::sync::mpsc;

use super::context::{Caller, Context};
use super::error::ServiceError;
use super::get_settlement::find;
use super::view::SettlementView;
use crate::domain::ids::EnterpriseId;
use crate::domain::settlement::Settlement;
use crate::store::SettlementName;

/// How many views wait for a slow reader; while it is full, changes are joined into the next view.
const MAX_WAITING_VIEWS: usize = 4;

/// Starts to watch. The receiver ends when the settlement is terminal and, where money has moved, reconciled; or when the gateway
/// drains.
///
/// # Errors
/// What finding the settlement may fail with; later failures arrive on the receiver.
pub async fn watch_settlement(
    context: &Context,
    caller: &Caller,
    enterprise_id: &EnterpriseId,
    name: &SettlementName,
    after_sequence: u64,
) -> Result<mpsc::Receiver<Result<SettlementView, ServiceError>>, ServiceError> {
    let settlement = find(context, caller, enterprise_id, name).await?;
    let (sender, receiver) = mpsc::channel(MAX_WAITING_VIEWS);
    let context = context.clone();
    tokio::spawn(async move {
        if let Err(error) = follow(&context, settlement, after_sequence, &sender).await {
            // A reader that has gone needs no error.
            drop(sender.send(Err(error)).await);
        }
    });
    Ok(receiver)
}

async fn follow(
    context: &Context,
    mut settlement: Settlement,
    mut seen: u64,
    sender: &mpsc::Sender<Result<SettlementView, ServiceError>>,
) -> Result<(), ServiceError> {
    loop {
        if settlement.progress.sequence > seen {
            seen = settlement.progress.sequence;
            let finished = settlement.progress.is_finished();
            let view = SettlementView::without_legs(context.store.as_ref(), settlement.clone()).await?;
            if sender.send(Ok(view)).await.is_err() || finished {
                return Ok(());
            }
        } else if settlement.progress.is_finished() {
            return Ok(());
        }
        tokio::select! {
            () = sender.closed() => return Ok(()),
            changed = context.engine.wait_for_change(settlement.id, seen) => match changed? {
                Some(changed) => settlement = changed,
                None => return Err(ServiceError::Draining),
            },
        }
    }
}
