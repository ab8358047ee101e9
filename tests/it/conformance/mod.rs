//! What every store must do, whichever database is behind it.
//!
//! Each case is a function over a [`Fixture`]: a fresh store and the clock that
//! its leases run on. `suite!` makes a test of each for one kind of fixture.

pub(crate) mod adoptions;
pub(crate) mod archive;
pub(crate) mod audit;
pub(crate) mod budget;
pub(crate) mod census;
pub(crate) mod claiming;
pub(crate) mod confirmations;
pub(crate) mod errands;
pub(crate) mod events;
pub(crate) mod fencing;
mod fixture;
pub(crate) mod following;
pub(crate) mod foreign;
pub(crate) mod heads;
pub(crate) mod inbox;
pub(crate) mod limits;
pub(crate) mod listing;
pub(crate) mod once;
pub(crate) mod progress;
pub(crate) mod property;
pub(crate) mod quotes;
pub(crate) mod recording;
pub(crate) mod signing;
pub(crate) mod timeline;
pub(crate) mod trades;
pub(crate) mod turns;

pub(crate) use fixture::{Fixture, LEASE, signed};

/// One test a case, on a fresh store that `$fixture` makes; whatever it did, the journal and the audit records agree. Nothing
/// where this machine has no such database.
macro_rules! suite {
    ($fixture:path) => {
        $crate::conformance::cases! { $fixture;
            recording: a_recorded_settlement_reads_back_by_each_name,
            recording: an_intent_with_something_in_every_field_reads_back,
            recording: the_largest_settlement_reads_back_byte_for_byte,
            recording: a_repeat_gets_the_first_and_changes_nothing,
            recording: an_id_belongs_to_its_enterprise,
            recording: unicode_ids_are_told_apart_byte_for_byte,
            recording: of_64_at_once_exactly_one_is_new,
            recording: what_was_never_recorded_is_not_found,
            recording: a_refused_settlement_is_superseded_once_and_never_sent_again,
            recording: what_may_still_move_money_is_not_superseded,
            progress: every_change_reads_back,
            progress: the_payload_and_the_body_read_back_byte_for_byte,
            progress: the_venues_id_finds_the_settlement,
            property: random_changes_read_back_as_they_were_applied,
            fencing: an_older_token_is_refused,
            fencing: a_lease_that_was_given_back_is_refused,
            fencing: a_lapsed_lease_that_nobody_took_may_still_save,
            fencing: a_change_on_top_of_another_sequence_is_refused,
            fencing: a_change_of_another_settlement_is_refused,
            fencing: a_refused_change_leaves_no_trace,
            claiming: a_new_settlement_is_due_at_once,
            claiming: the_clock_that_leases_run_on_is_told,
            claiming: what_is_held_is_not_given_to_a_second,
            claiming: of_two_claimers_at_once_one_gets_it,
            claiming: every_settlement_goes_to_exactly_one_of_many_workers,
            claiming: what_has_been_due_longest_comes_first,
            claiming: what_is_not_yet_due_waits,
            claiming: a_kept_lease_is_prolonged_and_another_is_given_back,
            claiming: a_released_settlement_is_due_when_it_was_said,
            claiming: lapses_are_counted_until_the_lease_is_given_back,
            claiming: a_lapsed_lease_is_due_whatever_was_said_before,
            claiming: a_terminal_settlement_is_never_due,
            claiming: one_settlement_can_be_claimed_before_it_is_due,
            claiming: the_next_due_instant_counts_held_settlements_at_their_leases_end,
            following: followed_settlements_are_claimed_together_the_longest_due_first,
            following: a_claim_of_many_may_save_each_of_them,
            following: what_another_enterprise_has_or_a_worker_stopped_in_is_not_claimed_with_others,
            following: a_prolonged_lease_outlasts_its_first_end,
            following: a_standing_with_something_in_every_field_reads_back,
            following: the_next_standing_replaces_the_last,
            following: a_look_that_found_nothing_new_is_noted_without_a_change,
            following: an_observation_by_another_than_the_holder_leaves_the_standing_as_it_was,
            following: a_completed_settlement_is_due_until_it_is_reconciled,
            following: what_a_venue_calls_about_has_its_details_read_again,
            foreign: a_finding_is_told_once_and_kept_as_it_was_first_seen,
            foreign: pages_of_findings_join_without_gaps,
            foreign: a_patrol_that_no_longer_holds_its_errand_keeps_nothing,
            foreign: an_id_that_no_index_takes_hides_no_finding_beside_it,
            foreign: only_what_has_its_signature_is_signed,
            foreign: what_is_recorded_among_external_ids_is_told,
            listing: the_newest_come_first_and_pages_join_without_gaps,
            listing: what_may_still_move_money_is_told_apart_from_what_is_at_its_end,
            listing: states_and_times_filter,
            listing: another_enterprise_sees_nothing,
            limits: a_settlement_above_its_limit_writes_nothing,
            limits: a_rolling_day_is_summed_exactly,
            limits: both_directions_count,
            limits: what_is_a_day_old_no_longer_counts,
            limits: another_caller_or_currency_does_not_count,
            limits: what_was_spent_of_a_day_is_told_to_the_last_digit,
            limits: a_repeat_is_answered_even_above_the_limit,
            limits: many_at_once_never_pass_the_limit_together,
            once: a_cutoff_that_is_not_later_than_the_newest_is_refused,
            once: a_settlement_is_open_until_money_has_moved,
            once: the_same_amounts_are_a_possible_duplicate_for_a_day_unless_they_are_meant,
            once: what_can_never_move_money_stands_in_nobodys_way,
            once: what_a_retry_may_still_send_is_open_until_it_is_superseded,
            once: a_refusal_supersedes_nothing,
            once: a_repeat_and_another_enterprise_meet_no_rule,
            once: a_rehearsal_says_what_stands_against_it_and_writes_nothing,
            once: of_32_days_at_once_one_is_open,
            budget: a_burst_is_granted_and_then_one_call_after_another,
            budget: what_settles_sees_the_whole_budget,
            budget: each_purse_is_its_own,
            budget: many_at_once_never_draw_one_call_twice,
            signing: the_first_payload_holds_its_reference,
            signing: of_50_tasks_with_two_payloads_one_payload_wins,
            signing: a_second_signature_is_dropped,
            signing: a_signature_without_a_reservation_is_refused,
            signing: references_of_every_kind_are_told_apart,
            signing: the_journals_sequence_rises_by_commit,
            adoptions: what_is_adopted_is_told_once_and_never_recorded,
            adoptions: what_is_recorded_is_not_adopted,
            adoptions: an_id_is_recorded_or_adopted_and_never_both,
            adoptions: an_adopted_cutoff_counts_unless_it_was_rejected,
            adoptions: what_is_adopted_is_nobody_elses,
            adoptions: an_adoption_leaves_its_record_once,
            adoptions: unfinished_settlements_are_read_in_pages,
            heads: a_fresh_journal_has_an_id_of_its_own_and_no_signature,
            heads: each_signature_is_one_link_of_one_chain,
            heads: signatures_at_once_are_links_in_the_order_of_their_commits,
            heads: a_second_signature_for_a_reference_is_no_link,
            heads: nothing_is_recorded_reserved_or_signed_below_the_floor,
            heads: what_goes_out_or_never_will_is_a_link_among_the_signatures,
            heads: nothing_goes_out_below_the_floor,
            heads: an_epoch_that_a_repair_begins_leaves_its_record_and_a_refused_one_none,
            heads: an_epoch_begins_once_and_only_where_the_journal_still_stands,
            quotes: a_quote_with_something_in_every_field_reads_back,
            quotes: a_repeated_request_gets_the_first_and_its_quote,
            quotes: a_request_id_belongs_to_its_caller,
            quotes: a_merchants_quote_is_hidden_from_another,
            quotes: a_tx_id_belongs_to_the_request_that_had_it_first,
            quotes: an_older_reading_never_replaces_a_newer_one,
            quotes: an_earlier_stage_never_replaces_a_later_one,
            quotes: a_sequence_rises_with_what_is_said_and_not_with_a_mere_reading,
            confirmations: a_confirmation_reads_back_and_its_errand_is_due,
            confirmations: a_quote_has_one_confirmation_until_it_is_refused,
            confirmations: a_payouts_name_belongs_to_one_quote_until_that_is_refused,
            confirmations: of_many_at_once_one_confirmation_is_recorded,
            confirmations: of_two_quotes_at_once_one_gets_the_name,
            confirmations: every_change_reads_back_with_what_the_venue_says,
            confirmations: whoever_does_not_hold_the_errand_saves_nothing,
            confirmations: a_change_on_top_of_another_revision_is_refused,
            confirmations: what_rests_is_resumed_once_and_due_at_once,
            confirmations: what_a_person_decided_reads_back_with_what_the_venue_says,
            confirmations: a_callbacks_token_finds_its_quote,
            confirmations: an_attempt_to_confirm_is_a_link_as_its_refusal_is_and_none_is_made_below_the_floor,
            inbox: a_delivery_reads_back_and_its_lane_is_due,
            inbox: a_repeat_is_told_from_another_body_and_neither_writes,
            inbox: of_32_at_once_exactly_one_is_stored,
            inbox: what_was_acted_on_waits_no_longer_and_is_forgotten_in_time,
            inbox: a_lane_that_another_has_taken_over_closes_nothing,
            inbox: a_named_settlement_is_due_at_once_by_either_name,
            inbox: what_the_venue_cannot_have_keeps_its_pace,
            inbox: everything_that_the_venue_may_have_is_due_at_once,
            timeline: changes_are_told_in_their_order,
            timeline: a_short_timeline_holds_the_newest,
            errands: what_is_enlisted_is_due_when_it_was_said,
            errands: an_earlier_enlisting_wins_and_a_later_one_changes_nothing,
            errands: what_a_request_asked_for_is_known_to_come_from_it_for_ever,
            errands: what_is_enlisted_while_it_is_held_is_due_again_afterwards,
            errands: every_errand_goes_to_exactly_one_of_many_workers,
            errands: a_lapse_is_counted_until_the_lease_is_given_back,
            errands: a_token_never_falls_back_even_when_the_work_was_done,
            errands: the_next_due_instant_counts_held_errands_at_their_leases_end,
            events: every_change_is_told_in_the_order_of_commits_with_what_it_meant,
            events: a_filter_skips_what_it_lets_not_pass_and_says_how_far_it_looked,
            events: stretches_join_without_gaps_or_repeats,
            events: each_enterprise_counts_its_own_places,
            events: what_was_refused_takes_no_place,
            events: who_reads_on_while_many_write_never_misses_a_change,
            trades: every_change_of_a_write_reads_back,
            trades: writes_on_affirmations_read_back,
            trades: a_writes_changes_are_listed_in_their_order,
            trades: a_trade_request_id_belongs_to_its_first_write,
            trades: a_payload_is_held_by_one_write_until_it_came_to_nothing,
            trades: a_write_is_saved_by_who_holds_its_errand_alone,
            trades: creations_are_listed_newest_first,
            trades: a_writes_dispatch_is_a_link_as_its_refusal_is_and_none_is_made_below_the_floor,
            audit: every_change_of_a_settlement_leaves_its_record,
            audit: a_reservation_and_its_signature_leave_their_records_once,
            audit: of_many_signatures_at_once_one_is_recorded,
            audit: what_changes_nothing_leaves_no_record,
            audit: records_are_chained_in_batches_into_one_chain_that_verifies,
            audit: of_many_that_chain_while_others_record_one_chain_comes,
            turns: what_is_under_way_comes_before_what_the_venue_has,
            turns: what_is_passed_over_stays_due,
            turns: a_lapsed_lease_can_be_passed_over_too,
            census: an_empty_journal_has_nothing_open,
            census: what_may_still_move_money_is_counted_by_state_with_the_oldest,
            census: an_enterprises_last_completed_settlement_is_told,
            census: a_window_counts_that_ends_soon_and_whose_settlement_lacks_funds,
            census: undecided_trade_writes_are_counted_and_decided_ones_are_not,
            census: undecided_confirmations_and_open_errands_are_counted,
            census: the_request_that_a_settlement_came_from_reads_back,
            archive: only_what_is_finished_and_old_enough_is_found_the_oldest_first,
            archive: what_is_completed_and_not_reconciled_is_not_found,
            archive: a_batch_is_of_one_day_and_bounded_in_records_and_bytes,
            archive: a_line_of_the_archive_holds_every_text_digit_for_digit,
            archive: what_has_left_is_known_and_its_texts_are_said_to_be_in_the_archive,
            archive: an_external_id_stays_taken_whatever_is_asked_under_it,
            archive: the_rules_against_settling_twice_count_what_has_left,
            archive: a_signing_reference_keeps_its_payload_when_its_settlement_has_left,
            archive: no_reader_passes_over_changes_that_have_left,
            archive: of_two_that_archive_the_same_one_does,
            archive: what_is_not_as_it_was_read_stays_whole_with_all_of_its_batch,
            archive: a_call_of_a_venue_leaves_once_it_was_acted_on,
            archive: the_changes_of_a_trade_write_leave_and_the_write_stays,
        }
    };
}
pub(crate) use suite;

/// Makes the tests of [`suite`].
macro_rules! cases {
    ($fixture:path; $($module:ident: $case:ident,)+) => {$(
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $case() {
            if let Some(fixture) = $fixture().await {
                $crate::conformance::$module::$case(&fixture).await;
                $crate::conformance::audit::agrees_with_the_journal(&fixture).await;
            }
        }
    )+};
}
pub(crate) use cases;
