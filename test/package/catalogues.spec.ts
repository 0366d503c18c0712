import assert from 'node:assert/strict';
import {
  apiTypes,
  type ArgumentName,
  argumentsOf,
  choices,
  errorCodes,
  eventNames,
  extensionStates,
  filterChoices,
  followEvents,
  isChoice,
  lacksOf,
  type NodeType,
  type Offer,
  offers,
  operationOf,
  profileNames,
  refusalReasons,
  type Result,
  resultOutputs,
  serverKinds,
  verdictHints,
  verdictProblems,
  watchOperation,
} from '../../lib/pbx';
import { profileStatusOf, statusOf, watchStatusOf } from '../../lib/node-red/status';
import type { NodeAPI } from '../../lib/node-red/types';
import { readPage } from '../docs/pages';
import { allOf, catalogue, filesIn, helpOf, languages, read, type Texts, texts, translations, types } from './texts';

const files = ['shared', ...types];

const allOffers: readonly (readonly [string, Offer])[] = Object.values(offers).flatMap((own) => Object.entries(own));
/** The arguments that the dialogs have a field for. */
const fields: readonly ArgumentName[] = [...new Set(allOffers.flatMap(([, offer]) => argumentsOf(offer)))];
const optional = new Set(allOffers.flatMap(([, { operation }]) => operationOf(operation).optional ?? []));

/** Keys that are put together: what they begin with, and how they may go on. */
const ends: Record<string, readonly string[]> = {
  'threecx.': [
    ...fields.filter(isChoice).flatMap((field) => choices[field].map((value) => `${field}.${value}`)),
    ...Object.entries(filterChoices).flatMap(([filter, values]) => values.map((value) => `${filter}.${value}`)),
    'label.unknown-event',
  ],
  'threecx.error.': fields.filter((field) => !isChoice(field)),
  'threecx.error.list-': ['range', 'characters', 'pattern', 'number', 'count'],
  'threecx.error.no-': ['user', 'token', 'clientId', 'clientSecret'],
  'threecx.error.url-': ['path', 'operation'],
  'threecx.error.empty-': fields.filter((field) => !optional.has(field)),
  'threecx.extension-state.': extensionStates,
  'threecx.done.': [...Object.values(offers).flatMap(doneOf), 'ondn', 'withheld', 'registered', 'no-phone'],
  'threecx.event.': eventNames,
  'threecx.label.': ['ask', 'ask-watch', 'change', ...resultOutputs, ...followEvents],
  'threecx.label.names-': ['number', 'name'],
  'threecx.lack.': apiTypes.flatMap(lacks),
  'threecx.log.': ['unreachable', 'unauthorized', 'offline'],
  'threecx.operation.': [watchOperation, ...allOffers.map(([name]) => name)],
  'threecx.panel.': [
    ...['extensions-hint', 'events-hint', 'internal'],
    ...['logged-in', 'logged-out', 'forbidden', 'no-answer'],
    // Those that a section is called by.
    ...['connections', 'extensions', 'calls', 'events', 'errors', 'unknown'],
  ],
  'threecx.panel.recording-': ['on', 'paused'],
  'threecx.direction.': ['inbound', 'outbound'],
  'threecx.api.': apiTypes,
  'threecx.status.': statuses(),
  'threecx.status.error-': errorCodes,
  'threecx.status.refused-': refusalReasons,
  'threecx.suggest.': ['any', 'typed'],
  'threecx.test.hint.': verdictHints,
  'threecx.test.problem.': [...verdictProblems, 'other'],
  'threecx.test.server.': serverKinds,
  'threecx.test.v20.': [
    ...['accepted', 'version', 'call-control', 'no-extensions', 'socket', 'configuration'],
    ...['call-control', 'socket', 'configuration'].flatMap((what) => [`${what}-forbidden`, `${what}-failed`]),
  ],
  'threecx.test.v20.problem.': ['unauthorized', 'unexpected-answer'],
  'threecx.test.failed.': ['offline', 'forbidden', 'missing', 'other'],
  'threecx.summary.': [
    ...['watch', 'watch-all'],
    ...allOffers.filter(([, offer]) => argumentsOf(offer).length > 0).map(([name]) => name),
  ],
};

