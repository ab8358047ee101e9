//! Every mistake is named by the exact key, and all of them at once.

use proptest::prelude::*;

use super::*;
use crate::config::{AnchorLocation, StoreLocation};

/// Each broken configuration has exactly the mistakes that stand beside it.
fn assert_paths(cases: &[(String, &[&str])]) {
    let folder = Folder::new();
    for (text, expected) in cases {
        assert_eq!(folder.paths(text), *expected, "{text}");
    }
}

#[test]
fn listeners_say_what_is_wrong_with_them() {
    let grpc = |lines: &str| with("unauthenticated_loopback = true", &format!("unauthenticated_loopback = true\n{lines}"));
    let ops = |lines: &str| format!("{MINIMAL}\n[ops]\n{lines}");
    assert_paths(&[
        (MINIMAL.to_owned(), &[]),
        (grpc("listen = \"[::1]:50051\""), &[]),
        (grpc("listen = \"localhost:50051\""), &["grpc.listen"]),
        (grpc("listen = 50051"), &["grpc.listen"]),
        (grpc("listen = \"0.0.0.0:50051\""), &["grpc.listen", "grpc.unauthenticated_loopback"]),
        (grpc("reflection = \"yes\""), &["grpc.reflection"]),
        (grpc("max_connections = 0"), &["grpc.max_connections"]),
        (grpc("max_connections = -1"), &["grpc.max_connections"]),
        (grpc("max_connections = 1.5"), &["grpc.max_connections"]),
        (grpc("max_concurrent_streams = 100000"), &["grpc.max_concurrent_streams"]),
        (grpc("handshake_timeout_ms = \"5s\""), &["grpc.handshake_timeout_ms"]),
        (grpc("max_connection_age_ms = 1"), &["grpc.max_connection_age_ms"]),
        (grpc("max_message_bytes = 99999999999"), &["grpc.max_message_bytes"]),
        (grpc("default_wait_cap_ms = 0"), &["grpc.default_wait_cap_ms"]),
        (grpc("deadline_margin_ms = 0"), &["grpc.deadline_margin_ms"]),
        (grpc("timeout = 5"), &["grpc.timeout"]),
        (grpc("tls = true"), &["grpc.tls"]),
        (grpc("[grpc.tls]"), &["grpc.tls.certificate_file", "grpc.tls.private_key_file"]),
        (
            grpc("[grpc.tls]\ncertificate_file = \"server.key\"\nprivate_key_file = \"server.pem\""),
            &["grpc.tls.certificate_file", "grpc.tls.private_key_file"],
        ),
        (ops("listen = \"0.0.0.0:9464\""), &["ops.listen"]),
        (ops("listen = \"0.0.0.0:9464\"\nallow_non_loopback = true"), &[]),
        (format!("{MINIMAL}\n[drain]\ngrace_ms = 0"), &["drain.grace_ms"]),
    ]);
}

#[test]
fn retention_says_what_is_wrong_with_it() {
    let retention = |lines: &str| format!("{MINIMAL}\n[retention]\n{lines}");
    let folder = "archive_folder = \"archive\"";
    let remembering = |days: u32| {
        let window = format!("route = \"v1\"\nduplicate_window_ms = {}", u64::from(days) * 86_400_000);
        format!("{}\n[retention]\n{folder}\narchive_after_days = 8", with("route = \"v1\"", &window))
    };
    assert_paths(&[
        (retention(folder), &[]),
        (retention(""), &["retention.archive_folder"]),
        (retention(&format!("{folder}\narchive_after_days = 7")), &[]),
        (retention(&format!("{folder}\narchive_after_days = 6")), &["retention.archive_after_days"]),
        (retention(&format!("{folder}\ndays = 9")), &["retention.days"]),
        (remembering(8), &[]),
        (remembering(9), &["retention.archive_after_days"]),
    ]);
    let config = Folder::new().load(&retention(folder)).unwrap();
    assert_eq!(config.retention.unwrap().archive_after.as_secs(), 90 * 86_400);
    assert!(Folder::new().load(MINIMAL).unwrap().retention.is_none(), "nothing leaves unless it is configured");
}

