// Node-RED looks for a node's dialog, icons and catalogs beside its .js file, so they are copied into dist/.
import { cpSync, mkdirSync, readdirSync } from 'node:fs';

mkdirSync('dist', { recursive: true });
for (const file of readdirSync('nodes')) {
  if (file.endsWith('.html')) cpSync(`nodes/${file}`, `dist/${file}`);
}
for (const folder of ['icons', 'locales']) cpSync(folder, `dist/${folder}`, { recursive: true });
