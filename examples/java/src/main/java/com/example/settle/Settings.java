package com.example.settle;

import java.util.Map;

/** Where the gateway is, and what this caller may use there. */
record Settings(
        String target,
        String enterpriseId,
        String connectionId,
        String keyId,
        String accountId,
        String merchantId,
        String wallet) {

    /** Falls back to what {@code settlement-gateway dev} has. */
    static Settings from(Map<String, String> environment) {
        return new Settings(
                environment.getOrDefault("SETTLEMENT_TARGET", "127.0.0.1:50051"),
                environment.getOrDefault("SETTLEMENT_ENTERPRISE", "ent-v2"),
                environment.getOrDefault("SETTLEMENT_CONNECTION", "09684b38-49ed-4cf6-a28e-c3a459494c69"),
                environment.getOrDefault("SETTLEMENT_KEY", "key-v1"),
                environment.getOrDefault("SETTLEMENT_ACCOUNT", "59cd72485007a239fb00282ed480da1f"),
                environment.getOrDefault("SETTLEMENT_MERCHANT", "merchant_123"),
                environment.getOrDefault("SETTLEMENT_WALLET", "0x742d35Cc6634C0532925a3b844Bc454e4438f44e"));
    }
}
