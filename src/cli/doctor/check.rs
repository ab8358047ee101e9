//! What a check came to.

use std::cmp::Ordering;

use crate::cli::exit::Exit;

/// What a check came to, from the best to the worst.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Verdict {
    /// It is as it should be.
    Ok,
    /// It was not looked at, and the finding says why.
    Skipped,
    /// It works, and should be looked at.
    Warning,
    /// It does not work, or must not stay so.
    Failed,
}

impl Verdict {
    /// Every verdict, from the best to the worst.
    pub(super) const ALL: [Self; 4] = [Self::Ok, Self::Skipped, Self::Warning, Self::Failed];

    /// The word for it.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Skipped => "skipped",
            Self::Warning => "warning",
            Self::Failed => "failed",
        }
    }
}

/// What is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Topic {
    Configuration,
    Permissions,
    Keys,
    Store,
    Durability,
    Anchor,
    AuditChain,
    Credential,
    Scopes,
    Terms,
    AmountUnit,
    Clock,
    Certificates,
}

impl Topic {
    /// The word for it.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Configuration => "configuration",
            Self::Permissions => "permissions",
            Self::Keys => "keys",
            Self::Store => "store",
            Self::Durability => "durability",
            Self::Anchor => "anchor",
            Self::AuditChain => "audit-chain",
            Self::Credential => "credential",
            Self::Scopes => "scopes",
            Self::Terms => "terms",
            Self::AmountUnit => "amount-unit",
            Self::Clock => "clock",
            Self::Certificates => "certificates",
        }
    }
}

/// One check: of what, what came of it, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Check {
    pub(super) topic: Topic,
    /// Of what: a file, a key's id, an enterprise's id.
    pub(super) subject: String,
    pub(super) verdict: Verdict,
    pub(super) finding: String,
    pub(super) hint: Option<String>,
}

impl Check {
    fn new(topic: Topic, subject: impl Into<String>, verdict: Verdict, finding: impl Into<String>) -> Self {
        Self { topic, subject: subject.into(), verdict, finding: finding.into(), hint: None }
    }

    pub(super) fn ok(topic: Topic, subject: impl Into<String>, finding: impl Into<String>) -> Self {
        Self::new(topic, subject, Verdict::Ok, finding)
    }

    pub(super) fn skipped(topic: Topic, subject: impl Into<String>, why: impl Into<String>) -> Self {
        Self::new(topic, subject, Verdict::Skipped, why)
    }

    pub(super) fn warning(topic: Topic, subject: impl Into<String>, finding: impl Into<String>) -> Self {
        Self::new(topic, subject, Verdict::Warning, finding)
    }

    pub(super) fn failed(topic: Topic, subject: impl Into<String>, finding: impl Into<String>) -> Self {
        Self::new(topic, subject, Verdict::Failed, finding)
    }

    /// The same with what to do about it.
    pub(super) fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }
}

/// The worst verdict; of no checks at all, the best.
pub(super) fn worst(checks: &[Check]) -> Verdict {
    checks.iter().map(|check| check.verdict).max().unwrap_or(Verdict::Ok)
}

/// How the process ends.
pub(super) fn exit(checks: &[Check]) -> Exit {
    let is_misconfigured = |check: &Check| check.topic == Topic::Configuration && check.verdict == Verdict::Failed;
    match worst(checks).cmp(&Verdict::Warning) {
        _ if checks.iter().any(is_misconfigured) => Exit::Misconfigured,
        Ordering::Less => Exit::Success,
        Ordering::Equal => Exit::Warned,
        Ordering::Greater => Exit::Failure,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_process_ends_by_the_worst_verdict() {
        let check = |make: fn(Topic, &'static str, &'static str) -> Check| make(Topic::Clock, "ent", "found");
        let (ok, skipped) = (check(Check::ok), check(Check::skipped));
        let (warning, failed) = (check(Check::warning), check(Check::failed));
        let misconfigured = Check::failed(Topic::Configuration, "store.url", "is required");
        assert_eq!(exit(&[]), Exit::Success);
        assert_eq!(exit(&[ok.clone(), skipped.clone()]), Exit::Success);
        assert_eq!(exit(&[warning.clone(), skipped, ok]), Exit::Warned);
        assert_eq!(exit(&[failed.clone(), warning]), Exit::Failure);
        assert_eq!(exit(&[failed, misconfigured]), Exit::Misconfigured);
    }
}
