use proptest::prelude::*;
use uuid::Uuid;

use super::*;

/// A chain of records that differ in everything.
fn chain(length: usize) -> Vec<ChainedRecord> {
    let mut head = AuditHead::EMPTY;
    let mut records = Vec::new();
    for n in 0..length {
        let record = AuditRecord {
            id: Uuid::from_u128(0x0195_a2c4 + n as u128),
            kind: AuditKind::Change.as_str().to_owned(),
            subject: format!("settlement {n} 1"),
            at: format!("2026-03-18T12:00:{:02}.000000000Z", n % 60),
            content: format!("{{\"n\":{n},\"v\":1}}"),
        };
        head = head.with(&record);
        records.push(ChainedRecord { position: head.position, hash: head.hash, record });
    }
    records
}

fn head_of(records: &[ChainedRecord]) -> AuditHead {
    records.last().map_or(AuditHead::EMPTY, |last| AuditHead { position: last.position, hash: last.hash })
}

fn verify(records: &[ChainedRecord], kept: Vec<AuditHead>) -> Verified {
    let mut verifier = Verifier::new(AuditHead::EMPTY, kept);
    records.iter().for_each(|record| verifier.take(&ChainLink::Record(record.clone())));
    verifier.finish()
}

/// The positions that faults name.
fn named(verified: &Verified) -> Vec<u64> {
    let positions = verified.faults.iter().flat_map(|fault| match fault {
        AuditFault::Missing { from, until } => (*from..=*until).collect(),
        AuditFault::Altered { position, .. } | AuditFault::OutOfOrder { position, .. } | AuditFault::Unreadable { position } => {
            vec![*position]
        }
        AuditFault::Truncated { ends_at, head } => (ends_at + 1..=head.position).collect(),
        AuditFault::Forked { head } | AuditFault::HeadDiffers { head, .. } => vec![head.position],
    });
    positions.collect()
}

/// Flips one bit of one member of a record; texts stay texts.
fn flip(chained: &mut ChainedRecord, member: usize, at: usize, bit: u8) {
    let ChainedRecord { hash, record, .. } = chained;
    let text = |text: &mut String| {
        let mut bytes = std::mem::take(text).into_bytes();
        let at = at % bytes.len();
        bytes[at] ^= 1 << (bit % 7);
        *text = String::from_utf8(bytes).unwrap();
    };
    match member {
        0 => text(&mut record.kind),
        1 => text(&mut record.subject),
        2 => text(&mut record.at),
        3 => text(&mut record.content),
        4 => {
            let mut bytes = *record.id.as_bytes();
            bytes[at % 16] ^= 1 << (bit % 8);
            record.id = Uuid::from_bytes(bytes);
        }
        _ => hash[at % 32] ^= 1 << (bit % 8),
    }
}

#[test]
fn a_whole_chain_has_no_fault_and_ends_at_its_head() {
    let records = chain(50);
    let verified = verify(&records, vec![AuditHead::EMPTY, head_of(&records[..20]), head_of(&records)]);
    assert_eq!((verified.head, verified.records, verified.fault_count), (head_of(&records), 50, 0));
    assert_eq!(verify(&[], vec![AuditHead::EMPTY]).fault_count, 0);
}

#[test]
fn what_is_cut_off_or_written_anew_is_seen_by_a_head_that_was_kept() {
    let records = chain(30);
    let kept = head_of(&records);
    assert_eq!(verify(&records[..29], Vec::new()).fault_count, 0, "nothing else can tell");
    let cut = verify(&records[..29], vec![kept]);
    assert_eq!(cut.faults, [AuditFault::Truncated { ends_at: 29, head: kept }]);
    let mut head = head_of(&records[..10]);
    let mut anew = records[..10].to_vec();
    for chained in &records[11..] {
        head = head.with(&chained.record);
        anew.push(ChainedRecord { position: head.position, hash: head.hash, record: chained.record.clone() });
    }
    let middle = head_of(&records[..20]);
    assert_eq!(verify(&anew, vec![middle]).faults, [AuditFault::Forked { head: middle }]);
}

