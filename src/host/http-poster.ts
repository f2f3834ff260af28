/** Posts SNS messages to HTTP endpoints on this machine. */
import { lookup } from 'node:dns';
import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import type { HttpPoster } from '../contracts/topics.ts';

/** AWS's bound for an answer, milliseconds. */
const answerTimeout = 15_000;

export class LoopbackPoster implements HttpPoster {
  readonly #timeout: number;

  /** @param timeout Milliseconds; AWS's unless a test brings its own. */
  constructor(timeout = answerTimeout) {
    this.#timeout = timeout;
  }

  post(url: string, headers: Readonly<Record<string, string>>, body: string): Promise<{ status: number } | { failure: string }> {
    return new Promise((resolve) => {
      const target = new URL(url);
      const host = target.hostname.replace(/^\[|\]$/g, '');
      if (isIP(host) !== 0 && !isLoopbackAddress(host)) {
        resolve({ failure: `${host} is not this machine` });
        return;
      }
      const secure = target.protocol === 'https:';
      const request = (secure ? requestHttps : requestHttp)(target, {
        method: 'POST',
        headers: {
          ...headers, 'Content-Length': Buffer.byteLength(body), 'User-Agent': 'Amazon Simple Notification Service Agent', 'Accept-Encoding': 'gzip,deflate',
        },
        agent: false,
        lookup: loopbackLookup,
        // A server that runs on this machine during development has a certificate that nobody vouches for.
        ...(secure ? { rejectUnauthorized: false } : {}),
      });
      const timer = setTimeout(() => request.destroy(new Error(`no answer within ${this.#timeout / 1000} seconds`)), this.#timeout);
      timer.unref();
      request.once('response', (response) => {
        // The status is all that counts. The rest is read for politeness, within the same time.
        response.on('error', () => {}).once('close', () => clearTimeout(timer)).resume();
        resolve({ status: response.statusCode ?? 0 });
      });
      request.on('error', (error) => {
        clearTimeout(timer);
        resolve({ failure: error.message || (error as NodeJS.ErrnoException).code || 'the connection failed' });
      });
      request.end(body);
    });
  }
}

/** A name such as `localhost` must lead to this machine, whatever this machine's name service says. */
const loopbackLookup: LookupFunction = (hostname, options, callback) => {
  lookup(hostname, { ...options, all: true }, (error, addresses) => {
    if (error) {
      callback(error, '', 0);
      return;
    }
    const own = addresses.filter(({ address }) => isLoopbackAddress(address));
    const [first] = own;
    if (first === undefined) callback(Object.assign(new Error(`${hostname} is not this machine`), { code: 'ENOTFOUND' }), '', 0);
    else if (options.all) callback(null, own);
    else callback(null, first.address, first.family);
  });
};

function isLoopbackAddress(address: string): boolean {
  return /^127\./.test(address) || address === '::1' || /^::ffff:127\./.test(address);
}
