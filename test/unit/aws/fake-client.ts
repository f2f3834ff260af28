/** A client of the AWS SDK that answers as a test says. */
import type { AwsClient, Operations } from '../../../src/aws/client.ts';
import { RemoteClient } from '../../../src/aws/remote-client.ts';

type Input = Record<string, unknown>;
type Script = (operation: string, input: Input, signal: AbortSignal | undefined) => unknown;

export class FakeClient<O extends Operations> {
  readonly calls: { operation: string; input: Input }[] = [];
  opened = 0;
  destroyed = 0;
  script: Script;
  readonly client: RemoteClient<O>;

  constructor(script: Script) {
    this.script = script;
    this.client = new RemoteClient<O>(() => {
      this.opened += 1;
      const client: AwsClient<O> = {
        call: async (operation, input, signal) => {
          this.calls.push({ operation, input: input as Input });
          return await this.script(operation, input as Input, signal) as never;
        },
        destroy: () => { this.destroyed += 1; },
      };
      return Promise.resolve(client);
    });
  }

  inputs(operation: string): Input[] {
    return this.calls.filter((call) => call.operation === operation).map(({ input }) => input);
  }
}

/** As the SDK throws it. */
export function sdkError(name: string, message = 'told by the server', more: object = {}): Error {
  return Object.assign(new Error(message), { name }, more);
}
