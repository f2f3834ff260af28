/** What API calls changed over a template, attribute by attribute; `null` stands for an attribute that is not there. */
export interface AttributeOverlay {
  changes: Record<string, string | null>;
  /** The baseline's values under the changes, when they were made. */
  over: Record<string, string | null>;
}

export type Attributes = Readonly<Record<string, string>>;

export function noChanges(): AttributeOverlay {
  return { changes: {}, over: {} };
}

export function overlaid(base: Attributes, { changes }: AttributeOverlay): Record<string, string> {
  const attributes: Record<string, string> = { ...base };
  for (const [name, value] of Object.entries(changes)) {
    if (value === null) delete attributes[name];
    else attributes[name] = value;
  }
  return attributes;
}

/** @param value `undefined` removes the attribute. */
export function change(overlay: AttributeOverlay, base: Attributes, name: string, value: string | undefined): void {
  if (base[name] === value) {
    delete overlay.changes[name];
    delete overlay.over[name];
    return;
  }
  overlay.changes[name] = value ?? null;
  overlay.over[name] = base[name] ?? null;
}

/** Takes back the changes of attributes that the template changed since. @returns Their names. */
export function dropOverruled(overlay: AttributeOverlay, base: Attributes): string[] {
  const overruled = Object.keys(overlay.over).filter((name) => overlay.over[name] !== (base[name] ?? null));
  for (const name of overruled) {
    delete overlay.changes[name];
    delete overlay.over[name];
  }
  return overruled;
}
