/** Keys of a named profile, by a bundle that is loaded when a setting asks for one. */
import type { ProfileCredentials } from '../aws/profile-credentials.ts';
import { UserError } from '../contracts/faults.ts';
import { profileCredentialsEntry } from './shipped-files.ts';

type Resolve = (profile: string) => Promise<ProfileCredentials>;

/** @param setting That names the profile. @throws UserError when it gives no credentials. */
export async function profileCredentials(profile: string, setting: string, resolve: Resolve = resolveLazily): Promise<ProfileCredentials> {
  try {
    return await resolve(profile);
  } catch (error) {
    throw new UserError(`The AWS profile ${profile} (setting ${setting}) gives no credentials: ${(error as Error).message}`, { cause: error });
  }
}

export async function resolveLazily(profile: string): Promise<ProfileCredentials> {
  const { profileCredentials: inBundle } = await import(profileCredentialsEntry) as { profileCredentials: Resolve };
  return inBundle(profile);
}
