import { randomUUID } from 'node:crypto';
import { LOOPBACK } from './ports';

/** Node-RED's settings for a throw-away user directory. */
export function settingsFor(port: number): Record<string, unknown> {
  return {
    uiHost: LOOPBACK,
    uiPort: port,
    // The editor has a path of its own, so that the flows may serve pages at the root.
    httpAdminRoot: '/admin',
    httpNodeRoot: '/',
    flowFile: 'flows.json',
    // Encrypts what is typed into the editor. The directory goes away with the secret.
    credentialSecret: randomUUID(),
    // What nodes remember survives a restart of Node-RED only in a store that is kept in files.
    contextStorage: { default: { module: 'localfilesystem' } },
    // A CSV of some hundred thousand rows fits into a request.
    apiMaxLength: '100mb',
    // The log is read by programs.
    lang: 'en-US',
    // Nothing is installed into it; Node-RED would run npm at each start to see whether it could.
    externalModules: { palette: { allowInstall: false } },
    telemetry: { enabled: false, updateNotification: false },
    editorTheme: { tours: false },
  };
}
