package main

import (
	"errors"
	"fmt"
	"time"

	rpccode "google.golang.org/genproto/googleapis/rpc/code"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// A refusal is an error of the gateway with the details that stand beside it. Decide by the reason, never by the message.
type refusal struct {
	code       codes.Code
	message    string
	reason     string
	metadata   map[string]string
	violations []*errdetails.BadRequest_FieldViolation
	retryDelay time.Duration
}

// asRefusal reads the details of an error that a call returned. Other errors stay what they are.
func asRefusal(err error) error {
	if err == nil {
		return nil
	}
	status, ok := status.FromError(err)
	if !ok {
		return err
	}
	refusal := &refusal{code: status.Code(), message: status.Message()}
	for _, detail := range status.Details() {
		switch detail := detail.(type) {
		case *errdetails.ErrorInfo:
			refusal.reason, refusal.metadata = detail.GetReason(), detail.GetMetadata()
		case *errdetails.BadRequest:
			refusal.violations = detail.GetFieldViolations()
		case *errdetails.RetryInfo:
			refusal.retryDelay = detail.GetRetryDelay().AsDuration()
		}
	}
	return refusal
}

func (r *refusal) Error() string {
	return fmt.Sprintf("%s: %s", r.summary(), r.message)
}

// summary has the reason and, of a write, whether money can have moved and what to do.
func (r *refusal) summary() string {
	summary := codeName(r.code)
	if r.reason != "" {
		summary += " " + r.reason
	}
	if outcome, told := r.metadata["outcome"]; told {
		summary += fmt.Sprintf(", outcome %s, next action %s", outcome, r.metadata["next_action"])
	}
	return summary
}

// retryDelay is how long the gateway says to wait before the call is made again, which it may then be; zero where it says nothing.
func retryDelay(err error) time.Duration {
	var refusal *refusal
	if errors.As(asRefusal(err), &refusal) {
		return refusal.retryDelay
	}
	return 0
}

// codeName is a code as the gateway's documents write it: INVALID_ARGUMENT, where Go's own name is InvalidArgument.
func codeName(code codes.Code) string {
	return rpccode.Code(code).String()
}
