import { readFileSync } from 'node:fs';

import {
  type CallOptions,
  Channel,
  type ClientUnaryCall,
  credentials,
  Metadata,
  type ServiceError,
} from '@grpc/grpc-js';

import { HealthClient } from '../gen/grpc/health/v1/health.js';
import { QuoteServiceClient } from '../gen/settlement/v1/quote.js';
import { SettlementServiceClient } from '../gen/settlement/v1/settlement_service.js';
import { SigningServiceClient } from '../gen/settlement/v1/signing.js';

/** What a caller waits for an answer. It is no limit for a settlement, which goes on without its caller. */
const CALL_TIMEOUT_MS = 15_000;

/** Room for a settlement with the most legs, which takes more than gRPC's default of 4 MiB. */
const MAX_ANSWER_BYTES = 16 * 1024 * 1024;

/**
 * Ships with the contract: it spreads calls over all replicas, and repeats after UNAVAILABLE what may be repeated.
 * The path is that from the compiled file.
 */
const SERVICE_CONFIG = readFileSync(new URL('../../gen/service_config.json', import.meta.url), 'utf8');

export type Clients = ReturnType<typeof connect>;

/**
 * Clients that share a channel to every address of the target. Outside of development it takes TLS and a token:
 * `credentials.combineChannelCredentials(credentials.createSsl(), credentials.createFromMetadataGenerator(...))`.
 */
export function connect(target: string) {
  const plaintext = credentials.createInsecure();
  const channel = new Channel(`dns:///${target}`, plaintext, {
    'grpc.service_config': SERVICE_CONFIG,
    'grpc.max_receive_message_length': MAX_ANSWER_BYTES,
    // A watch is silent for long: without a ping nobody would notice that its connection is gone.
    'grpc.keepalive_time_ms': 30_000,
    'grpc.keepalive_timeout_ms': 10_000,
  });
  const shared = { channelOverride: channel };
  return {
    health: new HealthClient(target, plaintext, shared),
    settlements: new SettlementServiceClient(target, plaintext, shared),
    signing: new SigningServiceClient(target, plaintext, shared),
    quotes: new QuoteServiceClient(target, plaintext, shared),
    close: () => channel.close(),
  };
}

type Method<Request, Answer> = (
  request: Request,
  metadata: Metadata,
  options: Partial<CallOptions>,
  callback: (error: ServiceError | null, answer: Answer) => void,
) => ClientUnaryCall;

/** Makes a call with a deadline, which the gateway is told: it answers before it. */
export function call<Request, Answer>(method: Method<Request, Answer>, request: Request): Promise<Answer> {
  return new Promise((resolve, reject) => {
    method(request, new Metadata(), { deadline: Date.now() + CALL_TIMEOUT_MS }, (error, answer) => {
      if (error) reject(error);
      else resolve(answer);
    });
  });
}

/** Whether a call was answered with an error. */
export function isServiceError(error: unknown): error is ServiceError {
  return error instanceof Error && 'code' in error && 'metadata' in error;
}
