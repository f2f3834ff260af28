import assert from 'node:assert/strict';
import { relative } from 'node:path';
import { Fixture, ReadModel } from './fixture.ts';

const header = "AWSTemplateFormatVersion: '2010-09-09'\nTransform: AWS::Serverless-2016-10-31\n";

function functionYaml(logicalId: string, properties: Record<string, unknown> = {}): string {
  const all = { Runtime: 'nodejs22.x', Handler: 'app.handler', ...properties };
  return `  ${logicalId}: { Type: AWS::Serverless::Function, Properties: ${JSON.stringify(all)} }\n`;
}

function samTemplate(...functions: readonly string[]): string {
  return `${header}Resources:\n${functions.join('')}`;
}

describe('workspace reader', () => {
  let workspace: Fixture;
  beforeEach(() => {
    workspace = new Fixture();
  });
  afterEach(() => workspace.dispose());

  it('CloudFormation in JSON, with positions', async () => {
    const template = {
      AWSTemplateFormatVersion: '2010-09-09',
      Resources: {
        Fn: {
          Type: 'AWS::Lambda::Function',
          Properties: {
            FunctionName: { 'Fn::Sub': 'fn-${AWS::Region}' }, Runtime: 'python3.13', Handler: 'pkg.app.run', Code: './code', Timeout: 9000,
            Tags: [{ Key: 'team', Value: 'core' }], TracingConfig: { Mode: 'Active' }, DeadLetterConfig: { TargetArn: 'arn:aws:sqs:eu-west-1:123456789012:dead' },
          },
        },
      },
    };
    const read = await workspace.write({ 'infra/template.json': `\uFEFF${JSON.stringify(template, null, '\t')}`, 'infra/code/pkg/app.py': '' }).read();
    const fn = read.function('fn-eu-west-1');
    assert.equal(read.handlerFile('fn-eu-west-1'), 'infra/code/pkg/app.py');
    assert.equal(fn.configuration.code.handlerExport, 'run');
    assert.deepEqual([fn.origin.kind, fn.origin.logicalId, fn.origin.folder, fn.origin.location?.line], ['cloudformation', 'Fn', workspace.folder, 3]);
    assert.deepEqual(fn.tags, { team: 'core' });
    assert.equal(fn.configuration.tracing, 'Active');
    assert.equal(fn.configuration.deadLetterTargetArn, 'arn:aws:sqs:eu-west-1:123456789012:dead');
    assert.deepEqual(read.diagnostics, [
      'infra/template.json:13 error Timeout must be 1 to 900 seconds, not 9000; 900 is used here.',
      'infra/template.json:24 information The dead-letter queue is the queue dead, which no template declares here: declare it, or create it while the engine runs.',
    ]);
  });

  it('a template is known by what stands far below its first lines, too', async () => {
    const parameters = Array.from({ length: 2000 }, (_, index) => `  Parameter${index}: { Type: String, Default: "value number ${index}" }\n`).join('');
    const read = await workspace.write({
      'template.yaml': `Parameters:\n${parameters}Resources:\n${functionYaml('Late', { InlineCode: 'exports.handler = 1' })}Transform: AWS::Serverless-2016-10-31\n`,
    }).read();
    assert.equal(read.function('Late').configuration.runtime, 'nodejs22.x');
  });

  it('code in an archive is said to be there, and no folder around it is taken for the code', async () => {
    const read = await workspace.write({ 'template.yaml': samTemplate(functionYaml('Zipped', { CodeUri: 'built/code.zip' })), 'built/code.zip': 'PK', 'built/app.js': 'exports.handler = 1' }).read();
    assert.equal(relative(workspace.folder, read.function('Zipped').configuration.code.folder).replaceAll('\\', '/'), 'built/code.zip');
    assert.deepEqual(read.diagnostics.map((text) => text.replace(/^\S+ /, '')), ['warning CodeUri names the archive built/code.zip: point it at the folder that the archive is made from.']);
  });

  it('a broken template is reported on its line and leaves itself and the others usable', async () => {
    const read = await workspace.write({
      'app.js': '',
      'a/template.yaml': `${samTemplate(functionYaml('Before', { CodeUri: '..' }))}  Broken: { Type: AWS::SQS::Queue, Properties: { QueueName: "open\n`,
      'b/template.json': '{"AWSTemplateFormatVersion": "2010-09-09",\n "Resources": {\n  "Fn": {"Type": "AWS::Lambda::Function" "Properties": }\n}',
      'c/template.yaml': samTemplate(functionYaml('Good', { CodeUri: '..' })),
      'd/template.yaml': `${header}Resources:\n\tFn: x\n`,
      'e/template.yaml': '',
      'f/template.yaml': `${header}Resources: [1]\n`,
      'g/template.yaml': '[\nAWSTemplateFormatVersion: x\n]\n',
      'h/template.yaml': `${samTemplate(functionYaml('Tagged', { CodeUri: '..' }))}  Dup: { Type: AWS::SQS::Queue }\n  Dup: { Type: AWS::SQS::Queue }\n  Odd: !Unknown x\n`,
    }).read();
    assert.ok(read.names.includes('Good'));
    assert.ok(read.names.includes('Before'));
    assert.ok(read.names.includes('Tagged'));
    for (const pattern of [
      /^a\/template\.yaml:[56] error YAML: /, /^b\/template\.json:3 error JSON: comma expected\./, /^d\/template\.yaml:4 error YAML: .*[Tt]ab/,
      /^e\/template\.yaml:1 information This template is empty/, /^f\/template\.yaml:1 warning This SAM template has no Resources/,
      /^g\/template\.yaml:1 error This is no template/, /^h\/template\.yaml:6 error YAML: Map keys must be unique/, /^h\/template\.yaml:7 warning YAML: Unresolved tag: !Unknown\./,
    ]) assert.ok(read.diagnostics.some((each) => pattern.test(each)), `${pattern} in\n${read.diagnostics.join('\n')}`);
    assert.ok(!read.diagnostics.some((each) => each.startsWith('c/')));
    assert.ok(!read.diagnostics.join().includes('has no Runtime'), 'what only follows from broken text is not reported');
    assert.equal(read.files.length, 8);
  });

  it('text that makes no sense is reported where it begins to, not piece by piece to the end of the file', async () => {
    const read = await workspace.write({
      'serverless.yml': 'service: x\nprovider: { name: aws, runtime: nodejs22.x }\nfunctions:\n  one:\n    handler: app.one\n    environment: {A: ${file(./a.yml):b}, C: 1}\n  two:\n    handler: app.two\n    timeout: 3\n',
    }).read();
    const broken = read.diagnostics.filter((each) => each.includes('YAML: '));
    assert.ok(broken.length >= 1 && broken.length <= 2 && broken.every((each) => each.startsWith('serverless.yml:6 error YAML: ')), broken.join('\n'));
  });

  it('several templates and folders; names that are taken', async () => {
    const other = new Fixture('second folder ü ');
    try {
      workspace.write({
        'app.js': '',
        'template.yaml': samTemplate(functionYaml('Api'), functionYaml('Named', { FunctionName: 'shared' })),
        'svc/template.yaml': samTemplate(functionYaml('Api', { CodeUri: '..' }), functionYaml('Second', { CodeUri: '..', FunctionName: 'shared' })),
      });
      other.write({ 'app.js': '', 'template.yaml': samTemplate(functionYaml('Other')) });
      const reader = workspace.reader({ folders: [workspace.folder, other.folder] });
      const read = new ReadModel(workspace.folder, await reader.read());
      const generated = read.names[2]!;
      assert.deepEqual(read.names, ['Api', 'shared', generated, 'Other']);
      assert.match(generated, /^svc-Api-[A-Z0-9]{12}$/);
      assert.equal(read.function('Other').origin.folder, other.folder);
      assert.deepEqual(read.diagnostics, [
        `svc/template.yaml:4 information The name Api is taken by template.yaml:4, so this function is called ${generated} here: set FunctionName to choose.`,
        'svc/template.yaml:5 warning Function name shared is taken by template.yaml:5, so this function is left out: give it another name.',
      ]);
      await reader.setFolders([other.folder]);
      assert.deepEqual(reader.model.functions.map((each) => each.configuration.functionName), ['Other']);
    } finally {
      other.dispose();
    }
  });

  it('an explicit name wins over a logical id in a file read earlier', async () => {
    const read = await workspace.write({
      'app.js': '',
      'a/template.yaml': samTemplate(functionYaml('Orders', { CodeUri: '..' })),
      'b/template.yaml': samTemplate(functionYaml('Fn', { CodeUri: '..', FunctionName: 'Orders' })),
    }).read();
    assert.equal(read.function('Orders').origin.logicalId, 'Fn');
    assert.match(read.names[0]!, /^a-Orders-[A-Z0-9]{12}$/);
  });

  it('finds templates by name, by content and by setting, not in packages and builds', async () => {
    const template = (name: string) => samTemplate(functionYaml(name, { InlineCode: 'x' }));
    const read = await workspace.write({
      'sam.yaml': template('BySamName'),
      'stacks/api.template.yml': template('BySuffix'),
      'infra/stack.yaml': template('ByContent'),
      'a/b/c/d/e/deep.yaml': template('TooDeep'),
      'weird/stack.txt': template('ByGlob'),
      'skip/template.yaml': template('Excluded'),
      'node_modules/x/template.yaml': template('Package'),
      '.aws-sam/build/template.yaml': template('Built'),
      'dist/template.yaml': template('Dist'),
      'packaged.yaml': template('Packaged'),
      'k8s/service.yaml': 'apiVersion: v1\nkind: Service\n',
      'backstage/template.yaml': 'apiVersion: scaffolder\nkind: Template\n',
      'pipeline.yml': 'Resources: none\n',
    }).read({ templateGlobs: ['weird/*.{txt,md}'], excludeGlobs: ['skip'] });
    assert.deepEqual([...read.names].sort(), ['ByContent', 'ByGlob', 'BySamName', 'BySuffix']);
    assert.deepEqual(read.diagnostics, []);
  });

  it('a missing folder and an unreadable template leave the rest', async () => {
    workspace.write({ 'app.js': '', 'template.yaml': samTemplate(functionYaml('Fn')) });
    const model = await workspace.reader({ folders: [workspace.path('gone'), workspace.folder] }).read();
    assert.deepEqual(model.functions.map((each) => each.configuration.functionName), ['Fn']);
  });

  it('a file that is far too large for a template is said, not read', async () => {
    const read = await workspace.write({ 'app.js': '', 'template.yaml': samTemplate(functionYaml('Fn')) + '#'.repeat(9 * 1024 * 1024) }).read();
    assert.deepEqual(read.names, []);
    assert.deepEqual(read.diagnostics, ['template.yaml:1 error This file could not be read: it has 9 MB, and 8 MB is the most that is read.']);
  });

  it('a folder without anything gives an empty model', async () => {
    const read = await workspace.read();
    assert.deepEqual(read.model, { functions: [], resources: [], files: [], diagnostics: [] });
  });

  it('reads 200 functions', async () => {
    const functions = Array.from({ length: 200 }, (_, at) => functionYaml(`Fn${at}`, { Environment: { Variables: { Q: { Ref: `Queue${at}` } } } }));
    const queues = Array.from({ length: 200 }, (_, at) => `  Queue${at}: { Type: AWS::SQS::Queue }\n`);
    const read = await workspace.write({ 'app.js': '', 'template.yaml': samTemplate(...functions, ...queues) }).read();
    assert.equal(read.names.length, 200);
    assert.deepEqual(read.diagnostics, []);
  });

  it('concurrent reads are one read, and a change is told once', async () => {
    workspace.write({ 'app.js': '', 'template.yaml': samTemplate(functionYaml('Fn')) });
    const reader = workspace.reader();
    let told = 0;
    const stop = reader.onDidChange(() => {
      told += 1;
    });
    const [first, second] = await Promise.all([reader.read(), reader.read()]);
    assert.equal(first, second);
    assert.equal(reader.model, first);
    await reader.read();
    assert.equal(told, 1);
    stop();
    await reader.setSettings({ accountId: '999999999999', region: 'eu-west-1', parameterOverrides: {}, templateGlobs: [], excludeGlobs: [] });
    assert.equal(told, 1);
    assert.match(reader.model.functions[0]!.configuration.role, /^arn:aws:iam::999999999999:role/);
  });

  it('one listener that fails does not keep the others from hearing', async () => {
    const reader = workspace.write({ 'app.js': '', 'template.yaml': samTemplate(functionYaml('Fn')) }).reader();
    let heard = false;
    reader.onDidChange(() => {
      throw new Error('listener');
    });
    reader.onDidChange(() => {
      heard = true;
    });
    await reader.read();
    assert.ok(heard);
    assert.equal(workspace.logger.errors.splice(0).length, 1);
  });
});
