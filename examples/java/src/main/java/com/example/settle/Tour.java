package com.example.settle;

import com.google.protobuf.ProtocolMessageEnum;
import com.google.protobuf.util.Timestamps;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.health.v1.HealthGrpc;
import io.grpc.stub.AbstractStub;
import java.io.PrintStream;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HexFormat;
import java.util.concurrent.TimeUnit;
import settlementgateway.v1.CreateQuoteRequest;
import settlementgateway.v1.GetClientSettlementRequest;
import settlementgateway.v1.GetClientSettlementResponse;
import settlementgateway.v1.InitiateSettlementRequest;
import settlementgateway.v1.QuoteServiceGrpc;
import settlementgateway.v1.Settlement;
import settlementgateway.v1.SettlementAmount;
import settlementgateway.v1.SettlementServiceGrpc;
import settlementgateway.v1.SettlementState;
import settlementgateway.v1.SignPayloadRequest;
import settlementgateway.v1.SigningServiceGrpc;
import settlementgateway.v1.WatchSettlementRequest;

/** One run of the program. */
final class Tour {
    /** What a caller waits for an answer. It is no limit for a settlement, which goes on without its caller. */
    private static final long CALL_TIMEOUT_SECONDS = 15;
    /** Longer than the venue's windows take in {@code dev}. */
    private static final Duration WATCH_TIMEOUT = Duration.ofMinutes(2);

    private static final String SERVICE = SettlementServiceGrpc.SERVICE_NAME;

    private final Settings settings;
    private final PrintStream out;
    private final SecureRandom random = new SecureRandom();
    private final HealthGrpc.HealthBlockingStub health;
    private final SettlementServiceGrpc.SettlementServiceBlockingStub settlements;
    private final SigningServiceGrpc.SigningServiceBlockingStub signing;
    private final QuoteServiceGrpc.QuoteServiceBlockingStub quotes;

    Tour(Settings settings, ManagedChannel channel, PrintStream out) {
        this.settings = settings;
        this.out = out;
        this.health = HealthGrpc.newBlockingStub(channel);
        this.settlements = SettlementServiceGrpc.newBlockingStub(channel);
        this.signing = SigningServiceGrpc.newBlockingStub(channel);
        this.quotes = QuoteServiceGrpc.newBlockingStub(channel);
    }

    void run() throws InterruptedException {
        checkHealth();
        sign();
        quote();
        var settlement = settle();
        follow(settlement);
        readAsClient(settlement.getSettlementId());
    }

    private void checkHealth() {
        var request = HealthCheckRequest.newBuilder().setService(SERVICE).build();
        var status = inTime(health).check(request).getStatus();
        if (status != ServingStatus.SERVING) {
            throw new IllegalStateException(SERVICE + " is " + status);
        }
        say("Health", "%s is %s", SERVICE, status);
    }

    /** Has a payload signed verbatim. The same payload again gets the same signature. */
    private void sign() {
        // What the venue would hand out: a signature belongs to its nonces for ever, so each run has its own.
        var payload = """
                {"version":"1.2.0","accountId":"%s","amounts":[],"nonceHold":"%s","nonceSettle":"%s"}"""
                .formatted(settings.accountId(), base64(randomBytes()), base64(randomBytes()));
        var request = SignPayloadRequest.newBuilder()
                .setKeyId(settings.keyId())
                .setPayload(payload)
                .build();
        var signed = inTime(signing).signPayload(request);
        say("SignPayload", "%s signed a %s: %s", signed.getKeyId(), shorten(signed.getPurpose()), signed.getSignature());
    }

    private void quote() {
        var request = CreateQuoteRequest.newBuilder()
                // With a name of its own a repeat returns the first quote instead of making another.
                .setRequestId(newId())
                .setSourceAmount(100_000) // minor units: KES 1,000.00
                .setSourceCurrency("KES")
                .setDestinationCurrency("USDT")
                .setExternalMerchantId(settings.merchantId())
                .setChain("eip155:137")
                .setWalletAddress(settings.wallet())
                .build();
        var quote = inTime(quotes).createQuote(request).getQuote();
        say("CreateQuote", "%s pays %s %s until %s", quote.getTxId(), quote.getDestinationAmount(),
                quote.getDestinationCurrency(), Timestamps.toString(quote.getExpiresAt()));
    }

