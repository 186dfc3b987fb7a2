import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import type { MqttClient } from 'mqtt';
import { GUIDE } from '../../demo/once/cases';
import { swapTail } from '../../demo/once/messy-file';
import { eventually } from '../../harness/eventually';
import { freePort } from '../../harness/ports';
import type { Simulator } from '../../simulator';
import { jsonLines, type RunningExamples } from '../support/examples';
import { startGate, type Gate } from '../support/gate';
import { startExamplesWithBroker, type ExamplesWithBroker } from './examples-with-broker';

const LINE = 'Claim on the production line by MQTT';
const SCANNER = 'Claim from a scanner or serial port';
const DEAD_LETTERS = 'Dead-letter file and replay';

describe('the examples that claim one device at a time', function () {
  this.timeout(60_000);
  let examples: ExamplesWithBroker;
  let simulator: Simulator;
  let running: RunningExamples;
  let mqtt: MqttClient;
  let letters: string;
  let scannerPort: number;
  /** Between Node-RED and the broker. */
  let gate: Gate;

  before(async () => {
    scannerPort = await freePort(0);
    examples = await startExamplesWithBroker([LINE, SCANNER, DEAD_LETTERS], async (folder, mqttPort) => {
      letters = join(folder, 'dead-letters.jsonl');
      gate = await startGate(mqttPort);
      return {
        mqttPort: gate.port,
        nodes: {
          'tcp in': { port: String(scannerPort) },
          'nrfcloud-connection': { retries: 0 },
          'nrfcloud-bulk-status': { interval: 0.05 },
        },
        env: { DEAD_LETTERS: letters },
        // Instead of 15 s.
        settings: { mqttReconnectTime: 200 },
      };
    });
    ({ simulator, running, mqtt } = examples);
    await examples.broker.subscribed('production/+/token');
    await mqtt.subscribeAsync('production/+/answer', { qos: 2 });
  });
  after(async () => {
    await examples.stop();
    gate.shut();
  });
  afterEach(() => {
    simulator.faults.clear();
    mqtt.removeAllListeners('message');
  });

  describe(LINE, () => {
    type Answer = Record<string, any>;

    /** Publishes tokens and collects as many answers, and what comes beyond. */
    const ask = async (questions: readonly { station: string; payload: string }[]): Promise<Map<string, Answer[]>> => {
      const answers = new Map<string, Answer[]>();
      let count = 0;
      mqtt.on('message', (topic, payload) => {
        const station = topic.split('/')[1]!;
        answers.set(station, [...(answers.get(station) ?? []), JSON.parse(payload.toString()) as Answer]);
        count++;
      });
      await Promise.all(
        questions.map(({ station, payload }) => mqtt.publishAsync(`production/${station}/token`, payload, { qos: 2 })),
      );
      await eventually(() => count >= questions.length, 'an answer to every token');
      // A further question comes after all the answers that there may be beyond.
      await mqtt.publishAsync('production/last/token', 'no token', { qos: 2 });
      await eventually(() => answers.has('last'), 'the last answer');
      answers.delete('last');
      return answers;
    };
    const askOne = async (payload: string): Promise<Answer> => {
      const all = (await ask([{ station: '7', payload }])).get('7')!;
      assert.equal(all.length, 1);
      return all[0]!;
    };

    it('claims with the station as a tag, and answers with the id', async () => {
      const { claimToken, deviceUuid: deviceId } = simulator.mint();
      const tags = ['color=white'];
      const answer = await askOne(JSON.stringify({ id: 'job 4711', claimToken, tags }));
      const all = [...tags, 'station=7'];
      assert.deepEqual(answer, { id: 'job 4711', claimed: true, deviceId, alreadyClaimed: false, tags: all });
      assert.deepEqual(simulator.device(deviceId)!['tags'], all);
    });

    it("accepts the token as text and as the modem's response, and reports a device that is already claimed", async () => {
      const { claimToken, deviceUuid: deviceId } = simulator.mint();
      const first = await askOne(`\r\n%ATTESTTOKEN: "${claimToken}"\r\nOK\r\n`);
      assert.deepEqual(first, { claimed: true, deviceId, alreadyClaimed: false, tags: ['station=7'] });
      const second = await askOne(claimToken);
      assert.deepEqual(second, { ...first, alreadyClaimed: true });
      assert.equal(simulator.claims.get(deviceId), 1);
    });

    it('responds to a failed claim with code and sentence', async () => {
      const mine = simulator.mint();
      const other = simulator.mint();
      simulator.claimByOther(other.deviceUuid);
      const id = 17;
      const cases: [string, string, string | undefined][] = [
        [JSON.stringify({ id, claimToken: other.claimToken }), 'NRFCLOUD_CONFLICT', other.deviceUuid],
        [JSON.stringify({ id, claimToken: swapTail(mine.claimToken) }), 'NRFCLOUD_REJECTED', mine.deviceUuid],
        [JSON.stringify({ id, claimToken: 'a cut token' }), 'NRFCLOUD_INVALID_INPUT', undefined],
        [JSON.stringify({ id }), 'NRFCLOUD_INVALID_INPUT', undefined],
      ];
      for (const [payload, code, deviceId] of cases) {
        const { message, ...rest } = await askOne(payload);
        assert.deepEqual(rest, { id, claimed: false, code, ...(deviceId === undefined ? {} : { deviceId }) });
        assert.match(String(message), /^claim: \S+ .{20,}/);
      }
      for (const [fault, code] of [
        [{ status: 503 }, 'NRFCLOUD_UNAVAILABLE'],
        [{ retryAfter: 400 }, 'NRFCLOUD_RATE_LIMITED'],
        [{ status: 401 }, 'NRFCLOUD_UNAUTHORIZED'],
      ] as const) {
        simulator.faults.add({ ...fault, times: 1 });
        assert.equal((await askOne(mine.claimToken))['code'], code);
      }
    });

    it('responds to invalid JSON with an error', async () => {
      const { message, ...rest } = await askOne('{ "claimToken": "2dn3');
      assert.deepEqual(rest, { claimed: false, code: 'NRFCLOUD_INVALID_INPUT' });
      assert.match(String(message), /^The message begins like JSON but is none/);
      assert.doesNotMatch(String(message), /2dn3/);
    });

    it('responds after the broker was away during the claim', async () => {
      const { claimToken, deviceUuid } = simulator.mint();
      const answers: Answer[] = [];
      mqtt.on('message', (_topic, payload) => answers.push(JSON.parse(payload.toString()) as Answer));
      const isClaim = ({ operation }: { operation?: string }): boolean => operation === 'claim';
      simulator.faults.add({ match: { operation: 'claim' }, slow: { where: 'headers', ms: 2000 }, times: 1 });
      const asked = simulator.events.waitFor('request', isClaim, 20_000);
      const answered = simulator.events.waitFor('response', isClaim, 20_000);
      await mqtt.publishAsync('production/8/token', claimToken, { qos: 2 });
      await asked;
      gate.shut();
      const lost = (): boolean => running.nodeRed.log.some((line) => line.includes('Disconnected from broker'));
      await running.nodeRed.until(lost, 'the loss of the broker');
      await answered;
      await gate.open();
      await eventually(() => answers.length > 0, 'the answer');
      assert.deepEqual(
        answers.map(({ claimed, deviceId }) => [claimed, deviceId] as unknown),
        [[true, deviceUuid]],
      );
    });

    it('responds exactly once to each of a hundred simultaneous tokens', async () => {
      const devices = simulator.mintMany(100);
      const questions = devices.map(({ claimToken }, index) => ({
        station: `many-${index}`,
        payload: index % 4 === 0 ? claimToken.slice(0, 100) : claimToken,
      }));
      const answers = await ask(questions);
      assert.equal(answers.size, 100);
      for (const [index, { deviceUuid }] of devices.entries()) {
        const [answer, ...more] = answers.get(`many-${index}`)!;
        assert.deepEqual(more, []);
        assert.deepEqual(
          [answer!['claimed'], answer!['deviceId']],
          index % 4 ? [true, deviceUuid] : [false, undefined],
        );
      }
    });
  });

  describe(SCANNER, () => {
    const open = async (): Promise<Socket> => {
      const socket = connect(scannerPort, '127.0.0.1');
      socket.setNoDelay(true);
      await once(socket, 'connect');
      return socket;
    };
    /** Waits until a device was claimed. */
    const claimed = async (deviceUuid: string): Promise<void> => {
      await eventually(() => simulator.claims.has(deviceUuid), 'the claim');
      assert.equal(simulator.claims.get(deviceUuid), 1);
    };

    it('claims the token that its button sends in pieces', async () => {
      await running.press(SCANNER, 'a claim token');
      await claimed(GUIDE.deviceUuid);
    });

    it('joins the lines of two scanners that arrive in pieces, and ignores echo and OK', async () => {
      const [one, two] = simulator.mintMany(2);
      const before = running.nodeRed.log.length;
      const sockets = [await open(), await open()];
      const texts = [
        `AT%ATTESTTOKEN\r\n\r\n%ATTESTTOKEN: "${one!.claimToken}"\r\n\r\nOK\r\n`,
        `${two!.claimToken}\r\n`,
      ];
      for (let at = 0; at < texts[0]!.length; at += 37) {
        for (const [index, socket] of sockets.entries()) {
          const piece = texts[index]!.slice(at, at + 37);
          if (piece !== '') await new Promise((written) => socket.write(piece, written));
        }
      }
      await claimed(one!.deviceUuid);
      await claimed(two!.deviceUuid);
      // The last line needs no end; the connection's is enough.
      const three = simulator.mint();
      sockets[0]!.end(three.claimToken);
      sockets[1]!.destroy();
      await claimed(three.deviceUuid);
      assert.ok(!running.nodeRed.log.slice(before).some((line) => line.includes('[debug:not claimed]')));
    });

    it('reports what a line is that is not a token', async () => {
      const socket = await open();
      socket.end('352656106118683\r\nERROR\r\n');
      const said = (text: RegExp) => (): boolean => running.nodeRed.log.some((line) => text.test(line));
      await running.nodeRed.until(said(/is an IMEI/), 'the sentence about the IMEI');
      await running.nodeRed.until(said(/the modem's error answer/), "the sentence about the modem's error");
    });
  });

  describe(DEAD_LETTERS, () => {
    const lines = (): Record<string, any>[] => jsonLines(letters);
    const uploads = (): number => simulator.counters['bulkClaim'] ?? 0;

    it('keeps tokens through failed replays until they are claimed or refused', async () => {
      const [mine, other] = simulator.mintMany(2);
      simulator.faults.add({ match: { operation: 'claim' }, times: 1, status: 503 });
      await running.press(DEAD_LETTERS, 'a claim token', mine!.claimToken);
      await eventually(() => lines().length === 1, 'the first letter');
      simulator.faults.add({ match: { operation: 'claim' }, times: 1, retryAfter: 400 });
      await running.press(DEAD_LETTERS, 'a claim token', { claimToken: other!.claimToken, tags: ['a'] });
      await eventually(() => lines().length === 2, 'the second letter');
      assert.deepEqual(
        lines().map(({ code, payload }) => [code, payload] as unknown),
        [
          ['NRFCLOUD_UNAVAILABLE', mine!.claimToken],
          ['NRFCLOUD_RATE_LIMITED', { claimToken: other!.claimToken, tags: ['a'] }],
        ],
      );

      // It fails again: nothing is lost, and nothing is written twice.
      simulator.faults.add({ match: { operation: 'bulkClaim' }, times: 1, status: 503 });
      const log = running.nodeRed.log.length;
      await running.press(DEAD_LETTERS, 'replay');
      await running.nodeRed.until(
        () => running.nodeRed.log.slice(log).some((line) => line.includes('[debug:trouble]')),
        'the failing replay',
      );
      assert.equal(lines().length, 2);

      // One is claimed, the other turns out to be somebody else's.
      simulator.claimByOther(other!.deviceUuid);
      await running.press(DEAD_LETTERS, 'replay');
      await eventually(() => lines().length === 4, 'the end of both letters');
      assert.equal(simulator.claims.get(mine!.deviceUuid), 1);
      const sorted = (from: Record<string, any>[], property: string): string[] =>
        from.map((line) => line[property] as string).sort();
      const [open, ends] = [lines().slice(0, 2), lines().slice(2)];
      assert.deepEqual(sorted(ends, 'outcome'), ['claimed', 'refused']);
      assert.deepEqual(sorted(ends, 'closed'), sorted(open, 'letter'));

      // Nothing is open any more, so nothing is sent.
      const settled = uploads();
      await running.press(DEAD_LETTERS, 'replay');
      const fresh = simulator.mint();
      await running.press(DEAD_LETTERS, 'a claim token', fresh.claimToken);
      await eventually(() => simulator.claims.has(fresh.deviceUuid), 'a claim after the empty replay');
      assert.equal(uploads(), settled);
      assert.equal(lines().length, 4);
    });

    it('does not keep text that is not a token', async () => {
      const size = readFileSync(letters, 'utf8').length;
      const before = running.nodeRed.log.length;
      await running.press(DEAD_LETTERS, 'a claim token', 'eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl');
      await running.nodeRed.until(
        () => running.nodeRed.log.slice(before).some((line) => /is a JWT/.test(line)),
        'the sentence about the JWT',
      );
      assert.equal(readFileSync(letters, 'utf8').length, size);
    });
  });
});
