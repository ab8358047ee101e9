//! No message repeats a secret, wherever it was put by mistake; and files that others can read are refused.

use super::*;

const CANARY: &str = "canary7f3a";

/// Everything that an operator, a log or a panic would see of the mistakes.
fn shown(folder: &Folder, text: &str) -> String {
    match folder.load_with_keyring(text) {
        Ok((config, keyring)) => format!("{config:?} {keyring:?}"),
        Err(errors) => format!("{errors} {errors:?}"),
    }
}

#[test]
fn a_secret_in_the_wrong_place_is_not_repeated() {
    let folder = Folder::new();
    let long = CANARY.repeat(8);
    for text in [
        with("token_file = \"token\"", &format!("token = \"{CANARY}\"")),
        with("token_file = \"token\"", &format!("token_env = \"{CANARY}\"")),
        with("token_file = \"token\"", &format!("token_env = \"{CANARY} =\"")),
        with("token_file = \"token\"", &format!("token_file = {CANARY}")),
        with("token_file = \"token\"", &format!("token_file = \"token\" {CANARY}")),
        with("token_file = \"token\"", &format!("{long} = 1")),
        with("token_file = \"token\"", &format!("\"{CANARY} \" = 1")),
        with("token_file = \"token\"", &format!("token_file = \"{long}\"")),
        with("xprv_file = \"k.xprv\"", &format!("xprv_file = \"{long}\"")),
        with("https://app.bitgo.com", &format!("https://user:{CANARY}@app.bitgo.com")),
        with("https://app.bitgo.com", &format!("https://app.bitgo.com?key={CANARY}")),
        with("sqlite://journal.db", &format!("postgres://user:{CANARY}@host/db")),
        with("xprv_file = \"k.xprv\"", &format!("xprv = \"{CANARY}\"")),
        with("route = \"v1\"", &format!("route = \"{CANARY}\"")),
        with("[grpc]", &format!("{CANARY}\n[grpc]")),
        with_callers(&format!("[[callers]]\nid = \"c\"\ntoken_sha256 = [\"{CANARY}\"]")),
    ] {
        let shown = shown(&folder, &text);
        assert!(shown.contains("cannot be used") && !shown.contains(CANARY), "{shown}");
    }
}

#[test]
fn what_stands_in_a_secret_file_or_variable_is_not_repeated() {
    let mut folder = Folder::new();
    folder.variables = Variables::of(&[("TOKEN", &format!("{CANARY} with spaces")), ("GOOD_TOKEN", CANARY)]);
    folder.file("bad-token", format!("{CANARY}\nsecond line"), 0o600);
    folder.file("bad.xprv", CANARY, 0o600);
    folder.file("canary-pw", CANARY, 0o600);
    for text in [
        with("token_file = \"token\"", "token_file = \"bad-token\""),
        with("token_file = \"token\"", "token_env = \"TOKEN\""),
        with("k.xprv", "bad.xprv"),
        with("xprv_file = \"k.xprv\"", "encrypted_prv_file = \"sealed.json\"\npassphrase_file = \"canary-pw\""),
    ] {
        let shown = shown(&folder, &text);
        assert!(shown.contains("cannot be used") && !shown.contains(CANARY), "{shown}");
    }
    let good = shown(&folder, &with("token_file = \"token\"", "token_env = \"GOOD_TOKEN\""));
    assert!(!good.contains("cannot be used") && !good.contains(CANARY), "{good}");
}

#[test]
fn secret_files_that_others_can_reach_are_refused() {
    let tls = with(
        "unauthenticated_loopback = true",
        "unauthenticated_loopback = true\n[grpc.tls]\ncertificate_file = \"server.pem\"\nprivate_key_file = \"server.key\"",
    );
    let sealed = with("xprv_file = \"k.xprv\"", "encrypted_prv_file = \"sealed.json\"\npassphrase_file = \"pw\"");
    for (file, content, text, path) in [
        ("token", TOKEN, MINIMAL, "enterprises[0].token_file"),
        ("server.key", PRIVATE_KEY, &tls, "grpc.tls.private_key_file"),
        ("pw", "pw", &sealed, "keys[0].passphrase_file"),
        ("sealed.json", SEALED, &sealed, "keys[0].encrypted_prv_file"),
        ("k.xprv", XPRV, MINIMAL, "keys[0].xprv_file"),
    ] {
        let folder = Folder::new();
        assert!(folder.load_with_keyring(text).is_ok(), "{file}");
        for mode in [0o640, 0o604, 0o620] {
            folder.file(file, content, mode);
            let errors = folder.load_with_keyring(text).unwrap_err();
            let [mistake] = errors.mistakes() else { panic!("{errors}") };
            assert_eq!(mistake.path, path);
            assert!(mistake.problem.contains(file) && mistake.problem.contains("open to others"), "{mistake}");
        }
    }
}

#[test]
fn a_public_file_may_be_read_by_others() {
    let folder = Folder::new();
    folder.file("ca.pem", CERTIFICATE, 0o644);
    let text = with("token_file = \"token\"", "token_file = \"token\"\nca_file = \"ca.pem\"");
    assert_eq!(folder.paths(&text), Vec::<String>::new());
}

#[test]
fn a_secret_file_without_end_is_not_read() {
    let folder = Folder::new();
    folder.file("token", "x".repeat(65 * 1024), 0o600);
    let errors = folder.load(MINIMAL).unwrap_err();
    assert!(errors.to_string().contains("larger than 65536 bytes"), "{errors}");
    folder.file("token", "x".repeat(5_000), 0o600);
    assert_eq!(folder.paths(MINIMAL), ["enterprises[0].token_file"]);
}

#[test]
fn an_empty_secret_is_missing() {
    let folder = Folder::new();
    for content in ["", "\n", " \n"] {
        folder.file("token", content, 0o600);
        assert_eq!(folder.paths(MINIMAL), ["enterprises[0].token_file"], "{content:?}");
    }
}
