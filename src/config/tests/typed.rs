//! What a configuration without mistakes becomes.

use std::time::Duration;

use super::*;
use crate::config::{CallerAuth, CertificateIdentity, KeyFile, SecretSource, StoreLocation};
use crate::domain::ids::{Currency, EnterpriseId};
use crate::domain::policy::Allowed;
use crate::domain::settlement::{AmountUnit, Route};

#[test]
fn the_least_configuration_has_the_safe_defaults() {
    let folder = Folder::new();
    let config = folder.load(MINIMAL).unwrap();
    assert!(config.grpc.listen.ip().is_loopback() && config.ops.listen.ip().is_loopback());
    assert!(!config.grpc.reflection && config.bitlipa.is_none());
    assert_eq!(config.store, StoreLocation::Sqlite(folder.path().join("journal.db")));
    assert_eq!(config.drain.grace, Duration::from_secs(20));
    let key = &config.keys[0];
    assert!(key.settings.enabled && !key.settings.sign_payload_settlement);
    assert_eq!(key.file, KeyFile::Xprv(folder.path().join("k.xprv")));
}

#[test]
fn an_enterprise_with_a_key_settles_and_one_without_only_reads() {
    let folder = Folder::new();
    let text =
        format!("{MINIMAL}\n[[enterprises]]\nid = \"client\"\nbase_url = \"https://app.bitgo.com/\"\ntoken_file = \"token\"");
    let config = folder.load(&text).unwrap();
    let [client, partner] = config.enterprises.as_slice() else { panic!("two enterprises") };
    assert_eq!((client.base_url.as_str(), &client.settling), ("https://app.bitgo.com", &None));
    assert_eq!(client.token, SecretSource::File(folder.path().join("token")));
    let settling = partner.settling.as_ref().unwrap();
    assert_eq!((settling.route, settling.amount_unit, settling.signing_key.as_str()), (Route::V1, AmountUnit::Full, "k"));
}

#[test]
fn the_switch_for_loopback_stands_for_one_caller_who_may_do_everything() {
    let config = Folder::new().load(MINIMAL).unwrap();
    let [anyone] = config.callers.as_slice() else { panic!("one caller") };
    assert_eq!(anyone.auth, CallerAuth::AnyoneOnLoopback);
    assert_eq!((&anyone.grants.rpcs, anyone.grants.unlimited_currencies), (&Allowed::All, true));
}

#[test]
fn a_listed_caller_has_what_is_listed_and_nothing_else() {
    let hash = "AB".repeat(32);
    let text = with_callers(&format!(
        "[[callers]]\nid = \"c\"\ntoken_sha256 = [\"{hash}\"]\nenterprises = [\"e\"]\nrpcs = [\"*\"]\n\
         [[callers.limits]]\ncurrency = \"BTC\"\nper_day = \"1.5\""
    ));
    let config = Folder::new().load(&text).unwrap();
    let [caller] = config.callers.as_slice() else { panic!("one caller") };
    let CallerAuth::Token(hashes) = &caller.auth else { panic!("a token") };
    assert_eq!(hashes.iter().map(|hash| *hash.as_bytes()).collect::<Vec<_>>(), [[0xab; 32]]);
    assert_eq!(caller.grants.enterprises, Allowed::Only([EnterpriseId::new("e").unwrap()].into()));
    assert_eq!((&caller.grants.rpcs, &caller.grants.keys), (&Allowed::All, &Allowed::Only([].into())));
    let limit = &caller.grants.limits[&Currency::new("BTC").unwrap()];
    assert_eq!((limit.per_day.as_ref().unwrap().as_str(), &limit.per_settlement), ("1.5", &None));
    assert!(!caller.grants.unlimited_currencies);
}

#[test]
fn a_caller_is_known_by_a_name_in_its_certificate() {
    let text = with(
        "unauthenticated_loopback = true",
        "listen = \"0.0.0.0:50051\"\n[grpc.tls]\ncertificate_file = \"server.pem\"\nprivate_key_file = \"server.key\"\n\
         client_ca_file = \"ca.pem\"\n[[callers]]\nid = \"c\"\nrpcs = []\nclient_certificate = { dns_name = \"A.internal\" }",
    );
    let folder = Folder::new();
    let config = folder.load(&text).unwrap();
    assert_eq!(config.callers[0].auth, CallerAuth::Certificate(CertificateIdentity::DnsName("a.internal".to_owned())));
    assert!(config.grpc.tls.unwrap().read_private_key().is_ok());
}
