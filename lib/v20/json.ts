/** @returns undefined for what is no JSON */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * A member of an object, whichever way its name is written: Call Control has `party_caller_id`, XAPI `PartyCallerId`.
 *
 * @returns undefined when it is missing or null
 */
export function field(value: unknown, name: string): unknown {
  if (!isObject(value)) return undefined;
  const exact = value[name];
  if (exact !== undefined) return exact ?? undefined;
  const wanted = plain(name);
  const key = Object.keys(value).find((candidate) => plain(candidate) === wanted);
  return key === undefined ? undefined : (value[key] ?? undefined);
}

/** @returns the text of a member, a number as text; empty when it is missing */
export function textField(value: unknown, name: string): string {
  const found = field(value, name);
  return typeof found === 'string' ? found : typeof found === 'number' ? String(found) : '';
}

export function numberField(value: unknown, name: string): number | null {
  const text = textField(value, name);
  return /^-?\d{1,15}$/.test(text) ? Number(text) : null;
}

function plain(name: string): string {
  return name.replaceAll('_', '').toLowerCase();
}
