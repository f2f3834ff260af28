import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { Fixture } from './fixture.ts';

const file = '.local-lambda/functions.json';

interface Limits {
  minimum?: number;
  maximum?: number;
}

describe('.local-lambda/functions.json', () => {
  let workspace: Fixture;
  beforeEach(() => {
    workspace = new Fixture();
  });
  afterEach(() => workspace.dispose());

  it('functions with all their settings; comments and trailing commas are let through', async () => {
    const read = await workspace.write({
      'src/orders/handler.ts': '', 'jobs/app.py': '', 'layers/base/python/x.py': '',
      [file]: `{
  "$schema": "x",
  // registered by hand
  "functions": {
    "place-order": {
      "handler": "src/orders/handler.main", "runtime": "nodejs22.x", "timeout": 12, "memorySize": 512,
      "environment": { "A": "b", "N": 5, "T": true }, "description": "Places an order",
      "layers": ["layers/base", "arn:aws:lambda:eu-west-1:1:layer:x:1"],
    },
    "job": { "handler": "app.run", "runtime": "python3.13", "codeUri": "jobs" },
  },
}`,
    }).read();
    assert.deepEqual(read.names, ['place-order', 'job']);
    const { origin, configuration, aliases } = read.function('place-order');
    assert.deepEqual(origin, {
      kind: 'registered', logicalId: 'place-order', folder: workspace.folder, location: { file: workspace.path(file), line: 4, column: 4 },
    });
    assert.deepEqual(configuration.environment, { A: 'b', N: '5', T: 'true' });
    assert.deepEqual([configuration.timeout, configuration.memorySize, configuration.description], [12, 512, 'Places an order']);
    assert.deepEqual(configuration.code, { folder: workspace.folder, handlerFile: workspace.path('src/orders/handler.ts'), handlerExport: 'main' });
    assert.deepEqual(configuration.layers, [workspace.path('layers/base')]);
    assert.deepEqual(configuration.unresolvedLayers, ['arn:aws:lambda:eu-west-1:1:layer:x:1']);
    assert.deepEqual(aliases, []);
    assert.equal(read.handlerFile('job'), 'jobs/app.py');
    assert.deepEqual([read.function('job').configuration.timeout, read.function('job').configuration.memorySize], [3, 128]);
    assert.deepEqual(read.diagnostics, []);
  });

  it('mistakes are said on their lines and leave the others', async () => {
    const read = await workspace.write({
      'app.js': '',
      'template.yaml': 'Transform: AWS::Serverless-2016-10-31\nResources:\n  Taken: { Type: AWS::Serverless::Function, Properties: { FunctionName: taken, Handler: app.handler, Runtime: nodejs22.x } }\n',
      [file]: `{ "functions": {
  "good": { "handler": "app.handler", "runtime": "nodejs22.x" },
  "bad name": { "handler": "app.handler", "runtime": "nodejs22.x" },
  "text": "app.handler",
  "bare": {},
  "lost": { "handler": "nope.handler", "runtime": "nodejs22.x", "timeout": 0 },
  "taken": { "handler": "app.handler", "runtime": "nodejs22.x" }
} }`,
    }).read();
    assert.ok(read.names.includes('good'));
    assert.equal(read.names.filter((name) => name === 'taken').length, 1);
    for (const pattern of [
      /json:3 error "bad name" is no function name/, /json:4 error Function text must be an object/, /json:5 error This function has no Runtime/,
      /json:5 error This function has no Handler/, /json:6 warning No file for handler nope\.handler/, /json:6 error Timeout must be 1 to 900 seconds, not 0/,
      /json:7 warning Function name taken is taken by template\.yaml:3/,
    ]) assert.ok(read.diagnostics.some((each) => pattern.test(each)), `${pattern} in\n${read.diagnostics.join('\n')}`);
  });

  for (const [name, text, expected] of [
    ['an empty file', '', /json:1 information This file is empty/],
    ['a file of another shape', '[]', /json:1 error This file has no "functions" object/],
    ['broken JSON', '{"functions": {\n "a": {"handler": "app.handler" "runtime": "nodejs22.x"}}}', /json:2 error JSON: comma expected/],
  ] as const) {
    it(`${name} is said`, async () => {
      const read = await workspace.write({ 'app.js': '', [file]: text }).read();
      assert.match(read.diagnostics.join('\n'), expected);
    });
  }

  it('only the folder at the top of a workspace folder counts as registered', async () => {
    const read = await workspace.write({ 'functions.json': '{"functions": {"x": {"handler": "a.b", "runtime": "nodejs22.x"}}}' }).read();
    assert.deepEqual(read.names, []);
  });

  it('the schema names every member that is read, with the limits of Lambda', () => {
    const schema = JSON.parse(readFileSync(new URL('../../../media/functions.schema.json', import.meta.url), 'utf8')) as {
      definitions: { function: { properties: Record<string, Limits & { properties?: Record<string, Limits> }> } };
    };
    const { properties } = schema.definitions.function;
    assert.deepEqual(Object.keys(properties).sort(), [
      'codeUri', 'deadLetterTargetArn', 'description', 'environment', 'eventInvokeConfig', 'handler', 'layers', 'memorySize', 'runtime', 'timeout',
    ]);
    assert.deepEqual([properties['timeout']?.minimum, properties['timeout']?.maximum], [1, 900]);
    assert.deepEqual([properties['memorySize']?.minimum, properties['memorySize']?.maximum], [128, 10_240]);
    const { maximumRetryAttempts: retries, maximumEventAgeInSeconds: age } = properties['eventInvokeConfig']?.properties ?? {};
    assert.deepEqual([retries?.minimum, retries?.maximum, age?.minimum, age?.maximum], [0, 2, 60, 21_600]);
  });
});
