import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { type Stage, withServer } from '../stage';

export async function play({ simulator: { pbx }, caller, ...stage }: Stage): Promise<void> {
  const player = (): unknown[] => stage.at('your player').map(({ payload }) => payload);
  await stage.deploy();
  await stage.arrive('busy?');
  await stage.press('music on');
  await stage.arrive('your player');
  pbx.inbound({ extension: '11', number: caller });
  await stage.polls();
  assert.deepEqual(player(), ['playing'], 'the phone of somebody else');

  pbx.inbound({ extension: '10', number: caller });
  await stage.arrive('your player', 2);
  pbx.answer(stage.connectionAt('10'));
  await stage.arrive('busy?', 3);
  pbx.makeCall('12', '10');
  await stage.arrive('busy?', 4);
  pbx.hangup(stage.connectionAt('10'));
  await stage.arrive('busy?', 5);
  await stage.polls(1);
  assert.deepEqual(player(), ['playing', 'paused'], 'there is still a call');
  pbx.hangup(stage.connectionAt('10'));
  await stage.arrive('your player', 3);

  await stage.press('music off');
  await stage.arrive('your player', 4);
  pbx.makeCall('10', '12');
  await stage.arrive('busy?', 7);
  pbx.clearCalls();
  await stage.arrive('busy?', 8);
  await stage.polls(1);
  assert.deepEqual(player(), ['playing', 'paused', 'playing', 'off'], 'there was nothing to pause');

  // The call ends while Node-RED is restarted.
  await stage.press('music on');
  await stage.arrive('your player', 5);
  pbx.inbound({ extension: '10', number: caller });
  await stage.arrive('your player', 6);
  await stage.restart(() => {
    pbx.clearCalls();
  });
  await stage.arrive('your player', 7);
  assert.deepEqual(player().slice(4), ['playing', 'paused', 'playing']);
  await endings(stage);
}

/** The two players that are ready: a Sonos by its HTTP API, and an MPD, which greets and takes one command a line. */
async function endings(stage: Omit<Stage, 'simulator' | 'caller'>): Promise<void> {
  const commands: string[] = [];
  const mpd = createServer((socket) => {
    socket.write('OK MPD 0.23.5\n');
    socket.on('data', (data) => {
      commands.push(data.toString());
      socket.write('OK\n');
    });
  });
  await once(mpd.listen(0, '127.0.0.1'), 'listening');
  try {
    await stage.deploy((node) => {
      const enabled = { ...node, d: false };
      if (node.name === 'MPD') return { ...enabled, port: String((mpd.address() as AddressInfo).port) };
      if (node.name === 'Sonos') return enabled;
      return node.name === 'its address' ? withServer(node, 'http://127.0.0.1:5005', stage.server) : node;
    });
    for (const [index, button] of ['music on', 'music off'].entries()) {
      await stage.press(button);
      await stage.arrive('Sonos: 200 when done', index + 1);
      await stage.arrive('what MPD answers', index + 1);
    }
    assert.deepEqual(
      stage.received.map(({ method, url }) => `${method} ${url}`),
      ['GET /resumeall', 'GET /pauseall'],
    );
    assert.deepEqual(commands, ['pause 0\n', 'stop\n']);
  } finally {
    mpd.close();
  }
}
