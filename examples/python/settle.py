"""Calls the four main RPCs of a settlement gateway and prints what came of each.

Against `settlement-gateway dev` it needs no settings; elsewhere they come from the environment, see settings.py.
"""

import base64
import json
import secrets
import sys
import time

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc
from settlement.v1.amounts_pb2 import SettlementAmount
from settlement.v1.client_settlement_pb2 import GetClientSettlementRequest
from settlement.v1.quote_pb2 import CreateQuoteRequest
from settlement.v1.quote_pb2_grpc import QuoteServiceStub
from settlement.v1.reconciliation_pb2 import ReconciliationStatus
from settlement.v1.settlement_pb2 import (
    SETTLEMENT_STATE_COMPLETED,
    NextAction,
    Settlement,
    SettlementOutcome,
    SettlementState,
)
from settlement.v1.settlement_service_pb2 import InitiateSettlementRequest, WatchSettlementRequest
from settlement.v1.settlement_service_pb2_grpc import SettlementServiceStub
from settlement.v1.signing_pb2 import Purpose, SignPayloadRequest
from settlement.v1.signing_pb2_grpc import SigningServiceStub
from settlement.v1.venue_status_pb2 import VenueSettlementStatus

from channel import connect
from refusal import Refusal
from settings import Settings
from watch import watch

# What a caller waits for an answer. It is no limit for a settlement, which goes on without its caller.
CALL_TIMEOUT_SECONDS = 15.0
# Longer than the venue's windows take in `dev`.
WATCH_TIMEOUT_SECONDS = 120.0

SERVICE = "settlement.v1.SettlementService"


class Failed(Exception):
    """The gateway answered, and not as it should."""


