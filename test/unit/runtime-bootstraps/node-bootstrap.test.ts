/** What our Node bootstrap does beyond AWS's: the channel, output, files, memory, source maps, SDK version 2. */
import assert from 'node:assert/strict';
import { transformSync } from 'esbuild';
import { processes } from './bootstrap-process.ts';

describe('Node bootstrap', function () {
  this.timeout(30_000);
  const start = processes({ runtime: 'nodejs24.x' });
  const handler = (source: string) => start({ files: { 'index.js': `exports.handler = ${source};` } });

  it('takes the channel out of the environment before the function runs', async () => {
    const process = await handler("() => Object.keys(process.env).filter((name) => name.startsWith('LOCAL_LAMBDA'))");
    assert.deepEqual(await process.result(), []);
  });

  it('sends output in the order it was written, before the answer', async () => {
    const process = await handler("() => { process.stdout.write('a'); process.stderr.write('b'); console.log('c'); process.stdout.write('d\\n'); }");
    await process.invoke();
    assert.deepEqual(process.timeline.map((entry) => entry.replace(/^\d{4}.*\t/, '')), ['<ready>', 'a', '2:b', 'c\n', 'd\n', '<response>']);
    assert.equal(process.raw, '');
  });

  it('writes strings of any encoding and bytes, and calls back', async () => {
    const process = await handler(`async () => {
      process.stdout.write('YQ==', 'base64');
      process.stdout.write(new Uint8Array([98]));
      await new Promise((done) => process.stdout.write('é', done));
      await new Promise((done) => process.stdout.write('c\\n', 'utf8', done));
    }`);
    await process.invoke();
    assert.equal(process.logs, 'abéc\n');
  });

  it('keeps console.table and streams that end in process.stdout in the log', async () => {
    const process = await handler("async () => { console.table([{ a: 1 }]); require('node:stream').Readable.from(['piped']).pipe(process.stdout); await new Promise(setImmediate); await new Promise(setImmediate); }");
    await process.invoke();
    assert.match(process.logs, /│ 0 +│ 1 │/);
    assert.match(process.logs, /piped$/);
  });

  it('keeps its memory through 100 MB of output, all of which arrives', async () => {
    const process = await handler(`async (event) => {
      if (event.exit) process.exit();
      for (let n = 0; n < 100_000; n++) process.stdout.write(Buffer.alloc(1000, 'x'));
      process.stdout.write('y'.repeat(1_000_000));
      return Math.round(process.memoryUsage.rss() / 1048576);
    }`);
    const megabytes = await process.result<number>();
    assert.ok(megabytes < 250, `${megabytes} MB`);
    assert.deepEqual(await process.invoke({ exit: true }), { kind: 'exit', payload: '', code: 0 });
    assert.equal(process.logs.length + process.raw.length, 101_000_000);
  });

  it('takes events of 6 MB and sends responses of any size whole', async () => {
    const process = await handler('(event) => event.repeat ? event.text.repeat(event.repeat) : event.text.length');
    assert.equal(await process.result({ text: 'é'.repeat(3_000_000) }), 3_000_000);
    assert.deepEqual(await process.invoke({ text: 'x'.repeat(1000), repeat: 8000 }), { kind: 'too-large', payload: '', bytes: 8_000_002 });
    assert.equal((await process.result<string>({ text: 'x'.repeat(1000), repeat: 6000 })).length, 6_000_000, 'and the channel is in step');
  });

  it('tells with an answer that child processes may have printed, and with no other', async () => {
    const process = await start({ files: { 'index.mjs': `export const handler = async (event) => {\n  if (event.child) (await import('node:child_process')).execFileSync(globalThis.process.execPath, ['-e', ''], { stdio: 'inherit' });\n};\n` } });
    await process.invoke({});
    assert.equal(process.rawAnswers, 0);
    await process.invoke({ child: true });
    assert.equal(process.rawAnswers, 1);
  });

  it('ends when the engine goes away', async () => {
    const process = await handler("() => { console.log('running'); return new Promise((done) => setTimeout(done, 60_000)); }");
    const running = process.nextLog();
    void process.invoke();
    await running;
    process.disconnect();
    assert.equal(await process.exit, 0);
  });

  it('leaves output behind when the handler ends the process', async () => {
    const process = await handler("() => { console.log('last words'); process.exit(3); }");
    assert.deepEqual(await process.invoke(), { kind: 'exit', payload: '', code: 3 });
    assert.match(process.logs, /last words\n$/);
  });

  it('answers though the handler leaves a timer and a server open', async () => {
    const process = await handler("async () => { setInterval(() => {}, 1000); require('node:net').createServer().listen(0, '127.0.0.1'); return 'open'; }");
    assert.equal(await process.result(), 'open');
    assert.equal(await process.result(), 'open');
  });

  it('tells which files of the function are loaded, and again when there are more', async () => {
    const process = await start({ files: {
      'index.js': "require('./src/first.js'); exports.handler = (event) => { if (event.more) require('./src/second.js'); };",
      'src/first.js': '', 'src/second.js': '',
    } });
    await process.init;
    assert.deepEqual(process.files, [['index.js', 'src/first.js'].map((name) => `${process.folder}/${name}`)]);
    await process.invoke();
    assert.equal(process.files.length, 1, 'nothing new, no report');
    const more = process.nextFiles();
    await process.invoke({ more: true });
    assert.ok((await more).includes(`${process.folder}/src/second.js`));
  });

  it('reports its memory with an answer, not with every one', async () => {
    const process = await handler('() => {}');
    for (let n = 0; n < 20; n++) await process.invoke();
    assert.ok(process.memory.length > 0 && process.memory.length < 20, String(process.memory.length));
    assert.ok(process.memory[0]! > 10 * 1024 * 1024);
  });

  it('loads the file that the engine has built instead of the source', async () => {
    const process = await start({ files: { 'src/index.ts': 'not loaded', 'out/built.js': 'exports.handler = async () => "built";' }, handler: 'src/index.handler', environment: { LOCAL_LAMBDA_HANDLER_FILE: 'out/built.js' } });
    assert.equal((await process.init).kind, 'init-error', 'a relative file is none of the function');
    const folder = process.folder;
    const absolute = await start({ files: { 'out/built.js': 'exports.handler = async () => "built";' }, folder: `${folder}-2`, handler: 'src/index.handler', environment: { LOCAL_LAMBDA_HANDLER_FILE: `${folder}-2/out/built.js` } });
    assert.equal(await absolute.result(), 'built');
  });

  it('names the TypeScript line in a trace when source maps are on', async () => {
    const source = 'interface Order { id: string }\n\ntype Unused = Order;\n\nexport const handler = async (order: Order): Promise<void> => {\n  throw new Error(order.id as string);\n};\n';
    const { code } = transformSync(source, { loader: 'ts', format: 'cjs', sourcemap: 'inline', sourcefile: 'index.ts', minifyWhitespace: true });
    const process = await start({ files: { 'index.js': code, 'index.ts': source }, binaryArguments: ['--enable-source-maps'] });
    const { trace } = await process.result<{ trace: string[] }>({ id: '5' });
    assert.ok(trace.some((line) => line.includes('index.ts:6:')), trace.join('\n'));
  });

  it('survives functions that change their folder or their console', async () => {
    const process = await handler("() => { process.chdir('/'); console.log = () => {}; console.log('gone'); process.stdout.write = () => true; process.stdout.write('gone'); console.info('here'); }");
    assert.equal(await process.result(), null);
    assert.match(process.logs, /\there\n$/);
    assert.equal(process.lines.length, 1);
  });

  describe('with version 2 of the AWS SDK', () => {
    const sdk = {
      'node_modules/aws-sdk/package.json': '{"name":"aws-sdk","main":"lib/aws.js"}',
      'node_modules/aws-sdk/lib/aws.js': "const AWS = require('./core'); AWS.S3 = class { constructor() { this.config = AWS.config; } }; module.exports = AWS;",
      'node_modules/aws-sdk/lib/core.js': 'module.exports = { config: { updates: 0, update(values) { Object.assign(this, values); this.updates++; } } };',
      'node_modules/aws-sdk/clients/s3.js': "const AWS = require('../lib/core'); module.exports = class { constructor() { this.config = AWS.config; } };",
    };
    const environment = { AWS_ENDPOINT_URL: 'http://127.0.0.1:4566', AWS_ENDPOINT_URL_SECRETS_MANAGER: 'http://127.0.0.1:4567' };
    const ways: Record<string, Record<string, string>> = {
      'require': { 'index.js': "const { S3 } = require('aws-sdk'); exports.handler = () => new S3().config;" },
      'one client': { 'index.js': "const S3 = require('aws-sdk/clients/s3'); exports.handler = () => new S3().config;" },
      'both': { 'index.js': "require('aws-sdk/clients/s3'); const { S3 } = require('aws-sdk'); exports.handler = () => new S3().config;" },
      'import': { 'index.mjs': "import AWS from 'aws-sdk'; export const handler = () => new AWS.S3().config;" },
    };
    for (const [way, files] of Object.entries(ways)) {
      it(`points it to the endpoint once (${way})`, async () => {
        const process = await start({ files: { ...sdk, ...files }, environment });
        assert.deepEqual(await process.result(), { updates: 1, endpoint: environment.AWS_ENDPOINT_URL, s3ForcePathStyle: true, secretsmanager: { endpoint: environment.AWS_ENDPOINT_URL_SECRETS_MANAGER } });
      });
    }

    it('leaves alone a module of the function that has its name', async () => {
      const process = await start({ files: { 'index.js': "exports.handler = () => require('./aws-sdk/index.js');", 'aws-sdk/index.js': 'module.exports = { own: true };' }, environment });
      assert.deepEqual(await process.result(), { own: true });
    });
  });
});
