/**
 * A pattern that AWS would refuse. `message` is event-ruler's own text, without the prefix that each service puts before it:
 * EventBridge `Event pattern is not valid. Reason: `, SNS `Invalid parameter: Attributes Reason: FilterPolicy: ` (Subscribe)
 * or `Invalid parameter: FilterPolicy: ` (SetSubscriptionAttributes); see `InvalidPatternError.filterPolicy` for the one SNS
 * text that stands without `FilterPolicy: `. Lambda's event source mappings say `Invalid filter pattern definition.` to all.
 */
export class InvalidPatternError extends Error {
  override readonly name = 'InvalidPatternError';
  /** SNS only: false where SNS speaks of the scope rather than of the policy, and leaves `FilterPolicy: ` out. */
  readonly filterPolicy: boolean;
  /** event-ruler's text where the service's says nothing of what is wrong: for people, no part of an answer. */
  readonly reason: string | undefined;

  constructor(message: string, { filterPolicy = true, reason }: { filterPolicy?: boolean; reason?: string } = {}) {
    super(message);
    this.filterPolicy = filterPolicy;
    this.reason = reason;
  }
}
