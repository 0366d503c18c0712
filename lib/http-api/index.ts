export { operationAtEnd, refuseLogIn } from './address';
export type { Connection, ConnectionStatus, Recording, RefusalReason, Registration } from './answers';
export type { ArgumentName } from './arguments';
export { type ClientOptions, type Health, type Result, type Snapshot, ThreeCxClient } from './client';
export { type ErrorCode, ThreeCxError } from './errors';
export type { Details, OperationName } from './operations';
export type { Profile } from './profiles';
export { wrongHostCode } from './wire';
