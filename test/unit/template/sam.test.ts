import assert from 'node:assert/strict';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { mappingsOf, Fixture, ReadModel } from './fixture.ts';

const header = "AWSTemplateFormatVersion: '2010-09-09'\nTransform: AWS::Serverless-2016-10-31\n";

describe('SAM templates', () => {
  let workspace: Fixture;
  beforeEach(() => {
    workspace = new Fixture();
  });
  afterEach(() => workspace.dispose());

  it('the sample workspace is read in full, without a diagnostic', async () => {
    const folder = join(fileURLToPath(import.meta.url), '../../../workspaces/orders');
    const read = new ReadModel(folder, await workspace.reader({ folders: [folder] }).read());
    assert.deepEqual(read.names, ['PlaceOrder', 'ConfirmOrder', 'PriceBasket', 'ChargeCard', 'SendReceipt', 'ShipOrder']);
    assert.equal(read.handlerFile('PlaceOrder'), 'src/handlers/place-order.ts');
    assert.equal(read.handlerFile('ShipOrder'), 'functions/ship-order/app.py');
    assert.deepEqual(read.environment('ShipOrder'), { STAGE: 'dev', CURRENCY: 'EUR', WAREHOUSE: 'lisbon' });
    assert.equal(read.function('ChargeCard').configuration.timeout, 5);
    assert.equal(read.function('PriceBasket').configuration.memorySize, 128);
    assert.deepEqual(read.function('ChargeCard').eventInvokeConfigs, [{
      qualifier: '$LATEST', maximumRetryAttempts: 2,
      onSuccess: 'arn:aws:sns:eu-west-1:123456789012:payments', onFailure: 'arn:aws:sqs:eu-west-1:123456789012:failed-payments',
    }]);
    assert.equal(read.function('SendReceipt').configuration.deadLetterTargetArn, 'arn:aws:sqs:eu-west-1:123456789012:failed-receipts');
    const kinds = Map.groupBy(read.model.resources, ({ type }) => type.split('::')[2]!);
    assert.deepEqual(Object.fromEntries([...kinds].map(([kind, all]) => [kind, all.length])), { EventBus: 1, Rule: 2, Topic: 1, Subscription: 2, Queue: 6 });
    assert.deepEqual(read.diagnostics, []);
  });

  it('a condition that turns true brings its function', async () => {
    const folder = join(fileURLToPath(import.meta.url), '../../../workspaces/orders');
    const reader = workspace.reader({ folders: [folder], settings: { parameterOverrides: { Stage: 'prod' } } });
    const read = new ReadModel(folder, await reader.read());
    assert.ok(read.names.includes('DailyReport'));
    assert.equal(read.environment('ShipOrder')['WAREHOUSE'], 'rotterdam');
  });

  it('Globals: maps merge, lists join, the function wins otherwise', async () => {
    const read = await workspace.write({
      'app.js': '',
      'template.yaml': `${header}
Globals:
  Function:
    Runtime: nodejs22.x
    Handler: app.handler
    Timeout: 20
    MemorySize: 512
    Layers: ['arn:aws:lambda:eu-west-1:1:layer:global:1']
    Tags: { team: core, cost: a }
    Architectures: [arm64]
    Tracing: Active
    Environment: { Variables: { A: global, B: global } }
    LoggingConfig: { LogFormat: JSON }
Resources:
  Plain: { Type: AWS::Serverless::Function }
  Own:
    Type: AWS::Serverless::Function
    Properties:
      Timeout: 5
      Layers: ['arn:aws:lambda:eu-west-1:1:layer:own:2']
      Tags: { cost: b }
      Environment: { Variables: { B: own, C: own } }
      LoggingConfig: { ApplicationLogLevel: DEBUG, LogGroup: /my/logs }
  Native:
    Type: AWS::Lambda::Function
    Properties: { Runtime: python3.13, Handler: app.f, Code: { ZipFile: 'def f(e, c): pass' } }
`,
    }).read();
    const plain = read.function('Plain').configuration;
    assert.deepEqual([plain.timeout, plain.memorySize, plain.tracing, plain.architectures], [20, 512, 'Active', ['arm64']]);
    assert.deepEqual(plain.loggingConfig, { logFormat: 'JSON', logGroup: '/aws/lambda/Plain' });
    const own = read.function('Own');
    assert.equal(own.configuration.timeout, 5);
    assert.deepEqual(own.configuration.environment, { A: 'global', B: 'own', C: 'own' });
    assert.deepEqual(own.configuration.unresolvedLayers, ['arn:aws:lambda:eu-west-1:1:layer:global:1', 'arn:aws:lambda:eu-west-1:1:layer:own:2']);
    assert.deepEqual(own.tags, { team: 'core', cost: 'b', 'lambda:createdBy': 'SAM' });
    assert.deepEqual(own.configuration.loggingConfig, { logFormat: 'JSON', logGroup: '/my/logs', applicationLogLevel: 'DEBUG' });
    const native = read.function('Native').configuration;
    assert.deepEqual([native.timeout, native.memorySize, native.tracing, native.environment], [3, 128, 'PassThrough', {}]);
    assert.equal(native.code.inline, 'def f(e, c): pass');
    assert.deepEqual(read.diagnostics, []);
  });

  it('layers, aliases, reserved concurrency, dead letters, storage, and the resources that name a function', async () => {
    const read = await workspace.write({
      'code/app.js': '', 'layers/common/nodejs/x.js': '',
      'template.yaml': `${header}
Resources:
  Common:
    Type: AWS::Serverless::LayerVersion
    Properties: { LayerName: common, ContentUri: layers/common }
  Dead: { Type: AWS::SQS::Queue, Properties: { QueueName: dead } }
  Jobs: { Type: AWS::SQS::Queue, Properties: { QueueName: jobs } }
  Worker:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: ./code
      Handler: app.handler
      Runtime: nodejs22.x
      Layers: [!Ref Common, 'arn:aws:lambda:eu-west-1:580247275435:layer:LambdaInsightsExtension:53']
      AutoPublishAlias: live
      ReservedConcurrentExecutions: 0
      EphemeralStorage: { Size: 1024 }
      DeadLetterQueue: { Type: SQS, TargetArn: !GetAtt Dead.Arn }
      Role: arn:aws:iam::123456789012:role/worker
      SnapStart: { ApplyOn: PublishedVersions }
  Config:
    Type: AWS::Lambda::EventInvokeConfig
    Properties: { FunctionName: !Ref Worker, Qualifier: live, MaximumRetryAttempts: 1 }
  Mapping:
    Type: AWS::Lambda::EventSourceMapping
    Properties: { FunctionName: !GetAtt Worker.Arn, EventSourceArn: !GetAtt Jobs.Arn, BatchSize: 5 }
  First: { Type: AWS::Lambda::Version, Properties: { FunctionName: !Ref Worker } }
  Second: { Type: AWS::Lambda::Version, Properties: { FunctionName: !Ref Worker, Description: two } }
  Canary:
    Type: AWS::Lambda::Alias
    Properties:
      Name: canary
      FunctionName: !Ref Worker
      FunctionVersion: !GetAtt First.Version
      RoutingConfig: { AdditionalVersionWeights: [{ FunctionVersion: !GetAtt Second.Version, FunctionWeight: 0.25 }] }
  Caller:
    Type: AWS::Serverless::Function
    Properties:
      InlineCode: exports.handler = async () => {}
      Handler: index.handler
      Runtime: nodejs22.x
      Environment:
        Variables: { LIVE: !Ref Worker.Alias, LIVE_SUB: !Sub '\${Worker.Alias}', CANARY: !Ref Canary, ROLE: !GetAtt WorkerRole.Arn, API: !Sub 'https://\${ServerlessRestApi}' }
`,
    }).read();
    const worker = read.function('Worker');
    const { configuration } = worker;
    assert.deepEqual(configuration.layers, [workspace.path('layers', 'common')]);
    assert.deepEqual(configuration.unresolvedLayers, ['arn:aws:lambda:eu-west-1:580247275435:layer:LambdaInsightsExtension:53']);
    assert.equal(worker.reservedConcurrency, 0);
    assert.deepEqual(worker.eventInvokeConfigs, [{ qualifier: 'live', maximumRetryAttempts: 1 }]);
    assert.equal(configuration.ephemeralStorage, 1024);
    assert.equal(configuration.deadLetterTargetArn, 'arn:aws:sqs:eu-west-1:123456789012:dead');
    assert.equal(configuration.role, 'arn:aws:iam::123456789012:role/worker');
    assert.deepEqual(worker.aliases, [
      { name: 'live', functionVersion: '1', description: '', additionalVersionWeights: {} },
      { name: 'canary', functionVersion: '1', description: '', additionalVersionWeights: { 2: 0.25 } },
    ]);
    assert.deepEqual(worker.rest, {
      AutoPublishAlias: 'live',
      SnapStart: { ApplyOn: 'PublishedVersions' },
      'AWS::Lambda::Version': [{ LogicalId: 'First', FunctionName: 'Worker' }, { LogicalId: 'Second', FunctionName: 'Worker', Description: 'two' }],
    });
    assert.deepEqual(mappingsOf(worker), [{
      logicalId: 'Mapping', properties: {
        FunctionName: 'arn:aws:lambda:eu-west-1:123456789012:function:Worker', EventSourceArn: 'arn:aws:sqs:eu-west-1:123456789012:jobs', BatchSize: 5,
      },
    }]);
    const caller = read.environment('Caller');
    assert.equal(caller['LIVE'], 'arn:aws:lambda:eu-west-1:123456789012:function:Worker:live');
    assert.equal(caller['LIVE_SUB'], caller['LIVE']);
    assert.equal(caller['CANARY'], 'arn:aws:lambda:eu-west-1:123456789012:function:Worker:canary');
    assert.match(caller['ROLE']!, /^arn:aws:iam::123456789012:role\/.*WorkerRole-/);
    assert.match(caller['API']!, /^https:\/\/[a-z0-9]{10}$/);
    assert.equal(read.function('Caller').configuration.code.inline, 'exports.handler = async () => {}');
    assert.deepEqual(read.diagnostics, []);
  });

  it('lambda-facts §1.2: limits of Timeout, MemorySize and EphemeralStorage; what AWS would refuse is reported on its line', async () => {
    const read = await workspace.write({
      'app.js': '',
      'template.yaml': `${header}
Globals: { Function: { CodeUri: . } }
Resources:
  Fn:
    Type: AWS::Serverless::Function
    Properties:
      Handler: app.handler
      Runtime: nodejs22.x
      Timeout: 1000
      MemorySize: 64
      EphemeralStorage: { Size: 99999 }
  Bare:
    Type: AWS::Serverless::Function
  Lost: { Type: AWS::Serverless::Function, Properties: { Handler: nope.handler, Runtime: python3.12 } }
  Image:
    Type: AWS::Serverless::Function
    Properties:
      PackageType: Image
      ImageUri: example.com/x:1
  Java: { Type: AWS::Serverless::Function, Properties: { Handler: 'app.Main::run', Runtime: java21 } }
  Odd: { Properties: {} }
  Text: { Type: AWS::Serverless::Function, Properties: { Handler: app.handler, Runtime: nodejs22.x, Timeout: soon } }
  Far: { Type: AWS::Serverless::Function, Properties: { Handler: app.handler, Runtime: nodejs22.x, CodeUri: missing/ } }
  Remote: { Type: AWS::Serverless::Function, Properties: { Handler: app.handler, Runtime: nodejs22.x, CodeUri: 's3://bucket/key.zip' } }
`,
    }).read();
    const { timeout, memorySize, ephemeralStorage } = read.function('Fn').configuration;
    assert.deepEqual([timeout, memorySize, ephemeralStorage], [900, 128, 10240]);
    assert.equal(read.function('Image').configuration.packageType, 'Image');
    assert.equal(read.function('Java').configuration.runtime, 'java21');
    const expected = [
      /yaml:11 error Timeout must be 1 to 900 seconds, not 1000/,
      /yaml:12 error MemorySize must be 128 to 10240 MB, not 64/,
      /yaml:13 error EphemeralStorage must be 512 to 10240 MB, not 99999/,
      /yaml:14 error This function has no Runtime/,
      /yaml:14 error This function has no Handler/,
      /yaml:16 warning No file for handler nope\.handler in \./,
      /yaml:20 information Functions in container images/,
      /yaml:22 warning Java \(java21\) does not run locally/,
      /yaml:23 error Resource Odd has no Type/,
      /yaml:24 warning Timeout is no whole number here \(soon\), so 3 seconds is used/,
      /yaml:25 warning CodeUri names missing, which does not exist/,
      /yaml:26 warning CodeUri names code in S3/,
    ];
    assert.equal(read.diagnostics.length, expected.length, read.diagnostics.join('\n'));
    for (const pattern of expected) assert.ok(read.diagnostics.some((each) => pattern.test(each)), `${pattern} in\n${read.diagnostics.join('\n')}`);
  });

  it('lambda-facts §1.2: environment variables of more than 4 KB together are refused', async () => {
    const read = await workspace.write({
      'app.js': '',
      'template.yaml': `${header}
Resources:
  Fits: { Type: AWS::Serverless::Function, Properties: { Handler: app.handler, Runtime: nodejs22.x, Environment: { Variables: { A: ${'x'.repeat(4095)} } } } }
  Large: { Type: AWS::Serverless::Function, Properties: { Handler: app.handler, Runtime: nodejs22.x, Environment: { Variables: { A: ${'é'.repeat(2048)} } } } }
`,
    }).read();
    assert.deepEqual(read.diagnostics, ['template.yaml:6 error Environment variables have 4097 bytes together; AWS refuses more than 4096.']);
  });

  it('loops of AWS::LanguageExtensions are written out', async () => {
    const read = await workspace.write({
      'app.js': '',
      'template.yaml': `AWSTemplateFormatVersion: '2010-09-09'
Transform: [AWS::LanguageExtensions, AWS::Serverless-2016-10-31]
Parameters: { Regions: { Type: CommaDelimitedList, Default: 'eu-1,us-2' } }
Resources:
  Fn::ForEach::Shops:
    - Region
    - !Ref Regions
    - Shop&{Region}:
        Type: AWS::Serverless::Function
        Properties:
          FunctionName: !Sub shop-\${Region}
          Handler: app.handler
          Runtime: nodejs22.x
          Environment: { Variables: { WHERE: !Ref Region } }
`,
    }).read();
    assert.deepEqual(read.names, ['shop-eu-1', 'shop-us-2']);
    assert.deepEqual(read.environment('shop-us-2'), { WHERE: 'us-2' });
    assert.equal(read.function('shop-us-2').origin.logicalId, 'Shopus2');
    assert.deepEqual(read.diagnostics, []);
  });
});
