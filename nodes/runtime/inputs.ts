import type { Node, NodeAPI, NodeMessage } from 'node-red';
import { invalidInput, notConfigured, type NrfCloudError } from '../api/errors';
import type { OperationName } from '../api/endpoints';
import { sanitize } from '../util/sanitize';
import { describeType, isObject } from '../util/json';
import { toError } from '../util/to-error';

/** A node's input: a TypedInput of the dialog (`x` and `xType`), or a message property with a fixed name. */
export type InputSpec = ({ value: string; type: string } | { message: string }) & {
  /** Each copy of the message has its own; of other inputs, which may be a file's content, all copies share one. */
  isCopied?: boolean;
};

/** An input that the user chooses in the dialog; the arguments are the contract's defaults. */
export function typed(value: string, type: string): InputSpec {
  return { value, type };
}

/** An input that always comes from the message. */
export function fromMessage(property: string): InputSpec {
  return { message: property };
}

/** An input of which each copy of the message has its own. */
export function copiedInput(input: InputSpec): InputSpec {
  return { ...input, isCopied: true };
}

/** What a node was deployed with; only the properties that the flow's author changed need be there. */
export type Config = Record<string, unknown>;

/** Where an input comes from. */
export interface Source {
  value: string;
  type: string;
  /** Set in place of text if the node has another value there. */
  literal?: unknown;
}

/** How the names of a node's inputs are found in its configuration. */
export function sourcesOf<I extends string>(specs: Record<I, InputSpec>, config: Config): Record<I, Source> {
  const sources: Partial<Record<I, Source>> = {};
  for (const name of Object.keys(specs) as I[]) sources[name] = sourceOf(name, specs[name], config);
  return sources as Record<I, Source>;
}

function sourceOf(name: string, spec: InputSpec, config: Config): Source {
  if ('message' in spec) return { value: spec.message, type: 'msg' };
  const value = config[name];
  const type = textOr(config[`${name}Type`], spec.type) || spec.type;
  if (!isConstant(type)) return { value: textOr(value, spec.value), type };
  // Node-RED puts the value of a variable in place of a whole `${NAME}`; that of a subflow or group may be of any type.
  if (typeof value === 'object' && value !== null) return { value: '', type, literal: value };
  const text = typeof value === 'boolean' ? String(value) : textOr(value, spec.value);
  // An empty field holds no JSON to read, and means the same in each type.
  return text.trim() === '' ? { value: '', type: 'str' } : { value: text, type };
}

function textOr(value: unknown, otherwise: string): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : otherwise;
}

/** Whether a value is the same whenever it is evaluated: it comes with the message, or is a constant. */
export function isStable({ type }: Source): boolean {
  return type === 'msg' || isConstant(type);
}

/** Whether a value is a constant of the node's configuration. */
function isConstant(type: string): boolean {
  return type === 'str' || type === 'json';
}

/** The source of text that is typed in the dialog, as errors name it. */
export const DIALOG = "the text in the node's dialog";

/** Where a value comes from, in words for an error: `msg.payload`, `the environment variable X`. */
export function describeSource({ value, type }: Source): string {
  if (type === 'msg' || type === 'flow' || type === 'global') return `${type}.${sanitize(value)}`;
  if (type === 'env') return `the environment variable ${sanitize(value)}`;
  if (type === 'jsonata') return "the node's JSONata expression";
  return DIALOG;
}

