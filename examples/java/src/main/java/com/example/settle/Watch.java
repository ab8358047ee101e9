package com.example.settle;

import io.grpc.Context;
import io.grpc.Deadline;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import settlementgateway.v1.NextAction;
import settlementgateway.v1.Settlement;
import settlementgateway.v1.SettlementServiceGrpc.SettlementServiceBlockingStub;
import settlementgateway.v1.WatchSettlementRequest;

/** Watching a settlement through broken connections. */
final class Watch {
    private static final Duration FIRST_PAUSE = Duration.ofMillis(200);
    private static final Duration LONGEST_PAUSE = Duration.ofSeconds(5);

    /** UNAVAILABLE is a lost connection or a process that goes down, ABORTED a reader that was too slow. */
    private static final Set<Status.Code> RESUMABLE = Set.of(Status.Code.UNAVAILABLE, Status.Code.ABORTED);

    /** Is told of each stream that broke. */
    @FunctionalInterface
    interface Resumed {
        void after(StatusRuntimeException error, long sequence);
    }

    private final SettlementServiceBlockingStub settlements;
    private final Resumed resumed;

    Watch(SettlementServiceBlockingStub settlements, Resumed resumed) {
        this.settlements = settlements;
        this.resumed = resumed;
    }

    /**
     * Tells a settlement as it is and after each change, until it is at its end or waits for a person, and returns the last.
     *
     * <p>A stream that breaks is opened again after what was seen last, so that nothing is missed and nothing comes twice.
     */
    Settlement follow(WatchSettlementRequest request, Duration timeout, Consumer<Settlement> each)
            throws InterruptedException {
        var deadline = Deadline.after(timeout.toMillis(), TimeUnit.MILLISECONDS);
        var last = Settlement.getDefaultInstance();
        var seen = request.getAfterSequence();
        var pause = FIRST_PAUSE;
        while (true) {
            // Cancelling the context closes a stream that is left early.
            try (var context = Context.current().withCancellation()) {
                var caller = context.attach();
                try {
                    var from = request.toBuilder().setAfterSequence(seen).build();
                    var answers = settlements.withDeadline(deadline).watchSettlement(from);
                    while (answers.hasNext()) {
                        last = answers.next().getSettlement();
                        seen = last.getSequence();
                        pause = FIRST_PAUSE;
                        each.accept(last);
                        if (needsSomebody(last)) {
                            return last;
                        }
                    }
                    return last;
                } finally {
                    context.detach(caller);
                }
            } catch (StatusRuntimeException error) {
                // As long as the gateway says, and a random pause, so that many watchers do not come back at once.
                var random = (long) (pause.toMillis() * ThreadLocalRandom.current().nextDouble(0.5, 1.5));
                var wait = Refusal.of(error).retryDelay().toMillis() + random;
                var left = deadline.timeRemaining(TimeUnit.MILLISECONDS);
                if (!RESUMABLE.contains(error.getStatus().getCode()) || left <= wait) {
                    throw error;
                }
                resumed.after(error, seen);
                Thread.sleep(wait);
            }
            pause = pause.multipliedBy(2).compareTo(LONGEST_PAUSE) < 0 ? pause.multipliedBy(2) : LONGEST_PAUSE;
        }
    }

    /** The stream stays open, since a repair can follow, but waiting alone leads nowhere. */
    private static boolean needsSomebody(Settlement settlement) {
        return !settlement.getTerminal() && settlement.getNextAction() != NextAction.NEXT_ACTION_WAIT;
    }
}
