"""The connection to the gateway."""

from pathlib import Path

import grpc

# Ships with the contract: it spreads calls over all replicas, and repeats after UNAVAILABLE what may be repeated.
SERVICE_CONFIG = (Path(__file__).parent / "gen" / "service_config.json").read_text()

# Room for a settlement with the most legs, which takes more than gRPC's default of 4 MiB.
MAX_ANSWER_BYTES = 16 * 1024 * 1024


def connect(target: str) -> grpc.Channel:
    """A channel to every address of the target.

    Outside of development it takes TLS and a token: `grpc.secure_channel` with `grpc.composite_channel_credentials`.
    """
    return grpc.insecure_channel(
        f"dns:///{target}",
        options=[
            ("grpc.service_config", SERVICE_CONFIG),
            ("grpc.max_receive_message_length", MAX_ANSWER_BYTES),
            # A watch is silent for long: without a ping nobody would notice that its connection is gone.
            ("grpc.keepalive_time_ms", 30_000),
            ("grpc.keepalive_timeout_ms", 10_000),
            ("grpc.http2.max_pings_without_data", 0),
        ],
    )
