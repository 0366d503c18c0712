import { join } from 'node:path';

/** The objects that live in a Node-RED after a garbage collection. */
export interface Living {
  /** Objects by their class; `Node` are the nodes of all types. */
  objects: Record<keyof typeof classes | 'Node', number>;
  /** Listeners of the emitters that outlive a deploy: Node-RED's events, its server, the process. */
  listeners: number;
  timers: number;
  /** Connections to one of the ports that were asked for. */
  sockets: number;
  /** In bytes. */
  heap: number;
}

const dist = join(__dirname, '../../dist/lib');
/** Classes of which each connection has one. */
const classes = {
  ...{ HttpApiClient: 'http-api/client', RequestLane: 'http-api/lane', CallWatch: 'node-red/call-watch' },
  ...{ V20Pbx: 'v20/v20', Listener: 'v20/listener', EventSocket: 'v20/socket' },
};

/** For `startNodeRed`: answers `GET probe?ports=1,2` with `Living`. */
export const probe = `
const v8 = require('node:v8');
v8.setFlagsFromString('--expose-gc');
const gc = require('node:vm').runInNewContext('gc');
const classes = { ${Object.entries(classes)
  .map(([name, file]) => `${name}: require(${JSON.stringify(join(dist, file))}).${name}`)
  .join(', ')} };

module.exports = (RED) => {
  RED.nodes.registerType('probe', function (def) {
    RED.nodes.createNode(this, def);
    classes.Node = this.constructor.super_;
  });
  const count = (emitter) => emitter.eventNames().reduce((sum, name) => sum + emitter.listenerCount(name), 0);
  RED.httpAdmin.get('/probe', (request, response) => {
    const ports = request.query.ports.split(',').map(Number);
    gc();
    response.json({
      objects: Object.fromEntries(Object.entries(classes).map(([name, one]) => [name, v8.queryObjects(one)])),
      listeners: [RED.events, RED.server, process].map(count).reduce((sum, one) => sum + one),
      timers: process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length,
      sockets: process.report.getReport().libuv
        .filter(({ type, remoteEndpoint }) => type === 'tcp' && ports.includes(remoteEndpoint?.port)).length,
      heap: v8.getHeapStatistics().used_heap_size,
    });
  });
};`;
