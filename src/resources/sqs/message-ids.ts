/**
 * A message id: a UUID as AWS's, except that it begins with the time. Neighbours in a queue so are neighbours in the index
 * of ids, which keeps sending to and emptying of long queues off the disk's random places.
 *
 * @param uuid Random. @param now Epoch milliseconds.
 */
export function messageIdAt(now: number, uuid: string): string {
  const time = Math.floor(now).toString(16).padStart(12, '0').slice(-12);
  return `${time.slice(0, 8)}-${time.slice(8)}${uuid.slice(13)}`;
}
