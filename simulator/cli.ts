#!/usr/bin/env node
import { parseArgs } from 'node:util';
import {
  type Build,
  type CodeForm,
  PortError,
  readSetup,
  type ServerKind,
  type SimulatorAuth,
  startSimulator,
  type V20Options,
} from './index';

const helpText = `Usage: 3cx-simulator [options]

A 3CX HTTP API with a small PBX behind it, for trying things.

  --port <number>          port of the 3CX HTTP API (default 8889, 0 for any free port)
  --control-port <number>  port of the page and the control API (default 8890, 0 for any free port)
  --host <address>         address to listen on (default 127.0.0.1)
  --server <form>          community, the server that people run (default), or documented, as the interface document
                           has it
  --auth <type>            none (default), basic (needs --user and --password) or bearer (needs --token);
                           the page and the control API ask for nothing
  --user <name>            user for basic
  --password <text>        password for basic
  --token <text>           token for bearer
  --build <name>           which build of the community server it is like: original (default), original-2024 (needs
                           --auth basic), bearer (needs --auth bearer), free-queues, 2020-later, 2020-first, keeps-profile,
                           exceptions (errors are answered with 500), idle (everything is answered with Idle)
  --pbx <file>             extensions, queues and trunk, as JSON: {"extensions": [{"number": "201", "name": "Anna"}]} is
                           enough. dist/simulator/pbx.schema.json of this package describes it (default: the PBX behind
                           the captured answers)
  --phone-legs             a call rings each phone of an extension on a connection of its own
  --codes <form>           how pick-up (*20*<extension>) and *10 are seen: unseen (default), or for a second on a
                           connection that dials them, with its id kept then (same-id) or not (new-id)
  --queue-legs             a call that waits in a queue has a connection at the queue's number
  --v20-port <number>      port of the APIs of 3CX V20, for the same PBX (0 for any free port; needs the two below)
  --client-id <id>         the client that may use them
  --client-secret <text>   its secret
  --traffic <number>       calls per minute that come and go by themselves (default 0)
  --seed <number>          which calls those are (default 1)
  --delay <ms>             how long makecall, and unpark of community, block everything (default 2500)
  --help                   show this text

The page shows extensions, queues, calls and requests. On it calls come in and go out, are answered, held, transferred,
parked, recorded and hung up, and the APIs hang, fail or are gone. Programs use the control API behind it:
POST /api/calls {"extension": "10", "queue": "8000", "number": "+49301234"},
POST /api/extensions/<number>/calls {"destination": "11"}, PATCH /api/extensions/<number> {"profile": "Away"},
POST /api/connections/<id>/answer (hold, resume, hangup, park, transfer, record, connect, forward), DELETE /api/calls,
PATCH /api/faults {"http": "hangs"}, GET /api/state, GET /api/events.
`;

/**
 * The command `3cx-simulator`.
 *
 * @throws TypeError for an option that doesn't exist or has no value, RangeError for a bad one
 */
async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      port: { type: 'string', default: '8889' },
      'control-port': { type: 'string', default: '8890' },
      host: { type: 'string', default: '127.0.0.1' },
      server: { type: 'string', default: 'community' },
      auth: { type: 'string', default: 'none' },
      user: { type: 'string' },
      password: { type: 'string' },
      token: { type: 'string' },
      build: { type: 'string', default: 'original' },
      pbx: { type: 'string' },
      'phone-legs': { type: 'boolean', default: false },
      codes: { type: 'string', default: 'unseen' },
      'queue-legs': { type: 'boolean', default: false },
      'v20-port': { type: 'string' },
      'client-id': { type: 'string' },
      'client-secret': { type: 'string' },
      traffic: { type: 'string', default: '0' },
      seed: { type: 'string', default: '1' },
      delay: { type: 'string', default: '2500' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(helpText);
    return;
  }

  const simulator = await startSimulator({
    port: wholeNumber(values.port),
    controlPort: wholeNumber(values['control-port']),
    host: values.host,
    delay: wholeNumber(values.delay),
    traffic: wholeNumber(values.traffic),
    seed: wholeNumber(values.seed),
    // startSimulator refuses other words with a clear message.
    server: values.server as ServerKind,
    auth: authOf(values),
    build: values.build as Build,
    codes: values.codes as CodeForm,
    phoneLegs: values['phone-legs'],
    queueLegs: values['queue-legs'],
    ...v20Of(values),
    ...(values.pbx === undefined ? {} : { pbx: await readSetup(values.pbx) }),
  });
  const end = () => {
    void simulator.close().then(() => process.exit(0));
  };
  process.once('SIGINT', end).once('SIGTERM', end);
  void simulator.stopped.then(() => {
    console.log('Stopped by /stop.');
    end();
  });
  console.log(`3CX HTTP API:   ${simulator.url}`);
  if (simulator.v20Url !== null) console.log(`3CX V20 APIs:   ${simulator.v20Url}`);
  console.log(`Simulator page: ${simulator.controlUrl}/`);
}

/**
 * startSimulator refuses anything missing or not allowed.
 *
 * @throws RangeError for a secret that the type does not use: a user who gives one relies on it
 */
function authOf(values: Partial<Record<'auth' | 'user' | 'password' | 'token', string>>): SimulatorAuth {
  const { auth: type = 'none', user, password, token } = values;
  if (type !== 'basic' && user !== undefined) throw new RangeError('--user goes with --auth basic.');
  if (type !== 'basic' && password !== undefined) throw new RangeError('--password goes with --auth basic.');
  if (type !== 'bearer' && token !== undefined) throw new RangeError('--token goes with --auth bearer.');
  if (type === 'basic') return { type, user: user ?? '', password: password ?? '' };
  return type === 'bearer' ? { type, token: token ?? '' } : { type: type as 'none' };
}

/**
 * startSimulator refuses anything missing or not allowed.
 *
 * @throws RangeError for a client without the port that it is for
 */
function v20Of(values: Partial<Record<'v20-port' | 'client-id' | 'client-secret', string>>): { v20?: V20Options } {
  const { 'v20-port': port, 'client-id': clientId = '', 'client-secret': clientSecret = '' } = values;
  if (port === undefined && clientId !== '') throw new RangeError('--client-id goes with --v20-port.');
  if (port === undefined && clientSecret !== '') throw new RangeError('--client-secret goes with --v20-port.');
  return port === undefined ? {} : { v20: { port: wholeNumber(port), clientId, clientSecret } };
}

/** NaN for anything but digits, which startSimulator refuses with a clear message. */
function wholeNumber(text: string): number {
  return /^\d+$/.test(text) ? Number(text) : NaN;
}

/** The reason, and for a port the remedy. */
function sentenceOf(error: NodeJS.ErrnoException): string {
  const { message, code = '' } = error;
  if (error instanceof PortError) return `${message} Choose another one with --${error.option}; 0 is any free port.`;
  if (!code.startsWith('ERR_PARSE_ARGS')) return message;
  const isPartOfSecret =
    code.endsWith('UNEXPECTED_POSITIONAL') && process.argv.some((arg) => /^--(password|token|client-secret)/.test(arg));
  if (isPartOfSecret) return 'There is an argument without an option: a value with blanks needs quotes.';
  // parseArgs adds advice that does not fit here.
  return message.split(/(?<=\.)\s/)[0] ?? message;
}

main().catch((error: unknown) => {
  console.error(sentenceOf(error instanceof Error ? error : new Error(String(error))));
  process.exitCode = 1;
});
