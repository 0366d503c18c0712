/** What a connection has where a flow says nothing. The address is that of the HTTP API: every PBX has another one. */
export const connectionDefaults = {
  country: '',
  names: [],
  api: 'http',
  url: 'http://127.0.0.1:8889',
  auth: 'none',
  timeout: 8_000,
  pollInterval: 1_000,
  trunks: String.raw`^1\d{4}$`,
  services: String.raw`^(999|SP\d+|\*.*)$`,
  allowDestinations: '',
  allowStop: false,
} as const;

/** Who has a number: an extension, a queue, or somebody outside. */
export interface Contact {
  number: string;
  name: string;
}

export const authTypes = ['none', 'basic', 'bearer'] as const;

/** The least that a time can be set to, in ms. */
export const leastMilliseconds = { timeout: 1, pollInterval: 100, minRing: 0 } as const;

/** How long the community server takes to make a call, in ms (captured): with a shorter timeout makecall never ends well. */
export const makecallMilliseconds = 2_500;

/** How often a node looks at profiles, in seconds: what a flow that says nothing means, and the least. */
export const profileInterval = { fallback: 30, min: 5 } as const;

/** A timer of Node.js takes no more, in ms. */
const maxMilliseconds = 2 ** 31 - 1;

/** @returns the whole number of milliseconds that a text says; null when it says none that is allowed */
export function millisecondsOf(text: string, least: number): number | null {
  const value = Number(text);
  const isAllowed = text.trim() !== '' && Number.isInteger(value) && value >= least && value <= maxMilliseconds;
  return isAllowed ? value : null;
}

/** @returns the number of seconds that a text says, in ms; null when it says none */
export function secondsOf(text: string): number | null {
  const milliseconds = Number(text) * 1_000;
  return text.trim() !== '' && milliseconds >= 0 && milliseconds <= maxMilliseconds ? milliseconds : null;
}
