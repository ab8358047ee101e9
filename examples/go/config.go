package main

import (
	"cmp"
	"crypto/rand"
	"fmt"
	"os"
	"strings"

	"google.golang.org/protobuf/reflect/protoreflect"
)

// A config says where the gateway is, and what this caller may use there.
type config struct {
	target       string
	enterpriseID string
	connectionID string
	keyID        string
	accountID    string
	merchantID   string
	wallet       string
}

// configFromEnvironment falls back to what `settlement-gateway dev` has.
func configFromEnvironment() config {
	variable := func(name, otherwise string) string { return cmp.Or(os.Getenv(name), otherwise) }
	return config{
		target:       variable("SETTLEMENT_TARGET", "127.0.0.1:50051"),
		enterpriseID: variable("SETTLEMENT_ENTERPRISE", "ent-v2"),
		connectionID: variable("SETTLEMENT_CONNECTION", "09684b38-49ed-4cf6-a28e-c3a459494c69"),
		keyID:        variable("SETTLEMENT_KEY", "key-v1"),
		accountID:    variable("SETTLEMENT_ACCOUNT", "59cd72485007a239fb00282ed480da1f"),
		merchantID:   variable("SETTLEMENT_MERCHANT", "merchant_123"),
		wallet:       variable("SETTLEMENT_WALLET", "0x742d35Cc6634C0532925a3b844Bc454e4438f44e"),
	}
}

// newID is 128 random bits.
func newID() string {
	bytes := make([]byte, 16)
	rand.Read(bytes)
	return fmt.Sprintf("%x", bytes)
}

// short is an enum value's name less the name of its type: PENDING of SETTLEMENT_STATE_PENDING.
func short(value interface {
	protoreflect.Enum
	fmt.Stringer
}) string {
	unspecified := string(value.Descriptor().Values().ByNumber(0).Name())
	return strings.TrimPrefix(value.String(), strings.TrimSuffix(unspecified, "UNSPECIFIED"))
}
