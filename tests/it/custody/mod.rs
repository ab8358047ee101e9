//! Custody from outside: BitGo's own vectors, opening keys, and the way to a signature.

mod journal;
#[cfg(unix)]
mod loading;
#[cfg(target_os = "linux")]
mod memory;
mod sign_once;
mod vectors;

use std::collections::BTreeSet;

use settlement_gateway::custody::{Key, KeySettings, KeySource};
use settlement_gateway::domain::ids::KeyId;
use settlement_gateway::domain::signing::Purpose;
use settlement_gateway::secret::Secret;

/// BIP-32's test vector 1.
const XPRV: &str =
    "xprv9s21ZrQH143K3QTDL4LXw2F7HEK3wJUD2nW2nRk4stbPy6cq3jPPqjiChkVvvNKmPGJxWUtg6LnF5kejMRNNU3TGtRBeJgk33yuGBxrMPHi";
/// Its public half.
const PUBLIC_KEY: &str = "0339a36013301597daef41fbe593a02cc513d0b55527ec2df1050e2e8ff49c85c2";

fn settings(id: &str) -> KeySettings {
    KeySettings {
        id: KeyId::new(id).unwrap(),
        purposes: BTreeSet::from(Purpose::ALL),
        enabled: true,
        sign_payload_settlement: false,
    }
}

fn key(id: &str, xprv: &str) -> Key {
    Key::from_xprv(settings(id), KeySource::Xprv, &Secret::from_text(xprv.to_owned())).unwrap()
}
