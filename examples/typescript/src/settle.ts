// Calls the four main RPCs of a settlement gateway and prints what came of each.
//
// Against `settlement-gateway dev` it needs no settings; elsewhere they come from the environment, see settings.ts.

import { randomBytes } from 'node:crypto';

import { status } from '@grpc/grpc-js';

import { HealthCheckResponse_ServingStatus as ServingStatus } from '../gen/grpc/health/v1/health.js';
import { GetClientSettlementRequest, type GetClientSettlementResponse } from '../gen/settlement/v1/client_settlement.js';
import { CreateQuoteRequest } from '../gen/settlement/v1/quote.js';
import { type Settlement, SettlementState } from '../gen/settlement/v1/settlement.js';
import { InitiateSettlementRequest } from '../gen/settlement/v1/settlement_service.js';
import { call, type Clients, connect, isServiceError } from './clients.js';
import { refusalOf, summary } from './refusal.js';
import { type Settings, settingsFrom } from './settings.js';
import { watch } from './watch.js';

/** Longer than the venue's windows take in `dev`. */
const WATCH_TIMEOUT_MS = 120_000;

const SERVICE = 'settlement.v1.SettlementService';

/** One run of the program. */
class Tour {
  constructor(
    private readonly settings: Settings,
    private readonly clients: Clients,
  ) {}

  async run(): Promise<void> {
    await this.checkHealth();
    await this.sign();
    await this.quote();
    const settlement = await this.settle();
    await this.follow(settlement);
    await this.readAsClient(settlement.settlementId!);
  }

  private async checkHealth(): Promise<void> {
    const { health } = this.clients;
    const answer = await call(health.check.bind(health), { service: SERVICE });
    if (answer.status !== ServingStatus.SERVING) throw new Error(`${SERVICE} is ${answer.status}`);
    say('Health', `${SERVICE} is ${answer.status}`);
  }

  /** Has a payload signed verbatim. The same payload again gets the same signature. */
  private async sign(): Promise<void> {
    const { signing } = this.clients;
    // What the venue would hand out: a signature belongs to its nonces for ever, so each run has its own.
    const payload = JSON.stringify({
      version: '1.2.0',
      accountId: this.settings.accountId,
      amounts: [],
      nonceHold: randomBytes(16).toString('base64'),
      nonceSettle: randomBytes(16).toString('base64'),
    });
    const signed = await call(signing.signPayload.bind(signing), { keyId: this.settings.keyId, payload });
    say('SignPayload', `${signed.keyId} signed a ${short(signed.purpose, 'PURPOSE_')}: ${signed.signature}`);
  }

  private async quote(): Promise<void> {
    const { quotes } = this.clients;
    const request = CreateQuoteRequest.fromPartial({
      // With a name of its own a repeat returns the first quote instead of making another.
      requestId: `example-${newId()}`,
      sourceAmount: 100_000n, // minor units: KES 1,000.00
      sourceCurrency: 'KES',
      destinationCurrency: 'USDT',
      externalMerchantId: this.settings.merchantId,
      chain: 'eip155:137',
      walletAddress: this.settings.wallet,
    });
    const { quote } = await call(quotes.createQuote.bind(quotes), request);
    if (!quote) throw new Error('the answer has no quote');
    const until = quote.expiresAt?.toISOString();
    say('CreateQuote', `${quote.txId} pays ${quote.destinationAmount} ${quote.destinationCurrency} until ${until}`);
  }

  /** Initiates a settlement, and shows two refusals. */
  private async settle(): Promise<Settlement> {
    const { connectionId, enterpriseId } = this.settings;
    const request = (btc: string) =>
      InitiateSettlementRequest.fromPartial({
        enterpriseId,
        externalId,
        settlementAmounts: [
          { connectionId, currency: 'BTC', amount: btc },
          { connectionId, currency: 'ETH', amount: '-2.5' },
        ],
        cutoffAt,
      });
    // The one name of this settlement for ever: store it before the first call, and repeat under it whatever happens.
    const externalId = `example-${newId()}`;
    const cutoffAt = new Date();

    await this.expectRefusal(request('1e3'), status.INVALID_ARGUMENT, 'INVALID_REQUEST');

    const settlement = await this.initiate(request('1'));
    // OK says that it is stored, not that it is settled: state, outcome and nextAction say how it stands.
    say(
      'InitiateSettlement',
      `${settlement.externalId} is ${short(settlement.state, 'SETTLEMENT_STATE_')}, ` +
        `outcome ${short(settlement.outcome, 'SETTLEMENT_OUTCOME_')}, ` +
        `next action ${short(settlement.nextAction, 'NEXT_ACTION_')}`,
    );

    // Whoever does not know whether a call arrived repeats it: that is a read, and sends nothing.
    const again = await this.initiate(request('1'));
    if (again.settlementId !== settlement.settlementId) {
      throw new Error(`the same request made a second settlement, ${again.settlementId}`);
    }

    await this.expectRefusal(request('2'), status.ALREADY_EXISTS, 'EXTERNAL_ID_REUSED');
    return settlement;
  }

