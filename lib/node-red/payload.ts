import type { Connection, Profile, Recording, RefusalReason, Registration, Result } from '../http-api';
import type { NodeOperation } from './types';

type Payload<Operation extends string, Asked, Done = object, Refused = object> =
  | ({ operation: Operation; ok: true; answer: string } & Asked & Done)
  | ({ operation: Operation; ok: false; answer: string; reason: RefusalReason } & Asked & Refused);

interface OfExtension {
  extension: string;
}
interface ToDestination extends OfExtension {
  destination: string;
}
interface Dialled {
  /** Null when the server gave none, or one that the extension had before. */
  callId: string | null;
  /** Whether the extension is known to have the call. */
  confirmed: boolean;
}
interface HasProfile {
  /** Null for a name outside the five. */
  profile: Profile | null;
  profileName: string;
}
interface MayHaveProfile {
  profile: Profile | null;
  profileName: string | null;
}

/** `msg.payload` of a node that carries out an operation. `answer` is the server's raw text. */
export type OperationPayload =
  | Payload<'makecall', ToDestination & { phone: string }, Dialled>
  | Payload<'unpark', OfExtension & { phone: string }, Dialled>
  | Payload<'answer', OfExtension, { callId: string | null }>
  | Payload<'drop' | 'park', OfExtension>
  | Payload<'atttrans', OfExtension, { confirmed: boolean }>
  | Payload<'transfer' | 'divert', ToDestination>
  | Payload<'stop', object | OfExtension, object | { recording: Recording }>
  | Payload<'start' | 'pause' | 'resume', OfExtension, { recording: Recording }>
  | Payload<'ready' | 'notready' | 'logout', OfExtension, MayHaveProfile, MayHaveProfile>
  | Payload<'setstatus', OfExtension, HasProfile, MayHaveProfile>
  | Payload<'showstatus', OfExtension, HasProfile>
  | Payload<'login', OfExtension & { action: string; queue?: string }>
  | Payload<'showallcalls', object, { connections: Connection[] }>
  | Payload<
      'getcallerid',
      OfExtension,
      { idle: boolean; number: string | null; queue: { number: null; name: string } | null }
    >
  | Payload<'ondn', OfExtension, { callId: string | null }>
  | Payload<'dnregs', OfExtension, { registration: Registration | null }>;

/**
 * @param name the operation, as the node names it
 * @param arguments what the node has fields for; only of these the payload repeats what was asked
 * @param result what the PBX said
 */
export function payloadOf(name: string, { arguments: shown }: NodeOperation, result: Result): OperationPayload {
  const { given, ok, answer, ...details } = result;
  const asked = Object.fromEntries(shown.filter((x) => given[x] !== undefined).map((x) => [x, given[x]]));
  return { operation: name, ok, ...asked, ...details, answer } as OperationPayload;
}
