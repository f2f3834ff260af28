/**
 * Queue URLs in a function's environment. An SDK sends what is meant for a queue to the host of its URL, whatever
 * `AWS_ENDPOINT_URL` says; `!Ref` of a queue in a template is a URL of AWS. So that nothing leaves the machine unasked,
 * such a URL names the endpoint instead.
 */
const awsQueueUrl = /https?:\/\/(?:sqs\.[a-z0-9-]+|(?:[a-z0-9-]+\.)?queue)\.amazonaws\.com(?:\.cn)?\/(?=\d{12}\/[A-Za-z0-9_-])/g;

/** @param variables Not changed. @param endpoint `http://127.0.0.1:<port>` */
export function withLocalQueueUrls(variables: Readonly<Record<string, string>>, endpoint: string): Record<string, string> {
  return Object.fromEntries(Object.entries(variables).map(([name, value]) => [name, value.replaceAll(awsQueueUrl, `${endpoint}/`)]));
}
