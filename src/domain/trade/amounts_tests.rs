use super::*;

pub(in crate::domain::trade) fn account(id: &str) -> TradingAccountId {
    TradingAccountId::new(id).unwrap()
}

pub(in crate::domain::trade) fn units(text: &str) -> BaseUnits {
    BaseUnits::parse(text).unwrap()
}

fn currency(name: &str) -> Currency {
    Currency::new(name).unwrap()
}

/// A party from `account sends currency receives currency`.
pub(in crate::domain::trade) fn party(text: &str) -> PartyAmounts {
    let words: Vec<&str> = text.split(' ').collect();
    PartyAmounts {
        account_id: account(words[0]),
        send_amount: units(words[1]),
        send_currency: currency(words[2]),
        receive_amount: units(words[3]),
        receive_currency: currency(words[4]),
    }
}

/// A trade in which `a` sends bitcoin and `b` sends dollars.
pub(in crate::domain::trade) fn trade(base: &str, quote: &str) -> Trade {
    Trade {
        id: None,
        base_account_id: account("a"),
        quote_account_id: account("b"),
        status: TradeStatus::Pending,
        timestamp: "2026-03-18T12:00:00Z".parse().unwrap(),
        base_amount: units(base),
        quote_amount: units(quote),
        base_currency: currency("ofcbtc"),
        quote_currency: currency("ofcusd"),
        base_receive: None,
        quote_receive: None,
        cost_basis: None,
        cost_basis_currency: None,
        external_id: None,
    }
}

fn direct(parties: &[&str], trades: &[Trade]) -> Option<(String, String)> {
    let parties: Vec<_> = parties.iter().map(|text| party(text)).collect();
    disagreement(&parties, trades, Scope::Everybody { requester: &account("a") })
}

fn agency(parties: &[&str], trades: &[Trade]) -> Option<(String, String)> {
    let parties: Vec<_> = parties.iter().map(|text| party(text)).collect();
    disagreement(&parties, trades, Scope::Everybody { requester: &account("r") })
}

fn at(account: &str, currency: &str) -> Option<(String, String)> {
    Some((account.to_owned(), currency.to_owned()))
}

#[test]
fn base_units_are_whole_and_never_negative() {
    for text in ["0", "1", "007", "100000000000000000000000000000000000000"] {
        assert_eq!(BaseUnits::parse(text).unwrap().as_str(), text);
    }
    for text in ["", "-1", "1.0", "1.5", "+1", "1e3", " 1", "0x1"] {
        assert_eq!(BaseUnits::parse(text), Err(AmountError::NotDecimal), "{text}");
    }
    assert_eq!(BaseUnits::parse(&"9".repeat(41)), Err(AmountError::TooManyDigits));
}

#[test]
fn a_direct_settlements_amounts_come_to_its_trades() {
    assert_eq!(direct(&["a 5 ofcbtc 700 ofcusd", "b 700 ofcusd 5 ofcbtc"], &[trade("5", "700")]), None);
    assert_eq!(
        direct(&["a 8 ofcbtc 1000 ofcusd", "b 1000 ofcusd 8 ofcbtc"], &[trade("5", "700"), trade("3", "300")]),
        None,
        "two trades in one entry"
    );
}

#[test]
fn every_other_amount_account_or_currency_is_a_disagreement() {
    let trades = [trade("5", "700")];
    assert_eq!(direct(&["a 6 ofcbtc 700 ofcusd", "b 700 ofcusd 6 ofcbtc"], &trades), at("a", "ofcbtc"));
    assert_eq!(direct(&["a 5 ofcbtc 699 ofcusd", "b 700 ofcusd 5 ofcbtc"], &trades), at("a", "ofcusd"));
    assert_eq!(direct(&["a 5 ofcbtc 700 ofcusd"], &trades), at("b", "ofcbtc"));
    assert_eq!(direct(&["a 5 ofcbtc 700 ofcusd", "b 700 ofcusd 5 ofcbtc", "c 1 ofcusd 0 ofcusd"], &trades), at("c", "ofcusd"));
    assert_eq!(direct(&["a 5 ofcbtc 700 ofceur", "b 700 ofceur 5 ofcbtc"], &trades), at("a", "ofceur"));
}

#[test]
fn what_is_sent_and_received_is_not_set_off() {
    let parties = ["a 15 ofcbtc 700 ofcusd", "a 0 ofcusd 10 ofcbtc", "b 700 ofcusd 5 ofcbtc"];
    assert_eq!(direct(&parties, &[trade("5", "700")]), at("a", "ofcbtc"));
}

#[test]
fn an_agent_gets_what_its_parties_leave_and_no_more() {
    let mut trade = trade("5", "710");
    trade.base_receive = Some((units("700"), currency("ofcusd")));
    let parties = ["a 5 ofcbtc 700 ofcusd", "b 710 ofcusd 5 ofcbtc"];
    assert_eq!(agency(&parties, &[trade.clone()]), None, "the agent need not be shown");
    assert_eq!(agency(&[parties[0], parties[1], "r 0 ofcusd 10 ofcusd"], &[trade.clone()]), None);
    assert_eq!(agency(&[parties[0], parties[1], "r 0 ofcusd 11 ofcusd"], &[trade.clone()]), at("r", "ofcusd"));
    assert_eq!(direct(&parties, &[trade.clone()]), at("a", "ofcusd"), "nobody stands between the parties");
    trade.base_receive = Some((units("711"), currency("ofcusd")));
    let short = ["a 5 ofcbtc 711 ofcusd", "b 710 ofcusd 5 ofcbtc"];
    assert_eq!(agency(&short, &[trade]), at("r", "ofcusd"), "an agent pays nothing that it does not sign for");
}

#[test]
fn an_account_that_affirms_holds_its_own_part_alone() {
    let parties = [party("a 5 ofcbtc 700 ofcusd"), party("x 700 ofcusd 5 ofcbtc")];
    let own = |id: &str| disagreement(&parties, &[trade("5", "700")], Scope::Account(&account(id)));
    assert_eq!(own("a"), None);
    assert_eq!(own("b"), at("b", "ofcbtc"));
    assert_eq!(own("z"), at("z", ""), "an account without a part in the trades has nothing to affirm");
}
