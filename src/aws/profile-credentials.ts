/** Credentials of a named AWS profile. A bundle of its own, loaded only when a setting asks for real AWS. */

export interface ProfileCredentials {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken?: string;
  /** Absent for keys that do not expire. */
  expiration?: Date;
}

/**
 * Resolves a profile of the user's AWS configuration: keys, assumed roles, SSO, credential processes.
 * @throws when there is no such profile, or when it gives no credentials.
 */
export async function profileCredentials(profile: string): Promise<ProfileCredentials> {
  const { fromIni } = await import('@aws-sdk/credential-provider-ini');
  return fromIni({ profile, ignoreCache: true })();
}
