/** Netdata's Functions. */

/** A call of one of our Netdata Functions, as it came on stdin. */
export interface FunctionCall {
  /** Letters, digits, `_` and `-`: it may be written back as it is. */
  readonly transaction: string;
  readonly timeoutSeconds: number;
  /** The function's name and its arguments. */
  readonly text: string;
  /** Bits of Netdata's HTTP_ACCESS. */
  readonly access: number;
  /** The body of a POST; null: there is none. */
  readonly payload: string | null;
}
