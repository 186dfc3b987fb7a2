/** What the service that the fuzzed nodes talk to says to a request: everything succeeds at once. */
export function answer(method: string, url: string): [number, string] {
  const [path = '', query] = url.split('?');
  if (path.endsWith('/account')) return [200, '{"role":"editor"}'];
  if (path.endsWith('/provisioning')) return [201, '{"id":"c"}'];
  if (path.endsWith('/provisioning/c')) return [200, '{"id":"c","status":"SUCCEEDED"}'];
  if (path.endsWith('/provisioning-rules') && method === 'GET') return [200, '{"items":[]}'];
  if (path.endsWith('/devices')) return [200, JSON.stringify({ items: onboarded(query) })];
  const onboardedId = /^\/\d+\/devices\/([^/]+)$/.exec(path)?.[1];
  if (onboardedId !== undefined) return [200, JSON.stringify({ id: decodeURIComponent(onboardedId) })];
  if (path.endsWith('/bulk')) return [202, '{"bulkOpsRequestId":"op"}'];
  if (path.includes('/bulk-ops-requests/')) return [200, '{"status":"SUCCEEDED"}'];
  if (path.endsWith('/identities/claimed-devices')) return [201, '{"id":"d"}'];
  if (method === 'GET' && /\/(claimed-devices|tags)$/.test(path))
    return [200, '{"items":[{"id":"d","tag":"x","tags":["x"]}]}'];
  return [200, '{"id":"t","tag":"x","description":"x"}'];
}

/** The devices that are asked for, all of them onboarded. */
function onboarded(query: string | undefined): { id: string }[] {
  const ids = new URLSearchParams(query).get('deviceIds')?.split(',') ?? ['d'];
  return ids.map((id) => ({ id }));
}
