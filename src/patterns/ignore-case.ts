/**
 * Comparison without regard to case, as event-ruler does it: each UTF-16 unit of the pattern stands for its lower-case or its
 * upper-case form as Java maps it alone. So `straße` equals `STRASSE`, a Latin `k` is not the Kelvin sign, and half of a surrogate
 * pair becomes the question mark that Java writes for it: characters beyond U+FFFF do not match themselves.
 */

/** The forms of one unit. They may differ in length. */
interface Forms {
  lower: string;
  upper: string;
}

export interface CaseInsensitiveText {
  /** Where the text ends that begins `text`, or -1. */
  endOfPrefix: (text: string) => number;
  /** Whether `text` ends so. */
  isSuffix: (text: string) => boolean;
  equals: (text: string) => boolean;
}

export function ignoringCase(pattern: string): CaseInsensitiveText {
  const forms = pattern.split('').map((unit): Forms => isSurrogate(unit) ? { lower: '?', upper: '?' } : { lower: unit.toLowerCase(), upper: unit.toUpperCase() });
  return forms.every(({ lower, upper }) => lower.length === 1 && upper.length === 1) ? unitByUnit(forms) : formByForm(forms);
}

function isSurrogate(unit: string): boolean {
  return unit >= '\ud800' && unit <= '\udfff';
}

function unitByUnit(forms: readonly Forms[]): CaseInsensitiveText {
  const length = forms.length;
  const lower = Uint16Array.from(forms, (form) => form.lower.charCodeAt(0));
  const upper = Uint16Array.from(forms, (form) => form.upper.charCodeAt(0));
  const matchesAt = (text: string, offset: number): boolean => {
    for (let index = 0; index < length; index += 1) {
      const unit = text.charCodeAt(offset + index);
      if (unit !== lower[index] && unit !== upper[index]) return false;
    }
    return true;
  };
  return {
    endOfPrefix: (text) => text.length >= length && matchesAt(text, 0) ? length : -1,
    isSuffix: (text) => text.length >= length && matchesAt(text, text.length - length),
    equals: (text) => text.length === length && matchesAt(text, 0),
  };
}

/** No form of a unit begins or ends with its other form, so the first that fits is the only one. */
function formByForm(forms: readonly Forms[]): CaseInsensitiveText {
  const endOfPrefix = (text: string): number => {
    let at = 0;
    for (const { lower, upper } of forms) {
      if (text.startsWith(lower, at)) at += lower.length;
      else if (text.startsWith(upper, at)) at += upper.length;
      else return -1;
    }
    return at;
  };
  const reversed = forms.toReversed();
  return {
    endOfPrefix,
    isSuffix: (text) => {
      let end = text.length;
      for (const { lower, upper } of reversed) {
        if (text.endsWith(lower, end)) end -= lower.length;
        else if (text.endsWith(upper, end)) end -= upper.length;
        else return false;
      }
      return true;
    },
    equals: (text) => endOfPrefix(text) === text.length,
  };
}
