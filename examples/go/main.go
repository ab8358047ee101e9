// Command settle calls the four main RPCs of a settlement gateway and prints what came of each.
//
// Against `settlement-gateway dev` it needs no settings; elsewhere they come from the environment, see config.go.
package main

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	settlementv1 "example.com/settle/gen/settlement/v1"
)

const (
	// callTimeout is what a caller waits for an answer. It is no limit for a settlement, which goes on without its caller.
	callTimeout = 15 * time.Second
	// watchTimeout is longer than the venue's windows take in `dev`.
	watchTimeout = 2 * time.Minute
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, configFromEnvironment(), os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "settle:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, config config, out io.Writer) error {
	conn, err := dial(config.target)
	if err != nil {
		return err
	}
	defer conn.Close()

	tour := tour{
		config:      config,
		health:      grpc_health_v1.NewHealthClient(conn),
		settlements: settlementv1.NewSettlementServiceClient(conn),
		signing:     settlementv1.NewSigningServiceClient(conn),
		quotes:      settlementv1.NewQuoteServiceClient(conn),
		out:         out,
	}
	return tour.run(ctx)
}

// A tour is one run of the program.
type tour struct {
	config      config
	health      grpc_health_v1.HealthClient
	settlements settlementv1.SettlementServiceClient
	signing     settlementv1.SigningServiceClient
	quotes      settlementv1.QuoteServiceClient
	out         io.Writer
}

func (t *tour) run(ctx context.Context) error {
	if err := t.checkHealth(ctx); err != nil {
		return fmt.Errorf("health: %w", err)
	}
	if err := t.sign(ctx); err != nil {
		return fmt.Errorf("sign a payload: %w", err)
	}
	if err := t.quote(ctx); err != nil {
		return fmt.Errorf("ask for a quote: %w", err)
	}
	settlement, err := t.settle(ctx)
	if err != nil {
		return fmt.Errorf("settle: %w", err)
	}
	if err := t.follow(ctx, settlement); err != nil {
		return fmt.Errorf("watch the settlement: %w", err)
	}
	if err := t.readAsClient(ctx, settlement.GetSettlementId()); err != nil {
		return fmt.Errorf("read the settlement as its client: %w", err)
	}
	return nil
}

func (t *tour) checkHealth(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	service := settlementv1.SettlementService_ServiceDesc.ServiceName
	answer, err := t.health.Check(ctx, &grpc_health_v1.HealthCheckRequest{Service: service})
	if err != nil {
		return err
	}
	if answer.GetStatus() != grpc_health_v1.HealthCheckResponse_SERVING {
		return fmt.Errorf("%s is %s", service, answer.GetStatus())
	}
	t.say("Health", "%s is %s", service, answer.GetStatus())
	return nil
}

// sign has a payload signed verbatim. The same payload again gets the same signature.
func (t *tour) sign(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	signed, err := t.signing.SignPayload(ctx, &settlementv1.SignPayloadRequest{
		KeyId:   t.config.keyID,
		Payload: t.tradePayload(),
	})
	if err != nil {
		return err
	}
	t.say("SignPayload", "%s signed a %s: %s", signed.GetKeyId(), short(signed.GetPurpose()), signed.GetSignature())
	return nil
}

// tradePayload is what the venue would hand out: a signature belongs to its nonces for ever, so each run has its own.
func (t *tour) tradePayload() string {
	nonce := func() string {
		bytes := make([]byte, 16)
		rand.Read(bytes)
		return base64.StdEncoding.EncodeToString(bytes)
	}
	return fmt.Sprintf(`{"version":"1.2.0","accountId":%q,"amounts":[],"nonceHold":%q,"nonceSettle":%q}`,
		t.config.accountID, nonce(), nonce())
}

func (t *tour) quote(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	answer, err := t.quotes.CreateQuote(ctx, &settlementv1.CreateQuoteRequest{
		// With a name of its own a repeat returns the first quote instead of making another.
		RequestId:           proto.String("example-" + newID()),
		SourceAmount:        100_000, // minor units: KES 1,000.00
		SourceCurrency:      "KES",
		DestinationCurrency: "USDT",
		ExternalMerchantId:  t.config.merchantID,
		Chain:               "eip155:137",
		WalletAddress:       t.config.wallet,
	})
	if err != nil {
		return err
	}
	quote := answer.GetQuote()
	t.say("CreateQuote", "%s pays %s %s until %s", quote.GetTxId(), quote.GetDestinationAmount(),
		quote.GetDestinationCurrency(), quote.GetExpiresAt().AsTime().Format(time.RFC3339))
	return nil
}

