package main

import (
	"context"
	"errors"
	"io"
	"iter"
	"math/rand/v2"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	settlementv1 "example.com/settle/gen/settlement/v1"
)

const (
	firstPause   = 200 * time.Millisecond
	longestPause = 5 * time.Second
)

// watch yields a settlement as it is and after each change, until it is at its end or waits for a person.
//
// A stream that breaks is opened again after what was seen last, so that nothing is missed and nothing comes twice;
// resumed is told of it. The context's deadline ends the whole.
func watch(
	ctx context.Context,
	client settlementv1.SettlementServiceClient,
	request *settlementv1.WatchSettlementRequest,
	resumed func(err error, afterSequence uint64),
) iter.Seq2[*settlementv1.Settlement, error] {
	return func(yield func(*settlementv1.Settlement, error) bool) {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel() // closes a stream that is left early
		request := proto.CloneOf(request)
		pause := firstPause
		for {
			stream, err := client.WatchSettlement(ctx, request)
			for err == nil {
				var answer *settlementv1.WatchSettlementResponse
				if answer, err = stream.Recv(); err != nil {
					break
				}
				settlement := answer.GetSettlement()
				request.AfterSequence, pause = settlement.GetSequence(), firstPause
				if !yield(settlement, nil) || needsSomebody(settlement) {
					return
				}
			}
			if errors.Is(err, io.EOF) {
				return
			}
			if ctx.Err() != nil || !mayResume(err) {
				yield(nil, err)
				return
			}
			resumed(err, request.GetAfterSequence())
			if err := sleep(ctx, retryDelay(err), pause); err != nil {
				yield(nil, err)
				return
			}
			pause = min(2*pause, longestPause)
		}
	}
}

// needsSomebody: the stream stays open, since a repair can follow, but waiting alone leads nowhere.
func needsSomebody(settlement *settlementv1.Settlement) bool {
	return !settlement.GetTerminal() && settlement.GetNextAction() != settlementv1.NextAction_NEXT_ACTION_WAIT
}

// mayResume: UNAVAILABLE is a lost connection or a process that goes down, ABORTED a reader that was too slow.
func mayResume(err error) bool {
	code := status.Code(err)
	return code == codes.Unavailable || code == codes.Aborted
}

// sleep waits for as long as the gateway said, and then for a random time around pause, so that many watchers do not come back at once.
func sleep(ctx context.Context, told, pause time.Duration) error {
	select {
	case <-time.After(told + pause/2 + rand.N(pause)):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
