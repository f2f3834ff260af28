import assert from 'node:assert/strict';
import { mappingsOf, Fixture } from './fixture.ts';

describe('serverless.yml', () => {
  let workspace: Fixture;
  beforeEach(() => {
    workspace = new Fixture();
  });
  afterEach(() => {
    delete process.env['LOCAL_LAMBDA_TEST_VALUE'];
    workspace.dispose();
  });

  it('functions with provider defaults, names, layers, resources and destinations', async () => {
    const read = await workspace.write({
      'src/hello.ts': '', 'src/job.py': '', 'layer/nodejs/x.js': '',
      'serverless.yml': `
service: shop
frameworkVersion: '4'
provider:
  name: aws
  runtime: nodejs22.x
  stage: \${opt:stage, 'test'}
  memorySize: 256
  architecture: arm64
  environment: { TABLE: !Ref Table, STAGE: '\${sls:stage}', SHARED: provider }
  tags: { team: core }
  tracing: { lambda: true }
functions:
  hello-world:
    handler: src/hello.handler
    description: Says hello
    environment: { SHARED: own, QUEUE: !GetAtt Queue.Arn, SELF: '\${self:service}-\${self:provider.stage}', ARN: !Sub 'x:\${AWS::Region}' }
    events: [{ httpApi: 'GET /hello' }, { sqs: { arn: !GetAtt Queue.Arn, batchSize: 5 } }]
    layers: [{ Ref: CommonLambdaLayer }, 'arn:aws:lambda:eu-west-1:1:layer:x:1']
    reservedConcurrency: 2
    onError: arn:aws:sns:eu-west-1:123456789012:dead
    maximumRetryAttempts: 1
    destinations: { onFailure: { type: sqs, arn: !GetAtt Queue.Arn } }
  job:
    name: the-job
    handler: src/job.run
    runtime: python3.12
    memorySize: 512
    timeout: 60
    tags: { cost: a }
layers:
  common: { path: layer }
resources:
  Resources:
    Queue: { Type: AWS::SQS::Queue, Properties: { QueueName: jobs } }
    Table: { Type: AWS::DynamoDB::Table, Properties: { TableName: 'items-\${sls:stage}' } }
`,
    }).read();
    assert.deepEqual(read.names, ['shop-test-hello-world', 'the-job']);
    const hello = read.function('shop-test-hello-world');
    assert.deepEqual([hello.origin.kind, hello.origin.logicalId, hello.origin.location?.line], ['serverless', 'hello-world', 13]);
    assert.equal(read.handlerFile('shop-test-hello-world'), 'src/hello.ts');
    assert.deepEqual(hello.configuration.environment, {
      TABLE: 'items-test', STAGE: 'test', SHARED: 'own', QUEUE: 'arn:aws:sqs:eu-west-1:123456789012:jobs', SELF: 'shop-test', ARN: 'x:eu-west-1',
    });
    const { timeout, memorySize, runtime, architectures, tracing, layers, unresolvedLayers, deadLetterTargetArn } = hello.configuration;
    assert.deepEqual([timeout, memorySize, runtime, architectures, tracing], [6, 256, 'nodejs22.x', ['arm64'], 'Active']);
    assert.deepEqual(layers, [workspace.path('layer')]);
    assert.deepEqual(unresolvedLayers, ['arn:aws:lambda:eu-west-1:1:layer:x:1']);
    assert.equal(deadLetterTargetArn, 'arn:aws:sns:eu-west-1:123456789012:dead');
    assert.equal(hello.reservedConcurrency, 2);
    assert.deepEqual(hello.eventInvokeConfigs, [{ qualifier: '$LATEST', maximumRetryAttempts: 1, onFailure: 'arn:aws:sqs:eu-west-1:123456789012:jobs' }]);
    assert.deepEqual(hello.rest, {
      Serverless: { events: [{ httpApi: 'GET /hello' }] },
    });
    assert.deepEqual(mappingsOf(hello), [{
      logicalId: 'HelloDashworldEventSourceMappingSQSjobs',
      properties: { BatchSize: 5, FunctionName: hello.configuration.functionName.replace(/^/, 'arn:aws:lambda:eu-west-1:123456789012:function:'), EventSourceArn: 'arn:aws:sqs:eu-west-1:123456789012:jobs' },
    }]);
    const job = read.function('the-job');
    assert.deepEqual([job.configuration.timeout, job.configuration.memorySize, job.configuration.runtime], [60, 512, 'python3.12']);
    assert.deepEqual(job.tags, { team: 'core', cost: 'a' });
    assert.deepEqual(read.diagnostics, [
      'serverless.yml:21 information The dead-letter queue is the topic dead, which no template declares here: declare it, or create it while the engine runs.',
    ]);
  });

  it('variables: files, nested addresses, defaults, environment, parameters', async () => {
    process.env['LOCAL_LAMBDA_TEST_VALUE'] = 'from-process';
    const read = await workspace.write({
      'app.js': '',
      'config/functions.yml': 'fromFile:\n  handler: app.handler\n  environment: { WHERE: "${self:custom.names.${sls:stage}}" }\n',
      'config/values.json': '{"a": {"b": "deep"}, "list": ["zero", "one"]}',
      'secret.txt': 'text\n',
      '.env': 'LOCAL_LAMBDA_DOTENV=dotted\n',
      'serverless.yml': `
service: { name: vars }
useDotenv: true
provider: { name: aws, runtime: nodejs22.x }
custom:
  names: { dev: Lisbon }
  chain: \${self:custom.link}
  link: { value: linked }
params:
  default: { domain: example.com }
  dev: { domain: dev.example.com }
functions:
  - \${file(./config/functions.yml)}
  - inline:
      handler: app.handler
      timeout: \${self:custom.timeout, 30}
      environment:
        DEEP: \${file(config/values.json):a.b}
        ITEM: \${file(config/values.json):list.1}
        TEXT: \${file(./secret.txt)}
        NESTED: prefix-\${self:custom.names.\${opt:stage, self:provider.stage, 'dev'}}-suffix
        CHAIN: \${self:custom.chain.value}
        ENV: \${env:LOCAL_LAMBDA_TEST_VALUE}
        DOTENV: \${env:LOCAL_LAMBDA_DOTENV}
        NONE: \${env:LOCAL_LAMBDA_TEST_MISSING, ''}
        PARAM: \${param:domain}
        OPTIONS: \${opt:stage} \${opt:region}
        ACCOUNT: \${aws:accountId}
        GONE: \${file(./nope.yml):x, 'fallback, with comma'}
        FLAG: \${strToBool('true')}
        QUOTED: \${file("./secret.txt")}
`,
    }).read();
    assert.deepEqual(read.names, ['vars-dev-fromFile', 'vars-dev-inline']);
    assert.deepEqual(read.environment('vars-dev-fromFile'), { WHERE: 'Lisbon' });
    assert.deepEqual(read.environment('vars-dev-inline'), {
      DEEP: 'deep', ITEM: 'one', TEXT: 'text', NESTED: 'prefix-Lisbon-suffix', CHAIN: 'linked', ENV: 'from-process', DOTENV: 'dotted',
      NONE: '', PARAM: 'dev.example.com', OPTIONS: 'dev eu-west-1', ACCOUNT: '123456789012', GONE: 'fallback, with comma', FLAG: 'true', QUOTED: 'text',
    });
    assert.equal(read.function('vars-dev-inline').configuration.timeout, 30);
    assert.deepEqual(read.diagnostics, []);
    assert.ok(read.files.includes('config/functions.yml'));
  });

  it('what is unknown stays as written and is said on its line', async () => {
    const read = await workspace.write({
      'app.js': '',
      'serverless.yml': `service: x
provider: { name: aws, runtime: nodejs22.x }
functions:
  fn:
    handler: app.handler
    environment:
      SSM: \${ssm:/key}
      CODE: \${file(./secrets.js):value}
      MISSING: \${self:custom.nothing}
      LOOP: \${self:functions.fn.environment.LOOP}
  lost: { handler: nope.handler, timeout: 1000 }
`,
    }).read();
    const environment = read.environment('x-dev-fn');
    assert.equal(environment['SSM'], '${ssm:/key}');
    assert.equal(environment['CODE'], '${file(./secrets.js):value}');
    assert.equal(environment['MISSING'], '${self:custom.nothing}');
    for (const pattern of [
      /yml:7 information \$\{ssm:\/key\} is known to a deployment only/,
      /yml:8 information \$\{file\(\.\/secrets\.js\):value\} is known to a deployment only/,
      /yml:9 warning \$\{self:custom\.nothing\} has no value/,
      /yml:10 error Variable .* leads back to itself/,
      /yml:11 error Timeout must be 1 to 900 seconds, not 1000/,
      /yml:11 warning No file for handler nope\.handler/,
    ]) assert.ok(read.diagnostics.some((each) => pattern.test(each)), `${pattern} in\n${read.diagnostics.join('\n')}`);
    assert.equal(read.diagnostics.length, 6);
  });

  it('variables that multiply each other end', async () => {
    const levels = Array.from({ length: 40 }, (_, at) => `  l${at + 1}: \${self:custom.l${at}}\${self:custom.l${at}}`).join('\n');
    const read = await workspace.write({
      'app.js': '',
      'serverless.yml': `service: x\nprovider: { name: aws, runtime: nodejs22.x }\ncustom:\n  l0: y\n${levels}\nfunctions:\n  fn: { handler: app.handler, description: '\${self:custom.l40}' }\n  whole: { handler: app.handler, description: 'a\${self:}b\${self:}' }\n`,
    }).read();
    assert.deepEqual(read.names, ['x-dev-fn', 'x-dev-whole']);
    assert.match(read.diagnostics.join(), /too often to be resolved/);
  });

  it('other providers and broken files are said, and take nothing from others', async () => {
    const read = await workspace.write({
      'app.js': '',
      'a/serverless.yml': 'service: a\nprovider: { name: google }\nfunctions: { x: { handler: x.y } }\n',
      'b/serverless.yml': 'service: b\nprovider: { name: aws, runtime: nodejs22.x }\nfunctions:\n  fn: { handler: "../app.handler }\n',
      'c/serverless.yml': '',
      'd/serverless.yml': 'service: d\nprovider: { name: aws }\nfunctions:\n  fn: { handler: ../app.handler }\n  none:\n',
    }).read();
    assert.ok(read.names.includes('d-dev-fn'));
    assert.equal(read.function('d-dev-fn').configuration.runtime, 'nodejs20.x');
    assert.match(read.diagnostics.join('\n'), /^a\/serverless\.yml:2 information Provider google is not AWS/m);
    assert.match(read.diagnostics.join('\n'), /^b\/serverless\.yml:[45] error YAML/m);
    assert.match(read.diagnostics.join('\n'), /^c\/serverless\.yml:1 information This file is empty/m);
  });
});
