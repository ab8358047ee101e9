//! `audit`: the chain verified, taken out and verified elsewhere, while the gateway serves.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use super::installation::Installation;
use super::support::until;
use crate::support::world::V1;

#[tokio::test(flavor = "multi_thread")]
async fn the_chain_is_verified_beside_a_gateway_and_a_file_of_it_without_any() {
    let installation = Installation::new();
    let _sandbox = installation.with_venues().await;
    let gateway = installation.serve().await;
    gateway.initiate(V1, "e-1").await.unwrap();
    gateway.reconciled(V1, "e-1").await;
    let head = until("something is chained", async || {
        let said = installation.command(&["audit", "head"]).await.with_code(0).said;
        (!said.starts_with("0:")).then(|| said.trim().to_owned())
    })
    .await;
    let whole = installation.command(&["audit", "verify", "--head", &head]).await.with_code(0);
    assert!(whole.said.contains("the chain ends at ") && !whole.said.contains("FAULT"), "{}", whole.said);
    gateway.process.signal("TERM");
    gateway.process.ended().await.with_code(0);
    let verified = installation.command(&["audit", "verify", "--head", &head]).await.with_code(0);
    assert!(verified.said.contains("\n0 records wait to be chained\n"), "a drain chains what is left: {}", verified.said);

    let head = installation.command(&["audit", "head"]).await.with_code(0).said.trim().to_owned();
    let file = installation.path("chain.jsonl");
    let path = file.to_str().unwrap();
    installation.command(&["audit", "export", "--out", path]).await.with_code(0);
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let verify = async |more: &[&str]| {
        let words = [&["audit", "verify", "--file", path], more].concat();
        super::support::Process::run(words).await
    };
    verify(&["--head", &head]).await.with_code(0);

    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, text.replacen("RECEIVED", "RECEIVEN", 1)).unwrap();
    let altered = verify(&[]).await.with_code(1);
    assert!(altered.said.contains("FAULT record 1 ("), "{}", altered.said);
    let cut: String = text.split_inclusive('\n').take(2).collect();
    fs::write(&file, &cut).unwrap();
    verify(&[]).await.with_code(0);
    let told = verify(&["--head", &head]).await.with_code(1);
    assert!(told.said.contains("FAULT the chain ends at 2 and is cut"), "{}", told.said);
    fs::write(&file, format!("{cut}not a record\n")).unwrap();
    assert!(verify(&[]).await.with_code(1).said.contains("FAULT record 3 cannot be read"));

    let rest = ["audit", "export", "--out", path, "--after", "2"];
    installation.command(&rest).await.with_code(0);
    assert!(verify(&[]).await.with_code(1).said.contains("FAULT records 1 to 2 are missing"));
    verify(&["--head", "none"]).await.with_code(2);
}
