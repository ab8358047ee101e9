//! Changes that a journal must never have forgotten: each is a link of the chain that the anchor outside the database remembers.

use uuid::Uuid;

use super::events::sequence;
use super::heads;
use super::session::Session;
use super::statement::Statement;
use crate::domain::anchor::Head;
use crate::domain::audit::AuditSubject;
use crate::store::StoreError;

/// Makes a change a link, in the transaction that saves it. It comes last there, since everybody waits for the journal's place.
/// Nothing is saved below the floor.
pub(super) async fn link(on: &mut Session, subject: &AuditSubject, floor: Option<&Head>) -> Result<(), StoreError> {
    const INSERT: &str = "INSERT INTO anchored_change (journal_sequence, subject, drawn, link) VALUES ($1, $2, $3, $4)";
    let head = heads::take(on).await?;
    heads::hold(&head, floor)?;
    let subject = subject.to_text();
    let drawn = Uuid::new_v4();
    let next = head.after_change(&subject, drawn);
    let insert = Statement::new(INSERT).bind(sequence(next.sequence)?).bind(subject.as_str());
    on.execute(insert.bind(drawn.as_bytes().as_slice()).bind(next.link.as_bytes().as_slice())).await?;
    heads::put(on, &next).await
}
