import assert from 'node:assert/strict';
import { Template } from '@huggingface/jinja';
import Ajv from 'ajv';
import { type Simulator, startSimulator } from '../../simulator';
import { type Broker, Listener, startBroker } from '../../support/mqtt';
import { type NodeRed, startNodeRed } from '../../support/node-red';
import { type FlowNode, readExample } from '../../support/examples';

const caller = '+4915112345678';
const topic = '3cx/v1/pbx';

interface State {
  extension: string;
  name: string;
  state: string;
  activeCalls: number;
  number: string | null;
  calls: object[];
}
interface Answer {
  id: string | null;
  ok: boolean;
  operation?: string;
  callId?: string;
  reason?: string;
  error?: string;
  message?: string;
}
interface Entity {
  platform: string;
  unique_id: string;
  value_template: string;
  state_topic?: string;
  options?: string[];
}
interface Discovery {
  state_topic: string;
  components: Record<string, Entity> & { profile: Entity & { command_topic: string; command_template: string } };
}

const nonEmpty = { type: 'string', minLength: 1 };
const publishTopic = { type: 'string', pattern: '^[^+#]+$' };
const entity = (platform: string, required: string[], properties: object): object => ({
  type: 'object',
  required: ['platform', 'unique_id', 'name', ...required],
  properties: {
    platform: { const: platform },
    unique_id: nonEmpty,
    default_entity_id: { pattern: `^${platform}\\.[a-z0-9_]+$` },
    value_template: nonEmpty,
    state_topic: publishTopic,
    json_attributes_topic: publishTopic,
    icon: { pattern: '^mdi:[a-z-]+$' },
    name: nonEmpty,
    ...properties,
  },
  additionalProperties: false,
});
/** The rules of Home Assistant for a device's discovery message: it drops one with any other keys. */
const isDiscovery = new Ajv({ allErrors: true }).compile({
  type: 'object',
  required: ['device', 'origin', 'components'],
  properties: {
    device: {
      type: 'object',
      required: ['identifiers', 'name'],
      properties: {
        identifiers: { type: 'array', minItems: 1, items: nonEmpty },
        ...{ name: nonEmpty, manufacturer: nonEmpty, model: nonEmpty },
      },
      additionalProperties: false,
    },
    origin: {
      type: 'object',
      required: ['name'],
      properties: { name: nonEmpty, support_url: { format: 'uri' } },
      additionalProperties: false,
    },
    availability_topic: publishTopic,
    state_topic: publishTopic,
    qos: { enum: [0, 1, 2] },
    components: {
      type: 'object',
      required: ['state', 'calls', 'profile'],
      properties: {
        // A sensor of this class lists its options, and has neither a unit nor a state class.
        state: entity('sensor', ['options'], {
          device_class: { const: 'enum' },
          options: { minItems: 1, uniqueItems: true },
        }),
        calls: entity('sensor', [], { state_class: { enum: ['measurement', 'total', 'total_increasing'] } }),
        profile: entity('select', ['command_topic', 'options'], {
          command_topic: publishTopic,
          command_template: nonEmpty,
          options: { minItems: 1, uniqueItems: true },
        }),
      },
      additionalProperties: false,
    },
  },
  additionalProperties: false,
});

