//! A venue that shows what it never should: nothing is guessed, nothing is hidden, and money moves once.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::Timestamp;
use settlement_gateway::domain::network::PartnerSettlement;
use settlement_gateway::domain::settlement::{Reason, Reconciled, State, VenueSettlement, VenueStatus};
use settlement_gateway::domain::transfer::TransferStatus;
use settlement_gateway::upstream::VenueFailure;

use super::following::{until, until_reconciled};
use crate::support::bent::Bent;
use crate::support::world::{V1, V2, World, quick, request};

/// A world in which one enterprise's reads are bent.
async fn bent(whose: &'static str) -> (World, Arc<Bent>) {
    let world = World::with(quick(), |enterprise| {
        (enterprise.dispute_window_ms, enterprise.top_up_window_ms) = (3_600_000, 0);
    });
    let found: Mutex<Option<Arc<Bent>>> = Mutex::default();
    let world = world.await.changed(|enterprise| {
        if enterprise.id.as_str() == whose {
            let bent = Arc::new(Bent::around(enterprise.reads.clone()));
            enterprise.reads = bent.clone();
            *found.lock().unwrap() = Some(bent);
        }
    });
    let world = world.await;
    let bent = found.lock().unwrap().take().unwrap();
    (world, bent)
}

/// Bends each transfer of each page.
fn each(mut bend: impl FnMut(&mut PartnerSettlement) + Send + 'static) -> impl FnMut(Page) -> Result<Page, VenueFailure> + Send {
    move |mut page| {
        if let Some(page) = &mut page {
            bend(page);
        }
        Ok(page)
    }
}

type Page = Option<PartnerSettlement>;

fn broken<T>(_: T) -> Result<T, VenueFailure> {
    Err(VenueFailure::NoAnswer { detail: "silence".to_owned() })
}

#[tokio::test]
async fn what_was_settled_otherwise_is_a_mismatch_with_its_differences_after_the_window_and_not_before() {
    let (world, bent) = bent(V1).await;
    bent.bend_details(each(|page| page.transfers.iter_mut().take(1).for_each(|transfer| transfer.quantity = "1.51".to_owned())));
    let view = world.initiate(request(V1, "wrong")).await.unwrap();
    let (settlement, standing) = until_reconciled(&world, &view.settlement).await;
    assert_eq!((settlement.progress.state, settlement.progress.reconciled), (State::Completed, Some(Reconciled::Mismatch)));
    assert_eq!(settlement.progress.reason, Some(Reason::ReconciliationMismatch));
    let reconciliation = standing.reconciliation.unwrap();
    let difference = &reconciliation.differences[0];
    assert_eq!((difference.connection_id.as_str(), difference.difference().as_str()), ("connection-1", "0.01"));
    let known_since = view.settlement.progress.updated_at;
    assert!(Duration::try_from(reconciliation.at.duration_since(known_since)).unwrap() >= quick().reconciliation_window);
}

#[tokio::test]
async fn a_venue_that_touches_its_object_again_and_again_puts_no_mismatch_off() {
    let (world, bent) = bent(V1).await;
    // Anew for each look, and the same on all of its pages.
    let touched = Arc::new(AtomicI64::new(0));
    let looks = Arc::clone(&touched);
    bent.bend_lists(move |mut list| {
        let at = Timestamp::from_second(looks.fetch_add(1, Ordering::SeqCst) + 1).unwrap();
        list.iter_mut().for_each(|one| one.updated_at = Some(at));
        Ok(list)
    });
    bent.bend_details(each(move |page| {
        page.settlement.updated_at = Some(Timestamp::from_second(touched.load(Ordering::SeqCst)).unwrap());
        page.transfers.iter_mut().take(1).for_each(|transfer| transfer.quantity = "1.51".to_owned());
    }));
    let view = world.initiate(request(V1, "restless")).await.unwrap();
    let (settlement, _) = until_reconciled(&world, &view.settlement).await;
    assert_eq!(settlement.progress.reconciled, Some(Reconciled::Mismatch));
}

#[tokio::test]
async fn what_the_venue_no_longer_lists_says_so_and_is_followed_once_it_is_back() {
    let (world, bent) = bent(V2).await;
    let view = world.initiate(request(V2, "vanished")).await.unwrap();
    bent.bend_lists(|_| Ok(Vec::new()));
    let reason = Some(Reason::VenueAnswerInvalid);
    let settlement = until(&world, &view.settlement, |settlement| settlement.progress.reason == reason).await;
    assert_eq!(settlement.progress.state, State::Pending, "nothing is concluded");
    bent.bend_lists(Ok);
    until(&world, &view.settlement, |settlement| settlement.progress.reason.is_none()).await;
}

#[tokio::test]
async fn a_list_that_was_not_filtered_is_read_on_until_what_was_asked_for_comes() {
    let (world, bent) = bent(V2).await;
    let view = world.initiate(request(V2, "behind others")).await.unwrap();
    let found = Mutex::new(Vec::new());
    bent.bend_pages(move |number, list| {
        let mut found = found.lock().unwrap();
        if number == 0 {
            *found = list;
            let stranger = |mut one: VenueSettlement| {
                (one.external_id, one.settlement_id) = ("another".to_owned(), "another".to_owned());
                one
            };
            return Ok(found.iter().cloned().map(stranger).collect());
        }
        Ok(found.clone())
    });
    world.sandbox.advance(Duration::from_secs(7_200)).await.unwrap();
    until_reconciled(&world, &view.settlement).await;
}

