/** Questions to the execution history as SQL. */
import type { ExecutionQuery } from '../contracts/executions.ts';

/** Documents of executions, newest first. */
export function selectExecutions(query: ExecutionQuery): { sql: string; values: (string | number)[] } {
  const conditions = ['sequence < ?'];
  const values: (string | number)[] = [query.before ?? Number.MAX_SAFE_INTEGER];
  if (query.functionName !== undefined) {
    conditions.push('function_name = ?');
    values.push(query.functionName);
  }
  if (query.status !== undefined) {
    conditions.push('status = ?');
    values.push(query.status);
    // The index leaves out what most executions are: of those, the newest are soon found without one.
    if (query.status !== 'succeeded') conditions.push("status <> 'succeeded'");
  }
  if (query.causedBy !== undefined) {
    conditions.push('caused_by = ?');
    values.push(query.causedBy);
  }
  if (query.text !== undefined && query.text !== '') {
    conditions.push("search LIKE ? ESCAPE '\\'");
    values.push(`%${query.text.toLowerCase().replaceAll(/[\\%_]/g, '\\$&')}%`);
  }
  const limit = Math.min(1000, Math.max(1, Math.trunc(query.limit)));
  return { sql: `SELECT document FROM executions WHERE ${conditions.join(' AND ')} ORDER BY sequence DESC LIMIT ${limit}`, values };
}