// settle initiates a settlement, and shows two refusals.
func (t *tour) settle(ctx context.Context) (*settlementv1.Settlement, error) {
	request := &settlementv1.InitiateSettlementRequest{
		EnterpriseId: t.config.enterpriseID,
		// The one name of this settlement for ever: store it before the first call, and repeat under it whatever happens.
		ExternalId: "example-" + newID(),
		SettlementAmounts: []*settlementv1.SettlementAmount{
			{ConnectionId: t.config.connectionID, Currency: "BTC", Amount: "1"},
			{ConnectionId: t.config.connectionID, Currency: "ETH", Amount: "-2.5"},
		},
		CutoffAt: timestamppb.New(time.Now().Truncate(time.Millisecond)),
	}

	invalid := proto.CloneOf(request)
	invalid.SettlementAmounts[0].Amount = "1e3"
	if _, err := t.initiate(ctx, invalid); !t.sayRefusal(err, codes.InvalidArgument, "INVALID_REQUEST") {
		return nil, fmt.Errorf("an amount with an exponent was not refused as it should be: %w", err)
	}

	settlement, err := t.initiate(ctx, request)
	if err != nil {
		return nil, err
	}
	// OK says that it is stored, not that it is settled: state, outcome and next_action say how it stands.
	t.say("InitiateSettlement", "%s is %s, outcome %s, next action %s", settlement.GetExternalId(),
		short(settlement.GetState()), short(settlement.GetOutcome()), short(settlement.GetNextAction()))

	// Whoever does not know whether a call arrived repeats it: that is a read, and sends nothing.
	again, err := t.initiate(ctx, request)
	if err != nil {
		return nil, err
	}
	if again.GetSettlementId() != settlement.GetSettlementId() {
		return nil, fmt.Errorf("the same request made a second settlement, %s", again.GetSettlementId())
	}

	other := proto.CloneOf(request)
	other.SettlementAmounts[0].Amount = "2"
	if _, err := t.initiate(ctx, other); !t.sayRefusal(err, codes.AlreadyExists, "EXTERNAL_ID_REUSED") {
		return nil, fmt.Errorf("another settlement under the same id was not refused as it should be: %w", err)
	}
	return settlement, nil
}

func (t *tour) initiate(
	ctx context.Context, request *settlementv1.InitiateSettlementRequest,
) (*settlementv1.Settlement, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	answer, err := t.settlements.InitiateSettlement(ctx, request)
	return answer.GetSettlement(), err
}

func (t *tour) follow(ctx context.Context, settlement *settlementv1.Settlement) error {
	ctx, cancel := context.WithTimeout(ctx, watchTimeout)
	defer cancel()
	request := &settlementv1.WatchSettlementRequest{
		EnterpriseId: settlement.GetEnterpriseId(),
		Name:         &settlementv1.WatchSettlementRequest_ExternalId{ExternalId: settlement.GetExternalId()},
	}
	last := settlement
	for now, err := range watch(ctx, t.settlements, request, t.sayResumed) {
		if err != nil {
			return err
		}
		last = now
		reconciled := ""
		if now.GetReconciliation() != nil {
			reconciled = ", reconciled: " + short(now.GetReconciliation().GetStatus())
		}
		t.say("WatchSettlement", "sequence %d: %s%s", now.GetSequence(), short(now.GetState()), reconciled)
	}
	if last.GetState() != settlementv1.SettlementState_SETTLEMENT_STATE_COMPLETED {
		return fmt.Errorf("it is %s (%s): %s", short(last.GetState()), short(last.GetNextAction()), last.GetDetail())
	}
	return nil
}

// readAsClient reads every page of a settlement's transfers.
func (t *tour) readAsClient(ctx context.Context, settlementID string) error {
	request := &settlementv1.GetClientSettlementRequest{
		EnterpriseId: t.config.enterpriseID,
		SettlementId: settlementID,
		PageSize:     1,
	}
	var transfers []string
	for {
		answer, err := t.clientSettlement(ctx, request)
		if err != nil {
			return err
		}
		for _, transfer := range answer.GetSettlementTransfers() {
			transfers = append(transfers, transfer.GetQuantity()+" "+transfer.GetCurrency())
		}
		if answer.GetNextPageToken() == "" {
			t.say("GetClientSettlement", "%s is %s: %s", answer.GetSettlement().GetId(),
				short(answer.GetSettlement().GetStatus()), strings.Join(transfers, ", "))
			return nil
		}
		request.PageToken = proto.String(answer.GetNextPageToken())
	}
}

func (t *tour) clientSettlement(
	ctx context.Context, request *settlementv1.GetClientSettlementRequest,
) (*settlementv1.GetClientSettlementResponse, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	return t.settlements.GetClientSettlement(ctx, request)
}

func (t *tour) say(rpc, format string, args ...any) {
	fmt.Fprintf(t.out, "%-19s %s\n", rpc, fmt.Sprintf(format, args...))
}

func (t *tour) sayResumed(err error, afterSequence uint64) {
	t.say("WatchSettlement", "broken (%s); again after sequence %d", codeName(status.Code(err)), afterSequence)
}

// sayRefusal prints a refusal, and answers whether it is the expected one.
func (t *tour) sayRefusal(err error, code codes.Code, reason string) bool {
	var refusal *refusal
	if !errors.As(asRefusal(err), &refusal) || refusal.code != code || refusal.reason != reason {
		return false
	}
	t.say("InitiateSettlement", "refused: %s", refusal.summary())
	for _, violation := range refusal.violations {
		t.say("", "%s: %s", violation.GetField(), violation.GetDescription())
	}
	return true
}
