/** Services that functions reach at AWS itself, because the user said so: with a named profile, never by default. */
export interface RealAwsAccess {
  profile: string;
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken?: string;
  /** Epoch milliseconds; absent for keys that do not expire. */
  expiresAt?: number;
  /** Environment variables that point an SDK to AWS, for example `AWS_ENDPOINT_URL_DYNAMODB`. */
  endpoints: Readonly<Record<string, string>>;
  /** What records say. */
  note: string;
}
