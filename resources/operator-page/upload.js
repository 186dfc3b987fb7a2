/** Sends a file to the flow and downloads one; both with a header that no form on another site can send. */
const HEADER = ['X-Operator-Page', '1'];

/**
 * Posts a file as a form, because Node-RED limits the size of other bodies.
 * @param onProgress called with whole percent
 * @returns `undefined` if the flow took the file, else why not: a code of the flow, `OFFLINE` or `STATUS_<number>`
 */
export function sendFile(url, file, onProgress) {
  const form = new FormData();
  form.append('file', file);
  const request = new XMLHttpRequest();
  request.open('POST', url);
  request.setRequestHeader(...HEADER);
  request.upload.onprogress = ({ loaded, total }) => onProgress(Math.round((100 * loaded) / total));
  return new Promise((resolve) => {
    request.onloadend = () => resolve(request.status === 202 ? undefined : problemOf(request));
    request.send(form);
  });
}

function problemOf({ status, responseText }) {
  if (status === 0) return 'OFFLINE';
  try {
    return JSON.parse(responseText).code;
  } catch {
    return `STATUS_${status}`;
  }
}

/** Lets the browser save what the flow serves. @throws {Error} if the flow does not serve it */
export async function saveFile(url, name) {
  const response = await fetch(url, { headers: Object.fromEntries([HEADER]) });
  if (!response.ok) throw new Error(`${url}: ${response.status}`);
  const link = document.createElement('a');
  link.href = URL.createObjectURL(await response.blob());
  link.download = name;
  link.click();
  // The browser reads the file after the click.
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