#[tokio::test]
async fn what_is_shown_late_is_no_mismatch() {
    let (world, bent) = bent(V1).await;
    let late = Mutex::new(3);
    bent.bend_details(each(move |page| {
        let mut late = late.lock().unwrap();
        if *late > 0 {
            *late -= 1;
            page.transfers.iter_mut().for_each(|transfer| transfer.status = TransferStatus::Pending);
        }
    }));
    let view = world.initiate(request(V1, "late")).await.unwrap();
    let (settlement, _) = until_reconciled(&world, &view.settlement).await;
    assert_eq!((settlement.progress.reconciled, settlement.progress.reason), (Some(Reconciled::Matched), None));
}

#[tokio::test]
async fn a_transfer_to_an_account_that_nobody_knows_is_a_mismatch() {
    let (world, bent) = bent(V1).await;
    bent.bend_details(each(|page| {
        if let Some(mut thief) = page.transfers.first().cloned() {
            thief.id = "thief".to_owned();
            thief.destination.network_account_id = Some("an account of nobody".to_owned());
            page.transfers.push(thief);
        }
    }));
    let view = world.initiate(request(V1, "thief")).await.unwrap();
    let (_, standing) = until_reconciled(&world, &view.settlement).await;
    let reconciliation = standing.reconciliation.unwrap();
    assert_eq!((reconciliation.status, reconciliation.difference_count), (Reconciled::Mismatch, 1));
    assert_eq!(reconciliation.differences[0].connection_id, "an account of nobody");
}

#[tokio::test]
async fn details_that_cannot_be_read_hide_no_end_and_are_read_again() {
    let (world, bent) = bent(V2).await;
    let view = world.initiate(request(V2, "dark")).await.unwrap();
    bent.bend_details(broken);
    world.sandbox.advance(Duration::from_secs(7_200)).await.unwrap();
    let settlement = until(&world, &view.settlement, |settlement| settlement.progress.state == State::Completed).await;
    assert_eq!(settlement.progress.reconciled, None, "nothing is guessed");
    bent.bend_details(Ok);
    let (settlement, _) = until_reconciled(&world, &view.settlement).await;
    assert_eq!(settlement.progress.reconciled, Some(Reconciled::Matched));
}

#[tokio::test]
async fn a_list_that_cannot_be_read_shows_why_once_and_passes() {
    let (world, bent) = bent(V2).await;
    bent.bend_lists(broken);
    let view = world.initiate(request(V2, "silent")).await.unwrap();
    let reason = Some(Reason::VenueUnavailable);
    let settlement = until(&world, &view.settlement, |settlement| settlement.progress.reason == reason).await;
    assert_eq!(settlement.progress.state, State::Pending);
    bent.bend_lists(Ok);
    until(&world, &view.settlement, |settlement| settlement.progress.reason.is_none()).await;
}

#[tokio::test]
async fn two_settlements_under_one_external_id_are_a_persons_to_decide() {
    let (world, bent) = bent(V2).await;
    bent.bend_lists(|mut list| {
        let twins: Vec<_> = list.to_vec();
        list.extend(twins.into_iter().map(|mut twin| {
            twin.settlement_id = "a second one".to_owned();
            twin
        }));
        Ok(list)
    });
    let view = world.initiate(request(V2, "twice")).await.unwrap();
    let settlement = until(&world, &view.settlement, |settlement| settlement.progress.state == State::NeedsOperator).await;
    assert_eq!(settlement.progress.reason, Some(Reason::VenueAnsweredOther));
}

#[tokio::test]
async fn what_was_completed_is_not_believed_to_be_anything_else() {
    let (world, bent) = bent(V1).await;
    bent.bend_lists(|mut list| {
        list.iter_mut().for_each(|one| (one.status, one.status_text) = (VenueStatus::Pending, "pending".to_owned()));
        Ok(list)
    });
    let view = world.initiate(request(V1, "back")).await.unwrap();
    while bent.lists.load(Ordering::SeqCst) < 3 {
        tokio::task::yield_now().await;
    }
    let settlement = world.context.store.settlement_by_id(view.settlement.id).await.unwrap().unwrap();
    assert_eq!((settlement.progress.state, settlement.progress.reconciled), (State::Completed, None));
    bent.bend_lists(Ok);
    until_reconciled(&world, &view.settlement).await;
}

#[tokio::test]
async fn many_settlements_are_followed_by_few_lists() {
    let (world, bent) = bent(V2).await;
    let mut settlements = Vec::new();
    for number in 0..20 {
        settlements.push(world.initiate(request(V2, &format!("many-{number}"))).await.unwrap().settlement);
    }
    world.sandbox.advance(Duration::from_secs(7_200)).await.unwrap();
    let before = bent.lists.load(Ordering::SeqCst);
    for settlement in &settlements {
        until_reconciled(&world, settlement).await;
    }
    let lists = bent.lists.load(Ordering::SeqCst) - before;
    assert!(lists < 20, "{lists} lists for 20 settlements");
}
