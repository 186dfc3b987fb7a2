import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connectAsync, type MqttClient } from 'mqtt';
import { startBroker, type Broker } from '../../harness/broker';
import { startSimulator, type Simulator, type SimulatorOptions } from '../../simulator';
import { startExamples, type Choices, type RunningExamples } from '../support/examples';

/** Examples in a real Node-RED, with a service, a broker, a client of the broker, and a folder for their files. */
export interface ExamplesWithBroker {
  simulator: Simulator;
  broker: Broker;
  mqtt: MqttClient;
  folder: string;
  running: RunningExamples;
  stop: () => Promise<void>;
}

/** Resolves when Node-RED is connected to the broker; it drops what it should publish before. @param from line of its log */
export function brokerConnected({ nodeRed }: RunningExamples, from = 0): Promise<void> {
  return nodeRed.until(
    () => nodeRed.log.slice(from).some((line) => line.includes('Connected to broker')),
    'the connection to the broker',
  );
}

/**
 * Starts examples that use a broker.
 * @param choose what is chosen after their import, beside the service and the broker's port
 */
export async function startExamplesWithBroker(
  names: readonly string[],
  choose: (folder: string, mqttPort: number) => Partial<Choices> | Promise<Partial<Choices>>,
  simulatorOptions: SimulatorOptions = {},
): Promise<ExamplesWithBroker> {
  const simulator = await startSimulator(simulatorOptions);
  const broker = startBroker(0);
  const { url, port } = await broker.ready;
  const folder = mkdtempSync(join(tmpdir(), 'nrfcloud-examples-'));
  const running = await startExamples(names, { simulator, mqttPort: port, ...(await choose(folder, port)) });
  await brokerConnected(running);
  const mqtt = await connectAsync(url);
  return {
    simulator,
    broker,
    mqtt,
    folder,
    running,
    stop: async () => {
      await mqtt.endAsync();
      await running.stop();
      await broker.stop();
      await simulator.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