#[test]
fn trading_accounts_say_what_is_wrong_with_them() {
    let section = "[[enterprises.trading_accounts]]";
    let trading = with("purposes = [\"settlement\"]", "purposes = [\"settlement\", \"trade\"]");
    let account = |lines: &str| format!("{trading}\n{section}\n{lines}");
    let whole = "id = \"a\"\nsigning_key = \"k\"";
    assert_paths(&[
        (account(whole), &[]),
        (account("id = \"a\""), &["enterprises[0].trading_accounts[0].signing_key"]),
        (account("signing_key = \"k\""), &["enterprises[0].trading_accounts[0].id"]),
        (account("id = \"a\"\nsigning_key = \"nobody\""), &["enterprises[0].trading_accounts[0].signing_key"]),
        (account(&format!("{whole}\n{section}\n{whole}")), &["enterprises[0].trading_accounts[1].id"]),
        (format!("{MINIMAL}\n{section}\n{whole}"), &["enterprises[0].trading_accounts[0].signing_key"]),
    ]);
}

#[test]
fn callbacks_say_what_is_wrong_with_them() {
    let bitgo = "[[callbacks.bitgo]]\npath = \"/f\"\nenterprises = [\"e\"]\npublic_key_file = \"venue.pem\"";
    let listener = |lines: &str| format!("{MINIMAL}\n[callbacks]\n{lines}\n{bitgo}");
    let endpoint = |line: &str, instead: &str| format!("{MINIMAL}\n[callbacks]\n{}", bitgo.replacen(line, instead, 1));
    assert_paths(&[
        (listener(""), &[]),
        (format!("{MINIMAL}\n[callbacks]"), &["callbacks"]),
        (listener("listen = \"0.0.0.0:443\""), &["callbacks.listen"]),
        (listener("listen = \"0.0.0.0:443\"\nallow_plaintext = true"), &[]),
        (
            listener(
                "listen = \"0.0.0.0:443\"\n[callbacks.tls]\ncertificate_file = \"server.pem\"\nprivate_key_file = \"server.key\"",
            ),
            &[],
        ),
        (listener("[callbacks.tls]"), &["callbacks.tls.certificate_file", "callbacks.tls.private_key_file"]),
        (listener("header_timeout_ms = 20000"), &["callbacks.header_timeout_ms"]),
        (listener("max_body_bytes = 0"), &["callbacks.max_body_bytes"]),
        (endpoint("/f", "f"), &["callbacks.bitgo[0].path"]),
        (endpoint("/f", "/f/{*all}"), &["callbacks.bitgo[0].path"]),
        (endpoint("\"e\"", "\"nobody\""), &["callbacks.bitgo[0].enterprises[0]"]),
        (endpoint("[\"e\"]", "[]"), &["callbacks.bitgo[0].enterprises"]),
        (endpoint("public_key_file = \"venue.pem\"", ""), &["callbacks.bitgo[0]"]),
        (endpoint("venue.pem", "server.key"), &["callbacks.bitgo[0].public_key_file"]),
        (endpoint("venue.pem", "none.pem"), &["callbacks.bitgo[0].public_key_file"]),
        (listener("") + "\njwks_file = \"sealed.json\"", &["callbacks.bitgo[0].jwks_file"]),
        (listener("") + "\nanswer_status = 500", &["callbacks.bitgo[0].answer_status"]),
        (format!("{}\n{}", listener(""), bitgo.replace("/f", "/{x}")), &["callbacks.bitgo[1].path"]),
        (format!("{}\n[callbacks.bitlipa]\npublic_url = \"https://c.example/b\"", listener("")), &["callbacks.bitlipa"]),
    ]);
}

#[test]
fn the_journal_is_named_and_kept() {
    let store = |url: &str| with("sqlite://journal.db", url);
    assert_paths(&[
        (with("url = \"sqlite://journal.db\"", ""), &["store.url"]),
        (store("postgres://u:p@h/d"), &["store.url"]),
        (store("sqlite://:memory:"), &["store.url"]),
        (store("postgres://u@h/d"), &["anchor"]),
        (with("url = \"sqlite://journal.db\"", "url_env = \"NOT_SET\""), &["store.url_env"]),
        (with("url = \"sqlite://journal.db\"", "url_file = \"token\""), &["store.url_file"]),
        (with("url = \"sqlite://journal.db\"", "url = \"sqlite://j.db\"\nmax_connections = 9"), &["store.max_connections"]),
        (
            with("url = \"sqlite://journal.db\"", "url = \"postgres://h/d\"\nmax_connections = 1\n[anchor]\nfile = \"a\""),
            &["store.max_connections"],
        ),
    ]);
}

