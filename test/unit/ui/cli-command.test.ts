import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { cliCommand, endpointExports, longestPayload, shellOf, type CliInvocation } from '../../../src/ui/cli-command.ts';

const invocation: CliInvocation = {
  endpoint: 'http://127.0.0.1:4000', region: 'us-east-1', functionName: 'PlaceOrder', logType: 'Tail', invocationType: 'RequestResponse', payload: '{}',
};

describe('an invocation as a command line', () => {
  it('names the endpoint and takes the payload as it is', () => {
    assert.equal(
      cliCommand(invocation, 'posix'),
      "aws lambda invoke --endpoint-url http://127.0.0.1:4000 --region us-east-1 --function-name PlaceOrder --log-type Tail --payload '{}' --cli-binary-format raw-in-base64-out out.json",
    );
  });

  it('queues an event as the execution did', () => {
    assert.match(cliCommand({ ...invocation, invocationType: 'Event' }, 'posix'), / --invocation-type Event /);
  });

  it('gives the client context in base64 and the qualifier', () => {
    const text = cliCommand({ ...invocation, logType: 'None', qualifier: '$LATEST', clientContext: '{"custom":{"a":1}}' }, 'posix');
    assert.ok(text.includes(" --qualifier '$LATEST' "));
    assert.ok(text.includes(` --client-context ${Buffer.from('{"custom":{"a":1}}').toString('base64')} `));
    assert.ok(!text.includes('--log-type'));
  });

  it('survives a POSIX shell with every kind of text', function () {
    if (process.platform === 'win32') this.skip();
    const payload = `{"text":"it's $HOME \`id\` \\"quoted\\" \\\\ größe !"}`;
    const line = cliCommand({ ...invocation, payload }, 'posix').replace(/^aws /, `'${process.execPath}' -e 'console.log(JSON.stringify(process.argv.slice(1)))' -- `);
    const parameters = JSON.parse(execFileSync('sh', ['-c', line], { encoding: 'utf8' })) as string[];
    assert.equal(parameters[parameters.indexOf('--payload') + 1], payload);
    assert.equal(parameters.at(-1), 'out.json');
  });

  it('doubles single quotes for PowerShell', () => {
    assert.ok(cliCommand({ ...invocation, payload: `"it's"` }, 'powershell').includes(`--payload '"it''s"' `));
  });

  it('reads a long payload from a file', () => {
    const text = cliCommand({ ...invocation, payload: `"${'x'.repeat(longestPayload)}"` }, 'posix');
    assert.ok(text.includes(' --payload file://event.json '));
  });
});

describe('endpoint exports', () => {
  const info = { endpoint: 'http://127.0.0.1:1', region: 'eu-west-1', accountId: '123456789012', accessKeyId: 'AKIA', secretAccessKey: 's/+', token: 't' };

  it('are lines for the shell that is used', () => {
    assert.equal(endpointExports(info, 'posix').split('\n')[4], "export AWS_SECRET_ACCESS_KEY='s/+'");
    assert.ok(endpointExports(info, 'posix').endsWith('unset AWS_SESSION_TOKEN AWS_PROFILE\n'));
    assert.equal(endpointExports(info, 'powershell').split('\n')[0], "$env:AWS_ENDPOINT_URL = 'http://127.0.0.1:1'");
  });

  it('know shells by their program', () => {
    assert.equal(shellOf('/bin/zsh', 'darwin'), 'posix');
    assert.equal(shellOf('C:\\Program Files\\Git\\bin\\bash.exe', 'win32'), 'posix');
    assert.equal(shellOf('C:\\Windows\\System32\\cmd.exe', 'win32'), 'powershell');
    assert.equal(shellOf('/usr/bin/pwsh', 'linux'), 'powershell');
    assert.equal(shellOf('', 'linux'), 'posix');
  });
});
