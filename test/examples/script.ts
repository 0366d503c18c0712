import { startServer, type TestServer } from '../../support/http-server';

/** A PBX of which a play itself says what it answers: for what the simulator doesn't do. */
export interface ScriptedPbx extends TestServer {
  /** The legs, as in the call list; null when the list cannot be read. */
  legs: string[] | null;
  /** The other answers, by operation; an operation without an entry gets no answer. */
  answers: Record<string, string>;
}

/** Starts one without calls. */
export async function startScriptedPbx(): Promise<ScriptedPbx> {
  const script: Pick<ScriptedPbx, 'legs' | 'answers'> = { legs: [], answers: { ondn: '0' } };
  const server = await startServer(({ url = '' }) => {
    const operation = url.split('/')[1] ?? '';
    if (operation !== 'showallcalls') return script.answers[operation];
    if (script.legs === null) return 'not now';
    return `<html><head></head><body>${script.legs.map((one) => `${one}<br>`).join('')}</body></html>`;
  });
  return Object.assign(script, server);
}

/** A leg as the community server lists it. */
export function leg(id: number, status: string, dn: string, number: string, queue?: string): string {
  const from =
    queue === undefined ? 'Queue_Name=Direkter Anruf;Queue_Nummer=null' : `Queue_Name=Support;Queue_Nummer=${queue}`;
  return `ID=${id};S=${status};DN=${dn};${from};EP=${number};REC=Stop`;
}
