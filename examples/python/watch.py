"""Watching a settlement through broken connections."""

import random
import time
from collections.abc import Callable, Iterator

import grpc
from refusal import Refusal
from settlement.v1.settlement_pb2 import NEXT_ACTION_WAIT, Settlement
from settlement.v1.settlement_service_pb2 import WatchSettlementRequest
from settlement.v1.settlement_service_pb2_grpc import SettlementServiceStub

FIRST_PAUSE_SECONDS = 0.2
LONGEST_PAUSE_SECONDS = 5.0

# UNAVAILABLE is a lost connection or a process that goes down, ABORTED a reader that was too slow.
RESUMABLE = {grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.ABORTED}


def watch(
    stub: SettlementServiceStub,
    request: WatchSettlementRequest,
    timeout: float,
    resumed: Callable[[grpc.RpcError, int], None],
) -> Iterator[Settlement]:
    """Yields a settlement as it is and after each change, until it is at its end or waits for a person.

    A stream that breaks is opened again after what was seen last, so that nothing is missed and nothing comes twice;
    `resumed` is told of it. `timeout` seconds bound the whole.
    """
    deadline = time.monotonic() + timeout
    seen, pause = request.after_sequence, FIRST_PAUSE_SECONDS
    while True:
        request = WatchSettlementRequest.FromString(request.SerializeToString())
        request.after_sequence = seen
        stream = stub.WatchSettlement(request, timeout=deadline - time.monotonic())
        try:
            for answer in stream:
                seen, pause = answer.settlement.sequence, FIRST_PAUSE_SECONDS
                yield answer.settlement
                if needs_somebody(answer.settlement):
                    return
            return
        except grpc.RpcError as error:
            # As long as the gateway says, and a random pause, so that many watchers do not come back at once.
            wait = Refusal.of(error).retry_delay_seconds + pause * random.uniform(0.5, 1.5)
            if error.code() not in RESUMABLE or time.monotonic() + wait >= deadline:
                raise
            resumed(error, seen)
            time.sleep(wait)
            pause = min(2 * pause, LONGEST_PAUSE_SECONDS)
        finally:
            stream.cancel()  # closes a stream that is left early


def needs_somebody(settlement: Settlement) -> bool:
    """The stream stays open, since a repair can follow, but waiting alone leads nowhere."""
    return not settlement.terminal and settlement.next_action != NEXT_ACTION_WAIT
