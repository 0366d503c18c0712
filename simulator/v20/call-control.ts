import type { H3, H3Event } from 'h3' with { 'resolution-mode': 'import' };
import type { ActionRequest, Actions } from './actions';
import { jsonOf, pathPart, Refusal, textIn } from './http';
import type { V20Switches } from './options';
import type { DnInfo, Participant, Participants } from './participants';
import { pascalCase } from './wire';

/** How long a destination may ring when the client doesn't say, in seconds. */
const defaultTimeout = 30;

/** Adds `/callcontrol` to the app, but for its WebSocket. */
export function addCallControl(app: H3, participants: Participants, actions: Actions, switches: V20Switches): void {
  const wire = (value: unknown) => (switches.pascalCase ? pascalCase(value) : value);
  const methodNotAllowed = () => {
    throw new Refusal(405);
  };
  const infoOf = (event: H3Event): DnInfo => {
    const info = participants.info(pathPart(event, 'dn'));
    if (info === undefined || !sees(switches, info.dn)) throw new Refusal(403);
    return info;
  };
  const participantOf = (event: H3Event): Participant => {
    const id = pathPart(event, 'id');
    const participant = infoOf(event).participants.find((one) => String(one.id) === id);
    if (participant === undefined) throw new Refusal(404);
    return participant;
  };

  app
    .get('/callcontrol', () => wire(participants.infos(participants.dns().filter((dn) => sees(switches, dn)))))
    .get('/callcontrol/:dn', (event) => wire(infoOf(event)))
    .get('/callcontrol/:dn/devices', (event) => wire(infoOf(event).devices))
    .get('/callcontrol/:dn/devices/:device', (event) => {
      const device = pathPart(event, 'device');
      const found = infoOf(event).devices.find(({ device_id }) => device_id === device);
      if (found === undefined) throw new Refusal(404);
      return wire(found);
    })
    .get('/callcontrol/:dn/participants', (event) => wire(infoOf(event).participants))
    .get('/callcontrol/:dn/participants/:id', (event) => {
      if (switches.forbidsParticipants) throw new Refusal(403);
      return wire(participantOf(event));
    })
    .post('/callcontrol/:dn/makecall', async (event) => {
      const { status, body } = actions.makeCall(infoOf(event).dn, undefined, await requestOf(event));
      event.res.status = status;
      return wire(body);
    })
    .post('/callcontrol/:dn/devices/:device/makecall', async (event) => {
      const { dn } = infoOf(event);
      const { status, body } = actions.makeCall(dn, pathPart(event, 'device'), await requestOf(event));
      event.res.status = status;
      return wire(body);
    })
    .post('/callcontrol/:dn/participants/:id/:action', async (event) => {
      participantOf(event);
      const request = await requestOf(event);
      // It may have gone while the body came in.
      const { status, body } = await actions.act(participantOf(event), pathPart(event, 'action'), request);
      event.res.status = status;
      return wire(body);
    })
    .post('/callcontrol', methodNotAllowed)
    .post('/callcontrol/:dn', methodNotAllowed)
    .post('/callcontrol/:dn/devices', methodNotAllowed)
    .post('/callcontrol/:dn/participants', methodNotAllowed);
}

/** May the client see this DN? */
export function sees({ visibleDns }: V20Switches, dn: string): boolean {
  return visibleDns?.includes(dn) ?? true;
}

async function requestOf(event: H3Event): Promise<ActionRequest> {
  const fields = await jsonOf(event);
  const timeout = fields.get('timeout');
  return {
    destination: textIn(fields, 'destination') ?? '',
    timeout: typeof timeout === 'number' && timeout > 0 ? timeout : defaultTimeout,
  };
}
