/** Members as the documentation spells them, but for these. */
const pascalNames = new Map([
  ['dn', 'DN'],
  ['callid', 'CallId'],
  ['legid', 'LegId'],
  ['finalstatus', 'FinalStatus'],
  ['reasontext', 'ReasonText'],
]);

/** The same value with PascalCase members. */
export function pascalCase(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(pascalCase);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [pascalName(key), pascalCase(member)]));
}

function pascalName(key: string): string {
  return pascalNames.get(key) ?? key.replaceAll(/(?:^|_)([a-z])/g, (_match, letter: string) => letter.toUpperCase());
}