#[test]
fn the_url_of_a_database_stands_apart_where_it_holds_a_password() {
    let mut folder = Folder::new();
    let url = "postgres://gateway:hunter2-canary@db/gateway";
    folder.file("db.url", format!("{url}\n"), 0o600);
    folder.variables = Variables::of(&[("DATABASE_URL", url)]);
    for key in ["url_file = \"db.url\"", "url_env = \"DATABASE_URL\""] {
        let text = with("url = \"sqlite://journal.db\"", &format!("{key}\n[anchor]\nfile = \"a/journal.anchor\""));
        let config = folder.load(&text).unwrap();
        let StoreLocation::Postgres { url: place, max_connections: 16 } = &config.store else { panic!("{key}") };
        assert_eq!(place.read(&folder.variables).unwrap().expose_text(), Some(url));
        assert!(!format!("{config:?}").contains("hunter2-canary"));
    }
    let beside = with("url = \"sqlite://journal.db\"", "url = \"postgres://h/d\"\nurl_file = \"db.url\"\n[anchor]\nfile = \"a\"");
    assert_eq!(folder.paths(&beside), ["store.url"]);
}

#[test]
fn an_anchor_is_somewhere_else_than_the_journal() {
    let sqlite =
        |lines: &str| with("url = \"sqlite://journal.db\"", &format!("url = \"sqlite://journal.db\"\n[anchor]\n{lines}"));
    let postgres = |lines: &str| with("url = \"sqlite://journal.db\"", &format!("url = \"postgres://h/d\"\n[anchor]\n{lines}"));
    assert_paths(&[
        (MINIMAL.to_owned(), &[]),
        (sqlite(""), &[]),
        (sqlite("file = \"elsewhere/journal.anchor\""), &[]),
        (sqlite("file = \"journal.db\""), &["anchor"]),
        (sqlite("url = \"postgres://h/anchors\"\nname = \"desk\""), &[]),
        (sqlite("url = \"postgres://u:p@h/anchors\""), &["anchor.url"]),
        (sqlite("url = \"sqlite://anchor.db\""), &["anchor.url"]),
        (sqlite("file = \"a\"\nurl = \"postgres://h/anchors\""), &["anchor.url"]),
        (sqlite("file = \"a\"\nname = \"desk\""), &["anchor.name"]),
        (sqlite("url = \"postgres://h/anchors\"\nname = \"a desk\""), &["anchor.name"]),
        (sqlite("heartbeat_ms = 0"), &["anchor.heartbeat_ms"]),
        (postgres("heartbeat_ms = 1000"), &["anchor"]),
        (postgres("file = \"a\""), &[]),
        (postgres("url = \"postgres://h/anchors\""), &[]),
        (postgres("url = \"postgres://h/d\""), &["anchor"]),
    ]);
    let folder = Folder::new();
    let default = folder.load(MINIMAL).unwrap().anchor;
    assert_eq!(default.location, AnchorLocation::File(folder.path().join("anchor/journal.db.anchor")));
}

#[test]
fn keys_say_what_is_wrong_with_them() {
    let key = |lines: &str| with("xprv_file = \"k.xprv\"", lines);
    let beside = |lines: &str| key(&format!("xprv_file = \"k.xprv\"\n{lines}"));
    assert_paths(&[
        (key(""), &["keys[0]"]),
        (beside("encrypted_prv_file = \"sealed.json\"\npassphrase_file = \"pw\""), &["keys[0]"]),
        (beside("passphrase_file = \"pw\""), &["keys[0].passphrase_file"]),
        (key("encrypted_prv_file = \"sealed.json\""), &["keys[0].passphrase_file"]),
        (key("encrypted_prv_file = \"sealed.json\"\nwallet_id = \"w\""), &[]),
        (key("encrypted_prv_file = \"sealed.json\"\nwallet_id = \"a b\""), &["keys[0].wallet_id", "keys[0].passphrase_file"]),
        (
            key("encrypted_prv_file = \"sealed.json\"\npassphrase_file = \"pw\"\npassphrase_env = \"PW\""),
            &["keys[0].passphrase_env"],
        ),
        (key("external_signer_file = \"s.json\"\npassphrase_file = \"pw\""), &["keys[0].wallet_id"]),
        (key("xprv_file = \"\""), &["keys[0].xprv_file"]),
        (beside("public_key = \"02ab\""), &["keys[0].public_key"]),
        (beside("enabled = 1"), &["keys[0].enabled"]),
        (with("purposes = [\"settlement\"]", "purposes = [\"settlement\", \"sign\"]"), &["keys[0].purposes[1]"]),
        (with("purposes = [\"settlement\"]", "purposes = \"settlement\""), &["keys[0].purposes", "enterprises[0].signing_key"]),
        (with("purposes = [\"settlement\"]", ""), &["keys[0].purposes", "enterprises[0].signing_key"]),
        (
            with("purposes = [\"settlement\"]", "purposes = [\"trade\"]\nallow_sign_payload_settlement = true"),
            &["keys[0].allow_sign_payload_settlement", "enterprises[0].signing_key"],
        ),
        (with("id = \"k\"\n", ""), &["keys[0].id", "enterprises[0].signing_key"]),
        (
            with("[[enterprises]]", "[[keys]]\nid = \"k\"\nxprv_file = \"other\"\npurposes = [\"trade\"]\n[[enterprises]]"),
            &["keys[1].id", "enterprises[0].signing_key"],
        ),
    ]);
}

