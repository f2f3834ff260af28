/**
 * Keeps web pages away: a browser may reach 127.0.0.1 by DNS rebinding (a foreign Host) or by a cross-site request
 * (which carries an Origin). No SDK, CLI or script sends either.
 */
import type { IncomingHttpHeaders } from 'node:http';

const ownHost = /^(?:127\.0\.0\.1|\[::1\]|(?:[a-z0-9_-]+\.)*localhost)(?::\d{1,5})?$/i;

/** One sentence when the caller must be refused, else undefined. */
export function refusal(headers: IncomingHttpHeaders): string | undefined {
  const { host, origin } = headers;
  if (host === undefined || !ownHost.test(host)) {
    return `Local Lambda answers only to the hosts 127.0.0.1 and localhost, not to '${host ?? ''}'.`;
  }
  if (origin !== undefined) return 'Local Lambda does not answer web pages: requests with an Origin header are refused.';
  return undefined;
}
