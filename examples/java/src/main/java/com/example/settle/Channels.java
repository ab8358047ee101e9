package com.example.settle;

import com.google.gson.Gson;
import com.google.gson.reflect.TypeToken;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** The connection to the gateway. */
final class Channels {
    /** Room for a settlement with the most legs, which takes more than gRPC's default of 4 MiB. */
    private static final int MAX_ANSWER_BYTES = 16 * 1024 * 1024;

    private Channels() {}

    /**
     * A channel to every address of the target. Outside of development it takes TLS and a token: {@code TlsChannelCredentials}
     * here, and {@code CallCredentials} at the stubs.
     */
    static ManagedChannel connect(String target) {
        return Grpc.newChannelBuilder("dns:///" + target, InsecureChannelCredentials.create())
                .defaultServiceConfig(serviceConfig())
                .maxInboundMessageSize(MAX_ANSWER_BYTES)
                // A watch is silent for long: without a ping nobody would notice that its connection is gone.
                .keepAliveTime(30, TimeUnit.SECONDS)
                .keepAliveTimeout(10, TimeUnit.SECONDS)
                .build();
    }

    /** Ships with the contract: it spreads calls over all replicas, and repeats after UNAVAILABLE what may be repeated. */
    private static Map<String, ?> serviceConfig() {
        try (var json = new InputStreamReader(
                Channels.class.getResourceAsStream("/service_config.json"), StandardCharsets.UTF_8)) {
            return new Gson().fromJson(json, new TypeToken<Map<String, ?>>() {}.getType());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
