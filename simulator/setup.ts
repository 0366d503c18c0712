import type { profileNames } from '../lib/pbx';

/** A registration of a phone at an extension, as the operation `dnregs` shows it (community). */
export interface Phone {
  readonly id: string;
  /** SIP contact, such as `sip:10@127.0.0.1:5488;ob`. */
  readonly contact: string;
  readonly userAgent: string;
}

/** The extensions, queues and trunk of a PBX. */
export interface PbxSetup {
  /** Of the JSON file, for editors. */
  readonly $schema?: string;
  readonly extensions: readonly { readonly number: string; readonly name: string; readonly phones: readonly Phone[] }[];
  readonly queues: readonly { readonly number: string; readonly name: string; readonly agents: readonly string[] }[];
  /** DN of the outside line. */
  readonly trunk: string;
}

/**
 * The extensions, queues and trunk, as people write them and `pbx.schema.json` describes them: only numbers and names
 * are needed.
 */
export interface PbxDescription {
  /** Of the JSON file, for editors. */
  readonly $schema?: string;
  /** Default of `phones`: a soft phone and a desk phone. */
  readonly extensions: readonly {
    readonly number: string;
    readonly name: string;
    readonly phones?: readonly Phone[];
  }[];
  /** Default: none. Default of `agents`: all extensions. */
  readonly queues?: readonly { readonly number: string; readonly name: string; readonly agents?: readonly string[] }[];
  /** DN of the outside line; default `10000`. */
  readonly trunk?: string;
}

const defaultTrunk = '10000';

/** A profile by its name, as `showstatus` answers it. */
export type Profile = (typeof profileNames)[keyof typeof profileNames];

/**
 * The PBX the community server was captured with. What the captures don't show (names of extensions, the desk phones'
 * contacts) is made up.
 */
export function defaultSetup(): PbxSetup {
  const numbers = ['10', '11', '12', '100', '101', '102'];
  const agents = numbers.filter((number) => number !== '12' && number !== '102');
  return {
    extensions: numbers.map((number, index) => ({
      number,
      name: `Extension ${number}`,
      phones: defaultPhones(number, index),
    })),
    queues: [
      { number: '8000', name: 'Support: Süd; EU', agents },
      { number: '8001', name: 'Sales', agents },
    ],
    trunk: defaultTrunk,
  };
}

/** Fills in what a description leaves out. */
export function setupOf(description: PbxDescription): PbxSetup {
  const { extensions, queues = [], trunk = defaultTrunk } = description;
  const all = extensions.map(({ number }) => number);
  return {
    ...description,
    extensions: extensions.map((one, index) => ({ phones: defaultPhones(one.number, index), ...one })),
    queues: queues.map((queue) => ({ agents: all, ...queue })),
    trunk,
  };
}

/** A soft phone, and a desk phone, whose address ends in the number where there is such an address. */
function defaultPhones(number: string, index: number): Phone[] {
  const host = /^[1-9]\d{0,2}$/.test(number) && Number(number) < 255 ? number : 1 + (index % 254);
  return [
    phone(7100 + 2 * index, `sip:${number}@127.0.0.1:5488;ob`, '3CXPhone for Windows 18.0.9.20'),
    phone(7101 + 2 * index, `sip:${number}@192.0.2.${host}:5060`, 'Yealink SIP-T46S 66.86.0.15'),
  ];
}

function phone(id: number, contact: string, userAgent: string): Phone {
  return { id: String(id), contact, userAgent };
}
