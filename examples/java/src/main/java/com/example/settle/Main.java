package com.example.settle;

import io.grpc.StatusRuntimeException;

/**
 * Calls the four main RPCs of a settlement gateway and prints what came of each.
 *
 * <p>Against {@code settlement-gateway dev} it needs no settings; elsewhere they come from the environment, see {@link Settings}.
 */
public final class Main {
    private Main() {}

    public static void main(String[] arguments) throws InterruptedException {
        System.exit(run());
    }

    private static int run() throws InterruptedException {
        var settings = Settings.from(System.getenv());
        var channel = Channels.connect(settings.target());
        try {
            new Tour(settings, channel, System.out).run();
            return 0;
        } catch (StatusRuntimeException error) {
            var refusal = Refusal.of(error);
            System.err.println("settle: " + refusal.summary() + ": " + refusal.message());
        } catch (IllegalStateException error) {
            System.err.println("settle: " + error.getMessage());
        } finally {
            channel.shutdownNow();
        }
        return 1;
    }
}
