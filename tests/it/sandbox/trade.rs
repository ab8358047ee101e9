//! BitGo Trade: payloads, direct and agency settlements, locks, and the words that accounts say.

use std::collections::BTreeMap;
use std::sync::Arc;

use reqwest::{Client, Method};
use serde_json::{Value, json};
use settlement_gateway::sandbox::{
    Behaviour, Endpoint, Fault, Sandbox, SandboxConfig, SandboxEnterprise, SandboxTradingAccount, TradeEntry,
};
use settlement_gateway::secret::Secret;

use super::support::{ManualClock, PARTNER, TOKEN, partner, sign};

const OTHER: &str = "partner-2";
/// The account that asks.
const A: &str = "acct-a";
/// The account on the other side, of another enterprise.
const B: &str = "acct-b";
/// The account that stands between the two; it has nothing.
const AGENT: &str = "acct-r";
/// How long affirmations are awaited.
const LIFETIME_MS: i64 = 6 * 3_600_000;

/// Who trades.
struct Floor {
    sandbox: Sandbox,
    clock: Arc<ManualClock>,
    http: Client,
}

/// A partner's trading account; every one signs with the same key.
fn account(id: &str, fee: Option<&str>, balances: &[(&str, &str)]) -> SandboxTradingAccount {
    SandboxTradingAccount {
        account_id: id.to_owned(),
        name: format!("account {id}"),
        public_key: partner().public_key,
        fee: fee.map(str::to_owned),
        balances: balances.iter().map(|(currency, amount)| ((*currency).to_owned(), (*amount).to_owned())).collect(),
    }
}

fn owner(account: &str) -> &'static str {
    if account == B { OTHER } else { PARTNER }
}

/// `accountId sendAmount sendCurrency receiveAmount receiveCurrency`
fn party(text: &str) -> Value {
    let words: Vec<&str> = text.split(' ').collect();
    json!({
        "accountId": words[0],
        "sendAmount": words[1],
        "sendCurrency": words[2],
        "receiveAmount": words[3],
        "receiveCurrency": words[4],
    })
}

fn amounts() -> Value {
    json!([party("acct-a 5 ofcbtc 700 ofcusd"), party("acct-b 700 ofcusd 5 ofcbtc")])
}

fn trade() -> Value {
    json!({
        "baseAccountId": A,
        "quoteAccountId": B,
        "status": "pending",
        "timestamp": "2026-03-18T12:00:00.000Z",
        "baseAmount": "5",
        "quoteAmount": "700",
        "baseCurrency": "ofcbtc",
        "quoteCurrency": "ofcusd",
    })
}

impl Floor {
    async fn open() -> Self {
        Self::with(None).await
    }

    /// A floor on which the first account pays a fee.
    async fn with(fee: Option<&str>) -> Self {
        let clock = ManualClock::new();
        let accounts = vec![account(A, fee, &[("ofcbtc", "8")]), account(AGENT, None, &[])];
        let enterprise = SandboxEnterprise { trading_accounts: accounts, ..partner() };
        let other = SandboxEnterprise {
            trading_accounts: vec![account(B, None, &[("ofcusd", "1000")])],
            ..SandboxEnterprise::new(OTHER, Secret::from_text(TOKEN.to_owned()), partner().public_key)
        };
        let config =
            SandboxConfig { enterprises: vec![enterprise, other], ..SandboxConfig::loopback(Arc::<ManualClock>::clone(&clock)) };
        let sandbox = Sandbox::start(config).await.unwrap();
        Self { sandbox, clock, http: Client::builder().no_proxy().build().unwrap() }
    }

    async fn call(&self, method: Method, account: &str, rest: &str, body: &Value) -> (u16, Value) {
        let (base, owner) = (self.sandbox.bitgo_url(), owner(account));
        let url = format!("{base}/api/trade/v1/enterprise/{owner}/account/{account}/{rest}");
        let request = self.http.request(method, url).bearer_auth(TOKEN);
        let request = if body.is_null() { request } else { request.json(body) };
        let response = request.send().await.unwrap();
        (response.status().as_u16(), response.json().await.unwrap())
    }

