/** Why the rules of a bus match an event or not, in sentences. */
import type { EventExplanation } from '../../contracts/resource-views.ts';
import { explain } from '../../patterns/explain.ts';
import type { Rule } from './rule-registry.ts';

/** @param text JSON text of the event; undefined when it was too large to be kept. */
export function explainRules(text: string | undefined, rules: readonly Rule[], matchedThen: readonly string[]): EventExplanation {
  return {
    ...(text === undefined ? {} : { event: text }),
    rules: rules.map((rule) => {
      if (text === undefined) return { name: rule.name, matched: matchedThen.includes(rule.name), reasons: ['The event was too large to be kept with its contents.'] };
      const reasons = reasonsOf(rule, text);
      return { name: rule.name, matched: reasons.length === 0, reasons };
    }),
  };
}

function reasonsOf({ enabled, pattern, problem, targets }: Rule, text: string): string[] {
  if (problem !== undefined) return [problem];
  if (!pattern) return ['It runs by its schedule only: it has no event pattern.'];
  const { matched, alternatives } = explain(pattern, text);
  const fields = alternatives.flatMap((alternative) => alternative.fields).filter((field) => !field.matched);
  const reasons = matched ? [] : fields.map(({ reason, expected, found }) => [
    reason ?? '', `The pattern has ${expected}`, ...(found.length === 0 ? [] : [`and the event ${found.join(', ')}`]),
  ].join(' ').concat('.'));
  if (!enabled) reasons.unshift('It is disabled.');
  if (reasons.length === 0 && targets.length === 0) return ['It matches, but has no target.'];
  return [...new Set(reasons)];
}
