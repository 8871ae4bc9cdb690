import { Ajv } from 'ajv';
import type { ErrorObject } from 'ajv';
import schema from '../model/scenario.schema.json' with { type: 'json' };
import type { Need } from '../model/scenario.js';
import type { Persona } from '../model/values.js';
import { nearest } from './nearest.js';

/** What is wrong with a scenario and where: keys and indexes from the top. */
export interface Fault {
  readonly path: readonly (string | number)[];
  /** The wrong key inside `path`. */ readonly key?: string;
  readonly zh: string;
  readonly en: string;
}

const validate = new Ajv({ allErrors: true, allowUnionTypes: true, strictRequired: false, verbose: true }).compile(schema);

/** Names that stand in `${persona.…}`. */
export const PERSONA_NAMES = [
  'phone',
  'otp',
  'name',
  'idNumber',
  'bankCard',
  'password',
  'contactName',
  'contactPhone',
  'amount',
  'address',
  'job',
] as const satisfies readonly (keyof Persona)[];
const ACTS = Object.keys(schema.definitions.step.properties);
const TYPES: Readonly<Record<string, string>> = {
  string: '文字',
  number: '数字',
  integer: '整数',
  object: '键值对',
  array: '列表',
  boolean: 'true 或 false',
};

/** All faults of a scenario's data, the most telling first; empty when it is sound. `id`: what its own `id` must be; null when it may have none. */
export function faultsOf(given: unknown, id: string | null): readonly Fault[] {
  if (!validate(given)) {
    const errors = validate.errors ?? [];
    const unknown = new Set(errors.flatMap((error) => (error.keyword === 'additionalProperties' ? [error.instancePath] : [])));
    const told = errors
      .filter((error) => error.keyword !== 'propertyNames')
      // A key that is misspelt is missing as well: the misspelling says which it is.
      .filter((error) => error.keyword !== 'required' || !unknown.has(error.instancePath))
      .toSorted((a, b) => rank(a) - rank(b) || b.instancePath.length - a.instancePath.length);
    return told.map(faultFrom);
  }
  const data = given as { readonly id?: string; readonly aims: readonly Need[]; readonly steps: readonly unknown[] };
  if (id === null && data.id !== undefined)
    return [{ path: [], key: 'id', zh: '场景的名称就是文件名，不要再写 id', en: 'the file name is the id; leave id out' }];
  if (id !== null && data.id !== id)
    return [{ path: [], key: 'id', zh: `id 应与文件名相同：${id}`, en: `id must equal the file name: ${id}` }];
  return [slotFault(data.steps, ['steps']), aimFault(data.aims, data.steps)].filter((fault) => fault !== null);
}

/** Replaces `${persona.phone}` and its short form `${phone}` in every text of a step's argument. Names were checked when the file was read. */
export function substitute<T>(argument: T, persona: Persona): T {
  if (typeof argument === 'string') return fillIn(argument, persona) as T;
  if (Array.isArray(argument)) return argument.map((item: unknown) => substitute(item, persona)) as T;
  if (typeof argument !== 'object' || argument === null) return argument;
  return Object.fromEntries(Object.entries(argument).map(([key, value]) => [key, substitute(value, persona)])) as T;
}

function fillIn(text: string, persona: Persona): string {
  return text.replace(/\$\{(?:persona\.)?(\w+)\}/g, (slot, name: string) => {
    const known = PERSONA_NAMES.find((one) => one === name);
    return known === undefined ? slot : persona[known];
  });
}

const PERSONAL = [
  'idNumber',
  'bankCard',
  'contactPhone',
  'phone',
  'password',
  'contactName',
  'name',
  'otp',
] as const satisfies readonly (keyof Persona)[];

/** The other way: who the persona is stays out of marks and messages. */
export function mask(text: string, persona: Persona): string {
  return PERSONAL.reduce((masked, name) => (persona[name] === '' ? masked : masked.replaceAll(persona[name], `\${persona.${name}}`)), text);
}

/** A wrong key says more than the missing key or the count that follow from it. */
function rank(error: ErrorObject): number {
  return ['additionalProperties', 'pattern', 'type', 'enum', 'const', 'maxProperties', 'required'].indexOf(error.keyword) >>> 0;
}

function faultFrom(error: ErrorObject): Fault {
  const path = error.instancePath
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
    .map((part) => (/^\d+$/.test(part) ? Number(part) : part));
  const here = path.at(-1);
  const isStep = typeof here === 'number' && path.at(-2) !== 'aims';
  if (error.propertyName !== undefined) return keyFault(path, error.propertyName, allowedIn(path));
  if (error.keyword === 'additionalProperties') {
    const key = String(error.params['additionalProperty']);
    return keyFault(path, key, isStep ? ACTS : Object.keys((error.parentSchema as { properties?: object }).properties ?? {}));
  }
  if (isStep) return { path, ...said(error, `第 ${here + 1} 步`, `step ${here + 1}`, true) };
  return { path, ...said(error, here === undefined ? '场景' : `${here} `, here === undefined ? 'the scenario' : `"${here}"`, false) };
}

