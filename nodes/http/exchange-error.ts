/** Why an exchange without a response cannot be helped by another attempt. */
export type PermanentFault = 'certificate' | 'proxy-login' | 'proxy' | 'request';

/** An attempt without a usable response. */
export class ExchangeError extends Error {
  /**
   * @param kind `timeout`: no whole response in time; `network`: connection refused, lost, or not made
   * @param mayHaveBeenSent true if the service may have received the request, so that its work may be done
   * @param permanentFault set if no further attempt can succeed
   */
  constructor(
    readonly kind: 'timeout' | 'network',
    readonly mayHaveBeenSent: boolean,
    override readonly cause: Error,
    readonly permanentFault?: PermanentFault,
  ) {
    super(cause.message);
  }
}

/** Errors of TLS that say that the certificate itself is not accepted. */
const CERTIFICATE_CODES =
  /^(CERT_(?!HAS_EXPIRED$|NOT_YET_VALID$).*|.*_CERT.*|UNABLE_TO_.*|ERR_TLS_CERT_ALTNAME_INVALID|HOSTNAME_MISMATCH|INVALID_CA|INVALID_PURPOSE)$/;

/** undici's text for a proxy that does not open a tunnel; its error has no other mark. */
const PROXY_STATUS = /^Proxy response \((\d{3})\)/;

/**
 * The failure of an exchange whose dispatcher reports an error. The error alone does not say whether the request has left:
 * `EHOSTUNREACH` or a fault of TLS also ends connections that carried it.
 * @param started whether the request was handed to a connection
 */
export function failureOf(error: Error, started: boolean): ExchangeError {
  // A refused certificate ends the handshake, also where TLS 1.3 lets the client write before it knows that.
  const fault = permanentFaultOf(error);
  return new ExchangeError('network', fault === undefined && started, error, fault);
}

function permanentFaultOf(error: Error): PermanentFault | undefined {
  const { code } = error as NodeJS.ErrnoException;
  const proxyStatus = PROXY_STATUS.exec(error.message)?.[1];
  if (proxyStatus === '407') return 'proxy-login';
  // 403 and the like are the proxy's decision; 502 to 504 may be an outage of the service behind it.
  if (proxyStatus?.startsWith('4') === true) return 'proxy';
  if (code === 'UND_ERR_PRX_TLS') return 'certificate';
  if (code !== undefined && CERTIFICATE_CODES.test(code)) return 'certificate';
  if (code === 'UND_ERR_INVALID_ARG') return 'request';
  return error.cause instanceof Error && code === undefined ? permanentFaultOf(error.cause) : undefined;
}