class Tour:
    """One run of the program."""

    def __init__(self, settings: Settings, channel: grpc.Channel) -> None:
        self.settings = settings
        self.health = health_pb2_grpc.HealthStub(channel)
        self.settlements = SettlementServiceStub(channel)
        self.signing = SigningServiceStub(channel)
        self.quotes = QuoteServiceStub(channel)

    def run(self) -> None:
        self.check_health()
        self.sign()
        self.quote()
        settlement = self.settle()
        self.follow(settlement)
        self.read_as_client(settlement.settlement_id)

    def check_health(self) -> None:
        answer = self.health.Check(health_pb2.HealthCheckRequest(service=SERVICE), timeout=CALL_TIMEOUT_SECONDS)
        status = health_pb2.HealthCheckResponse.ServingStatus.Name(answer.status)
        if answer.status != health_pb2.HealthCheckResponse.SERVING:
            raise Failed(f"{SERVICE} is {status}")
        say("Health", f"{SERVICE} is {status}")

    def sign(self) -> None:
        """Has a payload signed verbatim. The same payload again gets the same signature."""
        # What the venue would hand out: a signature belongs to its nonces for ever, so each run has its own.
        payload = {
            "version": "1.2.0",
            "accountId": self.settings.account_id,
            "amounts": [],
            "nonceHold": base64.b64encode(secrets.token_bytes(16)).decode(),
            "nonceSettle": base64.b64encode(secrets.token_bytes(16)).decode(),
        }
        request = SignPayloadRequest(key_id=self.settings.key_id, payload=json.dumps(payload, separators=(",", ":")))
        signed = self.signing.SignPayload(request, timeout=CALL_TIMEOUT_SECONDS)
        purpose = short(Purpose, signed.purpose)
        say("SignPayload", f"{signed.key_id} signed a {purpose}: {signed.signature}")

    def quote(self) -> None:
        request = CreateQuoteRequest(
            # With a name of its own a repeat returns the first quote instead of making another.
            request_id=f"example-{secrets.token_hex(16)}",
            source_amount=100_000,  # minor units: KES 1,000.00
            source_currency="KES",
            destination_currency="USDT",
            external_merchant_id=self.settings.merchant_id,
            chain="eip155:137",
            wallet_address=self.settings.wallet,
        )
        quote = self.quotes.CreateQuote(request, timeout=CALL_TIMEOUT_SECONDS).quote
        until = quote.expires_at.ToJsonString()
        say("CreateQuote", f"{quote.tx_id} pays {quote.destination_amount} {quote.destination_currency} until {until}")

    def settle(self) -> Settlement:
        """Initiates a settlement, and shows two refusals."""
        request = InitiateSettlementRequest(
            enterprise_id=self.settings.enterprise_id,
            # The one name of this settlement for ever: store it before the first call, and repeat under it whatever happens.
            external_id=f"example-{secrets.token_hex(16)}",
            settlement_amounts=[
                SettlementAmount(connection_id=self.settings.connection_id, currency="BTC", amount="1"),
                SettlementAmount(connection_id=self.settings.connection_id, currency="ETH", amount="-2.5"),
            ],
        )
        request.cutoff_at.FromMilliseconds(time.time_ns() // 1_000_000)

        invalid = InitiateSettlementRequest.FromString(request.SerializeToString())
        invalid.settlement_amounts[0].amount = "1e3"
        self.expect_refusal(invalid, grpc.StatusCode.INVALID_ARGUMENT, "INVALID_REQUEST")

        settlement = self.initiate(request)
        # OK says that it is stored, not that it is settled: state, outcome and next_action say how it stands.
        say(
            "InitiateSettlement",
            f"{settlement.external_id} is {short(SettlementState, settlement.state)}, "
            f"outcome {short(SettlementOutcome, settlement.outcome)}, "
            f"next action {short(NextAction, settlement.next_action)}",
        )

        # Whoever does not know whether a call arrived repeats it: that is a read, and sends nothing.
        again = self.initiate(request)
        if again.settlement_id != settlement.settlement_id:
            raise Failed(f"the same request made a second settlement, {again.settlement_id}")

        other = InitiateSettlementRequest.FromString(request.SerializeToString())
        other.settlement_amounts[0].amount = "2"
        self.expect_refusal(other, grpc.StatusCode.ALREADY_EXISTS, "EXTERNAL_ID_REUSED")
        return settlement

    def initiate(self, request: InitiateSettlementRequest) -> Settlement:
        return self.settlements.InitiateSettlement(request, timeout=CALL_TIMEOUT_SECONDS).settlement

    def expect_refusal(self, request: InitiateSettlementRequest, code: grpc.StatusCode, reason: str) -> None:
        try:
            self.initiate(request)
        except grpc.RpcError as error:
            refusal = Refusal.of(error)
            if (refusal.code, refusal.reason) != (code, reason):
                raise
        else:
            raise Failed(f"a request was not refused with {reason}")
        say("InitiateSettlement", f"refused: {refusal.summary()}")
        for violation in refusal.violations:
            say("", f"{violation.field}: {violation.description}")

    def follow(self, settlement: Settlement) -> None:
        request = WatchSettlementRequest(enterprise_id=settlement.enterprise_id, external_id=settlement.external_id)
        for settlement in watch(self.settlements, request, WATCH_TIMEOUT_SECONDS, say_resumed):
            reconciled = ""
            if settlement.HasField("reconciliation"):
                reconciled = f", reconciled: {short(ReconciliationStatus, settlement.reconciliation.status)}"
            state = short(SettlementState, settlement.state)
            say("WatchSettlement", f"sequence {settlement.sequence}: {state}{reconciled}")
        if settlement.state != SETTLEMENT_STATE_COMPLETED:
            action = short(NextAction, settlement.next_action)
            raise Failed(f"the settlement is {short(SettlementState, settlement.state)} ({action}): {settlement.detail}")

    def read_as_client(self, settlement_id: str) -> None:
        """Reads every page of a settlement's transfers."""
        request = GetClientSettlementRequest(
            enterprise_id=self.settings.enterprise_id, settlement_id=settlement_id, page_size=1
        )
        transfers: list[str] = []
        while True:
            answer = self.settlements.GetClientSettlement(request, timeout=CALL_TIMEOUT_SECONDS)
            transfers += [f"{transfer.quantity} {transfer.currency}" for transfer in answer.settlement_transfers]
            if not answer.next_page_token:
                break
            request.page_token = answer.next_page_token
        status = short(VenueSettlementStatus, answer.settlement.status)
        say("GetClientSettlement", f"{answer.settlement.id} is {status}: {', '.join(transfers)}")


def short(kind, value: int) -> str:
    """An enum value's name less the name of its type: PENDING of SETTLEMENT_STATE_PENDING."""
    return kind.Name(value).removeprefix(kind.Name(0).removesuffix("UNSPECIFIED"))


def say(rpc: str, text: str) -> None:
    print(f"{rpc:<19} {text}", flush=True)


def say_resumed(error: grpc.RpcError, after_sequence: int) -> None:
    say("WatchSettlement", f"broken ({error.code().name}); again after sequence {after_sequence}")


def main() -> int:
    settings = Settings()
    try:
        with connect(settings.target) as channel:
            Tour(settings, channel).run()
    except grpc.RpcError as error:
        refusal = Refusal.of(error)
        print(f"settle: {refusal.summary()}: {refusal.message}", file=sys.stderr)
        return 1
    except Failed as failure:
        print(f"settle: {failure}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
