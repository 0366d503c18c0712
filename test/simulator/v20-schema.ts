import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import Ajv from 'ajv';

interface Schema {
  $ref?: string;
  allOf?: Schema[];
  properties?: Record<string, Schema>;
  items?: Schema;
}

const openApi = JSON.parse(readFileSync(join(__dirname, '../fixtures/v20-openapi.json'), 'utf8')) as {
  components: { schemas: Record<string, Schema>; responses: Record<string, unknown> };
  'x-callcontrol': {
    participant: Record<string, string>;
    device: Record<string, string>;
    dnInfo: Record<string, string>;
    result: Record<string, string>;
    enums: { dnTypesSeen: string[]; status: { coreEnum: string[] }; finalstatus: string[]; failureReason: string[] };
    paths: Record<string, number[]>;
  };
};
const callControl = openApi['x-callcontrol'];
const ajv = new Ajv({ nullable: true, unknownFormats: 'ignore', schemaId: 'auto', logger: false });
ajv.addSchema(openApi, 'v20');

/** Checks an answer of the Configuration API: by its schema, and that it has no member that the schema doesn't know. */
export function checkXapi(value: unknown, name: string): void {
  const validate = ajv.compile({ $ref: `v20#/components/schemas/${name}` });
  assert.ok(validate(value), `${name}: ${ajv.errorsText(validate.errors)} in ${JSON.stringify(value)}`);
  checkMembers(value, { $ref: `#/components/schemas/${name}` }, name);
}

function checkMembers(value: unknown, schema: Schema, place: string): void {
  if (Array.isArray(value)) {
    for (const item of value) checkMembers(item, itemsOf(schema) ?? {}, `${place}[]`);
  } else if (typeof value === 'object' && value !== null) {
    const properties = propertiesOf(schema);
    for (const [key, member] of Object.entries(value)) {
      if (key.startsWith('@odata.')) continue;
      const property = properties[key];
      assert.ok(property, `${place} has no member ${key}`);
      checkMembers(member, property, `${place}.${key}`);
    }
  }
}

function resolve({ $ref }: Schema): Schema | undefined {
  return $ref === undefined ? undefined : openApi.components.schemas[$ref.replace('#/components/schemas/', '')];
}

function propertiesOf(schema: Schema): Record<string, Schema> {
  const target = resolve(schema);
  if (target !== undefined) return propertiesOf(target);
  return Object.assign({}, ...(schema.allOf ?? []).map(propertiesOf), schema.properties) as Record<string, Schema>;
}

function itemsOf(schema: Schema): Schema | undefined {
  const target = resolve(schema);
  return target === undefined ? schema.items : itemsOf(target);
}

/** Checks what the Call Control API answered to a path. */
export function checkCallControl(value: unknown, kind: 'participant' | 'device' | 'dnInfo' | 'result'): void {
  const { enums } = callControl;
  const text = JSON.stringify(value);
  const fields = value as Record<string, unknown>;
  assert.deepEqual(Object.keys(fields).toSorted(), Object.keys(callControl[kind]).toSorted(), text);
  for (const [name, type] of Object.entries(callControl[kind])) {
    const member = fields[name];
    if (type === 'int') assert.ok(Number.isInteger(member), `${name} in ${text}`);
    else if (type === 'string' || type === 'boolean') assert.equal(typeof member, type, `${name} in ${text}`);
    else if (type.endsWith('[]')) {
      for (const item of member as unknown[]) checkCallControl(item, type.slice(0, -2) as 'device');
    } else if (member !== null) checkCallControl(member, 'participant');
  }
  const types = Object.keys(fields).filter((name) => name.endsWith('_type') || (kind === 'dnInfo' && name === 'type'));
  for (const name of types) assert.ok(enums.dnTypesSeen.includes(fields[name] as string), `${name} in ${text}`);
  if (kind === 'participant') assert.ok(enums.status.coreEnum.includes(fields.status as string), text);
  if (kind === 'result') {
    assert.ok(enums.finalstatus.includes(fields.finalstatus as string), text);
    assert.ok(enums.failureReason.includes(fields.reason as string), text);
  }
}

/** Is this status documented for the request? Undefined for a request that isn't. */
export function isDocumented(method: string, path: string, status: number): boolean | undefined {
  const isUpgrade = path === '/callcontrol/ws';
  const found = Object.entries(callControl.paths).find(([request]) => {
    const [methods = '', pattern = ''] = request.split(' ');
    if (isUpgrade && pattern !== path) return false;
    const expression = pattern.replace(/\{\w+\}/g, '[^/]+');
    return methods.split('|').includes(method) && new RegExp(`^${expression}$`).test(path);
  });
  return found?.[1].includes(status);
}