    /** Initiates a settlement, and shows two refusals. */
    private Settlement settle() {
        var request = InitiateSettlementRequest.newBuilder()
                .setEnterpriseId(settings.enterpriseId())
                // The one name of this settlement for ever: store it before the first call, and repeat under it whatever happens.
                .setExternalId(newId())
                .addSettlementAmounts(amount("BTC", "1"))
                .addSettlementAmounts(amount("ETH", "-2.5"))
                .setCutoffAt(Timestamps.fromMillis(System.currentTimeMillis()))
                .build();

        var invalid = request.toBuilder().setSettlementAmounts(0, amount("BTC", "1e3")).build();
        expectRefusal(invalid, Status.Code.INVALID_ARGUMENT, "INVALID_REQUEST");

        var settlement = initiate(request);
        // OK says that it is stored, not that it is settled: state, outcome and next action say how it stands.
        say("InitiateSettlement", "%s is %s, outcome %s, next action %s", settlement.getExternalId(),
                shorten(settlement.getState()), shorten(settlement.getOutcome()), shorten(settlement.getNextAction()));

        // Whoever does not know whether a call arrived repeats it: that is a read, and sends nothing.
        var again = initiate(request);
        if (!again.getSettlementId().equals(settlement.getSettlementId())) {
            throw new IllegalStateException("the same request made a second settlement, " + again.getSettlementId());
        }

        var other = request.toBuilder().setSettlementAmounts(0, amount("BTC", "2")).build();
        expectRefusal(other, Status.Code.ALREADY_EXISTS, "EXTERNAL_ID_REUSED");
        return settlement;
    }

    private Settlement initiate(InitiateSettlementRequest request) {
        return inTime(settlements).initiateSettlement(request).getSettlement();
    }

    private void expectRefusal(InitiateSettlementRequest request, Status.Code code, String reason) {
        try {
            initiate(request);
        } catch (StatusRuntimeException error) {
            var refusal = Refusal.of(error);
            if (refusal.code() != code || !refusal.reason().equals(reason)) {
                throw error;
            }
            say("InitiateSettlement", "refused: %s", refusal.summary());
            for (var violation : refusal.violations()) {
                say("", "%s: %s", violation.getField(), violation.getDescription());
            }
            return;
        }
        throw new IllegalStateException("a request was not refused with " + reason);
    }

    private void follow(Settlement settlement) throws InterruptedException {
        var request = WatchSettlementRequest.newBuilder()
                .setEnterpriseId(settlement.getEnterpriseId())
                .setExternalId(settlement.getExternalId())
                .build();
        var watch = new Watch(settlements, (error, sequence) -> say(
                "WatchSettlement", "broken (%s); again after sequence %d", error.getStatus().getCode(), sequence));
        var last = watch.follow(request, WATCH_TIMEOUT, now -> {
            var reconciled = now.hasReconciliation() ? ", reconciled: " + shorten(now.getReconciliation().getStatus()) : "";
            say("WatchSettlement", "sequence %d: %s%s", now.getSequence(), shorten(now.getState()), reconciled);
        });
        if (last.getState() != SettlementState.SETTLEMENT_STATE_COMPLETED) {
            throw new IllegalStateException("the settlement is %s (%s): %s"
                    .formatted(shorten(last.getState()), shorten(last.getNextAction()), last.getDetail()));
        }
    }

    /** Reads every page of a settlement's transfers. */
    private void readAsClient(String settlementId) {
        var request = GetClientSettlementRequest.newBuilder()
                .setEnterpriseId(settings.enterpriseId())
                .setSettlementId(settlementId)
                .setPageSize(1);
        var transfers = new ArrayList<String>();
        GetClientSettlementResponse answer;
        do {
            answer = inTime(settlements).getClientSettlement(request.build());
            for (var transfer : answer.getSettlementTransfersList()) {
                transfers.add(transfer.getQuantity() + " " + transfer.getCurrency());
            }
            request.setPageToken(answer.getNextPageToken());
        } while (!answer.getNextPageToken().isEmpty());
        say("GetClientSettlement", "%s is %s: %s", answer.getSettlement().getId(),
                shorten(answer.getSettlement().getStatus()), String.join(", ", transfers));
    }

    private SettlementAmount amount(String currency, String amount) {
        return SettlementAmount.newBuilder()
                .setConnectionId(settings.connectionId())
                .setCurrency(currency)
                .setAmount(amount)
                .build();
    }

    /** A stub whose next call has a deadline, which the gateway is told: it answers before it. */
    private static <S extends AbstractStub<S>> S inTime(S stub) {
        return stub.withDeadlineAfter(CALL_TIMEOUT_SECONDS, TimeUnit.SECONDS);
    }

    private String newId() {
        return "example-" + HexFormat.of().formatHex(randomBytes());
    }

    private byte[] randomBytes() {
        var bytes = new byte[16];
        random.nextBytes(bytes);
        return bytes;
    }

    private static String base64(byte[] bytes) {
        return Base64.getEncoder().encodeToString(bytes);
    }

    /** An enum value's name less the name of its type: PENDING of SETTLEMENT_STATE_PENDING. */
    private static String shorten(ProtocolMessageEnum value) {
        var unspecified = value.getDescriptorForType().findValueByNumber(0).getName();
        var prefix = unspecified.substring(0, unspecified.length() - "UNSPECIFIED".length());
        return value.toString().substring(prefix.length());
    }

    private void say(String rpc, String format, Object... arguments) {
        out.printf("%-19s %s%n", rpc, format.formatted(arguments));
        out.flush();
    }
}
