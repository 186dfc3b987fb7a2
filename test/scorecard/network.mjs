// Required by the scorecard's process: what it asks hosts on the internet for, this computer answers instead.
import http from 'node:http';
import https from 'node:https';

const { hostname, port } = new URL(process.env.SCORECARD_NETWORK);

https.request = (where, ...rest) => {
  const { path, pathname, search = '', headers, method } = where;
  return http.request({ hostname, port, path: path ?? `${pathname}${search}`, headers, method }, rest.at(-1));
};
https.get = (...args) => https.request(...args).end();
