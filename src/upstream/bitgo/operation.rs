//! What a call to BitGo is called in metrics and traces: by its method and its path without the ids.

use reqwest::{Method, Url};

/// The name of a call. A path that is nobody's here has none of its own, so that no path ever becomes a label.
pub(super) fn operation(method: &Method, url: &Url) -> &'static str {
    let segments: Vec<&str> = url.path_segments().map(Iterator::collect).unwrap_or_default();
    let writes = *method == Method::POST || *method == Method::PUT;
    match segments.as_slice() {
        [.., "partners", "settlements-signing"] => "bitgo.signing_payload",
        [.., "partners", "settlements"] if writes => "bitgo.post_settlement",
        [.., "partners", "settlements"] => "bitgo.list_settlements",
        [.., "partners", "settlements", _] => "bitgo.read_settlement",
        [.., "partners", "balances"] => "bitgo.list_balances",
        [.., "partners", "connections"] => "bitgo.list_connections",
        [.., "partners", "settlement", "disputes"] => "bitgo.list_disputes",
        [.., "partners"] => "bitgo.read_terms",
        [.., "clients", "settlements"] => "bitgo.list_client_settlements",
        [.., "clients", "settlements", _] => "bitgo.read_client_settlement",
        [.., "clients", "settlementTransfers"] => "bitgo.list_client_transfers",
        [.., "account", _, "payload"] => "bitgo.trade_payload",
        [.., "account", _, "settlements"] if writes => "bitgo.create_trade_settlement",
        [.., "account", _, "settlements"] => "bitgo.list_trade_settlements",
        [.., "account", _, "settlements", _] => "bitgo.read_trade_settlement",
        [.., "account", _, "affirmations", _] if writes => "bitgo.put_affirmation",
        [.., "account", _, "affirmations"] => "bitgo.list_affirmations",
        [.., "account", _, "affirmations", _] => "bitgo.read_affirmation",
        [.., "account", _, "calculatefees"] => "bitgo.calculate_fees",
        _ => OTHER,
    }
}

const OTHER: &str = "bitgo.other";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_is_named_by_what_it_does_and_never_by_an_id() {
        let named = |method: &str, below: &str| {
            let url = Url::parse(&format!("https://venue.example/base/api/network/v1/enterprises/e-1/{below}")).unwrap();
            operation(&method.parse().unwrap(), &url)
        };
        for (method, below, name) in [
            ("POST", "partners/settlements-signing", "bitgo.signing_payload"),
            ("GET", "partners/settlements-signing", "bitgo.signing_payload"),
            ("POST", "partners/settlements", "bitgo.post_settlement"),
            ("GET", "partners/settlements?externalIds=x", "bitgo.list_settlements"),
            ("GET", "partners/settlements/s-1", "bitgo.read_settlement"),
            ("GET", "partners/balances", "bitgo.list_balances"),
            ("GET", "partners/connections", "bitgo.list_connections"),
            ("GET", "partners/settlement/disputes", "bitgo.list_disputes"),
            ("GET", "partners", "bitgo.read_terms"),
            ("GET", "clients/settlements", "bitgo.list_client_settlements"),
            ("GET", "clients/settlements/s-1", "bitgo.read_client_settlement"),
            ("GET", "clients/settlementTransfers", "bitgo.list_client_transfers"),
            ("GET", "somewhere/else", "bitgo.other"),
        ] {
            assert_eq!(named(method, below), name, "{method} {below}");
        }
    }

    #[test]
    fn calls_to_bitgo_trade_are_named_too() {
        let named = |method: &str, below: &str| {
            let url = Url::parse(&format!("https://venue.example/api/trade/v1/enterprise/e-1/account/a-1/{below}")).unwrap();
            operation(&method.parse().unwrap(), &url)
        };
        for (method, below, name) in [
            ("POST", "payload", "bitgo.trade_payload"),
            ("POST", "settlements", "bitgo.create_trade_settlement"),
            ("GET", "settlements", "bitgo.list_trade_settlements"),
            ("GET", "settlements/s-1", "bitgo.read_trade_settlement"),
            ("PUT", "affirmations/a-1", "bitgo.put_affirmation"),
            ("GET", "affirmations", "bitgo.list_affirmations"),
            ("GET", "affirmations/a-1", "bitgo.read_affirmation"),
            ("POST", "calculatefees", "bitgo.calculate_fees"),
        ] {
            assert_eq!(named(method, below), name, "{method} {below}");
        }
    }
}
