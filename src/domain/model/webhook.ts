/** An address that gets every committed event of some UCCs. */
export interface Webhook {
  /** 1 to 64 characters, lower case, as a UCC's. */
  readonly name: string;
  /** `http` or `https`, without credentials. */
  readonly url: string;
  /** Names of UCCs; empty: all of them, including future ones. */
  readonly uccs: readonly string[];
  /** `whsec_` and the signing key in base64 (Standard Webhooks 1.0). Never listed, never logged. */
  readonly secret: string;
  readonly enabled: boolean;
}

export interface WebhookSettings {
  readonly url: string;
  readonly uccs?: readonly string[];
  readonly secret?: string;
  readonly enabled?: boolean;
}

/** Position up to which a webhook has a UCC's events. */
export interface WebhookCursor {
  readonly webhook: string;
  readonly uccName: string;
  readonly sequence: number;
}

/**
 * Reason of a failed attempt: an answer other than 2xx, none in time, no connection, a forbidden
 * address.
 */
export type DeliveryFailure = 'rejected' | 'timeout' | 'unreachable' | 'addressRefused';

/** An event that was given up; it stays until a redelivery succeeds or its webhook is deleted. */
export interface DeadLetter extends WebhookCursor {
  readonly attempts: number;
  /** HTTP status of the last answer; null when none came. */
  readonly lastStatus: number | null;
  readonly reason: DeliveryFailure;
  /** Unix ms */
  readonly failedAt: number;
}

export interface DeadLetterPage {
  readonly after?: Pick<WebhookCursor, 'uccName' | 'sequence'>;
  readonly limit: number;
}

export interface SavedWebhook {
  readonly webhook: Webhook;
  readonly created: boolean;
  /** Set only when Hush has just made the secret, which is shown this once. */
  readonly newSecret?: string;
}
