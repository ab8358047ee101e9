use super::super::amounts::tests::{account, party, trade, units};
use super::*;
use proptest::prelude::*;

/// Seed 003's own example.
const SEED: &str = r#"{"version":"1.2.0","accountId":"59cd72485007a239fb00282ed480da1f","amounts":[{"accountId":"5e20faa843795147000da79b8a01f757","sendSubtotal":"1000000","sendAmount":"1000000","sendCurrency":"ofctusd","receiveAmount":"1000000","receiveCurrency":"ofctbtc"},{"accountId":"59cd72485007a239fb00282ed480da1f","sendSubtotal":"1000000","sendAmount":"1000000","sendCurrency":"ofctbtc","receiveAmount":"1000000","receiveCurrency":"ofctusd"}],"nonceHold":"zq/aCtZC4XOlDyRGFdlsww==","nonceSettle":"FnG6xbzehNn0o/0Qt3UeUg=="}"#;

/// A payload of `a`, whose entry carries a fee of 3.
const WITH_FEE: &str = r#"{"version":"1.2.0","accountId":"a","amounts":[{"accountId":"a","sendSubtotal":"5","sendAmount":"8","sendCurrency":"ofcbtc","receiveAmount":"700","receiveCurrency":"ofcusd","fees":[{"feeType":"settlement","feeAmount":"3"}]},{"accountId":"b","sendSubtotal":"700","sendAmount":"700","sendCurrency":"ofcusd","receiveAmount":"5","receiveCurrency":"ofcbtc"}],"nonceHold":"h","nonceSettle":"s"}"#;

fn asked() -> Vec<PartyAmounts> {
    vec![party("b 700 ofcusd 5 ofcbtc"), party("a 5 ofcbtc 700 ofcusd")]
}

fn held(payload: &str, amounts: &[PartyAmounts], trades: &[Trade], max_fee: Option<&str>) -> Result<(), String> {
    let max_fee = max_fee.map(units);
    let account = account("a");
    let expected = Expectation { account_id: &account, amounts, trades, max_fee: max_fee.as_ref(), is_requester: true };
    read_trade_payload(payload).and_then(|payload| payload.hold(expected)).map_err(|mismatch| mismatch.path)
}

#[test]
fn the_seeds_payload_is_read_with_its_nonces() {
    let payload = read_trade_payload(SEED).unwrap();
    assert_eq!(payload.account_id.as_str(), "59cd72485007a239fb00282ed480da1f");
    assert_eq!(payload.nonces.hold, "zq/aCtZC4XOlDyRGFdlsww==");
    assert_eq!(payload.parties().len(), 2);
    assert_eq!(Nonces::from_text(&payload.nonces.to_text()), Some(payload.nonces));
}

#[test]
fn nonces_that_are_shifted_into_each_other_are_others() {
    let text = |hold: &str, settle: &str| Nonces { hold: hold.into(), settle: settle.into() }.to_text();
    assert_ne!(text("a b", "c"), text("a", "b c"));
    for broken in ["", "1", "9:a b", "1:ab", "x:a b"] {
        assert_eq!(Nonces::from_text(broken), None, "{broken}");
    }
}

#[test]
fn a_payload_that_says_what_was_asked_is_held_in_any_order_of_its_amounts() {
    assert_eq!(held(WITH_FEE, &asked(), &[trade("5", "700")], Some("3")), Ok(()));
    assert_eq!(held(WITH_FEE, &asked(), &[], Some("3")), Ok(()));
    assert_eq!(held(WITH_FEE, &[], &[trade("5", "700")], Some("4")), Ok(()));
}

#[test]
fn a_fee_beyond_what_is_allowed_is_not_signed() {
    assert_eq!(held(WITH_FEE, &asked(), &[], Some("2")), Err("amounts.fees".to_owned()));
    assert_eq!(held(WITH_FEE, &asked(), &[], None), Err("amounts.fees".to_owned()));
}

#[test]
fn nothing_is_held_against_nothing() {
    assert!(held(WITH_FEE, &[], &[], Some("3")).is_err());
}

