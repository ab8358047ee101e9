//! Which changes of a settlement are legal, as `docs/architecture.md` has it: written down once more, apart from the code.

/// From a state to each that may follow it; a state may always stay.
const LEGAL: &[(&str, &[&str])] = &[
    ("RECEIVED", &["PREPARED", "NOT_ACCEPTED", "CANCELLED", "EXPIRED", "NEEDS_OPERATOR"]),
    ("PREPARED", &["SIGNED", "NOT_ACCEPTED", "CANCELLED", "EXPIRED", "NEEDS_OPERATOR"]),
    ("SIGNED", &["SUBMITTING", "CANCELLED", "EXPIRED", "NEEDS_OPERATOR"]),
    (
        "SUBMITTING",
        &["SIGNED", "OUTCOME_UNKNOWN", "PENDING", "COMPLETED", "AWAITING_FUNDS", "REJECTED", "NOT_ACCEPTED", "NEEDS_OPERATOR"],
    ),
    ("OUTCOME_UNKNOWN", &["SUBMITTING", "PENDING", "COMPLETED", "AWAITING_FUNDS", "REJECTED", "NOT_ACCEPTED", "NEEDS_OPERATOR"]),
    ("PENDING", &["COMPLETED", "AWAITING_FUNDS", "REJECTED", "NEEDS_OPERATOR", "SIGNED"]),
    ("AWAITING_FUNDS", &["PENDING", "COMPLETED", "REJECTED", "NEEDS_OPERATOR", "SIGNED"]),
    ("NOT_ACCEPTED", &["RECEIVED", "PREPARED", "SIGNED"]),
    ("COMPLETED", &[]),
    ("REJECTED", &[]),
    ("CANCELLED", &[]),
    ("EXPIRED", &[]),
    (
        "NEEDS_OPERATOR",
        &[
            "RECEIVED",
            "PREPARED",
            "SIGNED",
            "OUTCOME_UNKNOWN",
            "PENDING",
            "COMPLETED",
            "AWAITING_FUNDS",
            "REJECTED",
            "NOT_ACCEPTED",
        ],
    ),
];

/// What is wrong with a timeline of sequence, state and change.
pub(super) fn problems(timeline: &[(u64, String, String)]) -> Vec<String> {
    let mut problems = Vec::new();
    if timeline.first().is_some_and(|(sequence, state, _)| (*sequence, state.as_str()) != (1, "RECEIVED")) {
        problems.push(format!("it does not begin with its receipt: {:?}", timeline[0]));
    }
    for pair in timeline.windows(2) {
        let [(before, from, _), (after, to, change)] = pair else { continue };
        if before + 1 != *after {
            problems.push(format!("{after} follows {before}"));
        }
        let may_follow = LEGAL.iter().find(|(state, _)| state == from).map(|(_, next)| *next);
        if from != to && !may_follow.is_some_and(|next| next.contains(&to.as_str())) {
            problems.push(format!("{change} led from {from} to {to}"));
        }
    }
    problems
}
