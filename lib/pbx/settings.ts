/**
 * The settings of a connection whose flow leaves them out. The address is that of the HTTP API, since every PBX has
 * another one.
 */
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

/** A number with the name of its owner: an extension, a queue, or somebody outside. */
export interface Contact {
  number: string;
  name: string;
}

export const authTypes = ['none', 'basic', 'bearer'] as const;

/** The smallest values for times, in ms. */
export const leastMilliseconds = { timeout: 1, pollInterval: 100, minRing: 0 } as const;

/**
 * The time in which the community server makes a call, in ms (captured). With a shorter timeout makecall always fails.
 */
export const makecallMilliseconds = 2_500;

/** The interval at which a node looks up profiles, in seconds: the default, and the smallest. */
export const profileInterval = { fallback: 30, min: 5 } as const;

/** The longest time that a timer of Node.js can have, in ms. */
const maxMilliseconds = 2 ** 31 - 1;

/** @returns the whole number of milliseconds in a text; null for any other text, and for a number that is not allowed */
export function millisecondsOf(text: string, least: number): number | null {
  const value = Number(text);
  const isAllowed = text.trim() !== '' && Number.isInteger(value) && value >= least && value <= maxMilliseconds;
  return isAllowed ? value : null;
}

/** @returns the number of seconds in a text, in ms; null for any other text */
export function secondsOf(text: string): number | null {
  const milliseconds = Number(text) * 1_000;
  return text.trim() !== '' && milliseconds >= 0 && milliseconds <= maxMilliseconds ? milliseconds : null;
}
