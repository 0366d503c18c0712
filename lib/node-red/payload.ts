import {
  type ArgumentName,
  argumentsOf,
  type Details,
  type NamedConnection,
  type NodeType,
  type Offer,
  type Offers,
  type OperationName,
  operationOf,
  type Operations,
  type RefusalReason,
  type Result,
} from '../pbx';

type Column<Name extends OperationName, Key extends string> =
  Operations[Name] extends Record<Key, readonly (infer Item)[]> ? Item : never;
type Fixed<Of> = Of extends { fixed: infer Arguments } ? keyof Arguments : never;
type RequiredOf<Of extends Offer> = Exclude<Column<Of['operation'], 'arguments'>, Fixed<Of>>;
type OptionalOf<Of extends Offer> = Exclude<Column<Of['operation'], 'optional'>, Fixed<Of>>;
type Asked<Of extends Offer> = Record<RequiredOf<Of> & ArgumentName, string> &
  Partial<Record<OptionalOf<Of> & ArgumentName, string>>;
type NamedDetails = Omit<Details, 'connections'> & { connections: NamedConnection[] };
type Told<Of extends Offer, Key extends string> = Pick<NamedDetails, Column<Of['operation'], Key> & keyof Details>;

/** The payload of an operation that a node offers as `Name`. */
type Payload<Name, Of> = Of extends Offer
  ? { operation: Name; answer: string } & Asked<Of> &
      (
        | ({ ok: true } & Told<Of, 'done'> & Partial<Told<Of, 'perhaps'>>)
        | ({ ok: false; reason: RefusalReason; detail?: string } & Told<Of, 'refused'>)
      )
  : never;

/** `msg.payload` of the operations of a node, such as `NodePayload<'3cx-recorder'>`. */
export type NodePayload<Type extends NodeType> = {
  [Name in keyof Offers[Type]]: Payload<Name, Offers[Type][Name]>;
}[keyof Offers[Type]];

/**
 * `msg.payload` of a node that carries out operations. `answer` is the raw text of the PBX, and `detail` its own reason
 * for a refusal, where it gives one.
 */
export type OperationPayload = { [Type in NodeType]: NodePayload<Type> }[NodeType];

/**
 * @param name the operation, by the node's name for it
 * @param offer its entry in the menu; the payload repeats the arguments that the node has fields for
 * @param result the PBX's result
 * @returns the payload that {@link OperationPayload} describes, derived from the same entries
 */
export function payloadOf(name: string, offer: Offer, result: Result): Record<string, unknown> {
  const { given, ok, answer } = result;
  const { done, refused = [], perhaps = [] } = operationOf(offer.operation);
  const known = perhaps.filter((detail) => result[detail] !== undefined);
  const asked = argumentsOf(offer).filter((argument) => given[argument] !== undefined);
  return {
    operation: name,
    ok,
    ...Object.fromEntries(asked.map((argument) => [argument, given[argument]])),
    ...(result.ok ? {} : { reason: result.reason }),
    ...(result.ok || result.detail === undefined ? {} : { detail: result.detail }),
    ...Object.fromEntries((ok ? [...done, ...known] : refused).map((detail) => [detail, result[detail]])),
    answer,
  };
}
