/** Where the files stand that are started by path: beside the bundle when bundled, in the source tree otherwise. */
import { fileURLToPath } from 'node:url';

const bundled = process.env['LOCAL_LAMBDA_BUNDLED'] === 'true';
const from = (path: string) => fileURLToPath(new URL(path, import.meta.url));

export const supervisorEntry = bundled ? from('./supervisor.cjs') : from('../runtime/supervisor.ts');
export const bootstrapFolder = bundled ? from('./bootstraps') : from('../runtime/bootstraps');
/** URL of the bundle that resolves AWS profiles, for `import()`. */
export const profileCredentialsEntry = new URL(bundled ? './profile-credentials.cjs' : '../aws/profile-credentials.ts', import.meta.url).href;
/** URL of the bundle with clients for event sources that are not embedded, for `import()`. */
export const sourceClientsEntry = new URL(bundled ? './source-clients.cjs' : '../aws/source-clients.ts', import.meta.url).href;
/** This project's version. */
export const version = process.env['LOCAL_LAMBDA_VERSION'] ?? '0.0.0-source';
