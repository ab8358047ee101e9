package com.example.settle;

import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.util.Durations;
import com.google.rpc.BadRequest;
import com.google.rpc.ErrorInfo;
import com.google.rpc.RetryInfo;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/** An error of the gateway with the details that stand beside it. Decide by the reason, never by the message. */
record Refusal(
        Status.Code code,
        String message,
        String reason,
        Map<String, String> metadata,
        List<BadRequest.FieldViolation> violations,
        Duration retryDelay) {

    /** Reads the details of an error that a call was answered with. */
    static Refusal of(StatusRuntimeException error) {
        var info = ErrorInfo.getDefaultInstance();
        var badRequest = BadRequest.getDefaultInstance();
        var retryDelay = Duration.ZERO; // the least wait before a repeat, where one alone can help
        var status = StatusProto.fromThrowable(error);
        try {
            for (Any detail : status.getDetailsList()) {
                if (detail.is(ErrorInfo.class)) {
                    info = detail.unpack(ErrorInfo.class);
                } else if (detail.is(BadRequest.class)) {
                    badRequest = detail.unpack(BadRequest.class);
                } else if (detail.is(RetryInfo.class)) {
                    var delay = detail.unpack(RetryInfo.class).getRetryDelay();
                    retryDelay = Duration.ofNanos(Durations.toNanos(delay));
                }
            }
        } catch (InvalidProtocolBufferException e) {
            error.addSuppressed(e); // the code and the message still stand
        }
        return new Refusal(
                error.getStatus().getCode(),
                status.getMessage(),
                info.getReason(),
                info.getMetadataMap(),
                badRequest.getFieldViolationsList(),
                retryDelay);
    }

    /** The reason and, of a write, whether money can have moved and what to do. */
    String summary() {
        var named = reason.isEmpty() ? code.name() : code + " " + reason;
        return metadata.containsKey("outcome")
                ? "%s, outcome %s, next action %s".formatted(named, metadata.get("outcome"), metadata.get("next_action"))
                : named;
    }
}