#[test]
fn enterprises_say_what_is_wrong_with_them() {
    let url = |url: &str| with("base_url = \"https://app.bitgo.com\"", url);
    let token = |line: &str| with("token_file = \"token\"", line);
    let second = "[[enterprises]]\nid = \"f\"\nbase_url = \"https://h\"\ntoken_file = \"token\"\n";
    assert_paths(&[
        (url("base_url = \"http://app.bitgo.com\""), &["enterprises[0].base_url"]),
        (url("base_url = \"http://app.bitgo.com\"\nallow_plaintext = true"), &[]),
        (url("base_url = \"http://127.0.0.1:3080\""), &[]),
        (url("base_url = \"https://user:pass@h\""), &["enterprises[0].base_url"]),
        (url(""), &["enterprises[0].base_url"]),
        (url("base_url = \"https://h\"\nca_file = \"token\""), &["enterprises[0].ca_file"]),
        (token(""), &["enterprises[0].token_file"]),
        (token("token_file = \"nothing\""), &["enterprises[0].token_file"]),
        (token("token_file = \"token\"\ntoken_env = \"TOKEN\""), &["enterprises[0].token_env"]),
        (token("token_env = \"NOT_SET\""), &["enterprises[0].token_env"]),
        (token("token_env = \"not-a-name\""), &["enterprises[0].token_env"]),
        (token("token = \"v2xabc\""), &["enterprises[0].token_file", "enterprises[0].token"]),
        (token("token_file = \"pw\"\nrequest_auth = \"hmac-v3\""), &["enterprises[0].request_auth"]),
        (token("token_file = \"token\"\nrequest_auth = \"hmac\""), &["enterprises[0].request_auth"]),
        (token("token_file = \"token\"\nsigning_payload_method = \"post\""), &["enterprises[0].signing_payload_method"]),
        (token("token_file = \"token\"\nmax_cutoff_ahead_ms = 86400000"), &["enterprises[0].max_cutoff_ahead_ms"]),
        (token("token_file = \"token\"\nmax_open_settlements = 0"), &["enterprises[0].max_open_settlements"]),
        (token("token_file = \"token\"\ncutoff_must_increase = 1"), &["enterprises[0].cutoff_must_increase"]),
        (token("token_file = \"token\"\ncheck_before = \"on\""), &["enterprises[0].check_before"]),
        (token("token_file = \"token\"\nduplicate_window_ms = -1"), &["enterprises[0].duplicate_window_ms"]),
        (token("token_file = \"token\"\non_changed_amounts = \"stop\""), &["enterprises[0].on_changed_amounts"]),
        (with("signing_key = \"k\"", "signing_key = \"l\""), &["enterprises[0].signing_key"]),
        (with("signing_key = \"k\"", ""), &["enterprises[0].route", "enterprises[0].amount_unit"]),
        (with("route = \"v1\"", "route = \"v3\""), &["enterprises[0].route"]),
        (with("amount_unit = \"full\"", ""), &["enterprises[0].amount_unit"]),
        (
            format!("{MINIMAL}{second}signing_key = \"k\"\nroute = \"v1\"\namount_unit = \"base\""),
            &["enterprises[1].signing_key"],
        ),
        (format!("{MINIMAL}{}", second.replace("\"f\"", "\"e\"")), &["enterprises[1].id"]),
    ]);
}

