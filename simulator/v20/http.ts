import type { H3Event } from 'h3' with { 'resolution-mode': 'import' };

/** A request that gets this answer instead of what it asks for. */
export class Refusal extends Error {
  constructor(
    readonly status: number,
    readonly body: unknown = null,
  ) {
    super(`HTTP ${status}`);
  }
}

/** A part of the path, decoded; as it is where it can't be. */
export function pathPart({ context }: H3Event, name: string): string {
  const raw = context.params?.[name] ?? '';
  try {
    return decodeURIComponent(raw);
  } catch {
    return raw;
  }
}

/** The members of a JSON body; none where it isn't an object. */
export async function jsonOf({ req }: H3Event): Promise<ReadonlyMap<string, unknown>> {
  try {
    const body: unknown = await req.json();
    return new Map(typeof body === 'object' && body !== null ? Object.entries(body) : []);
  } catch {
    return new Map();
  }
}

export function textIn(fields: ReadonlyMap<string, unknown>, key: string): string | undefined {
  const value = fields.get(key);
  return typeof value === 'string' ? value : undefined;
}