    async fn read(&self, account: &str, rest: &str) -> Value {
        let (status, body) = self.call(Method::GET, account, rest, &Value::Null).await;
        assert_eq!(status, 200, "{body}");
        body
    }

    async fn payload(&self, account: &str, amounts: &Value) -> String {
        let asked = json!({ "version": "1.2.0", "amounts": amounts });
        let (status, body) = self.call(Method::POST, account, "payload", &asked).await;
        assert_eq!(status, 200, "{body}");
        body["payload"].as_str().unwrap().to_owned()
    }

    async fn post(&self, account: &str, payload: &str, trades: &Value) -> (u16, Value) {
        let body = json!({ "payload": payload, "signature": sign(payload), "trades": trades });
        self.call(Method::POST, account, "settlements", &body).await
    }

    /// A direct settlement that the first account asked for.
    async fn direct(&self) -> Value {
        let payload = self.payload(A, &amounts()).await;
        let (status, settlement) = self.post(A, &payload, &json!([trade()])).await;
        assert_eq!(status, 200, "{settlement}");
        settlement
    }

    /// An account's affirmation in a settlement, as it reads it.
    async fn own(&self, settlement: &Value, account: &str) -> Value {
        let shown = self.read(account, &format!("settlements/{}", settlement["id"].as_str().unwrap())).await;
        let affirmations = shown["affirmations"].as_array().unwrap().clone();
        affirmations.into_iter().find(|one| one["partyAccountId"] == account).unwrap()
    }

    async fn say(&self, account: &str, affirmation: &Value, word: &Value) -> (u16, Value) {
        let rest = format!("affirmations/{}", affirmation["id"].as_str().unwrap());
        self.call(Method::PUT, account, &rest, word).await
    }

    async fn affirm(&self, settlement: &Value, account: &str) -> (u16, Value) {
        let own = self.own(settlement, account).await;
        let payload = own["payload"].as_str().unwrap();
        let word = json!({ "status": "affirmed", "payload": payload, "signature": sign(payload) });
        self.say(account, &own, &word).await
    }

    fn trades(&self) -> Vec<TradeEntry> {
        self.sandbox.ledger().trades
    }

    fn balance(&self, account: &str, currency: &str) -> Option<String> {
        self.sandbox.ledger().balance(owner(account), account, currency).map(str::to_owned)
    }
}

#[tokio::test]
async fn a_payload_says_what_was_asked_with_the_signers_fee_and_nonces_of_its_own() {
    let floor = Floor::with(Some("3")).await;
    let (one, other) = (floor.payload(A, &amounts()).await, floor.payload(A, &amounts()).await);
    let (one, other): (Value, Value) = (serde_json::from_str(&one).unwrap(), serde_json::from_str(&other).unwrap());
    assert_eq!((&one["version"], &one["accountId"]), (&json!("1.2.0"), &json!(A)));
    let [own, theirs] = one["amounts"].as_array().unwrap().as_slice() else { panic!("{one}") };
    assert_eq!((&own["sendSubtotal"], &own["sendAmount"], &own["fees"][0]["feeAmount"]), (&json!("5"), &json!("8"), &json!("3")));
    assert_eq!((&theirs["sendSubtotal"], &theirs["sendAmount"], &theirs["fees"]), (&json!("700"), &json!("700"), &Value::Null));
    for nonce in ["nonceHold", "nonceSettle"] {
        assert_ne!(one[nonce], other[nonce]);
    }
    let asked = json!({ "counterpartyAccountId": B, "sendAmount": "5", "sendCurrency": "ofcbtc", "receiveAmount": "700", "receiveCurrency": "ofcusd" });
    let (status, fees) = floor.call(Method::POST, A, "calculatefees", &asked).await;
    assert_eq!((status, &fees["feeAmount"], &fees["feeCurrency"]), (200, &json!("3"), &json!("ofcbtc")));
    assert!(floor.trades().is_empty(), "whoever only asks commits nobody");
}

