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
  type Offer,
  offers,
  operationOf,
  profileNames,
  recordings,
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
  'threecx.event.': eventNames,
  'threecx.label.': ['ask', 'ask-watch', 'change', ...resultOutputs, ...followEvents],
  'threecx.label.names-': ['number', 'name'],
  'threecx.lack.': apiTypes.flatMap(lacks),
  'threecx.log.': ['unreachable', 'unauthorized', 'offline'],
  'threecx.operation.': [watchOperation, ...allOffers.map(([name]) => name)],
  'threecx.status.': statuses(),
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

/** What a dialog says of what cannot be done by one way to a PBX. */
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

/** Every status there can be. */
function statuses(): string[] {
  const RED = { _: (key: string) => key } as unknown as NodeAPI;
  const at = { configured: true, health: 'ok', underWay: [], last: null } as const;
  const watching = { configured: true, state: 'online', code: null, calls: 0, period: null } as const;
  const details = [
    ...Object.keys(profileNames).map((profile) => ({ profile })),
    ...recordings.map((recording) => ({ recording })),
    ...[[], [{}]].map((connections) => ({ connections })),
  ];
  const results = [
    ...details.map((detail) => ({ ok: true, ...detail })),
    ...refusalReasons.map((reason) => ({ ok: false, reason })),
  ] as Result[];
  const found = [
    { ...at, configured: false },
    ...allOffers.map(([, offer]) => ({ ...at, underWay: [offer] })),
    ...(['unreachable', 'unauthorized', 'unknown'] as const).map((health) => ({ ...at, health })),
    ...results.map((result) => ({ ...at, last: { result } })),
    ...errorCodes.map((code) => ({ ...at, last: { code } })),
  ].map((state) => statusOf(RED, state));
  const seen = [
    ...(['connecting', 'polling', 'retrying', 'offline'] as const).map((state) => ({ ...watching, state })),
    { ...watching, calls: 2 },
    { ...watching, period: 2400 },
  ].map((state) => watchStatusOf(RED, state));
  const profiles = { configured: true, code: null, isAnswered: true, profiles: 2 };
  const known = [profiles, { ...profiles, isAnswered: false }].map((state) => profileStatusOf(RED, state));
  return [...found, ...seen, ...known].map((status) =>
    (status as { text: string }).text.replace('threecx.status.', ''),
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
    assert.deepEqual(missing(asked(read('lib/node-red/status.ts')), keysOf(texts('en-US', 'shared'))), []);
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

/** What a help calls by the name that it has in the dialogs, or under the node. */
function named(help: string): string[] {
  const terms = (part: string): string[] => allOf(part, /<dt[^>]*>([^<]*)/g).flatMap((term) => term.trim().split(', '));
  return [
    ...allOf(help, /<i>([^]*?)<\/i>/g),
    ...terms(help.replace(statusPart, '')).filter((term) => !isApiWord(term)),
    ...terms(statusPart.exec(help)?.[0] ?? '').filter((term) => term !== '…'),
  ];
}

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
    for (const language of translations) {
      it(`of ${type} says in ${language} what it says in English`, () => {
        assert.deepEqual(skeleton(help(language)), skeleton(help('en-US')));
      });
    }
  }
});
