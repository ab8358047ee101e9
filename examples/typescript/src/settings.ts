/** Where the gateway is, and what this caller may use there. Without settings it is what `settlement-gateway dev` has. */
export interface Settings {
  target: string;
  enterpriseId: string;
  connectionId: string;
  keyId: string;
  accountId: string;
  merchantId: string;
  wallet: string;
}

export function settingsFrom(environment: NodeJS.ProcessEnv): Settings {
  return {
    target: environment.SETTLEMENT_TARGET || '127.0.0.1:50051',
    enterpriseId: environment.SETTLEMENT_ENTERPRISE || 'ent-v2',
    connectionId: environment.SETTLEMENT_CONNECTION || '09684b38-49ed-4cf6-a28e-c3a459494c69',
    keyId: environment.SETTLEMENT_KEY || 'key-v1',
    accountId: environment.SETTLEMENT_ACCOUNT || '59cd72485007a239fb00282ed480da1f',
    merchantId: environment.SETTLEMENT_MERCHANT || 'merchant_123',
    wallet: environment.SETTLEMENT_WALLET || '0x742d35Cc6634C0532925a3b844Bc454e4438f44e',
  };
}
