"""Errors of the gateway with the details that stand beside them."""

from dataclasses import dataclass, field

import grpc
from google.rpc import error_details_pb2
from grpc_status import rpc_status


@dataclass(frozen=True)
class Refusal:
    """An error that the gateway answered. Decide by the reason, never by the message."""

    code: grpc.StatusCode
    message: str
    reason: str = ""
    metadata: dict[str, str] = field(default_factory=dict)
    violations: list[error_details_pb2.BadRequest.FieldViolation] = field(default_factory=list)
    retry_delay_seconds: float = 0.0  # the least wait before a repeat, where one alone can help

    @classmethod
    def of(cls, error: grpc.RpcError) -> "Refusal":
        """Reads the details of an error that a call raised."""
        info, bad_request, retry = error_details_pb2.ErrorInfo(), error_details_pb2.BadRequest(), error_details_pb2.RetryInfo()
        status = rpc_status.from_call(error)
        for detail in status.details if status else ():
            detail.Unpack(info)
            detail.Unpack(bad_request)
            detail.Unpack(retry)
        return cls(
            code=error.code(),
            message=error.details() or "",
            reason=info.reason,
            metadata=dict(info.metadata),
            violations=list(bad_request.field_violations),
            retry_delay_seconds=retry.retry_delay.ToTimedelta().total_seconds(),
        )

    def summary(self) -> str:
        """The reason and, of a write, whether money can have moved and what to do."""
        summary = " ".join(filter(None, [self.code.name, self.reason]))
        if "outcome" in self.metadata:
            summary += f", outcome {self.metadata['outcome']}, next action {self.metadata['next_action']}"
        return summary