#[tokio::test]
async fn a_request_for_a_payload_that_is_none_is_refused() {
    let floor = Floor::open().await;
    for asked in [
        json!({ "version": "1.1.0", "amounts": amounts() }),
        json!({ "version": "1.2.0", "amounts": [] }),
        json!({ "version": "1.2.0", "amounts": [party("acct-a 1.5 ofcbtc 700 ofcusd")] }),
        json!({ "version": "1.2.0", "amounts": [party("nobody 5 ofcbtc 700 ofcusd")] }),
    ] {
        let (status, body) = floor.call(Method::POST, A, "payload", &asked).await;
        assert_eq!((status, &body["errorName"]), (400, &json!("InvalidRequest")), "{asked}");
    }
}

#[tokio::test]
async fn a_direct_settlement_is_affirmed_by_who_asked_and_settles_with_the_other_sides_word() {
    let floor = Floor::open().await;
    let settlement = floor.direct().await;
    assert_eq!(
        (&settlement["type"], &settlement["status"], &settlement["requesterAccountId"]),
        (&json!("direct"), &json!("pending"), &json!(A))
    );
    let own = floor.own(&settlement, A).await;
    assert_eq!(
        (&own["status"], &own["lock"]["status"], &own["lock"]["amount"]),
        (&json!("affirmed"), &json!("active"), &json!("5"))
    );
    assert!(own["lock"]["createdAt"].is_object(), "as in the documentation's own sample");
    assert_eq!(floor.balance(A, "ofcbtc").as_deref(), Some("8"), "nothing has moved");
    let (status, affirmed) = floor.affirm(&settlement, B).await;
    assert_eq!((status, &affirmed["status"]), (200, &json!("affirmed")));
    let settled = floor.read(A, &format!("settlements/{}", settlement["id"].as_str().unwrap())).await;
    assert_eq!(settled["status"], "settled");
    assert!(settled["finalizedAt"].is_string());
    for (account, currency, amount) in [(A, "ofcbtc", "3"), (A, "ofcusd", "700"), (B, "ofcbtc", "5"), (B, "ofcusd", "300")] {
        assert_eq!(floor.balance(account, currency).as_deref(), Some(amount), "{account} {currency}");
    }
}

#[tokio::test]
async fn each_account_sees_its_own_payload_and_lock_and_nobody_elses() {
    let floor = Floor::open().await;
    let settlement = floor.direct().await;
    for (account, other) in [(A, B), (B, A)] {
        let shown = floor.read(account, &format!("settlements/{}", settlement["id"].as_str().unwrap())).await;
        for affirmation in shown["affirmations"].as_array().unwrap() {
            let is_own = affirmation["partyAccountId"] == account;
            assert_eq!(affirmation["payload"].is_string(), is_own, "{account} of {other}");
            assert!(is_own || (affirmation["lock"].is_null() && affirmation["signature"].is_null()));
        }
    }
}

#[tokio::test]
async fn an_agent_stands_between_two_accounts_and_keeps_what_they_leave() {
    let floor = Floor::open().await;
    let amounts = json!([party("acct-a 5 ofcbtc 700 ofcusd"), party("acct-b 710 ofcusd 5 ofcbtc")]);
    let payload = floor.payload(AGENT, &amounts).await;
    let mut trade = trade();
    for (name, value) in [("quoteAmount", "710"), ("baseReceiveAmount", "700"), ("baseReceiveCurrency", "ofcusd")] {
        trade[name] = json!(value);
    }
    let (status, settlement) = floor.post(AGENT, &payload, &json!([trade])).await;
    assert_eq!((status, &settlement["type"]), (200, &json!("agency")), "{settlement}");
    assert_eq!(settlement["affirmations"].as_array().unwrap().len(), 3);
    assert_eq!(floor.own(&settlement, AGENT).await["status"], "affirmed");
    floor.affirm(&settlement, A).await;
    assert_eq!(floor.trades()[0].status, "pending", "one word is lacking");
    floor.affirm(&settlement, B).await;
    assert_eq!(floor.trades()[0].status, "settled");
    assert_eq!(floor.balance(AGENT, "ofcusd").as_deref(), Some("10"));
    assert_eq!((floor.balance(A, "ofcusd").as_deref(), floor.balance(B, "ofcusd").as_deref()), (Some("700"), Some("290")));
}

