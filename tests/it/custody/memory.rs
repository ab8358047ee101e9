//! After a key is loaded and has signed, its bytes lie at one place in this process and no other.
//!
//! The process reads its own memory. What is looked for is kept inverted, so
//! that the search does not find itself.

use std::fs::{self, File};
use std::os::unix::fs::FileExt;

use settlement_gateway::custody::{Key, KeySource, sign_once};
use settlement_gateway::domain::ids::KeyId;
use settlement_gateway::domain::signing::{PayloadDigest, SigningReference};
use settlement_gateway::secret::Secret;

use super::journal::MemoryJournal;
use super::settings;

/// No other test loads this key: BIP-32's test vector 2.
const XPRV: &str =
    "xprv9s21ZrQH143K31xYSDQpPDxsXRTUcvj2iNHm5NUtrGiGG5e2DtALGdso3pGz6ssrdK4PFmM8NSpSBHNqPqm55Qn3LqFtT2emdEXVYsCzC2U";
const INVERTED_KEY: &str = "b4fc2903cbfbaa4c9c0aefdf52c1335b0f7afd7f30bc938f38d86dc0924b93c1";

/// Larger mappings are the key derivation memory of tests that run beside this one.
const MAX_REGION_BYTES: u64 = 128 * 1024 * 1024;
const CHUNK_BYTES: usize = 1024 * 1024;

/// Writable regions: heaps, stacks and data.
fn regions() -> Vec<(u64, u64)> {
    let maps = fs::read_to_string("/proc/self/maps").unwrap();
    let writable = maps.lines().filter(|line| line.contains(" rw-p ") && !line.contains("[v"));
    let ranges = writable.filter_map(|line| line.split_once(' ')?.0.split_once('-'));
    let parsed = ranges.map(|(from, to)| (u64::from_str_radix(from, 16).unwrap(), u64::from_str_radix(to, 16).unwrap()));
    parsed.filter(|(from, to)| to - from <= MAX_REGION_BYTES).collect()
}

/// How often the key stands in this process's memory.
fn copies(inverted: &[u8]) -> usize {
    let memory = File::open("/proc/self/mem").unwrap();
    let mut chunk = vec![0_u8; CHUNK_BYTES];
    let own = chunk.as_ptr() as u64..chunk.as_ptr() as u64 + CHUNK_BYTES as u64;
    let mut found = 0;
    for (start, end) in regions() {
        let mut at = start;
        while at < end {
            let wanted = CHUNK_BYTES.min(usize::try_from(end - at).unwrap());
            // A region may be gone by now, or be a guard page.
            let Ok(length) = memory.read_at(&mut chunk[..wanted], at) else { break };
            let hits = chunk[..length].windows(inverted.len()).enumerate().filter(|(offset, window)| {
                window[0] == !inverted[0]
                    && window.iter().zip(inverted).all(|(byte, inverted)| *byte == !inverted)
                    && !own.contains(&(at + *offset as u64))
            });
            found += hits.count();
            let overlap = if at + (length as u64) < end { inverted.len() - 1 } else { 0 };
            at += (length.max(inverted.len()) - overlap) as u64;
        }
    }
    chunk.fill(0);
    found
}

#[test]
fn a_loaded_key_lies_at_one_place_and_after_its_end_at_none() {
    let inverted = base16ct::lower::decode_vec(INVERTED_KEY).unwrap();
    assert_eq!(copies(&inverted), 0);
    let mut key = None;
    far_down_the_stack(&mut || {
        key = Some(Key::from_xprv(settings("k"), KeySource::Xprv, &Secret::from_text(XPRV.to_owned())).unwrap());
    });
    assert_eq!(copies(&inverted), 1, "after it was loaded");
    far_down_the_stack(&mut || sign(key.as_ref().unwrap()));
    assert_eq!(copies(&inverted), 1, "after it has signed");
    drop(key);
    assert_eq!(copies(&inverted), 0, "after its end");
}

fn sign(key: &Key) {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let reference = SigningReference::Raw { key: KeyId::new("k").unwrap(), digest: PayloadDigest::of("payload") };
    runtime.block_on(sign_once(&MemoryJournal::default(), key, &reference, "payload")).unwrap();
}

/// Runs a function where nothing that follows overwrites what it leaves on the stack.
#[inline(never)]
fn far_down_the_stack(run: &mut dyn FnMut()) {
    let room = std::hint::black_box([0_u8; 64 * 1024]);
    run();
    std::hint::black_box(room);
}
