//! The parts of the store that carry no settlement on: in these runs nobody needs them, and they do not answer.

use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use settlement_gateway::domain::archive::{ArchiveKind, ArchiveMark};
use settlement_gateway::domain::audit::{AuditEntry, AuditHead, AuditRecord, AuditSubject, ChainLink};
use settlement_gateway::domain::budget::{CallBudget, Drawn, Urgency};
use settlement_gateway::domain::ids::{CallerId, EnterpriseId, ExternalId, MerchantId, RequestId, SettlementId, TxId};
use settlement_gateway::domain::origin::Origin;
use settlement_gateway::domain::quote::{Confirmation, ConfirmationAsked, Quote, QuoteRequest};
use settlement_gateway::domain::settlement::{ForeignSettlement, RecordedSettlement};
use settlement_gateway::domain::signing::SigningReference;
use settlement_gateway::domain::trade::{TradeChange, TradeWrite};
use settlement_gateway::store::{
    ArchiveStore, AuditLag, AuditStore, BatchLimits, BudgetStore, CallbackTokenHash, Census, CensusQuery, CensusStore, Chained,
    ConfirmationRecorded, Delivery, DeliveryOutcome, ErrandClaim, ErrandKind, ErrandLease, ErrandStore, EventQuery, EventStore,
    EventStretch, FinishedBatch, FinishedWork, ForeignQuery, ForeignStore, Hastened, InboxStore, JournalLine, JournalPart,
    JournalSays, PatrolMark, QuoteRecorded, QuoteStore, Received, StoreError, TradeEvent, TradeListQuery, TradeRecorded,
    TradeSaved, TradeStore,
};
use uuid::Uuid;

use super::store::{StoreWire, unavailable};

#[async_trait]
impl ArchiveStore for StoreWire {
    async fn finished_work(&self, _: ArchiveKind, _: Timestamp, _: BatchLimits) -> Result<Option<FinishedBatch>, StoreError> {
        Err(unavailable())
    }

    async fn archive(&self, _: &ErrandLease, _: &ArchiveMark, _: &[FinishedWork], _: Timestamp) -> Result<bool, StoreError> {
        Err(unavailable())
    }

    async fn archive_files(&self, _: &str, _: u32) -> Result<Vec<ArchiveMark>, StoreError> {
        Err(unavailable())
    }
}

#[async_trait]
impl CensusStore for StoreWire {
    async fn census(&self, _: CensusQuery) -> Result<Census, StoreError> {
        Err(unavailable())
    }

    async fn origin(&self, _: Uuid) -> Result<Origin, StoreError> {
        Err(unavailable())
    }
}

#[async_trait]
impl ErrandStore for StoreWire {
    async fn enlist(&self, _: ErrandKind, _: &str, _: Timestamp) -> Result<(), StoreError> {
        Err(unavailable())
    }

    async fn claim_errand(&self, _: Timestamp, _: Duration) -> Result<Option<ErrandClaim>, StoreError> {
        Err(unavailable())
    }

    async fn release_errand(&self, _: &ErrandLease, _: Option<Timestamp>) -> Result<(), StoreError> {
        Err(unavailable())
    }

    async fn next_errand_due(&self) -> Result<Option<Timestamp>, StoreError> {
        Err(unavailable())
    }
}

#[async_trait]
impl ForeignStore for StoreWire {
    async fn patrol_mark(&self, _: &EnterpriseId) -> Result<Option<PatrolMark>, StoreError> {
        Err(unavailable())
    }

    async fn recorded_among(&self, _: &EnterpriseId, _: &[ExternalId]) -> Result<Vec<(String, RecordedSettlement)>, StoreError> {
        Err(unavailable())
    }

    async fn signed_among(&self, _: &[SigningReference]) -> Result<Vec<SigningReference>, StoreError> {
        Err(unavailable())
    }

    async fn save_patrol(
        &self,
        _: &ErrandLease,
        _: &EnterpriseId,
        _: PatrolMark,
        _: &[ForeignSettlement],
    ) -> Result<Vec<ForeignSettlement>, StoreError> {
        Err(unavailable())
    }

    async fn foreign_settlements(&self, _: &ForeignQuery) -> Result<Vec<ForeignSettlement>, StoreError> {
        Err(unavailable())
    }
}

#[async_trait]
impl InboxStore for StoreWire {
    async fn receive(&self, _: &Delivery) -> Result<Received, StoreError> {
        Err(unavailable())
    }

    async fn waiting_deliveries(&self, _: &str, _: u32) -> Result<Vec<Delivery>, StoreError> {
        Err(unavailable())
    }

    async fn close_delivery(&self, _: &ErrandLease, _: Uuid, _: DeliveryOutcome, _: Timestamp) -> Result<(), StoreError> {
        Err(unavailable())
    }

    async fn forget_deliveries(&self, _: Timestamp) -> Result<u64, StoreError> {
        Err(unavailable())
    }

