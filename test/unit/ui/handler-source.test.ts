import assert from 'node:assert/strict';
import { exportedFunctions, isTestFile, locateExport, typedHandlers } from '../../../src/ui/handler-source.ts';

const names = (text: string) => typedHandlers(text, 'script').map(({ name }) => name);
const line = (text: string, offset: number | undefined) => (offset === undefined ? undefined : text.slice(0, offset).split('\n').length);

describe('handlers with a typed signature', () => {
  it('are those annotated with a handler type of aws-lambda', () => {
    assert.deepEqual(names("import type { Handler } from 'aws-lambda';\nexport const run: Handler<string, number> = async () => 1;"), ['run']);
    assert.deepEqual(names("import { APIGatewayProxyHandlerV2 } from 'aws-lambda';\nexport const api: APIGatewayProxyHandlerV2 = async () => ({});"), ['api']);
    assert.deepEqual(names("import type { SQSHandler as Queue } from 'aws-lambda';\nexport const work: Queue = async () => {};"), ['work']);
    assert.deepEqual(names("import type * as lambda from 'aws-lambda';\nexport const run: lambda.Handler = async () => 1;"), ['run']);
    assert.deepEqual(names("export const run: import('aws-lambda').Handler = async () => 1;"), ['run']);
  });

  it('are those that satisfy one, also when wrapped', () => {
    const text = [
      "import middy from '@middy/core';",
      "import type { SQSHandler } from 'aws-lambda';",
      'export const helper = (text: string) => text;',
      'export const handler = middy(async (event) => {',
      '  await work(event);',
      '}) satisfies SQSHandler;',
      'export const other = 1;',
    ].join('\n');
    const found = typedHandlers(text, 'script');
    assert.deepEqual(found.map(({ name, offset }) => [name, line(text, offset)]), [['handler', 4]]);
  });

  it('are those exported further down, under the exported name', () => {
    assert.deepEqual(names("import type { Handler } from 'aws-lambda';\nconst run: Handler = async () => 1;\nexport { run as handler };"), ['handler']);
    assert.deepEqual(names("import type { Handler } from 'aws-lambda';\nconst run: Handler = async () => 1;\nexport default run;"), ['default']);
    assert.deepEqual(names("/** @type {import('aws-lambda').Handler} */\nexports.handler = async () => 1;"), ['handler']);
  });

  it('are not those of Express, nor ones that are never exported, nor ordinary functions', () => {
    assert.deepEqual(names("import { Handler } from 'express';\nexport const handler: Handler = (req, res) => res.end();"), []);
    assert.deepEqual(names("import type { Handler } from 'aws-lambda';\nconst handler: Handler = async () => 1;"), []);
    assert.deepEqual(names("import type { Handler } from 'aws-lambda';\nexport const wrap = (inner: Handler) => inner;\nexport function handler(event: unknown) { return event; }"), []);
  });

  it('are lambda_handler(event, context) in Python', () => {
    assert.deepEqual(typedHandlers('import os\n\ndef lambda_handler(event, context):\n    pass', 'python'), [{ name: 'lambda_handler', offset: 11 }]);
    assert.deepEqual(typedHandlers('def lambda_handler(event: dict, context: Context) -> dict:\n    pass', 'python').length, 1);
    assert.deepEqual(typedHandlers('def lambda_handler(path):\n    pass', 'python'), []);
    assert.deepEqual(typedHandlers('class A:\n    def lambda_handler(event, context):\n        pass', 'python'), []);
  });
});

describe('the line of a handler that a template names', () => {
  const cases: [title: string, text: string, name: string, expected: number | undefined][] = [
    ['function', '// handler\nexport async function handler(event) {}', 'handler', 2],
    ['constant', 'const a = 1;\nexport const handler = async () => {};', 'handler', 2],
    ['wrapped', "import middy from '@middy/core';\nexport const handler = middy(base);", 'handler', 2],
    ['CommonJS', "'use strict';\nexports.handler = async () => {};", 'handler', 2],
    ['CommonJS list', 'async function handler() {}\nmodule.exports = { handler };', 'handler', 1],
    ['re-export', "export { handler } from './other.js';", 'handler', 1],
    ['re-export under another name', "import x from 'x';\nexport { main as handler } from './other.js';", 'handler', 2],
    ['default', 'export default async () => {};', 'default', 1],
    ['not a longer name', 'export const handlerOptions = {};', 'handler', undefined],
  ];
  for (const [title, text, name, expected] of cases) {
    it(title, () => { assert.equal(line(text, locateExport(text, name, 'script')), expected); });
  }
  it('Python definitions and decorated names', () => {
    assert.equal(line('import x\n@tracer\ndef handle(event, context):\n  pass', locateExport('import x\n@tracer\ndef handle(event, context):\n  pass', 'handle', 'python')), 3);
    assert.equal(line('handler = Mangum(app)', locateExport('handler = Mangum(app)', 'handler', 'python')), 1);
    assert.equal(locateExport('handler == 1', 'handler', 'python'), undefined);
  });
});

describe('functions that may be registered', () => {
  it('are exported ones, likely when they look like handlers', () => {
    const text = [
      'export const add = (a: number, b: number) => a + b;',
      'export const resize = async (event: Event) => {',
      '};',
      'export async function orderHandler(input) {}',
      'export const wrapped = middy(base);',
      'export const limit = 3;',
      'const hidden = (event) => event;',
    ].join('\n');
    assert.deepEqual(exportedFunctions(text, 'script').map(({ name, likely }) => [name, likely]), [
      ['add', false], ['resize', true], ['orderHandler', true], ['wrapped', true],
    ]);
  });

  it('take two parameters in Python', () => {
    assert.deepEqual(
      exportedFunctions('def total(lines):\n  pass\ndef work(event, context):\n  pass\ndef add(a, b):\n  pass', 'python').map(({ name, likely }) => [name, likely]),
      [['work', true], ['add', false]],
    );
  });
});

describe('test files', () => {
  it('are known by folder or name, on either kind of path', () => {
    for (const path of ['/w/tests/app.py', '/w/test_app.py', 'C:\\w\\__tests__\\a.ts', '/w/a.test.ts', '/w/a.spec.mjs', '/w/app_test.py']) assert.ok(isTestFile(path), path);
    for (const path of ['/w/src/app.py', '/w/latest/app.ts', '/w/contest.py', '/w/src/testing.ts']) assert.ok(!isTestFile(path), path);
  });
});
