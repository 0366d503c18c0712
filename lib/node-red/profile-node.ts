import { type Presence, type Profile, profileInterval, ThreeCxError } from '../pbx';
import { accessOf, openAccess, useConnection } from './connection';
import type { ProfileInterest, ProfileReport } from './profile-watch';
import { Settings } from './settings';
import { profileStatusOf, type ProfileWatchingState } from './status';
import type { ConnectionUser, NodeAPI, ProfileWatchDef } from './types';

/** The profile and log-in of an extension. */
export interface ProfileState {
  extension: string;
  extensionName: string | null;
  /** Null for a name outside the five, and when the PBX returned none. */
  profile: Profile | null;
  profileName: string | null;
  /** Whether the extension is logged in to its queues. Null where the PBX does not report it. */
  loggedIn: boolean | null;
}

/** `msg.payload` of a change; `msg.topic` is `profile`. */
export interface ProfilePayload extends ProfileState {
  event: 'profile';
  /** Null, with its name, when nothing was known before. */
  previousProfile: Profile | null;
  previousProfileName: string | null;
  /** True for a profile that the node found when it began, instead of a change. */
  initial: boolean;
  /** Counts the messages of this node, from 1, without gaps. */
  seq: number;
}

/** `msg.payload` of the answer to an incoming message. */
export interface ProfilesPayload {
  /** In the order of their numbers. */
  profiles: ProfileState[];
}

/**
 * Makes a node send a message for each change of a profile, and answer each incoming message with the profiles that it
 * knows. A wrong list of extensions is logged as an error, and nothing is looked up.
 */
export function watchProfiles(RED: NodeAPI, node: ConnectionUser, def: ProfileWatchDef): void {
  const connection = useConnection(RED, node, def.server);
  const { interest, initial } = readDefinition(RED, node, def);
  const profiles = openAccess(connection)?.profiles;
  const extensions = interest instanceof ThreeCxError ? null : interest.extensions;
  /** The extensions whose profile was read since the node began. */
  const announced = new Set<string>();
  let seq = 0;
  let shown: ProfileWatchingState | null = null;
  let closed = false;

  node.showHealth = () => {
    // A closed node must not show a status: it would appear under its successor.
    if (closed) return;
    const { error = null, count = 0, isAnswered = false } = profiles?.standing(extensions) ?? {};
    const health = connection?.health ?? 'unknown';
    const isAway = health === 'unreachable' || health === 'unauthorized';
    const code = interest instanceof ThreeCxError ? interest.code : isAway ? health : (error?.code ?? null);
    if (shown?.code === code && shown.profiles === count && shown.isAnswered === isAnswered) return;
    shown = { configured: profiles !== undefined, code, isAnswered, profiles: count };
    node.status(profileStatusOf(RED, shown));
  };
  node.showHealth();

  const nameOf = (extension: string): string | null =>
    openAccess(connection)?.contacts.extensionName(extension) ?? null;
  const send = (report: ProfileReport, isInitial: boolean): void => {
    seq += 1;
    const extensionName = nameOf(report.extension);
    node.send({ topic: 'profile', payload: payloadOf(report, extensionName, isInitial, seq) });
  };
  const end =
    interest instanceof ThreeCxError
      ? undefined
      : profiles?.watch(node.id, interest, (reports) => {
          node.showHealth();
          for (const report of reports) {
            const { extension, isChange } = report;
            if (isChange) send(report, false);
            else if (initial && !announced.has(extension)) send({ ...report, previous: null }, true);
            announced.add(extension);
          }
        });

  node.on('input', (msg, reply, done) => {
    try {
      if (interest instanceof ThreeCxError) throw interest;
      const access = accessOf(connection);
      const { error } = access.profiles.standing(extensions);
      // Old profiles would look like current ones.
      if (error !== null) throw error;
      const known = access.profiles
        .known(extensions)
        .map(([extension, presence]) => stateOf(extension, nameOf(extension), presence));
      const payload: ProfilesPayload = { profiles: known };
      reply({ ...msg, payload });
      done();
    } catch (error) {
      done(error as Error);
    }
  });

  node.on('close', (removed: boolean, done: () => void) => {
    closed = true;
    end?.(removed);
    done();
  });
}

/** The facts about an extension in a payload. */
function stateOf(
  extension: string,
  extensionName: string | null,
  { profile, profileName, loggedIn }: Presence,
): ProfileState {
  return { extension, extensionName, profile, profileName, loggedIn };
}

function payloadOf(
  { extension, presence, previous }: ProfileReport,
  extensionName: string | null,
  initial: boolean,
  seq: number,
): ProfilePayload {
  const { loggedIn, ...state } = stateOf(extension, extensionName, presence);
  const { profile: previousProfile = null, profileName: previousProfileName = null } = previous ?? {};
  return { event: 'profile', ...state, previousProfile, previousProfileName, loggedIn, initial, seq };
}

/**
 * Reads the settings. With a wrong list of extensions there is nothing to watch; any other wrong setting is ignored.
 */
function readDefinition(
  RED: NodeAPI,
  node: ConnectionUser,
  def: ProfileWatchDef,
): { interest: ProfileInterest | ThreeCxError; initial: boolean } {
  const settings = new Settings(RED, node, { ...def });
  const read = <T>(setting: () => T, fallback: T): T => {
    try {
      return setting();
    } catch (error) {
      node.warn(`${(error as Error).message}; it is not used`);
      return fallback;
    }
  };
  const interval = read(() => settings.profileInterval('interval'), profileInterval.fallback * 1_000);
  const initial = read(() => settings.flag('initial'), false);
  try {
    const listed = settings.extensions('extensions');
    const extensions = listed.length === 0 ? null : new Set(listed);
    return { interest: { extensions, interval }, initial };
  } catch (error) {
    if (!(error instanceof ThreeCxError)) throw error;
    node.error(error.message);
    return { interest: error, initial };
  }
}