#[test]
fn what_cannot_be_read_is_named_and_what_comes_after_it_is_still_verified() {
    let records = chain(5);
    let mut links: Vec<_> = records.iter().cloned().map(ChainLink::Record).collect();
    links[1] = ChainLink::Unreadable { position: 2 };
    if let ChainLink::Record(chained) = &mut links[3] {
        chained.record.content.push(' ');
    }
    let mut verifier = Verifier::new(AuditHead::EMPTY, vec![head_of(&records)]);
    links.iter().for_each(|link| verifier.take(link));
    assert_eq!(named(&verifier.finish()), [2, 4]);
}

#[test]
fn a_part_of_a_chain_is_verified_from_the_head_before_it() {
    let records = chain(20);
    let from = |start| {
        let mut verifier = Verifier::new(start, vec![head_of(&records)]);
        records[10..].iter().for_each(|record| verifier.take(&ChainLink::Record(record.clone())));
        named(&verifier.finish())
    };
    assert!(from(head_of(&records[..10])).is_empty());
    assert_eq!(from(AuditHead { hash: [1; 32], ..head_of(&records[..10]) }), [11]);
}

#[test]
fn a_record_reads_back_from_its_line() {
    for record in chain(3) {
        assert_eq!(ChainedRecord::from_line(&record.to_line()), Some(record));
    }
    for other in ["", "{}", "[]", "null"] {
        assert_eq!(ChainedRecord::from_line(other), None, "{other}");
    }
}

#[test]
fn faults_are_counted_beyond_what_is_kept_of_them() {
    let mut records = chain(3 * MAX_FAULTS);
    records.iter_mut().for_each(|record| record.record.content.push(' '));
    let verified = verify(&records, Vec::new());
    assert_eq!((verified.fault_count, verified.faults.len()), (3 * MAX_FAULTS as u64, MAX_FAULTS));
}

proptest! {
    #[test]
    fn any_flipped_bit_is_named_and_nothing_else(
        length in 1..40_usize, at in 0..40_usize, member in 0..6_usize, byte in 0..100_usize, bit in 0..8_u8,
    ) {
        let mut records = chain(length);
        let at = at % length;
        flip(&mut records[at], member, byte, bit);
        let kept = vec![head_of(&chain(length))];
        let verified = verify(&records, kept);
        prop_assert_eq!(named(&verified).first().copied(), Some(at as u64 + 1));
        // A last hash that was altered is not the head either.
        prop_assert!(named(&verified).iter().all(|position| *position == at as u64 + 1));
    }

    #[test]
    fn any_dropped_run_is_named(length in 2..40_usize, from in 0..40_usize, count in 1..10_usize) {
        let records = chain(length);
        let from = from % length;
        let until = (from + count).min(length);
        let left = [&records[..from], &records[until..]].concat();
        let verified = verify(&left, vec![head_of(&records)]);
        let missing: Vec<u64> = (from as u64 + 1..=until as u64).collect();
        prop_assert_eq!(named(&verified), missing);
    }

    #[test]
    fn any_repeated_record_is_named(length in 1..40_usize, which in 0..40_usize, place in 0..40_usize) {
        let mut records = chain(length);
        let again = records[which % length].clone();
        records.insert(place % length + 1, again.clone());
        let verified = verify(&records, vec![head_of(&chain(length))]);
        prop_assert!(named(&verified).contains(&again.position));
    }

    #[test]
    fn any_two_exchanged_records_are_named(length in 2..40_usize, one in 0..40_usize, other in 0..40_usize) {
        let mut records = chain(length);
        let (one, other) = (one % length, other % length);
        prop_assume!(one != other);
        // As rows that change places: each keeps its own hash.
        let (first, second) = (one.min(other), one.max(other));
        records.swap(first, second);
        let mut renumbered = records.clone();
        for (n, chained) in renumbered.iter_mut().enumerate() {
            chained.position = n as u64 + 1;
        }
        let kept = vec![head_of(&chain(length))];
        prop_assert!(named(&verify(&records, kept.clone())).contains(&(first as u64 + 1)));
        let named = named(&verify(&renumbered, kept));
        prop_assert!(named.contains(&(first as u64 + 1)) && named.contains(&(second as u64 + 1)), "{named:?}");
    }

    #[test]
    fn any_truncation_is_named(length in 1..40_usize, left in 0..40_usize) {
        let records = chain(length);
        let left = left % length;
        let verified = verify(&records[..left], vec![head_of(&records)]);
        prop_assert_eq!(verified.faults, vec![AuditFault::Truncated { ends_at: left as u64, head: head_of(&records) }]);
    }
}