    async fn hasten_named(&self, _: &EnterpriseId, _: &str, _: Timestamp) -> Result<Hastened, StoreError> {
        Err(unavailable())
    }

    async fn hasten_all(&self, _: &EnterpriseId, _: Timestamp) -> Result<u64, StoreError> {
        Err(unavailable())
    }
}

#[async_trait]
impl QuoteStore for StoreWire {
    async fn record_quote_request(
        &self,
        _: &CallerId,
        _: &RequestId,
        _: &QuoteRequest,
        _: Timestamp,
    ) -> Result<QuoteRecorded, StoreError> {
        Err(unavailable())
    }

    async fn record_quote(&self, _: &Quote) -> Result<bool, StoreError> {
        Err(unavailable())
    }

    async fn save_quote(&self, _: &Quote) -> Result<(), StoreError> {
        Err(unavailable())
    }

    async fn quote(&self, _: &MerchantId, _: &TxId) -> Result<Option<Quote>, StoreError> {
        Err(unavailable())
    }

    async fn quote_by_tx_id(&self, _: &TxId) -> Result<Option<Quote>, StoreError> {
        Err(unavailable())
    }

    async fn quote_by_callback_token(&self, _: &CallbackTokenHash) -> Result<Option<Quote>, StoreError> {
        Err(unavailable())
    }

    async fn record_confirmation(
        &self,
        _: &MerchantId,
        _: &TxId,
        _: &ConfirmationAsked,
        _: Timestamp,
        _: &Origin,
    ) -> Result<ConfirmationRecorded, StoreError> {
        Err(unavailable())
    }

    async fn resume_confirmation(&self, _: &Quote, _: &Confirmation) -> Result<(), StoreError> {
        Err(unavailable())
    }

    async fn save_confirmation(&self, _: &ErrandLease, _: &Quote, _: Option<&CallbackTokenHash>) -> Result<(), StoreError> {
        Err(unavailable())
    }
}

#[async_trait]
impl TradeStore for StoreWire {
    async fn record_trade(&self, _: &TradeWrite, _: &Origin) -> Result<TradeRecorded, StoreError> {
        Err(unavailable())
    }

    async fn trade(&self, _: &EnterpriseId, _: &RequestId) -> Result<Option<TradeWrite>, StoreError> {
        Err(unavailable())
    }

    async fn trade_by_id(&self, _: Uuid) -> Result<Option<TradeWrite>, StoreError> {
        Err(unavailable())
    }

    async fn trade_of_settlement(&self, _: &EnterpriseId, _: &SettlementId) -> Result<Option<TradeWrite>, StoreError> {
        Err(unavailable())
    }

    async fn list_trades(&self, _: &TradeListQuery) -> Result<Vec<TradeWrite>, StoreError> {
        Err(unavailable())
    }

    async fn trade_events(&self, _: Uuid, _: u64, _: u32) -> Result<Vec<TradeEvent>, StoreError> {
        Err(unavailable())
    }

    async fn save_trade(&self, _: Option<&ErrandLease>, _: &TradeChange, _: &TradeWrite) -> Result<TradeSaved, StoreError> {
        Err(unavailable())
    }
}

#[async_trait]
impl AuditStore for StoreWire {
    async fn record_audit(&self, _: &AuditEntry) -> Result<(), StoreError> {
        Ok(())
    }

    async fn chain_audit(&self, _: u32) -> Result<Chained, StoreError> {
        Err(unavailable())
    }

    async fn audit_head(&self) -> Result<AuditHead, StoreError> {
        Err(unavailable())
    }

    async fn audit_lag(&self) -> Result<AuditLag, StoreError> {
        Err(unavailable())
    }

    async fn audit_chain(&self, _: u64, _: u32) -> Result<Vec<ChainLink>, StoreError> {
        Err(unavailable())
    }

    async fn audit_waiting(&self, _: Option<Uuid>, _: u32) -> Result<Vec<AuditRecord>, StoreError> {
        Err(unavailable())
    }

    async fn audit_of(&self, _: &str) -> Result<Vec<AuditRecord>, StoreError> {
        Err(unavailable())
    }

    async fn journal_lines(&self, _: JournalPart, _: Option<AuditSubject>, _: u32) -> Result<Vec<JournalLine>, StoreError> {
        Err(unavailable())
    }

    async fn journal_of(&self, _: &AuditSubject) -> Result<JournalSays, StoreError> {
        Err(unavailable())
    }
}

#[async_trait]
impl EventStore for StoreWire {
    async fn settlement_events(&self, _: &EventQuery) -> Result<EventStretch, StoreError> {
        Err(unavailable())
    }
}

#[async_trait]
impl BudgetStore for StoreWire {
    async fn draw(&self, _: &str, _: CallBudget, _: Urgency) -> Result<Drawn, StoreError> {
        Ok(Drawn::Granted { left: 1 })
    }
}
