import { Refusal } from './refusal';

/** A command as it was sent: the one type in its `request`, and the fields of that type. */
export interface CheckedCommand {
  type: string;
  fields: Record<string, unknown>;
  description?: string;
}

const MAX_UINT32 = 2 ** 32 - 1;

type Check = (value: unknown) => boolean;
const isSecTag: Check = (value) =>
  typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= MAX_UINT32;
const isText: Check = (value) => typeof value === 'string' && value !== '';
const isKeyUsage: Check = (value) => typeof value === 'string' && /^[01]{9}$/.test(value);

/** The types whose JSON is confirmed, with their fields (nrf-cloud-onboarding.md, A2). */
const TYPES: Readonly<Record<string, Readonly<Record<string, Check>>>> = {
  cloudAccessKeyGeneration: { secTag: isSecTag },
  clientPrivateKeyGeneration: { secTag: isSecTag },
  certificateSigningRequest: { secTag: isSecTag, attributes: isText, keyUsage: isKeyUsage },
  serverCertificate: { secTag: isSecTag, content: isText },
  clientCertificate: { secTag: isSecTag, content: isText },
  finished: {},
};

/**
 * Reads the body that creates a command.
 * @param check `none` accepts any type with any fields
 * @throws Refusal with `status`, or 400 for something that is no command at all
 */
export function checkCommand(body: unknown, check: 'known' | 'none', status = 400): CheckedCommand {
  if (!isObject(body)) throw new Refusal(status, 'A command is a JSON object.');
  const { description, request } = body;
  if (description !== undefined && typeof description !== 'string') {
    throw new Refusal(status, 'The description of a command is not a text.');
  }
  const [type, ...others] = isObject(request) ? Object.keys(request) : [];
  const fields = isObject(request) && type !== undefined ? request[type] : undefined;
  if (type === undefined || others.length > 0 || !isObject(fields)) {
    throw new Refusal(status, 'request is not an object with exactly one type of command.');
  }
  if (check === 'known') checkFields(type, fields, status);
  return { type, fields, ...(description !== undefined && { description }) };
}

function checkFields(type: string, fields: Record<string, unknown>, status: number): void {
  const checks = Object.hasOwn(TYPES, type) ? TYPES[type] : undefined;
  if (!checks) throw new Refusal(status, `The type of command ${JSON.stringify(type)} is not known.`);
  for (const [name, isUsable] of Object.entries(checks)) {
    if (!isUsable(fields[name])) throw new Refusal(status, `${type}.${name} is missing or not usable.`);
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
