import assert from 'node:assert/strict';
import { Fixture } from './fixture.ts';

/** A template whose one function has the given environment variables. */
function template(variables: string, sections = ''): string {
  const indented = variables.trim().split('\n').map((line) => `          ${line}`).join('\n');
  return `AWSTemplateFormatVersion: '2010-09-09'
${sections}
Resources:
  Queue:
    Type: AWS::SQS::Queue
    Properties: { QueueName: jobs }
  Topic: { Type: AWS::SNS::Topic }
  Table:
    Type: AWS::DynamoDB::Table
    Properties: { TableName: items }
  Bucket: { Type: AWS::S3::Bucket }
  Worker:
    Type: AWS::Lambda::Function
    Properties:
      Runtime: nodejs22.x
      Handler: index.handler
      Code: { ZipFile: 'exports.handler = async () => 1' }
      Environment:
        Variables:
${indented}
`;
}

describe('template intrinsics', () => {
  let workspace: Fixture;
  beforeEach(() => {
    workspace = new Fixture();
  });
  afterEach(() => workspace.dispose());

  async function environment(variables: string, sections?: string, parameterOverrides: Record<string, string> = {}) {
    const read = await workspace.write({ 'template.yaml': template(variables, sections) }).read({ parameterOverrides });
    return { values: read.environment('Worker'), diagnostics: read.diagnostics };
  }

  it('Ref and Fn::GetAtt give names, URLs and ARNs by type', async () => {
    const { values, diagnostics } = await environment(`
URL: !Ref Queue
QUEUE_ARN: !GetAtt Queue.Arn
QUEUE_NAME: { 'Fn::GetAtt': [Queue, QueueName] }
TABLE: !Ref Table
TABLE_ARN: { 'Fn::GetAtt': Table.Arn }
REGION: !Ref AWS::Region
ACCOUNT: !Ref 'AWS::AccountId'
SUFFIX: { Ref: 'AWS::URLSuffix' }`);
    assert.deepEqual(values, {
      URL: 'https://sqs.eu-west-1.amazonaws.com/123456789012/jobs',
      QUEUE_ARN: 'arn:aws:sqs:eu-west-1:123456789012:jobs',
      QUEUE_NAME: 'jobs',
      TABLE: 'items',
      TABLE_ARN: 'arn:aws:dynamodb:eu-west-1:123456789012:table/items',
      REGION: 'eu-west-1',
      ACCOUNT: '123456789012',
      SUFFIX: 'amazonaws.com',
    });
    assert.deepEqual(diagnostics, []);
  });

  it('Ref and Fn::GetAtt take an intrinsic for the name, as AWS::LanguageExtensions has it', async () => {
    const { values, diagnostics } = await environment(`
ARN: !GetAtt [!Sub "Qu\${Part}", Arn]
NAME:
  Ref: !Join ["", [Tab, le]]
`, 'Transform: AWS::LanguageExtensions\nParameters:\n  Part: { Type: String, Default: eue }');
    assert.deepEqual(values, { ARN: 'arn:aws:sqs:eu-west-1:123456789012:jobs', NAME: 'items' });
    assert.deepEqual(diagnostics, []);
  });

  it('a resource without a name gets <stack>-<LogicalId>-<hash>, the same every time', async () => {
    const first = await environment('TOPIC: !Ref Topic\nBUCKET: !Ref Bucket');
    const again = await environment('BUCKET: !Ref Bucket\nTOPIC: !GetAtt Topic.TopicArn');
    assert.match(first.values['TOPIC']!, /^arn:aws:sns:eu-west-1:123456789012:[A-Za-z0-9-]+-Topic-[A-Z0-9]{12}$/);
    assert.match(first.values['BUCKET']!, /^[a-z0-9-]+-bucket-[a-z0-9]{12}$/);
    assert.ok(first.values['BUCKET']!.length <= 63);
    assert.equal(again.values['TOPIC'], first.values['TOPIC']);
    assert.equal(again.values['BUCKET'], first.values['BUCKET']);
  });

  it('Fn::Sub replaces parameters, attributes, own names and leaves literals', async () => {
    const { values, diagnostics } = await environment(
      `
A: !Sub '\${Stage}/\${Queue}/\${Queue.Arn}/\${AWS::Region}/\${!Literal}'
B: !Sub ['\${Own}-\${Stage}', { Own: !Join ['_', [x, !Ref Stage]] }]
C: { 'Fn::Sub': 'https://\${AWS::Region}' }`,
      'Parameters: { Stage: { Type: String, Default: dev } }',
    );
    assert.equal(values['A'], 'dev/https://sqs.eu-west-1.amazonaws.com/123456789012/jobs/arn:aws:sqs:eu-west-1:123456789012:jobs/eu-west-1/${Literal}');
    assert.equal(values['B'], 'x_dev-dev');
    assert.equal(values['C'], 'https://eu-west-1');
    assert.deepEqual(diagnostics, []);
  });

  it('Fn::Join, Fn::Select, Fn::Split, Fn::Base64, Fn::GetAZs and Fn::Cidr', async () => {
    const { values, diagnostics } = await environment(`
JOIN: !Join [':', [a, !Ref AWS::Region, c]]
SELECT: !Select [1, [a, b, c]]
SPLIT: !Select ['2', !Split ['/', a/b/c]]
BASE64: !Base64 hé
ZONE: !Select [0, !GetAZs '']
ZONES: !Join [',', { 'Fn::GetAZs': { Ref: AWS::Region } }]
CIDR: !Join [' ', !Cidr [10.0.0.0/16, 3, 8]]
LENGTH: { 'Fn::Length': [1, 2, 3] }
JSON: { 'Fn::ToJsonString': { a: [!Ref AWS::Region] } }`);
    assert.deepEqual(values, {
      JOIN: 'a:eu-west-1:c',
      SELECT: 'b',
      SPLIT: 'c',
      BASE64: 'aMOp',
      ZONE: 'eu-west-1a',
      ZONES: 'eu-west-1a,eu-west-1b,eu-west-1c',
      CIDR: '10.0.0.0/24 10.0.1.0/24 10.0.2.0/24',
      LENGTH: '3',
      JSON: '{"a":["eu-west-1"]}',
    });
    assert.deepEqual(diagnostics, []);
  });

  const conditions = `
Parameters:
  Stage: { Type: String, Default: dev, AllowedValues: [dev, prod] }
  Count: { Type: Number, Default: 2 }
Mappings:
  Sizes:
    dev: { Memory: 128, Names: [one, two] }
    prod: { Memory: 1024, Names: [three] }
Conditions:
  IsProd: !Equals [!Ref Stage, prod]
  IsDev: !Not [!Condition IsProd]
  Either: !Or [!Equals [a, b], { Condition: IsProd }]
  Both: !And [!Condition IsDev, !Equals [!Ref Count, 2]]`;

  const conditional = `
PROD: !If [IsProd, yes-prod, no-prod]
EITHER: !If [Either, 'on', 'off']
BOTH: { 'Fn::If': [Both, 'on', 'off'] }
GONE: !If [IsProd, kept, !Ref AWS::NoValue]
MEMORY: !FindInMap [Sizes, !Ref Stage, Memory]
NAMES: !Select [0, !FindInMap [Sizes, !Ref Stage, Names]]`;

  it('conditions and mappings follow the default of a parameter', async () => {
    const { values, diagnostics } = await environment(conditional, conditions);
    assert.deepEqual(values, { PROD: 'no-prod', EITHER: 'off', BOTH: 'on', MEMORY: '128', NAMES: 'one' });
    assert.deepEqual(diagnostics, []);
  });

  it('and its override by setting', async () => {
    const { values } = await environment(conditional, conditions, { Stage: 'prod' });
    assert.deepEqual(values, { PROD: 'yes-prod', EITHER: 'on', BOTH: 'off', GONE: 'kept', MEMORY: '1024', NAMES: 'three' });
  });

  it('an override that is none of the AllowedValues is reported on the parameter', async () => {
    const { diagnostics } = await environment('A: !Ref Stage', conditions, { Stage: 'test' });
    assert.deepEqual(diagnostics, ['template.yaml:4 warning Parameter Stage is "test", which is none of its AllowedValues (dev, prod).']);
  });

  it('list parameters give lists', async () => {
    const { values } = await environment('A: !Select [1, !Ref Names]\nB: !Join [+, !Ref Names]', 'Parameters: { Names: { Type: CommaDelimitedList, Default: "x, y,z" } }');
    assert.deepEqual(values, { A: 'y', B: 'x+y+z' });
  });

  it('what only a deployment knows stays as readable text, without a complaint', async () => {
    const { values, diagnostics } = await environment(
      `
IMPORT: !ImportValue Network-Vpc
IMPORT_SUB: { 'Fn::ImportValue': !Sub '\${AWS::Region}-Vpc' }
PART: !Select [2, !Split [',', !ImportValue Subnets]]
SSM: !Ref Key
CUSTOM: !GetAtt Bucket.Unusual`,
      "Parameters: { Key: { Type: 'AWS::SSM::Parameter::Value<String>', Default: /app/key } }",
    );
    assert.deepEqual(values, {
      IMPORT: '${ImportValue:Network-Vpc}',
      IMPORT_SUB: '${ImportValue:eu-west-1-Vpc}',
      PART: '${Select:2:${ImportValue:Subnets}}',
      SSM: '${ssm:/app/key}',
      CUSTOM: '${Bucket.Unusual}',
    });
    assert.deepEqual(diagnostics, []);
  });

  it('unknown names, attributes and keys are reported on their lines, and the rest resolves', async () => {
    const { values, diagnostics } = await environment(`
A: !Ref Missing
B: !GetAtt Missing.Arn
C: !GetAtt Queue.Url
D: !Sub '\${Nope} \${Queue.Arn}'
E: !FindInMap [Sizes, dev, Memory]
F: !If [NoSuch, a, b]
G: !Select [5, [a]]
H: !GetAtt Queue
OK: fine`);
    assert.equal(values['OK'], 'fine');
    assert.equal(values['D'], '${Ref:Nope} arn:aws:sqs:eu-west-1:123456789012:jobs');
    const lines = diagnostics.map((each) => each.slice(0, 60));
    assert.equal(diagnostics.length, 8, diagnostics.join('\n'));
    assert.deepEqual(lines.map((each) => Number(each.split(':')[1]!.split(' ')[0])), [20, 21, 22, 23, 24, 25, 26, 27]);
    assert.ok(diagnostics.every((each) => each.includes(' error ')));
    assert.match(diagnostics[0]!, /Ref to Missing/);
    assert.match(diagnostics[2]!, /no attribute Url: it has Arn, QueueName, QueueUrl/);
    assert.match(diagnostics[5]!, /Condition NoSuch does not exist/);
  });

  it('a parameter without a value is reported once, where it is declared', async () => {
    const { values, diagnostics } = await environment('A: !Ref Key\nB: !Sub x-${Key}', 'Parameters:\n  Unused: { Type: String }\n  Key: { Type: String }');
    assert.deepEqual(values, { A: '${Key}', B: 'x-${Key}' });
    assert.equal(diagnostics.length, 1);
    assert.match(diagnostics[0]!, /^template\.yaml:4 warning Parameter Key has no value/);
  });

  it('circular conditions, names and dependencies are reported and resolve to something', async () => {
    const conditionCircle = await environment('A: !If [One, a, b]', 'Conditions:\n  One: !Not [!Condition Two]\n  Two: !Not [!Condition One]');
    assert.match(conditionCircle.diagnostics.join(), /template\.yaml:\d+ error Circular reference: condition One → condition Two → condition One/);
    const read = await workspace.write({ 'template.yaml': `
AWSTemplateFormatVersion: '2010-09-09'
Resources:
  One: { Type: AWS::SQS::Queue, Properties: { QueueName: !GetAtt Two.QueueName } }
  Two: { Type: AWS::SQS::Queue, Properties: { QueueName: !GetAtt One.QueueName } }
  Self:
    Type: AWS::Lambda::Function
    Properties:
      Runtime: nodejs22.x
      Handler: index.handler
      Code: { ZipFile: x }
      Environment: { Variables: { ME: !Ref Self, ONE: !Ref One } }
` }).read();
    assert.equal(read.environment('Self')['ME'], 'Self');
    assert.match(read.diagnostics.join('\n'), /yaml:4 error Circular reference: resource One → resource Two → resource One/);
    assert.match(read.diagnostics.join('\n'), /yaml:4 warning Circular dependency: One → Two → One/);
    assert.match(read.diagnostics.join('\n'), /yaml:6 warning Circular dependency: Self → Self/);
  });

  it('numbers keep the spelling that they have in the file', async () => {
    const { values } = await environment('A: 0123\nB: 1.10\nC: true\nD: 12345678901234567890\nE: 5\nF: !Join ["-", [007, 1.0]]');
    assert.deepEqual(values, { A: '0123', B: '1.10', C: 'true', D: '12345678901234567890', E: '5', F: '007-1.0' });
  });

  it('aliases and merge keys of YAML work; aliases of aliases do not exhaust memory', async () => {
    const { values } = await environment('<<: &base { A: a, B: b }\nB: own', '');
    assert.deepEqual(values, { A: 'a', B: 'own' });
    const levels = Array.from({ length: 30 }, (_, at) => `  l${at + 1}: &l${at + 1} [*l${at}, *l${at}]`).join('\n');
    const bomb = await environment('A: a\nB: !Join [x, *l30]', `Metadata:\n  l0: &l0 [x]\n${levels}`);
    assert.equal(bomb.values['A'], 'a');
    assert.match(bomb.diagnostics.join(), /too large to resolve/);
  });
});
