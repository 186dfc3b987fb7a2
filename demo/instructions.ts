import type { Endpoints } from './demo';
import type { Device } from '../harness/controls';

/** What to open and what to try: every line can be pasted into a shell as it is. */
export function instructions({ editor, nodeRed, page, broker, controls }: Endpoints, devices: Device[]): string {
  const { hostname, port } = new URL(broker);
  const [first, second, third] = devices.map(({ claimToken }) => claimToken);
  const uuid = devices[0]!.deviceUuid;
  const at = `-h ${hostname} -p ${port}`;
  return `
Open the editor: ${editor}/
Open the operator's page: ${page}

Claim a device by HTTP:
  curl -i ${nodeRed}/claim -H 'Content-Type: application/json' -d '{ "claimToken": "${first}", "tags": ["color=white"] }'
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
  curl -i ${nodeRed}/claim-file -H 'Content-Type: text/csv' --data-binary @tokens.csv
What becomes of each row:
  npx mqtt sub ${at} -v -t 'bulk/+/row'

Tags and devices:
  curl -i ${nodeRed}/tags -H 'Content-Type: application/json' -d '{ "tag": "color=white" }'
  curl -i '${nodeRed}/devices?tag=color%3Dwhite'
  curl -i -X POST ${nodeRed}/devices/${uuid}/block

More tokens, and what the simulated service has:
  curl -X POST ${controls}/tokens
  curl ${controls}/state

Stop it with Ctrl+C.
`;
}