/** The sentence for one broken rule of the schema, about what `zh` and `en` name. */
function said(error: ErrorObject, zh: string, en: string, isStep: boolean): { readonly zh: string; readonly en: string } {
  const data = show(error.data);
  switch (error.keyword) {
    case 'maxProperties': {
      const keys = Object.keys(error.data as object).join('、');
      return {
        zh: `${zh}写了不止一个键（${keys}）：每处只能写一个，另起一行用“- ”再写下一个`,
        en: `${en} has more than one key (${keys}): write exactly one, and the next one on a line of its own with "- "`,
      };
    }
    case 'minProperties':
      return { zh: `${zh}是空的`, en: `${en} is empty` };
    case 'required':
      return { zh: `${zh}缺少 ${String(error.params['missingProperty'])}`, en: `${en} lacks "${String(error.params['missingProperty'])}"` };
    case 'type': {
      if (isStep) return { zh: `${zh}要写成“动作: 参数”，例如 - tap: 登录`, en: `${en} must be "act: argument", e.g. - tap: 登录` };
      const wanted = [error.params['type']].flat().map(String);
      return {
        zh: `${zh}要写${wanted.map((type) => TYPES[type] ?? type).join('或')}，现在是 ${data}`,
        en: `${en} must be ${wanted.join(' or ')}, not ${data}`,
      };
    }
    case 'enum':
    case 'const': {
      const wanted = [error.params['allowedValues'] ?? error.params['allowedValue']].flat().map(String);
      return { zh: `${zh}只能是 ${wanted.join('、')}，现在是 ${data}`, en: `${en} must be one of ${wanted.join(', ')}, not ${data}` };
    }
    default:
      return {
        zh: `${zh}不合要求（${error.message ?? error.keyword}），现在是 ${data}`,
        en: `${en} ${error.message ?? error.keyword}, not ${data}`,
      };
  }
}

function allowedIn(path: readonly (string | number)[]): readonly string[] {
  return path.at(-1) === 'permissions'
    ? [
        'default',
        'location',
        'background_location',
        'contacts',
        'phone',
        'sms',
        'call_log',
        'camera',
        'microphone',
        'storage',
        'read_media',
        'calendar',
        'sensors',
        'nearby_devices',
        'notifications',
        'activity_recognition',
      ]
    : [];
}

function keyFault(path: readonly (string | number)[], key: string, allowed: readonly string[]): Fault {
  const near = nearest(key, allowed, 3);
  const list = (near.length > 0 ? near : allowed).join('、');
  return {
    path,
    key,
    zh: near.length > 0 ? `不认识 ${key}，是不是 ${list}？` : `不认识 ${key}，这里可以写 ${list}`,
    en:
      near.length > 0
        ? `unknown key "${key}", did you mean ${list.replaceAll('、', ', ')}?`
        : `unknown key "${key}", allowed here: ${list.replaceAll('、', ', ')}`,
  };
}

function show(data: unknown): string {
  const text = JSON.stringify(data) ?? 'undefined';
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}

function slotFault(data: unknown, path: readonly (string | number)[]): Fault | null {
  if (typeof data === 'string') {
    for (const match of data.matchAll(/\$\{(?:persona\.)?([^}]*)\}/g)) {
      const name = match[1] ?? '';
      if (PERSONA_NAMES.some((known) => known === name)) continue;
      const near = nearest(name, PERSONA_NAMES, 3);
      const list = near.length > 0 ? near : PERSONA_NAMES;
      return {
        path,
        zh: `没有名为 ${name} 的人物资料，可用：${list.join('、')}`,
        en: `the persona has no "${name}"; it has ${list.join(', ')}`,
      };
    }
    return null;
  }
  if (typeof data !== 'object' || data === null) return null;
  for (const [key, value] of Object.entries(data)) {
    const fault = slotFault(value, [...path, Array.isArray(data) ? Number(key) : key]);
    if (fault !== null) return fault;
  }
  return null;
}

/** Which act an aim cannot do without. */
const AIM_NEEDS: Readonly<Record<Need, (text: string) => boolean>> = {
  launched: (text) => /"(launch|relaunch)":/.test(text),
  'notice-shown': (text) => /"(launch|relaunch)":/.test(text),
  agreed: (text) => text.includes('"privacy":"agree"'),
  declined: (text) => text.includes('"privacy":"decline"'),
  withdrawn: (text) => text.includes('"privacy":"withdraw"'),
  'form-reached': (text) => text.includes('"reach":"form-reached"'),
  background: (text) => text.includes('"background":'),
};

function aimFault(aims: readonly Need[], steps: readonly unknown[]): Fault | null {
  const text = JSON.stringify(steps);
  const index = aims.findIndex((aim) => !AIM_NEEDS[aim](text));
  const aim = aims[index];
  if (aim === undefined) return null;
  return { path: ['aims', index], zh: `aims 写了 ${aim}，但没有一步能到达那里`, en: `aims has "${aim}", but no step can reach it` };
}