const BITLIPA: &str = r#"
[bitlipa]
base_url = "https://api.bitlipa.com"
api_key_file = "token"
api_secret_file = "token"
chains = ["eip155:137"]
source_currencies = ["KES"]
destination_currencies = ["USDC"]
[[bitlipa.merchants]]
id = "m"
payout_wallets = ["0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"]
"#;

#[test]
fn bitlipa_says_what_is_wrong_with_it() {
    let bitlipa = |line: &str, instead: &str| {
        assert!(BITLIPA.contains(line), "{line}");
        format!("{MINIMAL}{}", BITLIPA.replacen(line, instead, 1))
    };
    assert_paths(&[
        (bitlipa("", ""), &[]),
        (bitlipa("https://", "http://"), &["bitlipa.base_url"]),
        (bitlipa("api_key_file = \"token\"", ""), &["bitlipa.api_key_file"]),
        (bitlipa("api_secret_file = \"token\"", "api_secret_env = \"NOT_SET\""), &["bitlipa.api_secret_env"]),
        (bitlipa("eip155:137", "polygon"), &["bitlipa.chains[0]"]),
        (bitlipa("eip155:137", "solana:5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp"), &["bitlipa.chains[0]"]),
        (bitlipa("[\"KES\"]", "[]"), &["bitlipa.source_currencies"]),
        (
            bitlipa("destination_currencies", "target_currencies"),
            &["bitlipa.destination_currencies", "bitlipa.target_currencies"],
        ),
        (bitlipa("0x5aAeb", "0x5AAeb"), &["bitlipa.merchants[0].payout_wallets[0]"]),
        (bitlipa("id = \"m\"", ""), &["bitlipa.merchants[0].id"]),
    ]);
}

#[test]
fn callers_say_what_is_wrong_with_them() {
    let hash = "ab".repeat(32);
    let caller = |lines: &str| with_callers(&format!("[[callers]]\nid = \"c\"\n{lines}"));
    let known = |lines: &str| caller(&format!("token_sha256 = [\"{hash}\"]\n{lines}"));
    let limit = |lines: &str| known(&format!("[[callers.limits]]\n{lines}"));
    let other = format!("[[callers]]\nid = \"d\"\ntoken_sha256 = [\"{hash}\"]");
    assert_paths(&[
        (with_callers(""), &["callers"]),
        (format!("{MINIMAL}[[callers]]\nid = \"c\"\ntoken_sha256 = [\"{hash}\"]"), &["grpc.unauthenticated_loopback"]),
        (caller(""), &["callers[0]"]),
        (caller("token_sha256 = []"), &["callers[0].token_sha256"]),
        (caller("token_sha256 = [\"abcd\"]"), &["callers[0].token_sha256[0]"]),
        (caller("client_certificate = { dns_name = \"c\" }"), &["callers[0].client_certificate"]),
        (known("client_certificate = { dns_name = \"c\" }"), &["callers[0]", "callers[0].client_certificate"]),
        (known(&other), &["callers[1].token_sha256"]),
        (known("rpcs = [\"SettlementService/InitiateSetlement\"]"), &["callers[0].rpcs[0]"]),
        (known("rpcs = [\"*\", \"QuoteService/GetQuote\"]"), &["callers[0].rpcs"]),
        (known("enterprises = [\"e\", \"f\"]"), &["callers[0].enterprises[1]"]),
        (known("merchants = [\"m\"]"), &["callers[0].merchants[0]"]),
        (known("keys = [\"\"]"), &["callers[0].keys[0]"]),
        (known("keys = \"k\""), &["callers[0].keys"]),
        (known("roles = [\"admin\"]"), &["callers[0].roles"]),
        (limit("currency = \"BTC\""), &["callers[0].limits[0]"]),
        (limit("per_day = \"1\""), &["callers[0].limits[0].currency"]),
        (limit("currency = \"BTC\"\nper_day = 1"), &["callers[0].limits[0].per_day"]),
        (limit("currency = \"BTC\"\nper_day = \"-1\""), &["callers[0].limits[0].per_day"]),
        (limit("currency = \"BTC\"\nper_day = \"1e3\""), &["callers[0].limits[0].per_day"]),
        (limit("currency = \"BTC\"\nper_day = \"1\"\nper_settlement = \"2\""), &["callers[0].limits[0].per_settlement"]),
        (
            limit("currency = \"BTC\"\nper_day = \"1\"\n[[callers.limits]]\ncurrency = \"BTC\"\nper_day = \"2\""),
            &["callers[0].limits[1].currency"],
        ),
    ]);
}

