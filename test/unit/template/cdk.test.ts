import assert from 'node:assert/strict';
import { Fixture } from './fixture.ts';

const hash = 'a'.repeat(64);

function lambda(properties: Record<string, unknown>, metadata?: Record<string, unknown>) {
  return {
    Type: 'AWS::Lambda::Function',
    Properties: { Handler: 'index.handler', Runtime: 'nodejs22.x', Role: { 'Fn::GetAtt': ['Role1', 'Arn'] }, ...properties },
    ...(metadata === undefined ? {} : { Metadata: metadata }),
  };
}

const s3 = (key: string) => ({ Code: { S3Bucket: { 'Fn::Sub': 'cdk-hnb659fds-assets-${AWS::AccountId}-${AWS::Region}' }, S3Key: key } });

describe('CDK output', () => {
  let workspace: Fixture;
  beforeEach(() => {
    workspace = new Fixture();
  });
  afterEach(() => workspace.dispose());

  it('assets by metadata and by manifest, layers, stages, nested stacks; copies are left out', async () => {
    const stack = {
      Resources: {
        Role1: { Type: 'AWS::IAM::Role', Properties: {} },
        LayerA1: { Type: 'AWS::Lambda::LayerVersion', Properties: { Content: s3(`${hash}.zip`).Code }, Metadata: { 'aws:asset:path': 'asset.11111111', 'aws:asset:property': 'Content' } },
        Meta1234: lambda(
          { ...s3('whatever.zip'), Layers: [{ Ref: 'LayerA1' }], Environment: { Variables: { TABLE: { Ref: 'Table9' }, REGION: { Ref: 'AWS::Region' } } } },
          { 'aws:cdk:path': 'Stack/Meta/Resource', 'aws:asset:path': 'asset.22222222', 'aws:asset:is-bundled': true, 'aws:asset:property': 'Code' },
        ),
        Manifest1234: lambda({ ...s3(`${hash}.zip`), FunctionName: 'by-manifest' }),
        Inline1234: lambda({ Code: { ZipFile: 'exports.handler = async () => 1' } }),
        Lost1234: lambda(s3(`${'b'.repeat(64)}.zip`)),
        Table9: { Type: 'AWS::DynamoDB::Table', Properties: { TableName: 'things' } },
      },
      Parameters: { BootstrapVersion: { Type: 'AWS::SSM::Parameter::Value<String>', Default: '/cdk-bootstrap/hnb659fds/version' } },
    };
    const nested = {
      Resources: { Nested1: lambda({ Environment: { Variables: { X: { Ref: 'referencetoParent' } } } , ...s3('x.zip') }, { 'aws:asset:path': 'asset.22222222' }) },
      Parameters: { referencetoParent: { Type: 'String' } },
    };
    const staged = { Resources: { Staged1: lambda(s3('x'), { 'aws:asset:path': '../asset.22222222' }) } };
    delete (nested.Resources.Nested1.Properties as Record<string, unknown>)['Role'];
    delete (staged.Resources.Staged1.Properties as Record<string, unknown>)['Role'];
    const read = await workspace.write({
      'cdk.out/cdk.out': '{"version":"48.0.0"}',
      'cdk.out/manifest.json': '{}',
      'cdk.out/App.template.json': JSON.stringify(stack, null, 1),
      'cdk.out/App.assets.json': JSON.stringify({ version: '48.0.0', files: { [hash]: { source: { path: 'asset.33333333', packaging: 'zip' } } } }),
      'cdk.out/AppNested.nested.template.json': JSON.stringify(nested),
      'cdk.out/assembly-Prod/cdk.out': '{}',
      'cdk.out/assembly-Prod/ProdApp.template.json': JSON.stringify(staged),
      'cdk.out/asset.22222222/index.js': '',
      'cdk.out/asset.33333333/index.mjs': '',
      'cdk.out/asset.11111111/nodejs/x.js': '',
      'cdk.out/asset.22222222/template.yaml': 'AWSTemplateFormatVersion: x\nResources: { A: { Type: AWS::Lambda::Function } }\n',
      'cdk.out/asset.44444444.template.json': JSON.stringify(stack),
    }).read();
    assert.deepEqual(read.names, ['Meta1234', 'by-manifest', 'Inline1234', 'Lost1234', 'Nested1', 'Staged1']);
    const meta = read.function('Meta1234');
    assert.equal(meta.origin.kind, 'cdk');
    assert.equal(read.handlerFile('Meta1234'), 'cdk.out/asset.22222222/index.js');
    assert.deepEqual(meta.configuration.layers, [workspace.path('cdk.out', 'asset.11111111')]);
    assert.deepEqual(meta.configuration.environment, { TABLE: 'things', REGION: 'eu-west-1' });
    assert.match(meta.configuration.role, /^arn:aws:iam::123456789012:role\/App-Role1-/);
    assert.equal(read.handlerFile('by-manifest'), 'cdk.out/asset.33333333/index.mjs');
    assert.equal(read.function('Inline1234').configuration.code.inline, 'exports.handler = async () => 1');
    assert.equal(read.handlerFile('Nested1'), 'cdk.out/asset.22222222/index.js');
    assert.equal(read.handlerFile('Staged1'), 'cdk.out/asset.22222222/index.js');
    assert.ok(read.files.includes('cdk.out/App.assets.json'));
    assert.equal(read.diagnostics.length, 1, read.diagnostics.join('\n'));
    assert.match(read.diagnostics[0]!, /^cdk\.out\/App\.template\.json:\d+ warning Code names code in S3/);
  });
});
