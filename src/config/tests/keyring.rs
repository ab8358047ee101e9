//! Opening the keys: every key that cannot be opened is named, together with the other mistakes.

use super::*;
use crate::domain::ids::KeyId;

fn paths(folder: &Folder, text: &str) -> Vec<String> {
    folder.load_with_keyring(text).unwrap_err().mistakes().iter().map(|mistake| mistake.path.clone()).collect()
}

#[test]
fn a_key_opens_and_may_do_what_is_configured() {
    let text =
        with("purposes = [\"settlement\"]", &format!("purposes = [\"settlement\"]\npublic_key = \"{XPUB}\"\nenabled = false"));
    let folder = Folder::new();
    let (config, keyring) = folder.load_with_keyring(&text).unwrap();
    let key = keyring.get(&KeyId::new("k").unwrap()).unwrap();
    assert!(!key.is_enabled() && !key.may_sign_settlements_by_payload());
    assert_eq!(config.load_keyring(&folder.variables).unwrap().len(), 1);
}

#[test]
fn another_key_than_the_pinned_one_is_refused() {
    let folder = Folder::new();
    folder.file("k.xprv", another_xprv(9), 0o600);
    let text = with("purposes = [\"settlement\"]", &format!("purposes = [\"settlement\"]\npublic_key = \"{XPUB}\""));
    assert!(folder.load(&text).is_ok());
    assert_eq!(paths(&folder, &text), ["keys[0].public_key"]);
}

#[test]
fn the_passphrase_stands_in_the_variable_that_bitgos_signer_reads() {
    let mut folder = Folder::new();
    let text = with("xprv_file = \"k.xprv\"", "encrypted_prv_file = \"sealed.json\"\nwallet_id = \"5f1e\"");
    assert_eq!(paths(&folder, &text), ["keys[0].passphrase_env"]);
    assert!(folder.load_with_keyring(&text).unwrap_err().to_string().contains("WALLET_5f1e_PASSPHRASE"));
    folder.variables = Variables::of(&[("WALLET_5f1e_PASSPHRASE", "wrong")]);
    assert_eq!(paths(&folder, &text), ["keys[0].encrypted_prv_file"]);
    folder.variables = Variables::of(&[("WALLET_5f1e_PASSPHRASE", "pw")]);
    assert!(folder.load_with_keyring(&text).is_ok());
}

#[test]
fn an_external_signers_file_is_opened_by_wallet() {
    let mut folder = Folder::new();
    folder.variables = Variables::of(&[("WALLET_w1_PASSPHRASE", "pw"), ("WALLET_w2_PASSPHRASE", "pw")]);
    folder.file("signer.json", serde_json::json!({ "w1": SEALED }).to_string(), 0o600);
    let text = |wallet: &str| {
        with("xprv_file = \"k.xprv\"", &format!("external_signer_file = \"signer.json\"\nwallet_id = \"{wallet}\""))
    };
    assert!(folder.load_with_keyring(&text("w1")).is_ok());
    assert_eq!(paths(&folder, &text("w2")), ["keys[0].wallet_id"]);
}

#[test]
fn every_key_that_cannot_be_opened_is_named_with_the_other_mistakes() {
    let folder = Folder::new();
    let more = "[[keys]]\nid = \"a\"\nxprv_file = \"nothing\"\npurposes = [\"trade\"]\n\
                [[keys]]\nid = \"b\"\nxprv_file = \"token\"\npurposes = [\"trade\"]\n[drain]\ngrace = 1\n";
    assert_eq!(paths(&folder, &format!("{MINIMAL}{more}")), ["drain.grace", "keys[1].xprv_file", "keys[2].xprv_file"]);
}

#[test]
fn one_key_under_two_names_is_refused() {
    let more = "[[keys]]\nid = \"a\"\nxprv_file = \"k.xprv\"\npurposes = [\"trade\"]\n";
    assert_eq!(paths(&Folder::new(), &format!("{MINIMAL}{more}")), ["keys[0]"]);
}
