import { startServer, type TestServer } from '../support/http-server';

/** A PBX of which a play itself says what it answers: for what the simulator doesn't do. */
export interface ScriptedPbx extends TestServer {
  /** The legs, as they stand in the list of calls. */
  legs: string[];
  /** The other answers, by operation. */
  answers: Record<string, string>;
}

/** Starts one without calls. */
export async function startScriptedPbx(): Promise<ScriptedPbx> {
  const script: Pick<ScriptedPbx, 'legs' | 'answers'> = { legs: [], answers: {} };
  const server = await startServer(({ url = '' }) => {
    const operation = url.split('/')[1] ?? '';
    if (operation !== 'showallcalls') return script.answers[operation];
    return `<html><head></head><body>${script.legs.map((leg) => `${leg}<br>`).join('')}</body></html>`;
  });
  return Object.assign(script, server);
}

/** A leg as the shipped server lists it. */
export function leg(id: number, status: string, dn: string, number: string, queue?: string): string {
  const from =
    queue === undefined ? 'Queue_Name=Direkter Anruf;Queue_Nummer=null' : `Queue_Name=Support;Queue_Nummer=${queue}`;
  return `ID=${id};S=${status};DN=${dn};${from};EP=${number};REC=Stop`;
}
