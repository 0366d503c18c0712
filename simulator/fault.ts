/**
 * The faults of an API. `hangs`: a request gets no answer until this is over, and is carried out then. `fails`: every
 * answer is an error. `gone`: nothing listens at its port.
 */
export const faults = ['none', 'hangs', 'fails', 'gone'] as const;
export type Fault = (typeof faults)[number];