  private async initiate(request: InitiateSettlementRequest): Promise<Settlement> {
    const { settlements } = this.clients;
    const { settlement } = await call(settlements.initiateSettlement.bind(settlements), request);
    if (!settlement) throw new Error('the answer has no settlement');
    return settlement;
  }

  private async expectRefusal(request: InitiateSettlementRequest, code: status, reason: string): Promise<void> {
    const refusal = await this.initiate(request).then(
      () => {
        throw new Error(`a request was not refused with ${reason}`);
      },
      (error: unknown) => {
        if (!isServiceError(error)) throw error;
        const refusal = refusalOf(error);
        if (refusal.code !== code || refusal.reason !== reason) throw error;
        return refusal;
      },
    );
    say('InitiateSettlement', `refused: ${summary(refusal)}`);
    for (const { field, description } of refusal.violations) say('', `${field}: ${description}`);
  }

  private async follow({ enterpriseId, externalId }: Settlement): Promise<void> {
    const options = {
      timeoutMs: WATCH_TIMEOUT_MS,
      resumed: (error: { code: status }, afterSequence: bigint) =>
        say('WatchSettlement', `broken (${status[error.code]}); again after sequence ${afterSequence}`),
    };
    let last: Settlement | undefined;
    for await (const settlement of watch(this.clients.settlements, { enterpriseId, externalId }, options)) {
      const { reconciliation } = settlement;
      const reconciled = reconciliation
        ? `, reconciled: ${short(reconciliation.status, 'RECONCILIATION_STATUS_')}`
        : '';
      say(
        'WatchSettlement',
        `sequence ${settlement.sequence}: ${short(settlement.state, 'SETTLEMENT_STATE_')}${reconciled}`,
      );
      last = settlement;
    }
    if (last?.state !== SettlementState.SETTLEMENT_STATE_COMPLETED) {
      throw new Error(`the settlement is ${last?.state} (${last?.nextAction}): ${last?.detail}`);
    }
  }

  /** Reads every page of a settlement's transfers. */
  private async readAsClient(settlementId: string): Promise<void> {
    const { settlements } = this.clients;
    const { enterpriseId } = this.settings;
    const transfers: string[] = [];
    let answer: GetClientSettlementResponse | undefined;
    do {
      const pageToken = answer?.nextPageToken;
      const request = GetClientSettlementRequest.fromPartial({ enterpriseId, settlementId, pageSize: 1, pageToken });
      answer = await call(settlements.getClientSettlement.bind(settlements), request);
      transfers.push(...answer.settlementTransfers.map(({ quantity, currency }) => `${quantity} ${currency}`));
    } while (answer.nextPageToken);
    const venueStatus = short(answer.settlement?.status ?? '', 'VENUE_SETTLEMENT_STATUS_');
    say('GetClientSettlement', `${settlementId} is ${venueStatus}: ${transfers.join(', ')}`);
  }
}

function newId(): string {
  return randomBytes(16).toString('hex');
}

/** An enum value's name less the name of its type: PENDING of SETTLEMENT_STATE_PENDING. */
function short(value: string, prefix: string): string {
  return value.startsWith(prefix) ? value.slice(prefix.length) : value;
}

function say(rpc: string, text: string): void {
  console.log(`${rpc.padEnd(19)} ${text}`);
}

const settings = settingsFrom(process.env);
const clients = connect(settings.target);
try {
  await new Tour(settings, clients).run();
} catch (error) {
  const message = isServiceError(error) ? `${summary(refusalOf(error))}: ${error.details}` : error;
  console.error('settle:', message);
  process.exitCode = 1;
} finally {
  clients.close();
}
