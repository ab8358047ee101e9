import { setTimeout as sleep } from 'node:timers/promises';

import { type ServiceError, status } from '@grpc/grpc-js';

import { NextAction, type Settlement } from '../gen/settlement/v1/settlement.js';
import {
  type SettlementServiceClient,
  WatchSettlementRequest,
  type WatchSettlementResponse,
} from '../gen/settlement/v1/settlement_service.js';
import { isServiceError } from './clients.js';
import { refusalOf } from './refusal.js';

const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 5_000;

/** UNAVAILABLE is a lost connection or a process that goes down, ABORTED a reader that was too slow. */
const RESUMABLE = new Set([status.UNAVAILABLE, status.ABORTED]);

export interface WatchOptions {
  /** Bounds the whole. */
  timeoutMs: number;
  /** Is told of each stream that broke. */
  resumed(error: ServiceError, afterSequence: bigint): void;
}

/**
 * Yields a settlement as it is and after each change, until it is at its end or waits for a person.
 *
 * A stream that breaks is opened again after what was seen last, so that nothing is missed and nothing comes twice.
 */
export async function* watch(
  settlements: SettlementServiceClient,
  name: { enterpriseId: string; externalId: string },
  { timeoutMs, resumed }: WatchOptions,
): AsyncGenerator<Settlement> {
  const deadline = Date.now() + timeoutMs;
  let afterSequence = 0n;
  let pause = FIRST_PAUSE_MS;
  for (;;) {
    const request = WatchSettlementRequest.fromPartial({ ...name, afterSequence });
    const stream = settlements.watchSettlement(request, { deadline });
    // A stream that is left early still tells that it was cancelled.
    stream.on('error', () => {});
    try {
      for await (const answer of stream as AsyncIterable<WatchSettlementResponse>) {
        const settlement = answer.settlement!;
        afterSequence = settlement.sequence;
        pause = FIRST_PAUSE_MS;
        yield settlement;
        if (needsSomebody(settlement)) return;
      }
      return;
    } catch (error) {
      if (!isServiceError(error) || !RESUMABLE.has(error.code)) throw error;
      // As long as the gateway says, and a random pause, so that many watchers do not come back at once.
      const wait = refusalOf(error).retryDelayMs + pause * (0.5 + Math.random());
      if (Date.now() + wait >= deadline) throw error;
      resumed(error, afterSequence);
      await sleep(wait);
      pause = Math.min(2 * pause, LONGEST_PAUSE_MS);
    } finally {
      stream.cancel();
    }
  }
}

/** The stream stays open, since a repair can follow, but waiting alone leads nowhere. */
function needsSomebody({ terminal, nextAction }: Settlement): boolean {
  return !terminal && nextAction !== NextAction.NEXT_ACTION_WAIT;
}