#[test]
fn a_limit_covers_enterprises_of_one_unit_only() {
    let other = |unit: &str| {
        format!(
            "[[keys]]\nid = \"l\"\nxprv_file = \"k.xprv\"\npurposes = [\"settlement\"]\n\
             [[enterprises]]\nid = \"f\"\nbase_url = \"https://app.bitgo.com\"\ntoken_file = \"token\"\n\
             signing_key = \"l\"\nroute = \"v1\"\namount_unit = \"{unit}\"\n\
             [[enterprises]]\nid = \"client\"\nbase_url = \"https://app.bitgo.com\"\ntoken_file = \"token\"\n"
        )
    };
    let caller = |enterprises: &str, limits: &str, unit: &str| {
        let token = "ab".repeat(32);
        let caller = format!("[[callers]]\nid = \"c\"\ntoken_sha256 = [\"{token}\"]\nenterprises = {enterprises}\n{limits}\n");
        with_callers(&format!("{}{caller}", other(unit)))
    };
    let limit = "[[callers.limits]]\ncurrency = \"BTC\"\nper_day = \"1\"";
    assert_paths(&[
        (caller("[\"*\"]", limit, "base"), &["callers[0].limits"]),
        (caller("[\"e\", \"f\"]", limit, "base"), &["callers[0].limits"]),
        (caller("[\"*\"]", limit, "full"), &[]),
        (caller("[\"e\", \"client\"]", limit, "base"), &[]),
        (caller("[\"*\"]", "", "base"), &[]),
    ]);
    let errors = Folder::new().load(&caller("[\"*\"]", limit, "base")).unwrap_err().to_string();
    assert!(errors.contains("e has \"full\" and f has \"base\""), "{errors}");
}

#[test]
fn a_certificates_caller_is_named_in_one_way() {
    let tls = "[grpc.tls]\ncertificate_file = \"server.pem\"\nprivate_key_file = \"server.key\"\nclient_ca_file = \"ca.pem\"\n";
    let caller = |lines: &str| {
        with("unauthenticated_loopback = true", &format!("{tls}[[callers]]\nid = \"c\"\n[callers.client_certificate]\n{lines}"))
    };
    let twice = "uri = \"spiffe://a/b\"\n[[callers]]\nid = \"d\"\nclient_certificate = { uri = \"spiffe://a/b\" }";
    assert_paths(&[
        (caller("uri = \"spiffe://a/b\""), &[]),
        (caller(""), &["callers[0].client_certificate"]),
        (caller("uri = \"spiffe://a/b\"\ndns_name = \"c\""), &["callers[0].client_certificate"]),
        (caller("dns_name = \"*.internal\""), &["callers[0].client_certificate.dns_name", "callers[0].client_certificate"]),
        (
            caller("sha256_fingerprint = \"ab:cd\""),
            &["callers[0].client_certificate.sha256_fingerprint", "callers[0].client_certificate"],
        ),
        (caller(twice), &["callers[1].client_certificate"]),
    ]);
}