/** The message property that a value is, or is in; `undefined` for a value from elsewhere. */
export function propertyOf({ value, type }: Source): string | undefined {
  if (type !== 'msg') return undefined;
  const [, quoted, plain] = /^(?:msg\.)?(?:["']([^"']+)["']|([^.[]+))/.exec(value) ?? [];
  return quoted ?? plain;
}

/**
 * How JSONata reaches properties of a message without their names: wildcards, where no value stands before them; the message
 * as a whole; functions that take it as a whole if they get nothing else, or that evaluate text; and escaped names.
 */
const REACHES_ANY = new RegExp(
  [
    '(?<![\\w)\\]"`]\\s*)[*%]',
    '\\b(?:and|or|in)\\s*[*%]',
    '\\$+(?!\\w|\\$|\\s*\\.\\s*[\\w`"])',
    '\\$(?!(?:now|millis|random|moment)\\b)\\w+\\s*\\(\\s*\\)',
    '\\$(?:each|sift|lookup|eval)\\b',
    '\\\\u',
  ].join('|'),
);

/**
 * The message properties that a secret value may be made of. Of a JSONata expression these are all whose names occur in it,
 * or all that there are if it can reach them without their names.
 */
export function secretProperties(source: Source, msg: NodeMessage): string[] {
  if (source.type !== 'jsonata') return [propertyOf(source) ?? []].flat();
  const words = new Set(source.value.match(/\w+/g));
  const isNamed = (name: string): boolean => (/^\w+$/.test(name) ? words.has(name) : source.value.includes(name));
  const isSecret = (name: string): boolean => isNamed(name) || REACHES_ANY.test(source.value);
  return Object.keys(msg).filter((name) => name !== '_msgid' && isSecret(name));
}

/**
 * Evaluates a node's inputs for one message. A property that isn't there is `undefined`.
 * @returns a promise only if one of them has to be waited for
 * @throws {NrfCloudError} `NRFCLOUD_INVALID_INPUT` when an expression, JSON text or context store can't be evaluated
 */
export function evaluateInputs<I extends string>(
  RED: NodeAPI,
  node: Node,
  sources: Record<I, Source>,
  msg: NodeMessage,
  operation: OperationName,
): Record<I, unknown> | Promise<Record<I, unknown>> {
  const inputs: Partial<Record<I, unknown>> = {};
  const others: I[] = [];
  for (const name in sources) {
    const source = sources[name];
    if ('literal' in source) inputs[name] = copied(source.literal);
    else if (source.type === 'str') inputs[name] = withVariables(RED, node, source.value, name, operation);
    else if (source.type === 'msg') inputs[name] = readMessage(RED, msg, name, source, operation);
    else others.push(name);
  }
  const whole = inputs as Record<I, unknown>;
  return others.length === 0 ? whole : evaluateOthers(RED, node, sources, msg, operation, others, whole);
}

async function evaluateOthers<I extends string>(
  RED: NodeAPI,
  node: Node,
  sources: Record<I, Source>,
  msg: NodeMessage,
  operation: OperationName,
  names: I[],
  inputs: Record<I, unknown>,
): Promise<Record<I, unknown>> {
  for (const name of names) {
    if (sources[name].type === 'env') checkVariables(RED, node, sources[name].value, name, operation);
    try {
      inputs[name] = copied((await evaluate(RED, node, msg, sources[name])).value);
    } catch (error) {
      throw notEvaluated(operation, name, sources[name], error);
    }
    if (sources[name].type === 'json' && sources[name].value.includes('${')) {
      inputs[name] = withVariablesIn(RED, node, inputs[name], name, operation);
    }
  }
  return inputs;
}

/** An array may be changed or emptied by its owner while the message is being processed. */
function copied(value: unknown): unknown {
  return Array.isArray(value) ? value.slice() : value;
}

/**
 * Text that was typed in the dialog, with the values of its environment variables, also within the text. Text from
 * messages, context and files is never searched for variables.
 * @throws {NrfCloudError} `NRFCLOUD_NOT_CONFIGURED` for a variable that is not set, `NRFCLOUD_INVALID_INPUT` for one that
 *   is an object or array, which is no part of a text
 */
export function withVariables(RED: NodeAPI, node: Node, value: string, name: string, operation: OperationName): string {
  if (!value.includes('${')) return value;
  return value.replace(/\$\{([^}]+)\}/g, (_, variable: string) => {
    const found: unknown = RED.util.getSetting(node, variable);
    if (found === undefined || found === null) throw notSet(variable, name, operation);
    if (typeof found === 'string' || typeof found === 'number' || typeof found === 'boolean') return String(found);
    // A variable of a subflow or group may be of any type.
    const sentence = `the environment variable ${sanitize(variable)} (for ${name}) is ${describeType(found)}; use one that holds text`;
    throw invalidInput(operation, sentence);
  });
}

