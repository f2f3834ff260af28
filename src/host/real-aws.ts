/** Lets the services that a setting names go to real AWS: resolves the profile and remembers which keys were handed out. */
import type { Logger } from '../contracts/logger.ts';
import { UserError } from '../contracts/faults.ts';
import type { RealAwsAccess } from '../contracts/real-aws.ts';
import type { EngineSettings } from '../contracts/settings.ts';
import type { ProfileCredentials } from '../aws/profile-credentials.ts';
import { profileCredentials, resolveLazily } from './profile-keys.ts';

/** Service ids as SDKs spell them in `AWS_ENDPOINT_URL_<ID>`, where that is not the endpoint's name in capitals. */
const serviceIds: Readonly<Record<string, string>> = {
  'bedrock-runtime': 'BEDROCK_RUNTIME', 'cognito-idp': 'COGNITO_IDENTITY_PROVIDER', 'email': 'SES', 'events': 'EVENTBRIDGE', 'logs': 'CLOUDWATCH_LOGS',
  'monitoring': 'CLOUDWATCH', 'secretsmanager': 'SECRETS_MANAGER', 'states': 'SFN', 'streams.dynamodb': 'DYNAMODB_STREAMS', 'kinesis': 'KINESIS',
};

/** Keys are resolved anew this long before they expire, in milliseconds. */
const renewBefore = 300_000;

type Resolve = (profile: string) => Promise<ProfileCredentials>;

export class RealAws {
  readonly #settings: () => Pick<EngineSettings, 'awsProfile' | 'awsServices' | 'region'>;
  readonly #logger: Logger;
  readonly #resolve: Resolve;
  /** Secrets by access key id, of everything that functions were given: their calls to the endpoint are recognised. */
  readonly #handedOut = new Map<string, string>();
  #known: { key: string; access: RealAwsAccess } | undefined;

  constructor(settings: () => Pick<EngineSettings, 'awsProfile' | 'awsServices' | 'region'>, logger: Logger, resolve: Resolve = resolveLazily) {
    this.#settings = settings;
    this.#logger = logger;
    this.#resolve = resolve;
  }

  /** undefined when no service goes to AWS. @throws UserError when the profile gives no credentials. */
  async access(): Promise<RealAwsAccess | undefined> {
    const { awsProfile: profile, awsServices: services, region } = this.#settings();
    if (services.length === 0) return undefined;
    if (profile === '') throw new UserError('localLambda.awsServices names services of real AWS, but localLambda.awsProfile names no profile: set it, or empty the list.');
    const key = JSON.stringify([profile, services, region]);
    const { access: known, key: before } = this.#known ?? {};
    if (known && before === key && (known.expiresAt ?? Infinity) - renewBefore > Date.now()) return known;
    const credentials = await profileCredentials(profile, 'localLambda.awsProfile', this.#resolve);
    const access: RealAwsAccess = {
      profile, accessKeyId: credentials.accessKeyId, secretAccessKey: credentials.secretAccessKey,
      ...(credentials.sessionToken === undefined ? {} : { sessionToken: credentials.sessionToken }),
      ...(credentials.expiration === undefined ? {} : { expiresAt: credentials.expiration.getTime() }),
      endpoints: Object.fromEntries(services.map((service) => [`AWS_ENDPOINT_URL_${serviceIdOf(service)}`, `https://${service}.${region}.amazonaws.com`])),
      note: `Calls to ${services.join(', ')} go to AWS in ${region} with profile ${profile}.`,
    };
    this.#handedOut.set(access.accessKeyId, access.secretAccessKey);
    if (before !== key) this.#logger.warn(access.note);
    this.#known = { key, access };
    return access;
  }

  /** The secret of a key that was handed to a function. */
  secretOf(accessKeyId: string): string | undefined {
    return this.#handedOut.get(accessKeyId);
  }
}

function serviceIdOf(service: string): string {
  return serviceIds[service] ?? service.toUpperCase().replaceAll(/[^A-Z0-9]+/g, '_');
}
