#!/usr/bin/env node
/** The command `3cx-simulator`. */
import { parseArgs } from 'node:util';
import { startSimulator } from './index';

const HELP = `Usage: 3cx-simulator [options]

A 3CX HTTP API with a small PBX behind it, for trying things. There is no authentication.

  --port <number>          port of the 3CX HTTP API (default 8889, 0 for any free port)
  --control-port <number>  port of the control API (default 8890, 0 for any free port)
  --host <address>         address to listen on (default 127.0.0.1)
  --delay <ms>             how long makecall and unpark block everything (default 2500)
  --help                   show this text

Control API: POST /api/calls {"extension": "10", "queue": "8000", "number": "+49301234"},
POST /api/connections/<id>/answer (hold, resume, hangup), GET /api/state, DELETE /api/calls.
`;

/** @throws TypeError for an option that doesn't exist or has no value, RangeError for a bad number. */
async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      port: { type: 'string', default: '8889' },
      'control-port': { type: 'string', default: '8890' },
      host: { type: 'string', default: '127.0.0.1' },
      delay: { type: 'string', default: '2500' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(HELP);
    return;
  }

  const simulator = await startSimulator({
    port: wholeNumber(values.port),
    controlPort: wholeNumber(values['control-port']),
    host: values.host,
    delay: wholeNumber(values.delay),
  });
  const end = () => {
    void simulator.close().then(() => process.exit(0));
  };
  process.once('SIGINT', end).once('SIGTERM', end);
  void simulator.stopped.then(() => {
    console.log('Stopped by /stop.');
    end();
  });
  console.log(`3CX HTTP API: ${simulator.url}`);
  console.log(`Control API:  ${simulator.controlUrl}`);
}

/** NaN for anything but digits, which startSimulator refuses with a sentence. */
function wholeNumber(text: string): number {
  return /^\d+$/.test(text) ? Number(text) : NaN;
}

main().catch((error: unknown) => {
  // Only the first sentence: parseArgs goes on with advice that doesn't fit here.
  const [sentence] = (error instanceof Error ? error.message : String(error)).split(/(?<=\.)\s/);
  console.error(sentence);
  process.exitCode = 1;
});