/** Both MQTT examples in one Node-RED, on a simulator and a broker that come and go. */
describe('The MQTT examples', function () {
  this.timeout(30_000);
  let simulator: Simulator;
  let broker: Broker;
  let nodeRed: NodeRed;
  /** Hears all that is published, from the start. */
  let early: Listener;
  let examples: FlowNode[];

  const start = async (): Promise<NodeRed> => startNodeRed({ flows: examples, settings: { mqttReconnectTime: 50 } });
  const isOnline = (payload: string): boolean => payload === 'online';
  const isOffline = (payload: string): boolean => payload === 'offline';
  const state = (extension: string, wanted: string): Promise<State> =>
    early.last(`${topic}/state/${extension}`, (payload: State) => payload.state === wanted);
  let ids = 0;
  /** Sends a command and waits for its answer. */
  const send = async (command: object): Promise<Answer> => {
    const id = `c${++ids}`;
    await early.publish(`${topic}/command/spec`, { id, ...command });
    return early.last(`${topic}/answer/spec`, (answer: Answer) => answer.id === id);
  };
  /** How often an operation was asked for; by default any that changes something. */
  const requests = (operation = /^\/(?!showallcalls|showstatus|ondn)/): number =>
    simulator.requests.filter(({ path }) => operation.test(path)).length;

  before(async () => {
    simulator = await startSimulator({ delay: 0 });
    broker = await startBroker();
    early = await Listener.connect(broker.port);
    const files = ['30 MQTT - beside the PBX.json', '31 MQTT - anywhere else.json'];
    examples = files.flatMap(readExample).map((node) => {
      if (node.type === '3cx-config') return { ...node, url: simulator.url, pollInterval: 100 };
      if (node.type === 'mqtt-broker') return { ...node, port: String(broker.port) };
      return node.name === 'every 5 s' ? { ...node, repeat: '0.2' } : node;
    });
    nodeRed = await start();
  });

  after(async () => {
    await nodeRed.stop();
    await early.close();
    await broker.close();
    await simulator.close();
  });

  afterEach(() => {
    simulator.pbx.clearCalls();
  });

  it('publish that the PBX is there and what each extension does, even one that is not in the list', async () => {
    await early.last(`${topic}/availability`, isOnline);
    assert.equal((await state('12', 'idle')).name, 'Carla');
    simulator.pbx.inbound({ extension: '100', number: caller });
    const { calls, ...ringing } = await state('100', 'ringing');
    assert.deepEqual(ringing, { extension: '100', name: '100', state: 'ringing', activeCalls: 1, number: caller });
    assert.equal(calls.length, 1);
    simulator.pbx.clearCalls();
    const idle = await state('100', 'idle');
    assert.deepEqual([idle.activeCalls, idle.number, idle.calls], [0, null, []]);
    await early.last(`${topic}/event/100/missed`);
  });

  it('introduce each extension to Home Assistant in the form that it requires', async () => {
    const messages = await Promise.all(
      ['10', '11', '12', '100'].map((number) => early.last<Discovery>(`homeassistant/device/3cx_pbx_${number}/config`)),
    );
    for (const message of messages) assert.ok(isDiscovery(message), JSON.stringify(isDiscovery.errors));
    const uniqueIds = messages.flatMap(({ components }) => Object.values(components).map((one) => one.unique_id));
    assert.equal(new Set(uniqueIds).size, 4 * 3);
  });

  it('let Home Assistant show the state and the profile, and choose another profile', async () => {
    const { components, state_topic: ofDevice } = await early.last<Discovery>('homeassistant/device/3cx_pbx_11/config');
    const shown = async (key: string, isRight: (value: string) => boolean): Promise<void> => {
      const { state_topic = ofDevice, value_template } = components[key] ?? assert.fail();
      const template = new Template(value_template);
      await early.last(state_topic, (value_json) => isRight(template.render({ value_json })));
    };
    const { options: states = [] } = components.state ?? {};
    const { options: profiles = [], command_topic, command_template } = components.profile;
    for (const wanted of profiles) {
      const now = (): object => ({ timestamp: () => `${Date.now()}.${wanted.length}` });
      await early.publish(command_topic, new Template(command_template).render({ now, value: wanted }));
      await shown('profile', (value) => value === wanted);
    }
    simulator.pbx.makeCall('11', '12');
    await shown('state', (value) => value === 'dialing' && states.includes(value));
    await shown('calls', (value) => value === '1');
  });

  it('send a late client what is, not what was', async () => {
    await state('11', 'idle');
    const late = await Listener.connect(broker.port);
    try {
      await late.last(`${topic}/availability`, isOnline);
      for (const kind of ['state', 'profile']) await late.last(`${topic}/${kind}/100`);
      await late.last('homeassistant/device/3cx_pbx_100/config');
      const kept = late.heard.filter(({ retain }) => retain).map(({ topic: where }) => where);
      assert.deepEqual(
        kept.filter((where) => !/^(homeassistant\/device|3cx\/v1\/pbx\/(availability|state|profile))\b/.test(where)),
        [],
      );
    } finally {
      await late.close();
    }
  });

  it('publish to each of two clients, one of which sends commands', async () => {
    const other = await Listener.connect(broker.port);
    try {
      const button = examples.find(({ name }) => name === '10 calls 11')?.id ?? '';
      await fetch(`${nodeRed.url}/inject/${button}`, { method: 'POST' });
      for (const consumer of [early, other]) {
        await consumer.last(`${topic}/answer/kitchen`, ({ ok, callId }: Answer) => ok && callId !== undefined);
        await consumer.last(`${topic}/event/10/dialing`);
        await consumer.last(`${topic}/event/11/ringing`);
      }
    } finally {
      await other.close();
    }
  });

  it('carry out a command that comes twice only once, and answer it twice', async () => {
    const command = { id: 'twice', operation: 'makecall', extension: '10', destination: '+4930111' };
    const dialled = requests(/makecall/);
    await Promise.all([0, 1].map(() => early.publish(`${topic}/command/spec`, command)));
    const first = await early.last(`${topic}/answer/spec`, ({ id }: Answer) => id === 'twice');
    assert.ok(first.ok);
    const answers = early.on(`${topic}/answer/spec`).length;
    await early.publish(`${topic}/command/spec`, command);
    await early.last(`${topic}/answer/spec`, () => early.on(`${topic}/answer/spec`).length > answers);
    assert.deepEqual(early.on(`${topic}/answer/spec`).at(-1), first);
    assert.equal(requests(/makecall/), dialled + 1);
    // The id is of the one who sent it: another may use the same.
    await early.publish(`${topic}/command/other`, command);
    await early.last(`${topic}/answer/other`);
    assert.equal(requests(/makecall/), dialled + 2);
  });

  it('carry out each kind of command', async () => {
    const ten = { extension: '10' };
    for (const command of [
      { operation: 'makecall', ...ten, destination: '11' },
      { operation: 'answer', extension: '11' },
      { operation: 'record', ...ten, action: 'start' },
      { operation: 'transfer', ...ten, destination: '12' },
      { operation: 'answer', extension: '12' },
      { operation: 'drop', extension: '12' },
      { operation: 'login', ...ten, action: 'logout_all' },
      { operation: 'ready', ...ten },
    ]) {
      const answer = await send(command);
      assert.ok(answer.ok, JSON.stringify(answer));
      assert.equal(answer.operation, command.operation);
    }
  });

  it('answer a command that is wrong, refused or not answered, and do nothing else', async () => {
    const before = requests();
    const wrong = [
      ...['{', '"makecall"', '[]', 'null', {}, { id: 7, operation: 'drop' }, { id: 'a/b', operation: 'drop' }],
      { id: 'w1', operation: 'stop' },
      { id: 'w2', operation: 'constructor' },
      { id: 'w3', operation: 'drop' },
      { id: 'w4', operation: 'drop', extension: 'all' },
      { id: 'w5', operation: 'makecall', extension: '10', destination: '1#2' },
      { id: 'w6', operation: 'record', extension: '10', action: 'make' },
    ];
    const given = early.on(`${topic}/answer/wrong`).length;
    for (const command of wrong) await early.publish(`${topic}/command/wrong`, command);
    await early.last(`${topic}/answer/wrong`, () => early.on(`${topic}/answer/wrong`).length === given + wrong.length);
    for (const answer of early.on(`${topic}/answer/wrong`) as Answer[]) {
      assert.deepEqual([answer.ok, answer.error], [false, 'invalid-argument']);
      assert.ok(answer.message);
    }
    assert.equal(requests(), before);
    const { ok, reason } = await send({ operation: 'drop', extension: '10' });
    assert.deepEqual([ok, reason], [false, 'no-call']);
  });

  it('publish that the PBX is away when the API is, and each extension’s state when it is back', async () => {
    const port = Number(new URL(simulator.url).port);
    simulator.pbx.inbound({ extension: '10', number: caller });
    await state('10', 'ringing');
    await simulator.close();
    await early.last(`${topic}/availability`, isOffline);
    const { ok, error } = await send({ operation: 'drop', extension: '10' });
    assert.deepEqual([ok, error], [false, 'unreachable']);
    simulator = await startSimulator({ delay: 0, port });
    await early.last(`${topic}/availability`, isOnline);
    await state('10', 'idle');
  });

  it('publish that the PBX is away when the connection to the broker breaks, and reconnect', async () => {
    const said = early.on(`${topic}/availability`).length;
    await broker.breakOff(topic);
    await early.last(
      `${topic}/availability`,
      (payload: string) => isOnline(payload) && early.on(`${topic}/availability`).length > said + 1,
    );
    assert.deepEqual(early.on(`${topic}/availability`).slice(said), ['offline', 'online']);
  });

  it('publish everything again when the broker was restarted and has lost it', async () => {
    const { port } = broker;
    await broker.close();
    simulator.pbx.inbound({ extension: '10', number: caller });
    early.heard.length = 0;
    broker = await startBroker(port);
    await early.last(`${topic}/availability`, isOnline);
    await state('10', 'ringing');
    await state('100', 'idle');
    await early.last(`${topic}/profile/100`);
    await early.last('homeassistant/device/3cx_pbx_100/config');
  });

  it('are right after a restart of Node-RED, and carry out no command that the broker kept', async () => {
    for (const extension of ['10', '100']) {
      simulator.pbx.inbound({ extension, number: caller });
      await state(extension, 'ringing');
    }
    await nodeRed.stop();
    await early.last(`${topic}/availability`, isOffline);
    simulator.pbx.hangup(simulator.pbx.connectionsOf('100')[0]?.id ?? '');
    await early.publish(`${topic}/command/kept`, { id: 'kept', operation: 'drop', extension: '10' }, { retain: true });
    early.heard.length = 0;
    nodeRed = await start();
    await early.last(`${topic}/availability`, isOnline);
    await state('100', 'idle');
    await state('10', 'ringing');
    assert.equal((await early.last<Answer>(`${topic}/answer/kept`)).ok, false);
    assert.equal(requests(/drop/), 0);
  });
});
