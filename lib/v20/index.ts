export { tokenTakenCode } from './token';
export { V20Pbx, type V20Options } from './v20';
export type { Peer } from './xapi';