/** The texts of the dialogs about the gaps of one way to a PBX. */
function lacks(api: (typeof apiTypes)[number]): string[] {
  const { operations, arguments: untaken, events, unsureEvents } = lacksOf(api);
  const keys = [
    ...Object.keys(operations),
    ...(Object.keys(operations).length > 0 ? ['option'] : []),
    ...Object.values(untaken).flatMap((names) => Object.keys(names)),
    ...(events.length > 0 ? ['event'] : []),
    ...(unsureEvents.length > 0 ? ['unsure-event'] : []),
  ];
  return keys.map((key) => `${api}.${key}`);
}

/** The commands that a node has carried out, as in its status. */
function doneOf(own: Readonly<Record<string, Offer>>): string[] {
  return Object.entries(own).flatMap(([name, offer]) => {
    const { kind, arguments: given } = operationOf(offer.operation);
    // A query, and a profile, are answered with their present values.
    if (kind === 'query' || given.includes('profile')) return [];
    if (given.includes('action')) return choices.action;
    const { recordAction } = offer.fixed ?? {};
    // The result of `toggle` is one of the other actions.
    return recordAction === 'toggle' ? [] : [recordAction ?? name];
  });
}

/** Every status there can be, but what was done. */
function statuses(): string[] {
  const prefix = 'threecx.status.';
  const RED = { _: (key: string) => key.replace(prefix, '') } as unknown as NodeAPI;
  const at = { configured: true, health: 'ok', underWay: [], last: null } as const;
  const watching = { configured: true, state: 'online', code: null, calls: 0, period: null } as const;
  const tasks = allOffers.flatMap(([name, offer]) => [
    { name, offer },
    { name, offer, callee: '11' },
  ]);
  const results = [
    ...Object.keys(profileNames).map((profile) => ({ ok: true, profile, profileName: profile })),
    ...[[], [{}]].map((connections) => ({ ok: true, connections })),
    ...refusalReasons.map((reason) => ({ ok: false, reason })),
  ].map((result) => ({ given: { profile: 'avail' }, ...result }) as unknown as Result);
  const task = { name: 'showallcalls', offer: offers['3cx-call-monitor'].showallcalls };
  const when = new Date();
  const found = [
    { ...at, configured: false },
    ...tasks.map((one) => ({ ...at, underWay: [one] })),
    ...(['unreachable', 'unauthorized'] as const).map((health) => ({ ...at, health })),
    ...results.map((result) => ({ ...at, last: { at: when, task, result } })),
    ...errorCodes.map((code) => ({ ...at, last: { at: when, code } })),
  ].map((state) => statusOf(RED, state));
  const seen = [
    ...(['connecting', 'polling', 'retrying', 'offline'] as const).map((state) => ({ ...watching, state })),
    { ...watching, calls: 2 },
    { ...watching, period: 2400 },
  ].map((state) => watchStatusOf(RED, state));
  const profiles = { configured: true, code: null, isAnswered: true, profiles: 2 };
  const known = [profiles, { ...profiles, isAnswered: false }].map((state) => profileStatusOf(RED, state));
  return [...found, ...seen, ...known].map((status) =>
    (status as { text: string }).text.replace(prefix, '').replace(/, \d\d:\d\d$/, ''),
  );
}

/** Keys as they are asked for: without the plural. */
const keysOf = (all: Texts): Set<string> => new Set(Object.keys(all).map((key) => key.replace(/_(one|other)$/, '')));

/** Which keys a source asks for. */
function asked(source: string): string[] {
  return [...source.matchAll(/\bthreecx\.[\w.-]*/g)].flatMap(([key]) => {
    if (!/[.-]$/.test(key)) return key;
    // A beginning that is not in the table is reported as a missing text.
    return (ends[key] ?? ['?']).map((end) => key + end);
  });
}

