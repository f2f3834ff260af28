/** Reads the setting `localLambda.eventSources`: where the source of an ARN lives. */
import { createHash } from 'node:crypto';
import type { SourcePlace } from '../contracts/event-sources.ts';
import { UserError } from '../contracts/faults.ts';
import type { EventSourceChoice } from '../contracts/settings.ts';

/** A choice that can be followed. */
export interface ChosenSource {
  place: SourcePlace;
  /** Absent for AWS's own. */
  endpoint?: string;
  profile?: string;
  region: string;
  queueUrl?: string;
  streamArn?: string;
}

const setting = 'localLambda.eventSources';
const texts = ['endpoint', 'profile', 'region', 'queueUrl', 'streamArn'] as const;

/**
 * The choice for an event source: an entry with its ARN, else with its name, else the first pattern that fits one of both.
 * @returns undefined for an embedded source. @throws UserError for an entry that cannot be followed: nothing else is polled instead.
 */
export function choiceFor(sourceArn: string, choices: Readonly<Record<string, EventSourceChoice>>): ChosenSource | undefined {
  const arn = sourceArn.replace(/\/consumer\/[^/]+$/, '');
  const name = nameOf(arn);
  const key = [sourceArn, arn, name].find((each) => Object.hasOwn(choices, each))
    ?? Object.keys(choices).find((pattern) => pattern.includes('*') && (fits(pattern, arn) || fits(pattern, name)));
  return key === undefined ? undefined : checked(key, choices[key], arn);
}

/** Where it lives, for an entry that cannot be followed too. */
export function placeOf(sourceArn: string, choices: Readonly<Record<string, EventSourceChoice>>): SourcePlace | undefined {
  try {
    return choiceFor(sourceArn, choices)?.place;
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return { kind: 'server', label: `an entry of ${setting} that cannot be followed`, key: hash(error.message) };
  }
}

/** Name of the queue, stream or table. */
function nameOf(arn: string): string {
  const resource = arn.split(':').slice(5).join(':');
  return /^(?:table|stream)\/([^/]+)/.exec(resource)?.[1] ?? resource;
}

function fits(pattern: string, text: string): boolean {
  return new RegExp(`^${pattern.split('*').map((part) => part.replace(/[$()*+.?[\\\]^{|}]/g, '\\$&')).join('.*')}$`).test(text);
}

function checked(key: string, given: unknown, arn: string): ChosenSource {
  const wrong = (what: string): UserError => new UserError(`The entry ${JSON.stringify(key)} of ${setting} ${what}.`);
  if (typeof given !== 'object' || given === null || Array.isArray(given)) throw wrong('is not an object with an endpoint or a profile');
  const choice = given as EventSourceChoice;
  for (const name of texts) {
    if (choice[name] !== undefined && (typeof choice[name] !== 'string' || choice[name].trim() === '')) throw wrong(`has something else than a text for ${name}`);
  }
  const { endpoint, profile, queueUrl, streamArn } = choice;
  if (endpoint === undefined && profile === undefined) throw wrong('names neither an endpoint (the URL of a compatible server) nor a profile (of AWS)');
  for (const url of [endpoint, queueUrl]) if (url !== undefined && !isHttpUrl(url)) throw wrong(`has ${JSON.stringify(url)} for a URL: one looks like http://127.0.0.1:4566`);
  if (streamArn !== undefined && !streamArn.startsWith('arn:')) throw wrong(`has ${JSON.stringify(streamArn)} for streamArn: an ARN begins with arn:`);
  const region = choice.region ?? (streamArn ?? arn).split(':')[3] ?? '';
  if (!/^[a-z0-9-]+$/.test(region)) throw wrong('needs a region like us-east-1');
  return {
    place: { kind: isAws(endpoint) ? 'aws' : 'server', label: label(endpoint, profile, region), key: hash(JSON.stringify([endpoint, profile, region, queueUrl, streamArn])) },
    region,
    ...(endpoint === undefined ? {} : { endpoint: endpoint.replace(/\/+$/, '') }), ...(profile === undefined ? {} : { profile }),
    ...(queueUrl === undefined ? {} : { queueUrl }), ...(streamArn === undefined ? {} : { streamArn }),
  };
}

function label(endpoint: string | undefined, profile: string | undefined, region: string): string {
  if (endpoint === undefined) return `AWS account of profile ${profile}, ${region}`;
  const { origin, hostname } = new URL(endpoint);
  const whose = profile === undefined ? '' : `, keys of profile ${profile}`;
  if (isAws(endpoint)) return `AWS at ${origin}, ${region}${whose}`;
  return `server at ${origin}${isLoopback(hostname) ? '' : ', not on this machine'}${whose}`;
}

function isAws(endpoint: string | undefined): boolean {
  return endpoint === undefined || /(^|\.)(amazonaws\.com(\.cn)?|api\.aws)$/.test(new URL(endpoint).hostname);
}

function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname.endsWith('.localhost') || hostname === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(hostname);
}

function isHttpUrl(text: string): boolean {
  const url = URL.parse(text);
  return url !== null && (url.protocol === 'http:' || url.protocol === 'https:');
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}
