import assert from 'node:assert/strict';
import { UserError } from '../../../src/contracts/faults.ts';
import { addRegisteredFunction, describeHandler, functionNameProblem, guessRuntime, registeredAt } from '../../../src/ui/functions-file.ts';

const entry = { handler: 'src/a.handler', runtime: 'nodejs22.x', timeout: 3, memorySize: 128, environment: {} };

describe('functions.json', () => {
  it('begins with the first function', () => {
    const text = addRegisteredFunction(undefined, 'a', entry);
    assert.deepEqual(JSON.parse(text), { functions: { a: entry } });
    assert.equal(addRegisteredFunction('  \n', 'a', entry), text);
    assert.match(text, /\n {4}"a": \{\n {6}"handler"/);
  });

  it('keeps comments, order and layout of what is there', () => {
    const before = '{\n  // ours\n  "functions": {\n    "z": { "handler": "z.h", "runtime": "python3.13" } // last, I think\n  }\n}\n';
    const after = addRegisteredFunction(before, 'a', { ...entry, environment: { A: '1' } });
    assert.equal(after, [
      '{', '  // ours', '  "functions": {', '    "z": { "handler": "z.h", "runtime": "python3.13" }, // last, I think',
      '    "a": {', '      "handler": "src/a.handler",', '      "runtime": "nodejs22.x",', '      "timeout": 3,', '      "memorySize": 128,',
      '      "environment": {', '        "A": "1"', '      }', '    }', '  }', '}', '',
    ].join('\n'));
    assert.equal(addRegisteredFunction(before.replace(' // last', ', // last'), 'a', { ...entry, environment: { A: '1' } }), after);
    assert.deepEqual(JSON.parse(addRegisteredFunction('{"functions":{"z":{"handler":"z.h","runtime":"python3.13"}}}', 'a', entry)).functions.a, entry);
  });

  it('gains the functions object when it has none', () => {
    assert.deepEqual(JSON.parse(addRegisteredFunction('{ "$schema": "x" }', 'a', entry)), { $schema: 'x', functions: { a: entry } });
  });

  it('is left alone when broken, of another shape, or when the name is taken', () => {
    for (const broken of ['{ "functions": { ', '[]', '{ "functions": [] }', '"text"']) {
      assert.throws(() => addRegisteredFunction(broken, 'a', entry), UserError, broken);
    }
    assert.throws(() => addRegisteredFunction(addRegisteredFunction(undefined, 'a', entry), 'a', entry), /already/);
  });

  it('names where a function stands', () => {
    const text = addRegisteredFunction(undefined, 'a-b', entry);
    assert.equal(text.slice(registeredAt(text, 'a-b')).startsWith('"a-b"'), true);
    assert.equal(registeredAt(text, 'missing'), undefined);
  });
});

describe('what a handler registers as', () => {
  it('is named by its export, or its file, or its folder', () => {
    assert.deepEqual(describeHandler('src/place-order.ts', 'handler'), { name: 'place-order', handler: 'src/place-order.handler' });
    assert.deepEqual(describeHandler('functions/price/index.mjs', 'handler'), { name: 'price', handler: 'functions/price/index.handler' });
    assert.deepEqual(describeHandler('src/jobs.js', 'nightly'), { name: 'nightly', handler: 'src/jobs.nightly' });
    assert.deepEqual(describeHandler('index.js', 'handler'), { name: 'index', handler: 'index.handler' });
    assert.equal(describeHandler('src/größe.ts', 'handler').name, 'gr-e');
  });

  it('has a code folder of its own for Python outside a package', () => {
    assert.deepEqual(describeHandler('functions/ship/app.py', 'lambda_handler'), { name: 'ship', handler: 'app.lambda_handler', codeUri: 'functions/ship' });
    assert.deepEqual(describeHandler('shop/ship.py', 'run', { inPackage: true }), { name: 'run', handler: 'shop/ship.run' });
    assert.deepEqual(describeHandler('app.py', 'lambda_handler'), { name: 'app', handler: 'app.lambda_handler' });
  });

  it('gets a runtime of its language and a name that AWS would take', () => {
    assert.equal(guessRuntime('a/b.py'), 'python3.13');
    assert.equal(guessRuntime('a/b.ts'), 'nodejs22.x');
    assert.equal(functionNameProblem('a-b_C1'), undefined);
    assert.ok(functionNameProblem('a b'));
    assert.ok(functionNameProblem('x'.repeat(65)));
  });
});
