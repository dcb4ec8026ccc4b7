/** What went wrong, the same on both roads to Go. `message` is a sentence for
 * people that says what to do; `kind` is the gateway's closed list plus
 * `unreachable` (nobody answered) and `aborted` (we no longer wanted to know). */
export interface FaultShape {
  kind: string;
  message: string;
  receipt?: string;
  param?: string;
}

/** The one error that `call` throws. */
export class ApiFault extends Error {
  override readonly name = 'ApiFault';
  readonly kind: string;
  readonly receipt: string | undefined;
  readonly param: string | undefined;
  /** HTTP status, 0 in the window and when nobody answered. */
  readonly status: number;
  /** Seconds to wait before another try, when the gateway said so. */
  readonly retryAfter: number | undefined;

  constructor(shape: FaultShape, status = 0, retryAfter?: number) {
    super(shape.message);
    this.kind = shape.kind;
    this.receipt = shape.receipt;
    this.param = shape.param;
    this.status = status;
    this.retryAfter = retryAfter;
  }
}

/** True when the gateway could not be asked at all. */
export function isUnreachable(error: unknown): boolean {
  return error instanceof ApiFault && error.kind === 'unreachable';
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;

/** Reads an error as either road delivers it: bare, inside `error`, or as the
 * JSON text that a rejected Wails promise carries. */
export function faultOf(value: unknown, status = 0, retryAfter?: number): ApiFault {
  if (value instanceof ApiFault) return value;
  let shape: unknown = value instanceof Error ? value.message : value;
  if (typeof shape === 'string' && shape.startsWith('{')) {
    try {
      shape = JSON.parse(shape);
    } catch {
      // Then it is a sentence that begins with a brace.
    }
  }
  if (isRecord(shape) && isRecord(shape['error'])) shape = shape['error'];
  if (isRecord(shape) && typeof shape['message'] === 'string') {
    const text = (name: string) => (typeof shape[name] === 'string' && shape[name] !== '' ? shape[name] : undefined);
    const wait = shape['retryAfterSeconds'];
    return new ApiFault(
      { kind: text('kind') ?? 'internal', message: shape['message'], receipt: text('receipt'), param: text('param') },
      status,
      retryAfter ?? (typeof wait === 'number' ? wait : undefined),
    );
  }
  return new ApiFault({ kind: 'internal', message: typeof shape === 'string' ? shape : '' }, status, retryAfter);
}
