import assert from 'node:assert/strict';
import {
  apiTypes,
  argumentsOf,
  type ArgumentName,
  choices,
  connectionStatuses,
  directions,
  errorCodes,
  eventNames,
  eventOutcomes,
  extensionStates,
  filterChoices,
  isChoice,
  lacksOf,
  type NodeType,
  type Offer,
  offers,
  offersOf,
  operationNames,
  operationOf,
  operationsOf,
  recordings,
  refusalReasons,
  serverKinds,
} from '../../lib/pbx';
import { allOf, catalogue, codesOf, helpOf, languages, read, rowsOf, texts } from './texts';

const nodes = Object.keys(offers) as NodeType[];
const monitor = '3cx-call-monitor';

const offersByName = (node: NodeType): [string, Offer][] => Object.entries(offersOf(node));
/** The arguments that a node has fields for. */
const fieldsOf = (node: NodeType): ArgumentName[] => [
  ...new Set(offersByName(node).flatMap(([, offer]) => argumentsOf(offer))),
];
/** The fields of a node's payloads besides `ok` and the arguments. */
const detailsOf = (node: NodeType): string[] => [
  ...new Set(
    offersByName(node).flatMap(([, { operation }]) => {
      const { done, refused = [] } = operationOf(operation);
      return [...done, ...refused];
    }),
  ),
];

const pageOf = (node: NodeType): string => `docs/${node.replace('3cx-', '')}.md`;
/** The terms of the lists in a help. */
const termsOf = (help: string): string[] =>
  allOf(help, /<dt[^>]*>([^<]*)/g).flatMap((terms) => terms.trim().split(', '));
const helpCodes = (help: string): string[] => allOf(help, /<code>([^<]*)<\/code>/g);

const without = (wanted: readonly string[], there: Iterable<string>): string[] => {
  const found = new Set(there);
  return wanted.filter((name) => !found.has(name));
};
const textsFor = (node: NodeType, language: string): string[] => Object.keys(catalogue(language, node));

