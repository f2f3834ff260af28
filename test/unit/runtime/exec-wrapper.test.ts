import assert from 'node:assert/strict';
import { answerOf, functionIn, openWorkbench, type Workbench } from './fixture.ts';

describe('AWS_LAMBDA_EXEC_WRAPPER', function () {
  if (process.platform === 'win32') return;
  let bench: Workbench;
  beforeEach(() => { bench = openWorkbench(); });
  afterEach(async () => bench.close());

  const environment = (path: string) => ({ AWS_LAMBDA_EXEC_WRAPPER: path });

  it('starts Node and Python through a script of the function, of a layer or anywhere', async () => {
    bench.place.write('node/index.js', 'exports.handler = async () => process.env.WRAPPED;');
    bench.place.write('node/wrap', '#!/bin/sh\nexport WRAPPED=task\nexec "$@"\n', 0o755);
    bench.place.write('layer/wrap', '#!/bin/sh\nexport WRAPPED=layer\nexec "$@"\n', 0o755);
    bench.place.write('snake/app.py', 'import os\ndef handler(event, context):\n    return os.environ["WRAPPED"]\n');
    assert.equal(answerOf(await bench.call(functionIn(bench.place, 'node', { environment: environment('/var/task/wrap') }))), 'task');
    assert.equal(answerOf(await bench.call(functionIn(bench.place, 'node', { version: '1', environment: environment('/opt/wrap'), layers: [bench.place.path('layer')] }))), 'layer');
    const snake = functionIn(bench.place, 'snake', { runtime: 'python3.11', handler: 'app.handler', environment: environment(bench.place.path('layer', 'wrap')) });
    assert.equal(answerOf(await bench.call(snake)), 'layer');
  });

  it('an edit of the script starts the function afresh', async () => {
    bench.place.write('node/index.js', 'exports.handler = async () => process.env.WRAPPED;');
    const script = (value: string) => bench.place.write('node/wrap', `#!/bin/sh\nexport WRAPPED=${value}\nexec "$@"\n`, 0o755);
    script('one');
    const fn = functionIn(bench.place, 'node', { environment: environment('/var/task/wrap') });
    assert.equal(answerOf(await bench.call(fn)), 'one');
    script('second');
    assert.equal(answerOf(await bench.call(fn)), 'second');
  });

  it('lambda-facts §1.4: a script that is not there ends init with exit status 127', async () => {
    bench.place.write('node/index.js', 'exports.handler = async () => 1;');
    const { outcome } = await bench.call(functionIn(bench.place, 'node', { environment: environment('/idontexist') }));
    assert.deepEqual(outcome, { kind: 'exit', phase: 'init', code: 127, signal: null });
  });
});
