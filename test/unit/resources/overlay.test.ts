import assert from 'node:assert/strict';
import fc from 'fast-check';
import { change, dropOverruled, noChanges, overlaid } from '../../../src/resources/overlay.ts';

type Step = { by: 'api' | 'template'; name: string; value: string | undefined };

const step: fc.Arbitrary<Step> = fc.record({
  by: fc.constantFrom('api' as const, 'template' as const),
  name: fc.constantFrom('DisplayName', 'Policy', 'TracingConfig'),
  value: fc.option(fc.constantFrom('a', 'b', 'c'), { nil: undefined }),
});

describe('SNS: what API calls change over a template', () => {
  it('property: an attribute is what was said last, by a call or by a template that changed', () => {
    fc.assert(fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
      const overlay = noChanges();
      const base: Record<string, string> = {};
      const expected: Record<string, string> = {};
      const put = (map: Record<string, string>, name: string, value: string | undefined) => {
        if (value === undefined) delete map[name];
        else map[name] = value;
      };
      for (const { by, name, value } of steps) {
        if (by === 'api') {
          change(overlay, base, name, value);
          put(expected, name, value);
        } else if (base[name] !== value) {
          put(base, name, value);
          assert.ok(dropOverruled(overlay, base).every((dropped) => dropped === name));
          put(expected, name, value);
        }
        assert.deepEqual(overlaid(base, overlay), expected);
        // Shown as changed is exactly what differs from the template.
        const differing = ['DisplayName', 'Policy', 'TracingConfig'].filter((attribute) => base[attribute] !== expected[attribute]);
        assert.deepEqual(Object.keys(overlay.changes).sort(), differing.sort());
      }
    }));
  });
});
