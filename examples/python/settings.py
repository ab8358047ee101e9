"""Where the gateway is, and what this caller may use there. Without settings it is what `settlement-gateway dev` has."""

import os
from dataclasses import dataclass, field


def _variable(name: str, otherwise: str) -> str:
    return field(default_factory=lambda: os.environ.get(name) or otherwise)


@dataclass(frozen=True)
class Settings:
    target: str = _variable("SETTLEMENT_TARGET", "127.0.0.1:50051")
    enterprise_id: str = _variable("SETTLEMENT_ENTERPRISE", "ent-v2")
    connection_id: str = _variable("SETTLEMENT_CONNECTION", "09684b38-49ed-4cf6-a28e-c3a459494c69")
    key_id: str = _variable("SETTLEMENT_KEY", "key-v1")
    account_id: str = _variable("SETTLEMENT_ACCOUNT", "59cd72485007a239fb00282ed480da1f")
    merchant_id: str = _variable("SETTLEMENT_MERCHANT", "merchant_123")
    wallet: str = _variable("SETTLEMENT_WALLET", "0x742d35Cc6634C0532925a3b844Bc454e4438f44e")
