/**
 * Says in one sentence whether all is well, and if not, why it is slow.
 * @param health what the flow sends: `load` and `checks` of nrfcloud-check, `checkedAt`, `problem`
 * @param now milliseconds since 1970
 * @returns `{ level, text, time?, rate?, detail? }`: `level` is `ok`, `busy`, `slow` or `bad`, and `text` the key of a text
 */
export function judgeHealth({ load, checks = [], checkedAt, problem }, now) {
  const failedCheck = (name) => checks.find((check) => check.name === name && check.ok === false);
  if (problem !== undefined) return { level: 'bad', text: 'unusable', detail: problem };
  if (load.outageSince !== null) {
    return { level: 'slow', text: 'outage', time: Date.parse(load.outageSince), detail: load.lastError };
  }
  const heldUntil = load.heldUntil === null ? 0 : Date.parse(load.heldUntil);
  if (heldUntil > now) return { level: 'slow', text: 'held', time: heldUntil };
  const refused = failedCheck('key');
  if (refused !== undefined) return { level: 'bad', text: 'keyRefused', detail: refused.message };
  const notReached = failedCheck('connection');
  if (notReached !== undefined)
    return { level: 'slow', text: 'notReached', time: checkedAt, detail: notReached.message };
  if (load.waiting > 0 && load.rateLimit !== null) return { level: 'slow', text: 'limited', rate: load.rateLimit };
  if (load.waiting > 0 || load.inFlight > 0) return { level: 'busy', text: 'busy' };
  return { level: 'ok', text: checks.length === 0 ? 'starting' : 'fine' };
}
