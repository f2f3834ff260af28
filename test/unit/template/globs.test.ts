import assert from 'node:assert/strict';
import { anyGlob, globMatcher } from '../../../src/template/globs.ts';

describe('globs', () => {
  for (const [glob, path, matches] of [
    ['*.yaml', 'a.yaml', true], ['*.yaml', 'x/a.yaml', false], ['**/*.yaml', 'a.yaml', true], ['**/*.yaml', 'x/y/a.yaml', true],
    ['infra/**', 'infra/a/b', true], ['infra/**', 'other/a', false], ['./infra/*.yml', 'infra/a.yml', true], ['a?.txt', 'ab.txt', true],
    ['{a,b}/*.{yml,yaml}', 'b/x.yaml', true], ['{a,b}/*.{yml,yaml}', 'c/x.yaml', false], ['[a-c].yml', 'b.yml', true], ['[!a-c].yml', 'b.yml', false],
    ['a+b(1).yml', 'a+b(1).yml', true], ['{open.yml', '{open.yml', true], ['[z-a].yml', '[z-a].yml', true], ['a\\b.yml', 'a/b.yml', true],
  ] as const) {
    it(`${glob} ${matches ? 'matches' : 'does not match'} ${path}`, () => assert.equal(globMatcher(glob)(path), matches));
  }

  it('a glob of a folder holds for what stands in it', () => {
    const excluded = anyGlob(['legacy', '**/fixtures/']);
    assert.deepEqual(['legacy', 'legacy/a/b', 'x/fixtures/a', 'legacy2'].map(excluded), [true, true, true, false]);
    assert.equal(anyGlob([])('a'), false);
  });
});
