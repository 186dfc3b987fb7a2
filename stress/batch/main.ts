import { resolve } from 'node:path';
import Mocha from 'mocha';

/**
 * Sends 2,000 simulated devices through the demo's batch flow and kills Node-RED in the middle: the flow spec that
 * `npm test` runs with fewer devices. `BATCH_DEVICES` is another number.
 */
process.env['BATCH_DEVICES'] ??= '2000';
const mocha = new Mocha();
mocha.addFile(resolve(__dirname, '../../test/flows/batch_spec.ts'));
mocha.run((failures) => (process.exitCode = failures === 0 ? 0 : 1));
