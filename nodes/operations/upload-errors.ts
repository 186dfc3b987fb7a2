import { NrfCloudError } from '../api/errors';

/** Words of a limit, in sentences and in names such as `ROW_LIMIT` and `maxRows`. */
const LIMIT = /limit|maxim|(?<![a-z])max|at most/i;

/** Whether an upload is too large: 413, or a 400 that speaks of a limit and a number (our choice: the limit is not known). */
export function isTooLarge({ cause }: NrfCloudError): boolean {
  if (cause.statusCode === 413) return true;
  const words = typeof cause.body === 'string' ? cause.body : JSON.stringify(cause.body ?? '');
  return cause.statusCode === 400 && LIMIT.test(words) && /\d/.test(words);
}

/** The error of an upload that was sent before, without a response, and is refused now. */
export function refusedAgainError({ code, message, cause }: NrfCloudError): NrfCloudError {
  const known = `${message} (an earlier attempt, whose response was lost, may have been accepted)`;
  return new NrfCloudError(code, known, { ...cause, mayHaveSucceeded: true });
}

/** The error of an upload whose response was lost, and that is not sent again because of the failure of an earlier one. */
export function notSentAgainError({
  code,
  message,
  cause,
}: Pick<NrfCloudError, 'code' | 'message' | 'cause'>): NrfCloudError {
  const reason = `its response was lost, and it was not sent again because an earlier upload failed: ${message}`;
  return new NrfCloudError(code, reason, { ...cause, mayHaveSucceeded: true });
}
