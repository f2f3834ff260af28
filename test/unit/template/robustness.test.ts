import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { readTemplate } from '../../../src/template/cloudformation.ts';
import type { Contribution, ContributionContext } from '../../../src/template/contribution.ts';
import { ParsedFiles } from '../../../src/template/parsed-files.ts';
import { readRegisteredFunctions } from '../../../src/template/registered.ts';
import { readServerless } from '../../../src/template/serverless.ts';
import { Fixture } from './fixture.ts';

const sam = readFileSync(new URL('../../workspaces/orders/template.yaml', import.meta.url), 'utf8');
const serverless = `service: x
provider: { name: aws, stage: "\${opt:stage, 'dev'}", environment: { A: "\${self:custom.a}" } }
custom: { a: "\${env:HOME, file(x.yml):y, 'z'}" }
functions:
  a: { handler: src/a.b, runtime: nodejs22.x, layers: [{ Ref: LLambdaLayer }], timeout: "\${self:custom.t, 5}" }
layers: { l: { path: x } }
resources: [{ Resources: { Q: { Type: AWS::SQS::Queue } } }]
`;
const registered = '{"functions": {"a": {"handler": "a.b", "runtime": "nodejs22.x", "environment": {"A": "b"}, "layers": ["x"], "timeout": 5}}}';

/** Text with a piece cut out and another put in, as happens while someone types. */
function edited(text: string) {
  const pieces = ['', ':', '- ', '{', '[', '"', '!Ref ', '!Sub ', '\t', '\n', '&a *a', 'Fn::If', '${', '${self:', '<<: ', 'null', '0x1F', '\u0000', '🦊'];
  return fc.tuple(fc.nat(text.length), fc.nat(60), fc.constantFrom(...pieces)).map(([at, length, piece]) => text.slice(0, at) + piece + text.slice(at + length));
}

describe('readers never fail on what stands in a file', () => {
  let workspace: Fixture;
  before(() => {
    workspace = new Fixture();
  });
  after(() => workspace.dispose());

  for (const [name, text, read] of [
    ['template.yaml', sam, readTemplate],
    ['serverless.yml', serverless, readServerless],
    ['.local-lambda/functions.json', registered, readRegisteredFunctions],
  ] as readonly (readonly [string, string, (context: ContributionContext) => Contribution])[]) {
    it(name, () => {
      fc.assert(fc.property(edited(text), (broken) => {
        workspace.write({ [name]: broken });
        const contribution = read({
          file: workspace.path(name), folder: workspace.folder, accountId: '123456789012', region: 'eu-west-1', parameterOverrides: {}, parsed: new ParsedFiles(),
        });
        const { functions, diagnostics } = contribution.build(new Map(contribution.names.map((each) => [each.key, { name: each.name }])), new Map());
        assert.equal(functions.length, contribution.names.length);
        const lines = broken.split('\n').length;
        for (const { location, end } of diagnostics) {
          assert.ok(location.line >= 0 && location.line < lines && location.column >= 0);
          assert.ok(end === undefined || end.line >= location.line);
        }
      }), { numRuns: 150 });
    }).timeout(20_000);
  }
});
