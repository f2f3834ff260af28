/**
 * Subscriptions, of all topics. As with topics, templates give the baseline and API calls an overlay on it. A subscription of
 * a template has an ARN that follows from its topic and endpoint, so that it stays the same.
 */
import { createHash } from 'node:crypto';
import type { DocumentCollection } from '../../contracts/documents.ts';
import type { FunctionOrigin } from '../../contracts/functions.ts';
import type { Logger } from '../../contracts/logger.ts';
import { change, dropOverruled, noChanges, overlaid, type AttributeOverlay, type Attributes } from '../overlay.ts';

interface Subscribed {
  topicArn: string;
  protocol: string;
  endpoint: string;
}

export interface SubscriptionDefinition extends Subscribed {
  attributes: Attributes;
  origin: FunctionOrigin;
}

/** Whether and how an HTTP endpoint agreed. SQS and Lambda subscriptions need no confirmation. */
interface Confirmation {
  pending: boolean;
  token?: string;
  /** Epoch milliseconds when the token was sent. */
  tokenAt?: number;
  /** The confirmation was signed. */
  authenticated?: boolean;
  /** Only signed requests may end the subscription. */
  authenticateOnUnsubscribe?: boolean;
}

export interface Subscription extends Subscribed, Confirmation {
  arn: string;
  /** Those that somebody set. */
  attributes: Attributes;
  /** Absent for a subscription that Subscribe made. */
  origin?: FunctionOrigin;
  changed: readonly string[];
}

export interface StoredSubscription extends AttributeOverlay {
  /** Present for subscriptions that Subscribe made. */
  created?: Subscribed & { attributes: Attributes };
  confirmation?: Confirmation;
  /** A template's subscription that Unsubscribe hid; it comes back when its template entry changes. */
  hidden?: string;
}

export class SubscriptionRegistry {
  readonly #stored: DocumentCollection<StoredSubscription>;
  readonly #logger: Logger;
  #baseline = new Map<string, SubscriptionDefinition>();
  #byTopic: Map<string, Subscription[]> | undefined;
  #byArn = new Map<string, Subscription>();

  constructor(stored: DocumentCollection<StoredSubscription>, logger: Logger) {
    this.#stored = stored;
    this.#logger = logger;
  }

  setBaseline(definitions: readonly SubscriptionDefinition[]): void {
    this.#baseline = new Map(definitions.map((definition) => [arnOf(definition), definition]));
    this.#byTopic = undefined;
    for (const [arn, stored] of this.#stored.entries()) {
      const definition = this.#baseline.get(arn);
      if (!definition) continue;
      const { protocol, endpoint } = definition;
      if (stored.hidden !== undefined && stored.hidden !== JSON.stringify(definition)) {
        this.#stored.delete(arn);
        this.#logger.info(`The subscription of ${endpoint} (${protocol}) was ended here; its template entry has changed, so it is back.`);
        continue;
      }
      const overruled = dropOverruled(stored, definition.attributes);
      if (overruled.length === 0) continue;
      this.#stored.put(arn, stored);
      this.#logger.info(`The template changed ${overruled.join(', ')} of the subscription of ${endpoint} (${protocol}): the changes made here are dropped.`);
    }
  }

  /** In the order of their ARNs. */
  all(): Subscription[] {
    return [...this.#load().values()].flat();
  }

  of(topicArn: string): readonly Subscription[] {
    return this.#load().get(topicArn) ?? [];
  }

  get(arn: string): Subscription | undefined {
    this.#load();
    return this.#byArn.get(arn);
  }

  create(arn: string, created: Subscribed & { attributes: Attributes }, confirmation: Confirmation): Subscription {
    this.#put(arn, { ...noChanges(), created, confirmation });
    return this.get(arn) as Subscription;
  }

  /** @param value `undefined` removes the attribute. */
  setAttribute({ arn }: Subscription, name: string, value: string | undefined): void {
    const stored = this.#stored.get(arn) ?? noChanges() as StoredSubscription;
    if (stored.created) {
      const { [name]: _old, ...rest } = stored.created.attributes;
      stored.created = { ...stored.created, attributes: value === undefined ? rest : { ...rest, [name]: value } };
    } else change(stored, this.#baseline.get(arn)?.attributes ?? {}, name, value);
    this.#put(arn, stored);
  }

  setConfirmation({ arn }: { arn: string }, confirmation: Confirmation): void {
    this.#put(arn, { ...(this.#stored.get(arn) ?? noChanges()), confirmation });
  }

  /** @returns What `restore` needs to take it back. */
  delete({ arn }: Subscription): StoredSubscription {
    const before = this.#stored.get(arn) ?? noChanges();
    const definition = this.#baseline.get(arn);
    if (definition) this.#put(arn, { ...noChanges(), hidden: JSON.stringify(definition) });
    else {
      this.#stored.delete(arn);
      this.#refresh(arn);
    }
    return before;
  }

  restore(arn: string, before: StoredSubscription): void {
    this.#put(arn, before);
  }

  /** What is cached may be of a transaction that was undone. */
  forgetCache(): void {
    this.#byTopic = undefined;
  }

  #put(arn: string, stored: StoredSubscription): void {
    this.#stored.put(arn, stored);
    this.#refresh(arn);
  }

  /** Of what is cached, only this one is read again: there may be thousands. */
  #refresh(arn: string): void {
    if (!this.#byTopic) return;
    const old = this.#byArn.get(arn);
    if (old) {
      this.#byTopic.set(old.topicArn, this.of(old.topicArn).filter((subscription) => subscription.arn !== arn));
      this.#byArn.delete(arn);
    }
    const subscription = merged(arn, this.#baseline.get(arn), this.#stored.get(arn) ?? noChanges());
    if (!subscription) return;
    this.#byArn.set(arn, subscription);
    this.#byTopic.set(subscription.topicArn, [...this.of(subscription.topicArn), subscription].sort((one, other) => (one.arn < other.arn ? -1 : 1)));
  }

  #load(): Map<string, Subscription[]> {
    if (this.#byTopic) return this.#byTopic;
    const stored = new Map(this.#stored.entries());
    const found: Subscription[] = [];
    for (const arn of [...new Set([...this.#baseline.keys(), ...stored.keys()])].sort()) {
      const subscription = merged(arn, this.#baseline.get(arn), stored.get(arn) ?? noChanges());
      if (subscription) found.push(subscription);
    }
    this.#byArn = new Map(found.map((subscription) => [subscription.arn, subscription]));
    const byTopic = this.#byTopic = new Map<string, Subscription[]>();
    for (const subscription of found) {
      const siblings = byTopic.get(subscription.topicArn);
      if (siblings) siblings.push(subscription);
      else byTopic.set(subscription.topicArn, [subscription]);
    }
    return byTopic;
  }
}

function merged(arn: string, definition: SubscriptionDefinition | undefined, stored: StoredSubscription): Subscription | undefined {
  const base = stored.created ?? definition;
  if (!base || stored.hidden !== undefined) return undefined;
  const { topicArn, protocol, endpoint } = base;
  return {
    arn, topicArn, protocol, endpoint,
    attributes: overlaid(base.attributes, stored),
    changed: Object.keys(stored.changes),
    ...(stored.confirmation ?? { pending: protocol !== 'sqs' && protocol !== 'lambda' }),
    ...(definition && !stored.created ? { origin: definition.origin } : {}),
  };
}

/** Of a template's subscription: looks like any other. */
export function arnOf({ topicArn, protocol, endpoint }: Subscribed): string {
  const hex = createHash('sha256').update([topicArn, protocol, endpoint].join('\0')).digest('hex');
  return `${topicArn}:${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
