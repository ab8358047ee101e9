package main

import (
	_ "embed"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/keepalive"
)

// maxAnswer is room for a settlement with the most legs, which takes more than gRPC's default of 4 MiB.
const maxAnswer = 16 << 20

// serviceConfig ships with the contract: it spreads calls over all replicas, and repeats after UNAVAILABLE what may be repeated.
//
//go:embed gen/service_config.json
var serviceConfig string

// dial makes a channel to every address of the target. Outside of development it takes TLS and a token:
// credentials.NewTLS instead of insecure, and grpc.WithPerRPCCredentials.
func dial(target string) (*grpc.ClientConn, error) {
	return grpc.NewClient(
		"dns:///"+target,
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultServiceConfig(serviceConfig),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(maxAnswer)),
		// A watch is silent for long: without a ping nobody would notice that its connection is gone.
		grpc.WithKeepaliveParams(keepalive.ClientParameters{Time: 30 * time.Second, Timeout: 10 * time.Second}),
	)
}