#[test]
fn tunables_hold_together() {
    let more = |lines: &str| format!("{MINIMAL}{lines}");
    assert_paths(&[
        (more("[engine]\nworkers = 0"), &["engine.workers"]),
        (more("[engine]\nlease_ms = 60000"), &["engine.lease_ms"]),
        (more("[engine]\nlease_ms = 60001"), &[]),
        (more("[venues]\ncall_timeout_ms = 45000"), &["engine.lease_ms"]),
        (more("[engine]\nshortest_wait_ms = 2000\nlongest_wait_ms = 1000"), &["engine.shortest_wait_ms"]),
        (more("[engine]\nshortest_rest_ms = 2000"), &["engine.shortest_rest_ms"]),
        (more("[venues]\nconnect_timeout_ms = 30000"), &["venues.connect_timeout_ms"]),
        (more("[venues]\nconnect_timeout_ms = 26000"), &["venues.connect_timeout_ms"]),
        (more("[venues]\nproxy_url = \"http://user:password@proxy:3128\""), &["venues.proxy_url"]),
        (more("[venues]\nproxy_url = \"socks5://proxy:1080\""), &["venues.proxy_url"]),
        (more("[venues]\nproxy_url = \"http://proxy:3128\"\nread_repeats = 0\nbreaker_failures = 0"), &[]),
        (more("[venues]\nread_repeats = 6"), &["venues.read_repeats"]),
        (more("[audit]\nchain_interval_ms = 9"), &["audit.chain_interval_ms"]),
        (more("[audit]\nchain_batch = 0"), &["audit.chain_batch"]),
        (more("[audit]\nrefusals_per_minute = 0"), &["audit.refusals_per_minute"]),
        (more("[audit]\nchain_interval_ms = 10\nchain_batch = 1\nrefusals_per_minute = 1"), &[]),
        (more("[telemetry]\nlog_format = \"text\""), &["telemetry.log_format"]),
        (more("[telemetry]\nlog_filter = \"inof\""), &["telemetry.log_filter"]),
        (more("[telemetry]\nlog_filter = \"info,settlement_gateway::store=debug\""), &[]),
        (more("[telemetry]\ntraces_endpoint = \"http://collector:4317\""), &[]),
        (more("[telemetry]\ntraces_endpoint = \"https://collector:4317\""), &["telemetry.traces_endpoint"]),
        (more("[telemetry]\ntraces_endpoint = \"http://user:pw@collector\""), &["telemetry.traces_endpoint"]),
        (more("[telemetry]\ntraces_endpoint = \"collector:4317\""), &["telemetry.traces_endpoint"]),
        (more("[telemetry]\ntraces_per_thousand = 1001"), &["telemetry.traces_per_thousand"]),
        (more("[telemetry]\ntraces_max_queued = 0"), &["telemetry.traces_max_queued"]),
        (more("[telemetry]\ncensus_interval_ms = 10"), &["telemetry.census_interval_ms"]),
    ]);
}

#[test]
fn mistakes_of_all_sections_are_told_at_once() {
    let text = "[gprc]\n[grpc]\nlisten = 1\n[store]\n[[keys]]\n[[enterprises]]\n[bitlipa]\nchains = [1]\n[[callers]]\nrpcs = [\"x\"]\n\
                [engine]\nworkers = \"all\"\n[telemetry]\nlog_filter = \"\"";
    let paths = Folder::new().paths(text);
    for expected in [
        "grpc.listen",
        "store.url",
        "keys[0].id",
        "keys[0].purposes",
        "enterprises[0].base_url",
        "enterprises[0].token_file",
        "bitlipa.chains[0]",
        "bitlipa.api_key_file",
        "callers[0].id",
        "callers[0].rpcs[0]",
        "engine.workers",
        "telemetry.log_filter",
        "gprc",
    ] {
        assert!(paths.iter().any(|path| path == expected), "{expected} is not among {paths:?}");
    }
}

#[test]
fn an_unknown_key_is_answered_with_the_known_ones() {
    let errors = Folder::new().load(&format!("{MINIMAL}[drain]\ngrace = 1")).unwrap_err();
    let expected = "drain.grace: unknown key; known here: grace_ms";
    assert_eq!(errors.mistakes().iter().map(ToString::to_string).collect::<Vec<_>>(), [expected]);
}

#[test]
fn a_file_that_cannot_be_read_is_one_mistake() {
    let folder = Folder::new();
    let read = |path: &Path| Config::load(path, &folder.variables).unwrap_err().to_string();
    let missing = folder.path().join("nothing.toml");
    assert!(read(&missing).contains("nothing.toml cannot be used:\n  the file cannot be read"));
    assert!(read(folder.path()).contains("no regular file"));
    assert!(read(&folder.file("latin.toml", b"a = \"\xe9\"", 0o644)).contains("not UTF-8"));
    assert!(folder.load("[grpc]\nlisten =\n").unwrap_err().to_string().contains("line 2 is not TOML"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// A piece of the least configuration gives way to anything: it is read or refused, without a panic.
    #[test]
    fn any_text_is_read_or_refused(start in 0..MINIMAL.len(), length in 0_usize..40, noise in "[ -~\n]{0,20}|\\PC{0,20}") {
        let end = (start + length).min(MINIMAL.len());
        let text = format!("{}{noise}{}", &MINIMAL[..start], &MINIMAL[end..]);
        if let Err(errors) = Folder::new().load(&text) {
            prop_assert!(!errors.mistakes().is_empty());
        }
    }
}
