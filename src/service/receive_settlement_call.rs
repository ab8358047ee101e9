//! A venue's call about settlements, once it has proved who it is from: stored before it is answered.

use uuid::Uuid;

use super::context::Context;
use crate::domain::callback::{delivery_key, names_of};
use crate::domain::ids::EnterpriseId;
use crate::kill_points::{KillPoint, reached};
use crate::store::{About, Delivery, Received, StoreError};

/// A call that proved who it is from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettlementCall {
    /// The endpoint that it came in by.
    pub lane: String,
    /// Whose settlements it is about.
    pub enterprises: Vec<EnterpriseId>,
    /// The one-time id of its token.
    pub token: String,
    /// What stands in its path where an id may.
    pub in_path: Vec<String>,
    /// Its body.
    pub body: Vec<u8>,
}

/// Stores a call, unless its token was used before, and has it acted on.
///
/// # Errors
/// [`StoreError`] when it may not be stored: the venue must be told to call again.
pub async fn receive_settlement_call(context: &Context, call: SettlementCall) -> Result<Received, StoreError> {
    let SettlementCall { lane, enterprises, token, in_path, body } = call;
    let names = names_of(&in_path, &body);
    let delivery = Delivery {
        id: Uuid::now_v7(),
        key: delivery_key(&[token.as_bytes()]),
        about: About::Settlements { enterprises, names },
        lane,
        body,
        received_at: context.clock.now(),
    };
    let received = context.store.receive(&delivery).await?;
    if received == Received::New {
        reached(KillPoint::K11Received);
        context.errands.wake();
    }
    Ok(received)
}
