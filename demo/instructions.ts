import { ONBOARDING_TIMEOUT_S, type Endpoints } from './demo';
import type { Device } from '../harness/controls';

/** URLs to open and commands to try; each command works as it is in a shell. */
export function instructions({ editor, nodeRed, page, broker, controls }: Endpoints, devices: Device[]): string {
  const { hostname, port } = new URL(broker);
  const [first, second, third, fourth] = devices.map(({ claimToken }) => claimToken);
  const [firstUuid, , , fourthUuid] = devices.map(({ deviceUuid }) => deviceUuid);
  const json = "-H 'Content-Type: application/json'";
  const csv = "-H 'Content-Type: text/csv'";
  const at = `-h ${hostname} -p ${port}`;
  return `
Open the editor: ${editor}/
Open the operator page: ${page}
Import more examples in the editor: menu, Import, Examples, node-red-contrib-nrfcloud-provisioning

Claim a device by HTTP:
  curl -i ${nodeRed}/claim ${json} -d '{ "claimToken": "${first}", "tags": ["color=white"] }'
  curl -i ${nodeRed}/claim --data-raw '%ATTESTTOKEN: "${second}"'

Claim a device by MQTT. In one terminal:
  npx mqtt sub ${at} -v -t 'line/+/result'
and in another one:
  npx mqtt pub ${at} -q 1 -t line/7/token -m '${third}'
or, where Mosquitto's clients are installed:
  mosquitto_sub ${at} -v -t 'line/+/result'
  mosquitto_pub ${at} -q 1 -t line/7/token -m '${third}'

Claim the devices of a file: open ${nodeRed}/ and choose a CSV of claim tokens, or
  npm run --silent simulator -- tokens 100 --skip 1000 > tokens.csv
  curl -i ${nodeRed}/claim-file ${csv} --data-binary @tokens.csv
The outcome of each row:
  npx mqtt sub ${at} -v -t 'bulk/+/row'

Claim a batch, and follow it until every device is onboarded (tab "Claim a batch and wait until every device is in"):
  npm run --silent simulator -- tokens 10 --skip 2000 > batch.csv
  curl -i ${nodeRed}/claim-batch ${csv} --data-binary @batch.csv
The stage of each device, and the report when the last one is in:
  npx mqtt sub ${at} -v -t 'batch/row'
  curl ${nodeRed}/claim-batch

A device contacts the service 2 s after its claim. This one does it on demand only; without the last command it is
reported as not onboarded after ${ONBOARDING_TIMEOUT_S} s:
  curl ${controls}/behaviour ${json} -d '{ "target": "${fourthUuid}", "change": { "contactAfterMs": null } }'
  curl -i ${nodeRed}/claim-batch ${csv} --data-raw '${fourth}'
  curl ${controls}/contact ${json} -d '{ "deviceUuid": "${fourthUuid}" }'

Tags and devices:
  curl -i ${nodeRed}/tags ${json} -d '{ "tag": "color=white" }'
  curl -i '${nodeRed}/devices?tag=color%3Dwhite'
  curl -i -X POST ${nodeRed}/devices/${firstUuid}/block

More claim tokens, and the state of the simulated service:
  curl -X POST ${controls}/tokens
  curl ${controls}/state

Stop it with Ctrl+C.
`;
}
