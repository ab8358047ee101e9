//! The checks in lines for people, and as an object for programs.

use serde_json::{Value, json};

use super::check::{Check, Verdict, worst};
use crate::cli::output::printable;

/// A line a check, its hint below it where it is needed, and how many there are of each verdict.
pub(super) fn lines(checks: &[Check]) -> Vec<String> {
    let width = checks.iter().map(|check| check.topic.as_str().len()).max().unwrap_or_default();
    let mut lines = Vec::new();
    for check in checks {
        let (verdict, topic) = (check.verdict.as_str(), check.topic.as_str());
        let finding = printable(&format!("{}: {}", check.subject, check.finding));
        lines.push(format!("{verdict:<7}  {topic:<width$}  {finding}"));
        if let Some(hint) = &check.hint {
            lines.push(format!("{:7}  {:width$}  > {}", "", "", printable(hint)));
        }
    }
    lines.push(String::new());
    lines.push(summary(checks));
    lines
}

fn summary(checks: &[Check]) -> String {
    let count = |verdict: Verdict| checks.iter().filter(|check| check.verdict == verdict).count();
    let counted = Verdict::ALL.map(|verdict| format!("{} {}", count(verdict), verdict.as_str()));
    counted.join(", ")
}

/// The worst verdict, and each check.
pub(super) fn json(checks: &[Check]) -> String {
    let told: Vec<Value> = checks
        .iter()
        .map(|check| {
            json!({
                "check": check.topic.as_str(),
                "subject": check.subject,
                "verdict": check.verdict.as_str(),
                "finding": check.finding,
                "hint": check.hint,
            })
        })
        .collect();
    format!("{:#}", json!({ "verdict": worst(checks).as_str(), "checks": told }))
}

#[cfg(test)]
mod tests {
    use super::super::check::Topic;
    use super::*;

    fn checks() -> Vec<Check> {
        vec![
            Check::ok(Topic::Store, "journal.db", "schema 1"),
            Check::warning(Topic::AuditChain, "journal.db", "3 records wait").hint("is a gateway running?"),
        ]
    }

    #[test]
    fn a_hint_stands_below_what_it_is_about() {
        let expected = [
            "ok       store        journal.db: schema 1",
            "warning  audit-chain  journal.db: 3 records wait",
            "                      > is a gateway running?",
            "",
            "1 ok, 0 skipped, 1 warning, 0 failed",
        ];
        assert_eq!(lines(&checks()), expected);
    }

    #[test]
    fn programs_get_the_worst_verdict_first_and_every_check() {
        let told: Value = serde_json::from_str(&json(&checks())).unwrap();
        assert_eq!(told["verdict"], "warning");
        assert_eq!(told["checks"][0]["hint"], Value::Null);
        assert_eq!(told["checks"][1]["check"], "audit-chain");
    }
}
