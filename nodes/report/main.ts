#!/usr/bin/env node
import { parseArgs } from 'node:util';
import { DEFAULT_BASE_URL, DEFAULT_DEVICE_API_URL, parseBaseUrl } from '../http/base-url';
import { Redactor } from '../http/redact';
import { Transport, USER_AGENT } from '../http/transport';
import { Abort } from '../util/abort';
import { reportCalls } from './calls';

/** The variable that holds the API key: an argument would be in the shell's history and in the list of processes. */
const KEY_VARIABLE = 'NRFCLOUD_API_KEY';
const TIMEOUT_MS = 30_000;

const USAGE = `Usage: ${KEY_VARIABLE}=… npx node-red-contrib-nrfcloud-provisioning report [options] > report.json

Reads from your nRF Cloud account how the service answers, and prints it as JSON to attach to an issue:
statuses, field names and types; of values only words such as READY, error codes and a few headers, and no ids, names or
tokens. It sends nothing but GET requests.

  --base-url <url>        provisioning service, default ${DEFAULT_BASE_URL}
  --device-api-url <url>  device management, default ${DEFAULT_DEVICE_API_URL}
`;

/** Writes the report of an account's answers to standard output. @returns the exit code */
async function main(words: string[]): Promise<number> {
  let values: { 'base-url': string; 'device-api-url': string };
  try {
    const parsed = parseArgs({
      args: words,
      allowPositionals: true,
      options: {
        'base-url': { type: 'string', default: DEFAULT_BASE_URL },
        'device-api-url': { type: 'string', default: DEFAULT_DEVICE_API_URL },
      },
    });
    if (parsed.positionals.join(' ') !== 'report') throw new RangeError('the only command is report');
    values = parsed.values;
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n\n${USAGE}`);
    return 2;
  }
  const key = process.env[KEY_VARIABLE]?.trim() ?? '';
  if (!/^[\x21-\x7e]+$/.test(key)) {
    const reason = key === '' ? 'is not set' : 'holds characters that no API key has';
    process.stderr.write(`The environment variable ${KEY_VARIABLE} ${reason}; put your nRF Cloud API key into it.\n`);
    return 2;
  }
  try {
    return await report(key, values['base-url'], values['device-api-url']);
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n`);
    return 2;
  }
}

/** @throws {RangeError} for a URL or a proxy of the environment that cannot be used */
async function report(key: string, baseUrl: string, deviceApiUrl: string): Promise<number> {
  const connections = { connections: 1, connectTimeoutMs: TIMEOUT_MS };
  const bases = { provisioning: parseBaseUrl(baseUrl), device: parseBaseUrl(deviceApiUrl, 'the device API URL') };
  const transports = {
    provisioning: new Transport(bases.provisioning, key, TIMEOUT_MS, connections),
    device: new Transport(bases.device, key, TIMEOUT_MS, connections),
  };
  process.stderr.write(
    `This report sends GET requests only, one after another, to ${bases.provisioning.origin} and ${bases.device.origin}.\n` +
      'It prints statuses, field names, types and words such as READY, no ids or tokens. Look through it before you attach it.\n',
  );
  try {
    const calls = await reportCalls((base, path, query) =>
      transports[base].send({ method: 'GET', path, isList: true }, { query }, new Abort()),
    );
    const facts = { tool: USER_AGENT, node: process.version, date: new Date().toISOString().slice(0, 10), calls };
    process.stdout.write(`${new Redactor(key).text(JSON.stringify(facts, null, 2))}\n`);
    if (calls.some(({ status }) => status !== undefined)) return 0;
    process.stderr.write('Nothing answered; check the network, the proxy and the URLs.\n');
    return 1;
  } finally {
    await Promise.all(Object.values(transports).map((transport) => transport.close()));
  }
}

void main(process.argv.slice(2)).then((code) => {
  process.exitCode = code;
});
