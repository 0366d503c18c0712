/** The objects that live in a Node-RED after a garbage collection. */
export interface Living {
  /** Objects by their class; `Node` are the nodes of all types. */
  objects: Record<(typeof classes)[number] | 'Node', number>;
  /** Listeners of the emitters that outlive a deploy: Node-RED's events, its server, the process. */
  listeners: number;
  timers: number;
  /** Connections to one of the ports that were asked for. */
  sockets: number;
  /** In bytes. */
  heap: number;
}

/** Classes of which each connection has one, if it has them. */
const classes = ['HttpApiClient', 'RequestLane', 'CallWatch', 'V20Pbx', 'Listener', 'EventSocket'] as const;

/** For `startNodeRed`: answers `GET probe?ports=1,2` with `Living`. */
export const probe = `
const v8 = require('node:v8');
v8.setFlagsFromString('--expose-gc');
const gc = require('node:vm').runInNewContext('gc');
const known = new Map();
const learn = (one) => {
  // The bundler may put a _ before the name.
  if (one) known.set(one.constructor.name.replace('_', ''), one.constructor);
};
const living = (name) => (known.has(name) ? v8.queryObjects(known.get(name)) : 0);

module.exports = (RED) => {
  RED.nodes.registerType('probe', function (def) {
    RED.nodes.createNode(this, def);
    known.set('Node', this.constructor.super_);
  });
  const count = (emitter) => emitter.eventNames().reduce((sum, name) => sum + emitter.listenerCount(name), 0);
  RED.httpAdmin.get('/probe', (request, response) => {
    RED.nodes.eachNode(({ id, type }) => {
      const access = type === '3cx-config' && RED.nodes.getNode(id)?.access;
      if (!access) return;
      const { pbx, calls } = access;
      for (const one of [pbx, pbx.client, pbx.client.lane, pbx.listener, pbx.listener?.socket, calls]) learn(one);
    });
    const ports = request.query.ports.split(',').map(Number);
    gc();
    response.json({
      objects: Object.fromEntries(${JSON.stringify([...classes, 'Node'])}.map((name) => [name, living(name)])),
      listeners: [RED.events, RED.server, process].map(count).reduce((sum, one) => sum + one),
      timers: process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length,
      sockets: process.report.getReport().libuv
        .filter(({ type, remoteEndpoint }) => type === 'tcp' && ports.includes(remoteEndpoint?.port)).length,
      heap: v8.getHeapStatistics().used_heap_size,
    });
  });
};`;
