/** Why a request failed, and what that means. A refusal by the PBX (`false`, `null`, …) is an answer, not an error. */
export const errorCodes = [
  /** An argument or a setting is missing or malformed; nothing was sent. */
  'invalid-argument',
  /** `stop` without `allowStop`, or a destination outside `allowDestinations`; nothing was sent. */
  'not-allowed',
  /** No TCP or TLS connection; nothing was sent. */
  'unreachable',
  /** Sent, and no answer in time. */
  'timeout',
  /** Sent, then the connection broke: a command may have been carried out. */
  'lost',
  /** 401 or 403. */
  'unauthorized',
  /** 5xx. */
  'server-error',
  /** The PBX does not know the operation, or does nothing for it. */
  'unsupported',
  /** Any other status, an answer that no PBX of ours gives, or one that is too long. */
  'unexpected-answer',
  /** Too many requests are waiting, or this one waited too long; it was not sent. */
  'busy',
  /** The connection was closed. */
  'closed',
] as const;
export type ErrorCode = (typeof errorCodes)[number];

/** The only error that a PBX throws. Its message holds no secret and no phone number. */
export class ThreeCxError extends Error {
  override readonly name = 'ThreeCxError';
  /** The system's own code where it has one, such as `ECONNREFUSED`. */
  readonly systemCode?: string;

  /**
   * @param code why, for programs
   * @param message why, for people
   */
  constructor(
    readonly code: ErrorCode,
    message: string,
    systemCode = '',
  ) {
    super(message);
    if (systemCode !== '') this.systemCode = systemCode;
  }

  /** The text in Node-RED's log and for Catch nodes: the reason comes first, without a class name before it. */
  override toString(): string {
    return this.message;
  }
}

/**
 * @param error any thrown value
 * @returns the value, if it is an error of ours
 * @throws any other error: it is a fault of this package, which must not pass as an answer
 */
export function ownError(error: unknown): ThreeCxError {
  if (error instanceof ThreeCxError) return error;
  throw error;
}