#[tokio::test]
async fn the_same_post_again_is_another_settlement() {
    let floor = Floor::open().await;
    floor.sandbox.fund(PARTNER, Some(A), "ofcbtc", "10").await.unwrap();
    let payload = floor.payload(A, &amounts()).await;
    for _ in 0..2 {
        assert_eq!(floor.post(A, &payload, &json!([trade()])).await.0, 200);
    }
    assert_eq!(floor.trades().len(), 2, "nothing recognises a repeat");
}

#[tokio::test]
async fn what_is_not_signed_as_it_was_handed_out_is_refused() {
    let floor = Floor::open().await;
    let payload = floor.payload(A, &amounts()).await;
    let others = floor.payload(B, &amounts()).await;
    let post = async |payload: &str, signature: String, trades: Value| {
        let body = json!({ "payload": payload, "signature": signature, "trades": trades });
        floor.call(Method::POST, A, "settlements", &body).await.0
    };
    let changed = payload.replacen("700", "701", 1);
    assert_eq!(post(&changed, sign(&payload), json!([trade()])).await, 400, "another text than was signed");
    assert_eq!(post(&others, sign(&others), json!([trade()])).await, 400, "another account's payload");
    assert_eq!(post("{", sign("{"), json!([trade()])).await, 400);
    assert_eq!(post(&payload, sign(&payload), json!([])).await, 400, "no trades");
    let mut unknown = trade();
    unknown["quoteAccountId"] = json!("nobody");
    assert_eq!(post(&payload, sign(&payload), json!([unknown])).await, 400);
    assert!(floor.trades().is_empty());
    let settlement = floor.direct().await;
    let own = floor.own(&settlement, B).await;
    for (payload, signature) in [(payload.as_str(), sign(&payload)), (own["payload"].as_str().unwrap(), sign("another text"))] {
        let word = json!({ "status": "affirmed", "payload": payload, "signature": signature });
        assert_eq!(floor.say(B, &own, &word).await.0, 400);
    }
    assert_eq!(floor.own(&settlement, B).await["status"], "pending");
}

#[tokio::test]
async fn what_is_locked_for_one_settlement_is_not_there_for_another() {
    let floor = Floor::open().await;
    let first = floor.direct().await;
    let payload = floor.payload(A, &amounts()).await;
    let (status, refused) = floor.post(A, &payload, &json!([trade()])).await;
    assert_eq!((status, &refused["error"]), (400, &json!("insufficient balance")), "three are left of eight");
    let own = floor.own(&first, A).await;
    assert_eq!(floor.say(A, &own, &json!({ "status": "canceled" })).await.0, 200);
    assert_eq!(floor.own(&first, A).await["lock"]["status"], "released");
    assert_eq!(floor.post(A, &payload, &json!([trade()])).await.0, 200);
    floor.sandbox.fund(OTHER, Some(B), "ofcusd", "699").await.unwrap();
    let second = json!({ "id": floor.trades()[1].settlement_id });
    let (status, refused) = floor.affirm(&second, B).await;
    assert_eq!((status, &refused["error"]), (400, &json!("insufficient balance")));
}

#[tokio::test]
async fn a_word_ends_a_settlement_and_none_is_heard_afterwards() {
    for (word, end) in [("rejected", "rejected"), ("canceled", "canceled")] {
        let floor = Floor::open().await;
        let settlement = floor.direct().await;
        let own = floor.own(&settlement, B).await;
        let (status, said) = floor.say(B, &own, &json!({ "status": word })).await;
        assert_eq!((status, &said["status"]), (200, &json!(end)));
        assert_eq!(floor.trades()[0].status, end);
        for again in ["rejected", "canceled"] {
            assert_eq!(floor.say(B, &own, &json!({ "status": again })).await.0, 400, "{again}");
        }
        assert_eq!(floor.affirm(&settlement, B).await.0, 400);
        assert_eq!(floor.balance(A, "ofcbtc").as_deref(), Some("8"), "nothing has moved");
    }
}

#[tokio::test]
async fn what_nobody_affirms_in_time_is_overdue() {
    let floor = Floor::open().await;
    let settlement = floor.direct().await;
    floor.clock.advance(LIFETIME_MS - 1);
    assert_eq!(floor.own(&settlement, B).await["status"], "pending");
    floor.clock.advance(1);
    assert_eq!(floor.own(&settlement, B).await["status"], "overdue");
    assert_eq!(floor.affirm(&settlement, B).await.0, 400);
    let own = floor.own(&settlement, A).await;
    assert_eq!(floor.say(A, &own, &json!({ "status": "canceled" })).await.0, 200, "it can still be withdrawn");
}