#[test]
fn every_tampered_place_is_named() {
    for (from, to, path) in [
        (r#""version":"1.2.0""#, r#""version":"1.3.0""#, "version"),
        (r#""version":"1.2.0","accountId":"a""#, r#""version":"1.2.0","accountId":"b""#, "accountId"),
        (r#""sendSubtotal":"5","sendAmount":"8""#, r#""sendSubtotal":"50","sendAmount":"53""#, "amounts[0]"),
        (r#""sendAmount":"8""#, r#""sendAmount":"9""#, "amounts[0].sendAmount"),
        (r#""receiveAmount":"700""#, r#""receiveAmount":"7""#, "amounts[0]"),
        (r#""receiveCurrency":"ofcusd""#, r#""receiveCurrency":"ofceur""#, "amounts[0]"),
        (r#""sendCurrency":"ofcusd""#, r#""sendCurrency":"ofceur""#, "amounts[1]"),
        (r#""accountId":"b""#, r#""accountId":"c""#, "amounts[1]"),
        (r#""nonceSettle":"s""#, r#""nonceSettle":"s","to":"me""#, "to"),
        (r#""nonceSettle":"s""#, r#""nonceSettle":"""#, "nonceSettle"),
        (r#""nonceSettle":"s""#, r#""nonceSettle":7"#, "nonceSettle"),
        (r#""nonceHold":"h","#, "", "nonceHold"),
        (r#""nonceHold":"h","#, r#""nonceHold":"h","nonceHold":"h","#, "$"),
        (r#""sendSubtotal":"5""#, r#""sendSubtotal":5"#, "amounts[0].sendSubtotal"),
        (r#""sendSubtotal":"5""#, r#""sendSubtotal":"5.0""#, "amounts[0].sendSubtotal"),
        (r#""feeAmount":"3""#, r#""feeAmount":"3","payTo":"me""#, "amounts[0].fees[0].payTo"),
        (r#""feeAmount":"3""#, r#""feeAmount":"3","feeCurrency":"ofcusd""#, "amounts[0].fees[0].feeCurrency"),
        (r#""feeAmount":"3""#, r#""feeAmount":"-3""#, "amounts[0].fees[0].feeAmount"),
    ] {
        let tampered = WITH_FEE.replacen(from, to, 1);
        assert_ne!(tampered, WITH_FEE, "{from}");
        assert_eq!(held(&tampered, &asked(), &[], Some("3")), Err(path.to_owned()), "{to}");
    }
}

#[test]
fn an_entry_too_many_or_too_few_is_named() {
    let mut more = asked();
    more.push(party("a 5 ofcbtc 700 ofcusd"));
    assert_eq!(held(WITH_FEE, &more, &[], Some("3")), Err("amounts of a".to_owned()));
    assert_eq!(held(WITH_FEE, &asked()[..1], &[], Some("3")), Err("amounts[0]".to_owned()));
}

#[test]
fn who_affirms_answers_for_its_own_amounts_and_those_that_it_names() {
    let (own, other) = (account("a"), party("b 701 ofcusd 5 ofcbtc"));
    let fee = units("3");
    let affirming = |amounts: &[PartyAmounts], trades: &[Trade]| {
        let expected = Expectation { account_id: &own, amounts, trades, max_fee: Some(&fee), is_requester: false };
        read_trade_payload(WITH_FEE).unwrap().hold(expected)
    };
    assert_eq!(affirming(&asked()[1..], &[]), Ok(()));
    assert_eq!(affirming(&[asked()[1].clone(), other], &[]).unwrap_err().path, "amounts[1]");
    assert_eq!(affirming(&asked()[..1], &[]).unwrap_err().path, "amounts[0]");
    assert_eq!(affirming(&[], &[trade("5", "700")]), Ok(()));
    assert!(affirming(&[], &[trade("6", "700")]).is_err());
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused_without_panic(text in ".{0,200}") {
        let _ = read_trade_payload(&text);
    }

    #[test]
    fn a_changed_character_is_never_the_same_payload(place in 0..WITH_FEE.len(), to in "[0-9a-z\"{}:,]") {
        let mut changed = WITH_FEE.to_owned();
        changed.replace_range(place..=place, &to);
        let same = read_trade_payload(WITH_FEE).unwrap();
        if changed != WITH_FEE && held(&changed, &asked(), &[], Some("3")) == Ok(()) {
            // What may differ is the word for a fee and the nonces, which are the venue's to choose.
            let read = read_trade_payload(&changed).unwrap();
            prop_assert_eq!(read.parties(), same.parties());
        }
    }
}

#[test]
fn the_signers_account_in_another_spelling_does_not_pass_for_somebody_elses() {
    let respelled = WITH_FEE.replacen(r#""amounts":[{"accountId":"a""#, r#""amounts":[{"accountId":"A""#, 1);
    let asked = [party("b 700 ofcusd 5 ofcbtc"), party("A 5 ofcbtc 700 ofcusd")];
    assert_eq!(held(&respelled, &asked, &[], None), Err("amounts[0].accountId".to_owned()));
}