const dialogs = new Map(types.map((type) => [type, asked(read(`nodes/${type}.html`))]));
const shared = [...inFolder('editor'), ...inFolder('lib/node-red'), ...inFolder('nodes')].flatMap((file) =>
  asked(read(file)),
);
function inFolder(folder: string): string[] {
  return filesIn(folder, '.ts').map((file) => `${folder}/${file}`);
}

describe('The catalogues', () => {
  it('have every text that is asked for', () => {
    const english = new Map(types.map((type) => [type, keysOf(catalogue('en-US', type))]));
    const missing = (keys: readonly string[], there = new Set<string>()): string[] =>
      keys.filter((key) => !there.has(key));
    for (const [type, keys] of dialogs) assert.deepEqual(missing(keys, english.get(type)), [], type);
    assert.deepEqual(missing(asked(read('lib/node-red/connection.ts')), english.get('3cx-config')), []);
    const statusKeys = asked(read('lib/node-red/status.ts')).filter((key) => !key.startsWith('threecx.done.'));
    assert.deepEqual(missing(statusKeys, keysOf(texts('en-US', 'shared'))), []);
    for (const [type, own] of Object.entries(offers)) {
      const done = doneOf(own).map((key) => `threecx.done.${key}`);
      assert.deepEqual(missing(done, english.get(type as NodeType)), [], type);
    }
    // Which of the nodes needs it is not known: one of them has it.
    assert.deepEqual(missing(shared, new Set([...english.values()].flatMap((keys) => [...keys]))), []);
  });

  it('have no text that nobody asks for', () => {
    for (const file of files) {
      const dialog = file === 'shared' ? [...dialogs.values()].flat() : (dialogs.get(file) ?? []);
      const used = new Set([...dialog, ...shared]);
      const unused = [...keysOf(texts('en-US', file))].filter((key) => !used.has(key));
      assert.deepEqual(unused, [], file);
    }
  });

  for (const language of translations) {
    it(`have the same keys and placeholders in ${language}`, () => {
      const placeholders = (all: Texts): Record<string, string[]> =>
        Object.fromEntries(Object.entries(all).map(([key, text]) => [key, (text.match(/__\w+?__/g) ?? []).sort()]));
      for (const file of files) {
        assert.deepEqual(placeholders(texts(language, file)), placeholders(texts('en-US', file)), file);
      }
      assert.deepEqual(filesIn(`nodes/locales/${language}`, ''), filesIn('nodes/locales/en-US', ''));
    });
  }

  for (const language of languages) {
    it(`have short texts for what stands under a node in ${language}`, () => {
      const shared = texts(language, 'shared');
      for (const [key, text] of Object.entries(shared)) {
        if (!key.startsWith('threecx.status.')) continue;
        const longest = text
          .replace('__status__', shared['threecx.status.calls_other'] ?? '')
          .replace('__count__', '100')
          .replace('__period__', '8000');
        assert.ok(longest.length < 20, `${key}: ${longest}`);
        assert.match(text, /^[^.]+$/, `the editor would take it for a key: ${text}`);
      }
    });

    it(`have words for what was done that leave room for the time, and for a short number, in ${language}`, () => {
      const timed = /^threecx\.(done\.|status\.(error-|refused-|avail|away|oof|custom))/;
      const all = files.flatMap((file) => Object.entries(texts(language, file))).filter(([key]) => timed.test(key));
      assert.ok(all.length > errorCodes.length + refusalReasons.length);
      for (const [key, text] of all) {
        const longest = `${text.replace('__number__', '12345')}, 14:03`;
        assert.ok(longest.length < 24, `${key}: ${longest}`);
        assert.match(text, /^[^.]+$/, `the editor would take it for a key: ${text}`);
      }
    });
  }
});

const isApiWord = (word: string): boolean => /^[a-z][\w-]*(, [a-z]\w*)*$/.test(word);
const statusPart = /<h4>Status<\/h4>[^]*?<\/dl>/;

