/** What AWS says to a request that is not signed, or not signed right. The bodies hold `message` and nothing else. */
import { AwsFault } from '../contracts/faults.ts';

/** DOUBT: JSON-protocol services were seen to answer 400, REST ones 403. */
const incompleteSignatureStatus = 403;

const names = new Set([
  'MissingAuthenticationTokenException', 'IncompleteSignatureException', 'UnrecognizedClientException', 'InvalidSignatureException',
]);

/** Faults of the signature check go out without the `Type` that Lambda's own errors have. */
export function isSignatureFault(fault: AwsFault): boolean {
  return names.has(fault.name);
}

export function missingAuthenticationToken(): AwsFault {
  return new AwsFault('MissingAuthenticationTokenException', 403, 'Missing Authentication Token');
}

export function incompleteSignature(message: string): AwsFault {
  return new AwsFault('IncompleteSignatureException', incompleteSignatureStatus, message);
}

export function unrecognizedClient(): AwsFault {
  return new AwsFault('UnrecognizedClientException', 403, 'The security token included in the request is invalid.');
}

export function invalidSignature(message: string): AwsFault {
  return new AwsFault('InvalidSignatureException', 403, message);
}

/** Like AWS, names the strings that should have been signed: they hold no secret, and show what a signer did differently. */
export function signatureMismatch(canonicalRequest: string, stringToSign: string): AwsFault {
  return invalidSignature(
    'The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and '
    + 'signing method. Consult the service documentation for details.\n\n'
    + `The Canonical String for this request should have been\n'${canonicalRequest}'\n\n`
    + `The String-to-Sign should have been\n'${stringToSign}'\n`,
  );
}