for (const node of nodes) {
  describe(`The operations of ${node}`, () => {
    const names = operationsOf(node);
    const fields = fieldsOf(node);
    const dialog = read(`nodes/${node}.html`);
    const page = read(pageOf(node));

    it('can be chosen in the dialog, and no others', () => {
      const options = allOf(dialog, /<option value="([^"]+)" data-i18n="threecx\.operation\.\1"/g);
      assert.deepEqual(options.sort(), [...names, 'msg'].sort());
    });

    it('have a field in the dialog for each argument', () => {
      assert.deepEqual(without(fields, allOf(dialog, /data-threecx-argument="([^"]+)"/g)), []);
      for (const end of ['', 'Type']) {
        const properties = fields.map((field) => field + end);
        assert.deepEqual(without(properties, allOf(dialog, /id="node-input-([^"]+)"/g)), []);
        assert.deepEqual(without(properties, allOf(dialog, /^ {6}(\w+): \{/gm)), []);
      }
    });

    for (const language of languages) {
      const help = helpOf(language, node);

      it(`have their texts in ${language}`, () => {
        const withArguments = offersByName(node).filter(([, offer]) => argumentsOf(offer).length > 0);
        const wanted = [
          ...names.map((name) => `operation.${name}`),
          ...withArguments.map(([name]) => `summary.${name}`),
          ...fields.map((field) => `label.${field}`),
        ];
        assert.deepEqual(
          without(
            wanted.map((key) => `threecx.${key}`),
            textsFor(node, language),
          ),
          [],
        );
      });

      it(`have in ${language} a text for each fault of an argument, and for each choice`, () => {
        const required = new Set<string>(
          offersByName(node).flatMap(([, { operation }]) => operationOf(operation).arguments),
        );
        const wanted = fields.flatMap((field) => [
          ...(required.has(field) ? [`error.empty-${field}`] : []),
          ...(isChoice(field) ? choices[field].map((value) => `${field}.${value}`) : [`error.${field}`]),
        ]);
        assert.deepEqual(
          without(
            wanted.map((key) => `threecx.${key}`),
            textsFor(node, language),
          ),
          [],
        );
      });

      it(`have a reason in ${language} where one way to the PBX cannot do them, or takes no such argument`, () => {
        const wanted = apiTypes.flatMap((api) => {
          const { operations, arguments: untaken } = lacksOf(api);
          return offersByName(node).flatMap(([, { operation }]) =>
            [...(operation in operations ? [operation] : []), ...Object.keys(untaken[operation] ?? {})].map(
              (what) => `threecx.lack.${api}.${what}`,
            ),
          );
        });
        assert.deepEqual(without(wanted, textsFor(node, language)), []);
      });

      it(`have a line each in the help in ${language}`, () => {
        const lines = allOf(help, /<dt>[^<]*<span class="property-type">([^<]*)</g).flatMap((line) => line.split(', '));
        assert.deepEqual(without(names, lines), []);
      });

      it(`stand among the values of msg.operation in the help in ${language}`, () => {
        const [values = ''] = allOf(help, /<dt class="optional">operation [^]*?<dd>([^]*?)<\/dd>/g);
        assert.deepEqual(without(Object.keys(offersOf(node)), helpCodes(values)), []);
      });

      it(`have their arguments and choices explained in the help in ${language}`, () => {
        assert.deepEqual(without(fields, termsOf(help)), []);
        const values = fields.filter(isChoice).flatMap((field) => choices[field]);
        assert.deepEqual(without(values, helpCodes(help)), []);
      });
    }

    it(`have a row each in ${pageOf(node)}, with their arguments`, () => {
      const rows = new Map(rowsOf(pageOf(node)).map(([name = '', given = '']) => [name, codesOf(given)]));
      const missing = names.filter((name) => !rows.has(`\`${name}\``));
      assert.deepEqual(missing, []);
      for (const [name, offer] of offersByName(node)) {
        assert.deepEqual(without(argumentsOf(offer), rows.get(`\`${name}\``) ?? []), [], name);
      }
    });

    it(`have their choices and what they tell in ${pageOf(node)}`, () => {
      const values = fields.filter(isChoice).flatMap((field) => choices[field]);
      assert.deepEqual(without([...values, ...detailsOf(node)], page.match(/\w+/g) ?? []), []);
    });
  });
}

describe('The menu', () => {
  it('has no operation that no node offers', () => {
    const offered = nodes.flatMap((node) => offersByName(node).map(([, { operation }]) => operation));
    assert.deepEqual(without(operationNames, offered), []);
  });

  it('stands in the table of docs/operations.md, with the nodes and what they tell', () => {
    const rows = new Map(
      rowsOf('docs/operations.md').map(([, name = '', where = '', , told = '']) => [name, { where, told }]),
    );
    const missing = operationNames.filter((name) => !rows.has(`\`${name}\``));
    assert.deepEqual(missing, []);
    for (const name of operationNames) {
      const { where = '', told = '' } = rows.get(`\`${name}\``) ?? {};
      const offering = nodes.flatMap((node) =>
        offersByName(node)
          .filter(([, { operation }]) => operation === name)
          .flatMap(([offer]) => [node.replace('3cx-', ''), ...(offer === name ? [] : [offer])]),
      );
      assert.deepEqual(without(offering, where.match(/[\w-]+/g) ?? []), [], name);
      assert.deepEqual(without(operationOf(name).done, codesOf(told)), [], name);
    }
  });
});

describe('Each error', () => {
  for (const language of languages) {
    it(`has a status, and words for Test connection, in ${language}`, () => {
      const statuses = errorCodes.map((code) => `threecx.status.error-${code}`);
      assert.deepEqual(without(statuses, Object.keys(texts(language, 'shared'))), []);
      // Nothing that a test sends can be forbidden.
      const problems = errorCodes
        .filter((code) => code !== 'not-allowed')
        .map((code) => `threecx.test.problem.${code}`);
      assert.deepEqual(without(problems, Object.keys(texts(language, '3cx-config'))), []);
    });
  }

  it('has a row in docs/troubleshooting.md, with what stands under the node', () => {
    const statuses = texts('en-US', 'shared');
    const rows = rowsOf('docs/troubleshooting.md').map(([code, status]) => `${code}: ${status}`);
    assert.deepEqual(
      without(
        errorCodes.map((code) => `\`${code}\`: ${statuses[`threecx.status.error-${code}`]}`),
        rows,
      ),
      [],
    );
  });
});

describe('Each reason of a refusal', () => {
  for (const language of languages) {
    it(`has a status in ${language}`, () => {
      const statuses = refusalReasons.map((reason) => `refused-${reason}`);
      assert.deepEqual(
        without(
          statuses.map((status) => `threecx.status.${status}`),
          Object.keys(texts(language, 'shared')),
        ),
        [],
      );
    });
  }

  it('has a row in the page of a node', () => {
    const rows = nodes.flatMap((node) => rowsOf(pageOf(node)).flatMap(([reason = '']) => codesOf(reason)));
    assert.deepEqual(without(refusalReasons, rows), []);
  });

  it('stands in docs/operations.md', () => {
    assert.deepEqual(without(refusalReasons, codesOf(read('docs/operations.md'))), []);
  });
});

describe('Each event', () => {
  const page = pageOf(monitor);

  for (const language of languages) {
    it(`has its words in the dialog and a line in the help, in ${language}`, () => {
      const keys = eventNames.map((name) => `threecx.event.${name}`);
      assert.deepEqual(without(keys, textsFor(monitor, language)), []);
      assert.deepEqual(without(eventNames, termsOf(helpOf(language, monitor))), []);
    });

    it(`can be filtered by choices that have their words, in ${language}`, () => {
      const keys = Object.entries(filterChoices).flatMap(([filter, values]) =>
        values.map((value) => `threecx.${filter}.${value}`),
      );
      assert.deepEqual(without(keys, textsFor(monitor, language)), []);
    });
  }

  it(`has a row in ${page}`, () => {
    const rows = rowsOf(page).flatMap(([name = '']) => codesOf(name));
    assert.deepEqual(without(eventNames, rows), []);
  });

  it(`has what it can tell in ${page}, and a row for each outcome`, () => {
    const told = [...extensionStates, ...directions, ...connectionStatuses, ...recordings];
    assert.deepEqual(without(told, codesOf(read(page))), []);
    const rows = rowsOf(page).flatMap(([outcome = '']) => codesOf(outcome));
    assert.deepEqual(without(eventOutcomes, rows), []);
  });
});

describe('Other names', () => {
  for (const language of languages) {
    it(`has its words in ${language}: states of extensions, kinds of servers`, () => {
      const states = extensionStates.map((state) => `threecx.extension-state.${state}`);
      assert.deepEqual(without(states, Object.keys(texts(language, 'shared'))), []);
      const kinds = serverKinds.map((kind) => `threecx.test.server.${kind}`);
      assert.deepEqual(without(kinds, Object.keys(texts(language, '3cx-config'))), []);
    });
  }
});