/** The parts of a help that are the same in each language. */
const skeleton = (help: string): object => ({
  tags: allOf(help, /<(\/?(?:h\d|dl|dt|dd|ul|ol|li|p))\b/g),
  words: allOf(help.replace(statusPart, ''), /<dt[^>]*>([^<]*)/g)
    .map((word) => word.trim())
    .filter(isApiWord),
  types: allOf(help, /<span class="property-type">(.*?)</g),
  codes: [...new Set(allOf(help, /<code>([^]*?)<\/code>/g))].sort(),
  links: allOf(help, /href="(.*?)"/g),
});

/** The terms of a help that are names in the dialogs, or under the node. */
function named(help: string): string[] {
  const terms = (part: string): string[] => allOf(part, /<dt[^>]*>([^<]*)/g).flatMap((term) => term.trim().split(', '));
  return [
    ...allOf(help, /<i>([^]*?)<\/i>/g),
    ...terms(help.replace(statusPart, '')).filter((term) => !isApiWord(term)),
    ...terms(statusPart.exec(help)?.[0] ?? '').filter((term) => term !== '…'),
  ];
}

/** A help is for looking something up beside the flow. Everything else is in the pages that it names. */
const maxWords = 320;
const wordsIn = (help: string): number => help.replace(/<[^>]*>/g, ' ').match(/\S+/g)?.length ?? 0;

const { repository } = JSON.parse(read('package.json')) as { repository: { url: string } };
/** Where people read the pages of docs/. */
const pages = `${repository.url.replace(/^git\+|\.git$/g, '')}/blob/main/docs/`;

function firstWrongTag(html: string): string {
  const open: string[] = [];
  for (const [, slash, tag = ''] of html.matchAll(/<(\/?)(\w+)[^<>]*>/g)) {
    if (slash === '') open.push(tag);
    else if (open.pop() !== tag) return `</${tag}>`;
  }
  return open.join();
}

describe('The help', () => {
  for (const type of types) {
    const help = (language: string): string => helpOf(language, type);

    for (const language of languages) {
      it(`of ${type} is well-formed in ${language}, and calls things by their names`, () => {
        const text = help(language);
        assert.match(text, new RegExp(`^<script type="text/html" data-help-name="${type}">\n`));
        assert.equal(firstWrongTag(text), '');
        assert.doesNotMatch(text.replace(/<\/?\w[^<>]*>/g, ''), /[<>]|&(?!\w+;)/);

        const names = [
          ...types.flatMap((one) => Object.values(catalogue(language, one))),
          ...allOf(text, /<h\d>(.*?)</g),
        ]
          .join('\n')
          .replaceAll('__count__', '2')
          .replaceAll('__period__', '2400')
          .toLowerCase();
        const unknown = named(text).filter((name) => !names.includes(name.replace(/\s+/g, ' ').toLowerCase()));
        assert.deepEqual(unknown, []);
      });
    }
    for (const language of languages) {
      it(`of ${type} has at most ${maxWords} words in ${language}`, () => {
        const words = wordsIn(help(language));
        assert.ok(words > 100 && words <= maxWords, String(words));
      });

      it(`of ${type} names the page of this node first in ${language}, and no page or heading that there is not`, () => {
        const links = allOf(help(language), /href="(.*?)"/g);
        const [first] = allOf(help(language).split('<h3>').at(-1) ?? '', /href="(.*?)"/g);
        assert.equal(first, `${pages}${type === '3cx-config' ? 'connection' : type.replace('3cx-', '')}.md`);
        const own = links.filter((link) => link.startsWith(pages)).map((link) => link.slice(pages.length).split('#'));
        assert.equal(own.length, links.length - 1, 'all but the one to 3CX');
        for (const [file = '', anchor] of own) {
          const { anchors } = readPage(`docs/${file}`);
          assert.ok(anchor === undefined || anchors.has(anchor), `${file}#${anchor}`);
        }
      });
    }
    for (const language of translations) {
      it(`of ${type} says in ${language} what it says in English`, () => {
        assert.deepEqual(skeleton(help(language)), skeleton(help('en-US')));
      });
    }
  }
});
