/** Names and numbers as AWS allows them, checked while they are typed. No VS Code, so that Node tests it. */
import { readStretch } from '../time-words.ts';

export type NewResource = 'queue' | 'topic' | 'bus';

/** Why a name cannot be that of a new resource; undefined when it can. `taken`: names that exist. */
export function resourceNameProblem(kind: NewResource, name: string, taken: readonly string[]): string | undefined {
  if (name === '') return `A ${kind} needs a name.`;
  if (taken.includes(name)) return `There is a ${kind} ${name} already.`;
  switch (kind) {
    case 'queue':
      return /^[A-Za-z0-9_-]+(\.fifo)?$/.test(name) && name.length <= 80 ? undefined : 'Letters, digits, dashes and underscores, at most 80; a FIFO queue ends in .fifo.';
    case 'topic':
      return /^[A-Za-z0-9_-]+(\.fifo)?$/.test(name) && name.length <= 256 ? undefined : 'Letters, digits, dashes and underscores, at most 256; a FIFO topic ends in .fifo.';
    case 'bus':
      return /^[.\-_A-Za-z0-9]{1,256}$/.test(name) && !name.startsWith('aws.') ? undefined : 'Letters, digits, dots, dashes and underscores, at most 256, not beginning with aws.';
  }
}

/** 0, 1 or 2. */
export function readRetries(text: string): number | undefined {
  return /^\s*[012]\s*$/.test(text) ? Number(text) : undefined;
}

export function retriesProblem(text: string): string | undefined {
  return readRetries(text) === undefined ? 'AWS allows 0, 1 or 2 retries.' : undefined;
}

/** Seconds from 60 to 21600; a bare number is seconds, `5 min` and `6 h` work too. */
export function readAge(text: string): number | undefined {
  const seconds = readStretch(text);
  return seconds !== undefined && Number.isInteger(seconds) && seconds >= 60 && seconds <= 21_600 ? seconds : undefined;
}

export function ageProblem(text: string): string | undefined {
  return readAge(text) === undefined ? 'AWS allows 60 to 21600 seconds: for example 90, 5 min or 6 h.' : undefined;
}
