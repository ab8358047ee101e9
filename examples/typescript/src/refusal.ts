import { type ServiceError, status } from '@grpc/grpc-js';

import { BadRequest, type BadRequest_FieldViolation, ErrorInfo, RetryInfo, Status } from '../gen/google/rpc/status.js';

/** An error of the gateway with the details that stand beside it. Decide by the reason, never by the message. */
export interface Refusal {
  code: status;
  message: string;
  reason?: string;
  metadata: Record<string, string>;
  violations: BadRequest_FieldViolation[];
  /** The least wait before a repeat, where one alone can help; 0 where the gateway says nothing. */
  retryDelayMs: number;
}

/** Reads the details of an error that a call was answered with. */
export function refusalOf(error: ServiceError): Refusal {
  const refusal: Refusal = { code: error.code, message: error.details, metadata: {}, violations: [], retryDelayMs: 0 };
  const [encoded] = error.metadata.get('grpc-status-details-bin');
  const details = encoded instanceof Buffer ? Status.decode(encoded).details : [];
  for (const { typeUrl, value } of details) {
    switch (typeUrl) {
      case 'type.googleapis.com/google.rpc.ErrorInfo':
        ({ reason: refusal.reason, metadata: refusal.metadata } = ErrorInfo.decode(value));
        break;
      case 'type.googleapis.com/google.rpc.BadRequest':
        refusal.violations = BadRequest.decode(value).fieldViolations;
        break;
      case 'type.googleapis.com/google.rpc.RetryInfo': {
        const { seconds, nanos } = RetryInfo.decode(value).retryDelay ?? { seconds: 0n, nanos: 0 };
        refusal.retryDelayMs = Number(seconds) * 1e3 + nanos / 1e6;
        break;
      }
    }
  }
  return refusal;
}

/** The reason and, of a write, whether money can have moved and what to do. */
export function summary({ code, reason, metadata }: Refusal): string {
  const named = [status[code], reason].filter(Boolean).join(' ');
  return metadata.outcome ? `${named}, outcome ${metadata.outcome}, next action ${metadata.next_action}` : named;
}
