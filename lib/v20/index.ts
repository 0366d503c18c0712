export { tokenTakenCode } from './token';
export { V20Pbx, type V20Options } from './v20';