#[tokio::test]
async fn an_account_finds_what_it_has_a_part_in_and_nothing_else() {
    let floor = Floor::open().await;
    let settlement = floor.direct().await;
    let count = async |account: &str, list: &str| {
        let name = list.split('?').next().unwrap();
        floor.read(account, list).await[name].as_array().unwrap().len()
    };
    assert_eq!((count(A, "settlements").await, count(B, "settlements").await, count(AGENT, "settlements").await), (1, 1, 0));
    assert_eq!(count(B, "affirmations?status=pending").await, 1);
    assert_eq!(count(B, "affirmations?status=affirmed").await, 0);
    let (own, theirs) = (floor.own(&settlement, A).await, floor.own(&settlement, B).await);
    assert_eq!(floor.read(A, &format!("affirmations/{}", own["id"].as_str().unwrap())).await["id"], own["id"]);
    for (account, rest) in [
        (A, format!("affirmations/{}", theirs["id"].as_str().unwrap())),
        (AGENT, format!("settlements/{}", settlement["id"].as_str().unwrap())),
        ("acct-x", "settlements".to_owned()),
    ] {
        let (status, body) = floor.call(Method::GET, account, &rest, &Value::Null).await;
        assert_eq!((status, &body["errorName"]), (404, &json!("NotFound")), "{account} {rest}");
    }
    assert_eq!(floor.say(A, &theirs, &json!({ "status": "rejected" })).await.0, 404, "no account speaks for another");
}

#[tokio::test]
async fn an_answer_about_another_affirmation_has_another_id_and_the_effect() {
    let floor = Floor::open().await;
    let settlement = floor.direct().await;
    let own = floor.own(&settlement, B).await;
    floor.sandbox.faults().push(Fault { on: Endpoint::AffirmationPut, times: 1, behaviour: Behaviour::AnotherSettlement });
    let (status, answer) = floor.affirm(&settlement, B).await;
    assert_eq!(status, 200);
    assert_ne!(answer["id"], own["id"]);
    assert_eq!(floor.trades()[0].status, "settled");
}

#[tokio::test]
async fn a_restart_keeps_trade_settlements_and_what_is_locked_for_them() {
    let (clock, dir) = (ManualClock::new(), tempfile::tempdir().unwrap());
    let config = || {
        let accounts = vec![account(A, None, &[("ofcbtc", "8")])];
        let other = SandboxEnterprise {
            trading_accounts: vec![account(B, None, &[("ofcusd", "1000")])],
            ..SandboxEnterprise::new(OTHER, Secret::from_text(TOKEN.to_owned()), partner().public_key)
        };
        let enterprises = vec![SandboxEnterprise { trading_accounts: accounts, ..partner() }, other];
        let data_dir = Some(dir.path().to_owned());
        SandboxConfig { enterprises, data_dir, ..SandboxConfig::loopback(Arc::<ManualClock>::clone(&clock)) }
    };
    let http = || Client::builder().no_proxy().build().unwrap();
    let sandbox = Sandbox::start(config()).await.unwrap();
    let floor = Floor { sandbox, clock: Arc::clone(&clock), http: http() };
    let settlement = floor.direct().await;
    floor.sandbox.stop().await;
    let floor = Floor { sandbox: Sandbox::start(config()).await.unwrap(), clock: Arc::clone(&clock), http: http() };
    let payload = floor.payload(A, &amounts()).await;
    assert_eq!(floor.post(A, &payload, &json!([trade()])).await.0, 400, "the lock is still there");
    assert_eq!(floor.affirm(&settlement, B).await.0, 200);
    assert_eq!(floor.balance(B, "ofcbtc").as_deref(), Some("5"));
    let known: BTreeMap<_, _> = floor.trades().into_iter().map(|trade| (trade.settlement_id, trade.status)).collect();
    assert_eq!(known.get(settlement["id"].as_str().unwrap()).map(String::as_str), Some("settled"));
    floor.sandbox.stop().await;
}
