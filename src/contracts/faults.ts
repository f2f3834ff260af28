/**
 * An error in the shape an AWS service answers with: a name, a status and a body. It is the only error type that the
 * endpoint turns into an AWS response by name; anything else is a bug and becomes `ServiceException`.
 */
export class AwsFault extends Error {
  override readonly name: string;
  /** HTTP status code, 400-599. */
  readonly status: number;
  /** `Message` or `message`: AWS spells the key differently per exception (lambda-facts §1.5). */
  readonly messageKey: 'Message' | 'message';
  /** Body members beside the message, in wire order before it (for example `Reason`). */
  readonly fields: Readonly<Record<string, string>>;
  /** Extra response headers, lower-case names (for example `retry-after`). */
  readonly headers: Readonly<Record<string, string>>;
  /** The older code of the Query protocol where it differs from the name (`AWS.SimpleQueueService.NonExistentQueue`). */
  readonly queryCode: string | undefined;
  /** Member of the input that is wrong (`BatchSize`, `FilterCriteria.Filters.0.Pattern`), where it is known: for editors, never on the wire. */
  readonly parameter: string | undefined;
  /** More than AWS says, one sentence: for editors, never on the wire. */
  readonly detail: string | undefined;

  constructor(
    name: string,
    status: number,
    message: string,
    options: {
      messageKey?: 'Message' | 'message';
      fields?: Record<string, string>;
      headers?: Record<string, string>;
      queryCode?: string;
      parameter?: string;
      detail?: string;
      cause?: unknown;
    } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = name;
    this.status = status;
    this.messageKey = options.messageKey ?? 'message';
    this.fields = options.fields ?? {};
    this.headers = options.headers ?? {};
    this.queryCode = options.queryCode;
    this.parameter = options.parameter;
    this.detail = options.detail;
  }
}

/** A problem that AWS has no name for. Its message is one sentence for the user: what is wrong, where, what to do. */
export class UserError extends Error {
  override readonly name = 'UserError';
}