/** The texts within JSON that was typed in the dialog, see {@link withVariables}. */
function withVariablesIn(RED: NodeAPI, node: Node, value: unknown, name: string, operation: OperationName): unknown {
  if (typeof value === 'string') return withVariables(RED, node, value, name, operation);
  const inner = (item: unknown): unknown => withVariablesIn(RED, node, item, name, operation);
  if (Array.isArray(value)) return value.map(inner);
  return isObject(value) ? Object.fromEntries(Object.entries(value).map(([key, item]) => [key, inner(item)])) : value;
}

/**
 * Node-RED takes a variable that is not set for empty text.
 * @param value the name of a variable, or text with `${NAME}` in it
 * @throws {NrfCloudError} `NRFCLOUD_NOT_CONFIGURED`
 */
function checkVariables(RED: NodeAPI, node: Node, value: string, name: string, operation: OperationName): void {
  if (value.includes('${')) withVariables(RED, node, value, name, operation);
  else if ((RED.util.getSetting(node, value) as unknown) === undefined) throw notSet(value, name, operation);
}

function notSet(variable: string, name: string, operation: OperationName): NrfCloudError {
  const sentence = `the environment variable ${sanitize(variable)} (for ${name}) is not set; set it and restart Node-RED`;
  return notConfigured(operation, sentence);
}

function readMessage(RED: NodeAPI, msg: NodeMessage, name: string, source: Source, operation: OperationName): unknown {
  try {
    return copied(RED.util.getMessageProperty(msg, source.value));
  } catch (error) {
    // Node-RED throws for `msg.a.b` where there is no `msg.a`; for the user that is just a property that is missing.
    // A getter that throws is none: a claim without its tags, or a list without its filter, is not what was asked for.
    if (/^Cannot read properties of (undefined|null) /.test(toError(error).message)) return undefined;
    throw notEvaluated(operation, name, source, error);
  }
}

/** The value is wrapped in an object, as a promise would wait for one that has a `then` of its own. */
function evaluate(RED: NodeAPI, node: Node, msg: NodeMessage, { value, type }: Source): Promise<{ value: unknown }> {
  // The callback is needed for JSONata and for context stores that answer later, yet bad JSON is thrown at once:
  // in this executor both become a rejection.
  return new Promise((resolve, reject) => {
    const limit = setTimeout(() => reject(new Error('it does not end')), INPUT_TIMEOUT_MS);
    // A flow that is stopped meanwhile does not wait, and must not keep the process.
    limit.unref();
    const settle = (error: Error | null, result?: unknown): void => {
      clearTimeout(limit);
      if (error) reject(error);
      else resolve({ value: result });
    };
    try {
      RED.util.evaluateNodeProperty(value, type, node, msg, settle);
    } catch (error) {
      settle(error as Error);
    }
  });
}

/**
 * How long an input may take, in milliseconds: a context store may never answer, and JSONata waits for ever for a value
 * that has a `then` of its own.
 */
const INPUT_TIMEOUT_MS = 30_000;

function notEvaluated(operation: OperationName, name: string, source: Source, error: unknown): NrfCloudError {
  const words = wordsOf(error);
  const why = sanitize(words);
  return invalidInput(
    operation,
    `the ${name} could not be read from ${describeSource(source)} (${why}); correct the "${name}" field of the node`,
  );
}

/** JSONata throws objects that are not Errors; a revoked Proxy cannot even be asked what it is. */
function wordsOf(thrown: unknown): string {
  try {
    if (isObject(thrown) && typeof thrown['message'] === 'string') return thrown['message'];
  } catch {
    // Then it has no words.
  }
  return toError(thrown).message;
}
